"""Without the code nothing opens: every route, every method, and the socket."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as project
from django.test import Client
from django.test.client import RequestFactory

from investigations.models import SearchRequest
from portal.accounts.models import User
from portal.accounts.sockets import FORBIDDEN
from portal.asgi import application
from portal.audit.models import AuditEntry
from tests.accounts.conftest import enrolled, log_in_verified
from tests.portal.test_routes import ROUTES, addresses  # noqa: F401 -- the fixture

TEXTS = {"javascript-catalog", "later-texts"}
OPEN = {"favicon", "login", "logout", "second-factor", "second-factor-new", "set_language"} | TEXTS


@pytest.fixture(autouse=True)
def _asked_of_supervisors(settings: Any) -> None:
    settings.TWO_FACTOR_ROLES = ["supervisor", "administrator"]


@pytest.mark.parametrize("has_device", [False, True], ids=["not enrolled", "enrolled"])
@pytest.mark.parametrize("who", ["supervisor", "administrator"])
def test_no_route_opens_without_the_code(
    who: str,
    has_device: bool,
    addresses: Callable[[str], str],  # noqa: F811
    request: pytest.FixtureRequest,
) -> None:
    client, user = Client(), request.getfixturevalue(who)
    client.force_login(user)
    if has_device:
        enrolled(user)
    before = AuditEntry.objects.count()
    wrong = []
    for name in set(ROUTES) - OPEN:
        address = addresses(name)
        for method in (client.get, client.head, client.post, client.put, client.delete, client.options):
            response = method(address)
            if not is_refused(address, response, has_body=method != client.head):
                wrong.append((name, method.__name__, response.status_code))
    assert wrong == []
    assert AuditEntry.objects.count() == before


def is_refused(address: str, response: Any, *, has_body: bool) -> bool:
    if not address.startswith("/api/"):
        return bool(response.status_code == 302 and response["Location"].startswith("/second-factor/"))
    is_said = not has_body or response.json()["detail"].startswith("Your second factor is missing.")
    return bool(response.status_code == 403 and is_said)


def test_what_stays_open_without_the_code(client: Client, supervisor: User) -> None:
    enrolled(supervisor)
    client.force_login(supervisor)
    assert client.get("/second-factor/").status_code == 200
    assert client.get("/jsi18n/").status_code == 200
    assert client.post("/i18n/setlang/", {"language": "ko", "next": "/second-factor/"}).status_code == 302
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/second-factor/")["Location"].startswith("/login/")


def test_with_the_code_everything_is_as_before(client: Client, supervisor: User) -> None:
    log_in_verified(client, supervisor, enrolled(supervisor))
    assert client.get("/").status_code == 200
    assert client.get("/admin/").status_code == 200
    assert client.get("/api/cameras/").status_code == 200


def test_a_device_of_somebody_else_or_one_that_is_gone_opens_nothing(
    client: Client, supervisor: User, stranger: User
) -> None:
    enrolled(supervisor)
    log_in_verified(client, supervisor, enrolled(stranger))
    assert client.get("/profile/").status_code == 302
    gone = enrolled(supervisor)
    log_in_verified(client, supervisor, gone)
    gone.delete()
    assert client.get("/profile/").status_code == 302


def test_roles_that_are_not_named_are_not_asked(client: Client, officer: User, operator: User) -> None:
    for user in (officer, operator):
        client.force_login(user)
        assert client.get("/profile/").status_code == 200


def first_words(client: Client, request_id: int) -> dict[str, Any]:
    """Open the request's socket with the client's session, and return what it says first."""

    async def talk() -> dict[str, Any]:
        cookie = f"{project.SESSION_COOKIE_NAME}={client.session.session_key}"
        headers = [(b"cookie", cookie.encode()), (b"origin", b"http://localhost")]
        scope = {"type": "websocket", "path": f"/ws/requests/{request_id}/", "headers": headers, "subprotocols": []}
        socket: Any = ApplicationCommunicator(application, scope)  # type: ignore[no-untyped-call]
        await socket.send_input({"type": "websocket.connect"})
        assert (await socket.receive_output())["type"] == "websocket.accept"
        first: dict[str, Any] = await socket.receive_output()
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait()
        return first

    said: dict[str, Any] = async_to_sync(talk)()
    return said


def test_the_socket_does_not_open_without_the_code(
    committing_db: None, client: Client, request_: SearchRequest, supervisor: User
) -> None:
    device = enrolled(supervisor)
    client.force_login(supervisor)
    assert first_words(client, request_.pk) == {"type": "websocket.close", "code": FORBIDDEN}
    log_in_verified(client, supervisor, device)
    assert first_words(client, request_.pk)["text"] == '{"type": "ready"}'


def test_a_view_is_closed_unless_it_is_marked(supervisor: User) -> None:
    from portal.accounts.middleware import SecondFactorMiddleware
    from portal.accounts.second_factor import second_factor_not_required

    def new_page(request: Any) -> None: ...

    request = RequestFactory().get("/somewhere/")
    request.user = supervisor
    gate = SecondFactorMiddleware(lambda request: None)  # type: ignore[arg-type, return-value]
    closed = gate.process_view(request, new_page, [], {})
    assert closed is not None
    assert closed.status_code == 302
    assert gate.process_view(request, second_factor_not_required(new_page), [], {}) is None
