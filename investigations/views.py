"""Pages: each finds the rows that the person may see, and hands changes to a verb."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.views import has_tiles
from investigations.forms import CaseFilterForm, CaseForm, DecisionForm, RequestForm, take_error
from investigations.models import Candidate, Case, Path, PathPoint, QueryPicture, SearchRequest
from investigations.models.case import CaseQuerySet
from investigations.pictures import is_audited, sightings_visible_to
from investigations.services.cases import close_case, open_case
from investigations.services.looks import view_case, view_picture
from investigations.services.requests import approve_request, return_request, submit_request
from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, acting_user, has_right, require_right

CASES_PER_PAGE = 25
PICTURE_AGE_S = 3600
SKETCH_WIDTH, SKETCH_HEIGHT, SKETCH_MARGIN = 120.0, 56.0, 8.0


@require_GET
def case_list(request: HttpRequest) -> HttpResponse:
    user, form = acting_user(request), CaseFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    visible = Case.objects.visible_to(user)
    cases = _filter_cases(visible, wanted.get("q", ""), wanted.get("status", ""))
    requests = SearchRequest.objects.visible_to(user).select_related("centre")
    cases = cases.select_related("agency", "opened_by").prefetch_related(Prefetch("requests", requests))
    context = {
        "page": Paginator(cases, CASES_PER_PAGE).get_page(request.GET.get("page")),
        "form": form,
        "is_filtered": any(wanted.values()),
        "waiting": _waiting(user),
        "can_open_case": has_right(user, Right.OPEN_CASE),
    }
    return render(request, "investigations/case_list.html", context)


@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    require_right(user, Right.OPEN_CASE)
    form = CaseForm(request.POST or None)
    if form.is_valid():
        try:
            case = open_case(**form.cleaned_data, actor=user)
        except (PermissionDenied, ValidationError) as error:
            take_error(form, _as_validation(error))
        else:
            messages.success(request, _("Case %(number)s is open.") % {"number": case.number})
            return redirect("case-detail", pk=case.pk)
    return render(request, "investigations/case_form.html", {"form": form})


@require_GET
def case_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    case = get_object_or_404(Case.objects.visible_to(user).select_related("agency", "opened_by"), pk=pk)
    view_case(case, actor=user)
    visible = SearchRequest.objects.visible_to(user).filter(case=case)
    rows = visible.select_related("centre", "submitted_by", "path").prefetch_related("changes__actor")
    rows = rows.prefetch_related(Prefetch("path__points", PathPoint.objects.select_related("sighting__camera")))
    context = {
        "case": case,
        "requests": [_card(row) for row in rows],
        "can_request": has_right(user, Right.SUBMIT_REQUEST) and case.status == Case.Status.OPEN,
    }
    return render(request, "investigations/case_detail.html", context)


@require_POST
def case_close(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    case = get_object_or_404(Case.objects.visible_to(user), pk=pk)
    try:
        close_case(case, reason=request.POST.get("reason", ""), actor=user)
    except (PermissionDenied, ValidationError) as error:
        messages.error(request, " ".join(_as_validation(error).messages))
    else:
        messages.success(request, _("Case %(number)s is closed.") % {"number": case.number})
    return redirect("case-detail", pk=pk)


@require_http_methods(["GET", "POST"])
def request_new(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    case = get_object_or_404(Case.objects.visible_to(user), pk=pk)
    require_right(user, Right.SUBMIT_REQUEST)
    form = RequestForm(request.POST or None, initial={"centre": Agency.objects.filter(kind="centre").first()})
    if form.is_valid():
        try:
            submitted = submit_request(case, **form.cleaned_data, actor=user)
        except (PermissionDenied, ValidationError) as error:
            take_error(form, _as_validation(error))
        else:
            message = _("The request was sent to %(centre)s. A supervisor there has to approve it.")
            messages.success(request, message % {"centre": submitted.centre})
            return redirect("workspace", pk=submitted.pk)
    return render(request, "investigations/request_form.html", {"form": form, "case": case})


@require_GET
def workspace(request: HttpRequest, pk: int) -> HttpResponse:
    """The place of work of a request; those who may not search see how far it is and what came of it."""
    user = acting_user(request)
    rows = SearchRequest.objects.visible_to(user).select_related("case__agency", "centre", "submitted_by")
    search_request = get_object_or_404(rows, pk=pk)
    view_case(search_request.case, actor=user)
    can_search = has_right(user, Right.SEARCH)
    context = {
        "req": search_request,
        "changes": list(search_request.changes.select_related("actor")),
        "progress": _progress(search_request),
        "can_decide": has_right(user, Right.APPROVE_REQUEST) and search_request.status == "submitted",
        "can_request": has_right(user, Right.SUBMIT_REQUEST),
        "workspace_data": _workspace_data(search_request, can_search=can_search),
    }
    name = "workspace" if can_search else "request_detail"
    return render(request, f"investigations/{name}.html", context)


@require_POST
def request_decide(request: HttpRequest, pk: int) -> HttpResponse:
    user, form = acting_user(request), DecisionForm(request.POST)
    search_request = get_object_or_404(SearchRequest.objects.visible_to(user), pk=pk)
    if not form.is_valid():
        messages.error(request, _("Choose whether to approve or to return the request."))
        return redirect("workspace", pk=pk)
    decide = approve_request if form.cleaned_data["decision"] == "approve" else return_request
    try:
        decided = decide(search_request, reason=form.cleaned_data["reason"], actor=user)
    except (PermissionDenied, ValidationError) as error:
        messages.error(request, " ".join(_as_validation(error).messages))
    else:
        messages.success(request, _("The request is now: %(status)s.") % {"status": decided.get_status_display()})
    return redirect("workspace", pk=pk)


@require_GET
def sighting_picture(request: HttpRequest, pk: int) -> HttpResponse:
    sighting = get_object_or_404(sightings_visible_to(acting_user(request)), pk=pk)
    return _picture(request, sighting, sighting.image, kind="sighting")


@require_GET
def query_picture(request: HttpRequest, pk: int) -> HttpResponse:
    picture = get_object_or_404(QueryPicture.objects.visible_to(acting_user(request)), pk=pk)
    return _picture(request, picture, picture.image, kind="query")


def _picture(request: HttpRequest, target: Any, image: FieldFile, *, kind: str) -> HttpResponse:
    """Answer with the picture's bytes; a look that no list has accounted for is audited here."""
    try:
        with image.open("rb") as file:
            content = file.read()
    except (OSError, ValueError):  # the file is gone, or there never was one
        raise Http404(_("This picture is no longer stored.")) from None
    if not is_audited(request.GET.get("pass", ""), acting_user(request), kind, target.pk):
        view_picture(target, actor=acting_user(request))
    headers = {"Cache-Control": f"private, max-age={PICTURE_AGE_S}", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type="image/jpeg", headers=headers)


