"""Requests, searches, candidates and paths for supervisors. Actions call the verbs; no rule lives here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from inference.admin import JobAdmin, apply_to_each
from investigations.models import (
    Candidate,
    CandidateDecision,
    Case,
    Path,
    PathPoint,
    RequestStatusChange,
    Search,
    SearchRequest,
)
from investigations.services.candidates import decide_candidate
from investigations.services.requests import approve_request, return_request
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.rights import Right, acting_user, has_right


class ReasonActionForm(ActionForm):  # type: ignore[misc]
    """An admin action with a line for the reason beside it."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": _("Reason"), "aria-label": _("Reason")}),
    )


class HistoryInline(TabularInline):  # type: ignore[misc]
    """Rows that a verb wrote, shown beside what they are about."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class StatusChangeInline(HistoryInline):
    model = RequestStatusChange
    hide_title = True
    fields = ["at", "old", "new", "actor", "reason"]
    readonly_fields = fields


class DecisionInline(HistoryInline):
    model = CandidateDecision
    hide_title = True
    fields = ["at", "old", "new", "actor", "reason"]
    readonly_fields = fields


class PathPointInline(HistoryInline):
    model = PathPoint
    fields = ["number", "sighting", "distance", "duration", "speed", "flag"]
    readonly_fields = fields
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("sighting__camera")
        return rows

    @admin.display(description=_("distance (m)"))
    def distance(self, point: PathPoint) -> str:
        return _rounded(point.hop_m, 0)

    @admin.display(description=_("time (s)"))
    def duration(self, point: PathPoint) -> str:
        return _rounded(point.hop_s, 0)

    @admin.display(description=_("speed (m/s)"))
    def speed(self, point: PathPoint) -> str:
        return _rounded(point.speed_mps, 1)

    @admin.display(description=_("impossible hop"))
    def flag(self, point: PathPoint) -> str:
        return gettext("impossible") if point.is_impossible else ""


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.VIEW_FOOTAGE})
    list_display = ["number", "title", "kind", "agency", "status", "opened_at"]
    list_filter = ["kind", "status", "agency"]
    list_select_related = ["agency"]
    search_fields = ["number", "title", "description"]
    date_hierarchy = "opened_at"


@admin.register(SearchRequest)
class SearchRequestAdmin(ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.APPROVE_REQUEST, Right.SEARCH})
    list_display = [
        "__str__",
        "case",
        "shown_status",
        "centre",
        "submitted_by",
        "submitted_at",
        "counts",
        "workspace",
    ]
    list_filter = ["status", "case__kind", "centre", "submitted_at"]
    list_select_related = ["case", "centre", "submitted_by"]
    search_fields = ["case__number", "case__title", "wanted", "purpose"]
    inlines = [StatusChangeInline]
    actions = ["approve", "return_to_station"]
    action_form = ReasonActionForm
    readonly_fields = ["workspace"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        confirmed = Q(searches__candidates__decision=Candidate.Decision.CONFIRMED)
        rows: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                search_count=Count("searches", distinct=True),
                confirmed_count=Count("searches__candidates", filter=confirmed, distinct=True),
            )
        )
        return rows

    @display(  # type: ignore[untyped-decorator]
        description=_("status"),
        ordering="status",
        label={"submitted": "warning", "returned": "danger", "approved": "success"},
    )
    def shown_status(self, row: SearchRequest) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @admin.display(description=_("searches, confirmed"))
    def counts(self, row: Any) -> str:
        return f"{row.search_count}, {row.confirmed_count}"

    @admin.display(description=_("workspace"))
    def workspace(self, row: SearchRequest) -> str:
        return format_html('<a href="{}">{}</a>', reverse("workspace", args=[row.pk]), gettext("Open"))

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.APPROVE_REQUEST)

    @admin.action(description=_("Approve the chosen requests"), permissions=["approve"])
    def approve(self, request: HttpRequest, rows: QuerySet[SearchRequest]) -> None:
        reason = request.POST.get("reason", "")
        count = apply_to_each(
            request, rows, lambda row: approve_request(row, reason=reason, actor=acting_user(request))
        )
        if count:
            messages.success(request, gettext("Approved: %(count)d.") % {"count": count})

    @admin.action(description=_("Return the chosen requests to the station"), permissions=["approve"])
    def return_to_station(self, request: HttpRequest, rows: QuerySet[SearchRequest]) -> None:
        reason = request.POST.get("reason", "")
        count = apply_to_each(request, rows, lambda row: return_request(row, reason=reason, actor=acting_user(request)))
        if count:
            messages.success(request, gettext("Returned: %(count)d.") % {"count": count})


@admin.register(Search)
class SearchAdmin(JobAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.SEARCH})
    list_display = [
        "__str__",
        "request",
        "kind",
        "shown_status",
        "shown_progress",
        "sightings_compared",
        "candidate_count",
        "requested_by",
        "requested_at",
        "error",
    ]
    list_filter = ["status", "kind", "requested_at"]
    list_select_related = ["request__case", "requested_by"]
    search_fields = ["request__case__number", "request__case__title", "error"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(candidate_count_=Count("candidates"))
        return rows

    @admin.display(description=_("candidates"), ordering="candidate_count_")
    def candidate_count(self, row: Any) -> int:
        return int(row.candidate_count_)


@admin.register(Candidate)
class CandidateAdmin(ReadOnlyAdmin):
    """Review: each candidate beside the picture that was searched by."""

    is_view_audited = True

    view_rights = frozenset({Right.DECIDE_CANDIDATE})
    list_display = ["query", "found", "similarity", "shown_decision", "camera", "seen_at", "search"]
    list_filter = ["decision", "sighting__camera", "search__request__case__kind"]
    list_select_related = ["search__request__case", "sighting__camera"]
    search_fields = [
        "search__request__case__number",
        "search__request__case__title",
        "sighting__camera__code",
    ]
    inlines = [DecisionInline]
    actions = ["confirm", "reject", "reopen"]
    action_form = ReasonActionForm
    readonly_fields = ["query", "found"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("search__pictures")

    @admin.display(description=_("searched by"))
    def query(self, row: Candidate) -> str:
        pictures = [picture for picture in row.search.pictures.all() if picture.image]
        return _picture(reverse("query-picture", args=[pictures[0].pk])) if pictures else ""

    @admin.display(description=_("found"))
    def found(self, row: Candidate) -> str:
        return _picture(reverse("sighting-picture", args=[row.sighting_id]))

    @admin.display(description=_("similarity"), ordering="score")
    def similarity(self, row: Candidate) -> str:
        return f"{row.score:.3f}"

    @display(  # type: ignore[untyped-decorator]
        description=_("decision"),
        ordering="decision",
        label={"pending": "info", "confirmed": "success", "rejected": "danger"},
    )
    def shown_decision(self, row: Candidate) -> tuple[str, str]:
        return row.decision, row.get_decision_display()

    @admin.display(description=_("camera"), ordering="sighting__camera__code")
    def camera(self, row: Candidate) -> str:
        return str(row.sighting.camera)

    @admin.display(description=_("time"), ordering="sighting__seen_at")
    def seen_at(self, row: Candidate) -> Any:
        return row.sighting.seen_at

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.DECIDE_CANDIDATE)

    @admin.action(description=_("Confirm the chosen candidates"), permissions=["decide"])
    def confirm(self, request: HttpRequest, rows: QuerySet[Candidate]) -> None:
        self._decide(request, rows, Candidate.Decision.CONFIRMED)

    @admin.action(description=_("Reject the chosen candidates"), permissions=["decide"])
    def reject(self, request: HttpRequest, rows: QuerySet[Candidate]) -> None:
        self._decide(request, rows, Candidate.Decision.REJECTED)

    @admin.action(description=_("Take the decisions back"), permissions=["decide"])
    def reopen(self, request: HttpRequest, rows: QuerySet[Candidate]) -> None:
        self._decide(request, rows, Candidate.Decision.PENDING)

    def _decide(self, request: HttpRequest, rows: QuerySet[Candidate], decision: str) -> None:
        reason = request.POST.get("reason", "")
        count = apply_to_each(
            request, rows, lambda row: decide_candidate(row, decision, reason=reason, actor=acting_user(request))
        )
        if count:
            messages.success(request, gettext("Decided: %(count)d.") % {"count": count})


@admin.register(Path)
class PathAdmin(ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.BUILD_PATH})
    list_display = ["request", "built_by", "built_at", "stops", "impossible"]
    list_select_related = ["request__case", "built_by"]
    search_fields = ["request__case__number", "request__case__title"]
    inlines = [PathPointInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                stop_count=Count("points"),
                impossible_count=Count("points", filter=Q(points__is_impossible=True)),
            )
        )
        return rows

    @admin.display(description=_("stops"))
    def stops(self, row: Any) -> int:
        return int(row.stop_count)

    @admin.display(description=_("impossible hops"))
    def impossible(self, row: Any) -> int:
        return int(row.impossible_count)


def _rounded(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _picture(address: str) -> str:
    # The picture's own view checks the right and writes the audit entry.
    return format_html('<img src="{}" alt="" style="height:120px" loading="lazy">', address)
