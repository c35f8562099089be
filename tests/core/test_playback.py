"""What browsers play: pieces whose times are those of the recording, made quickly from wherever somebody seeks to."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import av
import numpy as np
import pytest

from inference.core.detections import Box
from inference.core.disk_cache import DiskCache
from inference.core.errors import CoreError, VideoError
from inference.core.playback import Piece, cut_piece, examine
from inference.core.previews import make_preview, region
from inference.core.trajectory import Trajectory
from inference.core.video import frame_on_show
from tests.core.drawing import moving_noise, street, write_video

OPEN_GOP = {"x264-params": "open-gop=1:bframes=3:keyint=10:scenecut=0"}
QUIET_HEVC = {"x265-params": "log-level=error:keyint=10"}
LEANING = "groups of pictures that lean on each other"
# Name: file, arguments of the encoder, whether a browser plays the file itself, whether pieces are copies.
KINDS: dict[str, tuple[str, dict[str, Any], bool, bool]] = {
    "H.264 with B-frames and an edit list": ("a.mp4", {}, True, True),
    "H.264 with sound": ("s.mp4", {"sound": True}, True, True),
    LEANING: ("b.mp4", {"options": OPEN_GOP}, True, True),
    "H.264 in QuickTime's container": ("q.mov", {}, True, True),
    "an index in front": ("f.mp4", {"container_options": {"movflags": "faststart"}}, True, True),
    "fragments without an index": (
        "g.mp4",
        {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
        False,
        True,
    ),
    "H.265": ("c.mp4", {"codec": "libx265", "options": QUIET_HEVC}, False, False),
    "MPEG-4 in MP4": ("m.mp4", {"codec": "mpeg4"}, False, False),
    "colours in full": ("r.mp4", {"codec": "libx264rgb"}, False, False),
    "a transport stream": ("d.ts", {}, False, True),
    "Matroska without decoding times": ("e.mkv", {}, False, True),
    "MPEG-4 in AVI": ("h.avi", {"codec": "mpeg4", "b_frames": 2}, False, False),
    "H.264 in AVI, numbered out of order": ("i.avi", {"b_frames": 3}, False, True),
    "MJPEG": ("k.avi", {"codec": "mjpeg"}, False, False),
}


def shown(piece: Piece) -> list[tuple[float, float]]:
    """When each picture of a piece appears and disappears, as its own boxes say; every picture can be decoded."""
    with av.open(BytesIO(piece.content), "r") as container:
        decoded = sum(1 for _ in container.decode(video=0))
    times = sample_times(piece.content)
    assert decoded == len(times)
    return sorted(times)


def sample_times(content: bytes) -> list[tuple[float, float]]:
    """Read the one fragment of a piece as a browser does: decoding times added up, and each picture's offset."""
    assert content.count(b"moof") == 1
    at = content.index(b"tfhd")
    flags = int.from_bytes(content[at + 5 : at + 8], "big")
    place = at + 12 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
    usual = int.from_bytes(content[place : place + 4], "big") if flags & 8 else 0
    at = content.index(b"tfdt")
    clock = int.from_bytes(content[at + 8 : at + 16], "big")
    at = content.index(b"trun")
    flags, count = int.from_bytes(content[at + 5 : at + 8], "big"), int.from_bytes(content[at + 8 : at + 12], "big")
    place = at + 12 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    times = []
    for _ in range(count):
        row = {}
        for bit in (0x100, 0x200, 0x400, 0x800):  # duration, size, flags, offset
            if flags & bit:
                row[bit] = int.from_bytes(content[place : place + 4], "big", signed=bit == 0x800)
                place += 4
        lasts, begins = row.get(0x100, usual), clock + row.get(0x800, 0)
        times.append((begins / 90_000, (begins + lasts) / 90_000))
        clock += lasts
    return times


