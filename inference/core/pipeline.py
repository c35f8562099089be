"""From a recording to tracks, each with one picture, one feature and one description.

Ties the other modules together. Knows no database and no settings: it is handed a detector, the models that look
at pictures and a frozen configuration, and gives the same result for the same file every time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.core.ahead import ahead
from inference.core.attributes import Describer
from inference.core.best_image import BestImage, BestImageConfig, Picture
from inference.core.detections import Box, Detection, Kind
from inference.core.detector.base import Detector
from inference.core.images import decode_jpeg, encode_jpeg
from inference.core.mot import MotRow
from inference.core.plates.spotter import PlateSpotter
from inference.core.plates.track import PlateReads, TrackPlate, TrackPlateConfig, read_frame
from inference.core.reid import Embedder
from inference.core.tracker import Tracker, TrackerConfig
from inference.core.video import Frame, ReadReport, VideoInfo, probe, read_frames

Progress = Callable[[float, int], None]
# frame, time_s, x1, y1, x2, y2, score
Observation = tuple[int, float, float, float, float, float, float]


@dataclass(frozen=True)
class PipelineConfig:
    """Attributes:
    fps: Frames looked at per second; None for all.
    kinds: What is looked for.
    min_score: Boxes below this are not handed to the tracker.
    min_observations: Tracks seen in fewer frames are dropped as chance.
    batch: Pictures kept until they are embedded and described together.
    frames_ahead: Frames decoded ahead of the detector; 0 decodes in the same thread.
    jpeg_quality: Of the stored pictures, 1–100.
    fill_gaps_s: `track` draws a straight line over gaps up to this long; `analyse` reports only what was
        seen.
    progress_every: Frames between two calls of `on_progress`.
    tracker: Thresholds of the tracker.
    best_image: Thresholds of the choice of picture.
    plates: Which frames of a vehicle are read.
    """

    fps: float | None = 5.0
    kinds: tuple[Kind, ...] = (Kind.PERSON, Kind.VEHICLE)
    min_score: float = 0.1
    min_observations: int = 3
    batch: int = 16
    frames_ahead: int = 4
    jpeg_quality: int = 90
    fill_gaps_s: float = 1.0
    progress_every: int = 10
    tracker: TrackerConfig = field(default_factory=TrackerConfig)
    best_image: BestImageConfig = field(default_factory=BestImageConfig)
    plates: TrackPlateConfig = field(default_factory=TrackPlateConfig)


DEFAULT_CONFIG = PipelineConfig()


@dataclass(frozen=True)
class Models:
    """What looks at the pictures of each kind; of a kind that is not named, nothing is made. Plates are vehicles'."""

    embedders: Mapping[Kind, Embedder] = field(default_factory=dict)
    describers: Mapping[Kind, Describer] = field(default_factory=dict)
    plates: PlateSpotter | None = None


@dataclass(frozen=True)
class TrackResult:
    """One object followed through a recording.

    Attributes:
        number: Unique in the recording, in order of first appearance; some numbers are missing.
        kind: Person or vehicle.
        first_s, last_s: Seconds in the video.
        best_s, best_frame: When the picture was taken.
        box: x1, y1, x2, y2 of the picture in the source frame.
        score: The detector's, for that box.
        is_small: Whether the track never reached full size.
        image_jpeg: The picture, exactly the box.
        feature: D float32 of unit length, computed from `image_jpeg`; None without an embedder for the kind.
        observations: frame, time_s, x1, y1, x2, y2, score of every frame in which it was seen.
        description: V float32 probabilities, computed from `image_jpeg`; None without a describer for the kind.
        plate: What the number plate says; None where none was read, and of persons.
    """

    number: int
    kind: Kind
    first_s: float
    last_s: float
    best_s: float
    best_frame: int
    box: tuple[float, float, float, float]
    score: float
    is_small: bool
    image_jpeg: bytes
    feature: NDArray[np.float32] | None
    observations: list[Observation]
    description: NDArray[np.float32] | None = None
    plate: TrackPlate | None = None


