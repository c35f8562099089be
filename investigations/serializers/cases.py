"""The shapes of cases and requests: what a police system asks and is answered."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from investigations.models import (
    Answer,
    AnswerItem,
    Attachment,
    Candidate,
    Case,
    Comment,
    LegalBasis,
    Notification,
    RequestStatusChange,
    ScopeChange,
    SearchRequest,
)
from investigations.pictures import sighting_url
from investigations.plates import LONGEST_TYPED, read_plate
from investigations.serializers.workspace import LARGEST_ID
from investigations.services.requests import RequestTerms
from portal.accounts.models import Agency

MOST_CHOSEN = 500


class LegalBasisSerializer(serializers.ModelSerializer[LegalBasis]):
    class Meta:
        model = LegalBasis
        fields = [
            "code",
            "name",
            "name_en",
            "law",
            "kinds",
            "needs_document",
            "allows_emergency",
            "most_cameras",
            "radius_m",
            "hours",
            "watch_days",
            "retention_days",
            "purges_on_found",
            "receipt_minutes",
            "approval_minutes",
            "answer_minutes",
        ]


class CaseSerializer(serializers.ModelSerializer[Case]):
    agency = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]
    opened_by = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Case
        fields = [
            "id",
            "number",
            "title",
            "kind",
            "description",
            "agency",
            "status",
            "outcome",
            "opened_by",
            "opened_at",
            "closed_at",
        ]
        read_only_fields = ["status", "outcome", "closed_at"]
        validators: list[Any] = []  # the verb knows whose register the number stands in


class ClosingSerializer(serializers.Serializer):  # type: ignore[type-arg]
    outcome = serializers.ChoiceField(choices=Case.Outcome.choices)
    reason = serializers.CharField(max_length=2000)


class StatusChangeSerializer(serializers.ModelSerializer[RequestStatusChange]):
    actor = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = RequestStatusChange
        fields = ["verb", "old", "new", "reason", "actor", "at"]


class RequestSerializer(serializers.ModelSerializer[SearchRequest]):
    number = serializers.CharField(source="__str__", read_only=True)
    centre = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]
    basis = serializers.SlugRelatedField(slug_field="code", read_only=True)  # type: ignore[var-annotated]
    submitted_by = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]
    received_by = serializers.StringRelatedField(read_only=True, allow_null=True)  # type: ignore[var-annotated]
    handler = serializers.StringRelatedField(read_only=True, allow_null=True)  # type: ignore[var-annotated]
    approved_by = serializers.StringRelatedField(read_only=True, allow_null=True)  # type: ignore[var-annotated]
    due_at = serializers.DateTimeField(read_only=True, allow_null=True)
    is_overdue = serializers.BooleanField(read_only=True)

    class Meta:
        model = SearchRequest
        fields = [
            "id",
            "number",
            "case",
            "centre",
            "status",
            "outcome",
            "is_emergency",
            "basis",
            "document_number",
            "purpose",
            "wanted",
            "plate",
            "vehicle_colour",
            "vehicle_type",
            "last_seen_place",
            "last_seen_at",
            "last_seen_latitude",
            "last_seen_longitude",
            "most_cameras",
            "radius_m",
            "hours",
            "submitted_by",
            "submitted_at",
            "received_by",
            "received_at",
            "handler",
            "approved_by",
            "approved_at",
            "closed_at",
            "due_at",
            "is_overdue",
            "purge_at",
            "purged_at",
        ]


class RequestDetailSerializer(RequestSerializer):
    changes = StatusChangeSerializer(many=True, read_only=True)

    class Meta(RequestSerializer.Meta):
        fields = [*RequestSerializer.Meta.fields, "changes"]


class TermsSerializer(serializers.ModelSerializer[SearchRequest]):
    """What a station writes into a request. `submit`: send it at once, not only keep a draft."""

    centre = serializers.PrimaryKeyRelatedField(queryset=Agency.objects.filter(kind=Agency.Kind.CENTRE))
    basis = serializers.SlugRelatedField(slug_field="code", queryset=LegalBasis.objects.in_force())
    plate = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TYPED)
    submit = serializers.BooleanField(default=False, write_only=True)

    class Meta:
        model = SearchRequest
        fields = [
            "centre",
            "basis",
            "is_emergency",
            "document_number",
            "purpose",
            "wanted",
            "plate",
            "vehicle_colour",
            "vehicle_type",
            "last_seen_place",
            "last_seen_at",
            "last_seen_latitude",
            "last_seen_longitude",
            "submit",
        ]
        validators: list[Any] = []

    def validate_plate(self, plate: str) -> str:
        return read_plate(plate)

    @property
    def terms(self) -> RequestTerms:
        values = {name: value for name, value in self.validated_data.items() if name != "submit"}
        return RequestTerms(**values)


class StepSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A step of the workflow. `reason` is needed to return, reopen and close, `outcome` to close."""

    step = serializers.ChoiceField(
        choices=["submit", "discard", "receive", "approve", "return", "review", "reopen", "close"]
    )
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    outcome = serializers.ChoiceField(choices=Case.Outcome.choices, required=False, allow_blank=True, default="")


class ScopeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """New values of the limits named; null takes a limit away."""

    most_cameras = serializers.IntegerField(min_value=0, max_value=100_000, allow_null=True, required=False)
    radius_m = serializers.IntegerField(min_value=0, max_value=1_000_000, allow_null=True, required=False)
    hours = serializers.IntegerField(min_value=0, max_value=100_000, allow_null=True, required=False)
    reason = serializers.CharField(max_length=2000)

    @property
    def limits(self) -> dict[str, int | None]:
        return {name: value for name, value in self.validated_data.items() if name in ScopeChange.Limit.values}


class CommentSerializer(serializers.ModelSerializer[Comment]):
    author = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Comment
        fields = ["id", "author", "text", "is_internal", "at"]


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    added_by = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Attachment
        fields = ["id", "kind", "name", "size", "sha256", "added_by", "added_at"]


class UploadSerializer(serializers.Serializer):  # type: ignore[type-arg]
    file = serializers.FileField(allow_empty_file=True)


class AnswerItemSerializer(serializers.ModelSerializer[AnswerItem]):
    """A sighting of an answer. `other_plate` is the number plate read before, where that read here contradicts it."""

    picture = serializers.SerializerMethodField()

    class Meta:
        model = AnswerItem
        fields = [
            "number",
            "camera_code",
            "camera_name",
            "latitude",
            "longitude",
            "first_seen_at",
            "last_seen_at",
            "seen_at",
            "score",
            "rank",
            "compared",
            "plate",
            "plate_confidence",
            "other_plate",
            "hop_m",
            "hop_s",
            "speed_mps",
            "is_impossible",
            "confirmed_by",
            "confirmed_at",
            "agreed_by",
            "agreed_at",
            "picture",
        ]

    def get_picture(self, item: AnswerItem) -> str | None:
        return sighting_url(item.sighting_id, self.context["viewer"]) if item.sighting_id else None


class AnswerSummarySerializer(serializers.ModelSerializer[Answer]):
    sent_by = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Answer
        fields = ["id", "request", "number", "text", "is_provisional", "sent_by", "sent_at"]


class AnswerSerializer(AnswerSummarySerializer):
    items = serializers.SerializerMethodField()
    certificate = serializers.DictField(read_only=True)

    class Meta(AnswerSummarySerializer.Meta):
        fields = [*AnswerSummarySerializer.Meta.fields, "audit_sequence", "audit_root", "items", "certificate"]

    @extend_schema_field(AnswerItemSerializer(many=True))
    def get_items(self, answer: Answer) -> Any:
        return AnswerItemSerializer(answer.items, many=True, context=self.context).data


class SendAnswerSerializer(serializers.Serializer):  # type: ignore[type-arg]
    candidates = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID), max_length=MOST_CHOSEN
    )
    text = serializers.CharField(max_length=8000)
    is_provisional = serializers.BooleanField(default=False)

    def validate_candidates(self, ids: list[int]) -> list[Candidate]:
        found = list(Candidate.objects.visible_to(self.context["viewer"]).filter(pk__in=ids))
        if len(found) != len(set(ids)):
            raise serializers.ValidationError("Some of these candidates do not exist.")
        return found


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    text = serializers.CharField(source="get_kind_display", read_only=True)
    cause = serializers.StringRelatedField(read_only=True, allow_null=True)  # type: ignore[var-annotated]

    class Meta:
        model = Notification
        fields = ["id", "request", "entry", "kind", "text", "cause", "at", "read_at"]


class ReadCountSerializer(serializers.Serializer):  # type: ignore[type-arg]
    read = serializers.IntegerField()
