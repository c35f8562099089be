"""Networks as ONNX files: written with a free number of pictures, and with weights of half the size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

OPSET = 17
# Constants of so few numbers are left as they are.
SMALL = 256


def write_onnx(network: nn.Module, size: tuple[int, int], answers: Sequence[str], out: Path) -> None:
    """Write the graph `rgb` N×3×H×W float32 0–255 → `answers`; `size` is height and width."""
    torch.onnx.export(
        network.eval(),
        (torch.zeros(2, 3, *size),),
        str(out),
        input_names=["rgb"],
        output_names=list(answers),
        dynamic_axes={name: {0: "batch"} for name in ("rgb", *answers)},
        opset_version=OPSET,
        dynamo=False,
    )


def store_half(path: Path) -> None:
    """Rewrite a file with its weights as float16, which halves it; they are cast back, and computed in float32.

    Raises:
        ValueError: A weight is too large for float16.
    """
    model = onnx.load(str(path))
    graph, casts = model.graph, []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size > SMALL:
            casts.append(_halve(weight, values, path.name))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _halve(weight: Any, values: Any, file: str) -> Any:
    """Replace the weight's values; return the node that brings them back under its name."""
    name, most = weight.name, np.abs(values).max()
    if most > np.finfo(np.float16).max:
        raise ValueError(f"{file}: {name} holds {most:.0f}, too much for float16.")
    weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
    return onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT)
