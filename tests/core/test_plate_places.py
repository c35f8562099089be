"""Which of many plates lie in a scope: cameras, hours, size."""

import numpy as np
import pytest

from inference.core.plates.places import Places, Scope

# Id, camera, first and last second, small, superseded.
ROWS = [
    (10, 1, 100.0, 110.0, False, False),
    (11, 2, 100.0, 110.0, False, False),
    (13, 1, 200.0, 230.0, True, False),
    (14, 1, 300.0, 310.0, False, True),
]
ALL = np.array([9, 10, 11, 12, 13, 14, 15])


def seen(
    places: Places, *cameras: int, from_s: float = 0, until_s: float = 999, includes_small: bool = True
) -> list[int]:
    scope = Scope(np.array(cameras), from_s, until_s, includes_small=includes_small)
    return [int(one) for one in ALL[places.within(scope, ALL)]]


@pytest.fixture
def places() -> Places:
    return Places.of(ROWS)


def test_a_scope_names_cameras(places: Places) -> None:
    assert seen(places, 1, 2, 77) == [10, 11, 13]
    assert seen(places, 2) == [11]
    assert seen(places) == []


@pytest.mark.parametrize(
    ("from_s", "until_s", "is_seen"),
    [
        (110, 120, True),  # still there at the first moment
        (110.001, 120, False),
        (50, 100, False),  # the last moment is no part of it
        (50, 100.001, True),
        (102, 103, True),
    ],
)
def test_a_scope_names_hours_as_a_search_does(places: Places, from_s: float, until_s: float, *, is_seen: bool) -> None:
    assert (10 in seen(places, 1, from_s=from_s, until_s=until_s)) == is_seen


def test_small_ones_are_seen_on_request_and_superseded_ones_never(places: Places) -> None:
    assert seen(places, 1, includes_small=False) == [10]
    assert 14 not in seen(places, 1)


def test_what_comes_later_is_put_in_order(places: Places) -> None:
    after = places.joined(Places.of([(15, 1, 0.0, 1.0, False, False)]))
    both = after.joined(Places.of([(9, 1, 0.0, 1.0, False, False), (12, 2, 0.0, 1.0, False, False)]))
    assert both.ids.tolist() == [9, 10, 11, 12, 13, 14, 15]
    assert seen(both, 2) == [11, 12]
    assert both.above(12).tolist() == [13, 14, 15]
    assert len(places) == 4  # as it was


def test_what_is_left_out_is_in_no_scope(places: Places) -> None:
    left = places.without(np.array([10, 999]))
    assert seen(left, 1, 2) == [11, 13]
    assert left.joined(Places.of([])).ids.tolist() == [11, 13, 14]


def test_without_plates_nothing_is_seen() -> None:
    empty = Places.of([])
    assert seen(empty, 1) == []
    assert seen(empty.without(ALL).joined(Places.of(ROWS[:1])), 1) == [10]
