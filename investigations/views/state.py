"""The state of a request as the control centre sees it, and the steps it can take from there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cameras.models import Camera
from investigations import workflow
from investigations.centre_forms import LIMITS, HandlerForm, HoldForm, ScopeForm
from investigations.forms import DecisionForm
from investigations.models import Candidate, Hold, RequestStatusChange, ScopeChange, SearchRequest
from investigations.pictures import sighting_url
from investigations.reads import read_of
from investigations.services.holds import place_hold, release_hold
from investigations.services.looks import keep_viewing_case, view_sightings
from investigations.services.requests import (
    approve_request,
    assign_request,
    change_scope,
    receive_request,
    return_request,
    review_request,
)
from investigations.timeline import step_text
from investigations.views.common import attempt, refusal, wants_json
from investigations.views.talk import talk_of
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right, require_right

Status = SearchRequest.Status


@dataclass(frozen=True)
class Deadline:
    """By when something is owed, and when it was done, if it was."""

    label: str
    due_at: datetime
    done_at: datetime | None

    @property
    def is_overdue(self) -> bool:
        return self.done_at is None and self.due_at <= timezone.now()


# ── What the panel shows ────────────────────────────────────────────────────────────────────────────────────────────


def requests_of(user: User) -> Any:
    rows = SearchRequest.objects.visible_to(user)
    return rows.select_related("case__agency", "centre", "basis", "submitted_by", "handler", "approved_by")


def state_of(row: SearchRequest, user: User) -> dict[str, Any]:
    """What the panel shows of a request, and which steps this person can take from here."""
    return {
        "req": row,
        "deadlines": _deadlines(row),
        "history": _history(row),
        "holds": list(row.holds.standing().telling_nothing_to(user).select_related("camera", "placed_by")),
        "disputes": _disputes(row, user),
        "answers": list(row.answers.select_related("sent_by")),
        "hidden": Candidate.objects.filter(search__request=row).hidden_from(user).exists(),
        "waiting": Candidate.objects.awaiting_second_review(user).filter(search__request=row).count(),
        "scope_data": scope_of(row),
        **_steps(row, user),
    }


def photos_in(talk: dict[str, Any]) -> list[dict[str, Any]]:
    """The pictures that came with a request, to search by."""
    return [card for card in talk["attachments"] if card["thumbnail"]]


def scope_of(row: SearchRequest) -> dict[str, Any]:
    """What the map and the search form draw of the limits."""
    searched = Camera.objects.filter(searches__request=row).distinct()
    return {
        "cameras": row.most_cameras,
        "radius": row.radius_m,
        "hours": row.hours,
        "place": row.place,
        "moment": row.last_seen_at.isoformat() if row.last_seen_at else None,
        "searched": list(searched.values_list("pk", flat=True)),
        "isSearchable": row.is_searchable,
    }


def _steps(row: SearchRequest, user: User) -> dict[str, Any]:
    moves, is_with_us = workflow.moves_from(row.status), row.status in workflow.AT_CENTRE
    may = {right: has_right(user, right) for right in Right}
    can_answer = "answer" in moves or (row.is_emergency and row.status == Status.SEARCHING)
    can_refuse = "refuse" in moves and row.is_emergency and row.approved_at is None
    return {
        "can_receive": may[Right.RECEIVE_REQUEST] and "receive" in moves,
        "handler_form": HandlerForm(request=row, initial={"handler": row.handler_id}, auto_id="handler-%s")
        if may[Right.RECEIVE_REQUEST] and is_with_us
        else None,
        "can_approve": may[Right.APPROVE_REQUEST] and row.waits_for_approval,
        "can_return": may[Right.APPROVE_REQUEST] and ("return" in moves or can_refuse),
        "can_review": may[Right.DECIDE_CANDIDATE] and "review" in moves,
        "can_answer": may[Right.ANSWER_REQUEST] and can_answer,
        "scope_form": ScopeForm(instance=row, auto_id="scope-%s")
        if may[Right.APPROVE_REQUEST] and is_with_us
        else None,
        "hold_form": HoldForm(viewer=user, auto_id="hold-%s")
        if may[Right.HOLD_FOOTAGE] and row.status in workflow.OPEN
        else None,
        "scope": [(ScopeChange.Limit(name).label, getattr(row, name), getattr(row.basis, name)) for name in LIMITS],
    }


def _deadlines(row: SearchRequest) -> list[Deadline]:
    if row.status not in workflow.AT_CENTRE:
        return []
    steps = [
        (_("Receipt"), row.receipt_due_at, row.received_at),
        (_("Approval"), row.approval_due_at, row.approved_at),
        (_("Answer"), row.answer_due_at, None),
    ]
    return [Deadline(label, due_at, done_at) for label, due_at, done_at in steps if due_at]


def _history(row: SearchRequest) -> list[dict[str, Any]]:
    """Each step and each change of the scope, the newest first."""
    steps = [_event(change, step_text(change)) for change in row.changes.select_related("actor", "request")]
    changes = [_event(change, _scope_text(change)) for change in row.scope_changes.select_related("actor")]
    return sorted([*steps, *changes], key=lambda event: event["at"], reverse=True)


def _event(change: RequestStatusChange | ScopeChange, text: str) -> dict[str, Any]:
    return {"at": change.at, "text": text, "who": str(change.actor or ""), "why": change.reason}


def _scope_text(change: ScopeChange) -> str:
    values = [_("no limit") if value is None else str(value) for value in (change.old, change.new)]
    return f"{capfirst(change.get_limit_display())}: {values[0]} → {values[1]}"


def _disputes(row: SearchRequest, user: User) -> list[dict[str, Any]]:
    """Supervisors see both verdicts of those about which two people disagree."""
    if not has_right(user, Right.APPROVE_REQUEST):
        return []
    rows = Candidate.objects.visible_to(user).filter(search__request=row).disputed()
    disputed = list(
        rows.select_related("sighting__camera").prefetch_related(
            "decisions__actor", "second_reviews__reviewer", "sighting__plates"
        )
    )
    if disputed:
        view_sightings([candidate.sighting_id for candidate in disputed], actor=user)
    return [
        {
            "candidate": candidate,
            "picture": sighting_url(candidate.sighting_id, user),
            "first": list(candidate.decisions.all())[-1:],
            "second": candidate.second_review,
            "plate": read_of(candidate.sighting, candidate.plate),
        }
        for candidate in disputed
    ]


@require_GET
def request_state(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel alone, for a page that stays open."""
    user = acting_user(request)
    require_right(user, Right.SEARCH)
    row = get_object_or_404(requests_of(user), pk=pk)
    keep_viewing_case(row.case, actor=user)
    context = state_of(row, user) | {"photos": photos_in(talk_of(row, user))}
    return render(request, "investigations/parts/state.html", context)


