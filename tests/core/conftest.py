"""What the tests of the core share: models from the cache, the demo clip, small recordings drawn here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.detections import Detections
from inference.core.detector import Detector, load_detector
from inference.core.errors import ModelError
from inference.core.manifest import ModelStore
from inference.core.reid import Embedder, load_embedder, unit_length
from tests.core.tiny_models import write_manifest

MakeVideo = Callable[..., Path]


def cache_dir() -> Path:
    return Path(os.environ.get("DONGSEON_CACHE", "~/.cache/dongseon")).expanduser()


@pytest.fixture(scope="session")
def store() -> ModelStore:
    return ModelStore(cache_dir(), os.environ.get("DONGSEON_MODEL_MIRROR"))


@pytest.fixture(scope="session")
def detector(store: ModelStore) -> Detector:
    try:
        return load_detector("yolo11n", store)
    except ModelError as error:
        pytest.skip(f"the detector is not here: {error}")


@pytest.fixture(scope="session")
def embedder(store: ModelStore) -> Embedder:
    return load_embedder("person-reid-2", store)


@pytest.fixture(scope="session")
def tiny_store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    """The models of `tests.core.tiny_models`, and the shipped ones."""
    folder = tmp_path_factory.mktemp("tiny-models")
    return ModelStore(folder / "cache", folder, manifest=write_manifest(folder))


@pytest.fixture(scope="session")
def vtest() -> Path:
    path = Path(os.environ.get("DONGSEON_FOOTAGE", cache_dir() / "footage" / "vtest.avi"))
    if not path.is_file():
        pytest.skip(f"the demo clip is not at {path}; fetch it, or name it with DONGSEON_FOOTAGE")
    return path


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Write a recording in which a bright square moves one pixel a frame to the right."""

    def make(name: str = "clip.mp4", *, frames: int = 30, fps: int = 10, options: dict[str, str] | None = None) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=options or {}) as container:
            stream = container.add_stream("libx264" if name.endswith(".mp4") else "mpeg4", rate=fps)
            stream.width, stream.height, stream.pix_fmt = 160, 128, "yuv420p"
            stream.codec_context.gop_size = 10
            for number in range(frames):
                frame = av.VideoFrame.from_ndarray(_drawn(number), format="bgr24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


def _drawn(number: int) -> NDArray[np.uint8]:
    image = np.full((128, 160, 3), 60, np.uint8)
    image[40:104, 20 + number : 52 + number] = (40, 90, 230)
    # Noise keeps packets large, so that cutting a file in half loses pictures and not only the index.
    image[:32] = np.random.default_rng(number).integers(0, 255, (32, 160, 3))
    return image


class SquareDetector:
    """Finds the red square of `make_video` by its colour: a detector a reader can check by eye."""

    id = "square"

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        return [self._one(image) for image in images]

    def _one(self, image: NDArray[np.uint8]) -> Detections:
        is_red = (image[32:, :, 2] > 180) & (image[32:, :, 0] < 100)
        rows, columns = np.nonzero(is_red)
        if not len(rows):
            return Detections.empty()
        box = [columns.min(), rows.min() + 32, columns.max() + 1, rows.max() + 33]
        return Detections(np.asarray([box], np.float32), np.asarray([0.9], np.float32), np.zeros(1, np.int64))


class MeanColourEmbedder:
    """A feature of three numbers, the mean colour."""

    id = "mean-colour"
    dimension = 3

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        means = np.asarray([crop.reshape(-1, 3).mean(axis=0) for crop in crops], np.float32)
        return unit_length(means)


@pytest.fixture
def square_detector() -> SquareDetector:
    return SquareDetector()
