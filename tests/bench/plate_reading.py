"""Print how well and how fast plates are read: crops side by side with two open readers, whole pictures, no plates.

    python -m tests.bench.plate_reading [--data DIR] [--peers DIR] [--folds DIR] [--list-wrong]

The data are not part of the repository. DIR of --data holds plates/blastak, plates/ksyoon70 and plates/kr_crops, and
the sets that `inference.training.plates.pack` takes pictures without plates from; it defaults to DONGSEON_BENCH_DATA.
DIR of --peers holds the peers' folders and defaults to DONGSEON_MODEL_MIRROR. What is absent is said and skipped.

The shipped networks have seen the real plates. DIR of --folds holds a folder for each fold, m0 to m4, each with a
models.toml and its plate-reader.onnx and plate-finder.onnx: a plate is then read by those that have not seen its text.

A read is sure from a confidence of 0.7: a peer's is the lowest chance of a character, ours the product of all as its
manifest values it. Times are of one crop at a time on two threads, the quickest of some passes taken in turns.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from inference.core.detections import Kind
from inference.core.detector import load_detector
from inference.core.detector.base import Detector
from inference.core.images import read_image
from inference.core.manifest import MANIFEST, ModelStore, default_model
from inference.core.openvino_engine import EngineConfig
from inference.core.plates.finder import load_plate_finder
from inference.core.plates.reader import load_plate_reader
from inference.core.plates.scan import scan
from inference.core.plates.spotter import PlateSpotter
from inference.training.plates.pack import grounds, polygons, rectified
from inference.training.plates.texts import FOLDS, cleaned, fold_of, places_of, without_region
from tests.bench.plate_reading_peer import PEERS, WAYS, PeerReader, Picture, Read, has_files, has_interpreter

SURE = 0.7
ENGINE = EngineConfig(threads=2)
# Of each set the columns with a whole picture and with a crop; the crops of blastak are cut out by its polygons.
SETS = {"kr_crops": ("", "file"), "ksyoon70": ("frame", "crop"), "blastak": ("file", "")}

# A crop and the fold whose networks read it.
Reader = Callable[[Picture, int], Read]
Labelled = list[tuple[str, str, Picture]]


@dataclass
class Score:
    """What a reader made of a set: how many exactly right and right but for the region, what it was wrong about though
    sure, and the ms a crop took, by the clock and of the processor."""

    right: int = 0
    bare: int = 0
    wrong: list[str] = field(default_factory=list)
    wall_ms: float = float("inf")
    cpu_ms: float = float("inf")


def main(arguments: Sequence[str] = ()) -> None:
    options = _options(arguments)
    if options.data is None or not all((options.data / "plates" / name).is_dir() for name in SETS):
        print(f"  skipped: no folder with plates/{', plates/'.join(SETS)} was named (--data).")
        return
    if options.folds is None and not all(default_model(f"plate-{part}", Kind.VEHICLE) for part in ("finder", "reader")):
        print("  skipped: the manifest has no finder and reader of plates; --folds names others.")
        return
    cv2.setNumThreads(ENGINE.threads)
    with tempfile.TemporaryDirectory() as cache:
        spotters = _spotters(options.folds, Path(cache))
        readers = {"ours": _ours(spotters), **_peers(options.peers)}
        _print_crops(options, readers)
        _print_whole(options, spotters)
        _print_nothing(options, readers)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    data, mirror = (os.environ.get(f"DONGSEON_{name}", "") for name in ("BENCH_DATA", "MODEL_MIRROR"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(data) if data else None)
    parser.add_argument("--peers", type=Path, default=Path(mirror) if mirror else None)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--repeat", type=int, default=3, help="passes over the crops, of which the quickest is printed")
    parser.add_argument("--list-wrong", action="store_true", help="name each picture that was read wrongly though sure")
    return parser.parse_args(arguments)


def _spotters(folds: Path | None, cache: Path) -> list[PlateSpotter]:
    """Load the networks of each fold; the shipped ones if there are none."""
    if folds is None:
        return [_spotter(_store(), MANIFEST)]
    manifests = [folds / f"m{number}" / "models.toml" for number in range(FOLDS)]
    return [_spotter(ModelStore(cache / one.parent.name, one.parent, manifest=one), one) for one in manifests]


def _spotter(store: ModelStore, manifest: Path) -> PlateSpotter:
    finder, reader = (default_model(f"plate-{part}", Kind.VEHICLE, manifest=manifest) for part in ("finder", "reader"))
    return PlateSpotter(
        load_plate_finder(finder, store, engine=ENGINE), load_plate_reader(reader, store, engine=ENGINE)
    )


def _store() -> ModelStore:
    return ModelStore(os.environ.get("DONGSEON_CACHE", "~/.cache/dongseon"), os.environ.get("DONGSEON_MODEL_MIRROR"))


def _ours(spotters: Sequence[PlateSpotter]) -> Reader:
    def read(crop: Picture, fold: int) -> Read:
        (said,) = spotters[fold % len(spotters)].reader.read([crop])
        return (said.text, said.confidence) if said else None

    return read


def _peers(folder: Path | None) -> dict[str, Reader]:
    if not has_interpreter():
        print("  peers: skipped, the package ai-edge-litert is not installed.")
        return {}
    if folder is None or not has_files(folder):
        print(f"  peers: skipped, no folder with {' and '.join(peer.folder for peer in PEERS)} was named (--peers).")
        return {}
    return {
        f"{peer.name}, {way}": _peer(PeerReader(peer, folder, way=way, threads=ENGINE.threads))
        for peer in PEERS
        for way in WAYS
    }


def _peer(reader: PeerReader) -> Reader:
    return lambda crop, _fold: reader.read(crop)


def _print_crops(options: argparse.Namespace, readers: dict[str, Reader]) -> None:
    whose = (
        "that have not seen its text" if options.folds else "that are shipped, which have seen it: the figures flatter"
    )
    print(f"  ours: each plate by the networks {whose}")
    print(f"  load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    _row("crops", "exactly", "but region", "wrong, sure", "ms", "CPU ms")
    for name in SETS:
        plates = _crops(options.data / "plates" / name)
        count = len(plates)
        for reader, score in _read_crops(plates, readers, options.repeat).items():
            shares = _share(score.right, count), _share(score.bare, count), str(len(score.wrong))
            _row(f"{name} ({count}), {reader}", *shares, f"{score.wall_ms:.2f}", f"{score.cpu_ms:.2f}")
            _list(score.wrong, options)


def _read_crops(plates: Labelled, readers: dict[str, Reader], repeat: int) -> dict[str, Score]:
    """Read a set with each reader in turns, so that whatever else the machine does meets them all."""
    scores = {name: Score() for name in readers}
    for turn in range(repeat):
        for name, reader in readers.items():
            score = scores[name]
            wall, cpu = time.perf_counter(), time.process_time()
            reads = [reader(picture, fold_of(text)) for _, text, picture in plates]
            score.wall_ms = min(score.wall_ms, (time.perf_counter() - wall) * 1000 / len(plates))
            score.cpu_ms = min(score.cpu_ms, (time.process_time() - cpu) * 1000 / len(plates))
            if not turn:
                _count(score, plates, reads)
    return scores


def _count(score: Score, plates: Labelled, reads: Sequence[Read]) -> None:
    for (name, text, _picture), read in zip(plates, reads, strict=True):
        score.right += read is not None and read[0] == text
        score.bare += read is not None and without_region(read[0]) == without_region(text)
        if read is not None and read[0] != text and read[1] >= SURE:
            score.wrong.append(f"{name}: {read[0]} {read[1]:.2f} for {text}")


def _print_whole(options: argparse.Namespace, spotters: Sequence[PlateSpotter]) -> None:
    """One plate of a picture is labelled: reads of other vehicles' count as wrong, whatever stands on them."""
    detector = load_detector("yolo11n", _store(), engine=ENGINE)
    _row("whole pictures, ours", "found", "but region", "the surest", "sure", "wrong, sure", "ms", "CPU ms")
    for name, (column, _) in SETS.items():
        if column:
            _print_pictures(_labels(options.data / "plates" / name, column), detector, spotters, options)


