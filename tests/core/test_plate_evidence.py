"""How much a read speaks for its vehicle, and which of its characters differ from what was asked for."""

import math
import random

import pytest

from inference.core.plates import LETTERS, Part, default_confusions, parse_pattern, plate_distance
from inference.core.plates.evidence import (
    CLASS_DIGITS,
    FAR_PLATE,
    MISREAD,
    body_chance,
    far_from,
    has_shape,
    match_chance,
    plate_evidence,
)
from inference.core.plates.formats import DIGITS
from inference.core.plates.marks import State, mark_plate

SIGNS = {State.SAME: "", State.OPEN: ".", State.OTHER: "!", State.ADDED: "+", State.MISSING: "-"}


def chance(typed: str, part: Part = Part.WHOLE) -> float:
    return match_chance(parse_pattern(typed, part))


def test_a_whole_plate_is_as_rare_as_its_characters() -> None:
    digits = dict(CLASS_DIGITS)
    assert chance("12가3456") == pytest.approx(digits[2] / (len(LETTERS) * len(DIGITS) ** 6))
    assert chance("123가3456") == pytest.approx(digits[3] / (len(LETTERS) * len(DIGITS) ** 7))


@pytest.mark.parametrize("typed", ["*34*", "1*", "?2*", "*1?1*"])
def test_the_chance_of_a_pattern_is_the_share_of_plates_that_match(typed: str) -> None:
    pattern, draw = parse_pattern(typed), random.Random(1)
    counts = draw.choices(
        [digits for digits, _share in CLASS_DIGITS], [share for _digits, share in CLASS_DIGITS], k=8000
    )
    texts = ["".join([*draw.choices(DIGITS, k=n), draw.choice(LETTERS), *draw.choices(DIGITS, k=4)]) for n in counts]
    share = sum(map(pattern.matches, texts)) / len(texts)
    assert match_chance(pattern) == pytest.approx(share, rel=0.15)


def test_a_chance_is_exact_where_it_can_be_counted() -> None:
    assert chance("*가*") == pytest.approx(1 / len(LETTERS))
    assert chance("1*") == pytest.approx(0.1)
    assert chance("*3") == pytest.approx(0.1)
    assert chance("*3*") == pytest.approx(sum(share * (1 - 0.9 ** (digits + 4)) for digits, share in CLASS_DIGITS))
    assert chance("12ㄱ3456") == pytest.approx(4 * chance("12가3456"))  # 가 거 고 구


def test_what_fits_no_plate_has_a_chance_of_its_own_and_is_told_apart() -> None:
    assert not has_shape(parse_pattern("AB12", Part.ANY))
    assert not has_shape(parse_pattern("1234567"))
    assert has_shape(parse_pattern("서울12바3456"))
    assert has_shape(parse_pattern("34", Part.ANY))
    assert has_shape(parse_pattern("울1", Part.ANY))
    assert not has_shape(parse_pattern("서산1", Part.ANY))
    assert chance("AB12", Part.ANY) == pytest.approx(1e-4)


def test_evidence_falls_with_the_distance_to_a_floor_that_rules_nobody_out() -> None:
    rare = chance("12가3456")
    worth = [plate_evidence(distance, rare) for distance in (0.0, 0.5, 1.0, 2.0, 3.0, 9.0)]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == pytest.approx(-math.log(rare), abs=0.1)
    assert worth[-1] == pytest.approx(math.log(MISREAD))


def test_a_match_says_more_the_rarer_what_was_asked_for() -> None:
    common, rare = chance("34", Part.ANY), chance("12가3456")
    assert plate_evidence(0.0, common) < plate_evidence(0.0, rare)
    assert far_from(rare) == FAR_PLATE
    assert 0 < far_from(common) < 1  # one wrong character of two is what any plate has
    assert far_from(1.0) == 0.0


def test_a_region_alone_brings_nobody_nearer_who_has_another_letter() -> None:
    """Whoever overlooked the region is as near as without it."""
    asked = parse_pattern("서울12바", Part.START)
    far = far_from(body_chance(asked))
    assert plate_distance(asked, "12바3456", default_confusions()) < far
    assert plate_distance(asked, "12오9999", default_confusions()) > far
    assert body_chance(asked) == body_chance(parse_pattern("12바", Part.START))
    assert match_chance(asked) < body_chance(asked)


@pytest.mark.parametrize(
    ("asked", "read", "marked"),
    [
        ("12가3456", "12가3456", "12가3456"),
        ("12가3456", "12거3456", "12거!3456"),
        ("12가3456", "21가3456", "2!1!가3456"),
        ("12가3456", "12가356", "12가34-56"),
        ("12가3456", "2가3456", "1-2가3456"),
        ("12가3456", "12가345", "12가3456-"),
        ("112가3456", "12가3456", "1-12가3456"),  # of equal ones the first
        ("214더8055", "44더8055", "2-4!4더8055"),  # the first digit is lost oftener than another
        ("32노1541", "722노1541", "7+2!2노1541"),
        ("서울12바3456", "서울2바3456", "서울1-2바3456"),
        ("12가3456", "123가3456", "123+가3456"),
        ("12가3456", "서울12가3456", "서.울.12가3456"),  # nobody asked for a region
        ("서울12바3456", "12바3457", "서-울-12바3457!"),
        ("12가34??", "12가3478", "12가347.8."),
        ("??나12*", "45나1288", "4.5.나128.8."),
        ("*34*", "12가3456", "1.2.가.345.6."),
        ("*12가346*", "12가3456", "12가345+6"),  # a part that lacks one character may be a whole plate
        ("*12가346*", "12가3468", "12가3468."),
        ("*12가346*", "서울12가3456", "서.울.12가345+6"),
        ("서울12바346*", "서울12바3456", "서울12바345+6"),
        ("12ㄱ3456", "12고3456", "12고3456"),
        ("12ㄱ3456", "12나3456", "12나!3456"),
        ("12ㄱ3456", "123456", "12?-3456"),  # of a letter that is only known in part no one letter is shown
        ("12가3456", "", "1-2-가-3-4-5-6-"),
    ],
)
def test_what_differs_is_marked_character_by_character(asked: str, read: str, marked: str) -> None:
    marks = mark_plate(parse_pattern(asked), read)
    assert "".join(mark.character + SIGNS[mark.state] for mark in marks) == marked
    assert "".join(mark.character for mark in marks if mark.state != State.MISSING) == read


@pytest.mark.parametrize(
    ("asked", "read", "beside"),
    [
        ("12가3456", "12거3456", "12가3456"),
        ("12가3456", "12가356", "12가3456"),
        ("12가3456", "123가3456", "12_가3456"),
        ("12가3456", "서울12가3456", "__12가3456"),
        ("*34*", "12가3456", "___34__"),
        ("12ㄱ34??", "12나3456", "12?34??"),
    ],
)
def test_each_mark_has_what_was_asked_for_at_its_place(asked: str, read: str, beside: str) -> None:
    assert "".join(mark.asked or "_" for mark in mark_plate(parse_pattern(asked), read)) == beside
