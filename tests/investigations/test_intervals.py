"""Sets of times. Hours stand for times: 0 is noon."""

from datetime import timedelta

import pytest

from investigations.intervals import Interval, intersect, merge, subtract, total_s
from tests.conftest import NOON

Pairs = list[tuple[float, float]]


def times(pairs: Pairs) -> list[Interval]:
    return [(NOON + timedelta(hours=a), NOON + timedelta(hours=b)) for a, b in pairs]


@pytest.mark.parametrize(
    ("a", "union"),
    [
        ([], []),
        ([(0, 0), (2, 1)], []),  # nothing is shorter than nothing
        ([(3, 4), (0, 1), (1, 2)], [(0, 2), (3, 4)]),  # touching ones are one
        ([(0, 5), (1, 2)], [(0, 5)]),
    ],
)
def test_the_union(a: Pairs, union: Pairs) -> None:
    assert merge(times(a)) == times(union)


@pytest.mark.parametrize(
    ("a", "b", "both", "rest"),
    [
        ([(0, 10)], [], [], [(0, 10)]),
        ([(0, 10)], [(2, 3), (5, 6)], [(2, 3), (5, 6)], [(0, 2), (3, 5), (6, 10)]),
        ([(0, 2), (4, 6)], [(1, 5)], [(1, 2), (4, 5)], [(0, 1), (5, 6)]),
        ([(0, 2)], [(0, 2)], [(0, 2)], []),
        ([(0, 2)], [(2, 4)], [], [(0, 2)]),
    ],
)
def test_what_lies_in_both_and_what_is_left(a: Pairs, b: Pairs, both: Pairs, rest: Pairs) -> None:
    assert intersect(times(a), times(b)) == times(both)
    assert subtract(times(a), times(b)) == times(rest)


def test_the_length_counts_no_time_twice() -> None:
    assert total_s(times([(0, 2), (1, 3)])) == 3 * 3600
