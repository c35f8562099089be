"""The audit trail in the admin: its list, and the way to the page where it is checked, proven and taken out."""

from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.rights import Right
from portal.audit.models import AuditEntry, AuditHead
from portal.trail import pages
from portal.trail.details import show_details
from portal.trail.filters import (
    ActionFilter,
    AgencyFilter,
    KindFilter,
    NewestPaginator,
    ObjectFilter,
    PersonFilter,
    TimeFilter,
    kind_name,
)
from portal.trail.state import trail_state

MOST_SEARCHED = 100_000
NARROWING = {"at_from_0", "person", "object"}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The browser of the audit trail. It cannot be changed here, or anywhere."""

    view_rights = frozenset({Right.VIEW_AUDIT})
    is_view_audited = True
    list_display = ["sequence", "at", "action", "actor_name", "agency_name", "address", "target_name", "reason"]
    list_filter = [("at", TimeFilter), ActionFilter, AgencyFilter, PersonFilter, KindFilter, ObjectFilter]
    list_filter_submit = True
    list_before_template = "admin/audit/auditentry/state.html"
    search_fields = ["actor_name", "target_name", "reason"]
    ordering = ["-at", "-sequence"]
    sortable_by: list[str] = []  # sorting millions of entries otherwise would take seconds
    paginator = NewestPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fieldsets = [
        (None, {"fields": ["sequence", "at", "action", "reason", "shown_details"]}),
        (_("Person"), {"fields": ["actor_name", "agency_name", "address", "same_person"]}),
        (_("Object"), {"fields": ["shown_kind", "target_id", "shown_target", "same_target"]}),
        (_("Chain"), {"fields": ["version", "previous_hash", "hash"]}),
    ]
    readonly_fields = ["shown_details", "same_person", "shown_kind", "shown_target", "same_target"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        # Filtered itself: a subquery of the visible entries would be made anew for each page.
        return AuditEntry.objects.visible_to(request.user).order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Texts have no index: unless filters leave few entries, the newest are searched, as the list says."""
        number = search_term.strip().removeprefix("#")
        if number.isascii() and number.isdecimal() and len(number) < 19:
            return queryset.filter(sequence=int(number)), False
        if search_term and not _is_narrowed(request):
            queryset = queryset.filter(at__gte=_search_starts_at())
        return super().get_search_results(request, queryset, search_term)  # type: ignore[no-any-return]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"state": trail_state(), "most_searched": 0 if _is_narrowed(request) else MOST_SEARCHED}
        response: HttpResponse = super().changelist_view(request, context | (extra_context or {}))
        return response

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AuditEntry | None:
        entry: AuditEntry | None = super().get_object(request, object_id, from_field)
        if entry is not None:
            vars(entry)["target_address"] = target_address(entry, request)
        return entry

    @admin.display(description=_("details"))
    def shown_details(self, entry: AuditEntry) -> SafeString | str:
        return show_details(entry.details)

    @admin.display(description=_("kind of object"))
    def shown_kind(self, entry: AuditEntry) -> str:
        return kind_name(entry.target_type) if entry.target_type else "–"

    @admin.display(description=_("object"))
    def shown_target(self, entry: AuditEntry) -> SafeString | str:
        address = vars(entry).get("target_address")
        name = entry.target_name or "–"
        return format_html('<a class="text-link" href="{}">{}</a>', address, name) if address else name

    @admin.display(description=_("other entries"))
    def same_person(self, entry: AuditEntry) -> SafeString | str:
        return _list_link({"person": entry.actor_id}, gettext("of this person")) if entry.actor_id else "–"

    @admin.display(description=_("other entries"))
    def same_target(self, entry: AuditEntry) -> SafeString | str:
        query = {"kind": entry.target_type, "object": entry.target_id}
        return _list_link(query, gettext("about this object")) if entry.target_id else "–"

    def get_urls(self) -> list[URLPattern]:
        views = {"trail": pages.trail_page, "verify": pages.verify, "root": pages.root, "export": pages.export}
        own = [
            path(f"{name}/", self.admin_site.admin_view(view), name=f"audit_auditentry_{name}")
            for name, view in views.items()
        ]
        return own + super().get_urls()  # type: ignore[no-any-return]


def target_address(entry: AuditEntry, request: HttpRequest) -> str | None:
    """Where the admin shows the object of an entry, if it still exists and this person may open it."""
    try:
        model = apps.get_model(entry.target_type)
        model_admin = admin.site.get_model_admin(model)
        row = model_admin.get_queryset(request).filter(pk=entry.target_id).first()
    except (LookupError, ValueError, ValidationError, NotRegistered):
        return None
    if row is None or not model_admin.has_view_permission(request, row):
        return None
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])


def _is_narrowed(request: HttpRequest) -> bool:
    """True where a filter leaves so few entries that all of them can be searched."""
    return bool(NARROWING & {name for name, value in request.GET.items() if value})


def _search_starts_at() -> datetime:
    """The time of the entry that many before the last, or the beginning of times."""
    first = max(1, AuditHead.objects.get(pk=1).sequence - MOST_SEARCHED)
    at = AuditEntry.objects.filter(sequence=first).values_list("at", flat=True).first()
    return at or datetime.min.replace(tzinfo=UTC)


def _list_link(query: dict[str, Any], text: str) -> SafeString:
    address = reverse("admin:audit_auditentry_changelist")
    return format_html('<a class="text-link" href="{}?{}">{}</a>', address, urlencode(query), text)
