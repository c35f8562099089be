"""The API of a request's path: the path itself, others that undecided candidates would make, where next, sharing."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from investigations.leads import other_paths
from investigations.models import Answer, Candidate, Path, SearchRequest
from investigations.serializers.paths import (
    AnsweredPathSerializer,
    OtherPathsSerializer,
    PathSerializer,
    SharedPathSerializer,
    SharePathSerializer,
    WhereNextQuestionSerializer,
    WhereNextSerializer,
    describe_outlook,
)
from investigations.services.looks import view_answer, view_leads, view_path
from investigations.services.paths import build_path, shown_points
from investigations.services.sharing import FORMATS, agreed_sightings, export_path, share_path
from investigations.whereabouts import LONGEST, where_next
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, require_right
from portal.exchange.idempotency import idempotent


class RequestPath(APIView):
    """The path of a request: look at it, or build it anew from what is confirmed. Police see the latest answer's."""

    @extend_schema(responses=AnsweredPathSerializer)  # the centre's own people get more of each sighting
    def get(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search_request = get_object_or_404(SearchRequest.objects.visible_to(actor), pk=pk)
        if not actor.is_centre_member:
            return self._answered(search_request, actor)
        path = Path.objects.visible_to(actor).filter(request=search_request).first()
        return self._worked_on(path, actor) if path else Response(_no_path(pk))

    @extend_schema(request=None, responses=PathSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search_request = get_object_or_404(SearchRequest.objects.visible_to(actor), pk=pk)
        return self._worked_on(build_path(search_request, actor=actor), actor)

    def _worked_on(self, path: Path, actor: User) -> Response:
        points = shown_points(path, actor)
        view_path(path, [point.sighting_id for point in points], actor=actor)
        context = {
            "viewer": actor,
            "points": points,
            "confirmations": _confirmations(path, actor),
            "agreed": agreed_sightings(path.request),
        }
        return Response(PathSerializer(path, context=context).data)

    def _answered(self, search_request: SearchRequest, actor: User) -> Response:
        answers = Answer.objects.visible_to(actor).filter(request=search_request)
        answer = answers.select_related("sent_by").prefetch_related("items").first()
        if answer is None:
            return Response(_no_path(search_request.pk))
        view_answer(answer, actor=actor)
        return Response(AnsweredPathSerializer(answer, context={"viewer": actor}).data)


class OtherPaths(APIView):
    """The best paths that the undecided candidates would make; none of these is confirmed by being shown."""

    @extend_schema(responses=OtherPathsSerializer)
    def get(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search_request = _worked_request(pk, actor, Right.SEARCH)
        outlook = other_paths(search_request, actor)
        shown = {step.lead.stop.key for path in outlook.others for step in path.steps}
        view_leads(search_request, shown, actor=actor)
        return Response(OtherPathsSerializer(describe_outlook(outlook), context={"viewer": actor}).data)


MINUTES = {"type": "integer", "minimum": 1, "maximum": int(LONGEST.total_seconds() // 60)}


class WhereNext(APIView):
    """The cameras that the target can have reached by now, or so many minutes after a stop, the likeliest first."""

    @extend_schema(
        parameters=[
            OpenApiParameter("minutes", MINUTES, description="Minutes after the stop; without it, until now."),
            OpenApiParameter("from", OpenApiTypes.INT, description="A sighting; without it, the last confirmed stop."),
        ],
        responses=WhereNextSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search_request = _worked_request(pk, actor, Right.SEARCH)
        question = WhereNextQuestionSerializer(data=request.query_params)
        question.is_valid(raise_exception=True)
        asked = question.validated_data
        found = where_next(search_request, actor, minutes=asked.get("minutes"), sighting_id=asked.get("sighting"))
        return Response(WhereNextSerializer(found).data)


class PathSharing(APIView):
    """Tell the station the path in words: the stops that two people agree about."""

    @extend_schema(request=SharePathSerializer, responses={201: SharedPathSerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search_request = get_object_or_404(SearchRequest.objects.visible_to(actor), pk=pk)
        question = SharePathSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        comment = share_path(search_request, reason=question.validated_data["reason"], actor=actor)
        return Response(SharedPathSerializer(comment).data, status=status.HTTP_201_CREATED)


class PathFile(APIView):
    """The path as a file for maps: `geojson`, `gpx` or `kml`."""

    @extend_schema(
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(FORMATS))],
        responses={(200, media_type): OpenApiTypes.BINARY for media_type in FORMATS.values()},
    )
    def get(self, request: Request, pk: int, kind: str) -> HttpResponse:
        actor = acting_user(request)
        search_request = get_object_or_404(SearchRequest.objects.visible_to(actor), pk=pk)
        require_right(actor, Right.EXPORT_EVIDENCE)
        if kind not in FORMATS:
            raise Http404(_("A path can be had as GeoJSON, GPX or KML."))
        content = export_path(search_request, kind, actor=actor)
        name = f"{search_request}-path.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(content, content_type=FORMATS[kind], headers=headers)


def _worked_request(pk: int, actor: User, right: Right) -> SearchRequest:
    """The request for who works on it; for others there is nothing here."""
    require_right(actor, right)
    return get_object_or_404(SearchRequest.objects.visible_to(actor).select_related("case"), pk=pk)


def _confirmations(path: Path, actor: User) -> dict[int, list[dict[str, int]]]:
    rows = Candidate.objects.visible_to(actor).filter(search__request=path.request_id).shown_on_path_to(actor)
    found: dict[int, list[dict[str, int]]] = {}
    for sighting, candidate, search in rows.values_list("sighting_id", "pk", "search_id"):
        found.setdefault(sighting, []).append({"candidate": candidate, "search": search})
    return found


def _no_path(request_id: int) -> dict[str, Any]:
    return {"id": None, "request": request_id, "built_by": None, "built_at": None, "points": []}
