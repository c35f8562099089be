"""Which crops an 8-bit copy is calibrated on, what is measured of it, and its lines for the manifest."""

import hashlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.core.manifest import WEIGHTS_DIR, default_model, read_manifest
from inference.training.reid.pack import Crop
from inference.training.reid.quantise import (
    Input,
    choose_crops,
    manifest_fields,
    open_network,
    read_crop,
    score,
    time_together,
)


def crops_of(source: str, camera: str, count: int) -> list[Crop]:
    return [Crop(Path(f"{source}-{camera}-{number}.jpg"), source, str(number), camera) for number in range(count)]


def test_each_camera_gives_as_many_as_another() -> None:
    crops = [*crops_of("market1501", "1", 500), *crops_of("market1501", "2", 90), *crops_of("ward", "1", 4)]
    chosen = choose_crops(crops, 90)
    assert Counter((crop.source, crop.camera) for crop in chosen) == {
        ("market1501", "1"): 30,
        ("market1501", "2"): 30,
        ("ward", "1"): 4,
    }
    assert len(set(chosen)) == len(chosen)
    assert choose_crops(crops, 90) == chosen


def test_what_decides_about_weights_is_never_calibrated_on() -> None:
    held = [*crops_of("cuhk03-val", "0", 50), *crops_of("viper", "1", 50), *crops_of("prid", "a", 50)]
    assert {crop.source for crop in choose_crops([*held, *crops_of("cuhk03", "0", 50)], 100)} == {"cuhk03"}
    with pytest.raises(ValueError, match="no crops"):
        choose_crops(held, 100)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"a\.jpg is not a picture"):
        read_crop(tmp_path / "a.jpg", (128, 256))


def test_the_manifest_gets_both_files_with_their_hashes(tmp_path: Path) -> None:
    files = [tmp_path / "m-int8.xml", tmp_path / "m-int8.bin"]
    for file in files:
        file.write_text(file.suffix)
    lines = manifest_fields(files).splitlines()
    assert lines[0] == 'id = "m-int8"'
    for file, line in zip(files, lines[2:4], strict=True):
        assert f'name = "{file.name}"' in line
        assert hashlib.sha256(file.read_bytes()).hexdigest() in line


def test_a_network_is_scored_and_timed(tmp_path: Path) -> None:
    """Two people in two cameras, drawn so differently that any network tells them apart."""
    crops = []
    for identity, colour in (("1", (0, 0, 255)), ("2", (255, 255, 255))):
        for camera in ("0", "1"):
            path = tmp_path / f"{identity}-{camera}.png"
            cv2.imwrite(str(path), np.full((40 + int(camera), 20, 3), colour, np.uint8))
            crops.append(Crop(path, "cuhk03-val", identity, camera))
    entry = read_manifest()[default_model("reid", "person")]
    picture = Input(entry.input_name, entry.input_size, entry.is_rgb)
    network = open_network(WEIGHTS_DIR / entry.files[0].name, picture)
    found = score(network, crops, picture.size)
    assert (found.rank1, found.mean_ap, found.queries) == (1.0, 1.0, 4)
    first, second = time_together([network, network], picture.size, runs=2)
    assert first.clock_ms > 0
    assert second.processor_ms > 0
