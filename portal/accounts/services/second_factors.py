"""Verbs on second factors: an authenticator app, and recovery codes for the day the phone is lost."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.accounts.second_factor import authenticator_of, recovery_device_of
from portal.accounts.services.sessions import end_sessions
from portal.audit.models import Action
from portal.audit.services import record

RECOVERY_CODES = 10


class Kind(StrEnum):
    """What a person enters: the app's code of the moment, or one of the codes kept on paper."""

    CODE = "code"
    RECOVERY_CODE = "recovery_code"


@transaction.atomic
def enrol_second_factor(*, key: str, code: str, replaces: bool, actor: User) -> tuple[Any, list[str]]:
    """Take the app that holds `key` as the person's second factor; return it, and the recovery codes that go with it.

    Args:
        key: the secret that was shown, in hexadecimal.
        code: what the app shows for it: proof that it was taken over right.
        replaces: an earlier app may be replaced, because its code was entered in this session.
        actor: whose second factor it is.
    """
    person = User.objects.select_for_update().get(pk=actor.pk)
    if authenticator_of(person) and not replaces:
        raise ValidationError(_("You have a second factor already. Enter its code first."))
    device = TOTPDevice.objects.create(user=person, name="app", key=key)
    if not device.verify_token(_plain(code)):
        raise ValidationError(_("The code does not fit. Check that the phone's clock is right, and enter a new code."))
    TOTPDevice.objects.filter(user=person).exclude(pk=device.pk).delete()
    codes = _draw_codes(person)
    end_sessions(actor)
    record(Action.USER_SECOND_FACTOR_ENROLLED, actor=actor, target=actor, details={"replaces": replaces})
    return device, codes


def verify_second_factor(*, code: str, kind: Kind, actor: User) -> Any:
    """Return the device that accepts the code. A code is accepted once; each failure doubles the wait for the next."""
    if not _plain(code):
        raise ValidationError(_("Enter a code."))
    with transaction.atomic():
        device = _locked_device(actor, kind)
        until = _throttled_until(device)
        is_right = device is not None and device.verify_token(_plain(code))
        details = {"kind": kind.value} | ({"throttled": True} if until else {})
        action = Action.USER_SECOND_FACTOR_VERIFIED if is_right else Action.USER_SECOND_FACTOR_FAILED
        record(action, actor=actor, target=actor, details=details)
    if until:
        raise ValidationError(_("Too many wrong codes. Try again at %(time)s.") % {"time": date_format(until, "H:i:s")})
    if not is_right:
        raise ValidationError(_("The code is wrong, or was used already. Wait for the next one, and enter that."))
    return device


@transaction.atomic
def make_recovery_codes(*, actor: User) -> list[str]:
    """Draw new recovery codes; the old ones are void."""
    if not authenticator_of(actor):
        raise ValidationError(_("Recovery codes belong to a second factor. Set it up first."))
    codes = _draw_codes(actor)
    record(Action.USER_RECOVERY_CODES_MADE, actor=actor, target=actor)
    return codes


@transaction.atomic
def reset_second_factor(user: User, *, reason: str, actor: User | None) -> None:
    """Forget the person's app and codes, and end their sessions. Without an actor: somebody at the server's console."""
    if actor:
        require_right(actor, Right.MANAGE_PEOPLE)
        require_visible(user, actor, _("This person belongs to another agency."))
    if not reason.strip():
        raise ValidationError(_("Say why: the reason is kept in the audit trail."))
    deleted = TOTPDevice.objects.filter(user=user).delete()[0] + StaticDevice.objects.filter(user=user).delete()[0]
    if not deleted:
        raise ValidationError(_("This person has no second factor."))
    end_sessions(user)
    record(Action.USER_SECOND_FACTOR_RESET, actor=actor, target=user, reason=reason.strip())


def _plain(code: str) -> str:
    """The code as it is stored: people type it in groups, or in capitals."""
    return "".join(letter for letter in code if letter.isalnum()).lower()


def _locked_device(user: User, kind: Kind) -> Any | None:
    """The person's device, its row locked: of two requests with the same code one finds it used."""
    device = authenticator_of(user) if kind == Kind.CODE else recovery_device_of(user)
    return type(device).objects.select_for_update().filter(pk=device.pk).first() if device else None


def _throttled_until(device: Any | None) -> datetime | None:
    if device is None:
        return None
    is_allowed, why = device.verify_is_allowed()
    # A second more: the sentence has no fractions, and what it says must be late enough.
    return None if is_allowed else timezone.localtime(why["locked_until"] + timedelta(seconds=1))


def _draw_codes(user: User) -> list[str]:
    # The row stays: a session may have been verified by it.
    device, _is_new = StaticDevice.objects.get_or_create(user=user, defaults={"name": "recovery codes"})
    device.token_set.all().delete()
    device.throttle_reset()
    codes = [StaticToken.random_token() for _number in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return [f"{code[:4]}-{code[4:]}" for code in codes]
