"""One spelling for plates, whatever was typed; the formats; what a reader may say."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.core.errors import PlateError
from inference.core.plates import (
    ALPHABET,
    FORMATS,
    LETTERS,
    REGIONS,
    Character,
    PlateRead,
    normalise_plate,
    parse_plate,
)
from inference.core.plates.formats import REGION_TWO, THREE, TWO, Use, VehicleClass


@pytest.mark.parametrize(
    ("typed", "plate"),
    [
        ("12가3456", "12가3456"),
        (" 12 가 34-56 ", "12가3456"),
        ("12·가.3456", "12가3456"),
        ("１２가３４５６", "12가3456"),
        (unicodedata.normalize("NFD", "서울12바3456"), "서울12바3456"),
        ("12ㄱㅏ3456", "12가3456"),  # compatibility jamo, as a broken keyboard types them
        ("12ﾡￂ3456", "12가3456"),  # half-width jamo
        ("ㅅㅓㅇㅜㄹ12ㅂㅏ3456", "서울12바3456"),  # with the final of a region's name
        ("ㄱㅏㅇㅇㅝㄴ82ㅅㅏ1234", "강원82사1234"),
        ("인천71㉴1234", "인천71사1234"),
        ("①②가3456", "12가3456"),
        ("12가٣٤٥٦", "12가3456"),
        ("[12가]\n3456", "12가3456"),
        ("12\u200b가\u202e3456\ufeff", "12가3456"),
        ("12ab3456", "12AB3456"),
    ],
)
def test_a_plate_has_one_spelling(typed: str, plate: str) -> None:
    assert normalise_plate(typed) == plate
    assert normalise_plate(plate) == plate


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "-.-",
        "12가345?",
        "12*",
        "12ㄱ3456",
        "ㅏ",
        "12가3456😀",
        "12\x00가3456",
        "12가3456\ud800",
        "1" * 13,
        "1" * 5000,
        "ﷺ",
    ],
)
def test_what_is_no_whole_plate_is_refused_in_one_short_line(typed: str) -> None:
    with pytest.raises(PlateError) as refused:
        normalise_plate(typed)
    message = str(refused.value)
    assert "\n" not in message
    assert len(message) < 200
    assert message.isprintable()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gives_a_plate_or_a_clear_error(typed: str) -> None:
    try:
        plate = normalise_plate(typed)
    except PlateError as refused:
        plate, message = "", str(refused)
    else:
        message = "-"
        assert 0 < len(plate) <= 12
        assert normalise_plate(plate) == plate
    assert message.isprintable()


def test_the_alphabet_names_every_character_once() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert set(ALPHABET) == set("0123456789" + LETTERS + "".join(REGIONS))
    assert len(REGIONS) == 17
    assert len(set(LETTERS)) == len(LETTERS) == 40
    assert all(set(one.letters) <= set(LETTERS) for one in FORMATS)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("12가3456", ("", "12", "가", "3456", TWO, Use.PRIVATE, VehicleClass.CAR)),
        ("70하0001", ("", "70", "하", "0001", TWO, Use.RENTAL, VehicleClass.VAN)),
        ("384가1234", ("", "384", "가", "1234", THREE, Use.PRIVATE, VehicleClass.CAR)),
        ("801나1234", ("", "801", "나", "1234", THREE, Use.PRIVATE, VehicleClass.TRUCK)),
        ("998가1234", ("", "998", "가", "1234", THREE, Use.PRIVATE, VehicleClass.EMERGENCY)),
        ("012가4567", ("", "012", "가", "4567", THREE, Use.PRIVATE, None)),  # a construction machine's number
        ("인천71바1234", ("인천", "71", "바", "1234", REGION_TWO, Use.COMMERCIAL, VehicleClass.VAN)),
        ("경기90배1234", ("경기", "90", "배", "1234", REGION_TWO, Use.DELIVERY, VehicleClass.TRUCK)),
        ("서울99사1234", ("서울", "99", "사", "1234", REGION_TWO, Use.COMMERCIAL, VehicleClass.SPECIAL)),
    ],
)
def test_a_plate_is_taken_apart(text: str, parts: tuple[object, ...]) -> None:
    found = parse_plate(text)
    assert found
    assert (
        found.region,
        found.number,
        found.letter,
        found.serial,
        found.format,
        found.use,
        found.vehicle_class,
    ) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00가1234",
        "1가1234",
        "12가345",
        "12가34567",
        "12각3456",
        "서울123가4567",
        "외교123456",
        "１２가3456",
        "12가3456\n",
    ],
)
def test_what_is_in_no_format_has_no_parts(text: str) -> None:
    assert parse_plate(text) is None


@pytest.mark.parametrize(
    "characters",
    [
        (Character((("1", 0.9),)),),
        (Character((("1", 0.9),)), Character((("12", 0.9),))),
        (Character((("1", 0.9),)), Character((("2", float("nan")),))),
        (Character((("1", 0.9),)), Character((("2", 1.5),))),
    ],
)
def test_a_read_with_choices_that_are_none_is_refused(characters: tuple[Character, ...]) -> None:
    with pytest.raises(PlateError):
        PlateRead("12", 0.9, characters)
