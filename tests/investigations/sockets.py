"""A person's socket, talked to as a browser does."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator


def hear(consumer: Any, user: Any, act: Callable[[], Any], **of: int) -> list[Any]:
    """Connect as `user` to the consumer's address of `of`, do something, and return what came, or the code that the
    socket was closed with."""

    async def talk() -> list[Any]:
        scope = {"type": "websocket", "path": "/", "user": user, "url_route": {"kwargs": of}}
        socket: Any = ApplicationCommunicator(consumer.as_asgi(), scope)  # type: ignore[no-untyped-call]
        await socket.send_input({"type": "websocket.connect"})
        assert (await socket.receive_output())["type"] == "websocket.accept"
        first = await socket.receive_output()
        if first["type"] == "websocket.close":
            return [first["code"]]
        await sync_to_async(act)()
        heard = []
        while not await socket.receive_nothing(timeout=0.2):
            message = await socket.receive_output()
            heard.append(message.get("text") or message.get("code"))
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait()
        return heard

    result: list[Any] = async_to_sync(talk)()
    return result
