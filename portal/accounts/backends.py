"""How a password is checked."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from portal.accounts.addresses import address_of
from portal.accounts.lockouts import locked_until
from portal.accounts.models import User


class PasswordBackend(ModelBackend):
    """Looks at the lock again when the password fits: checking takes long enough for a dozen guesses at once."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        user: Any = super().authenticate(request, username=username, password=password, **kwargs)
        if user and request and locked_until(user.username, address_of(request)):
            request.axes_locked_out = True  # type: ignore[attr-defined] # answered like a guess that came later
            raise PermissionDenied
        return user if isinstance(user, User) else None
