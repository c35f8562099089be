"""API tokens: shown once, acting with their person's rights and no others, for as long as they hold."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cameras.models import Camera
from investigations.models import SearchRequest
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.exchange.models import ApiToken
from portal.exchange.services.tokens import MOST_TOKENS, create_token, revoke_token
from tests.conftest import make_recording, make_sighting


def make_token(user: User, name: str = "script", **values: Any) -> tuple[ApiToken, str]:
    asked: dict[str, Any] = {"days": 90, "is_verified": False, "actor": user} | values
    return create_token(name, **asked)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def ask(secret: str, name: str = "api-cameras") -> Any:
    return Client().get(reverse(name), headers=bearer(secret))


def test_a_token_acts_with_its_persons_rights(camera: Camera, operator: User, officer: User) -> None:
    make_sighting(make_recording(camera))
    statuses = [ask(make_token(person)[1], "api-sightings").status_code for person in (operator, officer)]
    assert statuses == [200, 403]
    assert [row["code"] for row in ask(make_token(officer, "other")[1]).json()] == ["C1"]


def test_only_the_digest_is_kept_and_the_trail_does_not_know_the_secret(officer: User) -> None:
    token, secret = make_token(officer)
    stored = str(ApiToken.objects.values().get())
    assert secret not in stored
    assert secret.removeprefix(token.hint) not in stored
    entry = AuditEntry.objects.get(action="token.created")
    assert (entry.target_name, entry.actor_id) == (str(token), officer.pk)
    assert secret not in str(entry.details)


@pytest.mark.parametrize("change", ["revoked", "expired", "inactive", "other letter"])
def test_a_token_that_does_not_hold_is_refused_as_unauthenticated(change: str, officer: User) -> None:
    token, secret = make_token(officer)
    if change == "revoked":
        revoke_token(token, actor=officer)
    elif change == "expired":
        ApiToken.objects.update(expires_at=timezone.now())
    elif change == "inactive":
        User.objects.update(is_active=False)
    else:
        secret = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    answer = ask(secret)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert "token" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer \xff\xfe", "Bearer a b", "bearer dongseon_"])
def test_a_header_without_a_proper_token_is_refused(header: str, db: None) -> None:
    assert Client().get(reverse("api-cameras"), headers={"Authorization": header}).status_code == 401


def test_a_wrong_token_is_refused_even_beside_a_session(officer: User, client: Client) -> None:
    client.force_login(officer)
    assert client.get(reverse("api-cameras"), headers=bearer("dongseon_wrong")).status_code == 401
    assert client.get(reverse("api-cameras")).status_code == 200


def test_a_token_needs_no_csrf_token_and_a_session_does(approved: SearchRequest, operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    address = reverse("api-request-searches", args=[approved.pk])
    with_token = client.post(address, {}, content_type="application/json", headers=bearer(make_token(operator)[1]))
    assert with_token.status_code == 400  # what is missing are the search's own terms
    client.force_login(operator)
    answer = client.post(address, {}, content_type="application/json")
    assert (answer.status_code, "CSRF" in answer.json()["detail"]) == (403, True)


def test_a_token_opens_no_page_and_makes_no_token(officer: User) -> None:
    headers = bearer(make_token(officer)[1])
    for address in (reverse("own-tokens"), reverse("case-list"), "/admin/"):
        assert Client().get(address, headers=headers).status_code == 302
    answer = Client().post(reverse("own-tokens"), {"name": "second", "days": "30"}, headers=headers)
    assert answer["Location"].startswith("/login/")
    assert ApiToken.objects.count() == 1


def test_the_time_of_the_last_use_is_written_at_most_once_a_minute(officer: User) -> None:
    token, secret = make_token(officer)
    writes = []
    for _request in range(3):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ask(secret)
        writes.append(sum("UPDATE" in query["sql"] for query in queries.captured_queries))
    assert writes == [1, 0, 0]
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    ask(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert timezone.now() - token.last_used_at < timedelta(seconds=30)


@pytest.mark.parametrize("days", [0, -1, 366, 10**12])
def test_a_token_lives_for_a_year_at_most(days: int, officer: User) -> None:
    with pytest.raises(ValidationError, match="1 to 365"):
        make_token(officer, days=days)


def test_names_tell_a_persons_tokens_apart_until_they_are_revoked(officer: User, colleague: User) -> None:
    token, _secret = make_token(officer)
    make_token(colleague)
    with pytest.raises(ValidationError, match="of this name"):
        make_token(officer)
    revoke_token(token, actor=officer)
    make_token(officer)


def test_nobody_hoards_tokens(officer: User) -> None:
    for number in range(MOST_TOKENS):
        make_token(officer, f"script {number}")
    with pytest.raises(ValidationError, match="Revoke one first"):
        make_token(officer, "one more")


def test_a_role_with_a_second_factor_needs_it_to_make_a_token(supervisor: User, officer: User, settings: Any) -> None:
    settings.TWO_FACTOR_ROLES = ["supervisor"]
    with pytest.raises(PermissionDenied, match="second factor"):
        make_token(supervisor)
    make_token(supervisor, is_verified=True)
    make_token(officer)


@pytest.mark.parametrize(
    ("who", "may"),
    [("officer", True), ("administrator", False), ("colleague", False), ("supervisor", False), ("site", True)],
)
def test_tokens_are_revoked_by_their_person_or_that_persons_administrator(
    who: str, may: bool, officer: User, request: pytest.FixtureRequest
) -> None:
    token, secret = make_token(officer)
    actor = site_administrator() if who == "site" else request.getfixturevalue(who)
    if may:
        revoke_token(token, actor=actor)
        assert AuditEntry.objects.get(action="token.revoked").actor_id == actor.pk
        with pytest.raises(ValidationError, match="before"):
            revoke_token(token, actor=actor)
    else:
        with pytest.raises(PermissionDenied):
            revoke_token(token, actor=actor)
    assert ask(secret).status_code == (401 if may else 200)


def site_administrator() -> User:
    return User.objects.create_user("site", role="administrator", is_staff=True)


def test_the_page_shows_a_new_token_once(officer: User, client: Client) -> None:
    client.force_login(officer)
    page = client.post(reverse("own-tokens"), {"name": "export", "days": "30"})
    secret = page.context["secret"]
    assert page.content.decode().count(secret) == 1
    assert "no-store" in page["Cache-Control"]
    assert ask(secret).status_code == 200
    again = client.get(reverse("own-tokens")).content.decode()
    assert secret not in again
    assert "export" in again
    assert "csrfmiddlewaretoken" in again


@pytest.mark.parametrize(
    "words", [{"name": "", "days": "30"}, {"name": "x", "days": "5000"}, {"name": "taken", "days": "30"}]
)
def test_the_page_says_what_is_wrong(words: dict[str, str], officer: User, client: Client) -> None:
    make_token(officer, "taken")
    client.force_login(officer)
    page = client.post(reverse("own-tokens"), words)
    assert page.status_code == 200
    assert page.context["form"].errors
    assert page.context["secret"] == ""
    assert ApiToken.objects.count() == 1


def test_a_person_revokes_the_own_tokens_on_the_page_and_no_others(
    officer: User, colleague: User, client: Client
) -> None:
    own, others = make_token(officer)[0], make_token(colleague)[0]
    client.force_login(officer)
    assert client.post(reverse("token-revoke", args=[own.pk])).status_code == 302
    assert client.post(reverse("token-revoke", args=[others.pk])).status_code == 404
    assert list(ApiToken.objects.unrevoked()) == [others]


def test_an_administrator_revokes_tokens_in_the_admin(officer: User, client: Client) -> None:
    token, secret = make_token(officer)
    client.force_login(site_administrator())
    page = client.get(reverse("admin:exchange_apitoken_changelist")).content.decode()
    assert token.hint in page
    chosen = {"action": "revoke", "_selected_action": [token.pk]}
    client.post(reverse("admin:exchange_apitoken_changelist"), chosen)
    assert ask(secret).status_code == 401


def test_administrators_see_the_entries_about_tokens(officer: User, administrator: User) -> None:
    make_token(administrator)
    actions = AuditEntry.objects.visible_to(administrator).values_list("action", flat=True)
    assert "token.created" in actions
