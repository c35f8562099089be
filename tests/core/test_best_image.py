import cv2
import numpy as np
import pytest

from inference.core.best_image import BestImage, Picture
from inference.core.detections import Box, Detection

NOBODY = np.zeros((0, 4), np.float32)
# Squares of 10 px in any colour: they have contrast that a blur does not remove, and edges that it does.
SCENE = np.kron(np.random.default_rng(1).integers(0, 255, (60, 80, 3)), np.ones((10, 10, 1))).astype(np.uint8)
BLURRED = np.asarray(cv2.GaussianBlur(SCENE, (0, 0), 4), np.uint8)
PERSON, CAR = 0, 2


def box(width: float, height: float, x: float = 300, y: float = 100) -> Box:
    return Box(x, y, x + width, y + height)


def after(
    *offers: tuple[Box, np.ndarray], class_id: int = PERSON, others: np.ndarray = NOBODY, score: float = 0.9
) -> Picture:
    best = BestImage()
    for number, (one, image) in enumerate(offers, start=1):
        best.offer(image, Detection(one, score, class_id), number, number / 5, others)
    assert best.picture is not None
    return best.picture


@pytest.mark.parametrize(
    ("size", "class_id", "is_small"),
    [
        ((64, 128), PERSON, False),
        ((63, 128), PERSON, True),
        ((64, 127), PERSON, True),
        ((64, 40), CAR, False),
        ((63, 60), CAR, True),
    ],
)
def test_full_size_is_64_by_128_and_64_wide_for_vehicles(size: tuple[int, int], class_id: int, is_small: bool) -> None:
    assert after((box(*size), SCENE), class_id=class_id).is_small is is_small


def test_the_first_full_size_box_replaces_any_small_one() -> None:
    assert after((box(63, 127), SCENE), (box(64, 128), BLURRED)).frame == 2


def test_a_small_box_never_replaces_a_full_size_one() -> None:
    assert after((box(64, 128), BLURRED), (box(63, 300), SCENE)).frame == 1


def test_a_slightly_larger_box_does_not_replace_the_picture() -> None:
    assert after((box(70, 140), SCENE), (box(75, 150), SCENE)).frame == 1


def test_a_clearly_larger_box_does() -> None:
    assert after((box(70, 140), SCENE), (box(110, 220), SCENE)).frame == 2


def test_a_clearly_sharper_picture_of_the_same_size_does() -> None:
    assert after((box(70, 140), BLURRED), (box(70, 140), SCENE)).frame == 2


def test_a_larger_box_cut_off_by_the_edge_does_not() -> None:
    assert after((box(70, 140), SCENE), (box(110, 220, x=690), SCENE)).frame == 1


def test_a_larger_box_hidden_behind_another_person_does_not() -> None:
    best = BestImage()
    best.offer(SCENE, Detection(box(70, 140), 0.9, PERSON), 1, 0.2, NOBODY)
    in_front = np.asarray([[300, 150, 420, 400]], np.float32)
    best.offer(SCENE, Detection(box(110, 220), 0.9, PERSON), 2, 0.4, in_front)
    assert best.picture is not None
    assert best.picture.frame == 1


def test_a_small_track_keeps_its_largest_crop() -> None:
    assert after((box(30, 80), SCENE), (box(40, 100), SCENE), (box(35, 90), SCENE)).frame == 2


def test_the_picture_is_the_box_and_outlives_the_frame() -> None:
    scene = SCENE.copy()
    picture = after((box(80, 160), scene))
    scene[:] = 0
    assert np.array_equal(picture.image, SCENE[100:260, 300:380])
