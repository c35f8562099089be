"""In which language a person is written to when they are not there to choose: by e-mail, or by a worker."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation

from portal.accounts.models import User


@contextmanager
def in_language_of(user: User | None) -> Iterator[None]:
    """Within the block, texts are in the language that `user` chose; without a user, in the site's."""
    with translation.override(user.language if user else settings.LANGUAGE_CODE):
        yield
