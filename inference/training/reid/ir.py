"""Run Intel's person-reidentification-retail-0277 in torch, from its OpenVINO files: as a teacher, or to be trained.

A small interpreter of the operations that this one network uses. `save_ir` writes trained weights back into the same
two files, so that OpenVINO runs them as it ran the first.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

SIZE = (256, 128)
# How much smaller the last map is than the picture.
STRIDE = 16
NUMPY_TYPES = {"f32": np.float32, "f16": np.float16, "i32": np.int32, "i64": np.int64}
TORCH_TYPES = {"f32": torch.float32, "i32": torch.int64, "i64": torch.int64}


class IrNetwork(nn.Module):
    """N×3×H×W RGB 0–255 in, N×256 unit vectors out; H and W are 256 and 128 until `fit` changes them.

    What does not depend on the pictures is computed once, and shapes stay on the CPU, so that the GPU never waits.
    """

    def __init__(self, xml: Path) -> None:
        super().__init__()
        root = ElementTree.parse(xml).getroot()
        blob = xml.with_suffix(".bin").read_bytes()
        layers = {layer.get("id", ""): layer for layer in root.iter("layer")}
        inputs: dict[str, list[tuple[str, int]]] = {}
        for edge in root.iter("edge"):
            place = (edge.get("from-layer", ""), int(edge.get("to-port", 0)))
            inputs.setdefault(edge.get("to-layer", ""), []).append(place)
        self.xml, self.size = xml, SIZE
        self._shapes: dict[str, Tensor] = {}
        self._steps: list[tuple[str, str, list[str], dict[str, str]]] = []
        self._same: dict[str, str] = {}
        for name in _sorted(layers, inputs):
            kind, data = layers[name].get("type", ""), _attributes(layers[name])
            sources = [source for source, _port in sorted(inputs.get(name, []), key=lambda place: place[1])]
            if kind == "Const":
                self._keep(name, _constant(data, blob))
            elif kind == "Convert" and sources[0] not in self._shapes and self._is_constant(sources[0]):
                self._same[name] = self._same.get(sources[0], sources[0])  # all are float32 here
            elif sources and all(source in self._shapes for source in sources):
                self._keep(name, OPERATIONS[kind]([self._constant_of(source) for source in sources], data))
            else:
                self._steps.append((name, kind, sources, data))
        last_use = {source: name for name, _kind, sources, _data in self._steps for source in sources}
        self._done_after: dict[str, list[str]] = {}
        for source, name in last_use.items():
            self._done_after.setdefault(name, []).append(source)

    def forward(self, pictures: Tensor) -> Tensor:
        values: dict[str, Tensor] = {}
        for name, kind, sources, data in self._steps:
            given = [values[source] if source in values else self._constant_of(source) for source in sources]
            if kind == "Parameter":
                values[name] = pictures.flip(1)  # the network was made for BGR
            elif kind == "Result":
                return F.normalize(given[0].flatten(1).float(), dim=1)
            else:
                values[name] = OPERATIONS[kind](given, data)
            for source in self._done_after.get(name, []):
                values.pop(source, None)  # memory is for what is still needed
        raise ValueError("The network has no result.")

    def fit(self, height: int, width: int) -> None:
        """Make it take pictures of another size: the kernel over the last map's places is stretched."""
        for _name, kind, sources, _data in self._steps:
            kernel = self._constant_of(sources[1]) if kind == "GroupConvolution" else None
            if kernel is not None and tuple(kernel.shape[-2:]) == (self.size[0] // STRIDE, self.size[1] // STRIDE):
                flat = kernel.detach().flatten(0, 2)
                places = (height // STRIDE, width // STRIDE)
                stretched = F.interpolate(flat[:, None], places, mode="bilinear", align_corners=False)[:, 0]
                stretched *= flat[0].numel() / stretched[0].numel()
                shape = (*kernel.shape[:-2], *places)
                setattr(self, f"c{self._same.get(sources[1], sources[1])}", nn.Parameter(stretched.reshape(shape)))
        self.size = (height, width)

    def _keep(self, name: str, value: Tensor) -> None:
        if value.is_floating_point():
            self.register_parameter(f"c{name}", nn.Parameter(value))
        else:
            self._shapes[name] = value

    def _is_constant(self, name: str) -> bool:
        return name in self._shapes or name in self._same or hasattr(self, f"c{name}")

    def _constant_of(self, name: str) -> Tensor:
        if name in self._shapes:
            return self._shapes[name]
        weight: Tensor = getattr(self, f"c{self._same.get(name, name)}")
        return weight


def save_ir(network: IrNetwork, out: Path) -> None:
    """Write the network's weights as `out` (.xml, after the one it was read from) and the .bin beside it."""
    tree = ElementTree.parse(network.xml)
    blob = bytearray(network.xml.with_suffix(".bin").read_bytes())
    weights = {name: value.detach().float().cpu().numpy() for name, value in network.named_parameters()}
    for layer in tree.getroot().iter("layer"):
        data, value = layer.find("data"), weights.get(f"c{layer.get('id')}")
        if layer.get("type") == "Parameter" and data is not None:
            data.set("shape", f"1,3,{network.size[0]},{network.size[1]}")
        if value is not None and data is not None:
            _write(value, data, blob)
    tree.write(out, encoding="utf-8", xml_declaration=True)
    out.with_suffix(".bin").write_bytes(blob)


def _write(value: NDArray[np.float32], data: ElementTree.Element, blob: bytearray) -> None:
    """Put a weight where it was, or at the end of the file if its size has changed."""
    written = value.astype(NUMPY_TYPES[data.get("element_type", "")]).tobytes()
    if len(written) != int(data.get("size", 0)):
        data.set("offset", str(len(blob)))
        data.set("size", str(len(written)))
        data.set("shape", ",".join(map(str, value.shape)))
        blob.extend(written)
    start = int(data.get("offset", 0))
    blob[start : start + len(written)] = written


def _attributes(layer: ElementTree.Element) -> dict[str, str]:
    data = layer.find("data")
    return {} if data is None else dict(data.attrib)


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


def _gather(given: list[Tensor], _data: Any) -> Tensor:
    value, places, axis = given[0], given[1].flatten().tolist(), int(given[2])
    return torch.cat([value.narrow(axis, place, 1) for place in places], axis)


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
    "ShapeOf": lambda given, _data: torch.tensor(given[0].shape),
    "Gather": _gather,
    "Concat": lambda given, data: torch.cat([value.reshape(-1) for value in given], int(data.get("axis"))),
    "MatMul": _matmul,
}
