"""Verbs on API tokens."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.rights import require_visible
from portal.audit.models import Action
from portal.audit.services import record
from portal.exchange.models import ApiToken
from portal.exchange.models.token import digest_of

PREFIX = "dongseon_"
HINT_LENGTH = len(PREFIX) + 6
DEFAULT_DAYS, LONGEST_DAYS = 90, 365
MOST_TOKENS = 20


def create_token(name: str, *, days: int, is_verified: bool, actor: User) -> tuple[ApiToken, str]:
    """Make a token for `actor` and return it with its secret, which nothing will tell again.

    `is_verified`: a second factor was entered in the session. Roles that need one must not get round it by a token.
    """
    _check(days, is_verified, actor)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(user=actor, name=name.strip(), digest=digest_of(secret), hint=secret[:HINT_LENGTH])
    token.expires_at = timezone.now() + timedelta(days=days)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=actor.pk)  # two at once would both count too few
        if ApiToken.objects.filter(user=actor).valid().count() >= MOST_TOKENS:
            raise ValidationError(_("You have %(count)d tokens. Revoke one first.") % {"count": MOST_TOKENS})
        token.full_clean()
        token.save()
        details = {"days": days, "expires_at": token.expires_at.isoformat()}
        record(Action.TOKEN_CREATED, actor=actor, target=token, details=details)
    return token, secret


@transaction.atomic
def revoke_token(token: ApiToken, *, actor: User) -> ApiToken:
    """End a token at once: one's own, or, for an administrator, that of one of the administrator's people."""
    require_visible(token, actor, _("This token belongs to somebody else."))
    if not ApiToken.objects.unrevoked().filter(pk=token.pk).update(revoked_at=timezone.now()):
        raise ValidationError(_("This token was revoked before."))
    record(Action.TOKEN_REVOKED, actor=actor, target=token, details={"person": token.user.get_username()})
    token.refresh_from_db()
    return token


def _check(days: int, is_verified: bool, actor: User) -> None:  # noqa: FBT001 -- named where it comes from
    if not actor.is_active:
        raise PermissionDenied(_("Your account is switched off."))
    if actor.role in getattr(settings, "TWO_FACTOR_ROLES", []) and not is_verified:
        raise PermissionDenied(_("Log in with your second factor first: a token acts without it."))
    if not 1 <= days <= LONGEST_DAYS:
        raise ValidationError({"days": _("A token lives from 1 to %(days)d days.") % {"days": LONGEST_DAYS}})
