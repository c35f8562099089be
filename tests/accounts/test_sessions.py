"""Sessions end: when nothing is asked, with the shift, with the role, at a word; and their sockets with them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as project
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from investigations import events
from investigations.models import SearchRequest
from portal.accounts import sockets
from portal.accounts.models import Agency, User
from portal.accounts.services.people import save_user
from portal.accounts.tasks import remove_ended_sessions
from portal.asgi import application
from portal.audit.models import AuditEntry
from tests.accounts.conftest import is_in
from tests.conftest import PASSWORD

EVENT: events.Event = {"type": "candidates.changed", "search": 7}


class Clock:
    def __init__(self) -> None:
        self.moment = timezone.now()

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **time: float) -> None:
        self.moment += timedelta(**time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


def log_in(client: Client, username: str = "officer") -> None:
    assert client.post("/login/", {"username": username, "password": PASSWORD}).status_code == 302
    assert is_in(client)


def test_a_session_ends_after_half_an_hour_without_use(client: Client, officer: User, clock: Clock) -> None:
    log_in(client)
    for _number in range(3):
        clock.pass_by(minutes=28)
        assert is_in(client)
    clock.pass_by(minutes=30, seconds=1)
    assert not is_in(client)
    assert client.get("/")["Location"].startswith("/login/")


def test_a_session_ends_with_the_shift_however_busy(client: Client, officer: User, clock: Clock) -> None:
    log_in(client)
    for _number in range(8 * 3 - 1):
        clock.pass_by(minutes=20)
        assert is_in(client)
    clock.pass_by(minutes=19)
    assert is_in(client)
    clock.pass_by(minutes=2)
    assert not is_in(client)


def test_the_limits_are_settings(client: Client, officer: User, clock: Clock, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES, settings.SESSION_MAX_HOURS = 5, 1
    log_in(client)
    clock.pass_by(minutes=6)
    assert not is_in(client)


def test_a_session_is_written_once_a_minute_at_most(client: Client, officer: User, clock: Clock) -> None:
    log_in(client)

    def writes() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert is_in(client)
        return sum('UPDATE "django_session"' in query["sql"] for query in queries)

    assert writes() == 0
    clock.pass_by(seconds=59)
    assert writes() == 0
    clock.pass_by(seconds=2)
    assert writes() == 1
    assert writes() == 0


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client, officer: User, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    client.post("/login/", {"username": "officer", "password": PASSWORD}, secure=True)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert 0 < int(cookie["max-age"]) <= 30 * 60


def test_a_planted_session_key_is_not_taken_over(client: Client, officer: User) -> None:
    client.cookies[project.SESSION_COOKIE_NAME] = "planted0planted0planted0planted0"
    log_in(client)
    assert client.session.session_key != "planted0planted0planted0planted0"


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "officer"}, {"agency": "other"}], ids=str)
def test_who_is_changed_is_out_at_once(
    client: Client, operator: User, administrator: User, other_centre: Agency, change: dict[str, Any]
) -> None:
    log_in(client, "operator")
    for name, value in change.items():
        setattr(operator, name, other_centre if value == "other" else value)
    save_user(operator, actor=administrator, changed=list(change))
    assert client.get("/profile/")["Location"].startswith("/login/")


def test_another_name_ends_nothing(client: Client, operator: User, administrator: User) -> None:
    log_in(client, "operator")
    operator.last_name = "Kim"
    save_user(operator, actor=administrator, changed=["last_name"])
    assert is_in(client)


def test_a_new_password_ends_the_other_sessions(client: Client, officer: User) -> None:
    another = Client()
    log_in(client)
    log_in(another)
    new = "a-better-battery-staple"
    words = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("profile"), words).status_code == 302
    assert is_in(client)
    assert not is_in(another)


def test_logging_out_everywhere_else(client: Client, officer: User, colleague: User) -> None:
    another, theirs = Client(), Client()
    log_in(client)
    log_in(another)
    log_in(theirs, "colleague")
    before = client.session.session_key
    assert client.post(reverse("log-out-elsewhere"))["Location"] == "/profile/"
    assert is_in(client)
    assert client.session.session_key != before
    assert not is_in(another)
    assert is_in(theirs)
    entry = AuditEntry.objects.get(action="user.sessions_ended")
    assert (entry.actor_id, entry.target_id) == (officer.pk, str(officer.pk))


def test_ended_sessions_are_removed_by_the_clock(client: Client, officer: User, colleague: User) -> None:
    log_in(client)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    log_in(Client(), "colleague")
    remove_ended_sessions()
    assert Session.objects.count() == 1


# ── Sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def listen(client: Client, request_id: int, *, meanwhile: Any, push: bool) -> dict[str, Any]:
    """Open the request's socket, let `meanwhile` happen, push an event if asked, and return what the socket says."""

    async def talk() -> dict[str, Any]:
        cookie = f"{project.SESSION_COOKIE_NAME}={client.session.session_key}"
        headers = [(b"cookie", cookie.encode()), (b"origin", b"http://localhost")]
        scope = {"type": "websocket", "path": f"/ws/requests/{request_id}/", "headers": headers, "subprotocols": []}
        socket: Any = ApplicationCommunicator(application, scope)  # type: ignore[no-untyped-call]
        await socket.send_input({"type": "websocket.connect"})
        assert (await socket.receive_output())["type"] == "websocket.accept"
        assert (await socket.receive_output())["text"] == '{"type": "ready"}'
        await sync_to_async(meanwhile)()
        if push:
            await sync_to_async(events._send)(events.request_group(request_id), EVENT)
        said: dict[str, Any] = await socket.receive_output()
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait()
        return said

    said: dict[str, Any] = async_to_sync(talk)()
    return said


CLOSED = {"type": "websocket.close", "code": sockets.FORBIDDEN}


def log_out(client: Client, user: User) -> None:
    client.post("/logout/")


def run_out(client: Client, user: User) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def deactivate(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_role(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(role="supervisor")


@pytest.mark.parametrize("end", [log_out, run_out, deactivate, change_role])
@pytest.mark.parametrize("push", [True, False], ids=["at the next event", "without one"])
def test_an_open_socket_closes_when_its_session_has_ended(
    committing_db: None,
    client: Client,
    request_: SearchRequest,
    operator: User,
    monkeypatch: pytest.MonkeyPatch,
    end: Any,
    push: bool,
) -> None:
    monkeypatch.setattr(sockets, "CHECK_EVERY_S", 60.0 if push else 0.05)
    log_in(client, "operator")
    assert listen(client, request_.pk, meanwhile=lambda: end(client, operator), push=push) == CLOSED


def test_an_open_socket_of_a_session_that_holds_goes_on(
    committing_db: None,
    client: Client,
    request_: SearchRequest,
    operator: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "CHECK_EVERY_S", 0.05)
    log_in(client, "operator")
    said = listen(client, request_.pk, meanwhile=lambda: None, push=True)
    assert said["text"] == '{"type": "candidates.changed", "search": 7}'


def test_a_quiet_socket_is_looked_at_once_a_minute_at_least() -> None:
    assert sockets.CHECK_EVERY_S <= 60
