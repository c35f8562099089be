"""What stands on a plate.

A doubtful plate is looked at three times, and the mean of the answers is read: that mends some mistakes and makes most
others less sure. Knows pictures of plates and the reader's numbers; `reads` makes texts of them. It also brings
the confidence to one that means what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.core.errors import ModelError
from inference.core.manifest import ModelStore
from inference.core.openvino_engine import DEFAULT_ENGINE, EngineConfig
from inference.core.plates.network import PairNetwork, plate_entry
from inference.core.plates.reads import EMPTY, LEAST, PLACES, SURE, decode_plate, mean_answer
from inference.core.plates.rectify import leaning, stretched
from inference.core.plates.text import PlateRead

Points = tuple[tuple[float, float], ...]

# How far a doubtful plate leans to either side when it is looked at again, in its heights.
LEAN = 0.12


class PlateReader(Protocol):
    """Reads pictures of plates."""

    @property
    def id(self) -> str:
        """The model's id in the manifest."""
        ...

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[PlateRead | None]:
        """Read plates.

        Args:
            crops: H×W×3 uint8 BGR each, one plate upright with a little margin; stretched to the reader's size.

        Returns:
            One read for each crop, its confidence the share of such reads that are right; None where there is no
            plate.
        """
        ...


class OpenVinoPlateReader:
    """A network with logits of characters and of a plate, run on OpenVINO."""

    def __init__(self, model_id: str, network: PairNetwork, *, size: tuple[int, int], confidence: Points = ()) -> None:
        """Args:
        model_id: In the manifest.
        network: Gives N×10×(A+1) and N logits.
        size: Width and height in pixels to which a crop is brought.
        confidence: Pairs of raw confidence and share of right reads, both rising; none leave it as it is.
        """
        self.id = model_id
        self._network = network
        self._size = size
        self._points = confidence

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[PlateRead | None]:
        """See `PlateReader.read`.

        Raises:
            ModelError: The network does not answer as a reader does.
        """
        if not crops:
            return []
        pictures = [stretched(crop, self._size) for crop in crops]
        characters, plates = self._answers(pictures)
        reads = [decode_plate(one, plate) for one, plate in zip(characters, plates.tolist(), strict=True)]
        unsure = [at for at, read in enumerate(reads) if read and self._is_doubtful(read)]
        again = [leaning(pictures[at], lean) for at in unsure for lean in (-LEAN, LEAN)]
        if again:
            others, other_plates = self._answers(again)
            for number, at in enumerate(unsure):
                views = slice(2 * number, 2 * number + 2)
                mean, plate = mean_answer(
                    np.concatenate([characters[at : at + 1], others[views]]),
                    np.concatenate([plates[at : at + 1], other_plates[views]]),
                )
                reads[at] = decode_plate(mean, plate)
        return [read and replace(read, confidence=calibrated(read.confidence, self._points)) for read in reads]

    def _is_doubtful(self, read: PlateRead) -> bool:
        return LEAST <= calibrated(read.confidence, self._points) < SURE

    def _answers(self, pictures: Sequence[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        characters, plates = self._network.infer(pictures, lambda picture: picture, dimensions=(3, 1))
        if characters.shape[1:] != (PLACES, EMPTY + 1):
            raise ModelError(f"{self.id} does not answer as its task in the manifest wants.")
        return characters, plates


def load_plate_reader(model_id: str, store: ModelStore, *, engine: EngineConfig = DEFAULT_ENGINE) -> PlateReader:
    """Load a plate reader, fetching its files when they are missing.

    Raises:
        ModelError: Unknown id, not a plate reader, or its files cannot be had.
    """
    entry = plate_entry(model_id, store, "plate-reader")
    network = PairNetwork(entry, store, engine)
    return OpenVinoPlateReader(model_id, network, size=entry.input_size, confidence=entry.confidence)


def calibrated(raw: float, points: Points) -> float:
    """Bring a raw confidence to the share of right reads, along straight lines between points."""
    if not points:
        return raw
    return float(np.interp(raw, [point[0] for point in points], [point[1] for point in points]))
