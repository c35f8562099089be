"""What somebody remembers of a plate, as a pattern."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.core.errors import PlateError
from inference.core.plates import Part, parse_pattern
from inference.core.plates.asked import take_apart


@pytest.mark.parametrize(
    ("typed", "matching", "other"),
    [
        ("12가3456", ["12가3456"], ["12가345", "212가3456", "서울12가3456"]),
        ("12가345?", ["12가3450", "12가3459"], ["12가345", "12가34567", "12나3450"]),
        ("??나12*", ["34나1256", "34나12"], ["134나1256", "34나2156"]),
        ("12?3456", ["12가3456", "12호3456"], ["12가13456", "123456"]),
        ("12가34○○", ["12가3456"], ["12가345"]),
        ("12가34Xx", ["12가3456"], ["12가345"]),
        ("12ㄱ3456", ["12가3456", "12구3456"], ["12나3456"]),
        ("12ㅏ3456", ["12가3456", "12하3456"], ["12거3456"]),
        ("＊３４５６", ["12가3456", "서울12바3456", "3456"], ["12가34567"]),
        ("1**6", ["16", "12가3456"], ["12가3457"]),
        ("*34*56*", ["12가3456", "3456", "34가1256"], ["12가5634"]),
        ("?*?1", ["2나1", "331"], ["1", "21"]),
    ],
)
def test_a_pattern_matches_what_it_says(typed: str, matching: list[str], other: list[str]) -> None:
    pattern = parse_pattern(typed)
    assert [one for one in matching + other if pattern.matches(one)] == matching


@pytest.mark.parametrize(
    ("part", "matching"),
    [
        (Part.WHOLE, ["가34"]),
        (Part.START, ["가34", "가3456"]),
        (Part.ANY, ["가34", "가3456", "12가3456"]),
    ],
)
def test_a_plain_text_may_be_a_part(part: Part, matching: list[str]) -> None:
    pattern = parse_pattern("가 34", part)
    assert [one for one in ("가34", "가3456", "12가3456", "34가") if pattern.matches(one)] == matching


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "*",
        "???",
        "?*?",
        "12ㄳ",
        "12ㅆ3456",
        "1" * 13,
        "?" * 13,
        "*" * 65,
        "12+3456",
        "12<b>가",
        "%",
        "12\x00",
        "(((",
        "\\",
    ],
)
def test_what_is_no_pattern_is_refused(typed: str) -> None:
    with pytest.raises(PlateError):
        parse_pattern(typed)


def test_a_whole_pattern_leaves_nothing_open() -> None:
    assert parse_pattern("12가3456").is_whole
    assert not any(parse_pattern(one).is_whole for one in ("12가345?", "12*", "12ㄱ3456"))


@settings(max_examples=400, deadline=None)
@given(st.text("12가나?*", min_size=1, max_size=8), st.text("12가나", max_size=8))
def test_matching_agrees_with_a_regular_expression(typed: str, text: str) -> None:
    try:
        pattern = parse_pattern(typed)
    except PlateError:
        assert set(typed) <= {"?", "*"}
        return
    assert pattern.matches(text) == bool(re.fullmatch(typed.replace("?", ".").replace("*", ".*"), text))


@pytest.mark.parametrize(
    ("typed", "region", "number", "letter", "first", "last"),
    [
        ("12가3456", "", "12", "가", "34", "56"),
        ("서울12가3456", "서울", "12", "가", "34", "56"),
        ("서울", "서울", "", "?", "", ""),
        ("123가4567", "", "123", "가", "45", "67"),
        ("123456", "", "12", "?", "34", "56"),
        ("12?3456", "", "12", "?", "34", "56"),
        ("12가3나56", "", "12", "가", "3나", "56"),
        ("??나12*", "", "??", "나", "12", ""),
        ("??12가3456", "??", "12", "가", "34", "56"),
        ("*3456", "", "", "?", "34", "56"),
        ("*34*", "", "", "?", "", ""),
        ("12?34*", "", "12", "?", "34", ""),
    ],
)
def test_the_parts_of_a_pattern_are_found(
    typed: str, region: str, number: str, letter: str, first: str, last: str
) -> None:
    asked = take_apart(parse_pattern(typed))
    found = ("".join(asked.region), "".join(asked.number), asked.letter, "".join(asked.first), "".join(asked.last))
    assert found == (region, number, letter, first, last)
