"""Gather labelled pictures of one kind into a few sheets and one table.

    python -m inference.training.attributes.pack DATA person --out DIR
    python -m inference.training.attributes.pack DATA vehicle --out DIR

DATA is a folder with plates/, reid/, vehicle_type/ and vehicle_colour/. The table holds, for each picture in the order
of the sheets, its set, its identity (what must not be torn apart between training and test), its track (pictures of one
by one camera) and its labels. A sheet is a WebP file of many tiles of one size: far smaller than as many files, and
tiles end where blocks do, so that they hardly run into each other.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.training.attributes.labels import (
    HEADS,
    TINY_TYPES,
    Labels,
    peta_labels,
    read_market,
    read_peta,
    stanford_labels,
)

QUALITY = {"person": 80, "vehicle": 72}
# Width and height of a tile in pixels, multiples of 16.
TILE = {"person": (64, 128), "vehicle": (128, 128)}
SHEET = 32  # tiles in a row and rows in a sheet
MOST_PER_PERSON = 12
# Neighbours by number often show the same vehicle.
BLOCK = 40
# Bits of 64 by which the hashes of two copies of one photo may differ.
COPY_BITS = 6
PETA = ("viper", "grid", "prid", "caviar4reid", "3dpes", "ilid", "sarc3d", "mit")
HAND_READ = Path(__file__).with_name("colours_read.tsv")
# Colours of clothes that were read anew from the pictures, blind to the sets' labels: all that were labelled with a
# colour that is rare, and some others. Where both agree nothing stands here. Where they do not, all colours stand that
# either named: such a person is no example of one colour, neither to learn from nor to be measured on. Market-1501's
# pink, orange and red were read first and stand as they were read, for it calls what is pink or orange by the nearest.
CLOTHES = Path(__file__).with_name("clothes_read.tsv")
# Where YOLO11n saw the vehicle of a body-type photo: the portal describes crops, not photos with a garden around.
PHOTO_BOXES = Path(__file__).with_name("photo_boxes.tsv")
# Vehicles of the photos with plates, boxes by YOLO11n, types by eye. Most of the buses that there are.
STREET = Path(__file__).with_name("street_vehicles.tsv")

Box = tuple[int, int, int, int]  # left, top, right and bottom in pixels


@dataclass(frozen=True)
class Picture:
    """One picture: its place, set, identity and track (unique within all sets), labels and part of the file."""

    path: Path
    source: str
    identity: str
    track: str
    labels: Labels = field(default_factory=dict)
    box: Box | None = None


def find_people(data: Path) -> Iterator[Picture]:
    """Yield the labelled pictures of Market-1501 and PETA, at most a dozen of a person."""
    market = data / "reid/market1501"
    people = read_market([market / "attributes_dev251.csv", market / "attributes_other500.csv"])
    clothes = _clothes()
    yield from _thinned(_read_anew(_market(market / "train", people), clothes))
    for name in PETA:
        more = data / "reid/more"
        people = read_peta(more / f"peta_{name}_Label.txt")
        yield from _thinned(_read_anew(_peta(more / f"peta_{name}", name, people), clothes))


def _clothes() -> dict[str, Labels]:
    read: dict[str, Labels] = {}
    for row in _read_table(CLOTHES):
        read.setdefault(row["person"], {})[row["head"]] = tuple(row["colours"].split())
    return read


def _read_anew(pictures: Iterator[Picture], clothes: Mapping[str, Labels]) -> Iterator[Picture]:
    for picture in pictures:
        yield replace(picture, labels={**picture.labels, **clothes.get(picture.identity, {})})


def find_vehicles(data: Path) -> Iterator[Picture]:
    """Yield the labelled pictures of vehicles."""
    colours = read_colours(HAND_READ)
    for path in sorted((data / "reid/vehicle").glob("*.jpg")):
        kind, number, camera = path.stem.split("_")
        yield _vehicle(path, "two-camera", f"{kind}{number}", {"type": (kind,)}, colours, track=camera)
    for path in sorted((data / "vehicle_type/zenodo-tiny").glob("*/*.jpg")):
        block = int(re.sub(r"\D", "", path.stem)) // BLOCK
        label: Labels = {"type": (TINY_TYPES[path.parent.name],)}
        yield _vehicle(path, "tiny", f"{path.parent.name}{block}", label, colours, track=path.stem)
    table = data / "vehicle_type/stanford/labels.tsv"
    for row in _read_table(table):
        labels = stanford_labels(row["class_name"], row["body"])
        yield _vehicle(table.with_name(row["file"]), "stanford", row["file"], labels, colours)
    yield from _street(data / "plates", STREET)
    yield from _photos(data, colours)


def _street(folder: Path, table: Path) -> Iterator[Picture]:
    """Vehicles of street photos; those of one photo or one name stay together. What photo is not there is left out.

    Where a file's name holds a plate, the table has a * in its place.
    """
    for row in _read_table(table):
        for path in folder.glob(row["file"]):
            identity = f"street/{row['vehicle'] or row['file']}"
            yield Picture(path, "street", identity, identity, {"type": (row["type"],)}, _box(row))


def _photos(data: Path, colours: dict[str, str]) -> Iterator[Picture]:
    boxes = {row["file"]: _box(row) for row in _read_table(PHOTO_BOXES)}
    photos = [
        *sorted((data / "vehicle_type/bodytype").glob("*/*.jpg")),
        *sorted((data / "vehicle_colour").glob("*/*.jpg")),
    ]
    for path, copy in zip(photos, copies_of(photos), strict=True):
        is_colour = path.parent.parent.name == "vehicle_colour"
        label: Labels = (
            {"colour": (path.parent.name,)} if is_colour else {"type": ("car",), "body": (path.parent.name,)}
        )
        source = "colour" if is_colour else "bodytype"
        # Copies of one photo lie in both sets, so their identity does not name the set.
        box = None if is_colour else boxes.get(f"{path.parent.name}/{path.name}")
        yield replace(_vehicle(path, source, f"photo{copy}", label, colours), box=box)


def _read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _box(row: dict[str, str]) -> Box:
    return int(row["left"]), int(row["top"]), int(row["right"]), int(row["bottom"])


FINDERS: dict[str, Callable[[Path], Iterator[Picture]]] = {"person": find_people, "vehicle": find_vehicles}


def read_colours(path: Path) -> dict[str, str]:
    """Colours that were read by eye, by set and file name; an empty colour withdraws the set's own."""
    return {f"{row['source']}/{row['file']}": row["colour"] for row in _read_table(path)}


