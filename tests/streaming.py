"""What is streamed, as it goes out under uvicorn."""

import asyncio
import warnings
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient


def stream(client: AsyncClient, method: str, address: str, **asked: Any) -> tuple[Any, list[bytes]]:
    """Ask, and read the answer's pieces; fails where Django would collect the whole of it in memory first.

    The test needs `committing_db` where the view asks the database.
    """

    async def ask() -> tuple[Any, list[bytes]]:
        response: Any = await getattr(client, method)(address, **asked)
        pieces = [piece async for piece in response]
        await sync_to_async(connections.close_all)()  # of the thread which answered
        return response, pieces

    with warnings.catch_warnings():
        warnings.filterwarnings("error", "StreamingHttpResponse must consume")
        return asyncio.run(ask())
