"""Verbs on alerts of the watch list: confirm them, dismiss them, take that back."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from investigations import events
from investigations.models import WatchAlert, WatchEntry
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record

Status = WatchAlert.Status
_ACTIONS = {
    Status.CONFIRMED: Action.ALERT_CONFIRMED,
    Status.DISMISSED: Action.ALERT_DISMISSED,
    Status.OPEN: Action.ALERT_REOPENED,
}


@transaction.atomic
def decide_alerts(alerts: Iterable[WatchAlert], status: str, *, reason: str, actor: User) -> list[WatchAlert]:
    """Decide about several alerts at once, or about none of them: what is shown as one is decided as one.

    All are locked before any is written down, and in one order: two who decide about the same wait for each other,
    where one would hold an alert and the other the end of the audit trail.
    """
    listed = list(alerts)
    rows = WatchAlert.objects.visible_to(actor).filter(pk__in=[alert.pk for alert in listed])
    list(rows.order_by("pk").select_for_update().values_list("pk"))
    return [decide_alert(alert, status, reason=reason, actor=actor) for alert in listed]


@transaction.atomic
def dismiss_open(entry: WatchEntry, *, reason: str, actor: User) -> list[WatchAlert]:
    """Dismiss all alerts of an entry that nobody has decided about."""
    rows = WatchAlert.objects.visible_to(actor).open().filter(entry=entry).select_related("entry")
    alerts = list(rows.order_by("pk").select_for_update(of=("self",)))
    if not alerts:
        raise ValidationError(_("No alert of this plate is open any more."))
    return decide_alerts(alerts, Status.DISMISSED, reason=reason, actor=actor)


@transaction.atomic
def decide_alert(alert: WatchAlert, status: str, *, reason: str, actor: User) -> WatchAlert:
    """Confirm or dismiss an alert, or take such a decision back (`open`).

    `alert` carries the status that the actor saw: if somebody has decided since, ValidationError says so.
    """
    require_right(actor, Right.WATCH_PLATES)
    require_visible(alert, actor, _("This alert belongs to another control centre."))
    if status not in Status.values:
        raise ValidationError(_("Say whether it is the wanted vehicle."))
    new, old = Status(status), alert.status
    if not reason.strip():
        raise ValidationError(_("Say why; it is kept in the audit trail."))
    if new == old:
        raise ValidationError(_("This alert has been decided so already."))
    is_open = new == Status.OPEN
    values = {
        "status": new,
        "decided_by": None if is_open else actor,
        "decided_at": None if is_open else timezone.now(),
        "reason": "" if is_open else reason.strip(),
    }
    if not WatchAlert.objects.filter(pk=alert.pk, status=old).update(**values):
        raise ValidationError(_("Somebody else has decided about this alert meanwhile. Look again."))
    details = {"old": str(old), "new": str(new), "entry": alert.entry_id, "sighting": alert.sighting_id}
    record(_ACTIONS[new], actor=actor, target=alert, reason=reason.strip(), details=details)
    events.push_watch(alert.entry, "decision")
    alert.refresh_from_db()
    return alert
