"""Features that tell one person or vehicle from another.

Knows pictures and vectors, nothing of tracks or storage. Features of two models are never compared: a feature
is meaningful only beside its model's id.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.errors import ModelError
from inference.core.manifest import ModelStore
from inference.core.openvino_engine import DEFAULT_ENGINE, EngineConfig, Network, PictureInput

_WIDTH_PX, _HEIGHT_PX = 128, 256
# Full batches of this size, what is left one by one: two compiled shapes, no padding.
_BATCH = 8


class Embedder(Protocol):
    """Turns crops into features."""

    @property
    def id(self) -> str:
        """The model's id in the manifest."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a feature."""
        ...

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Compute features.

        Args:
            crops: H×W×3 uint8 BGR each, cut tight around one person or vehicle; sizes may differ.

        Returns:
            N×D float32, each row of unit length; compare by the inner product (cosine).
        """
        ...


class OpenVinoEmbedder:
    """A ReID network with a 256×128 picture as input, run on OpenVINO."""

    def __init__(
        self,
        path: Path,
        model_id: str,
        *,
        dimension: int,
        input_name: str,
        is_rgb: bool,
        engine: EngineConfig = DEFAULT_ENGINE,
    ) -> None:
        self.id = model_id
        self.dimension = dimension
        self._network = Network(path, PictureInput(input_name, is_rgb=is_rgb), engine)

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        features = np.zeros((len(crops), self.dimension), np.float32)
        whole = len(crops) - len(crops) % _BATCH
        for start in range(0, whole, _BATCH):
            features[start : start + _BATCH] = self._infer(crops[start : start + _BATCH])
        for row in range(whole, len(crops)):
            features[row] = self._infer(crops[row : row + 1])[0]
        return unit_length(features)

    def _infer(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        (output,) = self._network.infer(np.stack([_resize(crop) for crop in crops]))
        return output.reshape(len(crops), self.dimension)


def load_embedder(model_id: str, store: ModelStore, *, engine: EngineConfig = DEFAULT_ENGINE) -> Embedder:
    """Load a ReID network, fetching its files when they are missing.

    Raises:
        ModelError: Unknown id, not an embedder, or its files cannot be had.
    """
    entry = store.entry(model_id, task="reid")
    if entry.engine != "openvino":
        raise ModelError(f"{model_id}: the manifest names an unknown ReID engine, {entry.engine!r}.")
    return OpenVinoEmbedder(
        store.path(model_id),
        model_id,
        dimension=entry.dimension,
        input_name=entry.input_name,
        is_rgb=entry.is_rgb,
        engine=engine,
    )


def unit_length(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row of N×D to length 1; rows of zeros stay zero."""
    norms = np.linalg.norm(features, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = (features / np.maximum(norms, 1e-12)).astype(np.float32)
    return scaled


def _resize(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring a crop to the network's size; averaging when it shrinks avoids moiré from clothing."""
    is_shrinking = crop.shape[0] > 2 * _HEIGHT_PX and crop.shape[1] > 2 * _WIDTH_PX
    interpolation = cv2.INTER_AREA if is_shrinking else cv2.INTER_LINEAR
    return cv2.resize(crop, (_WIDTH_PX, _HEIGHT_PX), interpolation=interpolation).astype(np.uint8, copy=False)
