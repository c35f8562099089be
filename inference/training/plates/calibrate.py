"""Fit what the reader's raw confidence is worth, and print the manifest's line.

    python -m inference.training.plates.calibrate PACK MADE.pt DIR [--made 1] [--careful 0] [--keep READS.json]

DIR holds a folder for each fold, m0 to m4, each with a models.toml and its plate-reader.onnx, as
tests.bench.plate_reading takes them. A real plate is read by the network that has not seen its text, the made plates of
the hard levels, which none has seen, by one after the other, all as the portal reads them: with OpenVINO, doubtful ones
from three sides. What `confidence` says in those manifests is left aside.

`--made` says how much all made plates weigh together beside all real ones: 0 for real ones alone, which are few; made
ones alone would know nothing of real cameras. `--careful Z` draws the curve so many standard errors below the best one:
confidences are then what so few plates can vouch for (2.33: 99 in 100), not the likeliest. Each set's figures are those
of curves that were fitted without the fold in hand; the line is fitted to all. READS.json keeps every read with its
characters' chances, as tests.bench.plates_read takes them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from inference.core.detections import Kind
from inference.core.manifest import ModelStore, default_model
from inference.core.openvino_engine import EngineConfig
from inference.core.plates.network import PairNetwork, plate_entry
from inference.core.plates.reader import OpenVinoPlateReader, PlateReader, calibrated
from inference.core.plates.reads import SURE
from inference.training.plates.confidence import RawRead, figures, fit_confidence, manifest_line, without_own_fold
from inference.training.plates.crops import read_pack
from inference.training.plates.evaluate import HARD
from inference.training.plates.network import READER_SIZE
from inference.training.plates.texts import FOLDS, fold_of

_BATCH = 256


def read_plates(readers: Sequence[PlateReader], pack: Path, made: Path) -> Iterator[RawRead]:
    """Read the real plates of the pack, each by the reader of its fold, and the made ones of the hard levels."""
    for fold, reader in enumerate(readers):
        real = read_pack(pack, "real", READER_SIZE, "cpu", keep=lambda row, fold=fold: row["fold"] == fold)  # type: ignore[misc]
        labels = [(row["set"], row["text"]) for row in real.rows]
        yield from _read(reader, fold, real.pictures, labels, is_made=False)
    for level, pictures, texts, _layouts in torch.load(made, weights_only=True):
        folds = np.array([fold_of(text) for text in texts])
        for fold in np.unique(folds).tolist() if level in HARD else ():
            rows = np.flatnonzero(folds == fold)
            labels = [(level, texts[row]) for row in rows]
            yield from _read(readers[fold], fold, pictures[torch.from_numpy(rows)], labels, is_made=True)


def _read(
    reader: PlateReader, fold: int, pictures: Tensor, labels: Sequence[tuple[str, str]], *, is_made: bool
) -> Iterator[RawRead]:
    for start in range(0, len(labels), _BATCH):
        crops = pictures[start : start + _BATCH].permute(0, 2, 3, 1).flip(3).contiguous().numpy()
        for (name, text), read in zip(labels[start : start + _BATCH], reader.read(list(crops)), strict=True):
            found, sure = (read.text, read.confidence) if read else ("", 0.0)
            characters = tuple(one.choices for one in read.characters) if read else ()
            yield RawRead(name, text, fold, is_made, found, sure, characters)


def load_raw(folds: Path, cache: Path) -> list[PlateReader]:
    """Load the reader of each fold, to give raw confidences."""
    found: list[PlateReader] = []
    for folder in (folds / f"m{fold}" for fold in range(FOLDS)):
        manifest = folder / "models.toml"
        store = ModelStore(cache / folder.name, folder, manifest=manifest)
        entry = plate_entry(default_model("plate-reader", Kind.VEHICLE, manifest=manifest), store, "plate-reader")
        network = PairNetwork(entry, store, EngineConfig(threads=2))
        found.append(OpenVinoPlateReader(entry.id, network, size=entry.input_size))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path)
    parser.add_argument("made_set", type=Path, metavar="MADE.pt", help="the made set, as evaluate keeps it")
    parser.add_argument("folds", type=Path, metavar="DIR", help="a folder with m0 to m4")
    parser.add_argument("--made", type=float, default=1.0, help="what made plates weigh beside the real ones")
    parser.add_argument("--careful", type=float, default=0.0, help="standard errors by which the curve is lowered")
    parser.add_argument("--keep", type=Path, help="where all reads are written to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        reads = list(read_plates(load_raw(options.folds, Path(cache)), options.pack, options.made_set))
    if options.keep:
        options.keep.write_text(json.dumps([asdict(one) for one in reads], ensure_ascii=False))
    how = {"made": options.made, "careful": options.careful}
    print(*figures(reads, without_own_fold(reads, **how)), sep="\n")
    points = fit_confidence(reads, **how)
    once = np.mean([calibrated(one.confidence, points) >= SURE for one in reads if not one.is_made])
    print(f"real plates looked at once, as {SURE} or more is sure: {100 * once:.0f} %")
    print(manifest_line(points))


if __name__ == "__main__":
    main()
