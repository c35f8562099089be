"""The contract of a detector. One file per engine stands beside this one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Detections


class Detector(Protocol):
    """Finds persons and vehicles in pictures."""

    @property
    def id(self) -> str:
        """The model's id in the manifest."""
        ...

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """Find persons and vehicles.

        Args:
            images: H×W×3 uint8 BGR each; sizes may differ.

        Returns:
            One `Detections` per image, boxes in that image's pixels, best score first.
        """
        ...
