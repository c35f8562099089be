"""Pages of watch lists as files: upload one, see what its import would do, import it; and the list to take away."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from investigations.models import WatchEntry, WatchImport
from investigations.services.looks import view_entries, view_watch_import
from investigations.services.watch import longest_days
from investigations.services.watch_lists import (
    RESULT_KEPT_FOR,
    check_watch_list,
    discard_watch_list,
    export_watch_list,
    import_watch_list,
)
from investigations.views.common import as_validation, attempt
from investigations.views.watch import tabs_of
from investigations.watch.rows import Line, State, entries_shown, lines_of, shown_lines
from investigations.watch.sentences import sentence_of
from investigations.watch_forms import ExportForm, ListForm, watch_bases
from portal.accounts.rights import Right, acting_user, require_right

PER_PAGE = 20
ROWS_SHOWN = 50
Status = WatchImport.Status


@require_http_methods(["GET", "POST"])
def watch_import(request: HttpRequest) -> HttpResponse:
    """Upload a list; below, those of before."""
    user = acting_user(request)
    require_right(user, Right.MANAGE_WATCH)
    form = ListForm(request.POST, request.FILES) if request.method == "POST" else ListForm()
    if form.is_valid():
        try:
            row = check_watch_list(form.cleaned_data["file"], form.defaults, actor=user)
        except (PermissionDenied, ValidationError) as error:
            form.add_error(None, as_validation(error).messages)
        else:
            return redirect("watch-import-detail", pk=row.pk)
    rows = WatchImport.objects.visible_to(user).select_related("uploaded_by")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    bases = [{"basis": basis, "days": longest_days(basis)} for basis in watch_bases()]
    context = {"form": form, "bases": bases, "page": page, "export_form": ExportForm(), **tabs_of(user)}
    return render(request, "investigations/watch_import.html", context, status=400 if form.errors else 200)


@require_GET
def watch_import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What the import of a list would do or did, row by row, and what is wrong with it."""
    row, user = _find(request, pk), acting_user(request)
    lines, show = lines_of(row), request.GET.get("show", "")
    tabs = _tabs(row, lines)
    wanted = next((tab for tab in tabs if tab["value"] == show), tabs[0])
    page = Paginator(wanted["lines"], ROWS_SHOWN).get_page(request.GET.get("page"))
    shown = shown_lines(list(page), user)
    view_watch_import(row, actor=user)
    view_entries(WatchEntry.objects.visible_to(user).filter(pk__in=entries_shown(shown)), actor=user)
    context = {
        "row": row,
        "counts": row.counts,
        "is_open": row.status == Status.CHECKED,
        "is_forgotten": row.status == Status.DONE and len(lines) < row.counts.get("rows", 0),
        "kept_days": RESULT_KEPT_FOR.days,
        "file_problems": [{**one, "sentence": sentence_of(one)} for one in row.problems if not one["row"]],
        "tabs": tabs,
        "show": wanted["value"],
        "page": page,
        "lines": shown,
        "sure": row.counts.get("new", 0) - row.counts.get("dubious", 0),
        **tabs_of(user),
    }
    return render(request, "investigations/watch_import_detail.html", context)


def _tabs(row: WatchImport, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """By which the rows may be narrowed down, each with its rows."""
    taken = {State.NEW: _("Would be watched")} if row.status == Status.CHECKED else {State.ADDED: _("Added")}
    states = taken | {State.LEFT: _("Left as they are"), State.REFUSED: _("Refused")}
    tabs = [{"value": "", "label": _("All rows"), "lines": lines}]
    tabs += [
        {"value": state.value, "label": label, "lines": [line for line in lines if line.state == state]}
        for state, label in states.items()
    ]
    dubious = [line for line in lines if line.is_dubious]
    tabs.insert(2, {"value": "dubious", "label": _("Perhaps mistyped"), "lines": dubious})
    return tabs


@require_POST
def watch_import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _find(request, pk), acting_user(request)
    leaves = "leave_dubious" in request.POST
    said = _("The list was imported.")
    attempt(request, lambda: import_watch_list(row, leaves_dubious=leaves, actor=user), said)
    return redirect("watch-import-detail", pk=pk)


@require_POST
def watch_import_discard(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _find(request, pk), acting_user(request)
    attempt(request, lambda: discard_watch_list(row, actor=user), _("The list was discarded."))
    return redirect("watch-import")


@require_POST
def watch_export(request: HttpRequest) -> HttpResponse:
    """The list as CSV. By POST: it leaves an entry in the audit trail."""
    user, form = acting_user(request), ExportForm(request.POST)
    require_right(user, Right.MANAGE_WATCH)
    found: list[tuple[str, bytes]] = []
    wanted = form.is_valid() and form.cleaned_data["includes_ended"]
    if not attempt(request, lambda: found.append(export_watch_list(includes_ended=wanted, actor=user))):
        return redirect("watch-list")
    name, content = found[0]
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return HttpResponse(content, content_type="text/csv", headers={"Content-Disposition": disposition})


def _find(request: HttpRequest, pk: int) -> WatchImport:
    user = acting_user(request)
    require_right(user, Right.MANAGE_WATCH)
    return get_object_or_404(WatchImport.objects.visible_to(user).select_related("uploaded_by"), pk=pk)
