"""How long a session lives. The store itself refuses one that has ended, for pages and sockets alike."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.second_factor import is_let_in, verified_device

BEGAN, EXTENDED = "began_at", "extended_at"
# A session's row is written at most this often, however many requests there are.
EXTEND_EVERY_S = 60


def extend(session: SessionBase) -> None:
    """Let the session live on for the idle time, but never beyond the longest time since it began."""
    now = timezone.now()
    if now.timestamp() - session.get(EXTENDED, 0) < EXTEND_EVERY_S:
        return
    session[EXTENDED] = now.timestamp()
    session.setdefault(BEGAN, now.timestamp())
    session.set_expiry(min(now + timedelta(minutes=settings.SESSION_IDLE_MINUTES), latest_end(session)))


def latest_end(session: SessionBase) -> datetime:
    began_at = datetime.fromtimestamp(session.get(BEGAN, timezone.now().timestamp()), UTC)
    return began_at + timedelta(hours=settings.SESSION_MAX_HOURS)


def holder_of(session_key: str | None) -> User | None:
    """Whose session it is, if it still holds: not ended, the person active and unchanged, the second factor given."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    if not isinstance(user, User):
        return None
    return user if is_let_in(user, verified_device(user, request.session)) else None
