"""Cameras for the map: all that a person may see, in one answer."""

from django.db.models import DateTimeField, Max, Min, Value
from rest_framework import generics, serializers

from cameras.models import Camera, CameraQuerySet
from portal.accounts.rights import Right, has_right

NEVER = Value(None, output_field=DateTimeField())


class CameraSerializer(serializers.ModelSerializer[Camera]):
    recorded_from = serializers.DateTimeField(read_only=True, allow_null=True)
    recorded_until = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Camera
        fields = [
            "id",
            "code",
            "name",
            "address",
            "latitude",
            "longitude",
            "bearing_deg",
            "field_of_view_deg",
            "status",
            "recorded_from",
            "recorded_until",
        ]


class CameraList(generics.ListAPIView[Camera]):
    """Every camera that the person may see. Not paged: a map shows them all, and 2,700 are 200 kB compressed."""

    serializer_class = CameraSerializer
    pagination_class = None

    def get_queryset(self) -> CameraQuerySet:
        cameras = Camera.objects.visible_to(self.request.user)
        if not has_right(self.request.user, Right.REQUEST_ANALYSIS):  # when cameras record is not public record
            return cameras.annotate(recorded_from=NEVER, recorded_until=NEVER)
        return cameras.annotate(recorded_from=Min("recordings__started_at"), recorded_until=Max("recordings__ends_at"))
