"""Log-ins belong in the audit trail. Django's log-in view is the verb; its signals are the only place to listen."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

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


def _origin(request: HttpRequest | None) -> dict[str, str]:
    return {"address": request.META.get("REMOTE_ADDR", "")} if request else {}
