"""What was answered, and the evidence packages that were made of it."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from inference.admin import JobAdmin
from inference.core.figures import percent
from investigations.admin.common import HistoryInline, OfRequestMixin, person_field, shown_code, workspace_link
from investigations.models import Answer, AnswerItem, EvidencePackage, Unmasking
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.admin_filters import titled
from portal.accounts.rights import Right
from portal.audit.services import write_root

ANSWERED_AT = _("time of the answer")
SENT_BY = person_field("sent_by", _("answered by"))
REQUESTED_BY = person_field("requested_by", _("requested by"))


class AnswerItemInline(HistoryInline):
    model = AnswerItem
    fields = [
        "number",
        "camera_code",
        "camera_name",
        "seen_at",
        "score",
        "rank",
        "plate",
        "confirmed_by",
        "agreed_by",
        "is_impossible",
    ]
    readonly_fields = fields


@admin.register(Answer)
class AnswerAdmin(OfRequestMixin, ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.ANSWER_REQUEST})
    list_display = ["__str__", "shown_request", "item_count", "is_provisional", "share", "sent_by", "answered_at"]
    list_filter = ["is_provisional", ("sent_at", titled(DateFieldListFilter, ANSWERED_AT))]
    list_select_related = ["request__case", "sent_by"]
    search_fields = ["request__case__number", "request__case__title", "text"]
    inlines = [AnswerItemInline]
    fields: Any = [
        "shown_request",
        "number",
        "text",
        "is_provisional",
        "share",
        (SENT_BY, "answered_at"),
        "root",
    ]
    readonly_fields: Any = ["shown_request", "share", "root", SENT_BY, "answered_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(item_count_=Count("items"))
        return rows

    @admin.display(description=ANSWERED_AT, ordering="sent_at")
    def answered_at(self, row: Answer) -> datetime:
        return row.sent_at

    @admin.display(description=_("sightings"), ordering="item_count_")
    def item_count(self, row: Any) -> int:
        return int(row.item_count_)

    @admin.display(description=_("audit root"))
    def root(self, row: Answer) -> str:
        return shown_code(write_root(row.audit_sequence, row.audit_root))

    @admin.display(description=_("searched of what was asked for"))
    def share(self, row: Answer) -> str:
        asked = row.certificate.get("asked_s", 0)
        return percent(row.certificate["searched_s"] / asked) if asked else ""


class UnmaskingInline(HistoryInline):
    model = Unmasking
    fields: Any = ["at", "sighting_name", "reason", person_field("actor", _("by"))]
    readonly_fields = fields


@admin.register(EvidencePackage)
class EvidencePackageAdmin(JobAdmin):
    """The file itself is handed out on the request's page, where the download is accounted for."""

    is_view_audited = True
    view_rights = frozenset({Right.EXPORT_EVIDENCE})
    list_display = [
        "__str__",
        "shown_request",
        "shown_status",
        "shown_progress",
        "has_originals",
        "shown_size",
        "requested_by",
        "requested_at",
        "error",
    ]
    list_filter = ["status", "has_originals", "requested_at"]
    list_select_related = ["answer__request__case", "requested_by"]
    search_fields = ["answer__request__case__number", "reason", "sha256"]
    inlines = [UnmaskingInline]
    fields: Any = [
        "shown_request",
        "answer",
        "status",
        "error",
        "reason",
        ("margin_s", "has_originals"),
        REQUESTED_BY,
        ("requested_at", "ended_at"),
        "shown_size",
        "shown_hash",
        "key_fingerprint",
    ]
    readonly_fields: Any = ["shown_request", "shown_size", "shown_hash", REQUESTED_BY]

    @admin.display(description=_("search request"))
    def shown_request(self, row: EvidencePackage) -> str:
        return workspace_link(row.answer.request)

    @admin.display(description="SHA-256")
    def shown_hash(self, row: EvidencePackage) -> str:
        return shown_code(row.sha256)

    @admin.display(description=_("size"), ordering="size")
    def shown_size(self, row: EvidencePackage) -> str:
        if row.size and not row.file:
            return str(_("destroyed"))
        return filesizeformat(row.size) if row.size else ""
