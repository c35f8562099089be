"""Who is where in a recording, and who of them is to be masked.

Knows tracks, boxes and a detector; pixels it hands to that only. Whoever is not known to be one of the spared is a
bystander: a mask too many hides a wall, one too few shows a face.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Box, Detections, iou_matrix
from inference.core.detector.base import Detector
from inference.core.mosaic import MosaicConfig, grown
from inference.core.tracker import Tracker, TrackerConfig
from inference.core.trajectory import Trajectory
from inference.core.video import Frame


@dataclass(frozen=True)
class MaskConfig:
    """Attributes:
    detect_fps: Frames that the detector looks at per second; None for all.
    min_score: Weaker boxes are not masked.
    hold_s: A detection is masked this long before and after it.
    stored_hold_s: Likewise the first and last box of a track.
    bridged_s: Detections of one person are joined over gaps up to this long, and masked in between.
    spared_hold_s: The target's first and last box are spared this long before and after. Short, because
        what is spared is shown.
    spared_gap_s: Longest time without an observation over which the target's box is believed.
    spared_margin: Spared around the target's box, as a share of it.
    own_iou: The best detection from this overlap on is the target's own.
    own_share: So is any detection of which this share lies within the target's box.
    crf, preset: Of the H.264 encoder.
    key_every_s: Seconds between key frames.
    frames_ahead: Frames decoded ahead of the detector and of the encoder; 0 decodes in the same thread.
    mosaic: How coarse the masks are, and their margins.
    """

    detect_fps: float | None = 10.0
    min_score: float = 0.1
    hold_s: float = 0.5
    stored_hold_s: float = 1.0
    bridged_s: float = 2.0
    spared_hold_s: float = 0.25
    spared_gap_s: float = 1.0
    spared_margin: float = 0.05
    own_iou: float = 0.5
    own_share: float = 0.9
    crf: int = 21
    preset: str = "veryfast"
    key_every_s: float = 1.0
    frames_ahead: int = 4
    mosaic: MosaicConfig = field(default_factory=MosaicConfig)


DEFAULT_MASK_CONFIG = MaskConfig()


@dataclass(frozen=True)
class Looks:
    """What the detector saw, the spared left out: boxes at rising times."""

    times_s: list[float]
    boxes: list[list[Box]]
    bridged: list[Trajectory]

    def around(self, time_s: float, hold_s: float) -> Iterator[Box]:
        first = bisect_left(self.times_s, time_s - hold_s)
        last = bisect_right(self.times_s, time_s + hold_s)
        for boxes in self.boxes[first:last]:
            yield from boxes


@dataclass(frozen=True)
class Crowd:
    """Who is where at any time."""

    spared: Sequence[Trajectory]
    masked: Sequence[Trajectory]
    looks: Looks
    config: MaskConfig

    def shown_at(self, time_s: float) -> list[Box]:
        boxes = _spared_at(self.spared, time_s, self.config)
        return [grown(box, self.config.spared_margin) for box in boxes]

    def masked_at(self, time_s: float) -> list[Box]:
        config = self.config
        boxes = list(self.looks.around(time_s, config.hold_s))
        for tracks, hold_s in ((self.masked, config.stored_hold_s), (self.looks.bridged, config.hold_s)):
            held = (track.box_at(time_s, hold_s=hold_s, max_gap_s=config.bridged_s) for track in tracks)
            boxes += [box for box in held if box is not None]
        return boxes


def _spared_at(spared: Sequence[Trajectory], time_s: float, config: MaskConfig) -> list[Box]:
    hold_s, max_gap_s = config.spared_hold_s, config.spared_gap_s
    boxes = (track.box_at(time_s, hold_s=hold_s, max_gap_s=max_gap_s) for track in spared)
    return [box for box in boxes if box is not None]


def look(
    frames: Iterable[Frame],
    detector: Detector,
    spared: Sequence[Trajectory],
    config: MaskConfig = DEFAULT_MASK_CONFIG,
    on_frame: Callable[[float], None] = lambda time_s: None,
) -> Looks:
    """Let the detector look for bystanders.

    Args:
        frames: In order of time.
        detector: Looks with `config.min_score`.
        spared: Whose detections are left out.
        config: Thresholds.
        on_frame: Called with the time of each frame when it is done.
    """
    times_s, boxes = [], []
    tracker, seen = Tracker(_joining(config)), dict[int, list[tuple[float, Box]]]()
    for frame in frames:
        found = _bystanders(frame.image, detector, _spared_at(spared, frame.time_s, config), config)
        times_s.append(frame.time_s)
        boxes.append(_boxes(found))
        for number, detection in tracker.update(found, frame.time_s):
            seen.setdefault(number, []).append((frame.time_s, detection.box))
        on_frame(frame.time_s)
    return Looks(times_s, boxes, [Trajectory.of(track) for track in seen.values()])


def others_in(
    image: NDArray[np.uint8],
    detector: Detector,
    spared_boxes: Sequence[Box],
    config: MaskConfig = DEFAULT_MASK_CONFIG,
) -> list[Box]:
    """Find whom to mask in a still picture: everybody the detector sees who is not one of the spared.

    Args:
        image: H×W×3 uint8 BGR.
        detector: Looks with `config.min_score`.
        spared_boxes: In pixels of the picture.
        config: Thresholds.
    """
    return _boxes(_bystanders(image, detector, spared_boxes, config))


def _bystanders(image: NDArray[np.uint8], detector: Detector, spared: Sequence[Box], config: MaskConfig) -> Detections:
    (found,) = detector.detect([image])
    found = found.select(found.scores >= config.min_score)
    return found.select(~_is_own(found, spared, config))


def _joining(config: MaskConfig) -> TrackerConfig:
    """A tracker that starts from any box: what it joins is masked in between."""
    return TrackerConfig(strong_score=0.3, weak_score=config.min_score, start_score=0.3, max_lost_s=config.bridged_s)


def _is_own(found: Detections, spared: Sequence[Box], config: MaskConfig) -> NDArray[np.bool_]:
    """Say which detections are the spared themselves: the best fitting one of each, and parts of their bodies."""
    is_own = np.zeros(len(found), np.bool_)
    if not len(found) or not spared:
        return is_own
    boxes = np.asarray(spared, np.float32)
    overlap = iou_matrix(found.boxes, boxes)
    for column in overlap.T:
        is_own[column.argmax()] |= column.max() >= config.own_iou
    is_own |= (_share_within(found.boxes, boxes) >= config.own_share).any(axis=1)
    return is_own


def _share_within(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of every box of N that lies within each box of M: N×M."""
    top_left = np.maximum(boxes[:, None, :2], others[None, :, :2])
    bottom_right = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    inner = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    share: NDArray[np.float32] = (inner / np.maximum(area, 1e-9)[:, None]).astype(np.float32)
    return share


def _boxes(found: Detections) -> list[Box]:
    return [Box(*edges) for edges in found.boxes.tolist()]
