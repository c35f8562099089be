"""Folds that tear no identity apart, and figures that weigh values alike."""

import json

import numpy as np
import pytest

from inference.training.attributes.folds import Row, fold_of
from inference.training.attributes.metrics import (
    balance,
    balanced_accuracy,
    calibration_error,
    fit_temperature,
    known_from,
    probabilities,
    recalls,
)
from inference.training.attributes.pool import Answers, by_track, figures, gather, manifest_head


def row(person: int, *, hat: int | None = None, camera: int = 1) -> Row:
    return ("market", f"market/{person}", f"market/{person}/c{camera}", {} if hat is None else {"hat": [hat]})


def test_pictures_of_one_person_lie_in_one_fold() -> None:
    rows = [row(number % 40, hat=0) for number in range(200)]
    folds = fold_of(rows, 5)
    assert all(len(set(folds[number::40])) == 1 for number in range(40))
    assert np.bincount(folds).tolist() == [40] * 5


def test_the_few_of_a_rare_value_are_dealt_to_all_folds() -> None:
    rows = [row(number, hat=int(number % 20 == 0)) for number in range(200)]
    folds = fold_of(rows, 5)
    assert np.bincount(folds[::20]).tolist() == [2] * 5


def test_a_person_never_changes_fold() -> None:
    rows = [row(number, hat=number % 2) for number in range(50)]
    assert fold_of(rows, 5).tolist() == fold_of(rows, 5).tolist()
    assert fold_of(rows[::-1], 5).tolist() == fold_of(rows, 5)[::-1].tolist()


def test_balanced_accuracy_is_the_mean_of_recalls() -> None:
    labels = np.array([0] * 8 + [1] * 2)
    scores = np.tile([1.0, 0.0], (10, 1))
    assert balanced_accuracy(scores, labels) == pytest.approx(0.5)  # plain accuracy would be 0.8
    assert recalls(scores, labels).tolist() == [1.0, 0.0]


def test_a_value_that_never_occurs_does_not_count() -> None:
    labels = np.array([0, 2])
    assert balanced_accuracy(np.eye(3)[[0, 2]], labels) == pytest.approx(1.0)
    assert np.isnan(recalls(np.eye(3)[[0, 2]], labels)[1])


def test_calibration_error_is_the_gap_between_said_and_right() -> None:
    chances = np.tile([0.9, 0.1], (10, 1))
    labels = np.array([0] * 6 + [1] * 4)
    assert calibration_error(chances, labels, np.ones(10)) == pytest.approx(0.3)
    assert calibration_error(np.tile([0.6, 0.4], (10, 1)), labels, np.ones(10)) == pytest.approx(0.0)


def test_a_certain_answer_is_counted_in_the_last_bin() -> None:
    assert calibration_error(np.array([[1.0, 0.0]]), np.array([0]), np.ones(1)) == pytest.approx(0.0)


def test_temperature_undoes_a_known_overconfidence() -> None:
    random = np.random.default_rng(0)
    true = random.normal(0, 1.5, (6000, 3))
    labels = np.array([random.choice(3, p=chances) for chances in probabilities(true)])
    assert fit_temperature(3 * true, labels, np.ones(6000)) == pytest.approx(3.0, rel=0.08)


def test_known_from_leaves_a_tenth_unsaid_where_that_is_the_worse_tenth() -> None:
    best = np.linspace(0.5, 1.0, 2001)[:-1]
    labels = (np.random.default_rng(1).random(2000) > best).astype(int)  # value 0 is right as often as it says
    chances = np.stack([best, 1 - best], 1)
    assert known_from(chances, labels, np.ones(2000)) == pytest.approx(0.55)
    assert known_from(chances, labels, np.ones(2000), most_unknown=0.31) == pytest.approx(0.65)
    assert known_from(chances, np.zeros(2000, int), np.ones(2000)) == 0  # what is always right may be said


def test_weights_of_each_value_make_the_same_sum() -> None:
    weights = balance(np.array([0, 0, 0, 1]))
    assert weights.tolist() == pytest.approx([1 / 6] * 3 + [1 / 2])


TABLE = json.loads(json.dumps({"heads": {"hat": ["no", "yes"], "_model": ["a", "b", "c"]}, "rows": []}))


def answered() -> dict[str, Answers]:
    rows = [row(number // 4, hat=number // 4 % 2) for number in range(40)] + [row(99)]
    table = {**TABLE, "rows": rows}
    folds = []
    for fold in range(2):
        numbers = np.arange(fold, 41, 2)
        logits = np.zeros((len(numbers), 5))
        logits[:, 1] = [4.0 if number // 4 % 2 else -4.0 for number in numbers]
        folds.append((numbers, logits))
    return gather(table, folds)


def test_answers_are_gathered_by_head_without_hidden_ones_and_unknown_labels() -> None:
    answers = answered()
    assert list(answers) == ["hat"]
    assert answers["hat"].logits.shape == (40, 2)
    assert sorted(set(answers["hat"].folds.tolist())) == [0, 1]


def test_tracks_are_answered_by_the_mean_of_their_pictures() -> None:
    answers = answered()["hat"]
    chances, labels = by_track(probabilities(answers.logits), answers)
    assert len(labels) == 10
    assert balanced_accuracy(chances, labels) == 1.0


def test_figures_and_the_manifest_s_head_of_right_answers() -> None:
    answers = answered()["hat"]
    figure = figures(answers, ["no", "yes"])
    assert (figure["balanced"], figure["balanced_track"], figure["by_set"]) == (1.0, 1.0, {"market": 1.0})
    head = manifest_head("hat", ["no", "yes"], answers)
    assert head["shares"] == [0.5, 0.5]
    assert head["known_from"] == 0
    assert head["offsets"] == [0.0, 0.0]
    assert head["temperature"] < 1  # always right: more certain than the logits say
