from pathlib import Path

import av
import numpy as np
import pytest

from inference.core.errors import VideoError
from inference.core.video import ReadReport, frame_at, probe, read_frames
from tests.core.conftest import MakeVideo
from tests.core.drawing import moving_noise, write_video


def test_probe_reads_what_the_container_says(make_video: MakeVideo) -> None:
    info = probe(make_video(frames=30, fps=10))
    assert (info.width, info.height, info.fps, info.frame_count, info.codec) == (160, 128, 10.0, 30, "h264")
    assert info.duration_s == pytest.approx(3.0, abs=0.05)


def test_frames_are_numbered_from_one_and_timed_from_zero(make_video: MakeVideo) -> None:
    frames = list(read_frames(make_video(frames=12, fps=10)))
    assert [frame.index for frame in frames] == list(range(1, 13))
    assert [frame.time_s for frame in frames] == pytest.approx([i / 10 for i in range(12)])
    assert frames[0].image.shape == (128, 160, 3)
    assert frames[0].image.dtype == np.uint8


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (None, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (5, [1, 3, 5, 7, 9]),
        # 10/4 = 2.5 frames a slot: slots begin at 0, 0.25, 0.5, 0.75 s, their first frames are 1, 4, 6, 9.
        (4, [1, 4, 6, 9]),
        (50, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ],
)
def test_sampling_takes_the_first_frame_of_each_slot(
    make_video: MakeVideo, fps: float | None, expected: list[int]
) -> None:
    assert [frame.index for frame in read_frames(make_video(frames=10, fps=10), fps=fps)] == expected


def test_reading_can_start_and_end_inside(make_video: MakeVideo) -> None:
    frames = list(read_frames(make_video(frames=50, fps=10), start_s=1.5, end_s=2.0))
    assert [frame.index for frame in frames] == [16, 17, 18, 19, 20]
    assert frames[0].time_s == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("name", "codec"),
    # Containers that land behind the key frame sought, that have no index, no times, or number packets out of order.
    [("a.ts", "libx264"), ("a.ts", "libx265"), ("a.h264", "libx264"), ("a.avi", "mpeg4"), ("uneven.mkv", "libx264")],
)
@pytest.mark.parametrize("start_s", [0.5, 2.0, 3.75])
def test_a_start_inside_gives_the_same_frames_as_reading_all(
    tmp_path: Path, name: str, codec: str, start_s: float
) -> None:
    uneven = name.startswith("uneven")
    path = write_video(
        tmp_path / name,
        moving_noise(40),
        codec=codec,
        options={"x265-params": "log-level=error:keyint=10"} if codec == "libx265" else {},
        b_frames=2 if codec == "mpeg4" else None,
        times_ms=lambda number: number * 100 + (number % 3 * 30 + (number > 15) * 500 if uneven else 0),
    )
    wanted = [frame for frame in read_frames(path) if frame.time_s >= start_s - 1e-6]
    found = list(read_frames(path, start_s=start_s)) if wanted else []
    assert [frame.time_s for frame in found] == pytest.approx([frame.time_s for frame in wanted])
    assert all(np.array_equal(one.image, other.image) for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize(("time_s", "nearest"), [(0.0, 1), (1.04, 11), (1.06, 12), (2.9, 30), (3.3, 30), (-2, 1)])
def test_one_frame_is_the_one_nearest_to_its_time(make_video: MakeVideo, time_s: float, nearest: int) -> None:
    path = make_video(frames=30, fps=10)
    assert np.array_equal(frame_at(path, time_s).image, list(read_frames(path))[nearest - 1].image)


def test_a_frame_after_the_end_is_refused(make_video: MakeVideo) -> None:
    with pytest.raises(VideoError, match=r"ends at 2\.9 s"):
        frame_at(make_video(frames=30, fps=10), 4.5)


def test_a_crop_is_cut_from_every_frame(make_video: MakeVideo) -> None:
    path = make_video(frames=3)
    whole, cut = next(read_frames(path)), next(read_frames(path, crop=(10, 20, 90, 100)))
    assert np.array_equal(cut.image, whole.image[20:100, 10:90])


def test_a_crop_outside_the_frame_is_refused(make_video: MakeVideo) -> None:
    with pytest.raises(VideoError, match="does not lie inside"):
        next(read_frames(make_video(frames=3), crop=(0, 0, 500, 100)))


def test_a_truncated_mp4_is_refused(make_video: MakeVideo) -> None:
    path = make_video(frames=30)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(VideoError, match=r"clip\.mp4 is not a readable recording"):
        next(read_frames(path))


def test_an_mp4_that_breaks_off_gives_what_there_is_and_a_warning(make_video: MakeVideo) -> None:
    path = make_video(frames=60, fps=10, options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    report = ReadReport()
    frames = list(read_frames(path, report=report))
    assert 10 < len(frames) < 50
    assert report.breaks_off
    assert "breaks off at" in report.warnings[0]


def test_damage_in_the_middle_costs_only_some_frames(make_video: MakeVideo) -> None:
    path = make_video("clip.avi", frames=60)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = b"\x00" * 3000
    path.write_bytes(bytes(data))
    frames = list(read_frames(path))
    assert 40 <= len(frames) <= 60


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.mp4", b"this is a text file, not a film\n" * 50, "not a readable recording"),
        ("empty.mp4", b"", "is empty"),
        # A play list must not make the program open other files or addresses.
        ("list.mp4", b"#EXTM3U\n#EXTINF:10,\nother.ts\n#EXT-X-ENDLIST\n", "not a readable recording"),
        ("concat.mp4", b"ffconcat version 1.0\nfile other.mp4\n", "not a readable recording"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VideoError, match=message):
        probe(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"gone\.mp4: there is no such file"):
        probe(tmp_path / "gone.mp4")


def test_sound_without_pictures_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(VideoError, match="holds no video stream"):
        probe(path)


@pytest.mark.footage
def test_the_demo_clip_has_795_frames_at_10_a_second(vtest: Path) -> None:
    info = probe(vtest)
    assert (info.width, info.height, info.fps, info.frame_count) == (768, 576, 10.0, 795)
    assert len(list(read_frames(vtest, fps=5))) == 398
