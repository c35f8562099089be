"""Second factors for tests: an app enrolled for somebody, its code of the moment, a session that has entered it."""

import time
from typing import Any

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.accounts.models import User


def enrolled(user: User) -> Any:
    return TOTPDevice.objects.create(user=user, name="app")


def code_of(key: bytes, *, steps: int = 0) -> str:
    """What the app shows now, or so many steps of 30 s later."""
    clock = TOTP(key)
    clock.time = time.time() + 30 * steps
    return f"{clock.token():06}"


def log_in_verified(client: Client, user: User, device: Any) -> None:
    client.force_login(user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()


def is_in(client: Client) -> bool:
    """True if the profile answers: the session holds, and nothing more is asked of it."""
    return client.get("/profile/").status_code == 200
