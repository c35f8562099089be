"""Nobody but the target can be recognised, and what was there cannot be had back from the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.crowd import MaskConfig, others_in
from inference.core.detections import Box
from inference.core.detector import Detector
from inference.core.errors import ClipError, VideoError
from inference.core.masking import mask_clip, mask_image
from inference.core.mosaic import pixelate
from inference.core.trajectory import Trajectory
from inference.core.video import frame_at, read_frames
from tests.core.drawing import BLUE, RED, ColourDetector, Image, draw_figure, street, write_video
from tests.core.test_clips import no_file_larger_than

SECONDS = 3.0
FRAMES = 30
# What H.264 adds to a block of one colour, in grey levels.
CODEC_NOISE = 4.0


def red_at(time_s: float) -> Box:
    """The target walks to the right."""
    left = 20 + round(time_s * 20)
    return Box(left, 60, left + 40, 156)


def blue_at(time_s: float) -> Box:
    """A bystander stands at the other side, and is met by the target in the film of `meeting`."""
    return Box(220, 60, 260, 156)


RED_TRACK = Trajectory.of((number / 5, red_at(number / 5)) for number in range(16))
BLUE_TRACK = Trajectory.of((number / 5, blue_at(number / 5)) for number in range(16))


def scene(time_s: float) -> Image:
    image = street()
    draw_figure(image, blue_at(time_s), BLUE)
    draw_figure(image, red_at(time_s), RED)
    return image


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = [scene(number / 10) for number in range(FRAMES)]
    folder = tmp_path_factory.mktemp("film")
    told = {"title": "Room of Ms Hong", "creation_time": "2026-11-20T03:00:00.000000Z"}
    return write_video(folder / "film.mp4", images, options={"crf": "12"}, metadata=told, sound=True)


def detail(image: Image, box: Box) -> float:
    """The greatest spread of grey levels within a square of 8 px of the grid, over the box."""
    grey = image.astype(np.float64).mean(axis=2)
    x1, y1, x2, y2 = (int(edge) // 8 * 8 for edge in box)
    squares = [grey[y : y + 8, x : x + 8] for y in range(y1, y2 + 1, 8) for x in range(x1, x2 + 1, 8)]
    return max(round(float(square.std()), 9) for square in squares if square.size)


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    error = float(np.mean((one.astype(float) - other.astype(float)) ** 2))
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def part(image: Image, box: Box) -> Image:
    x1, y1, x2, y2 = (round(edge) for edge in box)
    return image[y1:y2, x1:x2]


def test_the_film_of_these_tests_shows_both_figures(film: Path) -> None:
    """Else the tests below would find masks where nothing was."""
    for frame in read_frames(film):
        assert detail(frame.image, blue_at(frame.time_s)) > 5 * CODEC_NOISE
        assert detail(frame.image, red_at(frame.time_s)) > 5 * CODEC_NOISE


def test_everybody_but_the_target_is_one_colour_a_block(film: Path, tmp_path: Path) -> None:
    clip = mask_clip(film, tmp_path / "clip", start_s=0, end_s=SECONDS, spared=[RED_TRACK], detector=ColourDetector())
    originals = list(read_frames(film))
    masked = list(read_frames(clip.path))
    assert len(masked) == FRAMES == clip.frames
    for before, after in zip(originals, masked, strict=True):
        assert detail(after.image, blue_at(before.time_s)) < CODEC_NOISE
        assert psnr(part(after.image, red_at(before.time_s)), part(before.image, red_at(before.time_s))) > 30
        corner = Box(0, 0, 320, 40)
        assert psnr(part(after.image, corner), part(before.image, corner)) > 30


def test_without_a_target_nobody_is_recognisable(film: Path, tmp_path: Path) -> None:
    clip = mask_clip(film, tmp_path / "clip", start_s=0, end_s=SECONDS, detector=ColourDetector())
    for frame in read_frames(clip.path):
        assert detail(frame.image, red_at(frame.time_s)) < CODEC_NOISE
        assert detail(frame.image, blue_at(frame.time_s)) < CODEC_NOISE


def test_the_target_is_masked_where_its_track_does_not_say_that_it_is_the_target(film: Path, tmp_path: Path) -> None:
    early = Trajectory.of((time_s, red_at(time_s)) for time_s in (0.0, 0.2, 0.4))
    clip = mask_clip(film, tmp_path / "clip", start_s=0, end_s=SECONDS, spared=[early], detector=ColourDetector())
    shown = {round(f.time_s, 1): detail(f.image, red_at(f.time_s)) > CODEC_NOISE for f in read_frames(clip.path)}
    assert all(shown[time_s] for time_s in (0.0, 0.2, 0.4))
    assert not any(is_shown for time_s, is_shown in shown.items() if time_s > 0.75)


def test_whoever_the_detector_misses_is_masked_by_the_stored_track(film: Path, tmp_path: Path) -> None:
    blind = ColourDetector(blind=["blue"])
    clip = mask_clip(
        film, tmp_path / "clip", start_s=0, end_s=SECONDS, spared=[RED_TRACK], masked=[BLUE_TRACK], detector=blind
    )
    assert max(detail(frame.image, blue_at(frame.time_s)) for frame in read_frames(clip.path)) < CODEC_NOISE


def test_a_detector_that_sees_somebody_only_now_and_then_is_enough(film: Path, tmp_path: Path) -> None:
    fitful = ColourDetector(misses_every=2, score=0.15)
    clip = mask_clip(film, tmp_path / "clip", start_s=0, end_s=SECONDS, spared=[RED_TRACK], detector=fitful)
    assert max(detail(frame.image, blue_at(frame.time_s)) for frame in read_frames(clip.path)) < CODEC_NOISE


def test_somebody_hidden_at_the_edges_of_a_clip_is_known_from_around_it(film: Path, tmp_path: Path) -> None:
    class SeesAtFirstOnly(ColourDetector):
        def _one(self, image: NDArray[np.int_]):  # type: ignore[no-untyped-def]
            self._blind = () if self.looks < 5 else ("blue",)
            return super()._one(image)

    clip = mask_clip(film, tmp_path / "clip", start_s=0.6, end_s=0.9, spared=[RED_TRACK], detector=SeesAtFirstOnly())
    for frame in read_frames(clip.path):
        assert detail(frame.image, blue_at(frame.time_s)) < CODEC_NOISE


def test_where_somebody_overlaps_the_target_only_the_targets_box_is_shown(tmp_path: Path) -> None:
    behind, target = Box(120, 50, 176, 150), Box(150, 70, 190, 166)
    image = street()
    draw_figure(image, behind, BLUE)
    draw_figure(image, target, RED)
    source = write_video(tmp_path / "meeting.mp4", [image] * 10, options={"crf": "12"})
    track = Trajectory.of([(0.0, target), (0.9, target)])
    clip = mask_clip(source, tmp_path / "clip", start_s=0, end_s=1, spared=[track], detector=ColourDetector())
    for frame in read_frames(clip.path):
        assert detail(frame.image, Box(120, 50, 140, 150)) < CODEC_NOISE
        assert psnr(part(frame.image, target), part(image, target)) > 27


def test_somebody_close_to_the_target_is_not_taken_for_it() -> None:
    target, companion = Box(100, 50, 140, 150), Box(112, 50, 152, 150)  # IoU 0.54
    image = street()
    draw_figure(image, companion, BLUE)
    draw_figure(image, target, RED)
    # The companion is seen over its whole width, the target a little off its track.
    seen = FixedDetector([Box(101, 51, 139, 149), companion, Box(105, 55, 135, 90)])
    assert others_in(image, seen, [target]) == [companion]


def test_nothing_of_the_original_comes_along_in_the_file(film: Path, tmp_path: Path) -> None:
    clip = mask_clip(film, tmp_path / "clip", start_s=0, end_s=SECONDS, detector=ColourDetector())
    with av.open(str(clip.path)) as container:
        assert [(stream.type, stream.codec_context.name) for stream in container.streams] == [("video", "h264")]
        assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert all(not list(packet.iter_sidedata()) for packet in packets)
    with av.open(str(clip.path)) as container:
        frames: Any = container.decode(video=0)
        side_data = [data for frame in frames for data in frame.side_data]
    # The only words in the stream are the encoder's own, about its settings.
    assert all(data.type.name == "SEI_UNREGISTERED" and bytes(data)[16:20] == b"x264" for data in side_data)
    data = clip.path.read_bytes()
    assert b"Hong" not in data
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_clip_keeps_the_times_of_its_part(tmp_path: Path) -> None:
    images = [scene(number / 10) for number in range(20)]
    source = write_video(tmp_path / "uneven.ts", images, times_ms=lambda n: n * 100 + n % 3 * 20 + (n > 10) * 500)
    clip = mask_clip(source, tmp_path / "clip", start_s=0.5, end_s=2.0, detector=ColourDetector())
    original = [frame.time_s for frame in read_frames(source) if 0.5 <= frame.time_s < 2.0]
    assert (clip.first_s, clip.last_s, clip.frames) == (original[0], original[-1], len(original))
    cut = [frame.time_s for frame in read_frames(clip.path)]
    assert cut == pytest.approx([time_s - original[0] for time_s in original], abs=1e-3)


def test_an_odd_size_is_made_even(tmp_path: Path) -> None:
    image = street()[:101, :161]
    source = write_video(tmp_path / "odd.mkv", [image] * 5, codec="libx264rgb")
    clip = mask_clip(source, tmp_path / "clip", start_s=0, end_s=1, detector=ColourDetector())
    assert next(read_frames(clip.path)).image.shape == (102, 162, 3)


def test_progress_rises_to_one(film: Path, tmp_path: Path) -> None:
    told: list[tuple[float, int]] = []
    mask_clip(
        film,
        tmp_path / "clip",
        start_s=0,
        end_s=SECONDS,
        detector=ColourDetector(),
        on_progress=lambda share, frames: told.append((share, frames)),
    )
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert told[-1] == (1.0, FRAMES)


def test_the_detector_looks_as_often_as_it_is_told(film: Path, tmp_path: Path) -> None:
    detector = ColourDetector()
    config = MaskConfig(detect_fps=5, frames_ahead=0)
    mask_clip(film, tmp_path / "clip", start_s=0, end_s=SECONDS, detector=detector, config=config)
    assert detector.looks == 15


def test_what_stops_the_work_leaves_nothing(film: Path, tmp_path: Path) -> None:
    class CancelledError(Exception):
        pass

    def stop(share: float, frames: int) -> None:
        if frames == 10:
            raise CancelledError

    with pytest.raises(CancelledError):
        mask_clip(film, tmp_path / "clip", start_s=0, end_s=3, detector=ColourDetector(), on_progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(film: Path, tmp_path: Path) -> None:
    with no_file_larger_than(20_000), pytest.raises(ClipError, match="The clip cannot be written: File too large"):
        mask_clip(film, tmp_path / "clip", start_s=0, end_s=3, detector=ColourDetector())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("start_s", "end_s", "error", "message"),
    [
        (2, 1, ClipError, "must end after it begins"),
        (50, 60, VideoError, r"no frame in the asked-for time; it ends at 2\.9 s"),
    ],
)
def test_times_that_make_no_clip_are_refused(
    film: Path, tmp_path: Path, start_s: float, end_s: float, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        mask_clip(film, tmp_path / "clip", start_s=start_s, end_s=end_s, detector=ColourDetector())
    assert list(tmp_path.iterdir()) == []


def test_a_vanished_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"gone\.mp4: there is no such file"):
        mask_clip(tmp_path / "gone.mp4", tmp_path / "clip", start_s=0, end_s=1, detector=ColourDetector())


# ── Stills ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_still_is_masked_and_the_target_framed(film: Path) -> None:
    image = frame_at(film, 1.0).image
    target = red_at(1.0)
    others = others_in(image, ColourDetector(), [target])
    masked = mask_image(image, spared_boxes=[target], masked_boxes=others, outline_colour=(0, 255, 255))
    assert detail(masked, blue_at(1.0)) == 0
    assert np.array_equal(part(masked, target), part(image, target))
    assert (masked == (0, 255, 255)).all(axis=2).sum() > 2 * (40 + 96)
    plain = mask_image(image, spared_boxes=[target], masked_boxes=others)
    assert not (plain == (0, 255, 255)).all(axis=2).any()


def test_a_still_is_never_changed_in_place() -> None:
    image = street()
    before = image.copy()
    mask_image(image, spared_boxes=[Box(0, 0, 20, 40)], masked_boxes=[Box(50, 50, 90, 150)], outline_colour=(0, 0, 0))
    assert np.array_equal(image, before)


@pytest.mark.parametrize(
    ("width", "block_px"),
    # At most six blocks from side to side, at least three where the smallest block allows it.
    [(10, 8), (47, 8), (49, 16), (96, 16), (97, 32), (400, 128)],
)
def test_a_body_has_three_to_six_blocks_across(width: int, block_px: int) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (512, 1024, 3), np.uint8)
    box = Box(256, 0, 256 + width, 512)
    masked = pixelate(noise, [box])
    column = masked[256, 256 : 256 + width]
    changes = np.flatnonzero((column[1:] != column[:-1]).any(axis=1)) + 1
    assert (changes % block_px == 0).all()
    assert len(changes) + 1 <= 6
    assert np.array_equal(masked[:, :128], noise[:, :128])


def test_overlapping_masks_of_different_blocks_leave_one_colour_a_block() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8)
    boxes = [Box(0, 0, 40, 200), Box(20, 10, 200, 256), Box(30, 100, 110, 256)]
    assert all(detail(pixelate(noise, order), box) == 0 for order in (boxes, boxes[::-1]) for box in boxes)
    assert np.array_equal(pixelate(noise, boxes), pixelate(noise, boxes[::-1]))


@pytest.mark.parametrize("box", [Box(-30, -30, 12, 60), Box(300, 180, 400, 400), Box(5, 5, 5, 5), Box(900, 0, 950, 50)])
def test_boxes_at_and_beyond_the_rim_do_no_harm(box: Box) -> None:
    image = street()[:190, :317]
    masked = pixelate(image, [box], [box])
    assert masked.shape == image.shape


def test_the_head_is_masked_with_a_margin() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8)
    body = Box(160, 160, 240, 360)
    assert detail(pixelate(noise, [body]), Box(150, 140, 249, 360)) == 0


class FixedDetector:
    id = "fixed"

    def __init__(self, boxes: list[Box]) -> None:
        self._boxes = np.asarray(boxes, np.float32)

    def detect(self, images):  # type: ignore[no-untyped-def]
        from inference.core.detections import Detections

        count = len(self._boxes)
        return [Detections(self._boxes, np.full(count, 0.8, np.float32), np.zeros(count, np.int64))]


@pytest.mark.footage
def test_heads_in_real_footage_are_masked_between_the_looks_too(
    vtest: Path, detector: Detector, tmp_path: Path
) -> None:
    clip = mask_clip(vtest, tmp_path / "clip", start_s=10, end_s=14, detector=detector, config=MaskConfig(detect_fps=5))
    heads = shown = 0
    for before, after in zip(read_frames(vtest, start_s=10, end_s=14), read_frames(clip.path), strict=True):
        (found,) = detector.detect([before.image])
        for box in (Box(*edges) for edges in found.boxes[found.scores > 0.5].tolist()):
            head = Box(box.x1 + 0.2 * box.width, box.y1, box.x2 - 0.2 * box.width, box.y1 + 0.2 * box.height)
            heads += 1
            shown += detail(after.image, head) >= 2 * CODEC_NOISE
    assert heads > 200
    assert shown <= 0.01 * heads
