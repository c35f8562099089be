"""Packs of crops for training: what a name says, and nothing lost between packs."""

import json
from pathlib import Path

from inference.training.reid.pack import find_crops, write_packs

NAMES = {
    "market1501/train/0002_c1s1_000451_03.jpg": ("market1501", "0002", "1"),
    "cuhk03/train/0000_04.jpg": ("cuhk03", "0000", "0"),
    "cuhk03/train/0000_05.jpg": ("cuhk03", "0000", "1"),
    "more/peta_grid/0000_2_25004.jpg": ("grid", None, "0"),  # nobody's number
    "more/peta_prid/0341_a.jpg": ("prid", "0341", "a"),
    "more/mot_seq/MOT17-09_001_0005.jpg": ("mot", "MOT17-09_001", "0"),
    "more/mot_seq/TUD-Campus_det_0001_3.jpg": ("mot", None, "0"),
}


def fill(data: Path) -> None:
    for number, name in enumerate(NAMES):
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * 10)


def test_names_say_set_identity_and_camera(tmp_path: Path) -> None:
    fill(tmp_path)
    found = {str(crop.path.relative_to(tmp_path)): crop[1:] for crop in find_crops(tmp_path)}
    assert found == NAMES


def test_packs_hold_every_picture_once_and_keep_to_their_size(tmp_path: Path) -> None:
    fill(tmp_path)
    packs = write_packs(find_crops(tmp_path), tmp_path / "packs", pack_bytes=30)
    assert [path.stat().st_size for path in packs] == [30, 30, 10]
    rows = [row for path in packs for row in json.loads(path.with_suffix(".json").read_text())]
    assert sorted(tuple(row[:3]) for row in rows if row[1]) == sorted(row for row in NAMES.values() if row[1])
    content = b"".join(path.read_bytes() for path in packs)
    assert sorted(content) == sorted(b"".join(bytes([number]) * 10 for number in range(len(NAMES))))
