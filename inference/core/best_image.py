"""One picture for each track: which of its boxes shows the person or vehicle best.

The first box of full size is taken at once and replaced only by a clearly better one while the track lives. A
track that never reaches full size keeps its largest visible crop and is called small. Knows boxes and pixels
only.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Box, Detection, Kind


@dataclass(frozen=True)
class BestImageConfig:
    """Attributes:
    min_width_px: Width of a full-size box.
    min_height_px: Height of a full-size box; for persons only, as vehicles lie flat.
    clearly_better: A picture replaces the one held only if its quality is at least this many times as high.
    enough_area: Area, in full-size boxes, beyond which size no longer counts.
    edge_px: A box this near to the frame's edge counts as cut off.
    cut_off_share: What a cut-off box is taken to show of its object.
    """

    min_width_px: int = 64
    min_height_px: int = 128
    clearly_better: float = 1.25
    enough_area: float = 4.0
    edge_px: float = 2.0
    cut_off_share: float = 0.6


DEFAULT_CONFIG = BestImageConfig()


@dataclass(frozen=True)
class Picture:
    """A crop with where it came from.

    Attributes:
        image: H×W×3 uint8 BGR, exactly the box.
        detection: Box and score, in pixels of the picture the crop was cut from.
        frame: Number of the frame.
        time_s: Seconds in the video.
        is_small: Whether the box is below full size.
        quality: Comparable among the pictures of one track only.
    """

    image: NDArray[np.uint8]
    detection: Detection
    frame: int
    time_s: float
    is_small: bool
    quality: float


class BestImage:
    """Holds the best picture of one track."""

    def __init__(self, config: BestImageConfig = DEFAULT_CONFIG) -> None:
        self._config = config
        self.picture: Picture | None = None

    def offer(
        self,
        image: NDArray[np.uint8],
        detection: Detection,
        frame: int,
        time_s: float,
        others: NDArray[np.float32],
    ) -> None:
        """Consider one box of the track.

        Args:
            image: The frame, H×W×3 uint8 BGR.
            detection: The track's box in it.
            frame: Number of the frame.
            time_s: Its time.
            others: N×4 boxes of other objects in the frame, which may stand in front.
        """
        corners = _corners(detection.box, image)
        if corners is None:
            return
        is_small = self._is_small(detection)
        held = self.picture
        if held and is_small and not held.is_small:
            return
        is_first = held is None or (held.is_small and not is_small)
        visible = self._visible(detection.box, image, others)
        bound = self._size(detection, is_small) * visible * detection.score
        # Sharpness is at most 1, so a box that cannot win is not measured.
        if not is_first and held and bound < held.quality * self._needed(is_small):
            return
        x1, y1, x2, y2 = corners
        crop = image[y1:y2, x1:x2]
        quality = bound * _sharpness(crop)
        if is_first or (held and quality >= held.quality * self._needed(is_small)):
            self.picture = Picture(crop.copy(), detection, frame, time_s, is_small, quality)

    def _needed(self, is_small: bool) -> float:  # noqa: FBT001 — private, one argument
        return 1.0 if is_small else self._config.clearly_better

    def _is_small(self, detection: Detection) -> bool:
        box, config = detection.box, self._config
        is_low = detection.kind is Kind.PERSON and box.height < config.min_height_px
        return box.width < config.min_width_px or is_low

    def _size(self, detection: Detection, is_small: bool) -> float:  # noqa: FBT001
        config = self._config
        area = detection.box.area / (config.min_width_px * config.min_height_px)
        return area if is_small else min(area, config.enough_area) ** 0.5

    def _visible(self, box: Box, image: NDArray[np.uint8], others: NDArray[np.float32]) -> float:
        """Estimate the share of the object that is seen (0–1), cubed: half a person is worth little."""
        height, width = image.shape[:2]
        edge = self._config.edge_px
        is_cut = box.x1 < edge or box.y1 < edge or box.x2 > width - edge or box.y2 > height - edge
        share = (1.0 - _covered(box, others)) * (self._config.cut_off_share if is_cut else 1.0)
        return float(share**3)


def _covered(box: Box, others: NDArray[np.float32]) -> float:
    """Largest share of the box covered by one object in front, that is, one whose feet are lower."""
    in_front = others[others[:, 3] > box.y2] if len(others) else others
    if not len(in_front):
        return 0.0
    width = np.minimum(in_front[:, 2], box.x2) - np.maximum(in_front[:, 0], box.x1)
    height = np.minimum(in_front[:, 3], box.y2) - np.maximum(in_front[:, 1], box.y1)
    return float((width.clip(0) * height.clip(0)).max() / max(box.area, 1.0))


def _sharpness(crop: NDArray[np.uint8]) -> float:
    """Edge energy over contrast, squeezed to 0.5–1: blur halves the worth, noise alone cannot win."""
    grey = cv2.cvtColor(cv2.resize(crop, (64, 128), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    ratio = edges / (float(grey.var()) + 1.0)
    return 0.5 + 0.5 * ratio / (ratio + 0.3)


def _corners(box: Box, image: NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    height, width = image.shape[:2]
    x1, y1 = max(round(box.x1), 0), max(round(box.y1), 0)
    x2, y2 = min(round(box.x2), width), min(round(box.y2), height)
    return (x1, y1, x2, y2) if x2 - x1 >= 2 and y2 - y1 >= 2 else None
