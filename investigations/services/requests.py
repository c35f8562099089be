"""Verbs on search requests, in the order of a request's life. `workflow.MOVES` says which may follow which."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from investigations import workflow
from investigations.models import Case, LegalBasis, Notification, ScopeChange, SearchRequest
from investigations.models.request import half_place_errors
from investigations.plates import read_plate
from investigations.services.moves import lock_request, move_request, note_change
from investigations.services.notices import announce
from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import OPEN_JOB_STATUSES, cancel_job

Status = SearchRequest.Status
Outcome = SearchRequest.Outcome


@dataclass(frozen=True)
class RequestTerms:
    """What a station writes into a request."""

    centre: Agency
    basis: LegalBasis
    purpose: str
    wanted: str
    is_emergency: bool = False
    document_number: str = ""
    plate: str = ""
    vehicle_colour: str = ""
    vehicle_type: str = ""
    last_seen_place: str = ""
    last_seen_at: datetime | None = None
    last_seen_latitude: float | None = None
    last_seen_longitude: float | None = None


# ── The station writes and sends ────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def draft_request(case: Case, terms: RequestTerms, *, actor: User) -> SearchRequest:
    """Begin a request of the own station's open case; only the station sees it until it is submitted."""
    require_right(actor, Right.SUBMIT_REQUEST)
    if not Case.objects.visible_to(actor).filter(pk=case.pk, status=Case.Status.OPEN).exists():
        raise PermissionDenied(_("This case is not open in your station."))
    request = SearchRequest(case=case, status=Status.DRAFT, submitted_by=actor)
    _write_terms(request, terms)
    record(Action.REQUEST_DRAFTED, actor=actor, target=request)
    return request


@transaction.atomic
def revise_request(request: SearchRequest, terms: RequestTerms, *, actor: User) -> SearchRequest:
    """Change a draft, or a request that was returned; the centre of a returned one stays."""
    require_right(actor, Right.SUBMIT_REQUEST)
    row = lock_request(request, actor=actor)
    if not row.is_with_police:
        raise ValidationError(_("A request can be changed only while it is a draft or was returned to you."))
    if row.status == Status.RETURNED and terms.centre != row.centre:
        raise ValidationError({"centre": _("Send a new request to ask another control centre.")})
    before = {name: getattr(row, name) for name in asdict(terms)}
    _write_terms(row, terms)
    changed = {name: str(getattr(row, name)) for name, old in before.items() if getattr(row, name) != old}
    record(Action.REQUEST_DRAFTED, actor=actor, target=row, details=changed)
    return row


@transaction.atomic
def submit_request(request: SearchRequest, *, actor: User) -> SearchRequest:
    """Send a draft, or a returned request again, to the control centre. Limits and deadlines count from now."""
    require_right(actor, Right.SUBMIT_REQUEST)
    if request.case.status != Case.Status.OPEN:
        raise PermissionDenied(_("This case is not open in your station."))
    notice = Notification.Kind.EMERGENCY if request.is_emergency else Notification.Kind.SUBMITTED
    return move_request(
        request,
        "submit",
        Action.REQUEST_SUBMITTED,
        notice=notice,
        actor=actor,
        reason=request.purpose,
        submitted_by=actor,
        submitted_at=timezone.now(),
        **_limits(request.basis),
        **_deadlines(request.basis),
    )


@transaction.atomic
def file_request(case: Case, terms: RequestTerms, *, actor: User) -> SearchRequest:
    """Write a request and send it at once."""
    return submit_request(draft_request(case, terms, actor=actor), actor=actor)


@transaction.atomic
def discard_draft(request: SearchRequest, *, actor: User) -> None:
    """Throw away a draft that nobody but the station has seen."""
    require_right(actor, Right.SUBMIT_REQUEST)
    row = lock_request(request, actor=actor)
    if row.status != Status.DRAFT or row.changes.exists():
        raise ValidationError(_("Only a draft that was never sent can be discarded. Withdraw the request instead."))
    record(Action.REQUEST_DISCARDED, actor=actor, target=row)
    files = [attachment.file for attachment in row.attachments.all()]
    row.delete()
    for file in files:
        transaction.on_commit(lambda file=file: file.storage.delete(file.name), robust=True)  # type: ignore[misc]


# ── The centre takes it on ──────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def receive_request(request: SearchRequest, *, actor: User) -> SearchRequest:
    """Confirm the receipt to the station. An operator who does so handles the request."""
    require_right(actor, Right.RECEIVE_REQUEST)
    handler: dict[str, Any] = {"handler": actor} if actor.role == User.Role.OPERATOR else {}
    return move_request(
        request, "receive", Action.REQUEST_RECEIVED, notice="received", actor=actor, **_receipt(actor), **handler
    )


