"""Which boxes of a track are cut out, and which tracks are certainly two."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.detections import Detections
from inference.core.errors import VideoError
from inference.core.pipeline import Pipeline, PipelineConfig
from inference.training.tracks import CutConfig, choose, cut, pairs_apart
from tests.core.drawing import write_video

CONFIG = CutConfig(pictures=3)
SIZE = (640, 360)


def box(x: float, y: float = 100, width: float = 60, height: float = 40) -> np.ndarray:
    return np.array([x, y, x + width, y + height], np.float32)


def test_clear_views_are_taken_evenly_from_first_to_last() -> None:
    boxes = {frame: box(10 * frame) for frame in range(1, 42)}
    assert choose(boxes, {}, SIZE, CONFIG) == [1, 21, 41]


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(box(0.5), id="touches the left edge"),
        pytest.param(box(579), id="touches the right edge"),
        pytest.param(box(200, width=20), id="too narrow"),
    ],
)
def test_cut_off_and_tiny_boxes_are_left_out(spoilt: np.ndarray) -> None:
    boxes = {1: box(100), 2: spoilt, 3: box(300)}
    assert choose(boxes, {}, SIZE, CONFIG) == [1, 3]


def test_a_box_that_another_hides_is_left_out_but_one_barely_touched_is_not() -> None:
    boxes = {1: box(100), 2: box(200), 3: box(300)}
    others = {2: [box(230)], 3: [box(355)]}
    assert choose(boxes, others, SIZE, CONFIG) == [1, 3]


def test_a_vehicle_that_stands_gives_two_pictures() -> None:
    assert choose({frame: box(100) for frame in range(1, 30)}, {}, SIZE, CONFIG) == [1, 29]


def test_one_clear_view_is_no_pair() -> None:
    assert choose({1: box(100), 2: box(0)}, {}, SIZE, CONFIG) == []


def test_tracks_are_apart_if_they_were_in_one_frame_at_different_places() -> None:
    tracks = {
        "left": {1: box(10), 2: box(20)},
        "right": {2: box(300), 3: box(310)},
        "later": {9: box(500)},
        "double": {2: box(25), 3: box(600)},  # lies over "left" in frame 2: perhaps a second box of the same vehicle
    }
    assert set(pairs_apart(tracks, CONFIG)) == {("left", "right"), ("right", "double")}


class Squares:
    """Finds a red and a green rectangle by their colour: a detector that needs no network."""

    id = "squares"

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        return [self._detect(image) for image in images]

    def _detect(self, image: NDArray[np.uint8]) -> Detections:
        boxes = []
        for channel in (2, 1):
            rest = np.delete(image, channel, axis=2).max(axis=2)
            y, x = np.nonzero((image[..., channel] > 150) & (rest < 110))
            if len(x) > 400:
                boxes.append([x.min(), y.min(), x.max() + 1, y.max() + 1])
        rows = np.asarray(boxes, np.float32).reshape(-1, 4)
        return Detections(rows, np.full(len(rows), 0.9, np.float32), np.full(len(rows), 2, np.int64))


def test_a_clip_gives_pictures_by_track_and_who_was_apart(tmp_path: Path) -> None:
    frames = []
    for number in range(30):
        frame = np.full((240, 320, 3), 90, np.uint8)
        frame[40:90, 20 + 6 * number : 90 + 6 * number] = (20, 20, 230)
        frame[150:200, 220 - 6 * number : 290 - 6 * number] = (20, 230, 20)
        frames.append(frame)
    path = tmp_path / "clip.mp4"
    write_video(path, frames)
    clip = cut(path, Pipeline(Squares(), None, PipelineConfig(fps=10)), CutConfig(fps=10))
    assert len(clip.pictures) == 2
    assert clip.apart == [tuple(clip.pictures)]
    colours = [{int(picture[25, 35].argmax()) for picture in pictures} for pictures in clip.pictures.values()]
    assert sorted(colours, key=max) == [{1}, {2}]
    assert all(len(pictures) == 6 for pictures in clip.pictures.values())


def test_a_clip_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "clip.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(VideoError):
        cut(broken, Pipeline(Squares(), None, PipelineConfig(fps=10)), CONFIG)
