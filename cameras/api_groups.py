"""Groups of cameras: what a centre's people choose together again and again."""

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.models import Camera, CameraGroup
from cameras.services.groups import delete_group, require_groups, save_group
from portal.accounts.rights import acting_user
from portal.exchange.idempotency import idempotent

MOST_CAMERAS = 30_000


class CameraGroupSerializer(serializers.ModelSerializer[CameraGroup]):
    cameras = serializers.PrimaryKeyRelatedField[Camera](many=True, read_only=True)
    made_by = serializers.CharField(source="made_by.__str__", read_only=True)

    class Meta:
        model = CameraGroup
        fields = ["id", "name", "cameras", "made_by"]


class SaveGroupSerializer(serializers.Serializer[CameraGroup]):
    name = serializers.CharField(max_length=60)
    cameras = serializers.ListField(
        child=serializers.IntegerField(min_value=1), allow_empty=False, max_length=MOST_CAMERAS
    )


class CameraGroupCollection(generics.ListAPIView[CameraGroup]):
    """The groups of the own centre: their list, not paged, and the way to save one under its name."""

    serializer_class = CameraGroupSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[CameraGroup]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a person
            return CameraGroup.objects.none()
        actor = acting_user(self.request)
        require_groups(actor)
        return _with_cameras(CameraGroup.objects.visible_to(actor))

    @extend_schema(request=SaveGroupSerializer, responses={201: CameraGroupSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        wanted = SaveGroupSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        group = save_group(wanted.validated_data["name"], wanted.validated_data["cameras"], actor=acting_user(request))
        saved = _with_cameras(CameraGroup.objects.all()).get(pk=group.pk)
        return Response(CameraGroupSerializer(saved).data, status=status.HTTP_201_CREATED)


class CameraGroupDetail(APIView):
    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        delete_group(get_object_or_404(CameraGroup.objects.visible_to(actor), pk=pk), actor=actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _with_cameras(groups: QuerySet[CameraGroup]) -> QuerySet[CameraGroup]:
    cameras = Prefetch("cameras", Camera.objects.only("pk").order_by("pk"))
    return groups.select_related("made_by").prefetch_related(cameras)
