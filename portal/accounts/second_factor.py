"""The second factor: of whom it is asked, and whether a session has it. What changes it stands in `services`."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.accounts.models import User

View = TypeVar("View", bound=Callable[..., Any])


def is_required_of(user: User) -> bool:
    """True if the person's role may not be exercised with a password alone."""
    return user.role in settings.TWO_FACTOR_ROLES


def authenticator_of(user: User) -> Any | None:
    """The authenticator app that the person enrolled."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def recovery_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user, device__confirmed=True).count())


def recovery_device_of(user: User) -> Any | None:
    return StaticDevice.objects.filter(user=user, confirmed=True).first()


def is_let_in(user: User, device: Any | None) -> bool:
    """True if nothing more is asked of a session that `device` has verified. Who has an app is asked in any role."""
    return device is not None or not (is_required_of(user) or authenticator_of(user))


def verified_device(user: User, session: SessionBase) -> Any | None:
    """The device whose code was entered in this session, as long as it is the person's."""
    device = Device.from_persistent_id(session.get(DEVICE_ID_SESSION_KEY, ""))
    return device if device and device.user_id == user.pk and device.confirmed else None


def is_verified(request: HttpRequest) -> bool:
    """True if a code was entered in this request's session."""
    return getattr(request.user, "otp_device", None) is not None


def second_factor_not_required(view: View) -> View:
    """Mark a page that is open to whoever has yet to enter a code."""
    view.second_factor_required = False  # type: ignore[attr-defined]
    return view
