from pathlib import Path

import numpy as np
import pytest

from inference.core.detections import Detections, Kind, iou_matrix
from inference.core.detector import Detector, load_detector
from inference.core.detector.suppression import suppress
from inference.core.detector.yolo import letterbox
from inference.core.errors import ModelError
from inference.core.manifest import ModelStore
from inference.core.video import read_frames

CAR, TRUCK, PERSON = 2, 7, 0


@pytest.mark.parametrize(
    ("size", "expected"),
    [((576, 768), (480, 640)), ((1080, 1920), (384, 640)), ((200, 100), (640, 320)), ((33, 640), (64, 640))],
)
def test_a_frame_is_padded_only_to_the_next_multiple_of_32(size: tuple[int, int], expected: tuple[int, int]) -> None:
    padded, scale = letterbox(np.zeros((*size, 3), np.uint8), 640)
    assert padded.shape[:2] == expected
    assert scale == 640 / max(size)


def test_a_car_also_seen_as_a_truck_is_one_vehicle_but_a_person_before_it_stays() -> None:
    boxes = np.asarray([[0, 0, 100, 50], [2, 0, 100, 50], [0, 0, 100, 50]], np.float32)
    scores = np.asarray([0.6, 0.8, 0.7], np.float32)
    kept = suppress(boxes, scores, np.asarray([CAR, TRUCK, PERSON]), min_score=0.1, max_overlap=0.7)
    assert kept.classes.tolist() == [TRUCK, PERSON]
    assert kept.scores == pytest.approx([0.8, 0.7])


def test_nothing_in_nothing_out() -> None:
    none = Detections.empty()
    assert len(suppress(none.boxes, none.scores, none.classes, min_score=0.1, max_overlap=0.7)) == 0


def test_an_embedder_is_not_taken_for_a_detector(store: ModelStore) -> None:
    with pytest.raises(ModelError, match="not for detector"):
        load_detector("person-reid-2", store)


@pytest.mark.footage
def test_both_detectors_see_the_same_people(detector: Detector, store: ModelStore, vtest: Path) -> None:
    other = load_detector("picodet-s-416", store)
    frame = next(read_frames(vtest))
    ours, theirs = (d.detect([frame.image])[0].of_kinds((Kind.PERSON,)) for d in (detector, other))
    strong = ours.select(ours.scores > 0.6)
    assert len(strong) >= 3
    assert (iou_matrix(strong.boxes, theirs.boxes).max(axis=1) > 0.7).all()
