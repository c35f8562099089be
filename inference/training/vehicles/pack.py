"""Gather pictures of vehicles, brought to the network's size, into a pack for the training machine.

    python -m inference.training.vehicles.pack DATA --out DIR [--cache MODELS]

DATA is a folder with reid/vehicle, vehicle_type/ and video/. The pack's table names set, identity (null: every picture
another vehicle) and camera; `apart.json` lists the tracks of one clip that are certainly two vehicles.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Kind
from inference.core.detector import load_detector
from inference.core.images import encode_jpeg, read_image
from inference.core.manifest import ModelStore
from inference.core.pipeline import Pipeline, PipelineConfig
from inference.training import tracks
from inference.training.reid.pack import Crop, write_packs
from inference.training.vehicles.folds import LABELLED

SIZE_PX = 192
JPEG_QUALITY = 88
CLIPS = (
    "intel/car-detection.mp4",
    "usamefurkan/cars.mp4",
    "opencv4nodejs/traffic.mp4",
    "carparktrack/cam1.mp4",
)
# Folder below DATA, and how many pictures are left out between two that are taken. Neighbouring numbers of the
# surveillance crops often show one vehicle.
UNLABELLED = {"vehicle_type/stanford": 4, "vehicle_type/zenodo-tiny": 6, "vehicle_type/bodytype": 2}


def labelled(data: Path) -> Iterator[Crop]:
    """Yield the two-camera crops: kind_number_camN.jpg."""
    for path in sorted((data / "reid/vehicle").glob("*.jpg")):
        if match := re.fullmatch(r"(?P<id>[a-z]+_\d+)_cam(?P<cam>\d)", path.stem):
            yield Crop(path, LABELLED, match["id"], match["cam"])


def unlabelled(data: Path) -> Iterator[Crop]:
    """Yield some of the pictures for variety, evenly from the whole of each folder."""
    for folder, skipped in UNLABELLED.items():
        paths = sorted((data / folder).rglob("*.jpg"), key=_numbers_by_size)
        for path in paths[:: skipped + 1]:
            yield Crop(path, Path(folder).name, None, "0")


def followed(data: Path, pipeline: Pipeline, out: Path) -> tuple[list[Crop], list[tuple[str, str, str]]]:
    """Cut the clips into pictures below `out`; return them, and the pairs certainly apart (set, track, track)."""
    crops, apart = [], []
    for name in CLIPS:
        clip, source = tracks.cut(data / "video" / name, pipeline), f"clip-{Path(name).stem}"
        apart += [(source, first, second) for first, second in clip.apart]
        for track, pictures in clip.pictures.items():
            for number, picture in enumerate(pictures):
                path = out / f"{source}-{track}-{number}.jpg"
                path.write_bytes(encode_jpeg(picture, 95))
                crops.append(Crop(path, source, track, "0"))
    return crops, apart


def shrink(picture: NDArray[np.uint8], size: int = SIZE_PX) -> NDArray[np.uint8]:
    """Bring each side that is longer to `size` px; what is shorter is left to the training machine to stretch."""
    height, width = picture.shape[:2]
    goal = (min(width, size), min(height, size))
    is_much = width > 2 * size and height > 2 * size
    how = cv2.INTER_AREA if is_much else cv2.INTER_LINEAR
    return cv2.resize(picture, goal, interpolation=how).astype(np.uint8, copy=False)


def shrunken(crops: Iterable[Crop], out: Path) -> Iterator[Crop]:
    """Write each crop at the network's size below `out`."""
    for number, crop in enumerate(crops):
        path = out / f"{number:06}.jpg"
        path.write_bytes(encode_jpeg(shrink(read_image(crop.path)), JPEG_QUALITY))
        yield crop._replace(path=path)


def _numbers_by_size(path: Path) -> tuple[str, int, str]:
    digits = re.sub(r"\D", "", path.stem)
    return str(path.parent), int(digits or 0), path.name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", default="~/.cache/dongseon", help="folder for models")
    options = parser.parse_args()
    detector = load_detector("yolo11n", ModelStore(options.cache))
    config = PipelineConfig(fps=tracks.DEFAULT_CONFIG.fps, kinds=(Kind.VEHICLE,))
    with TemporaryDirectory() as folder:
        cuts, small = Path(folder, "cuts"), Path(folder, "small")
        cuts.mkdir()
        small.mkdir()
        crops, apart = followed(options.data, Pipeline(detector, None, config), cuts)
        crops = [*labelled(options.data), *crops, *unlabelled(options.data)]
        packs = write_packs(shrunken(crops, small), options.out)
    (options.out / "apart.json").write_text(json.dumps(apart))
    for source, count in Counter(crop.source for crop in crops).items():
        names = {crop.identity for crop in crops if crop.source == source and crop.identity}
        print(f"{source}: {count} pictures, {len(names)} identities")
    print(f"{len(apart)} pairs apart; {sum(path.stat().st_size for path in packs) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
