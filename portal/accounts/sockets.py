"""Who may hold a socket open. The gate stands before every consumer, so that none has to think of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from channels.db import database_sync_to_async

from portal.accounts.sessions import holder_of

logger = logging.getLogger(__name__)

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FORBIDDEN = 4403
# A quiet socket is looked at this often; one with something to say, at each message.
CHECK_EVERY_S = 30.0


class SignedInOnly:
    """Lets through the sockets of sessions that hold, second factor included; closes them when they hold no more."""

    def __init__(self, application: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        gate = _Gate(scope["session"].session_key, send)
        if not await gate.is_open():
            await _refuse(receive, send)
            return
        watch = asyncio.create_task(gate.watch())
        try:
            await self._application(scope, receive, gate.send)
        finally:
            watch.cancel()


class _Gate:
    """Between one consumer and its client."""

    def __init__(self, session_key: str | None, send: Send) -> None:
        self._session_key = session_key
        self._send = send
        self._is_closed = False

    async def is_open(self) -> bool:
        return await database_sync_to_async(holder_of)(self._session_key) is not None

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send" and not await self.is_open():
            await self._close()
        elif not self._is_closed:
            self._is_closed = message["type"] == "websocket.close"
            await self._send(message)

    async def watch(self) -> None:
        """Close a socket on which nothing happens. Without the database nothing is sent either, so that can wait."""
        while not self._is_closed:
            await asyncio.sleep(CHECK_EVERY_S)
            try:
                is_open = await self.is_open()
            except Exception:
                logger.exception("a socket's session could not be checked")
                continue
            if not is_open:
                await self._close()

    async def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            with suppress(RuntimeError):  # the client has gone meanwhile
                await self._send({"type": "websocket.close", "code": FORBIDDEN})


async def _refuse(receive: Receive, send: Send) -> None:
    """Accept and close: a refused handshake would give the page no code, and it would try again for ever."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": FORBIDDEN})
