"""Pages of cases: each finds the rows that the person may see, and hands changes to a verb."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import F, OuterRef, Prefetch, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.views import has_tiles
from investigations import workflow
from investigations.forms import CaseFilterForm, CaseForm, ShareForm, TipForm, take_error
from investigations.models import Case, RequestStatusChange, SearchRequest, Tip
from investigations.models.case import CaseQuerySet
from investigations.models.request import SearchRequestQuerySet
from investigations.services.cases import add_tip, close_case, open_case, share_case
from investigations.services.looks import view_case
from investigations.timeline import timeline_of
from investigations.views.common import as_validation, attempt, endings_of, progress_of
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right, require_right

CASES_PER_PAGE = 25


# ── The list ────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def case_list(request: HttpRequest) -> HttpResponse:
    user, form = acting_user(request), CaseFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    requests = SearchRequest.objects.visible_to(user)
    cases = _filter_cases(Case.objects.visible_to(user), requests, wanted, user)
    cases = _sort_cases(cases, requests, wanted.get("sort", "")).select_related("agency", "opened_by")
    chips = Prefetch("requests", requests.select_related("centre"))
    context = {
        "page": Paginator(cases.prefetch_related(chips), CASES_PER_PAGE).get_page(request.GET.get("page")),
        "form": form,
        "is_filtered": bool(wanted.get("q") or wanted.get("status")),
        "waiting": _waiting(user),
        "can_open_case": has_right(user, Right.OPEN_CASE),
    }
    return render(request, "investigations/case_list.html", context)


def _filter_cases(
    cases: CaseQuerySet, requests: SearchRequestQuerySet, wanted: dict[str, str], user: User
) -> CaseQuerySet:
    status = wanted.get("status", "")
    if status in Case.Status.values:
        cases = cases.filter(status=status)
    elif status:
        cases = cases.filter(pk__in=_needing(requests, status, user).values("case_id"))
    return cases.filter(_named(wanted.get("q", ""), requests))


def _named(typed: str, requests: SearchRequestQuerySet) -> Q:
    """Each word stands in the number, the title or a request's number plate; or all of it is one plate with gaps."""
    every = Q()
    for word in typed.split():
        every &= Q(number__icontains=word) | Q(title__icontains=word) | _has_plate(word, requests)
    return every | _has_plate(typed, requests) if every else every


def _has_plate(typed: str, requests: SearchRequestQuerySet) -> Q:
    return Q(pk__in=requests.with_plate(typed).values("case_id"))


def _needing(requests: SearchRequestQuerySet, status: str, user: User) -> SearchRequestQuerySet:
    if status == "waiting":
        return requests.waiting_for(user)
    if status == "overdue":
        return requests.overdue(timezone.now())
    return requests.open().filter(is_emergency=True)


def _sort_cases(cases: CaseQuerySet, requests: SearchRequestQuerySet, sort: str) -> CaseQuerySet:
    of_case = requests.filter(case=OuterRef("pk"))
    if sort == "due":
        due = of_case.by_deadline().values("next_due")[:1]  # type: ignore[misc]  # annotated there
        cases = cases.annotate(due=Subquery(due))
        return cases.order_by(F("due").asc(nulls_last=True), "-opened_at", "-pk")
    if sort == "changed":
        changes = RequestStatusChange.objects.filter(request__in=requests, request__case=OuterRef("pk"))
        cases = cases.annotate(changed=Subquery(changes.order_by("-at").values("at")[:1]))
        return cases.order_by(F("changed").desc(nulls_last=True), "-opened_at", "-pk")
    return cases.order_by("-opened_at", "-pk")


def _waiting(user: User) -> int:
    """How many requests wait for this supervisor's decision."""
    if not has_right(user, Right.APPROVE_REQUEST):
        return 0
    return SearchRequest.objects.visible_to(user).waiting_for_approval().count()