@transaction.atomic
def assign_request(request: SearchRequest, handler: User, *, reason: str = "", actor: User) -> SearchRequest:
    """Give the request to one of the centre's people."""
    require_right(actor, Right.RECEIVE_REQUEST)
    row = lock_request(request, actor=actor)
    if handler.agency_id != row.centre_id or not handler.is_centre_member or not handler.is_active:
        raise ValidationError(_("Only an operator or supervisor of this control centre can handle the request."))
    if row.status not in workflow.AT_CENTRE:
        raise ValidationError(_("The request is not with the control centre."))
    SearchRequest.objects.filter(pk=row.pk).update(handler=handler)
    details = {"from": str(row.handler or ""), "to": str(handler)}
    record(Action.REQUEST_ASSIGNED, actor=actor, target=row, reason=reason, details=details)
    request.refresh_from_db()
    announce(request, Notification.Kind.ASSIGNED, actor=actor)
    return request


@transaction.atomic
def approve_request(request: SearchRequest, *, reason: str = "", actor: User) -> SearchRequest:
    """Allow the centre's operators to search or, in an emergency, approve what they have begun already."""
    require_right(actor, Right.APPROVE_REQUEST)
    row = lock_request(request, actor=actor)
    if row.submitted_by_id == actor.pk:
        raise PermissionDenied(_("Nobody approves their own request."))
    if not row.waits_for_approval:
        raise ValidationError(_("This request has already been decided."))
    approval = {"approved_by": actor, "approved_at": timezone.now()}
    if row.status in workflow.WAITS_FOR_APPROVAL:
        receipt = {} if row.received_at else _receipt(actor)
        return move_request(
            request,
            "approve",
            Action.REQUEST_APPROVED,
            notice="approved",
            actor=actor,
            reason=reason,
            **approval,
            **receipt,
        )
    SearchRequest.objects.filter(pk=row.pk).update(**approval)
    is_late = row.is_approval_overdue
    note_change(row, "approve", row.status, Action.REQUEST_APPROVED, reason=reason, actor=actor, is_late=is_late)
    request.refresh_from_db()
    announce(request, Notification.Kind.APPROVED, actor=actor)
    return request


@transaction.atomic
def return_request(request: SearchRequest, *, reason: str, actor: User) -> SearchRequest:
    """Give the request back to the station; the reason says what is missing. Searches that still run are cancelled."""
    require_right(actor, Right.APPROVE_REQUEST)
    if not reason.strip():
        raise ValidationError(_("Say what is missing, so that the station can add it."))
    row = lock_request(request, actor=actor)
    verb = "refuse" if row.is_emergency and row.approved_at is None and row.status == Status.SEARCHING else "return"
    returned = move_request(
        request,
        verb,
        Action.REQUEST_RETURNED,
        notice="returned",
        actor=actor,
        reason=reason,
        approved_by=None,
        approved_at=None,
    )
    _stop_searches(returned)
    return returned


@transaction.atomic
def change_scope(request: SearchRequest, limits: dict[str, int | None], *, reason: str, actor: User) -> SearchRequest:
    """Widen (or narrow) what the request may search: `limits` maps a limit's name to its new value, None for none."""
    require_right(actor, Right.APPROVE_REQUEST)
    if not reason.strip():
        raise ValidationError(_("Say why the scope has to change: it departs from what the legal basis sets."))
    row = lock_request(request, actor=actor)
    if row.status not in workflow.AT_CENTRE:
        raise ValidationError(_("The request is not with the control centre."))
    changes = {
        name: value for name, value in limits.items() if name in ScopeChange.Limit and getattr(row, name) != value
    }
    if not changes:
        raise ValidationError(_("Nothing of the scope would change."))
    for name, value in changes.items():
        old = getattr(row, name)
        ScopeChange.objects.create(request=row, limit=name, old=old, new=value, reason=reason, actor=actor)
    SearchRequest.objects.filter(pk=row.pk).update(**changes)
    details = {name: {"old": getattr(row, name), "new": value} for name, value in changes.items()}
    record(Action.SCOPE_CHANGED, actor=actor, target=row, reason=reason, details=details)
    request.refresh_from_db()
    announce(request, Notification.Kind.SCOPE, actor=actor)
    return request


# ── Search, review, and the end ─────────────────────────────────────────────────────────────────────────────────────


def begin_search(request: SearchRequest, *, actor: User) -> None:
    """Note that a search of the request runs, inside the transaction that starts it."""
    row = lock_request(request, actor=actor)
    if not row.is_searchable:
        raise ValidationError(why_not_searchable(row))
    if row.status == Status.SEARCHING:
        return
    verb = "search" if row.status in workflow.MOVES["search"].sources and row.approved_at else "search_in_emergency"
    handler: dict[str, Any] = {} if row.handler_id else {"handler": actor}
    receipt = {} if row.received_at else _receipt(actor)
    move_request(row, verb, Action.REQUEST_SEARCHED, notice="searching", actor=actor, **handler, **receipt)


