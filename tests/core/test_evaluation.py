import numpy as np
import pytest

from inference.core.detections import Box
from inference.core.evaluation import score_reid, score_tracking
from inference.core.mot import MotFrames, MotRow, from_rows


def tracks(*paths: tuple[int, str], x: float = 0.0) -> MotFrames:
    """Each path is a number and one letter a frame: o seen, . not seen; every path has its own row of boxes."""
    rows = []
    for row, (number, path) in enumerate(paths):
        for frame, mark in enumerate(path, start=1):
            if mark == "o":
                box = Box(x + 10 * frame, 200 * row, x + 10 * frame + 40, 200 * row + 100)
                rows.append(MotRow(frame, number, box, 1.0, 0))
    return from_rows(rows)


TRUTH = tracks((1, "oooooooooo"))


@pytest.mark.parametrize(
    ("result", "misses", "false_alarms", "switches", "idf1"),
    [
        (tracks((7, "oooooooooo")), 0, 0, 0, 1.0),
        # IDF1 = 2·8 / (10 + 8)
        (tracks((7, "oooooooo..")), 2, 0, 0, 16 / 18),
        (tracks((7, "..........")), 10, 0, 0, 0.0),
        # 20 of 60 px shared: IoU 0.33, below 0.5, so each box is both missed and a false alarm.
        (tracks((7, "oooooooooo"), x=20), 10, 10, 0, 0.0),
        (tracks((7, "oooooooooo"), (8, "oooooooooo")), 0, 10, 0, 20 / 30),
    ],
)
def test_tracking_scores_follow_their_definitions(
    result: MotFrames, misses: int, false_alarms: int, switches: int, idf1: float
) -> None:
    score = score_tracking(TRUTH, result, range(1, 11))
    assert (score.misses, score.false_alarms, score.switches) == (misses, false_alarms, switches)
    assert score.mota == pytest.approx(1 - (misses + false_alarms + switches) / 10)
    assert score.idf1 == pytest.approx(idf1)


def test_a_number_that_changes_is_one_switch() -> None:
    first, second = tracks((7, "ooooo.....")), tracks((8, ".....ooooo"))
    score = score_tracking(TRUTH, {**first, **second}, range(1, 11))
    assert (score.misses, score.false_alarms, score.switches) == (0, 0, 1)
    assert score.idf1 == pytest.approx(0.5)


def test_only_the_frames_asked_for_are_scored() -> None:
    score = score_tracking(TRUTH, tracks((7, "o.o.o.o.o.")), range(1, 11, 2))
    assert (score.mota, score.idf1, score.true_boxes) == (1.0, 1.0, 5)


def test_reid_leaves_out_the_same_person_in_the_same_camera() -> None:
    # Persons 1 and 2 on two axes; picture 1 is a near copy of picture 0 in its camera and must not count.
    features = np.asarray([[1, 0], [1, 0], [0.8, 0.6], [0, 1], [0.6, 0.8]], np.float32)
    score = score_reid(features, np.asarray([1, 1, 1, 2, 2]), np.asarray([0, 0, 1, 0, 1]))
    # Picture 2 finds 4 (person 2, cosine 0.96) before 0 and 1; picture 4 finds 2 before 3; the rest are right at once.
    assert score.queries == 5
    assert score.rank1 == pytest.approx(3 / 5)
    assert score.mean_ap == pytest.approx((1 + 1 + (1 / 2 + 2 / 3) / 2 + 1 + 1 / 2) / 5)


def test_reid_compares_queries_of_their_own_with_what_is_stored() -> None:
    # As they are stored everybody is most like somebody else; two queries differ from it, and find their own.
    stored = np.asarray([[1, 0], [0.6, 0.8], [0, 1], [0.8, 0.6]], np.float32)
    queries = np.asarray([[0.6, 0.8], [0.6, 0.8], [0.8, 0.6], [0.8, 0.6]], np.float32)
    identities, cameras = np.asarray([1, 1, 2, 2]), np.asarray([0, 1, 0, 1])
    assert score_reid(stored, identities, cameras).rank1 == 0
    assert score_reid(stored, identities, cameras, queries=queries).rank1 == pytest.approx(1 / 2)
