from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.detections import Box, Detections, Kind
from inference.core.images import decode_jpeg
from inference.core.pipeline import Models, Pipeline, PipelineConfig
from inference.core.plates.finder import FoundPlate
from inference.core.plates.spotter import PlateSpotter, SeenPlate
from inference.core.plates.text import PlateRead
from inference.core.plates.track import PlateReads, TrackPlateConfig, read_frame
from inference.core.video import Frame
from tests.core.conftest import MakeVideo, SquareDetector

Picture = NDArray[np.uint8]


def box(width: float, *, x: float = 10, y: float = 10) -> Box:
    return Box(x, y, x + width, y + width / 2)


def seen(text: str, confidence: float = 0.9, brightness: int = 0) -> SeenPlate:
    corners = np.asarray([(0, 0), (30, 0), (30, 10), (0, 10)], np.float32)
    picture = np.full((12, 40, 3), brightness, np.uint8)
    return SeenPlate(PlateRead(text, confidence), FoundPlate(corners, 0.8), picture)


def looked_at(widths: Sequence[float], *, every_s: float = 0.2, config: TrackPlateConfig | None = None) -> list[int]:
    """Which of the frames in which a vehicle is so wide are looked at."""
    plates, rows = PlateReads(config or TrackPlateConfig()), []
    for row, width in enumerate(widths):
        if plates.is_due(box(width), row * every_s):
            rows.append(row)
            plates.take([], box(width), row, row * every_s)
    return rows


def test_a_vehicle_is_looked_at_once_it_is_large_enough() -> None:
    assert looked_at([60, 95, 96, 97, 98]) == [2]


def test_it_is_looked_at_again_when_it_is_clearly_larger() -> None:
    assert looked_at([100, 120, 139, 140, 150, 196, 275]) == [0, 3, 5, 6]


def test_it_is_looked_at_again_after_some_time_each_time_after_twice_the_wait() -> None:
    rows = looked_at([200] * 200)
    assert rows[:4] == [0, 3, 9, 21]
    assert len(rows) == 6


def test_it_is_not_looked_at_again_when_it_has_become_much_smaller() -> None:
    assert looked_at([400, *[239] * 50]) == [0]
    assert looked_at([400, *[241] * 50])[1] == 3


@pytest.mark.parametrize("most", [1, 3, 6])
def test_no_more_frames_are_looked_at_than_allowed(most: int) -> None:
    widths = [100 * 1.05**number for number in range(400)]
    assert len(looked_at(widths, config=TrackPlateConfig(most_frames=most))) == most


def test_the_reads_of_a_track_are_voted_on_and_the_best_ones_picture_is_kept() -> None:
    plates = PlateReads()
    plates.take([seen("12가3456", 0.6, 50), seen("99호9999", 0.5)], box(200), 10, 2.0)
    plates.take([], box(210), 20, 4.0)
    plates.take([seen("12가3456", 0.8, 150)], box(220), 30, 6.0)
    plates.take([seen("12가3458", 0.85, 250)], box(230), 40, 8.0)
    result = plates.result()
    assert result is not None
    assert (result.read.text, result.reads, result.frame, result.time_s) == ("12가3456", 3, 30, 6.0)
    assert decode_jpeg(result.image_jpeg).mean() == pytest.approx(150, abs=2)


def test_where_nothing_was_read_there_is_no_plate() -> None:
    plates = PlateReads()
    plates.take([], box(200), 10, 2.0)
    assert plates.result() is None


