"""A track's boxes: stored small, read back, and asked where the target was."""

import pytest

from inference.core.detections import Box
from inference.core.errors import CoreError
from inference.core.trajectory import Trajectory, decode, encode

WALK = Trajectory.of([(1.0, Box(10, 20, 50, 120)), (1.2, Box(20, 20, 60, 120)), (2.2, Box(30.5, 22, 70.5, 122))])


def test_what_is_stored_comes_back() -> None:
    assert decode(encode(WALK)) == WALK


def test_times_keep_a_millisecond_and_edges_half_a_pixel() -> None:
    (time_s,), (box,) = _fields(decode(encode(Trajectory.of([(3599.87654, Box(10.3, 20.2, 1919.8, 1079.6))]))))
    assert time_s == 3599.877
    assert box == Box(10.5, 20, 1920, 1079.5)


def test_twelve_bytes_are_stored_for_each_box() -> None:
    assert len(encode(WALK)) - len(encode(Trajectory.of([(1.0, Box(0, 0, 1, 1))]))) == 2 * 12


def test_without_boxes_nothing_is_stored() -> None:
    assert encode(Trajectory()) == b""
    assert decode(b"") == Trajectory()
    assert decode(b"").box_at(0) is None


def test_boxes_are_put_in_order_and_the_last_of_a_moment_counts() -> None:
    track = Trajectory.of([(2, Box(2, 0, 3, 1)), (1, Box(1, 0, 2, 1)), (2, Box(9, 0, 10, 1))])
    assert track == Trajectory((1, 2), (Box(1, 0, 2, 1), Box(9, 0, 10, 1)))


def test_two_boxes_of_one_millisecond_are_stored_as_one() -> None:
    track = Trajectory.of([(1.0001, Box(0, 0, 1, 1)), (1.0002, Box(5, 0, 6, 1)), (1.5, Box(9, 0, 10, 1))])
    assert decode(encode(track)).boxes == (Box(5, 0, 6, 1), Box(9, 0, 10, 1))


def test_edges_beyond_the_largest_picture_are_held_at_its_rim() -> None:
    (_,), (box,) = _fields(decode(encode(Trajectory.of([(0, Box(-1e6, -3, 1e6, 3))]))))
    assert box == Box(-16384, -3, 16383.5, 3)


@pytest.mark.parametrize(
    ("time_s", "left"),
    [
        (0.4, None),  # before, and longer than it is held
        (0.6, 10),  # held before
        (1.0, 10),
        (1.05, 12.5),  # a quarter of the way
        (1.2, 20),
        (1.7, 25.25),  # half-way through the gap of a second
        (2.2, 30.5),
        (2.6, 30.5),  # held after
        (2.8, None),
    ],
)
def test_the_box_moves_on_a_straight_line_and_is_held_at_both_ends(time_s: float, left: float | None) -> None:
    box = WALK.box_at(time_s, hold_s=0.5)
    assert (box.x1 if box else None) == (pytest.approx(left) if left is not None else None)


@pytest.mark.parametrize(("time_s", "left"), [(1.25, 20), (1.7, None), (2.15, 30.5)])
def test_a_gap_that_is_too_long_is_not_bridged(time_s: float, left: float | None) -> None:
    box = WALK.box_at(time_s, hold_s=0.1, max_gap_s=0.5)
    assert (box.x1 if box else None) == left


@pytest.mark.parametrize("damage", ["cut off", "header only", "longer", "another file", "a flipped bit"])
def test_damaged_bytes_are_refused(damage: str) -> None:
    whole = encode(WALK)
    flipped = whole[:20] + bytes([whole[20] ^ 4]) + whole[21:]
    damaged = {
        "cut off": whole[:-1],
        "header only": whole[:7],
        "longer": whole + b"\0" * 12,
        "another file": b"\xff\xd8\xff\xe0" + whole[4:],
        "a flipped bit": flipped,
    }
    with pytest.raises(CoreError, match="is damaged; analyse the recording again"):
        decode(damaged[damage])


def test_a_later_version_is_named() -> None:
    later = bytearray(encode(WALK))
    later[2] = 7
    with pytest.raises(CoreError, match="unknown version 7"):
        decode(bytes(later))


def _fields(track: Trajectory) -> tuple[tuple[float, ...], tuple[Box, ...]]:
    return track.times_s, track.boxes
