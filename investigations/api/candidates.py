"""The API of a search's results: candidates, and what is decided about them."""

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from investigations.models import Candidate, Search
from investigations.serializers.candidates import (
    CandidateSerializer,
    DecidedSerializer,
    DecisionSerializer,
    DecisionsSerializer,
    SearchSerializer,
    SinceSerializer,
)
from investigations.serializers.workspace import SearchSummarySerializer
from investigations.services.candidates import decide_candidate, decide_candidates
from investigations.services.looks import view_search
from investigations.services.refining import refine_search, usable_decisions
from investigations.services.reviews import show_decisions
from investigations.services.scopes import OutOfScope
from investigations.shortlist import findings_of, with_candidates
from portal.accounts.models import User
from portal.accounts.rights import acting_user
from portal.exchange.idempotency import idempotent


class SearchDetail(APIView):
    """A search and its candidates, the most alike first; the look at them is accounted for."""

    @extend_schema(parameters=[SinceSerializer], responses=SearchSerializer)
    def get(self, request: Request, pk: int) -> Response:
        question = SinceSerializer(data=request.query_params)
        question.is_valid(raise_exception=True)
        return _search_answer(pk, acting_user(request), since=question.validated_data["since"])


class SearchDecisions(APIView):
    """Have the decisions of a search shown; whoever does gives no second opinion about them any more."""

    @extend_schema(request=None, responses=SearchSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        show_decisions(get_object_or_404(Search.objects.visible_to(actor), pk=pk), actor=actor)
        return _search_answer(pk, actor)


class SearchRefine(APIView):
    """Search again with what was decided: confirmed candidates join the query, rejected ones push away."""

    @extend_schema(request=None, responses={201: SearchSummarySerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search = get_object_or_404(Search.objects.visible_to(actor).select_related("request__case"), pk=pk)
        try:
            refined = refine_search(search, actor=actor)
        except OutOfScope as refusal:
            return Response(refusal.answer, status=status.HTTP_400_BAD_REQUEST)
        return Response(SearchSummarySerializer(refined).data, status=status.HTTP_201_CREATED)


class CandidateDecisionView(APIView):
    @extend_schema(request=DecisionSerializer, responses=CandidateSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        candidate = get_object_or_404(Candidate.objects.visible_to(actor), pk=pk)
        question = DecisionSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        words = question.validated_data
        candidate.decision = words["seen"]
        decide_candidate(candidate, words["decision"], reason=words["reason"], actor=actor)
        search = _shown(candidate.search_id, actor)
        row = next(row for row in search.candidates.all() if row.pk == pk)
        return Response(CandidateSerializer(row, context=_context(search, actor)).data)


class CandidateDecisions(APIView):
    """Decide about several candidates of one search alike: all of them, or none."""

    @extend_schema(request=DecisionsSerializer, responses=DecidedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search = get_object_or_404(Search.objects.visible_to(actor), pk=pk)
        question = DecisionsSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        words = question.validated_data
        seen = {row["id"]: row["seen"] for row in words["candidates"]}
        candidates = list(search.candidates.filter(pk__in=list(seen)).select_related("sighting__recording__camera"))
        if len(candidates) != len(seen):
            raise ValidationError(_("Some of these candidates are no longer in the list. Look again."))
        for candidate in candidates:
            candidate.decision = seen[candidate.pk]
        decide_candidates(candidates, words["decision"], reason=words["reason"], actor=actor)
        search = _shown(pk, actor)
        rows = [row for row in search.candidates.all() if row.pk in seen]
        return Response(DecidedSerializer({"candidates": rows}, context=_context(search, actor)).data)


def _search_answer(pk: int, actor: User, *, since: int = 0) -> Response:
    """A search with its candidates, as this person may know them; the look is accounted for."""
    search = _shown(pk, actor)
    view_search(search, [candidate.sighting for candidate in search.candidates.all()], actor=actor)
    context = _context(search, actor)
    usable = usable_decisions(search, actor) if context["is_known"] else {"confirmed": 0, "rejected": 0}
    context |= {"since": since, "usable": usable}
    return Response(SearchSerializer(search, context=context).data)


def _shown(pk: int, actor: User) -> Search:
    search: Search = get_object_or_404(with_candidates(Search.objects.visible_to(actor), actor), pk=pk)
    return search


def _context(search: Search, actor: User) -> dict[str, object]:
    is_withheld = Search.objects.refined_by_hidden(actor).filter(pk=search.pk).exists()
    return {
        "viewer": actor,
        "is_known": search.is_known_to(actor) and not is_withheld,
        "is_withheld": is_withheld,
        "findings": findings_of(search, actor),
    }
