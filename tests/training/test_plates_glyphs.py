"""Layouts of plates, and the atlas of glyphs."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.core.plates.formats import ALPHABET, LETTERS
from inference.training.plates.glyphs import (
    CELL,
    CHARACTERS,
    MARK_NUMBERS,
    Style,
    atlas,
    from_keys,
    from_roman,
    read_glyph,
    read_styles,
)
from inference.training.plates.layouts import LAYOUTS, MARKS, Layout, tables
from inference.training.plates.texts import PLACES


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_characters_stand_on_the_plate_and_beside_each_other(layout: Layout) -> None:
    boxes = list(layout.places.values())
    for number, (x, y, wide, tall) in enumerate(boxes):
        assert 0 <= x < x + wide <= layout.size[0]
        assert 0 <= y < y + tall <= layout.size[1]
        for left, top, width, height in boxes[:number]:
            apart = x >= left + width or left >= x + wide or y >= top + height or top >= y + tall
            assert apart, f"{(x, y)} lies on {(left, top)}"


def test_every_letter_is_on_some_plate() -> None:
    made = tables()
    assert {letter for number, letter in enumerate(ALPHABET) if made["letters"][:, number].any()} == set(LETTERS)
    assert made["weights"].sum() == pytest.approx(1)
    assert (made["rects"][:, 6:PLACES, 2] > 0).all()


@pytest.mark.parametrize(
    ("name", "letter"),
    [("geo", "거"), ("la", "라"), ("ra", "라"), ("o", "오"), ("bae", "배"), ("ju", "주"), ("eo", "어")],
)
def test_files_named_in_latin_letters_are_syllables(name: str, letter: str) -> None:
    assert from_roman(name) == letter


@pytest.mark.parametrize("name", ["seoul", "", "7", "desktop", "0_big"])
def test_other_file_names_are_none(name: str) -> None:
    assert from_roman(name) is None


def test_files_named_by_keys_are_syllables() -> None:
    assert [from_keys(name) for name in ("rk", "dj", "wn", "gh")] == ["가", "어", "주", "호"]
    assert from_keys("r") is None
    assert from_keys("kr") is None
    assert from_keys("xyz") is None


def test_dark_ink_becomes_bright_whatever_the_ground(tmp_path: Path) -> None:
    picture = np.full((60, 40, 3), (0, 242, 255), np.uint8)  # yellow, BGR
    picture[20:40, 10:30] = 0
    cv2.imwrite(str(tmp_path / "0.jpg"), picture)
    glyph = read_glyph(tmp_path / "0.jpg")
    assert glyph[30, 20] > 240
    assert glyph[5, 5] < 15


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"0\.jpg is no picture"):
        read_glyph(tmp_path / "0.jpg")


def test_nothing_to_draw_with_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No glyph set"):
        read_styles(tmp_path, fonts=tmp_path)


def test_a_set_of_glyphs_is_read_by_its_file_names(tmp_path: Path) -> None:
    folder = tmp_path / "yakhyo/assets"
    for part, names in {
        "nums": ["0", "1"],
        "chars": ["ga", "jo"],
        "region1": ["001_bu"],
        "region2": ["001_san"],
    }.items():
        (folder / part).mkdir(parents=True)
        for name in names:
            picture = np.full((90, 60, 3), 255, np.uint8)
            picture[10:80, 10:50] = 0
            cv2.imwrite(str(folder / part / f"{name}.jpg"), picture)
    (style,) = read_styles(tmp_path, fonts=tmp_path)
    assert set(style.large) == {"0", "1", "가", "조"}
    assert set(style.small) == {"부", "산"}


def test_what_one_hand_lacks_comes_from_another() -> None:
    full = np.full(CELL, 200, np.uint8)
    rich = Style("rich", large=dict.fromkeys(CHARACTERS, full))
    poor = Style("poor", large={"0": np.full(CELL, 90, np.uint8)})
    made = atlas([poor, rich])
    assert made.shape == (2, 2, len(CHARACTERS), *CELL)
    assert made[0, 0, CHARACTERS.index("0")].mean() == 90
    assert made[0, 0, CHARACTERS.index("가")].mean() == 200
    with pytest.raises(ValueError, match="has '1'"):
        atlas([poor])


def test_marks_are_found_in_the_atlas() -> None:
    assert [CHARACTERS[number] for number in MARK_NUMBERS] == list(MARKS)
