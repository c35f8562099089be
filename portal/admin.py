"""The wiring of the admin site: which apps' admin classes stand in it, and the audit trail's own."""

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action

import cameras.admin
import inference.admin
import investigations.admin
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.rights import Right
from portal.audit.models import AuditEntry
from portal.audit.services import verify_chain

__all__ = ["cameras", "inference", "investigations"]

# Rights follow from the role; Django's groups would be a second, silent source of them.
admin.site.unregister(Group)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The browser of the audit trail. It cannot be changed here, or anywhere."""

    view_rights = frozenset({Right.VIEW_AUDIT})
    list_display = ["sequence", "at", "action", "actor_name", "agency_name", "target_name", "reason"]
    list_filter = [("at", RangeDateTimeFilter), "action", "agency_name"]
    list_filter_submit = True
    search_fields = ["actor_name", "target_name", "reason", "target_id"]
    show_full_result_count = False
    is_view_audited = True
    actions_list = ["verify"]
    exclude = ["details"]
    readonly_fields = ["shown_details"]

    @admin.display(description=_("details"))
    def shown_details(self, entry: AuditEntry) -> str:
        return format_html("<pre>{}</pre>", json.dumps(entry.details, indent=2, ensure_ascii=False))

    def has_verify_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @action(description=_("Verify the chain"), url_path="verify", permissions=["verify"])  # type: ignore[untyped-decorator]
    def verify(self, request: HttpRequest) -> HttpResponse:
        breaks = verify_chain()
        for found in breaks[:20]:
            messages.error(request, gettext("Entry %(number)d: %(problem)s") % _describe(found))
        if not breaks:
            messages.success(request, gettext("The audit trail holds: no entry was changed, removed or reordered."))
        return HttpResponseRedirect(reverse("admin:audit_auditentry_changelist"))


def _describe(found: Any) -> dict[str, Any]:
    return {"number": found.sequence, "problem": found.problem}
