"""Evidence is cut out of a recording without a pixel changed, or it is not cut at all."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest

from inference.core.clips import Clip, cut_clip
from inference.core.errors import ClipError, VideoError
from inference.core.video import read_frames
from tests.core.drawing import moving_noise, write_video

# What a recorder may deliver: (file name, arguments of the encoder, suffix of the clip).
OPEN_GOP = {"x264-params": "open-gop=1:bframes=3:keyint=10:scenecut=0"}
QUIET_HEVC = {"x265-params": "log-level=error:keyint=10"}
KINDS = {
    "H.264 with B-frames and an edit list": ("a.mp4", {}, ".mp4"),
    "key frames that are shown late": ("b.mp4", {"options": OPEN_GOP}, ".mp4"),
    "H.265 with pictures before the key frame": ("c.mp4", {"codec": "libx265", "options": QUIET_HEVC}, ".mp4"),
    "a transport stream": ("d.ts", {}, ".mp4"),
    "H.265 in a transport stream": ("e.ts", {"codec": "libx265", "options": QUIET_HEVC}, ".mp4"),
    "Matroska without decoding times": ("f.mkv", {}, ".mp4"),
    "MPEG-4 in AVI": ("g.avi", {"codec": "mpeg4"}, ".mp4"),
    "AVI, whose packets do not say when they are shown": ("h.avi", {"codec": "mpeg4", "b_frames": 2}, ".mp4"),
    "H.264 in AVI, numbered out of order": ("i.avi", {"b_frames": 3}, ".mp4"),
    "a bare stream without any times": ("j.h264", {}, ".mp4"),
    "MJPEG": ("k.avi", {"codec": "mjpeg"}, ".mkv"),
    "VP8": ("l.mkv", {"codec": "libvpx"}, ".mkv"),
}


def pictures(path: Path) -> list[bytes]:
    return [hashlib.sha256(frame.image.tobytes()).digest() for frame in read_frames(path)]


def times(path: Path) -> list[float]:
    return [frame.time_s for frame in read_frames(path)]


@contextmanager
def no_file_larger_than(size_bytes: int) -> Iterator[None]:
    """The system refuses to write on, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Six seconds at ten frames a second, a key frame about each second."""
    return write_video(tmp_path / "recording.mp4", moving_noise(60))


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_is_bit_for_bit_that_of_the_recording(tmp_path: Path, kind: str) -> None:
    name, how, suffix = KINDS[kind]
    source = write_video(tmp_path / name, moving_noise(60), **how)  # type: ignore[arg-type]
    clip = cut_clip(source, tmp_path / "clip", start_s=1.45, end_s=2.2)
    original, cut = pictures(source), pictures(clip.path)
    first = original.index(cut[0])
    assert cut == original[first : first + clip.frames]
    assert len(cut) == clip.frames
    assert clip.first_s <= 1.45 < 2.1 <= clip.last_s < 3.2
    assert clip.path.suffix == suffix


@pytest.mark.parametrize("name", ["uneven.mkv", "uneven.mp4"])
def test_uneven_times_are_kept(tmp_path: Path, name: str) -> None:
    source = write_video(tmp_path / name, moving_noise(60), times_ms=lambda n: n * 100 + n % 3 * 30 + (n > 15) * 700)
    clip = cut_clip(source, tmp_path / "clip", start_s=1.2, end_s=3.5)
    original = [time_s for time_s in times(source) if clip.first_s <= time_s <= clip.last_s]
    assert times(clip.path) == pytest.approx([time_s - clip.first_s for time_s in original], abs=0.002)


def test_a_clip_begins_at_the_key_frame_and_says_so(recording: Path, tmp_path: Path) -> None:
    clip = cut_clip(recording, tmp_path / "clip.mp4", start_s=2.35, end_s=3.0)
    with av.open(str(recording)) as container:
        keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe and p.pts is not None]
    assert clip.first_s == pytest.approx(max(key for key in keys if key <= 2.35))
    assert clip.last_s == pytest.approx(2.9)
    assert clip.frames == round((clip.last_s - clip.first_s) * 10) + 1


def test_a_clip_describes_its_file(recording: Path, tmp_path: Path) -> None:
    clip = cut_clip(recording, tmp_path / "clip", start_s=1, end_s=2)
    data = clip.path.read_bytes()
    assert (clip.sha256, clip.size_bytes, clip.codec) == (hashlib.sha256(data).hexdigest(), len(data), "h264")
    assert data.index(b"moov") < data.index(b"mdat"), "players begin before all is there"
    assert clip.warnings == ()


def test_the_same_cut_gives_the_same_bytes(recording: Path, tmp_path: Path) -> None:
    one, two = (cut_clip(recording, tmp_path / name, start_s=1, end_s=2) for name in ("one", "two"))
    assert one.sha256 == two.sha256


def test_sound_and_what_the_file_says_of_itself_stay_behind(tmp_path: Path) -> None:
    told = {"title": "Room of Ms Hong", "comment": "36.48 127.28", "creation_time": "2026-11-20T03:00:00.000000Z"}
    source = write_video(tmp_path / "told.mp4", moving_noise(30), metadata=told, sound=True)
    clip = cut_clip(source, tmp_path / "clip", start_s=0, end_s=2)
    with av.open(str(clip.path)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        said = {key for key in container.metadata if key not in {"major_brand", "minor_version", "compatible_brands"}}
        assert said == {"creation_time"}
        assert container.metadata["creation_time"] == told["creation_time"]
    assert b"Hong" not in clip.path.read_bytes()


def test_more_than_there_is_may_be_asked_for_on_both_sides(recording: Path, tmp_path: Path) -> None:
    clip = cut_clip(recording, tmp_path / "clip", start_s=-5, end_s=600)
    assert pictures(clip.path) == pictures(recording)
    assert clip.warnings == ()


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_a_time_after_the_end_is_refused_with_the_end(tmp_path: Path, suffix: str) -> None:
    source = write_video(tmp_path / f"short{suffix}", moving_noise(20))
    with pytest.raises(VideoError, match=r"no frame in the asked-for time; it ends at 1\.9 s"):
        cut_clip(source, tmp_path / "clip", start_s=7, end_s=9)
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


@pytest.mark.parametrize("end_s", [2.0, 1.0, float("nan")])
def test_a_clip_that_ends_before_it_begins_is_refused(recording: Path, tmp_path: Path, end_s: float) -> None:
    with pytest.raises(ClipError, match="must end after it begins"):
        cut_clip(recording, tmp_path / "clip", start_s=2.0, end_s=end_s)


def test_a_vanished_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"gone\.mp4: there is no such file"):
        cut_clip(tmp_path / "gone.mp4", tmp_path / "clip", start_s=0, end_s=1)
    assert list(tmp_path.iterdir()) == []


def test_a_recording_without_key_frames_is_refused(recording: Path, tmp_path: Path) -> None:
    headless = tmp_path / "headless.flv"
    with av.open(str(recording)) as container, av.open(str(headless), "w") as output:
        copy = output.add_stream_from_template(container.streams.video[0], opaque=True)
        for packet in container.demux(video=0):
            if packet.size and not packet.is_keyframe:
                packet.stream = copy
                output.mux(packet)
    with pytest.raises(ClipError, match=r"headless\.flv has no key frame before 2\.0 s"):
        cut_clip(headless, tmp_path / "clip", start_s=1, end_s=2)


def test_a_recording_that_begins_amid_pictures_is_cut_from_its_first_key_frame(recording: Path, tmp_path: Path) -> None:
    amid = tmp_path / "amid.ts"
    with av.open(str(recording)) as container, av.open(str(amid), "w") as output:
        copy = output.add_stream_from_template(container.streams.video[0], opaque=True)
        for number, packet in enumerate(container.demux(video=0)):
            if packet.size and number >= 5:
                packet.stream = copy
                output.mux(packet)
    clip = cut_clip(amid, tmp_path / "clip", start_s=0, end_s=2)
    assert 0.2 < clip.first_s < 1
    assert pictures(clip.path) == pictures(amid)[: clip.frames]


@pytest.mark.parametrize("suffix", [".avi", ".ts", ".mp4"])
def test_damage_in_the_middle_is_copied_as_it_is(tmp_path: Path, suffix: str) -> None:
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    source = write_video(tmp_path / f"damaged{suffix}", moving_noise(60), codec=codec)
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = b"\x00" * 3000
    source.write_bytes(bytes(data))
    clip = cut_clip(source, tmp_path / "clip", start_s=0, end_s=6)
    assert 40 <= clip.frames <= 60
    assert pictures(clip.path)[:15] == pictures(source)[:15]
    assert pictures(clip.path)[-5:] == pictures(source)[-5:]


def test_a_recording_that_breaks_off_gives_what_there_is_and_a_warning(tmp_path: Path) -> None:
    whole = cut_clip(write_video(tmp_path / "a.mkv", moving_noise(60)), tmp_path / "whole", start_s=0, end_s=6)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole.path.read_bytes()[: whole.size_bytes // 2])
    clip = cut_clip(broken, tmp_path / "clip", start_s=1, end_s=6)
    assert 10 < clip.frames < 40
    assert f"breaks off at {clip.last_s:.1f} s of 6.0 s" in clip.warnings[0]


@pytest.mark.parametrize("limit", [2_000, 60_000])
def test_a_full_disk_leaves_nothing_half_written(recording: Path, tmp_path: Path, limit: int) -> None:
    assert recording.stat().st_size > 120_000
    with no_file_larger_than(limit), pytest.raises(ClipError, match="The clip cannot be written: File too large"):
        cut_clip(recording, tmp_path / "clip", start_s=0, end_s=6)
    assert [path.name for path in tmp_path.iterdir()] == [recording.name]


def test_a_full_disk_leaves_the_clip_that_was_there(recording: Path, tmp_path: Path) -> None:
    old = cut_clip(recording, tmp_path / "clip", start_s=0, end_s=1)
    with no_file_larger_than(60_000), pytest.raises(ClipError):
        cut_clip(recording, tmp_path / "clip", start_s=0, end_s=6)
    assert hashlib.sha256(old.path.read_bytes()).hexdigest() == old.sha256


def test_a_missing_folder_is_said(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="The clip cannot be written: No such file or directory"):
        cut_clip(recording, tmp_path / "no" / "clip", start_s=0, end_s=1)


def test_a_clip_of_a_clip_is_the_same_again(recording: Path, tmp_path: Path) -> None:
    clip: Clip = cut_clip(recording, tmp_path / "clip", start_s=2, end_s=5)
    again = cut_clip(clip.path, tmp_path / "again", start_s=0, end_s=60)
    assert pictures(again.path) == pictures(clip.path)
