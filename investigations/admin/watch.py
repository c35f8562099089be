"""The watch list and its alerts, for supervisors. Actions call the verbs; entries are added on the pages."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inference.core.figures import percent
from investigations.admin.common import PlateSearchMixin, person_field
from investigations.models import WatchAlert, WatchEntry
from investigations.services.looks import view_alerts, view_entries
from investigations.services.watch import Outcome, end_entry
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.admin_actions import ReasonActionForm, apply_to_each
from portal.accounts.rights import Right, acting_user, has_right

ADDED_BY = person_field("added_by", _("added by"))
ENDED_BY = person_field("ended_by", _("ended by"))
DECIDED_BY = person_field("decided_by", _("decided by"))


class ActiveFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("active", _("watched")), ("ended", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "active":
            return queryset.active(timezone.now())
        return queryset.ended(timezone.now()) if self.value() == "ended" else queryset


def _listed(response: HttpResponse) -> list[Any]:
    """The rows of a list's page; none of an answer that shows none, as after an action."""
    context = getattr(response, "context_data", None) or {}
    return list(context["cl"].result_list) if "cl" in context else []


@admin.register(WatchEntry)
class WatchEntryAdmin(PlateSearchMixin, ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.MANAGE_WATCH})
    list_display = ["plate", "basis", "shown_about", "added_by", "added_at", "valid_until", "ended_at", "alert_count"]
    list_filter = [ActiveFilter, "basis", "added_at"]
    list_select_related = ["basis", "request__case", "case", "added_by"]
    search_fields = ["plate", "reason", "document_number", "request__case__number", "case__number"]
    search_help_text = _("Number plate, reason, document or case")
    fields: Any = [
        "plate",
        ("vehicle_colour", "vehicle_type"),
        "reason",
        ("basis", "document_number"),
        "shown_about",
        (ADDED_BY, "added_at"),
        "valid_until",
        (ENDED_BY, "ended_at"),
        ("outcome", "end_reason"),
        "purge_at",
        "page",
    ]
    readonly_fields: Any = [ADDED_BY, ENDED_BY, "shown_about", "page"]
    actions = ["end"]
    action_form = ReasonActionForm

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        view_entries(_listed(response), actor=acting_user(request))
        return response

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(alert_count_=Count("alerts"))
        return rows

    @admin.display(description=_("case or request"))
    def shown_about(self, row: WatchEntry) -> str:
        return row.about

    @admin.display(description=_("alerts"), ordering="alert_count_")
    def alert_count(self, row: Any) -> int:
        return int(row.alert_count_)

    @admin.display(description=_("page"))
    def page(self, row: WatchEntry) -> str:
        return format_html('<a href="{}">{}</a>', reverse("watch-entry", args=[row.pk]), gettext("Open"))

    def has_end_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.MANAGE_WATCH)

    @admin.action(description=_("Watch the chosen plates no longer"), permissions=["end"])
    def end(self, request: HttpRequest, rows: QuerySet[WatchEntry]) -> None:
        reason, actor = request.POST.get("reason", ""), acting_user(request)
        count = apply_to_each(request, rows, lambda row: end_entry(row, Outcome.WITHDRAWN, reason=reason, actor=actor))
        if count:
            messages.success(request, gettext("No longer watched: %(count)d.") % {"count": count})


@admin.register(WatchAlert)
class WatchAlertAdmin(PlateSearchMixin, ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.MANAGE_WATCH})
    list_display = ["seen_at", "camera", "text", "wanted", "sure", "status", "decided_by", "raised_at"]
    list_filter = ["status", "is_looked_back", "seen_at"]
    list_select_related = ["camera", "entry", "decided_by"]
    search_fields = ["text", "entry__plate", "camera__code", "camera__name", "reason"]
    search_help_text = _("Number plate, camera or reason")
    plate_fields = ("text", "entry__plate")
    fields: Any = [
        "wanted",
        ("text", "sure"),
        ("camera", "seen_at"),
        ("raised_at", "is_looked_back"),
        ("status", DECIDED_BY, "decided_at"),
        "reason",
    ]
    readonly_fields: Any = ["wanted", "sure", DECIDED_BY]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        view_alerts(_listed(response), actor=acting_user(request))
        return response

    @admin.display(description=_("wanted plate"), ordering="entry__plate")
    def wanted(self, row: WatchAlert) -> str:
        return format_html('<a href="{}">{}</a>', reverse("watch-entry", args=[row.entry_id]), row.entry.plate)

    @admin.display(description=_("confidence"), ordering="confidence")
    def sure(self, row: WatchAlert) -> str:
        return percent(row.confidence)
