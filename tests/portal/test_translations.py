"""Every text has its Korean, and the Korean fits."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

TRANSLATING = {"_", "_now", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
IN_TEMPLATES = r"""\{% translate ["'](.+?)["'](?: as \w+)? %\}"""
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


def test_each_text_of_the_sources_is_in_the_catalogue() -> None:
    """Also those that stand in f-strings, which tools that collect texts pass over."""
    with (Path(settings.BASE_DIR) / "locale/ko/LC_MESSAGES/django.po").open("rb") as file:
        known = {message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file)}
    assert {text: place for text, place in _texts() if text not in known} == {}


def _texts() -> Iterator[tuple[str, str]]:
    """What is translated, and the file where."""
    for app in ("portal", "cameras", "inference", "investigations"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            yield from ((text, path.name) for text in _called(ast.parse(path.read_text(encoding="utf-8"))))
    for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        yield from ((text, path.name) for text in re.findall(IN_TEMPLATES, path.read_text(encoding="utf-8")))


def _called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str() as text), *_]) if name in TRANSLATING:
                yield text
