"""Five failures of a user name from one address lock it there for a while; that is one entry, and one page."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.lockouts import locked_until
from portal.accounts.models import User
from portal.accounts.services.lockouts import note_lockout, unlock_user
from portal.audit.models import AuditEntry
from portal.exchange.services.tokens import create_token
from tests.conftest import PASSWORD

HERE, ELSEWHERE = "10.0.0.5", "10.0.0.6"


def try_log_in(
    client: Client, *, username: str = "officer", password: str = "wrong", address: str = HERE, browser: str = "A"
) -> Any:
    words = {"username": username, "password": password}
    return client.post("/login/", words, REMOTE_ADDR=address, HTTP_USER_AGENT=browser)


def fail(client: Client, times: int, **words: Any) -> None:
    for _number in range(times):
        try_log_in(client, **words)


def entries(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


def age_failures(minutes: float) -> None:
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=minutes))


def test_the_fifth_failure_locks_and_the_right_password_does_not_help(client: Client, officer: User) -> None:
    fail(client, 4)
    assert try_log_in(client).status_code == 429
    assert try_log_in(client, password=PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


def test_four_failures_do_not_lock_and_a_log_in_forgets_them(client: Client, officer: User) -> None:
    for _round in range(2):
        fail(client, 4)
        assert try_log_in(client, password=PASSWORD).status_code == 302
        client.logout()


def test_the_lock_holds_for_one_name_and_one_address(client: Client, officer: User, operator: User) -> None:
    fail(client, 5)
    assert try_log_in(client, password=PASSWORD, address=ELSEWHERE).status_code == 302
    client.logout()
    assert try_log_in(client, username="operator", password=PASSWORD).status_code == 302


def test_another_browser_does_not_help(client: Client, officer: User) -> None:
    for number in range(5):
        fail(client, 1, browser=f"browser {number}")
    assert try_log_in(client, password=PASSWORD, browser="another").status_code == 429


def test_the_proxy_says_who_it_is_and_a_client_cannot(client: Client, officer: User, settings: Any) -> None:
    for number in range(5):
        client.post("/login/", {"username": "officer", "password": "x"}, HTTP_X_FORWARDED_FOR=f"6.6.6.{number}")
    assert locked_until("officer", "127.0.0.1")
    settings.BEHIND_PROXY = True
    for number in range(5):
        client.post("/login/", {"username": "officer", "password": "x"}, HTTP_X_FORWARDED_FOR=f"6.6.6.{number}, {HERE}")
    assert locked_until("officer", HERE)


def test_a_name_that_nobody_has_is_locked_like_any_other(client: Client, db: None) -> None:
    fail(client, 5, username="nobody")
    assert try_log_in(client, username="nobody").status_code == 429


def test_the_lock_ends_by_itself_and_trying_does_not_make_it_longer(client: Client, officer: User) -> None:
    fail(client, 5)
    age_failures(14)
    before = locked_until("officer", HERE)
    assert try_log_in(client, password=PASSWORD).status_code == 429
    assert locked_until("officer", HERE) == before
    age_failures(15.1)
    assert try_log_in(client, password=PASSWORD).status_code == 302


def test_the_page_says_until_when_and_whom_to_ask(client: Client, officer: User) -> None:
    fail(client, 5)
    until = timezone.localtime(locked_until("officer", HERE)) + timedelta(seconds=59.999999)
    response = try_log_in(client)
    text = response.content.decode()
    assert f"Try again at {until:%H:%M}, in 15 minutes." in text
    assert "administrator" in text
    assert "“officer”" in text
    assert 0 < int(response["Retry-After"]) <= 15 * 60
    assert response["Content-Security-Policy"]


def test_a_lock_is_one_entry_and_each_failure_is_one(client: Client, officer: User) -> None:
    fail(client, 7)
    assert (entries("user.login_failed"), entries("user.locked_out")) == (7, 1)
    entry = AuditEntry.objects.get(action="user.locked_out")
    assert (entry.target_id, entry.actor_id) == (str(officer.pk), None)
    assert entry.details == {"username": "officer", "address": HERE, "lock": AccessAttempt.objects.get().pk}
    fail(client, 5, address=ELSEWHERE)
    assert entries("user.locked_out") == 2
    assert entries("user.logged_in") == 0


def test_the_next_lock_is_another_entry(client: Client, officer: User, administrator: User) -> None:
    fail(client, 5)
    officer.agency = administrator.agency
    officer.save()
    unlock_user(officer, actor=administrator)
    fail(client, 5)
    assert entries("user.locked_out") == 2


def test_a_lock_right_after_the_last_is_another_entry(client: Client, officer: User) -> None:
    fail(client, 5)
    age_failures(15.1)
    fail(client, 5)
    assert entries("user.locked_out") == 2


def test_failures_at_the_same_time_are_one_lock(committing_db: None, officer: User) -> None:
    def note(_number: int) -> None:
        note_lockout("officer", HERE)
        connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(note, range(4)))
    assert entries("user.locked_out") == 1


def test_the_right_one_of_many_guesses_at_once_comes_too_late(
    client: Client, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = ModelBackend.authenticate

    def check_while_others_fail(*args: Any, **words: Any) -> Any:
        AccessAttempt.objects.get_or_create(username="officer", ip_address=HERE, failures_since_start=5)
        return check(*args, **words)

    monkeypatch.setattr(ModelBackend, "authenticate", check_while_others_fail)
    assert try_log_in(client, password=PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session
    assert (entries("user.logged_in"), entries("user.login_failed")) == (0, 1)


def test_a_log_in_is_one_entry(client: Client, officer: User) -> None:
    try_log_in(client, password=PASSWORD)
    assert entries("user.logged_in") == 1
    entry = AuditEntry.objects.get(action="user.logged_in")
    assert entry.details == {"address": HERE}


def test_the_admin_has_no_other_way_in(client: Client, supervisor: User) -> None:
    fail(client, 5, username="supervisor")
    words = {"username": "supervisor", "password": PASSWORD}
    assert client.post("/admin/login/", words, REMOTE_ADDR=HERE)["Location"] == "/login/?next=/admin/"
    assert client.post("/login/?next=/admin/", words, REMOTE_ADDR=HERE).status_code == 429
    assert client.get("/admin/", REMOTE_ADDR=HERE).status_code == 302


def test_a_token_does_not_let_a_locked_person_in(client: Client, operator: User) -> None:
    _token, secret = create_token("export", days=1, is_verified=True, actor=operator)

    def use(address: str) -> Any:
        return Client().get("/api/cameras/", REMOTE_ADDR=address, HTTP_AUTHORIZATION=f"Bearer {secret}")

    assert use(HERE).status_code == 200
    fail(client, 5, username="operator")
    refused = use(HERE)
    assert refused.status_code == 403
    assert "locked until" in refused.json()["detail"]
    assert use(ELSEWHERE).status_code == 200


def test_an_administrator_unlocks_in_the_admin(client: Client, operator: User, administrator: User) -> None:
    fail(client, 5, username="operator")
    client.force_login(administrator)
    page = client.get(reverse("admin:accounts_user_change", args=[operator.pk])).content.decode()
    assert re.search(rf"locked until \d\d:\d\d for {HERE}", page)
    words = {"action": "unlock", "_selected_action": [operator.pk]}
    client.post(reverse("admin:accounts_user_changelist"), words)
    entry = AuditEntry.objects.get(action="user.unlocked")
    assert (entry.actor_id, entry.target_id) == (administrator.pk, str(operator.pk))
    client.logout()
    assert try_log_in(client, username="operator", password=PASSWORD).status_code == 302


@pytest.mark.parametrize("who", ["officer", "operator", "supervisor"])
def test_only_administrators_unlock(who: str, client: Client, colleague: User, request: pytest.FixtureRequest) -> None:
    fail(client, 5, username="colleague")
    with pytest.raises(PermissionDenied):
        unlock_user(colleague, actor=request.getfixturevalue(who))
    assert locked_until("colleague", HERE)


def test_an_administrator_unlocks_the_own_agency_alone(client: Client, officer: User, administrator: User) -> None:
    fail(client, 5)
    with pytest.raises(PermissionDenied, match="another agency"):
        unlock_user(officer, actor=administrator)


def test_unlocking_nobody_is_refused(operator: User, administrator: User) -> None:
    with pytest.raises(ValidationError, match="not locked"):
        unlock_user(operator, actor=administrator)
    assert entries("user.unlocked") == 0
