"""System checks of the log-in: wrong set-up is said at start, with what to do."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from portal.accounts.models import User

POSITIVE = ("LOCKOUT_FAILURES", "LOCKOUT_MINUTES", "SESSION_IDLE_MINUTES", "SESSION_MAX_HOURS")


@register()
def check_two_factor_roles_known(**kwargs: Any) -> list[CheckMessage]:
    """A misspelt role would be one of whom no second factor is asked, without anybody noticing."""
    unknown = sorted(set(settings.TWO_FACTOR_ROLES) - set(User.Role.values))
    if not unknown:
        return []
    hint = f"Set TWO_FACTOR_ROLES to some of: {', '.join(User.Role.values)}; or to nothing."
    return [Error(f"TWO_FACTOR_ROLES names no role: {', '.join(unknown)}.", hint=hint, id="dongseon.E011")]


@register()
def check_limits_positive(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(f"{name} is {getattr(settings, name)}.", hint="Set it to 1 or more.", id="dongseon.E012")
        for name in POSITIVE
        if getattr(settings, name) < 1
    ]


@register(deploy=True)
def check_second_factor_asked(**kwargs: Any) -> list[CheckMessage]:
    if settings.TWO_FACTOR_ROLES:
        return []
    return [
        Warning(
            "TWO_FACTOR_ROLES is empty: a password alone opens the cases, the footage and the administration.",
            hint="Unset TWO_FACTOR_ROLES to ask supervisors and administrators for a second factor.",
            id="dongseon.W011",
        )
    ]
