"""Verbs on search requests: submit, approve, return."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from investigations.models import Case, RequestStatusChange, SearchRequest
from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record

Status = SearchRequest.Status


@transaction.atomic
def submit_request(
    case: Case,
    *,
    centre: Agency,
    purpose: str,
    wanted: str,
    last_seen_place: str = "",
    last_seen_at: datetime | None = None,
    actor: User,
) -> SearchRequest:
    """Ask `centre` to search for what the case is about."""
    require_right(actor, Right.SUBMIT_REQUEST)
    if not Case.objects.visible_to(actor).filter(pk=case.pk, status=Case.Status.OPEN).exists():
        raise PermissionDenied(_("This case is not open in your station."))
    request = SearchRequest(
        case=case,
        centre=centre,
        purpose=purpose.strip(),
        wanted=wanted.strip(),
        last_seen_place=last_seen_place,
        last_seen_at=last_seen_at,
        submitted_by=actor,
    )
    if last_seen_at and last_seen_at > timezone.now():
        raise ValidationError({"last_seen_at": _("Nobody can have been seen in the future.")})
    request.full_clean()
    request.save()
    RequestStatusChange.objects.create(request=request, old="", new=request.status, actor=actor)
    record(Action.REQUEST_SUBMITTED, actor=actor, target=request, reason=purpose)
    return request


def approve_request(request: SearchRequest, *, reason: str = "", actor: User) -> SearchRequest:
    """Allow the centre's operators to search."""
    return _change_status(request, Status.APPROVED, Action.REQUEST_APPROVED, reason=reason, actor=actor)


def return_request(request: SearchRequest, *, reason: str, actor: User) -> SearchRequest:
    """Give the request back to the station; the reason says what is missing."""
    if not reason.strip():
        raise ValidationError(_("Say what is missing, so that the station can add it."))
    return _change_status(request, Status.RETURNED, Action.REQUEST_RETURNED, reason=reason, actor=actor)


@transaction.atomic
def _change_status(
    request: SearchRequest, new: SearchRequest.Status, action: Action, *, reason: str, actor: User
) -> SearchRequest:
    require_right(actor, Right.APPROVE_REQUEST)
    visible = SearchRequest.objects.visible_to(actor).filter(pk=request.pk)
    if not visible.exists():
        raise PermissionDenied(_("This request was sent to another control centre."))
    # Two supervisors may press at once: the filter lets one of them win.
    if not visible.filter(status=Status.SUBMITTED).update(status=new):
        raise ValidationError(_("This request has already been decided."))
    RequestStatusChange.objects.create(request=request, old=Status.SUBMITTED, new=new, reason=reason, actor=actor)
    record(action, actor=actor, target=request, reason=reason)
    request.refresh_from_db()
    return request
