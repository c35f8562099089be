"""Pages in which a station writes, sends and follows its requests."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.views import has_tiles
from investigations.forms import RequestForm, take_error
from investigations.models import Case, Destruction, SearchRequest
from investigations.services.looks import keep_viewing_case
from investigations.services.requests import (
    RequestTerms,
    close_request,
    discard_draft,
    draft_request,
    reopen_request,
    revise_request,
    submit_request,
    term_errors,
)
from investigations.steps import steps_of
from investigations.views.answers import answers_to, packages_of
from investigations.views.common import as_validation, attempt, endings_of, progress_of, wants_json
from investigations.views.talk import attach_all, say_refusals, talk_of
from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, acting_user, has_right, require_right
from portal.jobs import JobStatus

Status = SearchRequest.Status
Write = Callable[[RequestTerms], SearchRequest]


# ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
def request_new(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    case = get_object_or_404(Case.objects.visible_to(user), pk=pk)
    require_right(user, Right.SUBMIT_REQUEST)
    form = RequestForm(request.POST or None, case=case, initial=_first_values(case))
    if _can_be_written(form, case):
        return _write(request, case, form, lambda terms: draft_request(case, terms, actor=user))
    return _form_page(request, case, form)


@require_http_methods(["GET", "POST"])
def request_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft, or what was returned, and send it."""
    user = acting_user(request)
    row = get_object_or_404(SearchRequest.objects.visible_to(user).select_related("case", "basis", "centre"), pk=pk)
    require_right(user, Right.SUBMIT_REQUEST)
    if not row.is_with_police and request.method == "GET":
        messages.error(request, _("A request can be changed only while it is a draft or was returned to you."))
        return redirect("workspace", pk=pk)
    values = {name: getattr(row, name) for name in RequestForm.Meta.fields}
    form = RequestForm(
        request.POST or None, case=row.case, is_returned=row.status == Status.RETURNED, initial=_as_initial(values)
    )
    if _can_be_written(form, row.case):
        return _write(request, row.case, form, lambda terms: revise_request(row, terms, actor=user), row)
    return _form_page(request, row.case, form, row)


def _can_be_written(form: RequestForm, case: Case) -> bool:
    """Whether the verb may be called. Else what it would refuse is said along with what could not be read: nobody
    should learn of one after having mended the other."""
    if form.is_bound and not form.is_valid():
        for name, sentence in term_errors(case, form.cleaned_data).items():
            if name not in form.errors:
                form.add_error(name, sentence)
    return form.is_valid()


def _first_values(case: Case) -> dict[str, Any]:
    """What a new request most likely says: the only basis there is, and where the station's last one went."""
    last = case.requests.first()
    bases = list(RequestForm(case=case).bases[:2])
    return {
        "centre": last.centre_id if last else Agency.objects.filter(kind=Agency.Kind.CENTRE).first(),
        "basis": bases[0].pk if len(bases) == 1 else None,
    }


def _as_initial(values: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(value, "pk", value) for name, value in values.items()}


def _write(
    request: HttpRequest, case: Case, form: RequestForm, write: Write, row: SearchRequest | None = None
) -> HttpResponse:
    """Keep what was written and each file that is one; send it, if that was asked for and nothing was refused."""
    user = acting_user(request)
    try:
        written = write(RequestTerms(**form.cleaned_data))
    except (PermissionDenied, ValidationError) as error:
        take_error(form, as_validation(error))
        return _form_page(request, case, form, row)
    refusals = attach_all(written, request.FILES.getlist("files"), actor=user)
    if refusals and "send" in request.POST:
        refusals.append(_("The request is kept but not sent: choose other files, or send it without them."))
    say_refusals(request, refusals)
    if "send" not in request.POST:
        messages.success(request, _("The request is kept, and not sent yet."))
    elif not refusals and _send(request, written):
        return _go(request, reverse("workspace", args=[written.pk]))
    return _go(request, reverse("request-edit", args=[written.pk]))


def _send(request: HttpRequest, row: SearchRequest) -> bool:
    said = (
        _("The emergency was sent to %(centre)s, which may search at once.")
        if row.is_emergency
        else _("The request was sent to %(centre)s. A supervisor there has to approve it.")
    )
    user = acting_user(request)
    return attempt(request, lambda: submit_request(row, actor=user), said % {"centre": row.centre})


