"""Folds by identity, and what is counted as found."""

from pathlib import Path

import numpy as np
import pytest

from inference.training.vehicles.folds import FOLDS, answer, deal, describe, join, read_answers
from inference.training.vehicles.negatives import may_be_one

IDENTITIES = [
    f"{kind}_{number:04}" for kind, count in (("bus", 4), ("car", 63), ("truck", 29)) for number in range(count)
]
# Three vehicles on a circle, in both cameras; the truck of camera 2 looks like the bus.
ANGLES = {("car_1", "1"): 0, ("car_1", "2"): 5, ("bus_1", "1"): 60, ("bus_1", "2"): 70, ("truck_1", "1"): 120}
ANGLES[("truck_1", "2")] = 66


def circle() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    radians = np.radians(list(ANGLES.values()))
    features = np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)
    return features, np.array([name for name, _ in ANGLES]), np.array([camera for _, camera in ANGLES])


def test_every_identity_has_one_fold_and_every_fold_its_share_of_each_kind() -> None:
    folds = deal(IDENTITIES)
    assert folds.keys() == set(IDENTITIES)
    for kind, count in (("bus", 4), ("car", 63), ("truck", 29)):
        sizes = np.bincount([fold for name, fold in folds.items() if name.startswith(kind)], minlength=FOLDS)
        assert sizes.sum() == count
        assert sizes.max() - sizes.min() <= 1


def test_folds_do_not_depend_on_order_or_repetition() -> None:
    assert deal(reversed(IDENTITIES * 2)) == deal(IDENTITIES)
    assert deal(IDENTITIES, seed=1) != deal(IDENTITIES)


def test_an_identity_outside_the_fold_counts_only_in_the_gallery_of_all() -> None:
    features, identity, camera = circle()
    held = np.isin(identity, ["car_1", "bus_1"])
    found = answer(features, identity, camera, held)
    # Bus 1 at 60° is nearer to the truck (66°) than to itself (70°): wrong among all, right in its own fold.
    assert found.kind.tolist() == ["car", "bus", "car", "bus"]
    assert found.among_fold.tolist() == [True, True, True, True]
    assert found.among_all.tolist() == [True, False, True, True]
    assert found.precision.tolist() == [1.0, 0.5, 1.0, 1.0]
    assert describe(found).startswith("four-wheelers (4) 100.0 / 75.0 / 87.5, bus (2) 100.0 / 50.0 / 75.0")


def test_a_vehicle_seen_by_one_camera_alone_is_not_asked_for() -> None:
    features, identity, camera = circle()
    found = answer(features[:5], identity[:5], camera[:5], np.ones(5, bool))
    assert sorted(found.kind.tolist()) == ["bus", "bus", "car", "car"]


def test_three_cameras_are_refused() -> None:
    features, identity, camera = circle()
    camera[0] = "3"
    with pytest.raises(ValueError, match="not 3"):
        answer(features, identity, camera, np.ones(6, bool))


def test_a_file_of_one_fold_is_measured_on_that_fold_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    identity, camera = np.repeat(IDENTITIES, 2), np.tile(["1", "2"], len(IDENTITIES))
    features = rng.normal(size=(len(identity), 8)).astype(np.float32)
    whole, parts = tmp_path / "whole.npz", []
    np.savez(whole, identity=identity, camera=camera, feature=features)
    for fold in range(FOLDS):
        path = tmp_path / f"{fold}.npz"
        np.savez(path, identity=identity, camera=camera, feature=features, fold=fold)
        parts.append(read_answers(path))
        assert len(parts[-1].kind) == 2 * list(deal(IDENTITIES).values()).count(fold)
    together = read_answers(whole)
    assert describe(join(parts)) == describe(together)
    assert len(together.kind) == len(identity)


def test_only_vehicles_of_a_mixed_file_are_measured(tmp_path: Path) -> None:
    features, identity, camera = circle()
    kinds = np.array(["vehicle"] * 4 + ["viper"] * 2)
    np.savez(tmp_path / "mixed.npz", identity=identity, camera=camera, feature=features * 3, set=kinds)
    assert set(read_answers(tmp_path / "mixed.npz").kind) == {"car", "bus"}
    np.savez(tmp_path / "people.npz", identity=identity, camera=camera, feature=features, set=np.full(6, "viper"))
    with pytest.raises(ValueError, match="holds no vehicle"):
        read_answers(tmp_path / "people.npz")


def test_a_file_without_cameras_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "bare.npz", identity=["car_1"], feature=[[1.0]])
    with pytest.raises(ValueError, match=r"bare\.npz lacks camera"):
        read_answers(tmp_path / "bare.npz")


def test_tracks_of_one_clip_may_be_one_vehicle_unless_they_were_seen_apart() -> None:
    classes = ["clip-a/1", "clip-a/2", "clip-a/3", "clip-b/1", "vehicle/car_1", "vehicle/car_2"]
    unsure = may_be_one(classes, [["clip-a", "1", "2"], ["clip-a", "3", "99"]])
    pairs = {tuple(sorted((int(a), int(b)))) for a, b in np.argwhere(unsure)}
    assert pairs == {(0, 2), (1, 2)}
    assert unsure.shape == (7, 7)
    assert (unsure == unsure.T).all()
