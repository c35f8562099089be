"""Cases, what was reported about them, and what both sides say about requests."""

from typing import Any

from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from investigations.admin.common import OfRequestMixin, person_field
from investigations.models import Case, Comment, Tip
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.rights import Right

AUTHOR = person_field("author", _("by"))
ADDED_BY = person_field("added_by", _("added by"))
OPENED_BY = person_field("opened_by", _("opened by"))


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.VIEW_FOOTAGE})
    list_display = ["number", "title", "kind", "agency", "status", "outcome", "opened_at"]
    list_filter = ["kind", "status", "outcome", "agency"]
    list_select_related = ["agency"]
    search_fields = ["number", "title", "description"]
    date_hierarchy = "opened_at"
    fields: Any = [
        "number",
        "title",
        "kind",
        "description",
        ("status", "outcome"),
        OPENED_BY,
        ("opened_at", "closed_at"),
    ]
    readonly_fields: Any = [OPENED_BY]


@admin.register(Tip)
class TipAdmin(ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.SEARCH})
    list_display = ["case", "source", "place", "said", "seen_at", "added_by", "added_at"]
    list_filter = ["source", "seen_at"]
    list_select_related = ["case", "added_by"]
    search_fields = ["case__number", "case__title", "place", "text"]
    fields: Any = ["case", "source", "text", "place", ("latitude", "longitude"), "seen_at", ADDED_BY, "added_at"]
    readonly_fields: Any = [ADDED_BY]

    @admin.display(description=_("what was seen"))
    def said(self, row: Tip) -> str:
        return Truncator(row.text).chars(80)


@admin.register(Comment)
class CommentAdmin(OfRequestMixin, ReadOnlyAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.SEARCH})
    list_display = ["at", "shown_request", "author", "said", "is_internal"]
    list_display_links: Any = ["at"]
    list_filter = ["is_internal", "at"]
    list_select_related = ["request__case", "author"]
    search_fields = ["request__case__number", "text"]
    fields: Any = ["shown_request", AUTHOR, "at", "is_internal", "text"]
    readonly_fields: Any = ["shown_request", AUTHOR]

    @admin.display(description=_("comment"))
    def said(self, row: Comment) -> str:
        return Truncator(row.text).chars(80)
