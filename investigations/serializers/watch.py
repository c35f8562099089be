"""The shapes of the watch list's API."""

from typing import Any

from rest_framework import serializers

from investigations.models import Case, LegalBasis, SearchRequest, WatchAlert, WatchEntry
from investigations.plates import LONGEST_TYPED
from investigations.services.watch import WatchTerms


class WatchEntrySerializer(serializers.ModelSerializer[WatchEntry]):
    basis = serializers.SlugRelatedField(slug_field="code", read_only=True)  # type: ignore[var-annotated]
    added_by = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]
    is_active = serializers.BooleanField(read_only=True)

    class Meta:
        model = WatchEntry
        fields = [
            "id",
            "plate",
            "basis",
            "document_number",
            "reason",
            "request",
            "case",
            "vehicle_colour",
            "vehicle_type",
            "added_by",
            "added_at",
            "valid_until",
            "is_active",
            "ended_at",
            "outcome",
            "purge_at",
        ]


class WatchTermsSerializer(serializers.ModelSerializer[WatchEntry]):
    """A plate to be watched: ? for each character that is not known, * for several."""

    plate = serializers.CharField(max_length=LONGEST_TYPED)
    basis = serializers.SlugRelatedField(slug_field="code", queryset=LegalBasis.objects.in_force())
    request = serializers.PrimaryKeyRelatedField(
        queryset=SearchRequest.objects.none(), required=False, allow_null=True, default=None
    )
    case = serializers.PrimaryKeyRelatedField(
        queryset=Case.objects.none(), required=False, allow_null=True, default=None
    )

    class Meta:
        model = WatchEntry
        fields = [
            "plate",
            "basis",
            "document_number",
            "reason",
            "request",
            "case",
            "vehicle_colour",
            "vehicle_type",
            "valid_until",
        ]
        validators: list[Any] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if viewer := self.context.get("viewer"):
            rows: dict[str, Any] = {"request": SearchRequest.objects.visible_to(viewer)}
            rows["case"] = Case.objects.visible_to(viewer)
            for name, visible in rows.items():
                self.fields[name].queryset = visible  # type: ignore[attr-defined]

    @property
    def terms(self) -> WatchTerms:
        return WatchTerms(**self.validated_data)


class WatchAlertSerializer(serializers.ModelSerializer[WatchAlert]):
    plate = serializers.CharField(source="entry.plate", read_only=True)
    camera_code = serializers.CharField(source="camera.code", read_only=True)
    decided_by = serializers.StringRelatedField(read_only=True, allow_null=True)  # type: ignore[var-annotated]
    is_similar = serializers.BooleanField(read_only=True)
    is_doubtful = serializers.BooleanField(read_only=True)

    class Meta:
        model = WatchAlert
        fields = [
            "id",
            "entry",
            "plate",
            "sighting",
            "camera",
            "camera_code",
            "text",
            "confidence",
            "distance",
            "is_similar",
            "is_doubtful",
            "is_looked_back",
            "seen_at",
            "raised_at",
            "status",
            "decided_by",
            "decided_at",
            "reason",
        ]


class AlertDecisionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A decision about an alert; `seen` is the status that whoever decides has seen."""

    status = serializers.ChoiceField(choices=WatchAlert.Status.choices)
    seen = serializers.ChoiceField(choices=WatchAlert.Status.choices)
    reason = serializers.CharField(max_length=2000)
