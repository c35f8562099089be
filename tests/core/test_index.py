import numpy as np
import pytest

from inference.core.index import top_k
from inference.core.reid import unit_length


def vectors(count: int, seed: int = 0) -> np.ndarray:
    return unit_length(np.random.default_rng(seed).normal(size=(count, 64)).astype(np.float32))


@pytest.mark.parametrize("count", [1, 10, 16_384, 40_000])
def test_the_best_are_those_a_full_sort_gives(count: int) -> None:
    features, query = vectors(count), vectors(1, seed=1)
    rows, scores = top_k(query, features, 10)
    full = features @ query[0]
    assert rows.tolist() == np.argsort(-full, kind="stable")[:10].tolist()
    assert scores == pytest.approx(full[rows], abs=1e-5)


def test_half_precision_gives_the_same_order() -> None:
    features, query = vectors(5000), vectors(1, seed=1)
    assert top_k(query, features.astype(np.float16), 5)[0].tolist() == top_k(query, features, 5)[0].tolist()


def test_of_several_pictures_the_best_match_counts() -> None:
    features = np.eye(3, dtype=np.float32)
    rows, scores = top_k(np.asarray([[1, 0, 0], [0, 0.9, 0.1]], np.float32), features, 3)
    assert rows.tolist() == [0, 1, 2]
    assert scores == pytest.approx([1.0, 0.9, 0.1])


def test_equal_scores_come_in_order_of_row() -> None:
    features = np.tile(np.asarray([[1, 0]], np.float32), (50, 1))
    assert top_k(np.asarray([1, 0], np.float32), features, 4)[0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("count", "k", "given"), [(0, 5, 0), (3, 5, 3), (3, 0, 0)])
def test_no_more_is_given_than_there_is(count: int, k: int, given: int) -> None:
    rows, scores = top_k(vectors(1), np.zeros((count, 64), np.float32), k)
    assert len(rows) == len(scores) == given
