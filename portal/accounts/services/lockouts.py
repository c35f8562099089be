"""Verbs on locked log-ins."""

from datetime import timedelta

from axes.utils import reset
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.lockouts import lock_number, locks_of
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action, AuditEntry, AuditHead
from portal.audit.services import record

MARGIN = timedelta(minutes=1)


@transaction.atomic
def unlock_user(user: User, *, actor: User) -> None:
    """Let the person try again at once, from every address."""
    require_right(actor, Right.MANAGE_PEOPLE)
    require_visible(user, actor, _("This person belongs to another agency."))
    locks = locks_of(user)
    if not locks:
        raise ValidationError(_("This log-in is not locked."))
    reset(username=user.username)
    details = {"username": user.username, "addresses": sorted(locks)}
    record(Action.USER_UNLOCKED, actor=actor, target=user, details=details)


@transaction.atomic
def note_lockout(username: str, address: str | None) -> None:
    """Account for a lock that axes has set, once, also if several failures crossed the limit at the same time."""
    AuditHead.objects.select_for_update().get(pk=1)  # the next failure waits here, and then finds the entry
    details = {"username": username, "address": address or "", "lock": lock_number(username, address)}
    since = timezone.now() - settings.AXES_COOLOFF_TIME - MARGIN
    noted = AuditEntry.objects.filter(action=Action.USER_LOCKED_OUT, at__gt=since)
    if not noted.filter(details__username=username, details__lock=details["lock"]).exists():
        target = User.objects.filter(username=username).first()
        record(Action.USER_LOCKED_OUT, actor=None, target=target, details=details)
