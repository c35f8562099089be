"""A form that was filled in before the last log-in, or sent after the session's end, is not lost; another site's form
is never offered to be sent."""

import re
from html import unescape
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from investigations.models import Case
from portal.accounts.models import User
from portal.views_texts import SCRIPTS
from tests.conftest import PASSWORD

OWN = {"Origin": "http://testserver"}
CASE = {"number": "2026-000777", "title": 'Stolen <car> "grey"', "kind": "vehicle", "description": "one\r\ntwo"}
NEW = reverse("case-new")
# Recorded pictures, in an <img> or as a blob: they bring no form and no token.
FETCHES_PICTURES = {"camera_panel.js", "query_content.js", "video.js", "video_source.js"}


@pytest.fixture
def browser(officer: User) -> Client:
    """With a page of before the last log-in, whose token is `STALE`."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer)
    client.get(NEW)
    return client


STALE = {"csrfmiddlewaretoken": "a" * 64}


def offered(response: Any, address: str = NEW) -> dict[str, str]:
    """The fields of the form that may be sent again; empty if there is none."""
    form = re.search(rf'<form method="post" action="{re.escape(address)}".*?</form>', response.content.decode(), re.S)
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[0] if form else "")
    return {unescape(name): unescape(value) for name, value in fields}


@pytest.mark.parametrize("is_debug", [False, True])
def test_what_was_typed_before_the_last_log_in_is_sent_again(
    is_debug: bool, browser: Client, settings: LazySettings
) -> None:
    settings.DEBUG = is_debug
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    refused = browser.post(NEW, CASE | STALE, headers=OWN)
    assert (refused.status_code, Case.objects.count()) == (403, 0)
    assert "Not sent yet" in refused.content.decode()
    fields = offered(refused)
    assert {name: fields[name] for name in CASE} == CASE
    assert browser.post(NEW, fields, headers=OWN).status_code == 302
    case = Case.objects.get()
    assert (case.title, case.description) == (CASE["title"], CASE["description"])


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_is_in_the_readers_language_and_names_them(language: str, browser: Client, officer: User) -> None:
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = browser.post(NEW, STALE, headers=OWN).content.decode()
    assert f'<html lang="{language}">' in page
    assert officer.display_name in page.split("<main")[1]


@pytest.mark.parametrize(
    "origin", [None, "null", "https://elsewhere.example", "https://testserver", "http://testserver:81"]
)
def test_another_sites_form_is_not_offered(origin: str | None, browser: Client) -> None:
    headers = {"Origin": origin} if origin else {"Referer": "http://elsewhere.example/"}
    refused = browser.post(NEW, CASE | STALE, headers=headers)
    assert refused.status_code == 403
    assert offered(refused) == {}
    assert CASE["number"] not in refused.content.decode()


@pytest.mark.parametrize(("origin", "is_own"), [("https://testserver", True), ("https://elsewhere.example", False)])
def test_of_the_trusted_origins_only_the_portals_own_host_is_its_own(
    origin: str, is_own: bool, browser: Client, settings: LazySettings
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = [origin]
    refused = browser.post(NEW, CASE | STALE, headers={"Origin": origin})
    assert (refused.status_code, bool(offered(refused))) == (403, is_own)


def test_no_password_comes_back(browser: Client) -> None:
    typed = {"old_password": PASSWORD, "new_password1": "other", "new_password2": "other"}
    refused = browser.post(reverse("profile"), typed | STALE, headers=OWN)
    assert (refused.status_code, PASSWORD in refused.content.decode()) == (403, False)


def test_files_are_named_since_they_do_not_come_along(browser: Client) -> None:
    refused = browser.post(NEW, {**CASE, **STALE, "files": ContentFile(b"x", "letter.pdf")}, headers=OWN)
    assert "letter.pdf" in refused.content.decode()


def test_a_log_in_page_of_before_leads_to_a_new_one(browser: Client) -> None:
    typed = {"username": "officer", "password": PASSWORD, "next": NEW}
    response = browser.post(reverse("login"), typed | STALE, headers=OWN)
    assert (response.status_code, response.headers["Location"]) == (302, f"/login/?next={NEW}")


def test_what_is_sent_after_the_end_of_the_session_waits_for_the_log_in(browser: Client, officer: User) -> None:
    token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    browser.cookies.pop(settings.SESSION_COOKIE_NAME)
    kept = browser.post(NEW, CASE | token, headers=OWN)
    assert (kept.status_code, offered(kept)) == (403, CASE)  # without a token: sent now, it comes back here
    again = browser.post(NEW, offered(kept), headers=OWN)
    assert offered(again) == CASE
    browser.force_login(officer)
    ready = offered(browser.post(NEW, offered(again), headers=OWN))
    assert browser.post(NEW, ready, headers=OWN).status_code == 302
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://elsewhere.example"}, {**OWN, "Accept": "application/json"}]
)
def test_others_are_led_to_the_log_in_as_before(headers: dict[str, str], db: None) -> None:
    response = Client().post(NEW, CASE, headers=headers)
    assert (response.status_code, response.headers["Location"]) == (302, f"/login/?next={NEW}")


def test_a_script_is_told_in_words(browser: Client) -> None:
    refused = browser.post(NEW, CASE | STALE, headers={**OWN, "Accept": "application/json"})
    assert (refused.status_code, list(refused.json())) == (403, ["detail"])


def test_a_page_does_nothing_in_the_name_of_somebody_else(operator: User, officer: User) -> None:
    client = Client()
    client.force_login(operator)
    typed = {"plate": "12가3456", "is_watched": False}
    answers = [
        client.post("/api/plates/meanings/", typed, "application/json", headers={"X-Page-Of": str(user.pk)})
        for user in (operator, officer)
    ]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert operator.display_name in answers[1].json()["detail"]


def test_scripts_say_whose_page_they_are_on_whatever_they_fetch() -> None:
    bare = {path.name for path in SCRIPTS.glob("*.js") if re.search(r"\bfetch\(", path.read_text())}
    assert bare == {"api.js", *FETCHES_PICTURES}
    asking = re.findall(r"(?:return send|=> fetch)\(url, .*", (SCRIPTS / "api.js").read_text())
    assert len(asking) == 5
    assert all("headers" in line for line in asking)
