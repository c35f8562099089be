"""Multi-object tracking in the manner of ByteTrack.

Strong boxes are matched to all tracks first, weak boxes then to the tracks left over, so that a person half
hidden keeps the number. Knows boxes and seconds; neither pictures nor models.
Reference: Zhang et al., ByteTrack: Multi-Object Tracking by Associating Every Detection Box, ECCV 2022.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inference.core.detections import Detection, Detections, iou_matrix
from inference.core.kalman import BoxFilter, MotionNoise


@dataclass(frozen=True)
class TrackerConfig:
    """Attributes:
    strong_score: Boxes from this score on are matched first.
    weak_score: Boxes below this score are not looked at.
    start_score: A new track starts from this score on.
    min_iou: Least overlap for a strong box and the place where a track is expected.
    min_iou_weak: Likewise for a weak box.
    min_iou_young: Likewise for a track seen only once.
    max_lost_s: A track not seen for this long is ended.
    max_duplicate_iou: No track starts where a track of the same frame overlaps more than this.
    noise: Of the motion model.
    """

    strong_score: float = 0.5
    weak_score: float = 0.1
    start_score: float = 0.55
    min_iou: float = 0.1
    min_iou_weak: float = 0.4
    min_iou_young: float = 0.15
    max_lost_s: float = 2.0
    max_duplicate_iou: float = 0.75
    noise: MotionNoise = field(default_factory=MotionNoise)


DEFAULT_CONFIG = TrackerConfig()


class _Track:
    """What the tracker knows of one object."""

    def __init__(self, number: int, detection: Detection, time_s: float, noise: MotionNoise) -> None:
        self.number = number
        self.kind = detection.kind
        self.filter = BoxFilter(detection.box, noise)
        self.last_s = time_s
        self.hits = 1

    def take(self, detection: Detection, time_s: float) -> None:
        self.filter.correct(detection.box, detection.score)
        self.last_s = time_s
        self.hits += 1


class Tracker:
    """Gives numbers to objects, frame by frame. Numbers start at 1 and belong to this instance."""

    def __init__(self, config: TrackerConfig = DEFAULT_CONFIG) -> None:
        self._config = config
        self._tracks: list[_Track] = []
        self._next_number = 1
        self._time_s: float | None = None

    @property
    def alive(self) -> set[int]:
        """Numbers that may still be seen again."""
        return {track.number for track in self._tracks}

    def update(self, detections: Detections, time_s: float) -> list[tuple[int, Detection]]:
        """Take in one frame.

        A track appears from its first box on; whether one box makes an object is for the caller to decide.

        Args:
            detections: Everything seen in the frame, weak boxes included.
            time_s: The frame's time in seconds; later than the last one's.

        Returns:
            Number and detection of every track seen in this frame, in order of number.
        """
        for track in self._tracks:
            track.filter.predict(max(time_s - self._time_s, 0.0) if self._time_s is not None else 0.0)
        previous_s, self._time_s = self._time_s, time_s
        seen = self._match_all(detections, time_s, previous_s)
        self._tracks = [t for t in self._tracks if t.last_s == time_s or self._is_kept(t, time_s)]
        return sorted(seen, key=lambda pair: pair[0])

    def _match_all(
        self, detections: Detections, time_s: float, previous_s: float | None
    ) -> list[tuple[int, Detection]]:
        config = self._config
        strong = np.flatnonzero(detections.scores >= config.strong_score).tolist()
        weak = np.flatnonzero(
            (detections.scores >= config.weak_score) & (detections.scores < config.strong_score)
        ).tolist()
        old = [track for track in self._tracks if track.hits > 1]
        young = [track for track in self._tracks if track.hits == 1]
        seen: list[tuple[int, Detection]] = []
        old, strong = self._match(old, strong, detections, config.min_iou, time_s, seen)
        # A track already lost before this frame is not revived by a weak box: that would be a guess on a
        # guess.
        recent = [track for track in old if track.last_s == previous_s]
        young, strong = self._match(young, strong, detections, config.min_iou_young, time_s, seen)
        self._match(recent, weak, detections, config.min_iou_weak, time_s, seen)
        self._start(strong, detections, time_s, seen)
        return seen

    def _match(
        self,
        tracks: list[_Track],
        rows: list[int],
        detections: Detections,
        min_iou: float,
        time_s: float,
        seen: list[tuple[int, Detection]],
    ) -> tuple[list[_Track], list[int]]:
        """Pair tracks and boxes at the greatest total overlap; give back what found no partner."""
        if not tracks or not rows:
            return tracks, rows
        overlap = self._overlap(tracks, rows, detections)
        gated = np.where(overlap >= min_iou, overlap, 0.0)
        pairs = [(i, j) for i, j in zip(*linear_sum_assignment(-gated), strict=True) if gated[i, j] > 0]
        for i, j in pairs:
            detection = detections[rows[j]]
            tracks[i].take(detection, time_s)
            seen.append((tracks[i].number, detection))
        paired_tracks, paired_rows = {i for i, _ in pairs}, {j for _, j in pairs}
        return (
            [track for i, track in enumerate(tracks) if i not in paired_tracks],
            [row for j, row in enumerate(rows) if j not in paired_rows],
        )

    def _overlap(self, tracks: list[_Track], rows: list[int], detections: Detections) -> NDArray[np.float32]:
        expected = np.asarray([track.filter.box for track in tracks], np.float32)
        overlap = iou_matrix(expected, detections.boxes[rows])
        kinds = detections.select(np.asarray(rows)).kinds
        is_same = np.asarray([[track.kind == kind for kind in kinds] for track in tracks])
        return np.where(is_same, overlap, 0.0).astype(np.float32)

    def _start(self, rows: list[int], detections: Detections, time_s: float, seen: list[tuple[int, Detection]]) -> None:
        for row in rows:
            detection = detections[row]
            if detection.score < self._config.start_score or self._is_duplicate(detection, time_s):
                continue
            self._tracks.append(_Track(self._next_number, detection, time_s, self._config.noise))
            seen.append((self._next_number, detection))
            self._next_number += 1

    def _is_duplicate(self, detection: Detection, time_s: float) -> bool:
        rivals = [t.filter.box for t in self._tracks if t.kind == detection.kind and t.last_s == time_s]
        if not rivals:
            return False
        overlap = iou_matrix(np.asarray([detection.box], np.float32), np.asarray(rivals, np.float32))
        return bool(overlap.max() > self._config.max_duplicate_iou)

    def _is_kept(self, track: _Track, time_s: float) -> bool:
        """A track seen once and missed in the next frame ends; others wait for a while."""
        return track.hits > 1 and time_s - track.last_s <= self._config.max_lost_s