def why_not_searchable(request: SearchRequest) -> str:
    """Say what stands in the way of a search, and who can remove it."""
    if request.is_emergency and request.is_approval_overdue:
        return _("The time for approving this emergency afterwards is over. A supervisor has to approve it first.")
    if request.approved_at is None:
        return _("This request is not approved. A supervisor has to approve it before anything is searched.")
    said = _("Nothing is searched, and no footage opened, for a request that is “%(status)s”.")
    return said % {"status": request.get_status_display()}


@transaction.atomic
def review_request(request: SearchRequest, *, reason: str = "", actor: User) -> SearchRequest:
    """Say that the search is done for now: others give their second opinion, then the answer is written."""
    require_right(actor, Right.DECIDE_CANDIDATE)
    return move_request(request, "review", Action.REQUEST_REVIEWED, notice="review", actor=actor, reason=reason)


@transaction.atomic
def reopen_request(request: SearchRequest, *, reason: str, actor: User) -> SearchRequest:
    """Ask the centre to go on after its answer, or after the request was closed, unless its data is destroyed."""
    require_right(actor, Right.SUBMIT_REQUEST)
    row = lock_request(request, actor=actor)
    if row.purged_at is not None:
        raise ValidationError(_("The data of this request was destroyed. Send a new request."))
    if row.case.status != Case.Status.OPEN:
        raise ValidationError(_("The case is closed. Open a new one."))
    due = {"answer_due_at": timezone.now() + timedelta(minutes=row.basis.answer_minutes)}
    reopened: dict[str, Any] = {"outcome": "", "closed_at": None, "purge_at": None, "reminded_at": None}
    return move_request(
        request, "reopen", Action.REQUEST_REOPENED, notice="reopened", actor=actor, reason=reason, **reopened, **due
    )


@transaction.atomic
def close_request(request: SearchRequest, outcome: str, *, reason: str, actor: User) -> SearchRequest:
    """End the request: found, not found or withdrawn. What the law wants destroyed is destroyed from then on."""
    require_right(actor, Right.SUBMIT_REQUEST)
    if outcome not in Outcome.values:
        raise ValidationError(_("Say how it ended: found, not found or withdrawn."))
    now = timezone.now()
    closed = move_request(
        request,
        "close",
        Action.REQUEST_CLOSED,
        notice="closed",
        actor=actor,
        reason=reason,
        outcome=outcome,
        closed_at=now,
        purge_at=now + timedelta(days=request.days_kept(outcome)),
    )
    _stop_searches(closed)
    return closed


def term_errors(case: Case, said: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with terms by their names, as far as they are there: whoever could not read one leaves it out."""
    basis = said.get("basis")
    errors = _basis_errors(case, basis, said) if basis else {}
    if (seen_at := said.get("last_seen_at")) and seen_at > timezone.now():
        errors["last_seen_at"] = _("Nobody can have been seen in the future.")
    return errors | half_place_errors(said)


def _basis_errors(case: Case, basis: LegalBasis, said: Mapping[str, Any]) -> dict[str, str]:
    errors = {}
    if not basis.is_active or case.kind not in basis.kinds:
        errors["basis"] = _("This legal basis does not cover a case of this kind.")
    if basis.needs_document and not said.get("document_number", "").strip():
        errors["document_number"] = _("This legal basis needs the number of the letter or warrant.")
    if said.get("is_emergency") and not basis.allows_emergency:
        errors["is_emergency"] = _("This legal basis does not allow a search before the approval.")
    return errors


def _write_terms(request: SearchRequest, terms: RequestTerms) -> None:
    """Say all that is wrong with the terms at once, or keep them."""
    for name in asdict(terms):
        value = getattr(terms, name)
        setattr(request, name, value.strip() if isinstance(value, str) else value)
    errors: dict[str, Any] = {**term_errors(request.case, vars(terms))}
    try:
        request.plate = read_plate(terms.plate)
    except ValidationError as error:
        errors["plate"] = error.messages
    for name, value in _limits(request.basis).items():
        setattr(request, name, value)
    try:
        request.full_clean(exclude=errors)
    except ValidationError as error:
        errors |= error.message_dict
    if errors:
        raise ValidationError(errors)
    request.save()


def _limits(basis: LegalBasis) -> dict[str, Any]:
    return {name: getattr(basis, name) for name in ("most_cameras", "radius_m", "hours", "retention_days")}


def _deadlines(basis: LegalBasis) -> dict[str, Any]:
    now = timezone.now()
    return {
        "receipt_due_at": now + timedelta(minutes=basis.receipt_minutes),
        "approval_due_at": now + timedelta(minutes=basis.approval_minutes),
        "answer_due_at": now + timedelta(minutes=basis.answer_minutes),
        "reminded_at": None,
    }


def _receipt(actor: User) -> dict[str, Any]:
    return {"received_by": actor, "received_at": timezone.now()}


def _stop_searches(request: SearchRequest) -> None:
    for search in request.searches.filter(status__in=OPEN_JOB_STATUSES):
        cancel_job(search)
