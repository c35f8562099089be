from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.attributes import load_describer
from inference.core.detections import Box, Detections, Kind
from inference.core.detector import Detector
from inference.core.errors import VideoError
from inference.core.images import decode_jpeg
from inference.core.manifest import ModelStore
from inference.core.mot import MotRow
from inference.core.pipeline import Models, Pipeline, PipelineConfig, fill_gap
from inference.core.reid import Embedder, load_embedder
from tests.core.conftest import MakeVideo, MeanColourEmbedder, SquareDetector

MEAN_COLOUR = Models(embedders={Kind.PERSON: MeanColourEmbedder()})


def pipeline(models: Models = MEAN_COLOUR, *, detector: Detector | None = None, **config: object) -> Pipeline:
    return Pipeline(detector or SquareDetector(), models, PipelineConfig(**{"fps": None, **config}))  # type: ignore[arg-type]


class CarDetector(SquareDetector):
    """Takes the square for a car."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        return [replace(found, classes=found.classes + 2) for found in super().detect(images)]


def test_one_object_gives_one_track_with_picture_and_feature(make_video: MakeVideo) -> None:
    result = pipeline().analyse(make_video(frames=30))
    (track,) = result.tracks
    assert (track.number, track.kind, track.is_small) == (1, Kind.PERSON, True)
    assert (track.first_s, track.last_s) == pytest.approx((0.0, 2.9))
    assert len(track.observations) == 30
    x1, _, x2, _ = track.box
    assert (x2 - x1) == pytest.approx(32, abs=2)
    assert x1 == pytest.approx(20 + track.best_frame - 1, abs=2)
    assert decode_jpeg(track.image_jpeg).shape[:2] == pytest.approx((64, 32), abs=2)
    assert track.feature is not None
    assert np.linalg.norm(track.feature) == pytest.approx(1.0)
    assert result.frames_read == 30
    assert result.warnings == []


def test_the_feature_is_that_of_the_stored_picture(make_video: MakeVideo) -> None:
    (track,) = pipeline().analyse(make_video()).tracks
    assert track.feature is not None
    again = MeanColourEmbedder().embed([decode_jpeg(track.image_jpeg)])[0]
    assert np.array_equal(track.feature, again)


def test_each_kind_is_looked_at_by_its_own_models(make_video: MakeVideo, tiny_store: ModelStore) -> None:
    models = Models(
        embedders={kind: load_embedder(f"tiny-{kind}", tiny_store, kind=kind) for kind in Kind},
        describers={Kind.VEHICLE: load_describer("tiny-vehicle-looks", tiny_store, kind=Kind.VEHICLE)},
    )
    path = make_video()
    (person,) = pipeline(models).analyse(path).tracks
    assert person.feature is not None
    assert person.description is None
    (car,) = pipeline(models, detector=CarDetector()).analyse(path).tracks
    assert car.kind == Kind.VEHICLE
    assert car.feature is not None
    assert car.description is not None
    picture = decode_jpeg(car.image_jpeg)
    assert np.array_equal(car.description, models.describers[Kind.VEHICLE].describe([picture])[0])
    assert np.array_equal(car.feature, models.embedders[Kind.VEHICLE].embed([picture])[0])
    # The square is red.
    assert car.description[:3].argmax() == 0


def test_a_kind_without_models_leaves_a_track_with_its_picture_alone(make_video: MakeVideo) -> None:
    (car,) = pipeline(detector=CarDetector()).analyse(make_video()).tracks
    assert (car.kind, car.feature, car.description) == (Kind.VEHICLE, None, None)
    assert decode_jpeg(car.image_jpeg).size


def test_the_same_file_gives_the_same_result(make_video: MakeVideo) -> None:
    path = make_video()
    first, second = (pipeline(frames_ahead=depth).analyse(path).tracks[0] for depth in (0, 4))
    assert first.image_jpeg == second.image_jpeg
    assert first.observations == second.observations


def test_progress_rises_to_one(make_video: MakeVideo) -> None:
    calls: list[tuple[float, int]] = []
    pipeline().analyse(make_video(frames=30), on_progress=lambda share, frames: calls.append((share, frames)))
    assert [frames for _, frames in calls] == [10, 20, 30, 30]
    assert calls == sorted(calls)
    assert calls[-1][0] == 1.0


def test_what_a_progress_call_raises_ends_it(make_video: MakeVideo) -> None:
    """This is how a worker that lost its job stops."""

    class LostError(Exception): ...

    def lose(share: float, frames: int) -> None:
        raise LostError

    with pytest.raises(LostError):
        pipeline().analyse(make_video(), on_progress=lose)


def test_a_recording_that_breaks_off_gives_a_result_and_a_warning(make_video: MakeVideo) -> None:
    path = make_video(frames=60, options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result = pipeline().analyse(path)
    assert len(result.tracks) == 1
    assert "breaks off" in result.warnings[0]


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no film")
    with pytest.raises(VideoError):
        pipeline().analyse(tmp_path / "notes.mp4")


def test_kinds_that_are_not_wanted_leave_nothing(make_video: MakeVideo) -> None:
    assert pipeline(kinds=(Kind.VEHICLE,)).analyse(make_video()).tracks == []


def test_track_gives_rows_in_order_of_frame(make_video: MakeVideo) -> None:
    rows = list(pipeline(fps=5).track(make_video(frames=30)))
    assert [row.frame for row in rows] == list(range(1, 31, 2))
    assert {row.track for row in rows} == {1}


def test_a_gap_is_filled_by_a_straight_line_over_the_frames_looked_at() -> None:
    before = MotRow(1, 3, Box(0, 0, 40, 100), 0.9, 0)
    after = MotRow(9, 3, Box(80, 8, 120, 108), 0.7, 0)
    filled = fill_gap(before, after, [1, 3, 5, 7, 9, 11])
    assert [row.frame for row in filled] == [3, 5, 7]
    assert filled[1].box == Box(40, 4, 80, 104)
    assert {row.score for row in filled} == {0.7}


@pytest.mark.footage
def test_the_demo_clip_gives_its_people_once_each(detector: Detector, embedder: Embedder, vtest: Path) -> None:
    result = Pipeline(detector, Models({Kind.PERSON: embedder}), PipelineConfig(kinds=(Kind.PERSON,))).analyse(vtest)
    # 19 people by the ground truth, some of whom leave and come back.
    assert 19 <= len(result.tracks) <= 30
    assert result.frames_read == 398
    assert all(track.feature is not None and track.feature.shape == (256,) for track in result.tracks)
    assert sum(track.is_small for track in result.tracks) > len(result.tracks) / 2
