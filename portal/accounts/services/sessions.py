"""Verbs on the sessions of a person."""

from django.db import transaction
from django.db.models import F

from portal.accounts.models import User
from portal.audit.models import Action
from portal.audit.services import record


@transaction.atomic
def end_other_sessions(*, actor: User) -> None:
    """Log the person out everywhere. The caller lets the session at hand live on, which has proved to be theirs."""
    end_sessions(actor)
    record(Action.USER_SESSIONS_ENDED, actor=actor, target=actor)


def end_sessions(user: User) -> None:
    """End every session of the person, sockets included: none matches the new series. A step of other verbs."""
    User.objects.filter(pk=user.pk).update(session_series=F("session_series") + 1)
    user.refresh_from_db(fields=["session_series"])
