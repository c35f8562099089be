"""Make an 8-bit copy of a ReID network, calibrated on real crops, and say what it costs and gains.

    python -m inference.training.reid.quantise person-reid.onnx DATA --out person-reid-int8

DATA is the folder that `pack` reads. Writes OUT.xml and OUT.bin (OpenVINO), which the portal reads as they are,
and prints the fields of their manifest entry. Exits with 1 when mAP on CUHK03-val falls by more than `--margin` points.

Needs `nncf` besides what the portal needs. Weights and what flows between layers become 8-bit after training (Jacob
et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018);
instance normalisation and the gates' sigmoids run in float, which NNCF decides by their types.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.evaluation import ReidScore, score_reid
from inference.core.manifest import sha256_of
from inference.core.openvino_engine import EngineConfig, Network, PictureInput
from inference.training.reid.pack import Crop, find_crops

# What decides about weights is never calibrated on.
HELD_OUT = frozenset({"cuhk03-val", "viper", "prid"})
BATCH = 8
THREADS = 2

Size = tuple[int, int]


class Input(NamedTuple):
    """A network's picture: the input's name, width and height in px, and its order of channels."""

    name: str = "rgb"
    size: Size = (128, 256)
    is_rgb: bool = True


class Speed(NamedTuple):
    """Milliseconds a crop: the least of several runs by the clock, and the processor's own time over the threads.

    Others who share the machine stretch the first; the second is what a quiet machine would come near to.
    """

    clock_ms: float
    processor_ms: float

    def __str__(self) -> str:
        return f"{self.clock_ms:.1f} ms a crop (processor time over {THREADS} threads: {self.processor_ms:.1f})"


def choose_crops(crops: Iterable[Crop], count: int, *, seed: int = 0) -> list[Crop]:
    """Draw about `count` crops, as many of each camera of each set as of any other, none of the sets held out.

    Raises:
        ValueError: Nothing is left to draw from.
    """
    by_camera: dict[tuple[str, str], list[Crop]] = defaultdict(list)
    for crop in crops:
        if crop.source not in HELD_OUT:
            by_camera[crop.source, crop.camera].append(crop)
    if not by_camera:
        raise ValueError("There are no crops to calibrate on.")
    random = np.random.default_rng(seed)
    each = max(1, count // len(by_camera))
    drawn = [random.permutation(len(rows))[:each] for rows in by_camera.values()]
    return [rows[at] for rows, places in zip(by_camera.values(), drawn, strict=True) for at in sorted(places)]


def quantise(model: Path, crops: Sequence[Crop], out: Path, picture: Input) -> tuple[Path, Path]:
    """Write the 8-bit copy of an ONNX file; return the paths of its .xml and .bin."""
    import nncf
    import openvino

    width, height = picture.size
    # One fixed shape first: constants that the free batch size hides (biases, the filters of depthwise layers) are
    # folded, and only then are those layers 8-bit too.
    if model.suffix == ".xml":
        network = openvino.Core().read_model(model)
        network.reshape({picture.name: [1, 3, height, width]})
    else:
        network = openvino.convert_model(str(model), input=[(picture.name, [1, 3, height, width])])
    network.reshape({picture.name: [-1, 3, height, width]})
    tensors = [{picture.name: _tensor(read_crop(crop.path, picture.size), picture)} for crop in crops]
    small = nncf.quantize(
        network,
        nncf.Dataset(tensors),
        preset=nncf.QuantizationPreset.PERFORMANCE,
        subset_size=len(tensors),
        fast_bias_correction=True,
    )
    target = out.parent / f"{out.name}.xml"
    openvino.save_model(small, str(target), compress_to_fp16=False)
    return target, target.with_suffix(".bin")


def open_network(path: Path, picture: Input) -> Network:
    return Network(path, PictureInput(picture.name, is_rgb=picture.is_rgb), EngineConfig(threads=THREADS))


def score(network: Network, crops: Sequence[Crop], size: Size) -> ReidScore:
    """Every crop a query against all others, the same camera left out."""
    pictures = np.stack([read_crop(crop.path, size) for crop in crops])
    whole = len(pictures) - len(pictures) % BATCH
    parts = [network.infer(pictures[at : at + BATCH])[0] for at in range(0, whole, BATCH)]
    parts += [network.infer(pictures[at : at + 1])[0] for at in range(whole, len(pictures))]
    features = np.concatenate(parts)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return score_reid(features, _numbers(crop.identity for crop in crops), _numbers(crop.camera for crop in crops))


def time_together(networks: Sequence[Network], size: Size, *, runs: int = 30) -> list[Speed]:
    """Time networks by turns, so that a busy moment meets all of them."""
    pictures = np.random.default_rng(0).integers(0, 256, (BATCH, size[1], size[0], 3)).astype(np.uint8)
    taken = np.zeros((len(networks), runs, 2))
    for network in networks:
        network.infer(pictures)  # compiles
    for run in range(runs):
        for row, network in enumerate(networks):
            clock, processor = perf_counter(), process_time()
            network.infer(pictures)
            taken[row, run] = perf_counter() - clock, (process_time() - processor) / THREADS
    return [Speed(*(1000 * row.min(axis=0) / BATCH)) for row in taken]


def manifest_fields(files: Sequence[Path]) -> str:
    """Return the lines of a manifest entry that an 8-bit copy changes; the rest stays as in the float model's."""
    rows = [f'  {{ name = "{path.name}", sha256 = "{sha256_of(path)}" }},' for path in files]
    return "\n".join([f'id = "{files[0].stem}"', "file = [", *rows, "]"])


