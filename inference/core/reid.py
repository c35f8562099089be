"""Features that tell one person or vehicle from another.

Knows pictures and vectors, nothing of tracks or storage. Features of two models are never compared: a feature
is meaningful only beside its model's id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.core.crops import CropNetwork, load_crop_network
from inference.core.detections import Kind
from inference.core.manifest import ModelStore
from inference.core.openvino_engine import DEFAULT_ENGINE, EngineConfig

# Of whom a picture that is searched by is looked at from both sides of a mirror: people were found a little better by
# it, vehicles not (docs/training.md).
MIRRORED = frozenset({Kind.PERSON})


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
    """A ReID network run on OpenVINO."""

    def __init__(self, model_id: str, network: CropNetwork, *, dimension: int) -> None:
        self.id = model_id
        self.dimension = dimension
        self._network = network

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        return unit_length(self._network.infer(crops))


def load_embedder(
    model_id: str, store: ModelStore, *, kind: Kind | None = None, engine: EngineConfig = DEFAULT_ENGINE
) -> Embedder:
    """Load a ReID network, fetching its files when they are missing; `kind` is what it will be shown.

    Raises:
        ModelError: Unknown id, not an embedder or made for the other kind, or its files cannot be had.
    """
    entry = store.entry(model_id, task="reid", kind=kind)
    network = load_crop_network(entry, store, width=entry.dimension, engine=engine)
    return OpenVinoEmbedder(model_id, network, dimension=entry.dimension)


def embed_query(embedder: Embedder, crops: Sequence[NDArray[np.uint8]], kind: Kind) -> NDArray[np.float32]:
    """Compute features of pictures to search by, comparable with what `Embedder.embed` makes of those searched.

    Of people it is the mean of a picture and its mirror image. Only queries are looked at twice: they are few, and
    what is stored of every sighting costs no more for it.

    Args:
        embedder: The model that the stored features are of.
        crops: As for `Embedder.embed`.
        kind: What they show.

    Returns:
        N×D float32, each row of unit length.
    """
    features = embedder.embed(crops)
    if kind not in MIRRORED:
        return features
    return unit_length(features + embedder.embed([np.ascontiguousarray(crop[:, ::-1]) for crop in crops]))


def unit_length(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row of N×D to length 1; rows of zeros stay zero."""
    norms = np.linalg.norm(features, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = (features / np.maximum(norms, 1e-12)).astype(np.float32)
    return scaled
