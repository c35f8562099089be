"""The shapes of cameras: what maps and other systems are told, and what they say."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from cameras.models import Camera, CameraGroup, Recording
from cameras.services.cameras import CHANGEABLE
from portal.accounts.models import Agency
from portal.audit.models import AuditEntry

LONGEST_REASON = 500
LISTED = [
    "id",
    "code",
    "name",
    "address",
    "latitude",
    "longitude",
    "bearing_deg",
    "field_of_view_deg",
    "status",
    "pole",
    "purpose",
    "recorded_from",
    "recorded_until",
]
ABOUT = ["centre", "direction", "megapixels", "installed_on", "phone", "retention_days"]
# A camera changes its centre in the admin alone.
SAID = [name for name in CHANGEABLE if name != "centre"]


class CameraSerializer(serializers.ModelSerializer[Camera]):
    recorded_from = serializers.DateTimeField(read_only=True, allow_null=True)
    recorded_until = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Camera
        fields = LISTED
        read_only_fields = LISTED


class LastRecordingSerializer(serializers.ModelSerializer[Recording]):
    class Meta:
        model = Recording
        fields = ["id", "started_at", "ends_at"]
        read_only_fields = fields


class GroupNameSerializer(serializers.ModelSerializer[CameraGroup]):
    class Meta:
        model = CameraGroup
        fields = ["id", "name"]
        read_only_fields = fields


class CameraDetailSerializer(CameraSerializer):
    """All that is known of a camera for the `viewer` of the context. Who sees no footage gets null for recordings."""

    centre = serializers.CharField(source="centre.name", read_only=True)
    recordings = serializers.SerializerMethodField()
    last_recording = serializers.SerializerMethodField()
    groups = serializers.SerializerMethodField()

    class Meta(CameraSerializer.Meta):
        fields = [*LISTED, *ABOUT, "recordings", "last_recording", "groups"]
        read_only_fields = fields

    def get_recordings(self, camera: Camera) -> int | None:
        recordings = self._recordings(camera)
        return None if recordings is None else recordings.count()

    @extend_schema_field(LastRecordingSerializer(allow_null=True))
    def get_last_recording(self, camera: Camera) -> Any:
        recordings = self._recordings(camera)
        last = None if recordings is None else recordings.order_by("-ends_at").first()
        return LastRecordingSerializer(last).data if last else None

    @extend_schema_field(GroupNameSerializer(many=True))
    def get_groups(self, camera: Camera) -> Any:
        groups = CameraGroup.objects.visible_to(self.context["viewer"]).filter(cameras=camera)
        return GroupNameSerializer(groups, many=True).data

    def _recordings(self, camera: Camera) -> QuerySet[Recording] | None:
        if not self.context["shows_recordings"]:
            return None
        return Recording.objects.visible_to(self.context["viewer"]).filter(camera=camera)


def code_field() -> serializers.CharField:
    taken = _("Another camera has this management number.")
    return serializers.CharField(max_length=40, validators=[UniqueValidator(Camera.objects.all(), message=taken)])


class AddCameraSerializer(serializers.ModelSerializer[Camera]):
    """A new camera. Its centre is the own one; who looks after several names it."""

    code = code_field()
    centre = serializers.PrimaryKeyRelatedField(queryset=Agency.objects.filter(kind="centre"), required=False)

    class Meta:
        model = Camera
        fields = [*SAID, "latitude", "longitude", "centre"]


class ChangeCameraSerializer(serializers.ModelSerializer[Camera]):
    """What is to be changed. A change of the status needs a reason; a place changes at `position/`."""

    code = code_field()
    reason = serializers.CharField(max_length=LONGEST_REASON, required=False, allow_blank=True)

    class Meta:
        model = Camera
        fields = [*SAID, "status", "reason"]


class SeenPlaceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()


class MoveCameraSerializer(serializers.ModelSerializer[Camera]):
    """Where a camera stands now. With `seen`, the place that is known to the caller, a newer move is not undone."""

    reason = serializers.CharField(max_length=LONGEST_REASON)
    seen = SeenPlaceSerializer(required=False)

    class Meta:
        model = Camera
        fields = ["latitude", "longitude", "bearing_deg", "reason", "seen"]


class NumberQuerySerializer(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField(max_length=40)


class NumberSerializer(serializers.Serializer):  # type: ignore[type-arg]
    is_free = serializers.BooleanField()


class CameraHistorySerializer(serializers.ModelSerializer[AuditEntry]):
    """A change of a camera, out of the audit trail."""

    details = serializers.DictField(child=serializers.JSONField(allow_null=True), read_only=True)

    class Meta:
        model = AuditEntry
        fields = ["sequence", "at", "action", "actor_name", "reason", "details"]
        read_only_fields = fields
