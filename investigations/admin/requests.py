"""Requests: what waits, what is late, and the supervisor's decisions about them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import DateFieldListFilter
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import Truncator, capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from investigations.admin.common import (
    HistoryInline,
    PlateSearchMixin,
    open_link,
    person_field,
    shown_table,
    shown_time,
)
from investigations.models import Candidate, RequestStatusChange, ScopeChange, SearchRequest
from investigations.services.answers import send_answer
from investigations.services.requests import approve_request, assign_request, return_request
from investigations.timeline import step_text
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.admin_actions import ReasonActionForm, apply_to_each
from portal.accounts.admin_filters import titled
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right

Verb = Callable[[SearchRequest], Any]
# Unfold shows the text of what is named here, and the bare value of all else.
STATUS_COLOURS = {str(status): "" for status in SearchRequest.Status} | {
    "submitted": "warning",
    "returned": "danger",
    "approved": "success",
    "answered": "success",
}
ACTOR = person_field("actor", _("by"))
HANDLER = person_field("handler", _("handled by"))


class AttentionFilter(admin.SimpleListFilter):
    """What somebody should look at."""

    title = _("attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("open")),
            ("overdue", _("overdue")),
            ("approval", _("waiting for approval")),
            ("emergency", _("unapproved emergency")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted: dict[str | None, Callable[[], Any]] = {
            "open": queryset.open,
            "overdue": lambda: queryset.overdue(timezone.now()),
            "approval": queryset.waiting_for_approval,
            "emergency": lambda: queryset.waiting_for_approval().filter(is_emergency=True),
        }
        return wanted.get(self.value(), queryset.all)()


class StatusChangeInline(HistoryInline):
    model = RequestStatusChange
    fields: Any = ["at", "step", "shown_new", ACTOR, "reason"]
    readonly_fields = fields

    @admin.display(description=_("step"))
    def step(self, row: RequestStatusChange) -> str:
        return step_text(row)

    @admin.display(description=_("status"))
    def shown_new(self, row: RequestStatusChange) -> str:
        return row.get_new_display()


class ScopeChangeInline(HistoryInline):
    model = ScopeChange
    fields: Any = ["at", "limit", "old", "new", ACTOR, "reason"]
    readonly_fields = fields


@admin.register(SearchRequest)
class SearchRequestAdmin(PlateSearchMixin, ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.APPROVE_REQUEST, Right.SEARCH})
    list_display = [
        "__str__",
        "title",
        "shown_status",
        "shown_emergency",
        "shown_due",
        "handler",
        "shown_submitted",
        "counts",
        "workspace",
    ]
    list_filter = [
        AttentionFilter,
        "status",
        "is_emergency",
        "case__kind",
        "basis",
        ("submitted_at", titled(DateFieldListFilter, _("Submitted"))),
    ]
    list_select_related = ["case", "handler"]
    search_fields = ["case__number", "case__title", "wanted", "purpose", "plate", "document_number"]
    search_help_text = _("Case, what is looked for, number plate, document")
    actions = ["approve", "return_to_station", "answer_not_seen"]
    action_form = ReasonActionForm
    readonly_fields: Any = ["workspace", "due", "course", HANDLER]
    fieldsets: Any = [
        (None, {"fields": ["case", "status", "outcome", "is_emergency", "due", HANDLER, "workspace"]}),
        (_("Who or what is looked for"), {"fields": ["wanted", "plate", ("vehicle_colour", "vehicle_type")]}),
        (
            _("Last seen"),
            {"fields": ["last_seen_place", "last_seen_at", ("last_seen_latitude", "last_seen_longitude")]},
        ),
        (
            _("Legal basis and scope"),
            {"fields": ["basis", "document_number", "purpose", ("most_cameras", "radius_m", "hours")]},
        ),
        (_("Course"), {"fields": ["course"]}),
        (_("End"), {"fields": ["closed_at", "retention_days", ("purge_at", "purged_at")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Of decisions only those that two people agree about: the others are not for everybody here.
        agreed = Q(searches__candidates__in=Candidate.objects.agreed())
        rows: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                search_count=Count("searches", distinct=True),
                agreed_count=Count("searches__candidates", filter=agreed, distinct=True),
            )
        )
        return rows

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        has_widened = obj is not None and obj.scope_changes.exists()
        return [StatusChangeInline, ScopeChangeInline] if has_widened else [StatusChangeInline]

    @display(  # type: ignore[untyped-decorator]
        description=_("status"), ordering="status", label=STATUS_COLOURS
    )
    def shown_status(self, row: SearchRequest) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description=_("emergency"), ordering="is_emergency", label={"unapproved": "danger", "approved": "warning"})  # type: ignore[untyped-decorator]
    def shown_emergency(self, row: SearchRequest) -> tuple[str, str]:
        if not row.is_emergency:
            return "", ""
        if row.waits_for_approval:
            return "unapproved", gettext("not approved")
        return "approved", gettext("emergency")

    @display(description=_("due"), ordering="answer_due_at", label={"late": "danger", "due": "info"})  # type: ignore[untyped-decorator]
    def shown_due(self, row: SearchRequest) -> tuple[str, str]:
        if row.due_at is None:
            return "", ""
        text = f"{localtime(row.due_at):%m-%d %H:%M}"
        return ("late", gettext("overdue: %(time)s") % {"time": text}) if row.is_overdue else ("due", text)

    @admin.display(description=_("due"))
    def due(self, row: SearchRequest) -> str:
        text = shown_time(row.due_at)
        return gettext("overdue: %(time)s") % {"time": text} if row.is_overdue else text

    @admin.display(description=_("course"))
    def course(self, row: SearchRequest) -> str:
        answer = row.answers.select_related("sent_by").filter(is_provisional=False).first()
        lines = [
            (_("Submitted"), None, row.submitted_at, row.submitted_by),
            (_("receipt"), row.receipt_due_at, row.received_at, row.received_by),
            (_("approval"), row.approval_due_at, row.approved_at, row.approved_by),
            (_("answer"), row.answer_due_at, *((answer.sent_at, answer.sent_by) if answer else (None, None))),
        ]
        headers = [_("step"), _("due"), _("done"), _("by")]
        return shown_table(
            headers, [(capfirst(name), shown_time(due), shown_time(at), who or "") for name, due, at, who in lines]
        )

    @admin.display(description=_("case"), ordering="case__title")
    def title(self, row: SearchRequest) -> str:
        return Truncator(row.case.title).chars(30)

    @admin.display(description=_("Submitted"), ordering="submitted_at")
    def shown_submitted(self, row: SearchRequest) -> str:
        return f"{localtime(row.submitted_at):%Y-%m-%d %H:%M}"

    @admin.display(description=_("searches, agreed"))
    def counts(self, row: Any) -> str:
        return f"{row.search_count}, {row.agreed_count}"

    @admin.display(description=_("workspace"))
    def workspace(self, row: SearchRequest) -> str:
        return open_link(row)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.APPROVE_REQUEST)

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.ANSWER_REQUEST)

    @admin.action(description=_("Approve the chosen requests"), permissions=["approve"])
    def approve(self, request: HttpRequest, rows: QuerySet[SearchRequest]) -> None:
        reason, actor = _words(request)
        _apply(request, rows, lambda row: approve_request(row, reason=reason, actor=actor), _("Approved: %(count)d."))

    @admin.action(description=_("Return the chosen requests to the station"), permissions=["approve"])
    def return_to_station(self, request: HttpRequest, rows: QuerySet[SearchRequest]) -> None:
        reason, actor = _words(request)
        _apply(request, rows, lambda row: return_request(row, reason=reason, actor=actor), _("Returned: %(count)d."))

    @admin.action(
        description=_("Answer the chosen requests: not seen (the reason is the answer)"), permissions=["answer"]
    )
    def answer_not_seen(self, request: HttpRequest, rows: QuerySet[SearchRequest]) -> None:
        text, actor = _words(request)
        _apply(request, rows, lambda row: send_answer(row, [], text, actor=actor), _("Answered: %(count)d."))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One more for each of the centre's people to whom a request can be given."""
        actions: dict[str, Any] = super().get_actions(request)
        if actions and has_right(request.user, Right.RECEIVE_REQUEST):
            for person in _handlers(acting_user(request)):
                name = f"assign_{person.pk}"
                actions[name] = (partial(_assign, person), name, gettext("Give to %(person)s") % {"person": person})
        return actions


def _handlers(user: User) -> QuerySet[User]:
    people = User.objects.filter(agency=user.agency, is_active=True)
    roles = [User.Role.OPERATOR, User.Role.SUPERVISOR]
    return people.filter(role__in=roles).order_by("role", "last_name", "first_name", "username")


def _assign(handler: User, _page: Any, request: HttpRequest, rows: QuerySet[SearchRequest]) -> None:
    reason, actor = _words(request)
    _apply(request, rows, lambda row: assign_request(row, handler, reason=reason, actor=actor), _("Given: %(count)d."))


def _words(request: HttpRequest) -> tuple[str, User]:
    return request.POST.get("reason", ""), acting_user(request)


def _apply(request: HttpRequest, rows: QuerySet[SearchRequest], verb: Verb, success: Any) -> None:
    if count := apply_to_each(request, rows, verb):
        messages.success(request, success % {"count": count})