def _go(request: HttpRequest, address: str) -> HttpResponse:
    return JsonResponse({"location": address}) if wants_json(request) else redirect(address)


def _form_page(request: HttpRequest, case: Case, form: RequestForm, row: SearchRequest | None = None) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"errors": form.errors}, status=400)
    context = {
        "form": form,
        "case": case,
        "req": row,
        "chosen_basis": str(form["basis"].value() or ""),
        "last_change": row.changes.select_related("actor").last() if row else None,
        "talk": talk_of(row, acting_user(request)) if row else None,
        "map_data": {"hasTiles": has_tiles()},
        "lost_files": bool(request.FILES),
    }
    return render(request, "investigations/request_form.html", context)


# ── Sending, ending, going on ───────────────────────────────────────────────────────────────────────────────────────


@require_POST
def request_send(request: HttpRequest, pk: int) -> HttpResponse:
    _send(request, _own(request, pk))
    return redirect("workspace", pk=pk)


@require_POST
def request_discard(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _own(request, pk), acting_user(request)
    case_id = row.case_id
    if attempt(request, lambda: discard_draft(row, actor=user), _("The draft was discarded, with its files.")):
        return redirect("case-detail", pk=case_id)
    return redirect("workspace", pk=pk)


@require_POST
def request_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    row, user, reason = _own(request, pk), acting_user(request), request.POST.get("reason", "")
    said = _("The request is open again. %(centre)s was told.") % {"centre": row.centre}
    attempt(request, lambda: reopen_request(row, reason=reason, actor=user), said)
    return redirect("workspace", pk=pk)


@require_POST
def request_close(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _own(request, pk), acting_user(request)
    outcome, reason = request.POST.get("outcome", ""), request.POST.get("reason", "")
    attempt(request, lambda: close_request(row, outcome, reason=reason, actor=user), _("The request is closed."))
    return redirect("workspace", pk=pk)


def _own(request: HttpRequest, pk: int) -> SearchRequest:
    rows = SearchRequest.objects.visible_to(acting_user(request)).select_related("case", "basis", "centre")
    return get_object_or_404(rows, pk=pk)


# ── Following ───────────────────────────────────────────────────────────────────────────────────────────────────────


def request_page(request: HttpRequest, search_request: SearchRequest) -> HttpResponse:
    """The request as its station sees it; the caller has checked that it may, and accounted for the look."""
    user = acting_user(request)
    page_data = {"request": search_request.pk, "hasTiles": has_tiles(), "lastSeen": search_request.place}
    context = _state(search_request, user) | {"page_data": page_data}
    return render(request, "investigations/request_detail.html", context)


@require_GET
def request_parts(request: HttpRequest, pk: int) -> HttpResponse:
    """What of the request's page changes while it is open."""
    user = acting_user(request)
    rows = SearchRequest.objects.visible_to(user).select_related("case__agency", "centre", "basis", "submitted_by")
    search_request = get_object_or_404(rows, pk=pk)
    require_right(user, Right.SUBMIT_REQUEST)  # the centre has its own page, with less on it for some
    keep_viewing_case(search_request.case, actor=user)
    return render(request, "investigations/parts/request_parts.html", _state(search_request, user))


def _state(row: SearchRequest, user: User) -> dict[str, Any]:
    changes = list(row.changes.select_related("actor"))
    can_ask = has_right(user, Right.SUBMIT_REQUEST)
    is_ended = row.status in {Status.ANSWERED, Status.CLOSED}
    return {
        "req": row,
        "steps": steps_of(row, changes),
        "last_change": changes[-1] if changes else None,
        "progress": progress_of(row, user),
        "answers": answers_to(row, user),
        "packages": packages_of(row, user),
        "destructions": Destruction.objects.visible_to(user).filter(request=row, status=JobStatus.DONE),
        "can_edit": can_ask and row.is_with_police,
        "can_discard": can_ask and row.status == Status.DRAFT and not changes,
        "can_close": can_ask and row.status not in {Status.DRAFT, Status.CLOSED},
        "can_reopen": can_ask and is_ended and row.purged_at is None and row.case.status == Case.Status.OPEN,
        "endings": endings_of([row]),
    }
