"""What every page's frame shows of the investigations: how many notifications are unread, and how many alerts open."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from investigations.models import Notification, WatchAlert
from portal.accounts.models import User
from portal.accounts.second_factor import is_let_in


def notifications(request: HttpRequest) -> dict[str, Any]:
    """Asked of the database only where a template asks: not every page has the bell."""
    user = getattr(request, "user", None)
    return {
        "has_bell": SimpleLazyObject(lambda: _has_bell(user)),
        "unread_notifications": SimpleLazyObject(lambda: _count(user)),
        "open_alerts": SimpleLazyObject(lambda: _open_alerts(user)),
    }


def _open_alerts(user: Any) -> int:
    return WatchAlert.objects.visible_to(user).open().by_card().count() if user else 0


def _has_bell(user: Any) -> bool:
    """For those who work on requests, once they are wholly logged in."""
    if not isinstance(user, User) or not (user.is_officer or user.is_centre_member):
        return False
    return is_let_in(user, getattr(user, "otp_device", None))


def _count(user: Any) -> int:
    return Notification.objects.visible_to(user).unread().count()