class BoardFinder:
    """Takes whatever is white for a plate."""

    id = "board"

    def __init__(self) -> None:
        self.shown: list[tuple[int, ...]] = []

    def find(self, pictures: Sequence[Picture]) -> list[list[FoundPlate]]:
        self.shown += [picture.shape for picture in pictures]
        return [self._one(picture) for picture in pictures]

    def _one(self, picture: Picture) -> list[FoundPlate]:
        rows, columns = np.nonzero(picture.min(axis=2) > 200)
        if not len(rows):
            return []
        x1, y1, x2, y2 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        return [FoundPlate(np.asarray([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float32), 0.9)]


class SameReader:
    id = "same"

    def read(self, crops: Sequence[Picture]) -> list[PlateRead | None]:
        return [PlateRead("12가3456", 0.8)] * len(crops)


def look(boxes: Sequence[Box], image: Picture) -> tuple[list[str | None], BoardFinder]:
    """Read one frame with vehicles at the boxes: what each has."""
    tracks, finder = [PlateReads() for _ in boxes], BoardFinder()
    vehicles = list(zip(tracks, boxes, strict=True))
    read_frame(PlateSpotter(finder, SameReader(), near=0), Frame(7, 1.4, image), vehicles, TrackPlateConfig())
    results = [track.result() for track in tracks]
    assert {result.frame for result in results if result} <= {7}
    return [result.read.text if result else None for result in results], finder


def test_a_plate_is_that_of_the_vehicle_in_front() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[300:310, 150:190] = 255
    lorry, car = Box(50, 20, 350, 330), Box(100, 200, 250, 340)
    assert look([lorry, car], image)[0] == [None, "12가3456"]
    assert look([lorry], image)[0] == ["12가3456"]
    beside = Box(260, 200, 390, 380)
    assert look([lorry, beside], image)[0] == ["12가3456", None]


def test_only_vehicles_that_are_due_are_looked_at_with_a_little_around_them() -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    _read, finder = look([Box(100, 100, 200, 150), Box(10, 10, 60, 60)], image)
    assert finder.shown == [(54, 108, 3)]
    assert look([], image)[1].shown == []


class CarDetector(SquareDetector):
    """Takes the square for a car."""

    def detect(self, images: Sequence[Picture]) -> list[Detections]:
        return [replace(found, classes=found.classes + 2) for found in super().detect(images)]


class RedFinder(BoardFinder):
    """Finds a plate in the upper left corner of what it is shown."""

    def _one(self, picture: Picture) -> list[FoundPlate]:
        return [FoundPlate(np.asarray([(4, 4), (24, 4), (24, 10), (4, 10)], np.float32), 0.9)]


SMALL = TrackPlateConfig(min_width_px=16, again_after_s=0.5)


def pipeline(models: Models, detector: SquareDetector) -> Pipeline:
    return Pipeline(detector, models, PipelineConfig(fps=None, plates=SMALL))


def test_the_pipeline_reads_the_plate_of_each_vehicle(make_video: MakeVideo) -> None:
    finder = RedFinder()
    models = Models(plates=PlateSpotter(finder, SameReader(), near=0))
    (track,) = pipeline(models, CarDetector()).analyse(make_video(frames=30)).tracks
    assert track.kind is Kind.VEHICLE
    assert track.plate is not None
    assert track.plate.read.text == "12가3456"
    assert track.plate.read.confidence > 0.9
    # At 0, 0.5 and 1.5 s: the square does not grow.
    assert len(finder.shown) == track.plate.reads == 3
    assert decode_jpeg(track.plate.image_jpeg).shape == (10, 24, 3)
    assert track.plate.time_s == pytest.approx((track.plate.frame - 1) / 10)


def test_persons_have_no_plates_and_neither_has_what_is_followed_without_pictures(make_video: MakeVideo) -> None:
    finder = RedFinder()
    models = Models(plates=PlateSpotter(finder, SameReader(), near=0))
    path = make_video(frames=30)
    (person,) = pipeline(models, SquareDetector()).analyse(path).tracks
    assert person.plate is None
    assert list(pipeline(models, CarDetector()).track(path))
    assert finder.shown == []


def test_without_models_for_plates_vehicles_have_none(make_video: MakeVideo) -> None:
    (track,) = pipeline(Models(), CarDetector()).analyse(make_video()).tracks
    assert track.plate is None
