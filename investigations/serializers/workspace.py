"""The shapes of the API's questions and answers."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cameras.models import Camera
from inference.models import Sighting
from investigations.models import (
    Answer,
    AnswerItem,
    Attachment,
    Candidate,
    Path,
    PathPoint,
    QueryPicture,
    Search,
)
from investigations.pictures import query_picture_url, sighting_url

LARGEST_ID = 2**63 - 1
LONGEST_EDGE_PX = 100_000


@extend_schema_field({"type": "array", "items": {}})
class JsonListField(serializers.Field):  # type: ignore[type-arg]
    """A JSON list, as itself or, in multipart forms, as text."""

    def to_internal_value(self, data: Any) -> list[Any]:
        try:
            value = json.loads(data) if isinstance(data, str) else data
        except ValueError:
            value = None
        if not isinstance(value, list):
            raise serializers.ValidationError("A JSON list is needed here.")
        return value

    def to_representation(self, value: Any) -> Any:
        return value


class SightingSerializer(serializers.ModelSerializer[Sighting]):
    camera_code = serializers.CharField(source="camera.code", read_only=True)
    camera_name = serializers.CharField(source="camera.name", read_only=True)
    latitude = serializers.FloatField(source="camera.latitude", read_only=True)
    longitude = serializers.FloatField(source="camera.longitude", read_only=True)
    picture = serializers.SerializerMethodField()

    class Meta:
        model = Sighting
        fields = [
            "id",
            "camera",
            "camera_code",
            "camera_name",
            "latitude",
            "longitude",
            "kind",
            "is_small",
            "first_seen_at",
            "last_seen_at",
            "seen_at",
            "observations",
            "picture",
        ]

    def get_picture(self, sighting: Sighting) -> str:
        return sighting_url(sighting.pk, self.context["viewer"])


HIDDEN = "hidden"


class CandidateSerializer(serializers.ModelSerializer[Candidate]):
    """A candidate for somebody who knows how the search's were decided (`is_known` of the context), or does not.

    `second` is what became of the second opinion: agreed, disputed, awaited, or nothing where none is asked for.
    """

    sighting = SightingSerializer(read_only=True)
    decision = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    second = serializers.SerializerMethodField()

    class Meta:
        model = Candidate
        fields = ["id", "score", "decision", "reason", "second", "sighting"]

    @extend_schema_field(serializers.ChoiceField(choices=[*Candidate.Decision.values, HIDDEN]))
    def get_decision(self, candidate: Candidate) -> str:
        return candidate.decision if self._is_known(candidate) else HIDDEN

    def get_reason(self, candidate: Candidate) -> str:
        decisions = list(candidate.decisions.all())
        return decisions[-1].reason if decisions and self._is_known(candidate) else ""

    @extend_schema_field(serializers.ChoiceField(choices=["", "agreed", "disputed", "awaited"]))
    def get_second(self, candidate: Candidate) -> str:
        if candidate.second_review:
            return "agreed" if candidate.second_review.verdict == candidate.decision else "disputed"
        is_awaited = candidate.decision == Candidate.Decision.CONFIRMED and self._is_known(candidate)
        return "awaited" if is_awaited else ""

    def _is_known(self, candidate: Candidate) -> bool:
        return bool(self.context["is_known"] or candidate.second_review)


class QueryPictureSerializer(serializers.ModelSerializer[QueryPicture]):
    picture = serializers.SerializerMethodField()
    box = serializers.ListField(child=serializers.FloatField(), read_only=True, allow_null=True)

    class Meta:
        model = QueryPicture
        fields = ["id", "original_name", "sighting", "box", "error", "picture"]

    def get_picture(self, picture: QueryPicture) -> str | None:
        return query_picture_url(picture, self.context["viewer"]) if picture.image else None


class SearchSummarySerializer(serializers.ModelSerializer[Search]):
    compared = serializers.IntegerField(source="sightings_compared", read_only=True)
    requested_by = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Search
        fields = [
            "id",
            "request",
            "kind",
            "status",
            "progress",
            "error",
            "warning",
            "compared",
            "cameras",
            "starts_at",
            "ends_at",
            "includes_small",
            "limit",
            "requested_by",
            "requested_at",
            "ended_at",
        ]


class SearchSerializer(SearchSummarySerializer):
    pictures = QueryPictureSerializer(many=True, read_only=True)
    candidates = CandidateSerializer(many=True, read_only=True)
    is_known = serializers.SerializerMethodField()

    class Meta(SearchSummarySerializer.Meta):
        fields = [*SearchSummarySerializer.Meta.fields, "is_known", "pictures", "candidates"]

    def get_is_known(self, search: Search) -> bool:
        return bool(self.context["is_known"])


class StartSearchSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What a search starts from. Pictures come as files named `pictures`, boxes in the same order."""

    cameras = JsonListField()
    sightings = JsonListField(required=False, default=list)
    attachments = JsonListField(required=False, default=list)
    boxes = JsonListField(required=False, default=list)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=Sighting.Kind.choices, default=Sighting.Kind.PERSON)
    includes_small = serializers.BooleanField(default=True)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=50)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)

    def validate_cameras(self, ids: list[Any]) -> list[Camera]:
        return _rows(Camera.objects.visible_to(self.context["viewer"]), ids, "cameras")

    def validate_sightings(self, ids: list[Any]) -> list[Sighting]:
        return _rows(Sighting.objects.visible_to(self.context["viewer"]), ids, "sightings")

    def validate_attachments(self, ids: list[Any]) -> list[Attachment]:
        attached = Attachment.objects.visible_to(self.context["viewer"]).pictures()
        return _rows(attached.filter(request=self.context["request"]), ids, "attachments")

    def validate_boxes(self, boxes: list[Any]) -> list[tuple[float, ...] | None]:
        return [None if box is None else _box(box) for box in boxes]


class DecisionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A decision, and the one that its maker saw before (`seen`), so that no other is overwritten unseen."""

    decision = serializers.ChoiceField(choices=Candidate.Decision.choices)
    seen = serializers.ChoiceField(choices=Candidate.Decision.choices)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class PathPointSerializer(serializers.ModelSerializer[PathPoint]):
    sighting = SightingSerializer(read_only=True)

    class Meta:
        model = PathPoint
        fields = ["number", "hop_m", "hop_s", "speed_mps", "is_impossible", "sighting"]


class PathSerializer(serializers.ModelSerializer[Path]):
    """The working path; `points` of the context are those that the viewer may see."""

    points = serializers.SerializerMethodField()
    built_by = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Path
        fields = ["id", "request", "built_by", "built_at", "points"]

    @extend_schema_field(PathPointSerializer(many=True))
    def get_points(self, path: Path) -> Any:
        return PathPointSerializer(self.context["points"], many=True, context=self.context).data


class AnsweredSightingSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What an answer says of a sighting. Number and picture are null once the law had the footage destroyed."""

    id = serializers.IntegerField(allow_null=True)
    picture = serializers.CharField(allow_null=True)
    camera_code = serializers.CharField()
    camera_name = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()


class AnsweredPointSerializer(serializers.ModelSerializer[AnswerItem]):
    """A numbered sighting of an answer, in the shape of a path's point; its facts are the answer's own copies."""

    sighting = serializers.SerializerMethodField()

    class Meta:
        model = AnswerItem
        fields = ["number", "hop_m", "hop_s", "speed_mps", "is_impossible", "sighting"]

    @extend_schema_field(AnsweredSightingSerializer)
    def get_sighting(self, item: AnswerItem) -> dict[str, Any]:
        names = ("camera_code", "camera_name", "latitude", "longitude", "first_seen_at", "last_seen_at", "seen_at")
        url = sighting_url(item.sighting_id, self.context["viewer"]) if item.sighting_id else None
        return {"id": item.sighting_id, "picture": url} | {name: getattr(item, name) for name in names}


class AnsweredPathSerializer(serializers.ModelSerializer[Answer]):
    """The path as the station was answered. Before there is one, its number, maker and time are null."""

    id = serializers.IntegerField(read_only=True, allow_null=True)
    points = AnsweredPointSerializer(source="items", many=True, read_only=True)
    built_by = serializers.StringRelatedField(source="sent_by", read_only=True, allow_null=True)  # type: ignore[var-annotated]
    built_at = serializers.DateTimeField(source="sent_at", read_only=True, allow_null=True)

    class Meta:
        model = Answer
        fields = ["id", "request", "built_by", "built_at", "points"]


def _rows(rows: Any, ids: list[Any], what: str) -> list[Any]:
    """Return the visible rows of `ids`; an id that is no number, or not visible, is refused the same way."""
    if not all(isinstance(pk, int) and not isinstance(pk, bool) and 0 < pk <= LARGEST_ID for pk in ids):
        raise serializers.ValidationError(f"The {what} must be given by their numbers.")
    found = list(rows.filter(pk__in=ids))
    if len(found) != len(set(ids)):
        raise serializers.ValidationError(f"Some of these {what} do not exist.")
    return found


def _is_length(edge: Any) -> bool:
    # JSON as Python reads it has Infinity and NaN.
    return isinstance(edge, int | float) and not isinstance(edge, bool) and 0 <= edge <= LONGEST_EDGE_PX


def _box(box: Any) -> tuple[float, ...]:
    if not isinstance(box, list) or len(box) != 4 or not all(_is_length(edge) for edge in box):
        raise serializers.ValidationError("A box has four numbers: left, top, right, bottom.")
    x1, y1, x2, y2 = (float(edge) for edge in box)
    if not (0 <= x1 < x2 and 0 <= y1 < y2):
        raise serializers.ValidationError("A box's right and bottom edges lie beyond its left and top ones.")
    return x1, y1, x2, y2
