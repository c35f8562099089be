"""How a program shows that it acts for a person: `Authorization: Bearer dongseon_…`."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.accounts.lockouts import require_unlocked
from portal.accounts.models import User
from portal.exchange.models import ApiToken
from portal.exchange.models.token import digest_of

# The time of the last use is written at most this often, however many requests there are.
NOTE_USE_EVERY = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """A token shown is a token meant: a wrong one is refused even where a session would do.

    Browsers never send one by themselves, so that no CSRF token is asked for.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        digest = digest_of(secret.strip())
        token = ApiToken.objects.valid().select_related("user__agency").filter(digest=digest).first()
        if token is None:
            raise AuthenticationFailed(_("This token is unknown, expired or revoked. Make a new one on your profile."))
        if not token.user.is_active:
            raise AuthenticationFailed(_("This token's account is switched off."))
        require_unlocked(token.user, request._request)
        _note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    before = now - NOTE_USE_EVERY
    if token.last_used_at is None or token.last_used_at < before:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=before)
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)
