"""The API of the workspace. Each endpoint: one shape in, one out, one verb."""

from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inference.models import Sighting, SightingQuerySet
from investigations.models import Answer, Candidate, Path, Search, SearchRequest
from investigations.models.search import SearchQuerySet
from investigations.serializers.workspace import (
    AnsweredPathSerializer,
    CandidateSerializer,
    DecisionSerializer,
    PathSerializer,
    SearchSerializer,
    SearchSummarySerializer,
    SightingSerializer,
    StartSearchSerializer,
)
from investigations.services.candidates import decide_candidate
from investigations.services.looks import view_answer, view_path, view_search, view_sightings
from investigations.services.paths import build_path, shown_points
from investigations.services.reviews import show_decisions
from investigations.services.searches import (
    LARGEST_BYTES,
    MOST_PICTURES,
    OutOfScope,
    SearchTerms,
    Upload,
    cancel_search,
    start_search,
)
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, require_right
from portal.exchange.idempotency import idempotent


class SearchCollection(generics.ListAPIView[Search]):
    """The searches of a request: their list, and the way to start one."""

    parser_classes = [MultiPartParser, FormParser, JSONParser]
    serializer_class = SearchSummarySerializer

    def get_queryset(self) -> SearchQuerySet:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a person
            return Search.objects.none()
        actor = acting_user(self.request)
        search_request = get_object_or_404(SearchRequest.objects.visible_to(actor), pk=self.kwargs["pk"])
        searches = Search.objects.visible_to(actor).filter(request=search_request)
        return searches.select_related("requested_by").prefetch_related("cameras")

    @extend_schema(request=StartSearchSerializer, responses={201: SearchSummarySerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search_request = get_object_or_404(SearchRequest.objects.visible_to(actor), pk=pk)
        question = StartSearchSerializer(data=request.data, context={"viewer": actor, "request": search_request})
        question.is_valid(raise_exception=True)
        terms = _terms(question.validated_data, request.FILES.getlist("pictures"))
        try:
            search = start_search(search_request, terms, actor=actor)
        except OutOfScope as refusal:
            return Response(_breached(refusal), status=status.HTTP_400_BAD_REQUEST)
        return Response(SearchSummarySerializer(search).data, status=status.HTTP_201_CREATED)


class SearchDetail(APIView):
    @extend_schema(responses=SearchSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return _search_answer(pk, acting_user(request))


class SearchDecisions(APIView):
    """Have the decisions of a search shown; whoever does gives no second opinion about them any more."""

    @extend_schema(request=None, responses=SearchSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        show_decisions(get_object_or_404(Search.objects.visible_to(actor), pk=pk), actor=actor)
        return _search_answer(pk, actor)


class SearchCancel(APIView):
    @extend_schema(request=None, responses=SearchSummarySerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search = get_object_or_404(Search.objects.visible_to(actor), pk=pk)
        return Response(SearchSummarySerializer(cancel_search(search, actor=actor)).data)


class CandidateDecisionView(APIView):
    @extend_schema(request=DecisionSerializer, responses=CandidateSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        candidate = get_object_or_404(Candidate.objects.visible_to(actor), pk=pk)
        question = DecisionSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        candidate.decision = question.validated_data["seen"]
        decided = decide_candidate(
            candidate,
            question.validated_data["decision"],
            reason=question.validated_data["reason"],
            actor=actor,
        )
        context = {"viewer": actor, "is_known": decided.search.is_known_to(actor)}
        return Response(CandidateSerializer(decided, context=context).data)


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
        return Response(PathSerializer(path, context={"viewer": actor, "points": points}).data)

    def _answered(self, search_request: SearchRequest, actor: User) -> Response:
        answers = Answer.objects.visible_to(actor).filter(request=search_request)
        answer = answers.select_related("sent_by").prefetch_related("items").first()
        if answer is None:
            return Response(_no_path(search_request.pk))
        view_answer(answer, actor=actor)
        return Response(AnsweredPathSerializer(answer, context={"viewer": actor}).data)


class SightingList(generics.ListAPIView[Sighting]):
    """Stored sightings, to start a search from: by camera, kind and time."""

    serializer_class = SightingSerializer
    filter_backends = [DjangoFilterBackend]
    filterset_fields = {"camera": ["exact", "in"], "kind": ["exact"], "seen_at": ["gte", "lt"]}

    def get_queryset(self) -> SightingQuerySet:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a person
            return Sighting.objects.none()
        require_right(acting_user(self.request), Right.VIEW_FOOTAGE)
        return Sighting.objects.visible_to(self.request.user).current().select_related("camera")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "viewer": self.request.user}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        view_sightings((row["id"] for row in response.data["results"]), actor=acting_user(request))
        return response


def _search_answer(pk: int, actor: User) -> Response:
    """A search with its candidates, as this person may know them; the look is accounted for."""
    rows = Search.objects.visible_to(actor).select_related("requested_by")
    shown = ["sighting__camera", "decisions", "second_reviews"]
    rows = rows.prefetch_related("cameras", "pictures", *[f"candidates__{name}" for name in shown])
    search = get_object_or_404(rows, pk=pk)
    view_search(search, [candidate.sighting for candidate in search.candidates.all()], actor=actor)
    context = {"viewer": actor, "is_known": search.is_known_to(actor)}
    return Response(SearchSerializer(search, context=context).data)


def _breached(refusal: OutOfScope) -> dict[str, Any]:
    """The sentences, and the rules in figures, from which a supervisor's page fills in the form to widen them."""
    return {"detail": " ".join(refusal.messages), "rules": [asdict(breach) for breach in refusal.breaches]}


def _no_path(request_id: int) -> dict[str, Any]:
    return {"id": None, "request": request_id, "built_by": None, "built_at": None, "points": []}


def _terms(data: dict[str, Any], files: list[Any]) -> SearchTerms:
    _check_sizes(files)
    boxes = [*data.pop("boxes"), *[None] * len(files)]
    uploads = [
        Upload(name=file.name or "", content=file.read(), box=box) for file, box in zip(files, boxes, strict=False)
    ]
    return SearchTerms(uploads=uploads, **data)


def _check_sizes(files: list[Any]) -> None:
    """Refuse what is too much before it is read into memory."""
    if len(files) > MOST_PICTURES:
        raise ValidationError(_("At most %(count)d pictures at once.") % {"count": MOST_PICTURES})
    for file in files:
        if file.size > LARGEST_BYTES:
            values = {"name": file.name, "size": LARGEST_BYTES // 1_000_000}
            raise ValidationError(_("%(name)s is larger than %(size)d MB.") % values)
