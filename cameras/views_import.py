"""Pages of lists of cameras: upload one, see what its import would do, import it; and the list to take away."""

import csv
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Q, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.import_forms import ExportForm, ShownForm, UploadForm, centres_of
from cameras.import_sentences import TEXTS, kind_name, sentence_of
from cameras.models import Camera, CameraImport, ImportChange, ImportProblem
from cameras.services.imports import cancel_import, check_again, check_list, export_list, import_list
from cameras.standard_list.writer import defuse
from portal.accounts.rights import Right, acting_user, require_right

IMPORTS_PER_PAGE, ROWS_PER_PAGE = 20, 50
# The worst first.
WEIGHT = Case(*(When(level=level, then=number) for number, level in enumerate(ImportProblem.Level)), default=9)
DECIMALS = {"latitude": 6, "longitude": 6, "bearing_deg": 1, "field_of_view_deg": 0, "megapixels": 2}


# ── Import ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
def import_lists(request: HttpRequest) -> HttpResponse:
    """Upload a list; below, those of before."""
    user = acting_user(request)
    require_right(user, Right.MANAGE_CAMERAS)
    form = UploadForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            row = check_list(form.cleaned_data["file"], centre=form.cleaned_data["centre"], actor=user)
        except (PermissionDenied, ValidationError) as error:
            form.add_error(None, _sentence(error))
        else:
            return redirect("camera-import-detail", pk=row.pk)
    rows = CameraImport.objects.visible_to(user).select_related("centre", "requested_by")
    centres = list(centres_of(user))
    context = {
        "form": form,
        "page": Paginator(rows, IMPORTS_PER_PAGE).get_page(request.GET.get("page")),
        "centres": centres,
        "has_cameras": Camera.objects.filter(centre__in=centres).exists(),
    }
    return render(request, "cameras/import_list.html", context, status=400 if form.errors else 200)


