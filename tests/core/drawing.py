"""Recordings drawn for the tests of clips and masks: no real person is in the repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Box, Detections

Image = NDArray[np.uint8]
MS = Fraction(1, 1000)
# BGR of the light and the dark squares of a figure.
RED = ((40, 40, 255), (20, 20, 120))
BLUE = ((255, 40, 40), (120, 20, 20))


def write_video(
    path: Path,
    images: Iterable[Image],
    *,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    times_ms: Callable[[int], int] = lambda number: number * 100,
    b_frames: int | None = None,
    metadata: dict[str, str] | None = None,
    sound: bool = False,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Encode pictures, ten a second unless `times_ms` says otherwise, with a key frame every ten."""
    images = list(images)
    height, width = images[0].shape[:2]
    with av.open(str(path), "w", options=container_options or {}) as container:
        container.metadata.update(metadata or {})
        stream: Any = container.add_stream(codec, rate=10, options=options or {})
        stream.width, stream.height = width, height
        stream.pix_fmt = {"mjpeg": "yuvj420p", "libx264rgb": "bgr24"}.get(codec, "yuv420p")
        stream.codec_context.gop_size = 10
        if path.suffix != ".avi":
            stream.codec_context.time_base = MS
        if b_frames is not None:
            stream.codec_context.max_b_frames = b_frames
        audio = container.add_stream("aac", rate=16000, layout="mono") if sound else None
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = times_ms(number), MS
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            noise = av.AudioFrame.from_ndarray(np.ones((1, 16000), np.float32), format="fltp", layout="mono")
            noise.sample_rate = 16000
            container.mux(audio.encode(noise))
            container.mux(audio.encode(None))
    return path


def moving_noise(count: int, *, height: int = 96, width: int = 128) -> list[Image]:
    """Pictures of which no two are alike, so that a frame out of place is found."""
    images = []
    for number in range(count):
        image = np.full((height, width, 3), 60, np.uint8)
        image[40:80, 10 + number % 70 : 40 + number % 70] = (40, 90, 230)
        image[:32] = np.random.default_rng(number).integers(0, 255, (32, width, 3))
        images.append(image)
    return images


def street(height: int = 192, width: int = 320) -> Image:
    """A background with a texture that a mosaic would destroy."""
    shade = np.random.default_rng(1).integers(90, 160, (height // 2, width // 2, 1), np.uint8)
    grey: Image = np.repeat(shade.repeat(2, axis=0).repeat(2, axis=1), 3, axis=2)
    return grey


def draw_figure(image: Image, box: Box, colours: tuple[tuple[int, int, int], tuple[int, int, int]]) -> None:
    """Fill a box with squares of 4 px in two shades of a colour: detail that a face would have."""
    x1, y1, x2, y2 = (int(edge) for edge in box)
    rows, columns = np.indices((y2 - y1, x2 - x1)) // 4
    is_light = ((rows + columns) % 2 == 0)[..., None]
    image[y1:y2, x1:x2] = np.where(is_light, colours[0], colours[1])


class ColourDetector:
    """Finds each drawn figure by its colour, as a person; `blind` colours it never sees."""

    id = "colour"

    def __init__(self, *, blind: Sequence[str] = (), misses_every: int = 0, score: float = 0.9) -> None:
        self._blind, self._misses_every, self._score = blind, misses_every, score
        self.looks = 0

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [self._one(image.astype(int)) for image in images]

    def _one(self, image: NDArray[np.int_]) -> Detections:
        self.looks += 1
        if self._misses_every and self.looks % self._misses_every == 0:
            return Detections.empty()
        blueness = image[..., 0] - image[..., 2]
        masks = {"blue": blueness > 60, "red": blueness < -60}
        found = [_bounds(mask) for colour, mask in masks.items() if colour not in self._blind]
        boxes = np.asarray([box for box in found if box], np.float32).reshape(-1, 4)
        count = len(boxes)
        return Detections(boxes, np.full(count, self._score, np.float32), np.zeros(count, np.int64))


def _bounds(mask: NDArray[np.bool_]) -> Box | None:
    rows, columns = np.nonzero(mask)
    if len(rows) < 50:
        return None
    return Box(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
