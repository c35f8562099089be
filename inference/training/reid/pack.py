"""Gather labelled crops from their folders into a few files that a training machine reads at once.

    python -m inference.training.reid.pack DATA --out DIR

DATA is a folder with market1501/, cuhk03/, vehicle/ and more/, and, where they are wanted, clips/ (made by `cut`) and
cars/ (any pictures of cars, for variety). Each pack holds the pictures' own bytes and a table of set, identity (null:
unknown) and camera; identities of different sets are different people.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

PACK_BYTES = 42_000_000


class Crop(NamedTuple):
    """One picture: where it lies, its set, its identity within the set (None: unknown) and its camera."""

    path: Path
    source: str
    identity: str | None
    camera: str


class Source(NamedTuple):
    """How one set names its pictures: a pattern whose groups are `id` and `cam`, where it has them."""

    name: str
    folder: str
    pattern: str


SOURCES = (
    Source("market1501", "market1501/train", r"(?P<id>\d+)_c(?P<cam>\d)"),
    Source("cuhk03", "cuhk03/train", r"(?P<id>\d+)_(?P<cam>\d\d)"),
    Source("cuhk03-val", "cuhk03/val", r"(?P<id>\d+)_(?P<cam>\d\d)"),
    Source("vehicle", "vehicle", r"(?P<id>[a-z]+_\d+)_cam(?P<cam>\d)"),
    Source("ward", "more/ward", r"(?P<id>\d+)_c(?P<cam>\d)"),
    Source("conreid", "more/conreid", r"(?P<id>\d+)_"),
    Source("viper", "more/peta_viper", r"(?P<id>\d+)_\d+_(?P<cam>\d)"),
    Source("prid", "more/peta_prid", r"(?P<id>\d+)_(?P<cam>[ab])"),
    Source("grid", "more/peta_grid", r"(?P<id>(?!0000)\d+)_(?P<cam>\d)"),
    Source("caviar4reid", "more/peta_caviar4reid", r"(?P<id>\d+)_"),
    Source("3dpes", "more/peta_3dpes", r"(?P<id>\d+)_"),
    Source("ilid", "more/peta_ilid", r"(?P<id>\d+)_"),
    Source("sarc3d", "more/peta_sarc3d", r"(?P<id>\d+)_"),
    Source("mit", "more/peta_mit", r"()"),
    Source("inria", "more/inria_train", r"()"),
    Source("pennfudan", "more/pennfudan", r"()"),
    Source("ccp", "more/ccp", r"()"),
    Source("mot", "more/mot_seq", r"(?:(?P<id>MOT17-09\D*\d+))?"),
    Source("clips", "clips", r"(?P<id>.+_\d+)_cam\d"),
    Source("cars", "cars", r"()"),
)
CAMERA_OF: dict[str, Callable[[str], str]] = {
    # Numbers 00-04 were taken by the one camera, 05-09 by the other.
    "cuhk03": lambda number: str(int(number) // 5),
    "cuhk03-val": lambda number: str(int(number) // 5),
}


def find_crops(data: Path) -> Iterator[Crop]:
    """Yield every picture of the known sets below `data`, sorted by name within each set."""
    for source in SOURCES:
        for path in sorted((data / source.folder).glob("*.jpg")):
            match = re.match(source.pattern, path.name)
            groups = match.groupdict() if match else {}
            camera = CAMERA_OF.get(source.name, str)(groups.get("cam") or "0")
            yield Crop(path, source.name, groups.get("id"), camera)


def write_packs(crops: Iterator[Crop], out: Path, *, pack_bytes: int = PACK_BYTES) -> list[Path]:
    """Write the crops into numbered packs of at most `pack_bytes`; return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    packs: list[Path] = []
    blobs: list[bytes] = []
    rows: list[tuple[str, str | None, str, int]] = []
    size = 0
    for crop in crops:
        blob = crop.path.read_bytes()
        if blobs and size + len(blob) > pack_bytes:
            packs.append(_write(out / f"crops-{len(packs)}", blobs, rows))
            blobs, rows, size = [], [], 0
        blobs.append(blob)
        size += len(blob)
        rows.append((crop.source, crop.identity, crop.camera, len(blob)))
    packs.append(_write(out / f"crops-{len(packs)}", blobs, rows))
    return packs


def _write(stem: Path, blobs: list[bytes], rows: list[tuple[str, str | None, str, int]]) -> Path:
    path = stem.with_suffix(".bin")
    path.write_bytes(b"".join(blobs))
    stem.with_suffix(".json").write_text(json.dumps(rows))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    for path in write_packs(find_crops(options.data), options.out):
        print(path, f"{path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
