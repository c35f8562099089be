"""Networks of plates: pictures of one size in, two arrays out whose shapes are checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.core.crops import Prepare, infer_in_batches
from inference.core.detections import Kind
from inference.core.errors import ModelError
from inference.core.manifest import ModelEntry, ModelStore
from inference.core.openvino_engine import EngineConfig, Network, PictureInput

Pair = tuple[NDArray[np.float32], NDArray[np.float32]]


class PairNetwork:
    """A network that gives two arrays for a picture."""

    def __init__(self, entry: ModelEntry, store: ModelStore, engine: EngineConfig) -> None:
        if entry.engine != "openvino":
            raise ModelError(f"{entry.id}: the manifest names an unknown engine, {entry.engine!r}.")
        self._id = entry.id
        self._network = Network(store.path(entry.id), PictureInput(entry.input_name, is_rgb=entry.is_rgb), engine)

    def infer(self, pictures: Sequence[NDArray[np.uint8]], prepare: Prepare, *, dimensions: tuple[int, int]) -> Pair:
        """Run the network on at least one picture.

        Args:
            pictures: H×W×3 uint8 BGR each.
            prepare: Brings one to the network's size.
            dimensions: How many each answer has, the number of the picture included.

        Returns:
            Both answers for all pictures.

        Raises:
            ModelError: It answers otherwise than the manifest's task wants.
        """
        outputs = infer_in_batches(self._network, pictures, prepare)
        if tuple(output.ndim for output in outputs) != dimensions:
            raise ModelError(f"{self._id} does not answer as its task in the manifest wants.")
        first, second = outputs
        return first, second


def plate_entry(model_id: str, store: ModelStore, task: str) -> ModelEntry:
    """Look up a model for plates of vehicles.

    Raises:
        ModelError: Unknown, or made for another task.
    """
    return store.entry(model_id, task=task, kind=Kind.VEHICLE)
