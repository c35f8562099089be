"""What several pages share: histories beside what they are about, pictures, links."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from investigations.models import SearchRequest
from investigations.plates import has_plate


class HistoryInline(TabularInline):  # type: ignore[misc]
    """Rows that a verb wrote, shown beside what they are about."""

    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


def person_field(name: str, label: Any) -> Callable[[Any], str]:
    """Who it was, as text: a field's own link would lead to a page that only administrators may open."""

    @admin.display(description=label, ordering=name)
    def shown(row: Any) -> str:
        return str(getattr(row, name) or "")

    return shown


class OfRequestMixin:
    """For rows of a request: a link to the place where it is worked on."""

    @admin.display(description=_("search request"), ordering="request")
    def shown_request(self, row: Any) -> str:
        return workspace_link(row.request)


class PlateSearchMixin:
    """For rows with number plates that somebody answers for: a plate is found however it is spelled."""

    plate_fields: Sequence[str] = ["plate"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)  # type: ignore[misc]
        return found | queryset.filter(has_plate(search_term, *self.plate_fields)), may_repeat


def workspace_link(request: SearchRequest, text: str = "") -> str:
    return format_html('<a href="{}">{}</a>', reverse("workspace", args=[request.pk]), text or str(request))


def open_link(request: SearchRequest) -> str:
    return workspace_link(request, gettext("Open"))


def shown_picture(address: str, *, height: int = 120) -> str:
    # The picture's own view checks the right and writes the audit entry.
    return format_html('<img src="{}" alt="" style="height:{}px" loading="lazy">', address, height)


def shown_table(headers: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    """A table inside a page's field, for what is computed and so has no rows to put into an inline."""
    style = "padding:4px 16px 4px 0;text-align:left;vertical-align:top"
    head = format_html_join("", '<th scope="col" style="{}">{}</th>', ((style, capfirst(header)) for header in headers))
    lines = [
        format_html("<tr>{}</tr>", format_html_join("", '<td style="{}">{}</td>', ((style, cell) for cell in row)))
        for row in rows
    ]
    return format_html(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        head,
        format_html_join("", "{}", ((line,) for line in lines)),
    )


def rounded(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def shown_time(moment: datetime | None) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""


def shown_code(text: str) -> str:
    """A hash, which may break anywhere."""
    return format_html('<code style="overflow-wrap:anywhere">{}</code>', text) if text else ""
