"""How unlike two plates are, and the costs that it is made of."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inference.core.errors import PlateError
from inference.core.plates import (
    Confusions,
    Part,
    confusions_from_counts,
    default_confusions,
    load_confusions,
    parse_pattern,
    plate_distance,
)
from inference.core.plates.codes import code_of
from inference.core.plates.confusions import FRONT, LEAST_GAP, MOST_GAP, ODD_DIGIT
from inference.core.plates.distance import MOST_GAPS

PRIOR = default_confusions()


def distance(asked: str, stored: str, confusions: Confusions = PRIOR) -> float:
    return plate_distance(parse_pattern(asked), stored, confusions)


def cost(confusions: Confusions, true: str, read: str) -> float:
    return float(confusions.swaps[code_of(true), code_of(read)])


def test_the_prior_is_made_once_and_nobody_changes_it() -> None:
    assert default_confusions() is PRIOR
    with pytest.raises(ValueError, match="read-only"):
        PRIOR.swaps[0, 0] = 1


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ("12거3456", "12호3456"),  # 가 is taken for 거
        ("12나3456", "12우3456"),
        ("12가3486", "12가3416"),
    ],
)
def test_confused_characters_are_nearer_than_unrelated_ones(near: str, far: str) -> None:
    assert 0 < distance("12가3456", near) < distance("12가3456", far) <= 1.0


@pytest.mark.parametrize("pair", ["가거", "나너", "08", "배바", "17", "38", "고구", "바버", "68"])
def test_the_prior_knows_the_confusions_of_the_field(pair: str) -> None:
    assert cost(PRIOR, *pair) == cost(PRIOR, *reversed(pair)) < 0.75


@pytest.mark.parametrize(
    ("asked", "stored", "expected"),
    [
        ("123가4567", "23가4567", PRIOR.front_gap),  # the first digit of three is lost
        ("23가4567", "123가4567", PRIOR.front_gap),  # or added
        ("123가4567", "13가4567", PRIOR.gap),  # another of the class number: both are plates
        ("13가4567", "123가4567", PRIOR.gap),
        ("서울12바3456", "서울2바3456", PRIOR.broken_gap),
        ("12가3456", "2가3456", PRIOR.broken_gap),  # what no plate has is a mistake wherever it is
        ("12가3456", "12가345", PRIOR.broken_gap),
        ("12가3456", "12가34566", PRIOR.broken_gap),
        ("12가3456", "123456", PRIOR.broken_gap),
        ("12가3456", "12가나3456", PRIOR.broken_gap),
        ("12가345", "12가3456", PRIOR.broken_gap),  # and so is what no plate has that is asked for
        ("12가34567", "12가3456", PRIOR.broken_gap),
        ("*3456", "12가345", PRIOR.broken_gap),
        ("*345", "12가3456", PRIOR.gap),  # the last: what may stand anywhere is no mistake
        ("12가3456", "2가3457", PRIOR.broken_gap + ODD_DIGIT),
        ("12가3456", "12가34", 2 * PRIOR.broken_gap),
    ],
)
def test_what_a_character_too_many_or_too_few_costs(asked: str, stored: str, expected: float) -> None:
    assert distance(asked, stored) == pytest.approx(expected)


def test_where_both_are_plates_a_character_more_costs_more_than_any_confusion_but_at_the_front() -> None:
    most = PRIOR.swaps[np.isfinite(PRIOR.swaps)].max()
    assert PRIOR.gap > most == 1.0
    assert PRIOR.broken_gap < PRIOR.front_gap < ODD_DIGIT
    # Two characters that only one side has are never a nearer way to say that one is another.
    assert 2 * PRIOR.broken_gap >= most


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("12가346", PRIOR.broken_gap),
        ("12가456", PRIOR.broken_gap),
        ("123456", PRIOR.broken_gap),
        ("12가345", 0.0),  # as a part it fits as it is
        ("12가3", 0.0),
        ("12가3*6", 0.0),
    ],
)
def test_a_part_that_lacks_one_character_of_a_plate_may_be_that_plate(asked: str, expected: float) -> None:
    pattern = parse_pattern(asked, Part.ANY)
    assert plate_distance(pattern, "12가3456", PRIOR) == pytest.approx(expected)


def test_neighbours_that_changed_places_are_one_mistake() -> None:
    assert distance("12가3456", "12가3546") == pytest.approx(PRIOR.turned)
    assert distance("12가3456", "21가3465") == pytest.approx(2 * PRIOR.turned)


@pytest.mark.parametrize(
    ("asked", "stored", "expected"),
    [
        ("12가3456", "서울12가3456", PRIOR.region_missing),
        ("서울12가3456", "12가3456", PRIOR.region_missing),
        ("서울12가3456", "부산12가3456", PRIOR.region_wrong),
        ("서울12가3456", "서울12가3456", 0.0),
        ("*12가3456", "서울12가3456", 0.0),
    ],
)
def test_a_region_weighs_little(asked: str, stored: str, expected: float) -> None:
    assert distance(asked, stored) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("asked", "stored"),
    [("12가345?", "12가3457"), ("??나12*", "34나1256"), ("12ㄱ3456", "12고3456"), ("*34*", "12가3456")],
)
def test_what_matches_is_at_distance_nothing(asked: str, stored: str) -> None:
    assert distance(asked, stored) == 0.0


def test_what_has_hardly_anything_in_common_is_not_worked_out() -> None:
    assert distance("1", "123가4567") == math.inf


@settings(max_examples=200, deadline=None)
@example("3가8013", "03가8013")
@example("03가8013", "0가8013")
@given(st.text("0138가거나", min_size=1, max_size=7), st.text("0138가거나", min_size=1, max_size=7))
def test_the_distance_is_that_of_a_plain_recursion(asked: str, stored: str) -> None:
    """Digits in front, so that neither has a region."""
    asked, stored = f"1{asked}", f"1{stored}"
    expected = plainly(asked, stored)
    found = distance(asked, stored)
    assert found == pytest.approx(expected, abs=1e-4)


def plainly(asked: str, stored: str) -> float:
    """The recursion written out for two texts, kept within three characters more or fewer at every place."""
    are_plates = all(re.fullmatch("[0-9]{2,3}[가-힣][0-9]{4}", text) for text in (asked, stored))
    inner, front = (PRIOR.gap, PRIOR.front_gap) if are_plates else (PRIOR.broken_gap, PRIOR.broken_gap)
    table = {(0, 0): 0.0}
    for i in range(len(asked) + 1):
        for j in range(len(stored) + 1):
            ways = [table[i, j]] if (i, j) == (0, 0) else []
            if i and j:
                ways.append(table[i - 1, j - 1] + cost(PRIOR, asked[i - 1], stored[j - 1]))
            if i:
                ways.append(table[i - 1, j] + (inner if i + j > 1 else front))
            if j:
                ways.append(table[i, j - 1] + (inner if i + j > 1 else front))
            pair = asked[i - 2 : i]
            if i > 1 and j > 1 and pair.isascii() and pair[0] != pair[1]:
                crossed = cost(PRIOR, asked[i - 1], stored[j - 2]) + cost(PRIOR, asked[i - 2], stored[j - 1])
                ways.append(table[i - 2, j - 2] + PRIOR.turned + crossed)
            table[i, j] = min(ways) if abs(i - j) <= MOST_GAPS else math.inf
    return table[len(asked), len(stored)]


def test_costs_are_learned_from_counts() -> None:
    counts = {("3", "3"): 9_000, ("3", "8"): 900, ("3", "5"): 90, ("8", "8"): 10_000, ("8", "3"): 1}
    learned = confusions_from_counts(counts)
    assert cost(learned, "3", "8") < cost(learned, "3", "5") < cost(learned, "3", "1")
    assert cost(learned, "가", "거") == cost(PRIOR, "가", "거")
    assert cost(learned, "3", "3") == 0.0


def test_a_mistake_costs_the_same_from_either_side_by_the_mean_of_both_ways() -> None:
    counts = {("가", "가"): 9_000, ("가", "거"): 900, ("거", "거"): 5_000}
    learned = confusions_from_counts(counts)
    assert cost(learned, "가", "거") == cost(learned, "거", "가")
    assert cost(learned, "가", "거") == pytest.approx(math.log(9_000 / 900 * 2) / 8, abs=0.01)
    assert np.array_equal(learned.swaps, learned.swaps.T)


def test_an_odd_digit_costs_less_than_an_odd_letter() -> None:
    sure = {(one, one): 100_000 for one in "12가호"}
    for costs in (PRIOR, confusions_from_counts(sure)):
        assert cost(costs, "1", "0") <= ODD_DIGIT < cost(costs, "가", "호") == 1.0
    assert distance("12가3456", "02가3457") < distance("12가3456", "02호3456")


def test_few_counts_change_little_and_none_change_nothing() -> None:
    assert cost(confusions_from_counts({("3", "3"): 1}), "3", "8") == pytest.approx(cost(PRIOR, "3", "8"), abs=0.01)
    assert np.array_equal(confusions_from_counts({}).swaps, PRIOR.swaps)
    assert np.array_equal(confusions_from_counts({("3", "8"): 0}).swaps, PRIOR.swaps)


def test_missed_and_added_characters_are_learned_too_from_both_sides() -> None:
    counts = {("1", "1"): 9_900.0, ("1", ""): 90.0, ("", "1"): 100.0}  # of ten digits each is added ten times
    assert confusions_from_counts(counts).gap == pytest.approx(-math.log(50 / 10_090) / 8, abs=0.001)
    assert confusions_from_counts(counts).front_gap == PRIOR.front_gap
    often = confusions_from_counts({("1", "1"): 5_000, ("1", ""): 5_000})
    assert often.gap == LEAST_GAP
    seldom = confusions_from_counts({("1", "1"): 10**6, ("1", ""): 1})
    assert seldom.gap == MOST_GAP


def test_how_plates_begin_is_learned_by_itself() -> None:
    counts = {("1", "1"): 9_900.0, (FRONT, FRONT): 9_910.0, (FRONT, ""): 90.0, ("", FRONT): 100.0}
    learned = confusions_from_counts(counts)
    assert learned.front_gap == pytest.approx(-math.log(50 / 10_100) / 8, abs=0.001)
    assert learned.gap == PRIOR.gap


def test_a_table_without_missed_and_added_characters_says_nothing_of_them() -> None:
    """Such tables were made by leaving out all reads with more or fewer characters."""
    learned = confusions_from_counts({("1", "1"): 10**6, (FRONT, FRONT): 10**6})
    assert (learned.gap, learned.front_gap) == (PRIOR.gap, PRIOR.front_gap)


def test_a_table_of_counts_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "confusions.tsv"
    file.write_text(
        "true\tread\tcount\n가\t가\t500\n가\t거\t100.25\n\n1\t\t3\n\t1\t2\n^\t\t9\n^\t^\t500\n가\t거\t20\n",
        encoding="utf-8-sig",
    )
    learned = load_confusions(file)
    counts = {("가", "가"): 500, ("가", "거"): 120.25, ("1", ""): 3, ("", "1"): 2}
    expected = confusions_from_counts({**counts, (FRONT, ""): 9, (FRONT, FRONT): 500})
    assert np.array_equal(learned.swaps, expected.swaps)
    assert (learned.gap, learned.front_gap) == (expected.gap, expected.front_gap)
    assert (learned.gap, learned.front_gap) != (PRIOR.gap, PRIOR.front_gap)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"true,read,count\n",
        "true\tread\tcount\n가\t거\n".encode(),
        "true\tread\tcount\n가\t거\t-1\n".encode(),
        "true\tread\tcount\n가\t거\tnan\n".encode(),
        "true\tread\tcount\n가\t거\t1.\n".encode(),
        "true\tread\tcount\n가\t거\t1e3\n".encode(),
        "true\tread\tcount\n가\t거\t٣\n".encode(),
        "true\tread\tcount\n가가\t거\t1\n".encode(),
        "true\tread\tcount\n😀\t거\t1\n".encode(),
        b"true\tread\tcount\n\t\t1\n",
        b"true\tread\tcount\n1\t2\t99999999999999999999\n",
        b"\xff\xfe\x00\x01",
        "true\tread\tcount\n가\t거\t1\n".encode("cp949"),
    ],
)
def test_a_bad_table_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "confusions.tsv"
    file.write_bytes(content)
    with pytest.raises(PlateError, match=r"confusions\.tsv"):
        load_confusions(file)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlateError, match="cannot be read"):
        load_confusions(tmp_path / "none.tsv")