@pytest.mark.parametrize("kind", KINDS)
def test_how_a_recording_plays_follows_from_container_and_codec(tmp_path: Path, kind: str) -> None:
    name, how, is_native, is_copied = KINDS[kind]
    playable = examine(write_video(tmp_path / name, moving_noise(20), **how))
    assert (playable.is_native, playable.is_copied) == (is_native, is_copied)
    assert playable.mime.startswith('video/mp4; codecs="avc1.')


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_piece_shows_its_four_seconds_without_a_gap(tmp_path: Path, kind: str, number: int) -> None:
    name, how, _is_native, is_copied = KINDS[kind]
    source = write_video(tmp_path / name, moving_noise(110), **how)
    piece = cut_piece(source, number)
    times = shown(piece)
    starts_s, ends_s = number * 4.0, min(number * 4.0 + 4.0, 11.0)
    # What AVI numbers out of order begins a moment late; before the first picture there is nothing to show.
    assert times[0][0] <= starts_s + (0.15 if number == 0 else 1e-4)
    assert max(until_s for _begins_s, until_s in times) >= ends_s - 0.25
    assert all(later[0] - earlier[1] < 0.15 for earlier, later in pairwise(times))
    assert piece.is_copied == (is_copied and kind != LEANING)
    assert content_has_no_sound(piece.content)


def content_has_no_sound(content: bytes) -> bool:
    with av.open(BytesIO(content), "r") as container:
        return [stream.type for stream in container.streams] == ["video"]


@pytest.mark.parametrize("is_encoded", [False, True])
def test_each_picture_keeps_the_second_at_which_it_was_recorded(tmp_path: Path, *, is_encoded: bool) -> None:
    """Uneven times and a pause of two seconds: what is on show at a moment is the recording's own picture."""
    source = write_video(
        tmp_path / "uneven.mp4", moving_noise(80), times_ms=lambda n: n * 100 + n % 3 * 30 + (n > 50) * 2000
    )
    piece = cut_piece(source, 1, is_encoded=is_encoded)
    with av.open(BytesIO(piece.content), "r") as container:
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    spans = sorted(sample_times(piece.content))
    for moment_s in (4.01, 4.5, 5.02, 6.5, 7.5, 7.95):
        row = max(number for number, (begins_s, _until_s) in enumerate(spans) if begins_s <= moment_s + 1e-4)
        assert spans[row][1] >= moment_s - 0.05
        wanted = frame_on_show(source, moment_s).image
        assert np.abs(pictures[row].astype(int) - wanted).mean() < (18 if is_encoded else 0.5)


