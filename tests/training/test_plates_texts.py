"""Plate texts as the reader's ten places."""

import pytest

from inference.core.plates.formats import ALPHABET
from inference.training.plates.texts import EMPTY, PLACES, cleaned, fold_of, form_of, places_of, text_of, without_region

PLATES = ["12가3456", "123가4567", "서울12가3456", "제주79바1234", "대구141234", "경기04노1234", "999허0001"]


@pytest.mark.parametrize("text", PLATES)
def test_a_text_and_its_places_say_the_same(text: str) -> None:
    places = places_of(text)
    assert len(places) == PLACES
    assert text_of(places) == text


def test_two_leading_digits_stand_before_the_letter() -> None:
    places = places_of("12가3456")
    assert places[:3] == [EMPTY, EMPTY, EMPTY]
    assert [ALPHABET[place] for place in places[3:6]] == ["1", "2", "가"]


@pytest.mark.parametrize(
    "text", ["", "12가345", "12가34567", "가나12가3456", "12뷁3456", "146992", "１２가3456", "서울123456 "]
)
def test_what_is_no_plate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no plate of a known form"):
        places_of(text)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("영대구141234", "대구141234"),
        ("영경북06모1234", "경북06모1234"),
        ("서울 12 가 3456", "서울12가3456"),
        ("12자3456", "12자3456"),
    ],
)
def test_the_use_mark_is_no_part_of_the_number(label: str, text: str) -> None:
    assert cleaned(label) == text


def test_a_vehicle_is_in_one_fold_with_and_without_its_region() -> None:
    assert fold_of("서울12가3456") == fold_of("12가3456")
    assert {fold_of(f"12가{number:04}") for number in range(200)} == set(range(5))


def test_forms_and_regions_are_told() -> None:
    assert form_of("서울12가3456") == "서울00가0000"
    assert form_of("대구141234") == "서울000000"
    assert without_region("부산31바1234") == "31바1234"
    assert without_region("31부6697") == "31부6697"
