"""Live pushes of the watch list reach the centre's own people, and nobody else."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AnonymousUser

from investigations import events
from investigations.consumers import FORBIDDEN, WatchConsumer
from portal.accounts.models import Agency, User

EVENT: events.WatchChanged = {"type": "watch.changed", "entry": 7, "what": "alerts"}


def listen(user: Any, centre: Agency, *, before_event: Any = None) -> list[Any]:
    """Connect as `user`, push one event of the centre, and return what came, or the code that closed the socket."""

    async def talk() -> list[Any]:
        scope = {"type": "websocket", "path": "/", "user": user, "url_route": {"kwargs": {}}}
        socket: Any = ApplicationCommunicator(WatchConsumer.as_asgi(), scope)  # type: ignore[no-untyped-call]
        await socket.send_input({"type": "websocket.connect"})
        assert (await socket.receive_output())["type"] == "websocket.accept"
        first = await socket.receive_output()
        if first["type"] == "websocket.close":
            return [first["code"]]
        if before_event:
            await sync_to_async(before_event)()
        await sync_to_async(events._send)(events.watch_group(centre.pk), EVENT)
        heard = []
        while not await socket.receive_nothing(timeout=0.2):
            message = await socket.receive_output()
            heard.append(message.get("text") or message.get("code"))
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait()
        return heard

    result: list[Any] = async_to_sync(talk)()
    return result


SAID = ['{"type": "watch.changed", "entry": 7, "what": "alerts"}']


@pytest.mark.parametrize(
    ("who", "heard"),
    [
        ("operator", SAID),
        ("supervisor", SAID),
        ("stranger", []),
        ("officer", [FORBIDDEN]),
        ("administrator", [FORBIDDEN]),
    ],
)
def test_only_the_centres_people_hear_of_it(
    who: str, heard: list[Any], committing_db: None, centre: Agency, request: pytest.FixtureRequest
) -> None:
    assert listen(request.getfixturevalue(who), centre) == heard


def test_a_visitor_is_turned_away(committing_db: None, centre: Agency) -> None:
    assert listen(AnonymousUser(), centre) == [FORBIDDEN]


@pytest.mark.parametrize("change", ["role", "agency"])
def test_who_loses_the_right_hears_no_more(
    change: str, committing_db: None, centre: Agency, other_centre: Agency, operator: User
) -> None:
    values: dict[str, Any] = {"role": "officer"} if change == "role" else {"agency": other_centre}
    lose = User.objects.filter(pk=operator.pk).update
    assert listen(operator, centre, before_event=lambda: lose(**values)) == [FORBIDDEN]