def test_neighbours_share_whole_groups_of_pictures_only(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.mp4", moving_noise(120), times_ms=lambda n: n * 130)
    first, second = (sorted(sample_times(cut_piece(source, number).content)) for number in (0, 1))
    repeated = [begins_s for begins_s, _until_s in second if begins_s < first[-1][1] - 1e-4]
    assert repeated == pytest.approx([begins_s for begins_s, _until_s in first][-len(repeated) :] if repeated else [])
    assert second[0][0] <= 4.0


def test_where_key_frames_lie_far_apart_the_pictures_are_encoded(tmp_path: Path) -> None:
    options = {"x264-params": "keyint=1000:scenecut=0"}
    images = [street()[:96, :128]] * 300
    source = tmp_path / "one.mp4"
    with av.open(str(source), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.gop_size = 1000
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    assert examine(source).is_copied
    piece = cut_piece(source, 5)
    assert not piece.is_copied
    assert (piece.first_s, piece.until_s) == (20.0, 24.0)


def test_wide_pictures_are_made_smaller_with_even_edges(tmp_path: Path) -> None:
    image = np.full((601, 1999, 3), 90, np.uint8)
    source = write_video(tmp_path / "wide.avi", [image[:600, :1998]] * 5, codec="mpeg4")
    with av.open(BytesIO(cut_piece(source, 0).content), "r") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (1280, 384)


def test_the_frame_on_show_is_the_one_that_began_last(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.mp4", moving_noise(20))
    assert frame_on_show(source, 0.99).time_s == pytest.approx(0.9)
    assert frame_on_show(source, 1.0).time_s == pytest.approx(1.0)
    assert frame_on_show(source, 0.0).time_s == 0.0


def test_beyond_the_end_there_is_nothing(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.mp4", moving_noise(30))
    for is_encoded in (False, True):
        with pytest.raises(VideoError, match="no frame in the asked-for time"):
            cut_piece(source, 3, is_encoded=is_encoded)
    with pytest.raises(VideoError, match="no frame in the asked-for time"):
        frame_on_show(source, 30.0)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """One kind of damage: cut off, bytes changed, a part zeroed, a part lost, or two files mixed up."""
    at, length = rng.randrange(len(content)), rng.randrange(1, len(content) // 3)
    kind = rng.randrange(5)
    if kind == 0:
        return content[:at]
    if kind == 1:
        changed = bytearray(content)
        for _ in range(rng.randrange(1, 200)):
            changed[rng.randrange(len(content))] = rng.randrange(256)
        return bytes(changed)
    if kind == 2:
        return content[:at] + bytes(length) + content[at + length :]
    if kind == 3:
        return content[:at] + content[at + length :]
    return content[:at] + content[length:at] + content[at:]


@pytest.mark.timeout(60)
def test_a_hundred_damaged_recordings_are_played_or_refused_in_words(tmp_path: Path) -> None:
    names = ["a.mp4", "d.ts", "e.mkv", "h.avi", "f.mp4"]
    how = {name: values for name, values, _is_native, _is_copied in KINDS.values()}
    whole = [(name, write_video(tmp_path / name, moving_noise(60), **how[name]).read_bytes()) for name in names]
    started, refused = time.process_time(), 0  # of this process alone: others may be at work on the machine
    for seed in range(100):
        rng = random.Random(seed)  # the same damage each time
        name, content = whole[seed % len(whole)]
        path = tmp_path / f"{seed}-{name}"
        path.write_bytes(damaged(content, rng))
        for act in (
            lambda path=path: examine(path),
            lambda path=path, seed=seed: cut_piece(path, seed % 3, is_encoded=seed % 5 == 0),
            lambda path=path: frame_on_show(path, 2.5),
            lambda path=path: make_preview(path, 3.0, Box(20, 30, 60, 80)),
        ):
            with suppress(CoreError):
                act()
                continue
            with pytest.raises(CoreError, match=r"^[^/]+[.]$"):  # the same again, in words, without a path
                act()
            refused += 1
    assert refused > 10
    assert time.process_time() - started < 15


# ── An hour ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """An hour of 1080p at five frames a second: twelve drawn seconds, whose packets are copied 300 times."""
    folder = tmp_path_factory.mktemp("hour")

    def make(codec: str) -> Path:
        path = folder / f"{codec}.mp4"
        if not path.exists():
            loop_to_an_hour(path, codec)
        return path

    return make


def loop_to_an_hour(path: Path, codec: str) -> None:
    drawn = path.with_name(f"short-{path.name}")
    with av.open(str(drawn), "w") as container:
        stream: Any = container.add_stream(codec, rate=5, options={"preset": "ultrafast"} if codec == "libx264" else {})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.codec_context.gop_size = 10
        ground = np.repeat(street(270, 480).repeat(4, axis=0), 4, axis=1)
        for number in range(60):
            image = ground.copy()
            image[400:800, 20 * number : 20 * number + 160] = (40, 40, 200)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    with av.open(str(drawn), "r") as source, av.open(str(path), "w") as target:
        copy = target.add_stream_from_template(source.streams.video[0], opaque=True)
        packets = [
            (bytes(packet), packet.pts, packet.dts, packet.is_keyframe)
            for packet in source.demux(video=0)
            if packet.size
        ]
        tick = source.streams.video[0].time_base or Fraction(1)
        lasts = round(12 / tick)
        for turn in range(300):
            for content, pts, dts, is_key in packets:
                packet: Any = av.Packet(content)
                packet.stream, packet.time_base, packet.is_keyframe = copy, tick, is_key
                packet.pts, packet.dts, packet.duration = (
                    (pts or 0) + turn * lasts,
                    (dts or 0) + turn * lasts,
                    round(0.2 / tick),
                )
                target.mux_one(packet)


def first_pictures(path: Path, numbers: list[int], **how: Any) -> list[float]:
    """Seconds of work from the question to the first decoded picture, for each piece."""
    seconds = []
    for number in numbers:
        started = time.process_time()
        piece = cut_piece(path, number, **how)
        with av.open(BytesIO(piece.content), "r") as container:
            next(container.decode(video=0))
        seconds.append(time.process_time() - started)
    return sorted(seconds)


@pytest.mark.parametrize(("codec", "bar_s"), [("libx264", 1.0), ("mpeg4", 1.5)])
def test_any_second_of_an_hour_shows_at_once(hour: Callable[[str], Path], codec: str, bar_s: float) -> None:
    path = hour(codec)
    numbers = random.Random(5).sample(range(900), 10)  # the same places each time
    seconds = first_pictures(path, numbers)
    print(f"{codec}: first picture p50 {seconds[5] * 1000:.0f} ms, p95 {seconds[-1] * 1000:.0f} ms")
    assert examine(path).is_copied == (codec == "libx264")
    assert seconds[5] < bar_s


# ── Previews ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_preview_shows_the_surroundings_of_the_track_small_and_muted(tmp_path: Path) -> None:
    images = []
    for number in range(80):
        image = np.full((480, 1600, 3), 60, np.uint8)
        image[100:200, 10 * number : 10 * number + 50] = (40, 40, 220)
        images.append(image)
    source = write_video(tmp_path / "a.mp4", images, sound=True)
    track = Trajectory.of((number / 10, Box(10 * number, 100, 10 * number + 50, 200)) for number in range(80))
    content = make_preview(source, 4.0, Box(400, 100, 450, 200), track)
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(BytesIO(content), "r") as container:
        assert [stream.type for stream in container.streams] == ["video"]
        pictures = [(frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
        assert container.streams.video[0].width <= 480
        assert float((container.duration or 0) / av.time_base) <= 6
    # Two seconds before the best moment to three after: the whole way of the target is in it, from left to right.
    red = [np.nonzero((image[..., 2] > 150) & (image[..., 0] < 120))[1] for _time, image in pictures]
    assert all(len(columns) for columns in red)
    assert red[0].mean() < red[-1].mean()


@pytest.mark.parametrize(
    "box", [Box(0, 0, 4, 4), Box(-20, -20, 700, 700), Box(630, 470, 640, 480), Box(900, 900, 950, 990)]
)
def test_the_region_of_a_preview_lies_within_the_frame(box: Box) -> None:
    x1, y1, x2, y2 = region([box], 641, 481)
    assert 0 <= x1 < x2 <= 640
    assert 0 <= y1 < y2 <= 480
    assert not any(edge % 2 for edge in (x1, y1, x2, y2))


# ── What is kept ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def kept(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path / "kept", 10_000)


def test_what_was_used_least_recently_goes_first(kept: DiskCache) -> None:
    for number in range(40):
        kept.put("a", f"{number}", bytes(400))
        path = kept.folder / "a" / f"{number}"
        if path.exists():
            os.utime(path, (number, number))
        kept.get("a", "0")
    assert kept.get("a", "0") is not None
    assert kept.get("a", "1") is None
    assert kept.get("a", "39") is not None
    assert sum(path.stat().st_size for path in kept.folder.rglob("*") if path.is_file()) <= 10_500


def test_an_owner_goes_with_all_that_was_kept(kept: DiskCache) -> None:
    kept.put("a", "1", b"x")
    kept.put("b", "1", b"y")
    kept.forget("a")
    kept.forget("a")
    assert (kept.get("a", "1"), kept.get("b", "1")) == (None, b"y")


def test_a_full_disk_or_a_lost_folder_only_means_that_nothing_is_kept(kept: DiskCache, tmp_path: Path) -> None:
    kept.folder.write_bytes(b"a file where the folder should be")
    assert kept.put("a", "1", b"x") is False
    assert kept.get("a", "1") is None
    assert DiskCache(tmp_path / "none", 0).put("a", "1", b"x") is False
    kept.trim()


def test_two_who_keep_the_same_leave_it_whole(kept: DiskCache) -> None:
    contents = [bytes([number]) * 300 for number in range(8)]
    threads = [
        Thread(target=lambda content=content: [kept.put("a", "1", content) for _ in range(20)]) for content in contents
    ]
    for thread in threads:
        thread.start()
    seen = {kept.get("a", "1") for _ in range(200)}
    for thread in threads:
        thread.join()
    assert seen <= {None, *contents}
    assert kept.get("a", "1") in contents
    assert [path.name for path in (kept.folder / "a").iterdir()] == ["1"]


def test_rotated_recordings_are_shown_as_they_are_analysed(tmp_path: Path) -> None:
    """A note to turn the picture is followed by neither: boxes would lie beside what they mean."""
    source = tmp_path / "turned.mp4"
    with av.open(str(source), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.set_display_rotation(90)
        for image in moving_noise(30, height=96, width=160):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    assert not examine(source).is_native
    with av.open(BytesIO(cut_piece(source, 0).content), "r") as container:
        frame = next(iter(container.decode(video=0)))
    assert frame.rotation == 0
    assert frame_on_show(source, 0.0).image.shape[:2] == (frame.height, frame.width)
