"""Ranking: pictures joined, the head re-ranked, decisions and words used. Small vectors whose answer is known."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.manifest import Head
from inference.core.ranking import MOST_EVIDENCE, Wanted, evidence, fits, fuse, push_away, rerank
from inference.core.reid import unit_length

COLOUR = Head("upper_colour", ("black", "red", "orange"), (0.6, 0.1, 0.3), known_from=0.5)
HAT = Head("hat", ("no", "yes"), (0.8, 0.2), known_from=0.6)
HEADS = (COLOUR, HAT)


def vectors(count: int, seed: int = 0, dimension: int = 32) -> NDArray[np.float32]:
    return unit_length(np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32))


def like(vector: NDArray[np.float32], count: int, *, spread: float, seed: int) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).standard_normal((count, len(vector))).astype(np.float32)
    return unit_length(vector + spread * noise / np.sqrt(len(vector)))


def test_fused_pictures_have_unit_length_and_lie_nearer_to_the_person_than_each_alone() -> None:
    person = vectors(1)[0]
    pictures = like(person, 4, spread=1.0, seed=1)
    fused = fuse(pictures)
    assert fused.shape == pictures.shape
    assert fused.dtype == np.float32
    assert np.linalg.norm(fused, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert ((fused @ person) > (pictures @ person)).all()


def test_a_picture_unlike_the_others_stays_itself_and_spoils_none() -> None:
    alike = like(vectors(1)[0], 2, spread=0.3, seed=2)
    other = vectors(1, seed=9)
    fused = fuse(np.concatenate([alike, other]))
    assert float(fused[2] @ other[0]) > 0.99
    assert (np.sum(fused[:2] * fuse(alike), axis=1) > 0.99).all()


def test_one_picture_is_left_as_it_is() -> None:
    assert fuse(vectors(1)) == pytest.approx(vectors(1), abs=1e-6)


def test_one_who_shares_the_querys_neighbours_rises_above_a_chance_likeness() -> None:
    """Six sightings of the target; the query is like five of them, and less like the sixth than like a stranger."""
    query = np.zeros(32, np.float32)
    query[0] = 1
    target = like(unit_length((query + 0.6 * vectors(1, seed=3)[0])[None])[0], 6, spread=0.35, seed=4)
    strangers = vectors(60, seed=5)
    chance = unit_length((0.9 * query + vectors(1, seed=6)[0])[None])
    head = np.concatenate([target, chance, strangers])
    scores = head @ query
    scores[5] = scores[6] - 0.01  # the sixth sighting, seen badly
    before, after = np.argsort(-scores), np.argsort(-rerank(scores, head))
    assert before.tolist().index(5) > before.tolist().index(6)
    assert after.tolist().index(5) < after.tolist().index(6)


@pytest.mark.parametrize("count", [0, 1])
def test_a_head_too_short_to_rank_is_left_as_it_is(count: int) -> None:
    head = vectors(count)
    scores = head @ vectors(1, seed=1)[0]
    assert rerank(scores, head).tolist() == scores.tolist()


def test_re_ranking_only_ever_raises_and_does_not_depend_on_the_order_given() -> None:
    head = vectors(40)
    scores = head @ vectors(1, seed=1)[0]
    found = rerank(scores, head)
    assert (found >= scores - 1e-6).all()
    mixed = np.random.default_rng(2).permutation(40)
    assert rerank(scores[mixed], head[mixed]) == pytest.approx(found[mixed], abs=1e-5)


def test_copies_of_one_picture_are_ranked_alike() -> None:
    head = np.concatenate([vectors(10), vectors(1)])  # the first one twice
    scores = head @ vectors(1, seed=1)[0]
    found = rerank(scores, head)
    assert found[0] == pytest.approx(found[10], abs=1e-5)


def test_what_is_like_a_rejected_one_falls_and_nothing_else_does() -> None:
    wrong = vectors(1, seed=1)
    head = np.concatenate([like(wrong[0], 1, spread=0.2, seed=2), vectors(5, seed=3)])
    scores = np.full(6, 0.5, np.float32)
    pushed = push_away(scores, head, wrong)
    assert pushed[0] < 0.4
    assert pushed[1:].tolist() == [0.5] * 5


def test_without_rejected_ones_nothing_moves() -> None:
    scores = np.array([0.4, 0.2], np.float32)
    assert push_away(scores, vectors(2), np.zeros((0, 0), np.float32)).tolist() == scores.tolist()


# black, red, orange | no hat, hat
DESCRIPTIONS = np.array(
    [
        [0.02, 0.95, 0.03, 0.9, 0.1],  # red, no hat
        [0.95, 0.03, 0.02, 0.1, 0.9],  # black, hat
        [0.40, 0.35, 0.25, 0.5, 0.5],  # nobody knows
        [0.05, 0.05, 0.90, 0.9, 0.1],  # orange, no hat
    ],
    np.float32,
)


def worth(*wanted: Any) -> list[float]:
    found: list[float] = evidence(DESCRIPTIONS, HEADS, [Wanted(*one) for one in wanted]).tolist()
    return found


def test_evidence_is_the_probability_over_the_share_with_a_witness_who_may_err() -> None:
    red = worth(("upper_colour", "red"))
    assert red[0] == pytest.approx(np.log(0.9 * 0.95 / 0.1 + 0.1 * 0.05 / 0.9), abs=1e-4)
    assert red[1] == pytest.approx(np.log(0.9 * 0.03 / 0.1 + 0.1 * 0.97 / 0.9), abs=1e-4)
    assert red[0] > 0 > red[1]


def test_a_rare_value_says_more_than_a_common_one() -> None:
    assert worth(("upper_colour", "red"))[0] > worth(("upper_colour", "black"))[1] > 0


def test_values_of_one_attribute_are_alternatives() -> None:
    either = worth(("upper_colour", "red"), ("upper_colour", "orange"))
    assert min(either[0], either[3]) > 0 > either[1]


def test_attributes_add_up_to_the_cap_and_no_further() -> None:
    assert worth(("upper_colour", "black"), ("hat", "yes"))[1] == pytest.approx(
        worth(("upper_colour", "black"))[1] + worth(("hat", "yes"))[1], abs=1e-5
    )
    rare = (Head("a", ("x", "y"), (0.001, 0.999)), Head("b", ("x", "y"), (0.001, 0.999)))
    sure = np.array([[1, 0, 1, 0]], np.float32)
    assert evidence(sure, rare, [Wanted("a", "x"), Wanted("b", "x")]).tolist() == [MOST_EVIDENCE]
    assert evidence(sure, rare, [Wanted("a", "x"), Wanted("b", "x")], most=np.inf)[0] > 2 * MOST_EVIDENCE


def test_what_the_model_does_not_know_counts_for_nothing() -> None:
    assert worth(("shoes", "white"), ("upper_colour", "plaid")) == [0.0] * 4


def test_only_what_is_plainly_otherwise_fails_a_requirement() -> None:
    required = [Wanted("upper_colour", "red", is_required=True), Wanted("hat", "yes")]
    assert fits(DESCRIPTIONS, HEADS, required).tolist() == [True, False, True, False]
    assert fits(DESCRIPTIONS, HEADS, [*required, Wanted("upper_colour", "orange", is_required=True)]).tolist() == [
        True,
        False,
        True,
        True,
    ]
    assert fits(DESCRIPTIONS, HEADS, [Wanted("shoes", "white", is_required=True)]).all()
