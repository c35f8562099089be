"""Log-ins that are locked after too many failures. Counting is django-axes'; what it means to people stands here."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.accounts.addresses import address_of
from portal.accounts.models import User


def locked_until(username: str, address: str | None) -> datetime | None:
    """When the lock of this user name for this address ends; None if there is none."""
    return _lock_end(_failures(username).filter(ip_address=address).values_list("attempt_time", "failures_since_start"))


def lock_number(username: str, address: str | None) -> int:
    """Tells one lock from the next: the count of a later one begins in a new row."""
    return min(_failures(username).filter(ip_address=address).values_list("pk", flat=True), default=0)


def locks_of(user: User) -> dict[str, datetime]:
    """For which addresses the person is locked, and until when."""
    ends = {address: locked_until(user.username, address) for address in _addresses(user.username)}
    return {address or "": end for address, end in ends.items() if end}


def require_unlocked(user: User, request: HttpRequest) -> None:
    """Raise PermissionDenied while the person's log-in is locked for the address that the request came from."""
    if until := locked_until(user.username, address_of(request)):
        raise PermissionDenied(
            _("Your log-in is locked until %(time)s after too many failed attempts.") % {"time": shown_time(until)}
        )


def locked_page(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """The answer to a log-in that is, or has just been, locked: until when, and whom to ask."""
    username = str((credentials or {}).get("username") or "")
    until = locked_until(username, address_of(request))
    if until is None:  # unlocked, or over, since it was refused
        return response
    wait_s = (until - timezone.now()).total_seconds()
    context = {
        "username": username,
        "time": shown_time(until),
        "minutes": max(1, round(wait_s / 60)),
        "failures": settings.LOCKOUT_FAILURES,
    }
    page = render(request, "registration/locked_out.html", context, status=429)
    page["Retry-After"] = str(max(1, round(wait_s)))
    return page


def shown_time(moment: datetime) -> str:
    """The first full minute that is not before `moment`, on the local clock."""
    rounded_up = moment + timedelta(minutes=1) - timedelta(microseconds=1)
    return date_format(timezone.localtime(rounded_up), "H:i")


def _failures(username: str) -> Any:
    return AccessAttempt.objects.filter(
        username=username, attempt_time__gte=timezone.now() - settings.AXES_COOLOFF_TIME
    )


def _addresses(username: str) -> set[str | None]:
    return set(_failures(username).values_list("ip_address", flat=True))


def _lock_end(attempts: Iterable[tuple[datetime, int]]) -> datetime | None:
    """Each row counts the failures of one browser until it is old; the lock ends when too few failures are left."""
    failures = 0
    for last_at, count in sorted(attempts, reverse=True):
        failures += count
        if failures >= settings.LOCKOUT_FAILURES:
            return last_at + settings.AXES_COOLOFF_TIME
    return None
