"""Networks that look at one crop of a person or vehicle at a time, brought to a size of their own.

Knows nothing of what comes out; `reid` and `attributes` give it a meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.errors import ModelError
from inference.core.manifest import ModelEntry, ModelStore
from inference.core.openvino_engine import EngineConfig, Network, PictureInput

# Full batches of this size, what is left one by one: two compiled shapes, no padding.
_BATCH = 8

Prepare = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


class CropNetwork:
    """A network with one picture in and one row of numbers out."""

    def __init__(
        self, path: Path, picture: PictureInput, *, size: tuple[int, int], width: int, engine: EngineConfig
    ) -> None:
        """Args:
        path: The network's file.
        picture: Name and channel order of the input.
        size: Width and height of the input in pixels.
        width: Length of a row of the output.
        engine: How to run it.

        Raises:
            ModelError: The file cannot be read.
        """
        self._size = size
        self._width = width
        self._name = path.name
        self._network = Network(path, picture, engine)

    def infer(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Run the network.

        Args:
            crops: H×W×3 uint8 BGR each; sizes may differ.

        Returns:
            N×W float32, with W as given to the constructor.

        Raises:
            ModelError: Its output has another size than the manifest says.
        """
        if not crops:
            return np.zeros((0, self._width), np.float32)
        output = infer_in_batches(self._network, crops, lambda crop: resize(crop, self._size))[0]
        if output.size != len(crops) * self._width:
            found = output.size // len(crops)
            raise ModelError(f"{self._name} gives {found} numbers for a picture; the manifest says {self._width}.")
        return output.reshape(len(crops), self._width)


def infer_in_batches(
    network: Network, crops: Sequence[NDArray[np.uint8]], prepare: Prepare
) -> list[NDArray[np.float32]]:
    """Run a network on any number of crops, at least one.

    Args:
        network: Takes pictures of one size.
        crops: H×W×3 uint8 BGR each; sizes may differ.
        prepare: Brings one to the network's size, just before it is run.

    Returns:
        Every output in the graph's order, for all crops.
    """
    whole = len(crops) - len(crops) % _BATCH
    starts = [*range(0, whole, _BATCH), *range(whole, len(crops))]
    parts = [crops[start : start + (_BATCH if start < whole else 1)] for start in starts]
    outputs = [network.infer(np.stack([prepare(crop) for crop in part])) for part in parts]
    return [np.concatenate(output) for output in zip(*outputs, strict=True)]


def load_crop_network(entry: ModelEntry, store: ModelStore, *, width: int, engine: EngineConfig) -> CropNetwork:
    """Load the network of a manifest's entry, fetching its files when they are missing; `width` is that of its output.

    Raises:
        ModelError: Another engine would have to run it, or its files cannot be had or read.
    """
    if entry.engine != "openvino":
        raise ModelError(f"{entry.id}: the manifest names an unknown engine, {entry.engine!r}.")
    picture = PictureInput(entry.input_name, is_rgb=entry.is_rgb)
    return CropNetwork(store.path(entry.id), picture, size=entry.input_size, width=width, engine=engine)


def resize(crop: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Bring a crop to `size` (width, height); averaging when it shrinks avoids moiré from clothing."""
    width_px, height_px = size
    is_shrinking = crop.shape[0] > 2 * height_px and crop.shape[1] > 2 * width_px
    interpolation = cv2.INTER_AREA if is_shrinking else cv2.INTER_LINEAR
    return cv2.resize(crop, size, interpolation=interpolation).astype(np.uint8, copy=False)
