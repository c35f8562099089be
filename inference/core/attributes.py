"""What a person or vehicle looks like, in words: a probability for every value of every attribute.

Knows pictures and numbers. Which attributes there are is said by the model (`Head` in the manifest), never by a
list here; words in two languages belong to the portal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.core.crops import CropNetwork, load_crop_network
from inference.core.detections import Kind
from inference.core.errors import ModelError
from inference.core.manifest import Head as Head
from inference.core.manifest import ModelStore
from inference.core.openvino_engine import DEFAULT_ENGINE, EngineConfig

UNKNOWN = "unknown"

Answers = dict[str, list[tuple[str, float]]]


class Describer(Protocol):
    """Says of crops what they look like."""

    @property
    def id(self) -> str:
        """The model's id in the manifest."""
        ...

    @property
    def heads(self) -> tuple[Head, ...]:
        """The attributes, in the order of the columns of a description."""
        ...

    def describe(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Describe crops.

        Args:
            crops: H×W×3 uint8 BGR each, cut tight around one person or vehicle; sizes may differ.

        Returns:
            N×V float32 probabilities, the values of all heads one after the other; those of one head sum to 1.
        """
        ...


class OpenVinoDescriber:
    """A network with the logits of all heads in its only output, run on OpenVINO."""

    def __init__(self, model_id: str, network: CropNetwork, *, heads: tuple[Head, ...]) -> None:
        self.id = model_id
        self.heads = heads
        self._network = network

    def describe(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """See `Describer.describe`."""
        return probabilities_of(self.heads, self._network.infer(crops))


def load_describer(
    model_id: str, store: ModelStore, *, kind: Kind | None = None, engine: EngineConfig = DEFAULT_ENGINE
) -> Describer:
    """Load a describer, fetching its files when they are missing; `kind` is what it will be shown.

    Raises:
        ModelError: Unknown id, not a describer or made for the other kind, or its files cannot be had.
    """
    entry = store.entry(model_id, task="describer", kind=kind)
    network = load_crop_network(entry, store, width=width_of(entry.heads), engine=engine)
    return OpenVinoDescriber(model_id, network, heads=entry.heads)


def probabilities_of(heads: Sequence[Head], logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn N×V logits into N×V calibrated probabilities: a softmax within each head, at its temperature."""
    probabilities = np.empty(logits.shape, np.float32)
    for head, columns in zip(heads, columns_of(heads), strict=True):
        scaled = logits[:, columns] / head.temperature
        # The largest is brought to 0 first, so that nothing overflows.
        powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        probabilities[:, columns] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def columns_of(heads: Sequence[Head]) -> list[slice]:
    """Give the columns of a description that belong to each head."""
    ends = np.cumsum([len(head.values) for head in heads]).tolist()
    return [slice(end - len(head.values), end) for head, end in zip(heads, ends, strict=True)]


def width_of(heads: Sequence[Head]) -> int:
    """Count the values of all heads: the length of a description."""
    return sum(len(head.values) for head in heads)


def answers(heads: Sequence[Head], probabilities: NDArray[np.float32]) -> Answers:
    """Say one description in words.

    Args:
        heads: Of the describer.
        probabilities: V, one row of `Describer.describe`.

    Returns:
        Of each attribute, its values with their probabilities, best first. Where the best is less probable than
        the head's `known_from`, "unknown" stands before it, with the probability that the best is wrong.

    Raises:
        ModelError: The description was not made with these heads.
    """
    if probabilities.shape != (width_of(heads),):
        raise ModelError(f"A description of {probabilities.size} numbers is none of {width_of(heads)} values.")
    said: Answers = {}
    for head, columns in zip(heads, columns_of(heads), strict=True):
        ranked = sorted(
            zip(head.values, probabilities[columns].tolist(), strict=True), key=lambda pair: pair[1], reverse=True
        )
        best = ranked[0][1]
        said[head.name] = ranked if best >= head.known_from else [(UNKNOWN, 1 - best), *ranked]
    return said


def pack(probabilities: NDArray[np.float32]) -> bytes:
    """Make V probabilities V bytes: 255ths, fine enough for evidence and a quarter of the size."""
    return np.rint(np.clip(probabilities, 0, 1) * 255).astype(np.uint8).tobytes()


def unpack(blob: bytes) -> NDArray[np.float32]:
    """Give the V probabilities of `pack` back, as float32."""
    return np.frombuffer(blob, np.uint8).astype(np.float32) / np.float32(255)
