"""Log-ins belong in the audit trail. Django's log-in view is the verb; its signals are the only place to listen."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from portal.accounts.addresses import address_of
from portal.accounts.services.lockouts import note_lockout
from portal.audit.models import Action
from portal.audit.services import record


@receiver(user_logged_in)
def record_login(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    record(Action.USER_LOGGED_IN, actor=user, target=user, details=_origin(request))


@receiver(user_logged_out)
def record_logout(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None:
        record(Action.USER_LOGGED_OUT, actor=user, target=user, details=_origin(request))


@receiver(user_login_failed)
def record_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    details = {"username": str(credentials.get("username", ""))[:150]} | _origin(request)
    record(Action.LOGIN_FAILED, actor=None, details=details)


@receiver(user_locked_out)
def record_lockout(sender: Any, username: str | None, ip_address: str | None, **kwargs: Any) -> None:
    """Axes says so at each attempt while the lock lasts; it is one lock, and one entry."""
    note_lockout(username or "", ip_address)


def _origin(request: HttpRequest | None) -> dict[str, str]:
    return {"address": address_of(request) or ""} if request else {}