# ── One case ────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    require_right(user, Right.OPEN_CASE)
    form = CaseForm(request.POST or None)
    if form.is_valid():
        try:
            case = open_case(**form.cleaned_data, actor=user)
        except (PermissionDenied, ValidationError) as error:
            take_error(form, as_validation(error))
        else:
            messages.success(request, _("Case %(number)s is open.") % {"number": case.number})
            return redirect("case-detail", pk=case.pk)
    return render(request, "investigations/case_form.html", {"form": form})


@require_GET
def case_detail(request: HttpRequest, pk: int) -> HttpResponse:
    case = _visible(request, pk)
    view_case(case, actor=acting_user(request))
    return _page(request, case)


@require_POST
def case_close(request: HttpRequest, pk: int) -> HttpResponse:
    user, case = acting_user(request), _visible(request, pk)
    outcome, reason = request.POST.get("outcome", ""), request.POST.get("reason", "")
    said = _("Case %(number)s is closed.") % {"number": case.number}
    attempt(request, lambda: close_case(case, outcome, reason=reason, actor=user), said)
    return redirect("case-detail", pk=pk)


@require_POST
def case_share(request: HttpRequest, pk: int) -> HttpResponse:
    user, case = acting_user(request), _visible(request, pk)
    form = ShareForm(request.POST, case=case)
    if form.is_valid():
        values = form.cleaned_data
        said = _("%(centre)s now knows of the case.") % {"centre": values["centre"]}
        if attempt(request, lambda: share_case(case, **values, actor=user), said):
            return redirect("case-detail", pk=pk)
    return _page(request, case, share_form=form)


@require_POST
def tip_add(request: HttpRequest, pk: int) -> HttpResponse:
    user, case = acting_user(request), _visible(request, pk)
    form = TipForm(request.POST)
    if form.is_valid():
        try:
            add_tip(case, **form.cleaned_data, actor=user)
        except (PermissionDenied, ValidationError) as error:
            take_error(form, as_validation(error))
        else:
            messages.success(request, _("The reported sighting was added."))
            return redirect("case-detail", pk=pk)
    return _page(request, case, tip_form=form)


def _visible(request: HttpRequest, pk: int) -> Case:
    rows = Case.objects.visible_to(acting_user(request)).select_related("agency", "opened_by")
    return get_object_or_404(rows, pk=pk)


def _page(
    request: HttpRequest, case: Case, *, share_form: ShareForm | None = None, tip_form: TipForm | None = None
) -> HttpResponse:
    user, is_open = acting_user(request), case.status == Case.Status.OPEN
    rows = SearchRequest.objects.visible_to(user).filter(case=case).select_related("centre", "submitted_by", "basis")
    requests = list(rows.prefetch_related("changes__actor", "answers__items"))
    is_own = has_right(user, Right.OPEN_CASE)
    source = Tip.Source.CENTRE if user.is_centre_member else Tip.Source.POLICE
    context = {
        "case": case,
        "requests": [_card(row, user) for row in requests],
        "timeline": timeline_of(case, user),
        "can_request": has_right(user, Right.SUBMIT_REQUEST) and is_open,
        "can_close": is_own and is_open,
        "can_share": is_own and is_open,
        "can_tip": has_right(user, Right.COMMENT) and is_open,
        "share_form": share_form or ShareForm(case=case),
        "tip_form": tip_form or TipForm(initial={"source": source}),
        "endings": endings_of(row for row in requests if row.status in workflow.OPEN),
        "map_data": {"hasTiles": has_tiles()},
    }
    return render(request, "investigations/case_detail.html", context)


def _card(search_request: SearchRequest, viewer: User) -> dict[str, Any]:
    """What the case's page shows of one request."""
    changes, answers = list(search_request.changes.all()), list(search_request.answers.all())
    return {
        "request": search_request,
        "last_change": changes[-1] if changes else None,
        "last_answer": answers[0] if answers else None,
        "progress": progress_of(search_request, viewer),
    }
