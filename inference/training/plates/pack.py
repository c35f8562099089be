"""Gather glyphs, real plates, pictures without plates and vehicles into a pack for the training machine.

    python -m inference.training.plates.pack DATA --out PACK [--glyphs DIR]

DATA is a folder with plates/, reid/, vehicle_type/ and video/, with the sets named below; sets that are missing are
left out. `pictures.json` has a row for each picture of `pictures.bin`: kind (`real` a plate with text and fold;
`ground` without a plate, to train on; `nothing` the same, to measure on; `vehicle`; `framed` with a plate's corners),
set and length in bytes.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.images import encode_jpeg, read_image
from inference.training.plates.glyphs import MARK_NUMBERS, atlas, letters, read_styles, signs
from inference.training.plates.layouts import tables
from inference.training.plates.texts import cleaned, fold_of, places_of

Picture = NDArray[np.uint8]
Row = dict[str, Any]
READER_PX = (192, 64)
REAL_PX = (288, 96)
FINDER_PX = 192
GROUNDS, NOTHING, VEHICLES = 5000, 10_000, 1000
GROUND_QUALITY, VEHICLE_QUALITY, REAL_QUALITY = 50, 76, 92
# Sets without Korean plates; of vehicles only the upper part is taken where foreign plates may be below it.
PEOPLE = (
    "reid/market1501/train",
    "reid/cuhk03/train",
    "reid/more/ward",
    "reid/more/pennfudan",
    "reid/more/inria_train",
)
CARS = ("vehicle_type/bodytype", "vehicle_type/stanford", "vehicle_type/zenodo-tiny", "reid/vehicle")
CLIPS = (
    "video/vtest/vtest.avi",
    "video/intel/car-detection.mp4",
    "video/opencv4nodejs/traffic.mp4",
    "video/usamefurkan/cars.mp4",
    "video/chuyko-2cam/cam1.mp4",
    "video/carparktrack/cam1.mp4",
)
SCALES = (1.0, 0.925, 0.9, 0.875, 0.8, 0.75, 0.7, 0.667)
TRAINED_SETS = frozenset({"ward", "cuhk03", "stanford", "zenodo-tiny", "traffic", "cars", "carparktrack"})


def real_plates(data: Path) -> Iterator[tuple[Row, Picture]]:
    """Yield crops of real plates with their texts; plates whose text no place of the reader can hold are left out."""
    yield from _crops(data / "plates/kr_crops", "file")
    yield from _crops(data / "plates/ksyoon70", "crop")
    for path, text, corners in polygons(data / "plates/blastak"):
        yield {"set": "blastak", "text": text, "file": path.name}, rectified(read_image(path), corners)


def polygons(folder: Path) -> Iterator[tuple[Path, str, NDArray[np.float32]]]:
    """Yield picture, text and the plate's 4×2 corners in pixels, from left top clockwise."""
    for table in sorted(folder.glob("*.json")):
        shapes = json.loads(table.read_text())["shapes"]
        text = cleaned(table.stem.rsplit("_", 1)[-1])
        if shapes and len(shapes[0]["points"]) == 4:
            yield table.with_suffix(".jpg"), text, ordered(np.array(shapes[0]["points"], np.float32))


