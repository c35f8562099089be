"""The API of footage: open it, see who is in it, and have the detector look at a frame or an uploaded picture."""

from typing import Any

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.models import Camera, Recording
from inference import tasks
from inference.asking import NobodyAnswers, ask
from inference.core.errors import CoreError
from inference.core.images import read_image
from inference.detecting import to_send
from inference.sentences import in_words
from investigations.footage import request_of
from investigations.models import SearchRequest
from investigations.serializers.footage import (
    DetectSerializer,
    FootageSerializer,
    FootageTrackSerializer,
    FoundBoxSerializer,
    NobodyAnswersSerializer,
    OpenFootageSerializer,
    ProposalsSerializer,
    ProposeSerializer,
    TracksQuerySerializer,
    footage_answer,
)
from investigations.services import footage
from investigations.services.scopes import OutOfScope
from investigations.services.searches import LARGEST_BYTES
from investigations.tracks import tracks_between
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, require_right

PASS = OpenApiParameter(
    "pass", OpenApiTypes.STR, required=True, description="As the opened footage's addresses have it."
)


class FootageOpening(APIView):
    """Open footage for a request. Where nothing was recorded, the refusal (404) says as `earlier` and `later` where
    there is footage."""

    @extend_schema(request=OpenFootageSerializer, responses={201: FootageSerializer})
    def post(self, request: Request) -> Response:
        actor = acting_user(request)
        question = OpenFootageSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        search_request = _request(question.validated_data["request"], actor)
        try:
            look = _open(search_request, question.validated_data, actor)
        except footage.NothingRecorded as answer:
            where = {"detail": str(answer), "earlier": answer.earlier, "later": answer.later}
            return Response(where, status=status.HTTP_404_NOT_FOUND)
        except OutOfScope as refusal:
            return Response(refusal.answer, status=status.HTTP_400_BAD_REQUEST)
        return Response(footage_answer(look, search_request, actor), status=status.HTTP_201_CREATED)


class FootageTracks(APIView):
    """The tracks that analysis has found in opened footage, to be drawn over it."""

    @extend_schema(parameters=[PASS, TracksQuerySerializer], responses=FootageTrackSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        recording = _recording(pk, actor)
        search_request = request_of(request.query_params.get("pass", ""), pk, actor)
        question = TracksQuerySerializer(data=request.query_params)
        question.is_valid(raise_exception=True)
        from_s, until_s = question.validated_data["from_s"], question.validated_data["until_s"]
        footage.require_look(search_request, recording, from_s, from_s, actor=actor)
        return Response(tracks_between(recording, from_s, until_s))


class FootageDetections(APIView):
    """Have the detector look at one frame, the surest first: for a target that no analysis has found yet."""

    @extend_schema(
        request=DetectSerializer, responses={200: FoundBoxSerializer(many=True), 503: NobodyAnswersSerializer}
    )
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        recording = _recording(pk, actor)
        question = DetectSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        search_request, at_s = _request(question.validated_data["request"], actor), question.validated_data["at_s"]
        footage.require_look(search_request, recording, at_s, at_s, actor=actor)
        return _found(tasks.find_boxes, recording.pk, at_s, name=str(recording))


class Proposals(APIView):
    """Have the detector propose boxes in a picture, before a search starts from it. Nothing of it is kept."""

    parser_classes = [MultiPartParser]

    @extend_schema(request=ProposeSerializer, responses={200: ProposalsSerializer, 503: NobodyAnswersSerializer})
    def post(self, request: Request) -> Response:
        require_right(acting_user(request), Right.SEARCH)
        question = ProposeSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        picture = question.validated_data["picture"]
        if picture.size > LARGEST_BYTES:
            values = {"name": picture.name, "size": LARGEST_BYTES // 1_000_000}
            raise ValidationError(_("%(name)s is larger than %(size)d MB.") % values)
        try:
            image = read_image(picture.read())
        except CoreError as error:
            raise ValidationError(f"{picture.name}: {in_words(error)}") from error
        sent, enlarged = to_send(image)
        answer = _found(tasks.propose_boxes, sent, question.validated_data["kind"], name=picture.name)
        if answer.status_code == status.HTTP_200_OK:
            boxes = [found | {"box": [edge * enlarged for edge in found["box"]]} for found in answer.data]
            answer.data = {"width": image.shape[1], "height": image.shape[0], "boxes": boxes}
        return answer


def _open(search_request: SearchRequest, asked: dict[str, Any], actor: User) -> footage.Look:
    if "recording" in asked:
        recording = _recording(asked["recording"], actor)
        return footage.open_recording(search_request, recording, asked["at_s"], actor=actor)
    camera = get_object_or_404(Camera.objects.visible_to(actor), pk=asked["camera"])
    return footage.open_moment(search_request, camera, asked["at"], actor=actor)


def _request(pk: int, actor: User) -> SearchRequest:
    rows = SearchRequest.objects.visible_to(actor).select_related("case", "basis", "centre")
    return get_object_or_404(rows, pk=pk)


def _recording(pk: int, actor: User) -> Recording:
    require_right(actor, Right.VIEW_FOOTAGE)
    return get_object_or_404(Recording.objects.visible_to(actor).select_related("camera"), pk=pk)


def _found(task: Any, *args: Any, name: str) -> Response:
    """What a worker's detector finds, its refusal, or that there is none."""
    try:
        return Response(ask(task, *args))
    except NobodyAnswers as error:
        return Response({"detail": str(error)}, status=status.HTTP_503_SERVICE_UNAVAILABLE)
    except CoreError as error:
        raise ValidationError(in_words(error, name=name)) from error
