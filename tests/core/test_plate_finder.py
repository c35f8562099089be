from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.errors import ModelError
from inference.core.manifest import ModelStore
from inference.core.plates.finder import DEFAULT_CONFIG, FoundPlate, apart, decode_heat, load_plate_finder
from tests.core.tiny_plates import paint_board

CELLS = 48
# A picture of this size has cells of 10 × 5 px.
SIZE = (480, 240)
UPRIGHT = (-6, -2, 6, -2, 6, 2, -6, 2)


def answer(
    *plates: tuple[int, int, float], offsets: tuple[float, ...] = UPRIGHT
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Heat with a peak for each (row, column, logit), and the same corners everywhere."""
    heat = np.full((CELLS, CELLS), -9, np.float32)
    for row, column, logit in plates:
        heat[row, column] = logit
    return heat, np.tile(np.asarray(offsets, np.float32)[:, None, None], (1, CELLS, CELLS))


def test_corners_are_told_in_pixels_of_the_picture_from_the_cells_middle() -> None:
    (found,) = decode_heat(*answer((30, 20, 2.0)), SIZE)
    assert found.score == pytest.approx(1 / (1 + np.exp(-2)))
    assert found.corners.tolist() == [[145, 142.5], [265, 142.5], [265, 162.5], [145, 162.5]]
    assert found.box == (145, 142.5, 265, 162.5)


def test_the_hottest_cell_of_a_hill_is_the_plate() -> None:
    heat, corners = answer((30, 20, 2.0), (30, 21, 1.9), (29, 20, 1.5), (31, 21, 1.2))
    (found,) = decode_heat(heat, corners, SIZE)
    assert found.corners.mean(axis=0).tolist() == [205, 152.5]


def test_two_plates_come_best_first_and_one_over_another_is_left_out() -> None:
    found = decode_heat(*answer((10, 10, 1.0), (40, 30, 3.0), (40, 34, 2.0)), SIZE)
    assert [one.corners.mean(axis=0).tolist() for one in found] == [[305, 202.5], [105, 52.5]]


def test_no_more_than_asked_for_are_told() -> None:
    places = [(row, column, row / 10) for row in (5, 15, 25, 35) for column in (8, 24, 40)]
    assert len(decode_heat(*answer(*places), SIZE)) == DEFAULT_CONFIG.most
    assert len(decode_heat(*answer(*places), SIZE, replace(DEFAULT_CONFIG, most=99))) == 12


@pytest.mark.parametrize(
    ("row", "column", "logit", "offsets"),
    [
        (30, 20, -2.0, UPRIGHT),  # below the least score
        (30, 20, 2.0, (6, -2, -6, -2, -6, 2, 6, 2)),  # mirrored
        (30, 20, 2.0, (-6, 2, 6, 2, 6, -2, -6, -2)),  # upside down
        (30, 20, 2.0, (-6, -2, 6, -2, -5, -1, -6, 2)),  # dented
        (30, 20, 2.0, (-0.5, -2, 0.5, -2, 0.5, 2, -0.5, 2)),  # 10 px wide
        (30, 1, 2.0, (-9, -2, 3, -2, 3, 2, -9, 2)),  # its middle left of the picture
        (30, 20, 2.0, (np.nan, *UPRIGHT[1:])),
    ],
)
def test_what_cannot_be_a_plate_is_left_out(row: int, column: int, logit: float, offsets: tuple[float, ...]) -> None:
    assert decode_heat(*answer((row, column, logit), offsets=offsets), SIZE) == []


def test_apart_keeps_the_better_of_two_plates_in_one_place() -> None:
    def plate(x: float, y: float, score: float, width: float = 100) -> FoundPlate:
        corners = [[x, y], [x + width, y], [x + width, y + 20], [x, y + 20]]
        return FoundPlate(np.asarray(corners, np.float32), score)

    best, beside, within, far = plate(0, 0, 0.9), plate(70, 0, 0.8), plate(30, 2, 0.7, 20), plate(0, 90, 0.6)
    assert apart([best, beside, within, far], 0.3) == [best, beside, far]


def test_a_board_is_found_where_it_is_in_pictures_of_any_size(tiny_store: ModelStore) -> None:
    finder = load_plate_finder("tiny-plate-finder", tiny_store)
    assert finder.id == "tiny-plate-finder"
    pictures = []
    for number in range(10):
        picture = np.full((200 + number, 300, 3), 80, np.uint8)
        paint_board(picture, 60 + 5 * number, 120, 100, 20)
        pictures.append(picture)
    found = finder.find([*pictures, np.full((90, 60, 3), 80, np.uint8)])
    for number, plates in enumerate(found[:10]):
        assert plates[0].corners[0].tolist() == pytest.approx([60 + 5 * number, 120], abs=6)
        assert plates[0].corners[2].tolist() == pytest.approx([160 + 5 * number, 140], abs=6)
    assert found[10] == []
    assert finder.find([]) == []


def test_a_model_of_another_task_is_no_finder(tiny_store: ModelStore) -> None:
    with pytest.raises(ModelError, match="tiny-plate-reader is a model for plate-reader, not for plate-finder"):
        load_plate_finder("tiny-plate-reader", tiny_store)
