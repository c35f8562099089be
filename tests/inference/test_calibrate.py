"""The script that measures what a model's cosines are worth: on made-up people whose answer is known."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.core.reid import unit_length
from inference.training.reid import calibrate


def people(count: int, *, spread: float, seed: int) -> dict[str, Any]:
    """Two pictures of each person, one in each of two cameras."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.standard_normal((count, 48)), 2, axis=0)
    features = unit_length((centres + spread * rng.standard_normal(centres.shape)).astype(np.float32))
    return {
        "feature": features,
        "identity": np.repeat(np.arange(count), 2),
        "camera": np.tile(["a", "b"], count),
        "set": np.full(2 * count, "made-up"),
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "features.npz"
    np.savez(path, **people(150, spread=0.7, seed=0))
    return path


def test_the_table_rises_and_its_odds_come_true_for_others(file: Path, tmp_path: Path) -> None:
    table = calibrate.calibrate(calibrate.read([file]))
    worth = [value for _at, value in table.points]
    assert worth == sorted(worth)
    assert worth[0] < 0 < worth[-1]
    other = tmp_path / "other.npz"
    np.savez(other, **people(150, spread=0.7, seed=1))
    searched = calibrate.simulate(calibrate.read([other]), table, np.random.default_rng(2), 300)
    odds, is_wrong = calibrate.shown([*searched])
    is_shown = odds < 0.5
    assert is_shown.sum() > 100
    assert is_wrong[is_shown].mean() == pytest.approx(odds[is_shown].mean(), abs=0.06)


def test_sets_of_different_networks_are_not_compared_with_each_other(file: Path, tmp_path: Path) -> None:
    """A set turned as a whole (every cosine within it the same) leaves the table as it was."""
    one = people(150, spread=0.7, seed=3)
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((48, 48)))[0].astype(np.float32)
    tables = []
    for features in (one["feature"], one["feature"] @ turned):
        other = tmp_path / "other.npz"
        np.savez(other, **(one | {"feature": features, "set": np.full(300, "another")}))
        tables.append(calibrate.calibrate(calibrate.read([file, other])))
    worths = [[value for _at, value in table.points] for table in tables]
    assert worths[0] == pytest.approx(worths[1], abs=0.02)


def test_the_line_rises_ever_less_beyond_what_was_seen(file: Path) -> None:
    points = calibrate.calibrate(calibrate.read([file])).points
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(points)]
    assert all(later <= earlier + 0.1 for earlier, later in pairwise(slopes))
    assert points[-1][1] < calibrate.MOST_SURE


def test_identities_are_split_whole_and_each_set_for_itself(file: Path) -> None:
    seen = calibrate.read([file])
    first, second = seen.halves(np.random.default_rng(0))
    assert len(first.features) + len(second.features) == len(seen.features)
    assert not set(first.identities) & set(second.identities)
    assert abs(len(first.features) - len(second.features)) <= 2


def test_queries_that_differ_from_what_is_stored_are_compared_with_it(file: Path, tmp_path: Path) -> None:
    values = people(150, spread=0.7, seed=0)
    other = tmp_path / "other.npz"
    np.savez(other, **values, query=-values["feature"])
    plain, turned = calibrate.read([file]), calibrate.read([other])
    assert np.array_equal(plain.queries, plain.features)
    first, second = turned.halves(np.random.default_rng(0))
    for half in (first, second):
        assert np.array_equal(half.queries, -half.features)
    rng = np.random.default_rng
    table = calibrate.calibrate(plain)
    (ours,), (theirs,) = (list(calibrate.simulate(seen, table, rng(1), 1)) for seen in (plain, turned))
    assert ours.log_lr.max() > theirs.log_lr.max()
    assert calibrate.calibrate(turned).mean == pytest.approx(-table.mean, abs=0.01)


def test_the_command_prints_a_line_for_the_manifest(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tomllib

    monkeypatch.setattr("sys.argv", ["calibrate", str(file)])
    assert calibrate.main() == 0
    line = tomllib.loads(capsys.readouterr().out)["match"]
    assert set(line) == {"points", "mean", "deviation"}
    assert len(line["points"]) == len(calibrate.KNOTS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"camera": np.full(300, "a")}, "two cameras"),
        ({"camera": np.full(7, "a")}, "differ in length"),
        ({"query": np.zeros((7, 48), np.float32)}, "differ in length"),
        ({"identity": None}, "identity"),
    ],
)
def test_features_that_nothing_can_be_learnt_from_are_refused(
    tmp_path: Path,
    change: dict[str, Any],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = people(150, spread=0.7, seed=0) | change
    path = tmp_path / "bad.npz"
    np.savez(path, **{name: value for name, value in values.items() if value is not None})
    monkeypatch.setattr("sys.argv", ["calibrate", str(path)])
    assert calibrate.main() == 1
    assert words in capsys.readouterr().err