@require_GET
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a list is, what its import would do or did, and what is wrong with it."""
    row = _find(request, pk)
    context: dict[str, Any] = {
        "row": row,
        "counts": row.counts,
        "shown": {name: f"{count:,}" for name, count in row.counts.items() if isinstance(count, int)},
        "stage": _stage(row),
        "can_import": _can_import(row),
    }
    if not row.is_open and row.counts:
        context |= _table(request, row)
    return render(request, "cameras/import_detail.html", context)


@require_POST
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    return _attempt(request, row, lambda: import_list(row, actor=acting_user(request)))


@require_POST
def import_check(request: HttpRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    return _attempt(request, row, lambda: check_again(row, actor=acting_user(request)))


@require_POST
def import_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    return _attempt(request, row, lambda: cancel_import(row, actor=acting_user(request)), _("Cancelled."))


@require_GET
def import_problems(request: HttpRequest, pk: int) -> HttpResponse:
    """All problems as a CSV file, for whoever keeps the list."""
    row = _find(request, pk)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_("row"), _("result"), _("kind"), _("column"), _("value"), _("what is wrong")])
    for problem in row.problems.order_by("row", "pk"):
        cells = [problem.get_level_display(), kind_name(problem.kind), problem.column, problem.value]
        writer.writerow([problem.row or "", *(defuse(str(cell)) for cell in [*cells, sentence_of(problem)])])
    return _csv(text.getvalue().encode("utf-8-sig"), f"{row.original_name.rsplit('.', 1)[0]}-{_('problems')}.csv")


def _find(request: HttpRequest, pk: int) -> CameraImport:
    user = acting_user(request)
    require_right(user, Right.MANAGE_CAMERAS)
    rows = CameraImport.objects.visible_to(user).select_related("centre", "requested_by")
    return get_object_or_404(rows, pk=pk)


def _attempt(request: HttpRequest, row: CameraImport, verb: Callable[[], None], success: str = "") -> HttpResponse:
    try:
        verb()
    except (PermissionDenied, ValidationError) as error:
        messages.error(request, _sentence(error))
    else:
        if success:
            messages.success(request, success)
    return redirect("camera-import-detail", pk=row.pk)


def _sentence(error: PermissionDenied | ValidationError) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)


def _can_import(row: CameraImport) -> bool:
    is_checked = row.status == "done" and row.is_dry_run
    return is_checked and bool(row.counts.get("new") or row.counts.get("changed"))


def _stage(row: CameraImport) -> str:
    """What the worker is at, in words."""
    if row.status == "queued":
        return _("Waiting for a worker …")
    if not row.is_dry_run:
        return _("Preparing the cameras …") if row.progress < 0.6 else _("Writing the cameras …")
    if row.progress < 0.4:
        return _("Reading the rows …")
    return _("Comparing with the cameras …") if row.progress < 0.6 else _("Writing the plan …")


# ── The table of problems and changes ───────────────────────────────────────────────────────────────────────────────


def _table(request: HttpRequest, row: CameraImport) -> dict[str, Any]:
    wanted = ShownForm(request.GET).chosen()
    tabs = _tabs(row)
    show = wanted["show"] or next((tab["value"] for tab in tabs if tab["count"]), "problems")
    wanted["sort"] = wanted["sort"] or ("level" if show == "problems" else "row")
    page = _problems(request, row, wanted) if show == "problems" else _changes(request, row, show, wanted)
    return {
        "page": page,
        "tabs": tabs,
        "show": show,
        "wanted": wanted,
        "levels": _levels(row),
        "kinds": _kinds(row),
        "is_filtered": bool(wanted["level"] or wanted["kind"] or wanted["q"]),
    }


def _tabs(row: CameraImport) -> list[dict[str, Any]]:
    tabs = [_tab(row, "problems", _("Problems"))]
    if not row.counts.get("is_readable"):
        return tabs
    labels = {"changed": _("Changed"), "new": _("New"), "missing": _("Missing from the file")}
    return tabs + [_tab(row, kind, label) for kind, label in labels.items()]


def _tab(row: CameraImport, value: str, label: str) -> dict[str, Any]:
    count = row.counts.get(value, 0)
    return {"value": value, "label": label, "count": count, "shown": f"{count:,}"}


def _levels(row: CameraImport) -> list[tuple[str, str, int]]:
    counts = dict(row.problems.order_by().values_list("level").annotate(count=Count("pk")))
    return [(level.value, str(level.label), counts[level.value]) for level in ImportProblem.Level if level in counts]


def _kinds(row: CameraImport) -> list[tuple[str, str, int]]:
    counts = dict(row.problems.order_by().values_list("kind").annotate(count=Count("pk")))
    return [(kind, kind_name(kind), counts[kind]) for kind in TEXTS if kind in counts]


def _problems(request: HttpRequest, row: CameraImport, wanted: dict[str, str]) -> Page[ImportProblem]:
    rows = row.problems.all()
    for name in ("level", "kind"):
        rows = rows.filter(**{name: wanted[name]}) if wanted[name] else rows
    if text := wanted["q"]:
        number = Q(row=int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else Q()
        rows = rows.filter(number | Q(value__icontains=text) | Q(column__icontains=text))
    order = wanted["sort"] if wanted["sort"].lstrip("-") in {"row", "kind", "column", "level"} else "level"
    rows = rows.order_by(*_order(order), "row", "pk")
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    for problem in page:
        problem.sentence, problem.kind_name = sentence_of(problem), kind_name(problem.kind)  # type: ignore[attr-defined]
    return page


def _order(order: str) -> list[Any]:
    if not order.endswith("level"):
        return [order]
    return [WEIGHT.desc() if order.startswith("-") else WEIGHT.asc()]


def _changes(request: HttpRequest, row: CameraImport, kind: str, wanted: dict[str, str]) -> Page[ImportChange]:
    rows = row.changes.filter(kind=kind)
    if text := wanted["q"]:
        rows = rows.filter(Q(code__icontains=text) | Q(name__icontains=text))
    order = wanted["sort"] if wanted["sort"].lstrip("-") in {"row", "code"} else "row"
    page = Paginator(rows.order_by(order, "pk"), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    for change in page:
        change.lines = [_line(name, value) for name, value in change.values.items()]  # type: ignore[attr-defined]
    return page


def _line(name: str, value: Any) -> dict[str, str]:
    label = str(Camera._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    old, new = value if isinstance(value, list) else ("", value)
    return {"label": label, "old": _shown(name, old), "new": _shown(name, new)}


def _shown(name: str, value: Any) -> str:
    if isinstance(value, float) and name in DECIMALS:
        text = f"{value:.{DECIMALS[name]}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return "–" if value in (None, "") else str(value)


# ── Export ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
def export_cameras(request: HttpRequest) -> HttpResponse:
    """The list in the standard's columns. By POST: it leaves an entry in the audit trail."""
    user = acting_user(request)
    require_right(user, Right.MANAGE_CAMERAS)
    form = ExportForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            name, content = export_list(**form.cleaned_data, as_of=timezone.localdate(), actor=user)
            return _csv(content, name)
        except (PermissionDenied, ValidationError) as error:
            form.add_error(None, _sentence(error))
    centres = list(centres_of(user))
    cameras = Camera.objects.filter(centre__in=centres)
    context = {"form": form, "centres": centres, "count": cameras.count()}
    return render(request, "cameras/export.html", context, status=400 if form.errors else 200)


def _csv(content: bytes, name: str) -> HttpResponse:
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return HttpResponse(content, content_type="text/csv", headers={"Content-Disposition": disposition})