def copies_of(paths: list[Path]) -> list[int]:
    """For each photo the place of the first that it is a copy of, itself if of none; mirrored copies count."""
    hashes = np.array([likeness(path) for path in paths])
    first = list(range(len(paths)))
    for place, (straight, mirrored) in enumerate(hashes):
        for seen in (straight, mirrored):
            apart = np.bitwise_count(hashes[:place, 0] ^ seen)
            if place and apart.min() <= COPY_BITS:
                first[place] = min(first[place], first[int(apart.argmin())])
    return first


def likeness(path: Path) -> tuple[np.uint64, np.uint64]:
    """Hashes of the photo and of its mirror image: which of 8×8 neighbours is the lighter (difference hash)."""
    tile = cv2.cvtColor(read_tile(path, (9, 8)), cv2.COLOR_BGR2GRAY).astype(int)
    straight, mirrored = (np.packbits(side[:, 1:] > side[:, :-1]).view(np.uint64)[0] for side in (tile, tile[:, ::-1]))
    return straight, mirrored


def write_pack(kind: str, pictures: Iterator[Picture], out: Path) -> list[Path]:
    """Write KIND.json and KIND-0.webp, KIND-1.webp, …; return the sheets' paths.

    Raises:
        ValueError: A file is no picture, a label names a value that its head lacks, or there is no picture.
    """
    found = list(pictures)
    if not found:
        raise ValueError("There is no picture to pack.")
    heads = dict(HEADS[kind])
    if models := sorted({model for picture in found for model in picture.labels.get("_model", ())}):
        heads["_model"] = tuple(models)
    rows = [(picture.source, picture.identity, picture.track, _numbers(heads, picture.labels)) for picture in found]
    out.mkdir(parents=True, exist_ok=True)
    document = {"heads": heads, "tile": TILE[kind], "columns": SHEET, "rows": rows}
    (out / f"{kind}.json").write_text(json.dumps(document))
    sheets = []
    for number, start in enumerate(range(0, len(found), SHEET**2)):
        tiles = [read_tile(picture.path, TILE[kind], picture.box) for picture in found[start : start + SHEET**2]]
        sheets.append(out / f"{kind}-{number}.webp")
        cv2.imwrite(str(sheets[-1]), lay_out(tiles), [cv2.IMWRITE_WEBP_QUALITY, QUALITY[kind]])
    return sheets