def _filter_cases(cases: CaseQuerySet, text: str, status: str) -> CaseQuerySet:
    if status:
        cases = cases.filter(status=status)
    for word in text.split():
        cases = cases.filter(Q(number__icontains=word) | Q(title__icontains=word))
    return cases


def _waiting(user: User) -> int:
    """How many requests wait for this supervisor's decision."""
    if not has_right(user, Right.APPROVE_REQUEST):
        return 0
    return SearchRequest.objects.visible_to(user).filter(status=SearchRequest.Status.SUBMITTED).count()


def _card(search_request: SearchRequest) -> dict[str, Any]:
    """What the case's page shows of one request."""
    changes = list(search_request.changes.all())
    return {
        "request": search_request,
        "last_change": changes[-1] if changes else None,
        "progress": _progress(search_request),
        "sketch": _sketch(search_request),
    }


def _progress(search_request: SearchRequest) -> dict[str, int]:
    """Numbers only, which the asking station may know: how much was searched, seen through and confirmed."""
    decided = ~Q(decision=Candidate.Decision.PENDING)
    confirmed = Q(decision=Candidate.Decision.CONFIRMED)
    counts = Candidate.objects.filter(search__request=search_request).aggregate(
        candidates=Count("id"),
        decided=Count("id", filter=decided),
        confirmed=Count("sighting", filter=confirmed, distinct=True),
    )
    return {"searches": search_request.searches.count(), **counts}


def _workspace_data(search_request: SearchRequest, *, can_search: bool) -> dict[str, Any]:
    """What the page's scripts start from."""
    confirmed = Candidate.objects.confirmed().filter(search__request=search_request)
    last_seen = search_request.last_seen_at
    return {
        "request": search_request.pk,
        "isSearchable": search_request.is_searchable,
        "canSearch": can_search,
        "kind": "vehicle" if search_request.case.kind == Case.Kind.VEHICLE else "person",
        "lastSeenAt": last_seen.isoformat() if last_seen else None,
        "hasPath": Path.objects.filter(request=search_request).exists(),
        "hasTiles": has_tiles(),
        "confirmed": list(confirmed.values_list("search_id", "sighting_id")) if can_search else [],
    }


def _sketch(search_request: SearchRequest) -> list[dict[str, Any]]:
    """The path's shape as points of a small drawing, north up; empty where there is no path yet."""
    path: Path | None = getattr(search_request, "path", None)
    points = list(path.points.all()) if path else []
    if not points:
        return []
    places = [(point.sighting.camera.longitude, point.sighting.camera.latitude) for point in points]
    west, north = min(x for x, _y in places), max(y for _x, y in places)
    # A degree of longitude is about 0.8 of a degree of latitude at Korea's height.
    span_x = (max(x for x, _y in places) - west) * 0.8
    span_y = north - min(y for _x, y in places)
    free_x, free_y = SKETCH_WIDTH - 2 * SKETCH_MARGIN, SKETCH_HEIGHT - 2 * SKETCH_MARGIN
    scale = min(free_x / span_x if span_x else 1e9, free_y / span_y if span_y else 1e9)
    scale = 0.0 if scale == 1e9 else scale
    left, top = (SKETCH_WIDTH - span_x * scale) / 2, (SKETCH_HEIGHT - span_y * scale) / 2
    return [
        {
            "number": point.number,
            "x": f"{left + (x - west) * 0.8 * scale:.1f}",
            "y": f"{top + (north - y) * scale:.1f}",
            "is_impossible": point.is_impossible,
        }
        for point, (x, y) in zip(points, places, strict=True)
    ]


def _as_validation(error: PermissionDenied | ValidationError) -> ValidationError:
    return error if isinstance(error, ValidationError) else ValidationError(str(error))