def _print_pictures(
    labels: list[tuple[Path, str]], detector: Detector, spotters: Sequence[PlateSpotter], options: argparse.Namespace
) -> None:
    found = bare = surest = sure = 0
    wrong: list[str] = []
    wall_s = cpu_s = 0.0
    for path, text in labels:
        picture = read_image(path)
        wall, cpu = time.perf_counter(), time.process_time()
        reads = [seen.read for seen in scan(picture, detector, spotters[fold_of(text) % len(spotters)])]
        wall_s, cpu_s = wall_s + time.perf_counter() - wall, cpu_s + time.process_time() - cpu
        texts = [read.text for read in reads]
        found += text in texts
        bare += without_region(text) in map(without_region, texts)
        surest += texts[:1] == [text]
        certain = [read for read in reads if read.confidence >= SURE]
        sure += len(certain)
        wrong += [f"{path.name}: {one.text} {one.confidence:.2f} for {text}" for one in certain if one.text != text]
    count = len(labels)
    name = labels[0][0].relative_to(options.data / "plates").parts[0]
    shares = [_share(part, count) for part in (found, bare, surest)]
    _row(
        f"{name} ({count})", *shares, str(sure), str(len(wrong)), *(f"{1000 * s / count:.0f}" for s in (wall_s, cpu_s))
    )
    _list(wrong, options)


