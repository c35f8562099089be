"""Networks on OpenVINO: read a file, put colour order and scale into the graph, keep one compiled copy per
shape.

Knows nothing of what a network means. OpenVINO is imported on first use, because it takes a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inference.core.errors import ModelError

if TYPE_CHECKING:
    import openvino


@dataclass(frozen=True)
class EngineConfig:
    """How networks are run.

    Attributes:
        device: OpenVINO's device name.
        threads: Threads for one network; 0 lets OpenVINO take all cores.
        precision: `f32` gives the same numbers on every machine; `bf16` is about twice as fast on processors
            that have it (AVX-512 BF16, AMX); the empty string leaves the choice to OpenVINO.
    """

    device: str = "CPU"
    threads: int = 0
    precision: str = "f32"


DEFAULT_ENGINE = EngineConfig()


@dataclass(frozen=True)
class PictureInput:
    """How a network wants its picture; written into the graph, so that it is handed plain uint8 BGR.

    Attributes:
        name: The input's name in the graph.
        is_rgb: Whether the channels are to be reversed.
        mean: Subtracted from each channel, in the network's channel order, on the 0–255 scale.
        scale: Divided by, after the mean.
    """

    name: str
    is_rgb: bool = True
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)


class Network:
    """A network that takes pictures as N×H×W×3 uint8 BGR.

    One compiled copy is kept for each input shape, made when it is first asked for. Not for use by several
    threads at once.
    """

    def __init__(self, path: Path, picture: PictureInput, config: EngineConfig) -> None:
        import openvino

        self._core = openvino.Core()
        self._path = path
        self._picture = picture
        self._config = config
        self._requests: dict[tuple[int, ...], openvino.InferRequest] = {}
        self._read()

    def infer(
        self, pictures: NDArray[np.uint8], others: Sequence[tuple[str, NDArray[np.float32]]] = ()
    ) -> list[NDArray[np.float32]]:
        """Run the network.

        Args:
            pictures: N×H×W×3 uint8 BGR.
            others: Name and value of further inputs.

        Returns:
            Every output in the graph's order; copies, safe to keep.
        """
        request = self._requests.get(pictures.shape) or self._compile(pictures.shape, others)
        request.infer({self._picture.name: pictures, **dict(others)}, share_inputs=True)
        return [request.get_output_tensor(i).data.copy() for i in range(len(request.model_outputs))]

    def _read(self) -> openvino.Model:
        try:
            return self._core.read_model(str(self._path))
        except RuntimeError as error:
            raise ModelError(f"{self._path.name} cannot be read by OpenVINO.") from error

    def _compile(
        self, shape: tuple[int, ...], others: Sequence[tuple[str, NDArray[np.float32]]]
    ) -> openvino.InferRequest:
        batch, height, width, channels = shape
        model = self._read()
        shapes = {self._picture.name: [batch, channels, height, width]}
        model.reshape({**shapes, **{name: list(value.shape) for name, value in others}})
        compiled = self._core.compile_model(self._with_preprocessing(model), self._config.device, self._options())
        self._requests[shape] = compiled.create_infer_request()
        return self._requests[shape]

    def _with_preprocessing(self, model: openvino.Model) -> openvino.Model:
        from openvino import Layout, Type
        from openvino.preprocess import ColorFormat, PrePostProcessor

        steps = PrePostProcessor(model)
        picture = steps.input(self._picture.name)
        picture.tensor().set_element_type(Type.u8).set_layout(Layout("NHWC")).set_color_format(ColorFormat.BGR)
        picture.model().set_layout(Layout("NCHW"))
        picture.preprocess().convert_element_type(Type.f32)
        if self._picture.is_rgb:
            picture.preprocess().convert_color(ColorFormat.RGB)
        picture.preprocess().mean(list(self._picture.mean)).scale(list(self._picture.scale))
        return steps.build()

    def _options(self) -> dict[str, str | int]:
        options: dict[str, str | int] = {"PERFORMANCE_HINT": "LATENCY"}
        if self._config.precision:
            options["INFERENCE_PRECISION_HINT"] = self._config.precision
        if self._config.threads:
            options["INFERENCE_NUM_THREADS"] = self._config.threads
        return options
