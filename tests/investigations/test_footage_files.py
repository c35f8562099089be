"""Footage as bytes: ranges, pieces, frames, and what is kept of them until the recording is destroyed."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import pytest
from django.test import AsyncClient, Client
from django.utils import timezone

from cameras.models import Camera, Recording
from inference import footage as footage_files
from inference.footage import footage_cache, owner_of, piece_of
from inference.models import Sighting
from investigations import streaming
from investigations.models import Destruction, SearchRequest
from investigations.pictures import clip_url
from investigations.streaming import MOST_AT_ONCE, Part, Unsatisfiable, parse_range
from portal import middleware
from portal.accounts.models import User
from portal.checks import check_footage_cache
from tests.conftest import NOON
from tests.investigations.conftest import entries
from tests.investigations.destroying import expire
from tests.investigations.filming import addresses, ask, body, opened
from tests.streaming import stream

# ── Bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

LARGE = 10 * MOST_AT_ONCE


@pytest.mark.parametrize(
    ("header", "size", "part"),
    [
        ("", 100, None),
        ("bytes=0-49", 100, (0, 49)),
        ("bytes=50-", 100, (50, 99)),
        ("bytes=-30", 100, (70, 99)),
        ("bytes=-300", 100, (0, 99)),  # a longer end than there is file is the whole of it
        ("bytes=90-300", 100, (90, 99)),
        ("bytes=0-0", 100, (0, 0)),
        ("Bytes = 0-5", 100, (0, 5)),
        ("bytes=0-", LARGE, (0, MOST_AT_ONCE - 1)),  # less than was asked for is allowed (RFC 9110, 15.3.7)
        ("bytes=0-49,60-70", 100, None),  # several: the whole file is an answer
        ("pages=1-2", 100, None),  # another unit is left out of account
        ("rubbish", 100, None),
        ("bytes=100-", 100, "unsatisfiable"),
        ("bytes=200-300", 100, "unsatisfiable"),
        ("bytes=-0", 100, "unsatisfiable"),
        ("bytes=50-40", 100, "unsatisfiable"),
        ("bytes=a-b", 100, "unsatisfiable"),
        ("bytes=-", 100, "unsatisfiable"),
        ("bytes=1-2-3", 100, "unsatisfiable"),
        ("bytes=" + "9" * 40 + "-", 100, "unsatisfiable"),
        ("bytes=0-", 0, "unsatisfiable"),
    ],
)
def test_a_range_is_read_as_the_standard_says(header: str, size: int, part: Any) -> None:
    if part == "unsatisfiable":
        with pytest.raises(Unsatisfiable):
            parse_range(header, size)
    else:
        assert parse_range(header, size) == (part and Part(*part))


def test_the_file_itself_is_given_by_ranges(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, drawn: dict[str, bytes]
) -> None:
    client.force_login(operator)
    address, whole = opened(client, approved, recording)["video"], drawn["mp4"]
    full = client.get(address)
    assert (full.status_code, body(full), full["Accept-Ranges"]) == (200, whole, "bytes")
    part = client.get(address, headers={"Range": "bytes=100-299"})
    assert (part.status_code, body(part)) == (206, whole[100:300])
    assert part["Content-Range"] == f"bytes 100-299/{len(whole)}"
    assert (part["Content-Length"], part["Content-Type"]) == ("200", "video/mp4")
    end = client.get(address, headers={"Range": "bytes=-10"})
    assert body(end) == whole[-10:]
    beyond = client.get(address, headers={"Range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(whole)}")
    head = client.head(address, headers={"Range": "bytes=0-9"})
    assert (head.status_code, head["Content-Length"], body(head)) == (200, str(len(whole)), b"")
    same = client.get(address, headers={"Range": "bytes=0-9", "If-Range": full["ETag"]})
    assert same.status_code == 206
    changed = client.get(address, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (changed.status_code, body(changed)) == (200, whole)
    assert client.get(address, headers={"If-None-Match": full["ETag"]}).status_code == 304
    assert client.post(address).status_code == 405


def test_the_file_itself_goes_out_piece_by_piece(
    committing_db: None,
    client: Client,
    operator: User,
    approved: SearchRequest,
    recording: Recording,
    drawn: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "CHUNK_BYTES", 4096)
    monkeypatch.setattr(middleware, "PIECE_BYTES", 1)
    client.force_login(operator)
    address = opened(client, approved, recording)["video"]
    served = AsyncClient()
    served.force_login(operator)
    _response, pieces = stream(served, "get", address)
    assert b"".join(pieces) == drawn["mp4"]
    assert {len(piece) for piece in pieces[:-1]} == {4096}


@pytest.mark.parametrize("kind", ["mp4", "avi"])
def test_pieces_play_whatever_the_recorder_wrote(
    client: Client, operator: User, approved: SearchRequest, record_: Callable[..., Recording], kind: str
) -> None:
    client.force_login(operator)
    answer = opened(client, approved, record_(kind))
    assert answer["is_native"] == (kind == "mp4")
    for number in range(3):
        response = client.get(answer["segments"].replace("{n}", str(number)))
        assert (response.status_code, response["Content-Type"]) == (200, "video/mp4")
        assert b"moof" in response.content
    assert client.get(answer["segments"].replace("{n}", "3")).status_code == 404
    assert client.get(answer["segments"].replace("{n}", "99999999999999999999")).status_code == 404
    if kind == "avi":
        assert client.get(answer["segments"].replace("/segments/{n}.mp4", "/video.mp4")).status_code == 404
    encoded = client.get(answer["segments"].replace("{n}", "1") + "&encode=1")
    assert encoded.status_code == 200


def test_a_frame_is_kept_only_with_an_entry_in_the_trail(
    client: Client, operator: User, approved: SearchRequest, recording: Recording
) -> None:
    client.force_login(operator)
    address = opened(client, approved, recording)["frame"].replace("{at_s}", "2.5")
    assert client.get(address)["Content-Type"] == "image/jpeg"
    assert entries("snapshot.taken") == []
    response = client.get(address + "&save=1")
    assert 'filename="C1 2026-11-20 12-00-02.jpg"' in response["Content-Disposition"]
    (entry,) = entries("snapshot.taken")
    assert entry.details["at"] == "2026-11-20T03:00:02.500000+00:00"
    for wrong in ("-1", "13", "NaN", "inf", "x", ""):
        assert client.get(re.sub(r"at_s=[^&]*", f"at_s={wrong}", address)).status_code == 404


@pytest.mark.parametrize("content", [b"", b"no video at all", None])
def test_a_damaged_or_lost_file_is_said_in_words(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, content: bytes | None
) -> None:
    client.force_login(operator)
    answer = opened(client, approved, recording)
    path = Path(recording.file.path)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    for address in addresses(answer)[:3]:
        response = client.get(address)
        assert response.status_code == 404
        assert response.json()["detail"].startswith("This recording")
        assert str(path) not in response.json()["detail"]
    response = ask(client, request=approved.pk, recording=recording.pk)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("C1 2026-11-20")


# ── What is kept of it, and its end ─────────────────────────────────────────────────────────────────────────────────


def test_a_piece_is_made_once_and_kept(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    content = piece_of(recording, 1)
    Path(recording.file.path).unlink()
    assert piece_of(recording, 1) == content


def test_who_waits_for_an_encoder_too_long_is_asked_to_come_again_and_copies_wait_for_none(
    client: Client,
    operator: User,
    approved: SearchRequest,
    record_: Callable[..., Recording],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("inference.footage.TURN_WITHIN_S", 0.05)
    monkeypatch.setattr("inference.footage.MAKERS", BoundedSemaphore(1))
    client.force_login(operator)
    copied = opened(client, approved, record_("mp4"))["segments"].replace("{n}", "1")
    encoded = opened(client, approved, record_("avi", started_at=NOON + timedelta(hours=1)))["segments"]
    with footage_files.MAKERS:
        assert client.get(copied).status_code == 200
        busy = client.get(encoded.replace("{n}", "1"))
    assert (busy.status_code, busy["Retry-After"]) == (503, "2")
    assert busy.json()["detail"].startswith("Too much footage is being prepared")
    assert client.get(encoded.replace("{n}", "1")).status_code == 200


def test_on_a_full_disk_a_piece_is_served_without_being_kept(recording: Recording, settings: Any) -> None:
    settings.FOOTAGE_CACHE_DIR.parent.mkdir(exist_ok=True)
    settings.FOOTAGE_CACHE_DIR.write_bytes(b"no folder can be made here")
    assert b"moof" in piece_of(recording, 0)


def test_what_was_played_of_a_destroyed_recording_is_gone(
    camera: Camera, record_: Callable[..., Recording], settings: Any
) -> None:
    old = record_(started_at=timezone.now() - timedelta(days=40))
    new = record_(started_at=timezone.now() - timedelta(days=1))
    piece_of(old, 0)
    piece_of(new, 0)
    expire()
    assert not Recording.objects.filter(pk=old.pk).exists()
    assert [path.name for path in settings.FOOTAGE_CACHE_DIR.iterdir()] == [owner_of(new)]
    assert Destruction.objects.get().planned == {}


def test_a_piece_that_is_made_while_its_recording_is_destroyed_does_not_stay(
    recording: Recording, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = footage_cache().put

    def destroyed_meanwhile(*args: Any) -> bool:
        Recording.objects.all().delete()
        return cut(*args)

    monkeypatch.setattr("inference.core.disk_cache.DiskCache.put", lambda self, *args: destroyed_meanwhile(*args))
    assert b"moof" in piece_of(recording, 0)
    assert list(settings.FOOTAGE_CACHE_DIR.iterdir()) == []


def test_a_kept_piece_and_clip_come_at_once(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, tracked: Sighting
) -> None:
    client.force_login(operator)
    answer = opened(client, approved, recording)
    addresses_ = [answer["segments"].replace("{n}", "1"), clip_url(tracked.pk, operator)]
    for address in addresses_:
        assert body(client.get(address))
    seconds = []
    for _ in range(10):
        started = time.perf_counter()
        body(client.get(addresses_[1]))
        seconds.append(time.perf_counter() - started)
    print(f"kept clip: p50 {sorted(seconds)[5] * 1000:.1f} ms")
    assert sorted(seconds)[5] < 0.1


@pytest.mark.parametrize(
    ("changed", "id_"),
    [
        ({"FOOTAGE_CACHE_MB": -1}, "dongseon.E003"),
        ({"FOOTAGE_CACHE_DIR": "media"}, "dongseon.E004"),
        ({"FOOTAGE_CACHE_DIR": "media/pieces"}, "dongseon.E004"),
        ({"FOOTAGE_CACHE_DIR": "a-file"}, "dongseon.W003"),
        ({"FOOTAGE_CACHE_MB": 0}, None),
    ],
)
def test_a_wrong_place_for_pieces_is_said_at_start(
    settings: Any, tmp_path: Path, changed: dict[str, Any], id_: str | None
) -> None:
    (tmp_path / "a-file").write_bytes(b"")
    for name, value in changed.items():
        setattr(settings, name, tmp_path / value if isinstance(value, str) else value)
    assert [found.id for found in check_footage_cache()] == ([id_] if id_ else [])