def ordered(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 4×2 corners from left top clockwise: the two leftmost are the left ones."""
    by_x = points[points[:, 0].argsort()]
    left, right = (side[side[:, 1].argsort()] for side in (by_x[:2], by_x[2:]))
    return np.stack([left[0], right[0], right[1], left[1]])


def rectified(picture: Picture, corners: NDArray[np.float32], *, margin: float = 0.04) -> Picture:
    """Bring a plate to 288×96 px with a narrow margin around it."""
    width, height = REAL_PX
    x, y = width * margin, height * margin
    goal = np.array([(x, y), (width - x, y), (width - x, height - y), (x, height - y)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, goal)
    return cv2.warpPerspective(picture, matrix, REAL_PX, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)


def framed(data: Path) -> Iterator[tuple[Row, Picture]]:
    """Yield pictures whose plate's corners are known: around each polygon, and the lane cameras' whole frames.

    A lane camera's crop is found in its frame again, so its corners are those of an upright box with a margin.
    """
    random = np.random.default_rng(3)
    for path, text, corners in polygons(data / "plates/blastak"):
        for times in (2.5, 5.0):
            yield _around(read_image(path), corners, times, random, {"set": "blastak", "text": text, "exact": True})
    folder = data / "plates/ksyoon70"
    for line in _lines(folder):
        frame, crop = read_image(folder / line["frame"]), read_image(folder / line["crop"])
        if (box := located(frame, crop)) is not None:
            row = {"set": "ksyoon70", "text": cleaned(line["text"]), "exact": False}
            yield _scaled(frame, box, row)


def located(frame: Picture, crop: Picture, *, least: float = 0.88) -> NDArray[np.float32] | None:
    """Return the corners of the place in the frame that the crop was cut from; None where there is none.

    Some frames were made smaller than what their crops were cut from, so the crop is tried at several sizes.
    """
    best, corners = least, None
    large, small = (cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in (frame, crop))
    for scale in SCALES:
        part = cv2.resize(small, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = part.shape
        if height > large.shape[0] or width > large.shape[1]:
            continue
        _low, likeness, _where, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(large, part, cv2.TM_CCOEFF_NORMED))
        if likeness > best:
            best = likeness
            corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float32)
    return corners


def grounds(data: Path, *, seed: int = 5) -> Iterator[tuple[Row, Picture]]:
    """Yield 192×64 px pieces of pictures without plates, to train on and, from other sets, to measure on."""
    random = np.random.default_rng(seed)
    sources = [(Path(name).name if Path(name).name != "train" else Path(name).parent.name, name) for name in PEOPLE]
    sources += [(Path(name).name, name) for name in CARS]
    sources += [(Path(name).parent.name if "cam1" in name else Path(name).stem, name) for name in CLIPS]
    sources = [(source, name) for source, name in sources if (data / name).exists()]
    for kind, wanted in (("ground", GROUNDS), ("nothing", NOTHING)):
        taken = [pair for pair in sources if (pair[0] in TRAINED_SETS) == (kind == "ground")]
        for source, name in taken:
            count = -(-wanted // len(taken))
            for piece in _pieces(data / name, count, random, is_car=name in CARS):
                small = cv2.resize(piece, READER_PX, interpolation=cv2.INTER_AREA)
                yield {"kind": kind, "set": source}, small.astype(np.uint8, copy=False)


def vehicles(data: Path, *, seed: int = 7) -> Iterator[tuple[Row, Picture]]:
    """Yield vehicles at the finder's size, some of each set."""
    random = np.random.default_rng(seed)
    for name in CARS:
        paths = sorted((data / name).rglob("*.jpg"))
        for number in random.permutation(len(paths))[: VEHICLES // len(CARS)]:
            picture = read_image(paths[number])
            yield {"kind": "vehicle", "set": Path(name).name}, _square(picture)


def write_pack(pictures: Iterator[tuple[Row, Picture]], out: Path) -> Counter[str]:
    """Write the pictures and their table; return how many there are of each kind and set."""
    qualities = {"real": REAL_QUALITY, "framed": 90, "vehicle": VEHICLE_QUALITY}
    rows, counts = [], Counter[str]()
    with (out / "pictures.bin").open("wb") as file:
        for row, picture in pictures:
            blob = encode_jpeg(np.ascontiguousarray(picture), qualities.get(row["kind"], GROUND_QUALITY))
            file.write(blob)
            rows.append({**row, "bytes": len(blob)})
            counts[f"{row['kind']} {row['set']}"] += 1
    (out / "pictures.json").write_text(json.dumps(rows, ensure_ascii=False))
    return counts


def labelled(pictures: Iterator[tuple[Row, Picture]], kind: str) -> Iterator[tuple[Row, Picture]]:
    """Add the fold; leave out texts that the reader has no places for, with a word."""
    for row, picture in pictures:
        try:
            places_of(row["text"])
        except ValueError as problem:
            print(f"left out of {row['set']}: {problem}")
            continue
        yield {**row, "kind": kind, "fold": fold_of(row["text"])}, picture


def _crops(folder: Path, column: str) -> Iterator[tuple[Row, Picture]]:
    for line in _lines(folder):
        picture = cv2.resize(read_image(folder / line[column]), REAL_PX, interpolation=cv2.INTER_AREA)
        yield {"set": folder.name, "text": cleaned(line["text"]), "file": line[column]}, picture.astype(np.uint8)


def _lines(folder: Path) -> list[dict[str, str]]:
    table = folder / "labels.tsv"
    if not table.exists():
        return []
    with table.open(encoding="utf-8") as file:
        return [line for line in csv.DictReader(file, delimiter="\t") if line["text"]]


def _around(
    picture: Picture, corners: NDArray[np.float32], times: float, random: np.random.Generator, row: Row
) -> tuple[Row, Picture]:
    """Cut a square around a plate, `times` as wide as the plate, the plate anywhere in its inner part."""
    low, high = corners.min(0), corners.max(0)
    side = min(float((high - low)[0]) * times, *picture.shape[:2])
    middle = (low + high) / 2 + random.uniform(-0.15, 0.15, 2) * side
    left, top = np.clip(middle - side / 2, 0, np.array(picture.shape[1::-1]) - side).astype(int)
    cut = picture[top : top + int(side), left : left + int(side)]
    return _scaled(cut, corners - np.array([left, top], np.float32), row)


def _scaled(picture: Picture, corners: NDArray[np.float32], row: Row) -> tuple[Row, Picture]:
    shares = corners / np.array(picture.shape[1::-1], np.float32)
    return {**row, "corners": shares.round(5).tolist()}, _square(picture)


def _square(picture: Picture) -> Picture:
    how = cv2.INTER_AREA if max(picture.shape[:2]) > FINDER_PX else cv2.INTER_LINEAR
    return cv2.resize(picture, (FINDER_PX, FINDER_PX), interpolation=how).astype(np.uint8, copy=False)


def _pieces(source: Path, count: int, random: np.random.Generator, *, is_car: bool) -> Iterator[Picture]:
    pictures = _from_clip(source, count) if source.is_file() else _from_folder(source, count, random)
    for picture, pieces in pictures:
        height = picture.shape[0] // 2 if is_car else picture.shape[0]
        for _ in range(pieces):
            tall = int(random.uniform(0.06, 0.5) * height) + 4
            wide = min(picture.shape[1], int(tall * random.uniform(1.2, 5)))
            top, left = random.integers(0, height - tall + 1), random.integers(0, picture.shape[1] - wide + 1)
            yield picture[top : top + tall, left : left + wide]


def _from_folder(folder: Path, count: int, random: np.random.Generator) -> Iterator[tuple[Picture, int]]:
    paths = sorted(folder.rglob("*.jpg"))
    each = -(-count // max(1, len(paths)))
    for number in random.permutation(len(paths))[: -(-count // each)]:
        yield read_image(paths[number]), each


def _from_clip(path: Path, count: int, *, pieces: int = 40) -> Iterator[tuple[Picture, int]]:
    clip = cv2.VideoCapture(str(path))
    frames = max(1, int(clip.get(cv2.CAP_PROP_FRAME_COUNT)))
    step = max(1, frames * pieces // count)
    for number in range(0, frames, step):
        clip.set(cv2.CAP_PROP_POS_FRAMES, number)
        is_read, frame = clip.read()
        if is_read:
            yield frame.astype(np.uint8, copy=False), pieces
    clip.release()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--glyphs", type=Path, help="DATA/plates/glyphs if it is not given")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    styles = read_styles(options.glyphs or options.data / "plates/glyphs")
    marks = np.array(MARK_NUMBERS)
    glyphs = {"atlas": atlas(styles), "letters_atlas": letters(styles), "signs": signs()}
    arrays: dict[str, Any] = {**glyphs, "marks": marks, **tables()}
    np.savez_compressed(options.out / "glyphs.npz", **arrays)
    pictures = (
        *labelled(real_plates(options.data), "real"),
        *labelled(framed(options.data), "framed"),
    )
    counts = write_pack(_chained(pictures, grounds(options.data), vehicles(options.data)), options.out)
    print(f"{len(styles)} hands of glyphs: {', '.join(style.name for style in styles)}")
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    print(f"{sum(path.stat().st_size for path in options.out.iterdir()) / 1e6:.1f} MB")


def _chained(*parts: Any) -> Iterator[tuple[Row, Picture]]:
    for part in parts:
        yield from part


if __name__ == "__main__":
    main()