def read_tile(path: Path, size: tuple[int, int], box: Box | None = None) -> NDArray[np.uint8]:
    """The picture, or its part within a box, brought to width and height, H×W×3.

    Raises:
        ValueError: The file is no picture, or the box lies outside it.
    """
    image = cv2.imread(str(path))
    if image is None:
        raise ValueError(f"{path} is no picture.")
    if box is not None:
        image = image[box[1] : box[3], box[0] : box[2]]
    if not image.size:
        raise ValueError(f"{path} has nothing at {box}.")
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def lay_out(tiles: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Tiles in rows of SHEET, the last row filled up with black."""
    blank = np.zeros_like(tiles[0])
    filled = tiles + [blank] * (-len(tiles) % SHEET)
    return np.vstack([np.hstack(filled[start : start + SHEET]) for start in range(0, len(filled), SHEET)])


def _market(folder: Path, people: dict[str, Labels]) -> Iterator[Picture]:
    for path in sorted(folder.glob("*.jpg")):
        person, camera = path.name.split("_")[:2]
        yield Picture(path, "market", f"market/{person}", f"market/{person}/{camera[:2]}", people[person])


def _peta(folder: Path, name: str, people: dict[str, Labels]) -> Iterator[Picture]:
    for path in sorted(folder.glob("*.jpg")):
        number = re.split(r"[_.]", path.name)[0].lstrip("0")
        labels = people.get(number, peta_labels(set()))
        # GRID's people of number 0 are passers-by who were seen once: none is another's picture.
        person = f"peta-{name}/{number or path.stem}"
        yield Picture(path, f"peta-{name}", person, person, labels)


def _thinned(pictures: Iterator[Picture]) -> Iterator[Picture]:
    """Keep a dozen pictures of a person, evenly over the names and so over cameras and times."""
    people: dict[str, list[Picture]] = {}
    for picture in pictures:
        people.setdefault(picture.identity, []).append(picture)
    for found in people.values():
        places = np.linspace(0, len(found) - 1, min(len(found), MOST_PER_PERSON)).round().astype(int)
        yield from (found[place] for place in places)


def _vehicle(
    path: Path, source: str, identity: str, labels: Labels, colours: dict[str, str], *, track: str = ""
) -> Picture:
    name = f"{path.parent.name}/{path.name}" if source in {"bodytype", "colour"} else path.name
    if (read := colours.get(f"{source}/{name}")) is not None:
        labels = {**labels, "colour": (read,) if read else ()}
    whole = identity if identity.startswith("photo") else f"{source}/{identity}"
    return Picture(path, source, whole, f"{whole}/{track}", labels)


def _numbers(heads: dict[str, tuple[str, ...]], labels: Labels) -> dict[str, list[int]]:
    return {head: [heads[head].index(name) for name in names] for head, names in labels.items() if names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("kind", choices=sorted(FINDERS))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    sheets = write_pack(options.kind, FINDERS[options.kind](options.data), options.out)
    table = json.loads((options.out / f"{options.kind}.json").read_text())
    size = sum(path.stat().st_size for path in sheets) / 1e6
    print(f"{len(sheets)} sheets, {size:.1f} MB,", dict(Counter(row[0] for row in table["rows"])))


if __name__ == "__main__":
    main()
