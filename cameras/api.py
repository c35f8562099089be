"""Cameras for the map and for the systems that look after them: the whole list, one camera, and the verbs on it."""

import hashlib
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery, Value
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.models import Camera, CameraQuerySet, Recording
from cameras.serializers import (
    LISTED,
    AddCameraSerializer,
    CameraDetailSerializer,
    CameraHistorySerializer,
    CameraSerializer,
    ChangeCameraSerializer,
    MoveCameraSerializer,
    NumberQuerySerializer,
    NumberSerializer,
)
from cameras.services.cameras import add_camera, change_camera, change_status, move_camera
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right, require_right
from portal.audit.models import Action, AuditEntry
from portal.exchange.idempotency import idempotent

NEVER = Value(None, output_field=DateTimeField())
# Kept by browsers, and asked about at each visit: cameras are moved while somebody looks.
REVALIDATED = "private, no-cache"
HISTORY = (Action.CAMERA_ADDED, Action.CAMERA_CHANGED, Action.CAMERA_MOVED)


@method_decorator(gzip_page, name="dispatch")
class CameraList(generics.ListAPIView[Camera]):
    """Every camera that the person may see, and the way to add one. Not paged: a map shows them all.

    The list has an ETag: asked with `If-None-Match`, a list that is still the same is 304 without a body.
    """

    serializer_class = CameraSerializer
    pagination_class = None

    def get_queryset(self) -> CameraQuerySet:
        return cameras_of(self.request.user)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Rows without a model's and a serializer's object for each: that would take most of the time."""
        content = JSONRenderer().render(list(self.get_queryset().values(*LISTED)))
        etag = quote_etag(hashlib.sha256(content).hexdigest()[:32])
        response = HttpResponse(content, content_type="application/json")
        response["Cache-Control"], response["ETag"] = REVALIDATED, etag
        return get_conditional_response(request, etag=etag, response=response) or response

    @extend_schema(request=AddCameraSerializer, responses={201: CameraDetailSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        actor = acting_user(request)
        require_right(actor, Right.MANAGE_CAMERAS)
        asked = AddCameraSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        terms = asked.validated_data
        terms.setdefault("centre", actor.agency)
        if terms["centre"] is None:
            raise ValidationError(_("Name the control centre: you look after those of several."))
        return Response(_detail(add_camera(Camera(**terms), actor=actor), actor), status=status.HTTP_201_CREATED)


class CameraDetail(APIView):
    """One camera with all that is known of it."""

    @extend_schema(responses=CameraDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        return Response(_detail(_camera(pk, actor), actor))

    @extend_schema(request=ChangeCameraSerializer, responses=CameraDetailSerializer)
    @idempotent
    def patch(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        camera = _camera(pk, actor)
        require_right(actor, Right.MANAGE_CAMERAS)
        asked = ChangeCameraSerializer(camera, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        terms = dict(asked.validated_data)
        new_status, reason = terms.pop("status", None), terms.pop("reason", "")
        with transaction.atomic():
            camera = change_camera(camera, terms, actor=actor)
            if new_status is not None:
                camera = change_status(camera, new_status, reason=reason, actor=actor)
        return Response(_detail(camera, actor))


class CameraPosition(APIView):
    """Move a camera to where it stands now."""

    @extend_schema(request=MoveCameraSerializer, responses={200: CameraDetailSerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        camera = _camera(pk, actor)
        require_right(actor, Right.MANAGE_CAMERAS)
        asked = MoveCameraSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        moved = move_camera(
            camera,
            (said["latitude"], said["longitude"]),
            bearing_deg=said.get("bearing_deg"),
            seen=(said["seen"]["latitude"], said["seen"]["longitude"]) if "seen" in said else None,
            reason=said["reason"],
            actor=actor,
        )
        return Response(_detail(moved, actor))


class CameraNumber(APIView):
    """Whether a management number is still free, among the cameras of all centres."""

    @extend_schema(parameters=[NumberQuerySerializer], responses=NumberSerializer)
    def get(self, request: Request) -> Response:
        require_right(acting_user(request), Right.MANAGE_CAMERAS)
        asked = NumberQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response({"is_free": not Camera.objects.filter(code=asked.validated_data["code"]).exists()})


class CameraHistory(generics.ListAPIView[AuditEntry]):
    """What was changed about a camera, newest first: the entries of the audit trail that the person may see."""

    serializer_class = CameraHistorySerializer

    def get_queryset(self) -> QuerySet[AuditEntry]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a person
            return AuditEntry.objects.none()
        actor = acting_user(self.request)
        camera = _camera(self.kwargs["pk"], actor)
        require_right(actor, Right.VIEW_AUDIT)
        entries = AuditEntry.objects.visible_to(actor).filter(action__in=HISTORY)
        return entries.filter(target_type=Camera._meta.label_lower, target_id=str(camera.pk)).order_by("-sequence")


def shows_recordings(user: Any) -> bool:
    """When cameras record is not public record, as their places are."""
    return has_right(user, Right.REQUEST_ANALYSIS)


def cameras_of(user: Any) -> CameraQuerySet:
    """The cameras that the person may see, with the times between which they recorded."""
    cameras = Camera.objects.visible_to(user)
    if not shows_recordings(user):
        return cameras.annotate(recorded_from=NEVER, recorded_until=NEVER)
    # One look each into an index: a month of a city's recordings is millions of rows.
    recordings = Recording.objects.filter(camera=OuterRef("pk"))
    first = recordings.order_by("started_at").values("started_at")[:1]
    last = recordings.order_by("-ends_at").values("ends_at")[:1]
    return cameras.annotate(recorded_from=Subquery(first), recorded_until=Subquery(last))


def _camera(pk: int, actor: User) -> Camera:
    return get_object_or_404(cameras_of(actor).select_related("centre"), pk=pk)


def _detail(camera: Camera, actor: User) -> Any:
    context = {"viewer": actor, "shows_recordings": shows_recordings(actor)}
    return CameraDetailSerializer(_camera(camera.pk, actor), context=context).data
