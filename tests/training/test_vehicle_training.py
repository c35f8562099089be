"""Batches and losses of the vehicle network; needs torch, which only the training machine has."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is on the training machine alone")

from inference.core.images import encode_jpeg  # noqa: E402 — behind the check for torch
from inference.training.vehicles.folds import deal  # noqa: E402
from inference.training.vehicles.train import Batches, Recipe, Vehicles, contrast  # noqa: E402

CARS = [f"car_{number:04}" for number in range(10)]
BIKES = [f"motorcycle_{number:04}" for number in range(10)]


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    blob = encode_jpeg(np.full((20, 30, 3), 128, np.uint8), 90)
    rows = [["vehicle", name, camera, len(blob)] for name in CARS + BIKES for camera in "12"]
    rows += [["clip-a", track, "0", len(blob)] for track in "123" for _ in range(5)]
    rows += [["stanford", None, "0", len(blob)] for _ in range(8)]
    (tmp_path / "crops-0.json").write_text(json.dumps(rows))
    (tmp_path / "crops-0.bin").write_bytes(blob * len(rows))
    (tmp_path / "apart.json").write_text(json.dumps([["clip-a", "1", "2"]]))
    return tmp_path


def test_vehicles_of_the_fold_are_never_trained_on(packs: Path) -> None:
    vehicles = Vehicles(packs, size=16, fold=2)
    held = {name for name, fold in deal(CARS + BIKES).items() if fold == 2}
    assert set(vehicles.identity[vehicles.held]) == held
    batches = Batches(vehicles, Recipe(cars=99, bikes=99, tracks=99, others=99), seed=1)
    drawn = set(np.concatenate([batches.draw() for _ in range(5)]).tolist())
    assert drawn == set(np.flatnonzero(~vehicles.held).tolist())


def test_a_batch_has_both_cameras_of_each_vehicle_and_two_views_of_each_other_picture(packs: Path) -> None:
    vehicles = Vehicles(packs, size=16, fold=None)
    assert not vehicles.held.any()
    rows = Batches(vehicles, Recipe(cars=3, bikes=2, tracks=2, pictures=4, others=5), seed=1).draw()
    assert len(rows) == 4 * 7 + 2 * 5
    for name in set(vehicles.identity[rows]) & set(CARS + BIKES):
        assert sorted(vehicles.camera[rows[vehicles.identity[rows] == name]]) == ["1", "1", "2", "2"]
    _others, counts = np.unique(rows[vehicles.identity[rows] == ""], return_counts=True)
    assert counts.tolist() == [2] * 5


def test_contrast_is_what_its_formula_says() -> None:
    features = torch.eye(4)[[0, 0, 1]]
    loss = contrast(features, torch.tensor([0, 1, 2]), torch.tensor([0, 0, 1]), torch.zeros(3, 3).bool(), 0.5)
    # For the two of class 0: ln(e² / (e² + e⁰)); the third has no partner.
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-2)), abs=1e-5)


def test_uncertain_pairs_and_other_views_of_a_labelled_picture_do_not_count() -> None:
    features = torch.nn.functional.normalize(torch.randn(5, 8, generator=torch.Generator().manual_seed(1)), dim=1)
    rows, labels = torch.tensor([0, 1, 2, 0, 4]), torch.tensor([0, 0, 1, 0, 2])
    unsure = torch.zeros(4, 4).bool()
    unsure[0, 1] = unsure[1, 0] = True
    before = contrast(features, rows, labels, unsure, 0.1)
    features[2] = -features[2]  # class 1 may be class 0: its place is of no account
    assert float(contrast(features, rows, labels, unsure, 0.1)) == pytest.approx(float(before), abs=1e-6)
    unsure[:] = False
    assert float(contrast(features, rows, labels, unsure, 0.1)) != pytest.approx(float(before), abs=1e-3)


def test_an_unlabelled_picture_is_drawn_to_its_own_other_view_alone() -> None:
    features = torch.eye(3)[[0, 0, 1, 1]]
    near = contrast(features, torch.tensor([5, 5, 6, 6]), torch.full((4,), -1), torch.zeros(1, 1).bool(), 0.5)
    far = contrast(features, torch.tensor([5, 6, 5, 6]), torch.full((4,), -1), torch.zeros(1, 1).bool(), 0.5)
    assert float(near) < float(far)