# ── The steps ───────────────────────────────────────────────────────────────────────────────────────────────────────


@require_POST
def request_receive(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _found(request, pk)
    said = _("The station was told that the request has arrived.")
    return _act(request, pk, lambda: receive_request(row, actor=user), said)


@require_POST
def request_assign(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _found(request, pk)
    form = HandlerForm(request.POST, request=row)
    said = _("The request was given to its new handler, who was told.")
    return _act(request, pk, lambda: assign_request(row, _clean(form)["handler"], actor=user), said)


@require_POST
def request_decide(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _found(request, pk)
    form, reason = DecisionForm(request.POST), request.POST.get("reason", "")[:2000]
    if not form.is_valid():
        refused = ValidationError(_("Choose whether to approve or to return the request."))
        return _act(request, pk, lambda: _refuse(refused), "")
    decide = approve_request if form.cleaned_data["decision"] == "approve" else return_request
    said = _("The request is approved.") if decide is approve_request else _("The request was returned to the station.")
    return _act(request, pk, lambda: decide(row, reason=reason, actor=user), said)


@require_POST
def request_review(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _found(request, pk)
    said = _("The candidates now wait for their second opinions.")
    return _act(request, pk, lambda: review_request(row, reason=request.POST.get("reason", ""), actor=user), said)


@require_POST
def request_scope(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _found(request, pk)
    form = ScopeForm(request.POST, instance=row)

    def change() -> None:
        values = _clean(form)
        change_scope(row, {name: values[name] for name in LIMITS}, reason=values["reason"], actor=user)

    return _act(request, pk, change, _("The scope was changed. The station was told."))


@require_POST
def hold_place(request: HttpRequest, pk: int) -> HttpResponse:
    row, user = _found(request, pk)
    form = HoldForm(request.POST, viewer=user)
    said = _("The footage is kept until the hold is released, or the request's data is destroyed.")
    return _act(request, pk, lambda: place_hold(row, **_clean(form), actor=user), said)


@require_POST
def hold_release(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    hold = get_object_or_404(Hold.objects.visible_to(user).select_related("request", "camera"), pk=pk)
    reason, said = request.POST.get("reason", ""), _("The hold was released.")
    return _act(request, hold.request_id, lambda: release_hold(hold, reason=reason, actor=user), said)


def _found(request: HttpRequest, pk: int) -> tuple[SearchRequest, User]:
    user = acting_user(request)
    return get_object_or_404(requests_of(user), pk=pk), user


def _act(request: HttpRequest, pk: int, verb: Callable[[], Any], said: str) -> HttpResponse:
    """Call a verb; the page's script gets its answer as JSON and keeps what was typed elsewhere on the page."""
    if not wants_json(request):
        attempt(request, verb, said)
        return redirect("workspace", pk=pk)
    try:
        verb()
    except (PermissionDenied, ValidationError) as error:
        return refusal(error)
    return JsonResponse({"said": said})


def _clean(form: forms.BaseForm) -> dict[str, Any]:
    """What a form has read; what it could not read is refused with the field's name."""
    if form.is_valid():
        return form.cleaned_data
    labels = {name: str(field.label or name).capitalize() for name, field in form.fields.items()}
    said = [f"{labels.get(name, name)}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()]
    raise ValidationError(said)


def _refuse(error: ValidationError) -> None:
    raise error