def _print_nothing(options: argparse.Namespace, readers: dict[str, Reader]) -> None:
    """Pictures of the sets that no network was trained on; with folds, each is read by the networks of one in turn."""
    count = 0
    reads: dict[str, list[tuple[str, float, str]]] = {name: [] for name in readers}
    for row, picture in grounds(options.data):
        if row["kind"] == "nothing":
            for name, reader in readers.items():
                if read := reader(picture, count):
                    reads[name].append((*read, f"{row['set']} {count}"))
            count += 1
    _row(f"no plates ({count:,})", "read", "sure", "sure, in %", "of a form", "surest")
    for name, those in reads.items():
        sure = [one for one in those if one[1] >= SURE]
        surest = max((one[1] for one in those), default=0.0)
        shares = f"{100 * len(sure) / max(count, 1):.2f}", str(sum(_is_plate(one[0]) for one in sure)), f"{surest:.2f}"
        _row(name, f"{len(those):,}", str(len(sure)), *shares)
        _list([f"{where}: {text} {confidence:.2f}" for text, confidence, where in sure], options)


def _is_plate(text: str) -> bool:
    try:
        places_of(text)
    except (KeyError, ValueError):
        return False
    return True


def _crops(folder: Path) -> Labelled:
    """Give name, text and picture of each plate of a set."""
    column = SETS[folder.name][1]
    if not column:
        return [(path.name, text, rectified(read_image(path), corners)) for path, text, corners in polygons(folder)]
    return [(path.name, text, read_image(path)) for path, text in _labels(folder, column)]


def _labels(folder: Path, column: str) -> list[tuple[Path, str]]:
    with (folder / "labels.tsv").open(encoding="utf-8") as file:
        return [
            (folder / row[column], cleaned(row["text"])) for row in csv.DictReader(file, delimiter="\t") if row["text"]
        ]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%"


def _row(name: str, *cells: str) -> None:
    print(f"  {name:<35}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


def _list(wrong: Sequence[str], options: argparse.Namespace) -> None:
    if options.list_wrong:
        print("".join(f"    {line}\n" for line in wrong), end="")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
