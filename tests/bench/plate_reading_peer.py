"""The open readers of Korean plates, KR_LPR_TF (BSD-2-Clause) and KR_LPR_Jax (GPL-3.0, for comparison only).

Their files are not part of the repository. They are given what they were made for: a grey picture, shrunk or enlarged
with its shape kept, at the left top of black. How pixels are made of pixels changes what they read, so three ways are
tried; their author's is `nearest`. Each answers for sixteen steps from left to right, of which those in a row that say
the same are one character (CTC). The interpreter is no dependency; without it the comparison is skipped.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
# Text and confidence; None where nothing is read.
Read = tuple[str, float] | None


@dataclass(frozen=True)
class PeerFiles:
    """A reader's folder and files, the number among its labels that stands for nothing, and whether it gives logarithms
    of chances."""

    name: str
    folder: str
    network: str
    labels: str
    blank: int
    is_logarithm: bool


PEERS = (
    PeerFiles("KR_LPR_TF", "kr_lpr_tf", "tiny_lpr_uint8.tflite", "label.names", 68, is_logarithm=False),
    PeerFiles("KR_LPR_Jax", "kr_lpr_jax_gpl3_comparison_only", "model.tflite", "labels.names", 0, is_logarithm=True),
)
# How a crop is shrunk; it is enlarged along straight lines, unless by the nearest pixel.
WAYS = {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}


def has_interpreter() -> bool:
    """Say whether the package that runs them is installed."""
    return importlib.util.find_spec("ai_edge_litert") is not None


def has_files(folder: Path) -> bool:
    """Say whether the files of all peers are there."""
    return all((folder / peer.folder / name).is_file() for peer in PEERS for name in (peer.network, peer.labels))


class PeerReader:
    """One of the peers, one crop at a time."""

    def __init__(self, files: PeerFiles, folder: Path, *, way: str, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._files = files
        self._way = WAYS[way]
        self._labels = (folder / files.folder / files.labels).read_text(encoding="utf-8").split("\n")
        self._network: Any = Interpreter(str(folder / files.folder / files.network), num_threads=threads)
        self._network.allocate_tensors()
        (self._input,), (self._output,) = self._network.get_input_details(), self._network.get_output_details()

    def read(self, crop: Picture) -> Read:
        """Read a plate: the text, and the lowest chance of a character; None where it says nothing."""
        _, height, width, _ = self._input["shape"].tolist()
        picture = letterboxed(crop, (width, height), self._way)[None, :, :, None]
        is_float = self._input["dtype"] is np.float32
        self._network.set_tensor(self._input["index"], picture.astype(np.float32) / 255 if is_float else picture)
        self._network.invoke()
        steps = self._network.get_tensor(self._output["index"])[0].astype(np.float32)
        if not is_float:
            steps /= 255
        return decoded(np.exp(steps) if self._files.is_logarithm else steps, self._labels, self._files.blank)


def letterboxed(crop: Picture, size: tuple[int, int], way: int) -> Picture:
    """Bring an H×W×3 uint8 BGR crop to a grey picture of this width and height, its shape kept, black beside it."""
    height, width = crop.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    wide, tall = max(1, int(width * scale)), max(1, int(height * scale))
    how = cv2.INTER_LINEAR if scale > 1 and way == cv2.INTER_AREA else way
    picture = np.zeros(size[::-1], np.uint8)
    picture[:tall, :wide] = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), (wide, tall), interpolation=how)
    return picture


def decoded(chances: NDArray[np.float32], labels: list[str], blank: int) -> Read:
    """Make one character of steps in a row that say the same, as sure as the surest of them."""
    said = chances.argmax(1).tolist()
    characters: list[tuple[str, float]] = []
    before = blank
    for label, chance in zip(said, chances.max(1).tolist(), strict=True):
        if label != blank:
            sure = characters.pop()[1] if label == before else 0.0
            characters.append((labels[label], max(sure, chance)))
        before = label
    text = "".join(character for character, _ in characters).replace(" ", "")
    return (text, min(sure for _, sure in characters)) if text else None