def read_crop(path: Path, size: Size) -> NDArray[np.uint8]:
    """Return the picture as H×W×3 uint8 BGR.

    Raises:
        ValueError: It is none.
    """
    picture = cv2.imread(str(path))
    if picture is None:
        raise ValueError(f"{path} is not a picture.")
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _tensor(crop: NDArray[np.uint8], picture: Input) -> NDArray[np.float32]:
    channels = crop[:, :, ::-1] if picture.is_rgb else crop
    return np.ascontiguousarray(channels.transpose(2, 0, 1)[None], np.float32)


def _numbers(names: Iterable[str | None]) -> NDArray[np.int64]:
    return np.unique([str(name) for name in names], return_inverse=True)[1].astype(np.int64)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="path without ending")
    parser.add_argument("--count", type=int, default=400, help="crops to calibrate on")
    parser.add_argument("--input", default="rgb", help="name of the input")
    parser.add_argument("--size", type=int, nargs=2, default=(128, 256), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--bgr", action="store_true", help="the network wants blue first")
    parser.add_argument("--margin", type=float, default=1.0, help="points of mAP that may be lost")
    return parser.parse_args()


def main() -> None:
    options = _options()
    picture = Input(options.input, (options.size[0], options.size[1]), not options.bgr)
    crops = list(find_crops(options.data))
    files = quantise(options.model, choose_crops(crops, options.count), options.out, picture)
    networks = [open_network(path, picture) for path in (options.model, files[0])]
    val = [crop for crop in crops if crop.source == "cuhk03-val"]
    scores = [score(network, val, picture.size) for network in networks]
    for name, found, speed in zip(("float", "8-bit"), scores, time_together(networks, picture.size), strict=True):
        print(f"{name}: CUHK03-val Rank-1 {100 * found.rank1:.2f}, mAP {100 * found.mean_ap:.2f}; {speed}")
    print(f"{sum(path.stat().st_size for path in files) / 1e6:.1f} MB; in the manifest:\n{manifest_fields(files)}")
    lost = 100 * (scores[0].mean_ap - scores[1].mean_ap)
    if lost > options.margin:
        sys.exit(f"The 8-bit copy loses {lost:.2f} points of mAP, more than {options.margin}.")


if __name__ == "__main__":
    main()
