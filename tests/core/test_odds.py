"""Odds: from cosines to likelihood ratios, and from these to a chance within one search."""

import numpy as np
import pytest

from inference.core.manifest import Match
from inference.core.odds import Background, MatchCalibration, background_of, posterior, weak_from

TABLE = MatchCalibration(Match(((0.1, -4.0), (0.5, 4.0), (0.8, 8.0)), mean=0.1, deviation=0.1))


def floats(*values: float) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.array(values, np.float32)


def test_the_table_is_a_line_through_its_points_and_level_outside() -> None:
    found = TABLE.log_lr(floats(-0.5, 0.1, 0.3, 0.8, 1.0))
    assert found.tolist() == pytest.approx([-4, -4, 0, 8, 8], abs=1e-5)
    assert TABLE.slope == pytest.approx(12 / 0.7)


def test_a_background_of_many_shifts_what_a_cosine_is_worth() -> None:
    """Where everybody is alike, the same cosine says less: three deviations above the mean are so wherever it lies."""
    alike = Background(0.3, 0.2, 10**9)
    assert TABLE.log_lr(floats(0.9), alike)[0] == pytest.approx(TABLE.log_lr(floats(0.4))[0], abs=1e-4)


def test_a_background_of_few_hardly_counts() -> None:
    few, many = Background(0.3, 0.1, 1), Background(0.3, 0.1, 3000)
    plain = TABLE.log_lr(floats(0.45))[0]
    assert plain - TABLE.log_lr(floats(0.45), few)[0] < 0.3
    assert plain - TABLE.log_lr(floats(0.45), many)[0] > 2


def test_the_background_is_that_of_strangers_also_where_some_are_right() -> None:
    strangers = np.random.default_rng(0).normal(0.1, 0.08, 800).astype(np.float32)
    found = background_of(np.concatenate([strangers, floats(0.8, 0.82, 0.85)]))
    assert found.mean == pytest.approx(0.1, abs=0.01)
    assert found.deviation == pytest.approx(0.08, abs=0.01)
    assert background_of(floats()).count == 0


def test_the_same_likeness_says_less_the_more_were_compared() -> None:
    few, many = (posterior(np.array([7.0]), compared)[0] for compared in (100, 10_000))
    assert few > 0.9 > 0.5 > many


def test_chances_rise_with_the_likelihood_ratio_and_stay_between_0_and_1() -> None:
    found = posterior(np.array([-3.0, 0.0, 5.0, 9.0, 500.0]), 1000)
    assert (np.diff(found) >= 0).all()
    assert (found >= 0).all()
    assert (found <= 1).all()
    assert posterior(np.zeros(0), 0).tolist() == []


def test_chances_come_true_where_the_densities_are_the_tables() -> None:
    """Scores drawn from the densities that the ratios stand for: of a thousand, one is right."""
    rng = np.random.default_rng(1)
    wrong, right = 0, 0
    for _search in range(1500):
        cosines = np.concatenate([rng.normal(4, 1, 1), rng.normal(0, 1, 999)])
        chances = posterior(4 * cosines - 8, 1000)  # two normals of deviation 1, four apart
        sure = (chances > 0.8) & (chances < 0.95)
        right += int(sure[:1].sum())
        wrong += int(sure[1:].sum())
    assert right > 100
    assert 0.07 <= wrong / (wrong + right) <= 0.18


def test_one_who_is_surely_right_makes_nobody_else_likelier() -> None:
    """The share of matches is not learnt from the search: strangers far above their background would raise it."""
    alone, beside = posterior(np.array([6.0]), 1000), posterior(np.array([6.0, 9.0, 9.0, 9.0]), 1000)
    assert alone[0] == beside[0]


def test_a_search_in_which_one_was_compared_is_even_before_it_is_looked_at() -> None:
    assert posterior(np.array([0.0]), 1).tolist() == [0.5]


@pytest.mark.parametrize(
    ("odds", "rank"),
    [
        ([0.01, 0.4, 0.6, 0.9], 3),
        ([0.01, 0.6, 0.4, 0.9], 4),  # out of order after re-ranking: the last good one counts
        ([0.6, 0.9], 1),
        ([0.1, 0.2], None),
        ([0.1, None], None),
        ([], None),
    ],
)
def test_the_list_gets_weak_after_the_last_who_is_more_likely_right(odds: list[float | None], rank: int | None) -> None:
    assert weak_from(odds) == rank
