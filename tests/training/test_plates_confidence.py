"""What a raw confidence is worth, by reads of known plates."""

import random

import pytest

from inference.core.plates.reader import calibrated
from inference.core.plates.reads import LEAST
from inference.training.plates.confidence import RawRead, figures, fit_confidence, manifest_line, without_own_fold

RIGHT, WRONG = "12가3456", "12거3456"


def reads(
    chance_of: "dict[float, float]", count: int = 400, *, is_made: bool = False, name: str = "a set"
) -> list[RawRead]:
    """So many reads at each raw confidence, right with the chance that stands beside it."""
    rng = random.Random(7)
    return [
        RawRead(name, RIGHT, at % 5, is_made, RIGHT if rng.random() < chance else WRONG, raw)
        for raw, chance in chance_of.items()
        for at in range(count)
    ]


TOO_SURE = {0.1: 0.05, 0.3: 0.15, 0.6: 0.35, 0.8: 0.55, 0.9: 0.7, 0.97: 0.87, 0.99: 0.93}


def test_a_reader_that_is_too_sure_is_brought_to_the_share_of_right_reads() -> None:
    points = fit_confidence(reads(TOO_SURE, 4_000))
    for raw, share in TOO_SURE.items():
        assert calibrated(raw, points) == pytest.approx(share, abs=0.06)


def test_points_rise_from_nothing_and_a_guess_stays_a_guess() -> None:
    modest = {0.02: 0.3, 0.3: 0.8, 0.6: 0.95, 0.9: 0.99}
    points = fit_confidence(reads(modest))
    assert points[0] == (0.0, 0.0)
    assert [worth for _raw, worth in points] == sorted(worth for _raw, worth in points)
    assert points[-1][0] == 1.0
    assert points[-1][1] <= 1.0
    assert calibrated(LEAST, points) <= LEAST < calibrated(0.05, points)


def test_a_careful_curve_is_lower_and_the_more_so_the_fewer_plates_there_are() -> None:
    many, few = reads(TOO_SURE, 400), reads(TOO_SURE, 20)
    lowered = [
        calibrated(0.8, fit_confidence(rows)) - calibrated(0.8, fit_confidence(rows, careful=2.0))
        for rows in (many, few)
    ]
    assert 0 < lowered[0] < lowered[1]


def test_made_plates_weigh_as_much_as_is_said_however_many_there_are() -> None:
    real, made = reads({0.5: 0.2, 0.9: 0.5}, 100), reads({0.5: 0.8, 0.9: 0.99}, 5_000, is_made=True)
    alone, none, even, heavy = (
        calibrated(0.9, fit_confidence(rows, made=weight))
        for rows, weight in ((real, 1.0), (real + made, 0.0), (real + made, 1.0), (real + made, 100.0))
    )
    assert none == pytest.approx(alone, abs=1e-3)
    assert alone < even < heavy


def test_a_folds_confidences_do_not_know_its_own_plates() -> None:
    """In one fold all surer reads are wrong; only the others' curves feel it."""
    rows = [one for one in reads(TOO_SURE) if one.fold != 0]
    spoilt = [RawRead("a set", RIGHT, 0, False, WRONG, 0.9) for _ in range(400)]
    both = list(zip(rows + spoilt, without_own_fold(rows + spoilt), strict=True))
    clean = fit_confidence(rows)
    assert {sure for one, sure in both if one.fold == 0} == {calibrated(0.9, clean)}
    assert all(sure < calibrated(0.9, clean) for one, sure in both if one.fold != 0 and one.confidence == 0.9)


def test_each_sets_sure_and_wrong_reads_are_counted() -> None:
    rows = [
        RawRead("lane", RIGHT, 0, False, RIGHT, 0.9),
        RawRead("lane", RIGHT, 0, False, WRONG, 0.8),
        RawRead("lane", RIGHT, 0, False, "", 0.0),
        RawRead("other", RIGHT, 0, False, RIGHT, 0.6),
    ]
    lane, other = figures(rows, [0.95, 0.6, 0.0, 0.75])
    assert lane.startswith("lane (3): raw 2 sure, 1 wrong (33.3 %)")
    assert "fitted 1 sure, 0 wrong (0.0 %)" in lane
    assert other.startswith("other (1): raw 0 sure, 0 wrong (0.0 %)")


@pytest.mark.parametrize("chances", [{}, {0.5: 1.0}, {0.5: 0.0}, {0.2: 0.9, 0.9: 0.1}])
def test_reads_that_no_curve_fits_are_refused(chances: dict[float, float]) -> None:
    with pytest.raises(ValueError, match="curve"):
        fit_confidence(reads(chances))


def test_the_line_is_as_the_manifest_has_it() -> None:
    assert manifest_line(((0.0, 0.0), (0.5, 0.4321), (1.0, 0.99))) == "confidence = [[0, 0], [0.5, 0.4321], [1, 0.99]]"
