"""Review: each candidate beside the picture that was searched by.

Whoever does not know the decisions of a search is not told them here either: not in the list, not by a filter, not by
an order, not in the history. They can give the second opinion.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from investigations.admin.common import HistoryInline, person_field, shown_picture, shown_time
from investigations.models import Candidate, CandidateDecision, Search, SecondReview
from investigations.reads import read_of
from investigations.services.candidates import decide_candidate
from investigations.services.reviews import review_candidate
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.admin_actions import ReasonActionForm, apply_to_each
from portal.accounts.rights import Right, acting_user, has_right

Decision = Candidate.Decision
HIDDEN = "hidden"


class DecisionFilter(admin.SimpleListFilter):
    """By decision, among those whose decision the person knows."""

    title = _("decision")
    parameter_name = "decided"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        second = [("awaiting", _("waits for my second opinion")), ("disputed", _("two people disagree"))]
        return [*second, *Decision.choices, (HIDDEN, _("hidden from me"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        user, value = acting_user(request), self.value()
        if value == "awaiting":
            waiting = Candidate.objects.awaiting_second_review(user).order_by()
            return queryset.filter(pk__in=waiting.values("pk"))
        if value == "disputed":
            return queryset.disputed()
        if value == HIDDEN:
            return queryset.filter(is_hidden=True, standing=None)
        if value == Decision.PENDING:
            return queryset.filter(is_hidden=False, standing=None)
        return queryset.filter(standing=value) if value in Decision.values else queryset


class DecisionInline(HistoryInline):
    model = CandidateDecision
    fields: Any = ["at", "old", "new", person_field("actor", _("by")), "reason"]
    readonly_fields = fields


class SecondReviewInline(HistoryInline):
    model = SecondReview
    fields: Any = ["at", "verdict", person_field("reviewer", _("by")), "reason", "is_void"]
    readonly_fields = fields


@admin.register(Candidate)
class CandidateAdmin(ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.DECIDE_CANDIDATE})
    list_display = [
        "query",
        "found",
        "similarity",
        "plate_read",
        "shown_decision",
        "second_opinion",
        "camera",
        "seen_at",
        "search",
    ]
    list_filter = [DecisionFilter, "sighting__camera", "search__request__case__kind"]
    list_select_related = ["search__request__case", "sighting__camera"]
    search_fields = [
        "search__request__case__number",
        "search__request__case__title",
        "sighting__camera__code",
    ]
    actions = ["agree", "disagree", "confirm", "reject", "reopen"]
    action_form = ReasonActionForm
    fields = [
        ("query", "found"),
        "search",
        "camera",
        "seen_at",
        "similarity",
        "plate_read",
        "decision_text",
        "second_opinion_text",
    ]
    readonly_fields = [
        "query",
        "found",
        "camera",
        "seen_at",
        "similarity",
        "plate_read",
        "decision_text",
        "second_opinion_text",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        hidden = Candidate.objects.hidden_from(acting_user(request)).filter(pk=OuterRef("pk"))
        rows: Any = super().get_queryset(request).annotate(is_hidden=Exists(hidden))
        telling = Search.objects.refined_by_hidden(acting_user(request))
        rows = rows.exclude(is_hidden=True, search__in=telling.values("pk")).with_standing(acting_user(request))
        shown: QuerySet[Any] = rows.prefetch_related("search__pictures", "sighting__plates")
        return shown

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """An address must not ask what the page does not tell."""
        return lookup.partition("__")[0] != "decision" and super().lookup_allowed(lookup, value, request)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [] if obj is None or obj.is_hidden else [DecisionInline, SecondReviewInline]

    @admin.display(description=_("query picture"))
    def query(self, row: Candidate) -> str:
        pictures = [one for one in row.search.pictures.all() if one.image and one.candidate_id is None]
        return shown_picture(reverse("query-picture", args=[pictures[0].pk])) if pictures else ""

    @admin.display(description=_("picture found"))
    def found(self, row: Candidate) -> str:
        return shown_picture(reverse("sighting-picture", args=[row.sighting_id]))

    @admin.display(description=_("similarity"), ordering="score")
    def similarity(self, row: Candidate) -> str:
        return "–" if row.score is None else f"{row.score:.3f}"

    @admin.display(description=_("number plate as read"))
    def plate_read(self, row: Candidate) -> str:
        plate = read_of(row.sighting, row.plate)
        return plate.text if plate else "–"

    @display(  # type: ignore[untyped-decorator]
        description=_("decision"), label={"pending": "info", "confirmed": "success", "rejected": "danger", HIDDEN: ""}
    )
    def shown_decision(self, row: Any) -> tuple[str, str]:
        return _decision_of(row)

    @display(  # type: ignore[untyped-decorator]
        description=_("second opinion"), label={"agreed": "success", "disputed": "danger"}
    )
    def second_opinion(self, row: Any) -> tuple[str, str]:
        return _second_opinion_of(row)

    @admin.display(description=_("decision"))
    def decision_text(self, row: Any) -> str:
        return str(_decision_of(row)[1])

    @admin.display(description=_("second opinion"))
    def second_opinion_text(self, row: Any) -> str:
        return _second_opinion_of(row)[1]

    @admin.display(description=_("camera"), ordering="sighting__camera__code")
    def camera(self, row: Candidate) -> str:
        return str(row.sighting.camera)

    @admin.display(description=_("time"), ordering="sighting__seen_at")
    def seen_at(self, row: Candidate) -> str:
        return shown_time(row.sighting.seen_at)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.DECIDE_CANDIDATE)

    @admin.action(description=_("Second opinion: it is the one"), permissions=["decide"])
    def agree(self, request: HttpRequest, rows: QuerySet[Candidate]) -> None:
        self._review(request, rows, SecondReview.Verdict.CONFIRMED)

    @admin.action(description=_("Second opinion: it is not"), permissions=["decide"])
    def disagree(self, request: HttpRequest, rows: QuerySet[Candidate]) -> None:
        self._review(request, rows, SecondReview.Verdict.REJECTED)

    @admin.action(description=_("Confirm the chosen candidates"), permissions=["decide"])
    def confirm(self, request: HttpRequest, rows: QuerySet[Candidate]) -> None:
        self._decide(request, rows, Decision.CONFIRMED)

    @admin.action(description=_("Reject the chosen candidates"), permissions=["decide"])
    def reject(self, request: HttpRequest, rows: QuerySet[Candidate]) -> None:
        self._decide(request, rows, Decision.REJECTED)

    @admin.action(description=_("Take the decisions back"), permissions=["decide"])
    def reopen(self, request: HttpRequest, rows: QuerySet[Candidate]) -> None:
        self._decide(request, rows, Decision.PENDING)

    def _review(self, request: HttpRequest, rows: QuerySet[Candidate], verdict: str) -> None:
        waiting = Candidate.objects.awaiting_second_review(acting_user(request)).order_by()
        chosen, waits = rows.count(), rows.filter(pk__in=waiting.values("pk"))
        if others := chosen - waits.count():
            # Whether somebody has decided about the others is not told.
            said = gettext("%(count)d of the chosen candidates do not wait for your second opinion.")
            messages.warning(request, said % {"count": others})
        reason, actor = request.POST.get("reason", ""), acting_user(request)
        _apply(request, waits, lambda row: review_candidate(row, verdict, reason=reason, actor=actor))

    def _decide(self, request: HttpRequest, rows: QuerySet[Candidate], decision: str) -> None:
        reason, actor = request.POST.get("reason", ""), acting_user(request)

        def decide(row: Any) -> Candidate:
            row.decision = row.standing or row.decision  # as the list shows it
            return decide_candidate(row, decision, reason=reason, actor=actor)

        _apply(request, rows, decide)


def _decision_of(row: Any) -> tuple[str, str]:
    """What stands about its sighting, also if that was decided in another search, as far as the person knows."""
    if row.standing is None:
        return (HIDDEN, gettext("hidden")) if row.is_hidden else (Decision.PENDING, str(Decision.PENDING.label))
    label = str(Decision(row.standing).label)
    if row.standing_search != row.search_id:
        label = gettext("%(decision)s, in search %(search)s") % {"decision": label, "search": row.standing_search}
    return row.standing, label


def _second_opinion_of(row: Any) -> tuple[str, str]:
    if row.standing_verdict is None:
        return "", ""
    is_agreed = row.standing_verdict == row.standing
    return ("agreed", gettext("agrees")) if is_agreed else ("disputed", gettext("disagrees"))


def _apply(request: HttpRequest, rows: QuerySet[Candidate], verb: Callable[[Candidate], Any]) -> None:
    if count := apply_to_each(request, rows, verb):
        messages.success(request, gettext("Decided: %(count)d.") % {"count": count})
