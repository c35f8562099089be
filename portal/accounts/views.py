"""The pages of the second factor: enter a code, set up an app, make recovery codes anew."""

from base64 import b32encode
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_otp import login as remember_device
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from portal.accounts.models import User
from portal.accounts.rights import acting_user
from portal.accounts.second_factor import authenticator_of, is_required_of, is_verified, second_factor_not_required
from portal.accounts.services.second_factors import (
    Kind,
    enrol_second_factor,
    make_recovery_codes,
    verify_second_factor,
)

# Where a session keeps the secret that it shows, until an app has proved to hold it.
KEY = "second_factor_key"


@second_factor_not_required
def enter_code(request: HttpRequest) -> HttpResponse:
    """Ask for the app's code, or for a recovery code."""
    actor, goal = acting_user(request), _goal(request)
    if is_verified(request):
        return redirect(goal)
    if not authenticator_of(actor):
        return redirect(f"{reverse('second-factor-new')}?{urlencode({'next': goal})}")
    kind = Kind.RECOVERY_CODE if "recovery_code" in request.POST else Kind.CODE
    context: dict[str, Any] = {"next": goal, "kind": kind.value}
    if request.method == "POST":
        try:
            device = verify_second_factor(code=request.POST.get(kind.value, ""), kind=kind, actor=actor)
        except ValidationError as error:
            context["error"] = error.messages[0]
        else:
            # What was open to a password alone is not the session that opens everything.
            request.session.cycle_key()
            remember_device(request, device)
            return redirect(goal)
    return render(request, "registration/second_factor.html", context)


@second_factor_not_required
def set_up(request: HttpRequest) -> HttpResponse:
    """Show a new secret, take a code of it as proof, and show the recovery codes."""
    actor, goal = acting_user(request), _goal(request)
    if authenticator_of(actor) and not is_verified(request):
        return redirect("second-factor")  # else a password would be enough to put another app in the place of this one
    context: dict[str, Any] = {"next": goal}
    if request.method == "POST":
        if KEY not in request.session:  # sent again after it was accepted
            return redirect("profile")
        try:
            return _enrol(request, actor, goal)
        except ValidationError as error:
            context["error"] = error.messages[0]
    key = request.session.setdefault(KEY, default_key())
    context |= {"is_required": is_required_of(actor), "replaces": is_verified(request), **_secret(actor, key)}
    return render(request, "registration/second_factor_new.html", context)


@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new codes, and show them this once."""
    try:
        codes = make_recovery_codes(actor=acting_user(request))
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("profile")
    return render(request, "registration/recovery_codes.html", {"codes": codes, "next": reverse("profile")})


def _enrol(request: HttpRequest, actor: User, goal: str) -> HttpResponse:
    code, key = request.POST.get("code", ""), request.session[KEY]
    device, codes = enrol_second_factor(key=key, code=code, replaces=is_verified(request), actor=actor)
    del request.session[KEY]
    update_session_auth_hash(request, actor)  # the person's other sessions have ended
    remember_device(request, device)
    messages.success(request, _("Your second factor is set up."))
    return render(request, "registration/recovery_codes.html", {"codes": codes, "next": goal})


def _secret(user: User, key: str) -> dict[str, str]:
    """The secret as a picture for the app's camera, and in groups of four for typing it in."""
    device = TOTPDevice(user=user, key=key)
    text = b32encode(device.bin_key).decode()
    picture = segno.make(device.config_url, error="m").svg_data_uri(scale=5, border=2, light="#fff")
    return {"picture": picture, "secret": " ".join(text[at : at + 4] for at in range(0, len(text), 4))}


def _goal(request: HttpRequest) -> str:
    """Where the person was going, if that is here."""
    goal = request.POST.get("next") or request.GET.get("next") or ""
    is_here = url_has_allowed_host_and_scheme(goal, {request.get_host()}, require_https=request.is_secure())
    return goal if is_here else resolve_url("case-list")
