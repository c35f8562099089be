"""Run Intel's person-reidentification-retail-0277 in torch, from its OpenVINO files, so that it can teach on a GPU.

A small interpreter of the operations that this one network uses; differentiable ones only where it needs none.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

NUMPY_TYPES = {"f32": np.float32, "f16": np.float16, "i32": np.int32, "i64": np.int64}
TORCH_TYPES = {"f32": torch.float32, "i32": torch.int64, "i64": torch.int64}


class Teacher(nn.Module):
    """N×3×256×128 RGB 0–255 in, N×256 unit vectors out."""

    def __init__(self, xml: Path) -> None:
        super().__init__()
        root = ElementTree.parse(xml).getroot()
        blob = xml.with_suffix(".bin").read_bytes()
        self._layers = {layer.get("id", ""): layer for layer in root.iter("layer")}
        self._inputs: dict[str, list[tuple[str, int]]] = {}
        for edge in root.iter("edge"):
            place = (edge.get("from-layer", ""), int(edge.get("to-port", 0)))
            self._inputs.setdefault(edge.get("to-layer", ""), []).append(place)
        for places in self._inputs.values():
            places.sort(key=lambda place: place[1])
        for name, layer in self._layers.items():
            if layer.get("type") == "Const":
                self.register_buffer(f"c{name}", _constant(layer.find("data"), blob))
        self._order = _sorted(self._layers, self._inputs)

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        values: dict[str, Tensor] = {}
        for name in self._order:
            layer = self._layers[name]
            kind = layer.get("type", "")
            given = [values[source] for source, _port in self._inputs.get(name, [])]
            if kind == "Parameter":
                values[name] = pictures.flip(1)  # the network was made for BGR
            elif kind == "Const":
                values[name] = self.get_buffer(f"c{name}")
            elif kind == "Result":
                return F.normalize(given[0].flatten(1).float(), dim=1)
            else:
                values[name] = OPERATIONS[kind](given, layer.find("data"))
        raise ValueError("The network has no result.")


def _constant(data: Any, blob: bytes) -> Tensor:
    kind = NUMPY_TYPES[data.get("element_type")]
    shape = _numbers(data.get("shape"))
    start = int(data.get("offset"))
    values = np.frombuffer(blob[start : start + int(data.get("size"))], kind).reshape(shape)
    values = values.astype(np.float32 if kind in (np.float16, np.float32) else np.int64)
    return torch.from_numpy(values.copy())


def _sorted(layers: dict[str, Any], inputs: dict[str, list[tuple[str, int]]]) -> list[str]:
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        for source, _port in inputs.get(name, []):
            visit(source)
        order.append(name)

    for name, layer in layers.items():
        if layer.get("type") == "Result":
            visit(name)
    return order


def _numbers(text: str | None) -> list[int]:
    return [int(number) for number in text.split(",") if number.strip()] if text else []


def _convolution(given: list[Tensor], data: Any) -> Tensor:
    picture, weight = given
    groups = weight.shape[0] if weight.dim() == 5 else 1
    weight = weight.flatten(0, 1) if weight.dim() == 5 else weight
    stride, padding = _numbers(data.get("strides")), _numbers(data.get("pads_begin"))
    return F.conv2d(picture, weight.to(picture.dtype), None, stride, padding, groups=groups)


def _pool(given: list[Tensor], data: Any, pool: Callable[..., Tensor]) -> Tensor:
    padding = _numbers(data.get("pads_begin"))
    return pool(given[0], _numbers(data.get("kernel")), _numbers(data.get("strides")), padding)


def _mvn(given: list[Tensor], data: Any) -> Tensor:
    value, axes = given[0].float(), given[1].tolist()
    variance, mean = torch.var_mean(value, dim=axes, keepdim=True, correction=0)
    return ((value - mean) * torch.rsqrt(variance + float(data.get("eps")))).to(given[0].dtype)


def _reshape(given: list[Tensor], _data: Any) -> Tensor:
    value, wanted = given
    shape = [value.shape[at] if size == 0 else size for at, size in enumerate(wanted.tolist())]
    return value.reshape(shape)


def _matmul(given: list[Tensor], data: Any) -> Tensor:
    left, right = given
    right = right.transpose(-1, -2) if data.get("transpose_b") == "true" else right
    return left @ right.to(left.dtype)


def _convert(given: list[Tensor], data: Any) -> Tensor:
    value = given[0]
    return value if value.is_floating_point() else value.to(TORCH_TYPES[data.get("destination_type")])


OPERATIONS: dict[str, Callable[[list[Tensor], Any], Tensor]] = {
    "Convert": _convert,
    "Add": lambda given, _data: given[0] + given[1].to(given[0].dtype),
    "Subtract": lambda given, _data: given[0] - given[1],
    "Multiply": lambda given, _data: given[0] * given[1].to(given[0].dtype),
    "Convolution": _convolution,
    "GroupConvolution": _convolution,
    "ReLU": lambda given, _data: F.relu(given[0]),
    "PReLU": lambda given, _data: F.prelu(given[0], given[1].flatten().to(given[0].dtype)),
    "Sigmoid": lambda given, _data: torch.sigmoid(given[0]),
    "MaxPool": lambda given, data: _pool(given, data, F.max_pool2d),
    "AvgPool": lambda given, data: _pool(given, data, F.avg_pool2d),
    "ReduceMean": lambda given, data: given[0].mean(given[1].tolist(), keepdim=data.get("keep_dims") == "true"),
    "MVN": _mvn,
    "Reshape": _reshape,
    "ShapeOf": lambda given, _data: torch.tensor(given[0].shape, device=given[0].device),
    "Gather": lambda given, _data: given[0].index_select(int(given[2]), given[1].flatten()),
    "Concat": lambda given, data: torch.cat([value.reshape(-1) for value in given], int(data.get("axis"))),
    "MatMul": _matmul,
}
