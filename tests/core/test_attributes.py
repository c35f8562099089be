import numpy as np
import pytest

from inference.core.attributes import Head, answers, columns_of, load_describer, pack, probabilities_of, unpack
from inference.core.detections import Kind
from inference.core.errors import ModelError
from inference.core.manifest import ModelStore

COLOUR = Head("colour", ("red", "green", "blue"), (0.5, 0.25, 0.25), known_from=0.5)
HAT = Head("hat", ("no", "yes"), (0.9, 0.1))
HEADS = (COLOUR, HAT)


def plain(red: int, green: int, blue: int) -> np.ndarray:
    return np.full((40, 20, 3), (blue, green, red), np.uint8)


def test_a_describer_says_what_its_manifest_says_it_can(tiny_store: ModelStore) -> None:
    describer = load_describer("tiny-person-looks", tiny_store, kind=Kind.PERSON)
    assert [head.name for head in describer.heads] == ["colour", "bright"]
    rows = describer.describe([plain(250, 20, 20), plain(0, 0, 90), *[plain(0, 255, 255)] * 8])
    assert rows.shape == (10, 5)
    assert rows.dtype == np.float32
    said = [{name: pairs[0][0] for name, pairs in answers(describer.heads, row).items()} for row in rows]
    assert said[0] == {"colour": "red", "bright": "no"}
    assert said[1] == {"colour": "blue", "bright": "no"}
    # Green and blue are equally probable: less than known_from each.
    assert said[2:] == [{"colour": "unknown", "bright": "yes"}] * 8


def test_probabilities_follow_from_logits_and_temperature(tiny_store: ModelStore) -> None:
    (row,) = load_describer("tiny-person-looks", tiny_store).describe([plain(100, 80, 60)])
    # Logits 10, 8, 6 at temperature 2; and ±(0.01 × 240 − 4) at temperature 1.
    powers = np.exp(np.array([5, 4, 3]))
    assert row[:3] == pytest.approx(powers / powers.sum(), abs=1e-4)
    assert row[4] == pytest.approx(1 / (1 + np.exp(3.2)), abs=1e-4)


def test_no_crops_give_no_descriptions(tiny_store: ModelStore) -> None:
    assert load_describer("tiny-person-looks", tiny_store).describe([]).shape == (0, 5)


def test_a_describer_is_refused_for_the_other_kind_and_the_other_task(tiny_store: ModelStore) -> None:
    with pytest.raises(ModelError, match="tiny-person-looks is made for person, not for vehicle"):
        load_describer("tiny-person-looks", tiny_store, kind=Kind.VEHICLE)
    with pytest.raises(ModelError, match="tiny-person is a model for reid, not for describer"):
        load_describer("tiny-person", tiny_store)


def test_an_output_of_another_size_is_refused(tiny_store: ModelStore) -> None:
    describer = load_describer("tiny-short-looks", tiny_store)
    with pytest.raises(ModelError, match=r"gives 3 numbers for a picture; the manifest says 5"):
        describer.describe([plain(1, 2, 3)])


def test_large_logits_do_not_overflow() -> None:
    rows = probabilities_of(HEADS, np.array([[1e4, 0, -1e4, 500, 500]], np.float32))
    assert rows[0].tolist() == [1, 0, 0, 0.5, 0.5]


def test_answers_are_best_first_and_unknown_where_the_best_is_too_weak() -> None:
    said = answers(HEADS, np.array([0.25, 0.45, 0.3, 0.8, 0.2], np.float32))
    assert [value for value, _ in said["colour"]] == ["unknown", "green", "blue", "red"]
    assert said["colour"][0][1] == pytest.approx(0.55)
    assert [value for value, _ in said["hat"]] == ["no", "yes"]


def test_an_answer_at_the_threshold_is_known() -> None:
    assert answers([COLOUR], np.array([0.5, 0.25, 0.25], np.float32))["colour"][0] == ("red", 0.5)


def test_a_description_of_other_heads_is_refused() -> None:
    with pytest.raises(ModelError, match="4 numbers is none of 5 values"):
        answers(HEADS, np.zeros(4, np.float32))


def test_columns_lie_one_head_after_the_other() -> None:
    assert columns_of(HEADS) == [slice(0, 3), slice(3, 5)]


def test_packing_keeps_a_probability_to_half_a_255th() -> None:
    rows = np.random.default_rng(0).random(1000).astype(np.float32)
    rows[:2] = 0, 1
    blob = pack(rows)
    assert len(blob) == 1000
    back = unpack(blob)
    assert back.dtype == np.float32
    assert np.abs(back - rows).max() <= 0.5 / 255 + 1e-6
    assert back[:2].tolist() == [0, 1]
    assert pack(back) == blob
