"""Pictures of people or vehicles followed through a clip: those of one track show one, those of two may show two.

Two tracks are certainly two only if both were in one frame, at different places: a track that was lost may begin again
under another number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.core.detections import iou_matrix
from inference.core.pipeline import Pipeline, TrackResult
from inference.core.video import read_frames

Boxes = Mapping[int, NDArray[np.float32]]


@dataclass(frozen=True)
class CutConfig:
    """Attributes:
    fps: Frames looked at per second.
    pictures: At most so many of one track, spread over its time.
    min_side_px: Boxes narrower or lower are left out.
    edge_px: So are those that touch the frame's edge,
    max_covered: and those of which another box hides more than this share.
    standing_iou: What has a first and last box that overlap by more stands: two pictures of it are enough.
    apart_iou: Boxes of one frame that overlap by more may be two boxes of one.
    """

    fps: float = 12.0
    pictures: int = 6
    min_side_px: float = 32.0
    edge_px: float = 2.0
    max_covered: float = 0.2
    standing_iou: float = 0.7
    apart_iou: float = 0.3


DEFAULT_CONFIG = CutConfig()


@dataclass(frozen=True)
class Clip:
    """What a clip gave: pictures (H×W×3 uint8 BGR) by track, and the pairs of tracks that are certainly two."""

    pictures: dict[str, list[NDArray[np.uint8]]]
    apart: list[tuple[str, str]]


def cut(path: Path, pipeline: Pipeline, config: CutConfig = DEFAULT_CONFIG) -> Clip:
    """Follow what moves through a clip and cut out what is seen clearly at least twice.

    Args:
        path: A local recording.
        pipeline: Looks for one kind alone, at `config.fps`.

    Raises:
        VideoError: The file gives no frame.
    """
    result = pipeline.analyse(path)
    tracks = {str(track.number): boxes_of(track) for track in result.tracks}
    size = (result.info.width, result.info.height)
    chosen = {name: choose(boxes, _others(name, tracks), size, config) for name, boxes in tracks.items()}
    chosen = {name: frames for name, frames in chosen.items() if len(frames) > 1}
    pictures: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in chosen}
    for frame in read_frames(path, fps=config.fps):
        for name in (name for name, frames in chosen.items() if frame.index in frames):
            x1, y1, x2, y2 = tracks[name][frame.index].round().astype(int)
            pictures[name].append(frame.image[y1:y2, x1:x2].copy())
    return Clip(pictures, list(pairs_apart({name: tracks[name] for name in chosen}, config)))


def boxes_of(track: TrackResult) -> dict[int, NDArray[np.float32]]:
    """Return x1, y1, x2, y2 by frame."""
    return {row[0]: np.asarray(row[2:6], np.float32) for row in track.observations}


def choose(
    boxes: Boxes, others: Mapping[int, Sequence[NDArray[np.float32]]], size: tuple[int, int], config: CutConfig
) -> list[int]:
    """Name the frames to cut a track from: clear views, spread evenly from the first to the last.

    Args:
        boxes: The track's box by frame.
        others: Boxes of other tracks by frame.
        size: Width and height of the frames, px.
    """
    clear = [frame for frame, box in boxes.items() if _is_clear(box, others.get(frame, ()), size, config)]
    if len(clear) < 2:
        return []
    is_standing = _iou(boxes[clear[0]], boxes[clear[-1]]) > config.standing_iou
    count = min(len(clear), 2 if is_standing else config.pictures)
    return [clear[place] for place in np.linspace(0, len(clear) - 1, count).round().astype(int)]


def pairs_apart(tracks: Mapping[str, Boxes], config: CutConfig) -> Iterator[tuple[str, str]]:
    """Yield each pair of tracks that were in one frame and never at one place."""
    names = list(tracks)
    for row, first in enumerate(names):
        for second in names[row + 1 :]:
            shared = tracks[first].keys() & tracks[second].keys()
            overlaps = [_iou(tracks[first][frame], tracks[second][frame]) for frame in shared]
            if overlaps and max(overlaps) < config.apart_iou:
                yield first, second


def _others(name: str, tracks: Mapping[str, Boxes]) -> dict[int, list[NDArray[np.float32]]]:
    found: dict[int, list[NDArray[np.float32]]] = {}
    for other, boxes in tracks.items():
        for frame, box in boxes.items():
            if other != name:
                found.setdefault(frame, []).append(box)
    return found


def _is_clear(
    box: NDArray[np.float32], others: Sequence[NDArray[np.float32]], size: tuple[int, int], config: CutConfig
) -> bool:
    x1, y1, x2, y2 = box
    width, height = size
    is_inside = min(x1, y1, width - x2, height - y2) >= config.edge_px
    is_large = min(x2 - x1, y2 - y1) >= config.min_side_px
    return bool(is_inside and is_large and all(_covered(box, other) <= config.max_covered for other in others))


def _covered(box: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return float(max(width, 0) * max(height, 0) / ((box[2] - box[0]) * (box[3] - box[1])))


def _iou(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    return float(iou_matrix(first[None], second[None])[0, 0])
