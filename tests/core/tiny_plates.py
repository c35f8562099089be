"""A finder and a reader of plates that anybody can check by eye, made here: a plate is a blue board.

The finder is hottest in the middle of a blue board and takes every board for a third of the picture wide and a tenth
high. The reader says `SAYS` of whatever is blue; how sure it is of the last digit follows from how blue.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.core.manifest import sha256_of
from inference.core.plates.formats import ALPHABET

BLUE = (255, 0, 0)
FINDER_PX, CELLS = 192, 48
# Width and height of a board as the finder knows it, as shares of the picture.
BOARD = (1 / 3, 0.1)
SAYS = "12가3456"
_PLACES = ("", "", "", "1", "2", "가", "3", "4", "5", "6")
ENTRY = """
[[model]]
id = "{id}"
task = "{task}"
engine = "openvino"
licence = "none"
trained_on = "nothing"
measured_on = "nothing"
input = "rgb"
calibration = "none"
kinds = ["vehicle"]
input_name = "rgb"
input_size = [{size}]
{more}
file = [{{ name = "{id}.xml", sha256 = "{xml}" }}, {{ name = "{id}.bin", sha256 = "{bin}" }}]
source = [{{ kind = "mirror" }}]
"""


def plate_entries(folder: Path) -> str:
    """Write the models into `folder`; return their entries: `tiny-plate-finder`, `tiny-plate-reader`.

    Of the raw confidence 0.9 the reader's calibration makes 0.5.
    """
    return "\n".join(
        (
            _write(folder, "tiny-plate-finder", "plate-finder", "192, 192", "", _finder),
            _write(
                folder,
                "tiny-plate-reader",
                "plate-reader",
                "192, 64",
                "confidence = [[0.0, 0.0], [0.9, 0.5], [1.0, 1.0]]",
                _reader,
            ),
        )
    )


def paint_board(picture: NDArray[np.uint8], x: int, y: int, width: int, height: int) -> None:
    """Paint a board whose left upper corner is at x, y."""
    picture[y : y + height, x : x + width] = BLUE


def _finder(rgb: Any) -> list[Any]:
    from openvino import opset13 as ops

    # A mean over the board's size, every fourth pixel: largest where the board's middle is.
    kernel = [round(BOARD[1] * FINDER_PX) // 2 * 2, round(BOARD[0] * FINDER_PX) // 2 * 2]
    before = [kernel[0] // 2 - 2, kernel[1] // 2 - 2]
    mean = ops.avg_pool(_blueness(rgb), [4, 4], before, before, kernel, False, auto_pad="explicit")
    heat = ops.subtract(ops.multiply(mean, _constant(0.1)), _constant(15.0))
    x, y = BOARD[0] * CELLS / 2, BOARD[1] * CELLS / 2
    offsets = np.array([-x, -y, x, -y, x, y, -x, y], np.float32).reshape(1, 8, 1, 1)
    corners = ops.add(ops.multiply(heat, _constant(0.0)), _constant(offsets))
    return [ops.squeeze(heat, _constant(np.array([1], np.int64))), corners]


def _reader(rgb: Any) -> list[Any]:
    from openvino import opset13 as ops

    logits = np.zeros((1, len(_PLACES), len(ALPHABET) + 1), np.float32)
    for place, character in enumerate(_PLACES):
        logits[0, place, ALPHABET.index(character) if character else len(ALPHABET)] = 12.0
    unsure = np.zeros_like(logits)
    unsure[0, -1, ALPHABET.index("8")] = 12.0
    blueness = ops.reduce_mean(_blueness(rgb), _constant(np.array([1, 2, 3], np.int64)), keep_dims=False)
    other = ops.reshape(
        ops.subtract(_constant(1.0), ops.multiply(blueness, _constant(1 / 255))),
        _constant(np.array([-1, 1, 1], np.int64)),
        special_zero=False,
    )
    characters = ops.add(_constant(logits), ops.multiply(other, _constant(unsure)))
    plate = ops.multiply(ops.subtract(blueness, _constant(100.0)), _constant(1.0))
    return [characters, plate]


def _blueness(rgb: Any) -> Any:
    """N×1×H×W: blue less red."""
    from openvino import opset13 as ops

    weights = np.array([-1.0, 0.0, 1.0], np.float32).reshape(1, 3, 1, 1)
    return ops.reduce_sum(ops.multiply(rgb, _constant(weights)), _constant(np.array([1], np.int64)), keep_dims=True)


def _constant(value: Any) -> Any:
    from openvino import opset13 as ops

    array = np.asarray(value)
    return ops.constant(array if array.dtype == np.int64 else array.astype(np.float32))


def _write(folder: Path, model_id: str, task: str, size: str, more: str, graph: Any) -> str:
    import openvino
    from openvino import opset13 as ops

    height, width = (int(side) for side in size.split(", ")[::-1])
    rgb = ops.parameter([-1, 3, height, width], np.float32, name="rgb")
    rgb.output(0).set_names({"rgb"})
    path = folder / f"{model_id}.xml"
    openvino.save_model(openvino.Model(graph(rgb), [rgb], model_id), path, compress_to_fp16=False)
    hashes = {"xml": sha256_of(path), "bin": sha256_of(path.with_suffix(".bin"))}
    return ENTRY.format(id=model_id, task=task, size=size, more=more, **hashes)
