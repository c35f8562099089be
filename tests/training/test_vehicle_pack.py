"""What goes into the pack of vehicles: names, sizes and the pictures for variety."""

import json
from pathlib import Path

import numpy as np
import pytest

from inference.core.images import decode_jpeg, encode_jpeg
from inference.training.reid.pack import write_packs
from inference.training.vehicles.pack import SIZE_PX, labelled, shrink, shrunken, unlabelled


def picture(path: Path, *, width: int = 100, height: int = 60) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_jpeg(np.full((height, width, 3), 128, np.uint8), 90))


def test_names_of_two_camera_crops_say_identity_and_camera(tmp_path: Path) -> None:
    for name in ("bus_0001_cam1.jpg", "bus_0001_cam2.jpg", "readme.jpg"):
        picture(tmp_path / "reid/vehicle" / name)
    found = [tuple(crop[1:]) for crop in labelled(tmp_path)]
    assert found == [("vehicle", "bus_0001", "1"), ("vehicle", "bus_0001", "2")]


def test_variety_is_taken_evenly_and_never_from_neighbours(tmp_path: Path) -> None:
    for number in range(1, 29):
        picture(tmp_path / f"vehicle_type/zenodo-tiny/car/car{number}.jpg")
    found = [crop.path.stem for crop in unlabelled(tmp_path)]
    assert found == ["car1", "car8", "car15", "car22"]
    assert all(crop.identity is None for crop in unlabelled(tmp_path))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((400, 250), (SIZE_PX, SIZE_PX)),  # both sides too long: squeezed to the square
        ((400, 90), (SIZE_PX, 90)),
        ((80, 60), (80, 60)),
    ],
)
def test_only_sides_that_are_too_long_are_shortened(size: tuple[int, int], expected: tuple[int, int]) -> None:
    small = shrink(np.zeros((size[1], size[0], 3), np.uint8))
    assert (small.shape[1], small.shape[0]) == expected


def test_the_pack_holds_the_pictures_at_the_networks_size(tmp_path: Path) -> None:
    picture(tmp_path / "reid/vehicle/car_0001_cam1.jpg", width=500, height=300)
    picture(tmp_path / "reid/vehicle/car_0001_cam2.jpg")
    (tmp_path / "small").mkdir()
    (pack,) = write_packs(shrunken(labelled(tmp_path), tmp_path / "small"), tmp_path / "packs")
    rows, data = json.loads(pack.with_suffix(".json").read_text()), pack.read_bytes()
    first = decode_jpeg(data[: rows[0][3]])
    assert first.shape == (SIZE_PX, SIZE_PX, 3)
    assert decode_jpeg(data[rows[0][3] :]).shape == (60, 100, 3)
    assert [row[:3] for row in rows] == [["vehicle", "car_0001", "1"], ["vehicle", "car_0001", "2"]]
