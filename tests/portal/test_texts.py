"""The texts of the scripts: each script finds its own, those of the first view come first, and nothing else is sent."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from django.views.i18n import JavaScriptCatalog
from playwright.sync_api import Browser, Page

from portal.views_texts import FETCHED_LATER, IMPORTED, SCRIPTS, first_scripts, found, said_in, with_imports

FIRST, LATER = reverse("javascript-catalog"), reverse("later-texts")
NAMES = {path.name for path in SCRIPTS.glob("*.js")}
# Fetched on their own, by a page or by a script that runs already; the others come with one that imports them.
FETCHED = {other for name in NAMES for other in found(FETCHED_LATER, name)}
FETCHED |= NAMES - {other for name in NAMES for other in found(IMPORTED, name)}


def served(client: Client, address: str, language: str) -> str:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    response = client.get(address)
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    return response.content.decode()


def texts_of(client: Client, address: str) -> dict[str, Any]:
    literal = re.search(r"texts(?: =|,) ?(\{.*\})", served(client, address, "ko"))
    assert literal
    texts: dict[str, Any] = json.loads(literal[1])
    return texts


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def test_both_together_are_what_the_scripts_say_and_no_more(client: Client) -> None:
    first, later = texts_of(client, FIRST), texts_of(client, LATER)
    assert not first.keys() & later.keys()
    assert first.keys() | later.keys() == said_in(frozenset(NAMES))
    assert len(later) > 100


def test_a_script_that_is_there_at_first_finds_its_texts(client: Client) -> None:
    first = texts_of(client, FIRST)
    assert {"candidates.js", "decisions.js", "review.js", "page.js"} <= first_scripts()
    assert not {"chooser_tools.js", "camera_page.js", "camera_panel.js"} & first_scripts()
    assert said_in(first_scripts()) <= first.keys()


@pytest.mark.parametrize("name", sorted(FETCHED - first_scripts()))
def test_a_script_that_is_fetched_later_brings_its_texts(name: str) -> None:
    """Before it runs, and before what it imports: texts are read while scripts load."""
    imports = re.findall(r"^import .*$", (SCRIPTS / name).read_text(), re.MULTILINE)
    assert said_in(with_imports({name})) <= said_in(first_scripts()) or imports[0] == f'import "{LATER}";'


def test_korean_is_found_read_and_put_together(client: Client, page: Page) -> None:
    page.evaluate(f"() => {{ {served(client, FIRST, 'ko')} }}")
    assert page.evaluate('gettext("Confirm")') == "확정"
    assert page.evaluate('gettext("Only these")') == "Only these"
    page.evaluate(f"() => {{ {served(client, LATER, 'ko')} }}")
    assert page.evaluate('gettext("Only these")') != "Only these"
    assert page.evaluate('interpolate(ngettext("%s camera", "%s cameras", 2), [2])') == "카메라 2대"
    named = 'interpolate(gettext("%(fit)s of %(all)s fit"), {fit: 1, all: 3}, true)'
    assert page.evaluate(named) == "3개 중 1개 일치"


def test_english_needs_no_texts(client: Client, page: Page) -> None:
    page.evaluate(f"() => {{ {served(client, FIRST, 'en')} }}")
    assert page.evaluate('[1, "1", 0, 2].map((count) => ngettext("%s camera", "%s cameras", count))') == [
        "%s camera",
        "%s camera",
        "%s cameras",
        "%s cameras",
    ]
    assert page.evaluate('interpolate("%s of %s", [2, 3])') == "2 of 3"
    assert page.evaluate('interpolate("%(a)s%(b)s%(a)s", {a: 1, b: 2}, true)') == "121"
    assert page.evaluate('gettext("nobody says this")') == "nobody says this"


def test_both_are_much_less_than_django_would_send(client: Client, rf: RequestFactory) -> None:
    with translation.override("ko"):
        whole = JavaScriptCatalog.as_view()(rf.get(FIRST))
    assert isinstance(whole, HttpResponse)
    assert sum(len(served(client, address, "ko").encode()) for address in (FIRST, LATER)) < 0.6 * len(whole.content)