@dataclass(frozen=True)
class AnalysisResult:
    """What a recording gave. `warnings` are sentences for the user: damage skipped, an early end."""

    tracks: list[TrackResult]
    frames_read: int
    info: VideoInfo
    warnings: list[str]


@dataclass
class _OpenTrack:
    """A track while it is followed."""

    number: int
    best: BestImage
    plates: PlateReads
    seen: list[tuple[int, float, Detection]] = field(default_factory=list)


@dataclass
class _Run:
    """One pass over one recording: what is asked, and what is counted."""

    path: Path
    info: VideoInfo
    on_progress: Progress | None
    is_pictured: bool
    report: ReadReport = field(default_factory=ReadReport)
    frame_numbers: list[int] = field(default_factory=list)


class Pipeline:
    """Detector, tracker, best image, embedders and describers in a row."""

    def __init__(self, detector: Detector, models: Models | None, config: PipelineConfig = DEFAULT_CONFIG) -> None:
        self._detector = detector
        self._models = models or Models()
        self._config = config

    def analyse(
        self,
        path: Path | str,
        *,
        on_progress: Progress | None = None,
    ) -> AnalysisResult:
        """Follow every person and vehicle through a recording.

        Args:
            path: A local recording.
            on_progress: Called with the share done (0–1) and the frames looked at.

        Returns:
            Tracks in order of number. A file that breaks off gives what was read, and a warning.

        Raises:
            VideoError: The file gives no frame.
        """
        run = _Run(Path(path), probe(path), on_progress, is_pictured=True)
        results: list[TrackResult] = []
        waiting: list[TrackResult] = []
        for track in self._ended_tracks(run):
            waiting.append(self._result(track, run))
            if len(waiting) >= self._config.batch:
                results += self._looked_at(waiting)
                waiting = []
        results += self._looked_at(waiting)
        results.sort(key=lambda result: result.number)
        if on_progress:
            on_progress(1.0, len(run.frame_numbers))
        return AnalysisResult(results, len(run.frame_numbers), run.info, run.report.warnings)

    def track(
        self,
        path: Path | str,
        *,
        on_progress: Progress | None = None,
        on_warning: Callable[[str], None] | None = None,
    ) -> Iterator[MotRow]:
        """Follow without pictures and features: boxes in order of frame, short gaps filled, for the MOT
        format.

        Arguments and errors are those of `analyse`; `on_warning` is called with each of its warnings.
        """
        run = _Run(Path(path), probe(path), on_progress, is_pictured=False)
        rows = [row for track in self._ended_tracks(run) for row in self._rows(track, run)]
        if on_progress:
            on_progress(1.0, len(run.frame_numbers))
        if on_warning:
            for warning in run.report.warnings:
                on_warning(warning)
        yield from sorted(rows, key=lambda row: (row.frame, row.track))

    def _ended_tracks(self, run: _Run) -> Iterator[_OpenTrack]:
        """Follow the recording; give each track that is no chance as soon as it has ended."""
        tracker = Tracker(self._config.tracker)
        tracks: dict[int, _OpenTrack] = {}
        for frame in self._frames(run):
            self._look(frame, tracker, tracks, run)
            for number in [number for number in tracks if number not in tracker.alive]:
                ended = tracks.pop(number)
                if len(ended.seen) >= self._config.min_observations:
                    yield ended
        yield from (t for t in tracks.values() if len(t.seen) >= self._config.min_observations)

    def _frames(self, run: _Run) -> Iterator[Frame]:
        frames = read_frames(run.path, fps=self._config.fps, report=run.report)
        depth = self._config.frames_ahead
        for frame in ahead(frames, depth) if depth else frames:
            run.frame_numbers.append(frame.index)
            yield frame
            if run.on_progress and len(run.frame_numbers) % self._config.progress_every == 0:
                share = frame.time_s / run.info.duration_s if run.info.duration_s else 0.0
                run.on_progress(min(share, 1.0), len(run.frame_numbers))

    def _look(self, frame: Frame, tracker: Tracker, tracks: dict[int, _OpenTrack], run: _Run) -> None:
        config = self._config
        (found,) = self._detector.detect([frame.image])
        found = found.of_kinds(config.kinds)
        seen = tracker.update(found.select(found.scores >= config.min_score), frame.time_s)
        boxes = np.asarray([detection.box for _, detection in seen], np.float32).reshape(-1, 4)
        for row, (number, detection) in enumerate(seen):
            track = tracks.setdefault(number, self._opened(number))
            track.seen.append((frame.index, frame.time_s, detection))
            if run.is_pictured:
                others = np.delete(boxes, row, axis=0)
                track.best.offer(frame.image, detection, frame.index, frame.time_s, others)
        if run.is_pictured and self._models.plates:
            vehicles = [(tracks[number].plates, detection.box) for number, detection in seen if _is_vehicle(detection)]
            read_frame(self._models.plates, frame, vehicles, config.plates)

    def _opened(self, number: int) -> _OpenTrack:
        return _OpenTrack(number, BestImage(self._config.best_image), PlateReads(self._config.plates))

    def _result(self, track: _OpenTrack, run: _Run) -> TrackResult:
        picture = track.best.picture
        assert picture is not None, "every box inside the frame gives a picture"
        return TrackResult(
            number=track.number,
            kind=picture.detection.kind,
            first_s=track.seen[0][1],
            last_s=track.seen[-1][1],
            best_s=picture.time_s,
            best_frame=picture.frame,
            box=_edges(picture.detection.box),
            score=picture.detection.score,
            is_small=picture.is_small,
            image_jpeg=self._jpeg(picture),
            feature=None,
            observations=[(i, t, *_edges(d.box), d.score) for i, t, d in track.seen],
            plate=track.plates.result(),
        )

    def _jpeg(self, picture: Picture) -> bytes:
        return encode_jpeg(picture.image, self._config.jpeg_quality)

    def _looked_at(self, results: Sequence[TrackResult]) -> list[TrackResult]:
        """Embed and describe, each kind by its own models."""
        looked_at: list[TrackResult] = []
        for kind in Kind:
            looked_at += self._of_kind(kind, [result for result in results if result.kind == kind])
        return looked_at

    def _of_kind(self, kind: Kind, results: list[TrackResult]) -> list[TrackResult]:
        """From the stored pictures, so that looking at those again gives the same."""
        embedder, describer = self._models.embedders.get(kind), self._models.describers.get(kind)
        if not results or not (embedder or describer):
            return results
        pictures = [decode_jpeg(result.image_jpeg) for result in results]
        if embedder:
            features = embedder.embed(pictures)
            results = [replace(result, feature=row) for result, row in zip(results, features, strict=True)]
        if describer:
            descriptions = describer.describe(pictures)
            results = [replace(result, description=row) for result, row in zip(results, descriptions, strict=True)]
        return results

    def _rows(self, track: _OpenTrack, run: _Run) -> list[MotRow]:
        rows: list[MotRow] = []
        for position, (frame, time_s, detection) in enumerate(track.seen):
            row = MotRow(frame, track.number, detection.box, detection.score, detection.class_id)
            if position and time_s - track.seen[position - 1][1] <= self._config.fill_gaps_s:
                rows += fill_gap(rows[-1], row, run.frame_numbers)
            rows.append(row)
        return rows


def fill_gap(before: MotRow, after: MotRow, frame_numbers: list[int]) -> list[MotRow]:
    """Draw a straight line between two boxes of a track, over the looked-at frames (sorted) between them."""
    first, last = bisect_right(frame_numbers, before.frame), bisect_left(frame_numbers, after.frame)
    filled = []
    for frame in frame_numbers[first:last]:
        share = (frame - before.frame) / (after.frame - before.frame)
        box = Box(*(a + (b - a) * share for a, b in zip(before.box, after.box, strict=True)))
        score = min(before.score, after.score)
        filled.append(MotRow(frame, before.track, box, score, before.class_id))
    return filled


def _is_vehicle(detection: Detection) -> bool:
    return detection.kind is Kind.VEHICLE


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.x2, box.y2
