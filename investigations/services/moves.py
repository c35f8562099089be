"""The one way in which a request changes its state: checked, counted, written down, audited and announced."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from investigations.models import Notification, RequestStatusChange, SearchRequest
from investigations.services.notices import announce
from investigations.workflow import MOVES
from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record


def lock_request(request: SearchRequest, *, actor: User) -> SearchRequest:
    """Return the request's row as it is now, locked until the transaction ends, if `actor` may see it."""
    rows = SearchRequest.objects.visible_to(actor).select_for_update(of=("self",))
    row = rows.filter(pk=request.pk).first()
    if row is None:
        raise PermissionDenied(_("This request was sent to another control centre, or is another station's."))
    return row


def move_request(
    request: SearchRequest, verb: str, action: Action, *, notice: str, actor: User, reason: str = "", **values: Any
) -> SearchRequest:
    """Make a move, inside the caller's transaction, write `values` with it, and tell those whom `notice` concerns."""
    row = lock_request(request, actor=actor)
    make_move(row, verb, action, reason=reason, actor=actor, **values)
    request.refresh_from_db()
    announce(request, Notification.Kind(notice), actor=actor)
    return request


def make_move(
    row: SearchRequest,
    verb: str,
    action: Action,
    *,
    reason: str,
    actor: User | None,
    details: dict[str, Any] | None = None,
    **values: Any,
) -> AuditEntry:
    """Make the move `verb` of `workflow.MOVES` on a locked row and return its audit entry.

    Two people may press at once: the filter on the old state lets one of them win, and tells the other.
    """
    move = MOVES[verb]
    if move.needs_reason and not reason.strip():
        raise ValidationError(_("Say why: the other side reads it, and it is kept in the audit trail."))
    rows = SearchRequest.objects.filter(pk=row.pk, status=row.status)
    if row.status not in move.sources or not rows.update(status=move.target, **values):
        said = _("This cannot be done now: the request is “%(status)s”. Somebody else may have acted meanwhile.")
        raise ValidationError(said % {"status": row.get_status_display()})
    return note_change(row, verb, move.target, action, reason=reason, actor=actor, **(details or {}))


def note_change(
    row: SearchRequest, verb: str, new: str, action: Action, *, reason: str, actor: User | None, **details: Any
) -> AuditEntry:
    """Leave the history's row and the audit entry of a step; return the entry."""
    RequestStatusChange.objects.create(request=row, verb=verb, old=row.status, new=new, reason=reason, actor=actor)
    details = {"old": row.status, "new": new, "emergency": row.is_emergency, **details}
    return record(action, actor=actor, target=row, reason=reason, details=details)
