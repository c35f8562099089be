"""What requests hold, and what was destroyed."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inference.admin import JobAdmin
from investigations.admin.common import OfRequestMixin, person_field, shown_code, workspace_link
from investigations.evidence import words
from investigations.models import Destruction, Hold
from investigations.services.holds import release_hold
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.admin_actions import ReasonActionForm, apply_to_each
from portal.accounts.rights import Right, acting_user, has_right
from portal.audit.services import write_root

PLACED_BY = person_field("placed_by", _("placed by"))


class StandingFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("standing", _("held")), ("released", _("released"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "standing":
            return queryset.standing()
        return queryset.exclude(released_at=None) if self.value() == "released" else queryset


@admin.register(Hold)
class HoldAdmin(OfRequestMixin, ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.HOLD_FOOTAGE})
    list_display = [
        "placed_at",
        "shown_request",
        "camera",
        "span",
        "reason",
        "placed_by",
        "released_at",
    ]
    list_filter = [StandingFilter, "placed_at"]
    list_select_related = ["request__case", "camera", "placed_by"]
    search_fields = ["request__case__number", "camera__code", "camera__name", "reason"]
    fields: Any = ["shown_request", "camera", "span", "reason", PLACED_BY, "placed_at", "released_at"]
    readonly_fields: Any = ["shown_request", "span", PLACED_BY]
    actions = ["release"]
    action_form = ReasonActionForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = Hold.objects.telling_nothing_to(acting_user(request))
        return super().get_queryset(request).filter(pk__in=rows.values("pk"))

    @admin.display(description=_("time span"), ordering="starts_at")
    def span(self, row: Hold) -> str:
        return words.span(row.starts_at, row.ends_at)

    def has_release_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.HOLD_FOOTAGE)

    @admin.action(description=_("Release the chosen holds"), permissions=["release"])
    def release(self, request: HttpRequest, rows: QuerySet[Hold]) -> None:
        reason, actor = request.POST.get("reason", ""), acting_user(request)
        count = apply_to_each(request, rows, lambda row: release_hold(row, reason=reason, actor=actor))
        if count:
            messages.success(request, gettext("Released: %(count)d.") % {"count": count})


@admin.register(Destruction)
class DestructionAdmin(JobAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.HOLD_FOOTAGE})
    list_display = ["id", "rule", "shown_request", "shown_status", "item_count", "ended_at", "certificate", "problem"]
    list_filter = ["rule", "status", "ended_at"]
    list_select_related = ["request__case"]
    search_fields = ["request__case__number", "error"]
    fields = [
        "rule",
        "shown_request",
        "status",
        "problem",
        "item_count",
        ("requested_at", "ended_at"),
        "root",
        "certificate",
    ]
    readonly_fields = ["shown_request", "item_count", "problem", "root", "certificate"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # The list of what was destroyed is long, and stands on the certificate.
        rows: QuerySet[Any] = super().get_queryset(request).defer("items", "planned")
        return rows

    @admin.display(description=_("search request"))
    def shown_request(self, row: Destruction) -> str:
        return workspace_link(row.request) if row.request else ""

    @admin.display(description=_("rows destroyed"))
    def item_count(self, row: Destruction) -> int:
        return sum(row.counts.values())

    @admin.display(description=_("audit root"))
    def root(self, row: Destruction) -> str:
        return "" if row.audit_sequence is None else shown_code(write_root(row.audit_sequence, row.audit_root))

    @admin.display(description=_("certificate"))
    def certificate(self, row: Destruction) -> str:
        return format_html('<a href="{}">{}</a>', reverse("destruction", args=[row.pk]), gettext("Open"))

    @admin.display(description=_("problem"))
    def problem(self, row: Destruction) -> str:
        return row.error or row.warning
