import numpy as np
import pytest

from inference.core.detections import Detections
from inference.core.tracker import Tracker, TrackerConfig

CAR, PERSON = 2, 0


def seen(*objects: tuple[float, float, float], class_id: int = PERSON) -> Detections:
    """One 40×100 box for each (x, y of the centre, score)."""
    boxes = [[x - 20, y - 50, x + 20, y + 50] for x, y, _ in objects]
    scores = [score for _, _, score in objects]
    return Detections(
        np.asarray(boxes, np.float32).reshape(-1, 4),
        np.asarray(scores, np.float32),
        np.full(len(objects), class_id, np.int64),
    )


@pytest.mark.parametrize("step_s", [0.04, 0.1, 0.2, 0.4])
def test_a_walker_keeps_the_number_at_any_frame_rate(step_s: float) -> None:
    tracker = Tracker()
    # 60 px/s is 0.6 heights a second: a brisk walk.
    numbers = {n for t in np.arange(0, 4, step_s) for n, _ in tracker.update(seen((100 + 60 * t, 200, 0.9)), t)}
    assert numbers == {1}


def test_a_walker_keeps_the_number_when_frames_are_unevenly_spaced() -> None:
    tracker = Tracker()
    times = [0.0, 0.1, 0.2, 0.6, 0.7, 1.1, 1.5, 1.6]
    numbers = {n for t in times for n, _ in tracker.update(seen((100 + 60 * t, 200, 0.9)), t)}
    assert numbers == {1}


def test_a_walker_hidden_for_a_second_is_found_again() -> None:
    tracker = Tracker()
    numbers = set()
    for t in np.arange(0, 4, 0.1):
        found = Detections.empty() if 1.5 <= t < 2.5 else seen((100 + 60 * t, 200, 0.9))
        numbers |= {n for n, _ in tracker.update(found, t)}
    assert numbers == {1}


def test_a_walker_gone_for_too_long_gets_a_new_number() -> None:
    tracker = Tracker(TrackerConfig(max_lost_s=1.0))
    for t in (0.0, 0.1, 0.2):
        tracker.update(seen((100, 200, 0.9)), t)
    assert tracker.update(Detections.empty(), 1.3) == []
    assert tracker.alive == set()
    assert [n for n, _ in tracker.update(seen((100, 200, 0.9)), 1.4)] == [2]


def test_two_who_pass_each_other_keep_their_numbers() -> None:
    tracker = Tracker()
    for t in np.arange(0, 4, 0.1):
        pairs = tracker.update(seen((100 + 60 * t, 200, 0.9), (340 - 60 * t, 215, 0.9)), t)
    by_x = [n for n, detection in sorted(pairs, key=lambda pair: pair[1].box.x1)]
    assert by_x == [2, 1]


def test_a_weak_box_keeps_a_track_but_starts_none() -> None:
    tracker = Tracker()
    tracker.update(seen((100, 200, 0.9)), 0.0)
    tracker.update(seen((100, 200, 0.9)), 0.1)
    assert [n for n, _ in tracker.update(seen((100, 200, 0.2), (400, 200, 0.2)), 0.2)] == [1]


def test_a_box_seen_once_ends_at_once() -> None:
    tracker = Tracker()
    tracker.update(seen((100, 200, 0.9)), 0.0)
    tracker.update(Detections.empty(), 0.1)
    assert tracker.alive == set()


def test_a_person_is_never_continued_as_a_vehicle() -> None:
    tracker = Tracker()
    tracker.update(seen((100, 200, 0.9)), 0.0)
    tracker.update(seen((100, 200, 0.9)), 0.1)
    assert [n for n, _ in tracker.update(seen((100, 200, 0.9), class_id=CAR), 0.2)] == [2]


def test_two_trackers_share_no_numbers() -> None:
    first, second = Tracker(), Tracker()
    assert [n for n, _ in first.update(seen((100, 200, 0.9), (300, 200, 0.9)), 0.0)] == [1, 2]
    assert [n for n, _ in second.update(seen((100, 200, 0.9)), 0.0)] == [1]
