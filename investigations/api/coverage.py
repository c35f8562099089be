"""The API of the timeline: what was recorded when, how far it is analysed, and how long it is kept."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.models import Camera, Recording
from inference.coverage import STATES, Held, coverage_of
from inference.models import Analysis
from inference.services.analyses import request_analysis
from investigations.models import Hold
from investigations.serializers.workspace import LARGEST_ID, JsonListField
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, require_right
from portal.jobs import OPEN_JOB_STATUSES

MOST_CAMERAS = 3000
# A month of 130 cameras, or a day of 4,000.
MOST_CAMERA_HOURS = 100_000
MOST_AT_ONCE = 200
HOUR = timedelta(hours=1)


class CoverageQuestion(serializers.Serializer):  # type: ignore[type-arg]
    """Which cameras, from when until when. `merge`: one span for what touches and is in the same state."""

    cameras = serializers.CharField(required=False, default="", max_length=60_000)
    until = serializers.DateTimeField(required=False)
    merge = serializers.BooleanField(required=False, default=False)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"from": serializers.DateTimeField(required=False)}  # "from" is Python's own word

    def validate_cameras(self, text: str) -> list[int]:
        words = [word.strip() for word in text.split(",") if word.strip()]
        if not all(word.isascii() and word.isdigit() and 0 < int(word) <= LARGEST_ID for word in words):
            raise serializers.ValidationError("The cameras must be given by their numbers, with commas between.")
        if len(words) > MOST_CAMERAS:
            raise serializers.ValidationError(f"At most {MOST_CAMERAS} cameras at once.")
        return [int(word) for word in words]

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        until = data.get("until") or timezone.now()
        data |= {"until": until, "from": data.get("from") or until - 24 * HOUR}
        if data["from"] >= until:
            raise serializers.ValidationError("The end of the time range lies before its start.")
        return data


class SpanSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Hours without a gap. `recordings` above one: so many recordings in one span, `recording` being the first."""

    recording = serializers.IntegerField()
    recordings = serializers.IntegerField()
    until = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=STATES)
    progress = serializers.FloatField(allow_null=True, help_text="How far its analysis is, while one runs.")
    kept_until = serializers.DateTimeField(allow_null=True, help_text="When it is destroyed; null while it is held.")

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"from": serializers.DateTimeField()}


class CameraCoverageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    camera = serializers.IntegerField()
    spans = SpanSerializer(many=True)


class Coverage(APIView):
    """What cameras recorded within some hours. It names recordings and shows none of them, so it is no look at one."""

    @extend_schema(
        parameters=[
            OpenApiParameter("cameras", str, description="Their numbers, with commas between; all where left out."),
            OpenApiParameter("from", OpenApiTypes.DATETIME, description="A day before `until` where left out."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="Now where left out."),
            OpenApiParameter("merge", bool, description="One span for what touches and is in the same state."),
        ],
        responses=CameraCoverageSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        actor = acting_user(request)
        require_right(actor, Right.VIEW_FOOTAGE)
        question = CoverageQuestion(data=request.query_params.dict())
        question.is_valid(raise_exception=True)
        asked = question.validated_data
        days = _retention_days(actor, asked)
        recordings = Recording.objects.filter(camera__in=days)  # `visible_to` as _retention_days has it
        spans = coverage_of(
            recordings.overlapping(asked["from"], asked["until"]),
            days,
            now=timezone.now(),
            held=_held(actor, asked["from"], asked["until"]),
            is_merged=asked["merge"],
        )
        return Response(spans)


class AnalysesQuestion(serializers.Serializer):  # type: ignore[type-arg]
    recordings = JsonListField()

    def validate_recordings(self, ids: list[Any]) -> list[Recording]:
        if not 0 < len(ids) <= MOST_AT_ONCE:
            raise serializers.ValidationError(f"From 1 to {MOST_AT_ONCE} recordings at once.")
        if not all(type(pk) is int and 0 < pk <= LARGEST_ID for pk in ids):
            raise serializers.ValidationError("The recordings must be given by their numbers.")
        found = list(Recording.objects.visible_to(self.context["viewer"]).filter(pk__in=ids))
        if len(found) != len(set(ids)):
            raise serializers.ValidationError("Some of these recordings do not exist.")
        return found


class AnalysesAnswer(serializers.Serializer):  # type: ignore[type-arg]
    queued = serializers.IntegerField(
        help_text="How many analyses wait for a worker now; others are under way already."
    )


class CoverageAnalyses(APIView):
    """Have recordings analysed that nobody has analysed yet."""

    @extend_schema(request=AnalysesQuestion, responses={201: AnalysesAnswer})
    def post(self, request: Request) -> Response:
        actor = acting_user(request)
        require_right(actor, Right.REQUEST_ANALYSIS)
        question = AnalysesQuestion(data=request.data, context={"viewer": actor})
        question.is_valid(raise_exception=True)
        queued = _request_all(question.validated_data["recordings"], actor)
        return Response({"queued": queued}, status=status.HTTP_201_CREATED)


def _retention_days(actor: User, asked: dict[str, Any]) -> dict[int, int]:
    """Which cameras are asked for, and how many days each keeps what it records.

    Only cameras whose recordings the person may see, by the rule of `Recording.objects.visible_to`: to join the
    camera to each of half a million recordings would take a quarter of the time.
    """
    cameras = Camera.objects.visible_to(actor).filter(centre_id=actor.agency_id).order_by("pk")
    if asked["cameras"]:
        cameras = cameras.filter(pk__in=asked["cameras"])
    days = dict(cameras.values_list("pk", "retention_days")[: MOST_CAMERAS + 1])
    if set(asked["cameras"]) - set(days):
        raise serializers.ValidationError({"cameras": "Some of these cameras do not exist."})
    if len(days) > MOST_CAMERAS or len(days) * (asked["until"] - asked["from"]) / HOUR > MOST_CAMERA_HOURS:
        raise serializers.ValidationError("Too much at once. Ask for fewer cameras, or for fewer hours.")
    return days


def _held(actor: User, starts_at: datetime, ends_at: datetime) -> list[Held]:
    """What requests keep, as far as it tells this person of no decision that is hidden from them."""
    holds = Hold.objects.standing().filter(camera__in=Camera.objects.visible_to(actor))
    holds = holds.filter(starts_at__lt=ends_at, ends_at__gte=starts_at).telling_nothing_to(actor)
    return [Held(*values) for values in holds.values_list("camera_id", "starts_at", "ends_at")]


@transaction.atomic
def _request_all(recordings: list[Recording], actor: User) -> int:
    """Ask for those that nobody has asked for meanwhile, and say how many these are."""
    asked = Analysis.objects.filter(recording__in=recordings, status__in=OPEN_JOB_STATUSES)
    under_way = set(asked.values_list("recording_id", flat=True))
    wanted = [recording for recording in recordings if recording.pk not in under_way]
    for recording in wanted:
        request_analysis(recording, actor=actor)
    return len(wanted)
