"""Files go out piece by piece as they are read, in a thread, and are never collected in memory."""

import asyncio
import gzip
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.http import StreamingHttpResponse
from django.test import AsyncClient, AsyncRequestFactory, RequestFactory
from django.urls import reverse

from investigations.evidence import verify
from portal import middleware
from portal.middleware import PIECE_BYTES, send_in_pieces
from tests.conftest import make_user
from tests.streaming import stream

SCRIPT = "dongseon/js/workspace.js"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "PIECE_BYTES", 1)


def test_no_more_is_read_than_is_sent_and_that_in_a_thread() -> None:
    read = []

    def parts() -> Iterator[bytes]:
        for _number in range(8):
            read.append(threading.current_thread())
            yield bytes(PIECE_BYTES // 2)

    async def first() -> bytes:
        response = send_in_pieces(lambda request: StreamingHttpResponse(parts()))(AsyncRequestFactory().get("/"))
        async for piece in response:  # type: ignore[attr-defined]
            return bytes(piece)
        return b""

    assert asyncio.run(first()) == bytes(PIECE_BYTES)
    assert len(read) == 2
    assert threading.current_thread() not in read


def test_what_no_event_loop_sends_stays_as_it_is() -> None:
    response = send_in_pieces(lambda request: StreamingHttpResponse([b"a", b"b"]))(RequestFactory().get("/"))
    assert list(response) == [b"a", b"b"]


@pytest.mark.usefixtures("small_pieces")
def test_static_files_are_sent_piece_by_piece_compressed_or_not() -> None:
    whole = Path(str(finders.find(SCRIPT))).read_bytes()
    client, address = AsyncClient(), f"/static/{SCRIPT}"
    _response, pieces = stream(client, "get", address)
    assert b"".join(pieces) == whole
    assert len(pieces) == -(-len(whole) // 4096)
    _response, pieces = stream(client, "get", address, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(b"".join(pieces)) == whole
    assert len(pieces) > 1


@pytest.mark.usefixtures("committing_db", "small_pieces")
def test_the_verifier_is_sent_piece_by_piece() -> None:
    client = AsyncClient()
    client.force_login(make_user("site", "administrator", None))
    _response, pieces = stream(client, "get", reverse("verifier", args=["verify.py"]))
    assert b"".join(pieces) == Path(verify.__file__).read_bytes()
    assert len(pieces) > 1
