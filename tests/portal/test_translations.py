"""Every text has its Korean, and the Korean fits."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

CATALOGUES = sorted((Path(settings.BASE_DIR) / "locale/ko/LC_MESSAGES").glob("*.po"))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_no_text_is_untranslated_or_doubtful(path: Path) -> None:
    with path.open("rb") as file:
        messages = [message for message in read_po(file, locale="ko") if message.id]
    assert messages
    untranslated = [message.id for message in messages if not message.string or not all(message.string)]
    assert untranslated == []
    assert [message.id for message in messages if message.fuzzy] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_placeholders_are_kept(path: Path) -> None:
    with path.open("rb") as file:
        wrong = [(message.id, str(error)) for message in read_po(file, locale="ko") for error in message.check()]
    assert wrong == []
