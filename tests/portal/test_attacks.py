"""What an attacker tries first, over every route: script in stored texts, forged posts, guessed numbers, led astray."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import reverse

from investigations.models import (
    Answer,
    AnswerItem,
    Attachment,
    Comment,
    Hold,
    Notification,
    RequestStatusChange,
    ScopeChange,
    SearchRequest,
    SecondReview,
    Tip,
)
from investigations.models.search import CandidateDecision
from portal.accounts.models import User
from tests.conftest import NOON
from tests.portal.route_table import TABLE, VERBS
from tests.portal.test_routes import ROUTES, addresses

__all__ = ["addresses"]  # a fixture
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
OURS = {"accounts", "cameras", "exchange", "inference", "investigations"}
# Words of a fixed set, numbers in disguise, file names and secrets: nobody types a text into these.
NO_TEXT = {
    "password",
    "sha256",
    "claim",
    "code",
    "embedder",
    "detector",
    "audit_root",
    "language",
    "key_fingerprint",
    "fingerprint",
    "secret",
    "url",
    "digest",
    "token_key",
    "email",
}


@pytest.fixture
def rows(addresses: Callable[[str], str], approved: SearchRequest, officer: User, operator: User) -> None:
    """One row of each kind that holds a text, beside those of the route table."""
    sighting = approved.searches.get().candidates.get().sighting
    candidate = approved.searches.get().candidates.get()
    Comment.objects.create(request=approved, author=officer, text="x")
    Tip.objects.create(case=approved.case, source="citizen", text="x", seen_at=NOON, added_by=officer)
    Attachment.objects.create(request=approved, kind="document", name="x", size=1, file="x.pdf", added_by=officer)
    RequestStatusChange.objects.create(request=approved, old="submitted", new="approved", reason="x", actor=operator)
    ScopeChange.objects.create(request=approved, limit="hours", new=3, reason="x", actor=operator)
    CandidateDecision.objects.create(candidate=candidate, old="pending", new="confirmed", reason="x", actor=operator)
    SecondReview.objects.create(candidate=candidate, verdict="confirmed", reason="x", reviewer=operator)
    Notification.objects.create(user=officer, request=approved, kind="commented", cause=operator)
    Hold.objects.create(
        request=approved, camera=sighting.camera, starts_at=NOON, ends_at=NOON, reason="x", placed_by=operator
    )
    if not Answer.objects.exists():
        answer = Answer.objects.create(
            request=approved, number=1, text="x", audit_sequence=1, audit_root="0" * 64, sent_by=operator
        )
        times = {"first_seen_at": NOON, "last_seen_at": NOON, "seen_at": NOON, "confirmed_at": NOON}
        facts: dict[str, Any] = {"latitude": 36, "longitude": 127, "score": 0.5, "rank": 1, "compared": 1, **times}
        AnswerItem.objects.create(answer=answer, number=1, sighting=sighting, **facts)


def typed_fields() -> Iterator[tuple[type[models.Model], models.Field[Any, Any]]]:
    """Every field into which somebody can type a text."""
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        for field in model._meta.fields:
            is_text = isinstance(field, models.CharField | models.TextField) and not isinstance(field, models.SlugField)
            if is_text and not field.choices and field.name not in NO_TEXT:
                yield model, field


def plant() -> int:
    """Write the script into every text of every row; return how many rows took it."""
    planted = 0
    for model, field in typed_fields():
        for row in model._default_manager.all():
            if isinstance(field, models.JSONField):
                continue
            text = f"{row.pk}{SCRIPT}"[: field.max_length or 200]
            planted += model._default_manager.filter(pk=row.pk).update(**{field.name: text})
    return planted


@pytest.mark.parametrize("who", ["officer", "operator", "supervisor", "administrator"])
def test_no_text_that_somebody_typed_becomes_markup(
    who: str, rows: None, addresses: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    where = {name: addresses(name) for name in TABLE}
    assert plant() > 40
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(pk=request.getfixturevalue(who).pk))
    shown = 0
    for name, address in where.items():
        response = client.get(address)
        if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = response.content.decode()
        assert "<script>alert(" not in page, name
        assert "<img src=x" not in page, name
        shown += "&lt;script&gt;alert(" in page
    assert shown >= 2  # the texts are there, as texts


@pytest.mark.parametrize("name", list(VERBS))
def test_a_forged_post_changes_nothing(
    name: str, addresses: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    allowed, words, _action = VERBS[name]
    for who in sorted(allowed & {"officer", "operator", "supervisor", "administrator"}):
        client = Client(enforce_csrf_checks=True)
        client.force_login(request.getfixturevalue(who))
        content_type = "application/json" if name.startswith("api-") else MULTIPART_CONTENT
        assert client.post(addresses(name), words, content_type=content_type).status_code == 403


# What the addresses name besides the number.
ALSO_NAMED: dict[str, dict[str, int | str]] = {"footage-segment": {"number": 0}, "api-path-file": {"kind": "gpx"}}
NUMBERED = [name for name, route in ROUTES.items() if route.count("<int:pk>") == 1]


@pytest.mark.parametrize("who", ["officer", "operator", "supervisor", "administrator"])
def test_a_guessed_number_tells_nothing(who: str, db: None, request: pytest.FixtureRequest) -> None:
    """The answer for a row of others and for no row is the same: not found, or not allowed at all."""
    client = Client(raise_request_exception=False)
    client.force_login(request.getfixturevalue(who))
    for name in NUMBERED:
        for number in (0, 424242, 2**63 - 1):
            address = reverse(name, kwargs={"pk": number} | ALSO_NAMED.get(name, {}))
            assert client.get(address).status_code in {302, 403, 404, 405}, (name, number)
            assert client.post(address).status_code in {302, 400, 403, 404, 405, 415}, (name, number)


@pytest.mark.parametrize(
    "place", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:alert(1)"]
)
def test_no_page_leads_to_another_host(place: str, operator: User) -> None:
    client = Client()
    credentials = {"username": "operator", "password": "correct-horse-battery", "next": place}
    visits = [client.post("/login/", credentials)]
    visits.append(client.post("/i18n/setlang/", {"language": "en", "next": place}))
    visits.append(client.get("/admin/login/", {"next": place}))
    visits.append(Client().get("/admin/login/", {"next": place}))
    for response in visits:
        target = response.headers.get("Location", "/")
        assert target.startswith("/")
        assert not target.startswith(("//", "/\\"))


@pytest.mark.parametrize("text", ["a\r\nSet-Cookie: x=1", "a\nX: y", "\u2028X: y"])
def test_no_header_takes_a_line_of_the_visitor(text: str, operator: User) -> None:
    client = Client()
    client.force_login(operator)
    for name in ("case-list", "notifications", "api-sightings", "api-requests"):
        response = client.get(reverse(name), {"q": text, "page": text, "next": text}, headers={"Accept-Language": "en"})
        assert response.status_code in {200, 400}
        assert not {"x", "X"} & set(response.headers) - {"X-Frame-Options"}
        assert "x" not in response.cookies


def test_pages_forbid_frames_foreign_scripts_and_sniffing(operator: User) -> None:
    client = Client()
    client.force_login(operator)
    headers = client.get("/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_session_cookie_is_out_of_scripts_reach(operator: User) -> None:
    client = Client()
    client.post("/login/", {"username": "operator", "password": "correct-horse-battery"})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
