"""How many labelled heads are masked in vtest.avi, and how fast masking is.

    python -m tests.bench.masking [--footage DIR]

DIR is that of tests.bench.accuracy. A head is the upper fifth of a labelled box, three fifths of its width. It counts
as masked if every square of 8 px that touches it is of one colour, as far as H.264 leaves one: the grey levels spread
by less than MAX_SPREAD. The first row, a clip in which nothing was masked, says how often that is so by chance. Heads
that touch the target's box are left out where a target is shown.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.core.crowd import MaskConfig
from inference.core.detections import Box, Kind
from inference.core.detector import Detector, load_detector
from inference.core.manifest import ModelStore
from inference.core.masking import mask_clip
from inference.core.mot import MotFrames, read_mot
from inference.core.pipeline import Pipeline, PipelineConfig
from inference.core.trajectory import Trajectory
from inference.core.video import probe, read_frames

MAX_SPREAD = 6.0
TARGETS = 2
NOBODY = 2.0  # a score that no detection has


def main() -> None:
    data = os.environ.get("DONGSEON_BENCH_DATA", "")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--footage", type=Path, default=Path(data, "video/vtest") if data else None)
    footage = parser.parse_args().footage
    if footage is None or not (footage / "gt.mot.txt").is_file():
        print("Masking: skipped, no folder with vtest.avi and gt.mot.txt was named (--footage).")
        return
    video, truth = footage / "vtest.avi", read_mot(footage / "gt.mot.txt", is_truth=True)
    store = ModelStore(os.environ.get("DONGSEON_CACHE", "~/.cache/dongseon"), os.environ.get("DONGSEON_MODEL_MIRROR"))
    detector = load_detector("yolo11n", store)
    print(f"{'':44}{'heads':>8}{'masked':>9}{'seconds':>9}{'frames/s':>10}")
    _row("nothing masked", video, truth, detector, MaskConfig(detect_fps=1, min_score=NOBODY))
    for fps in (5.0, 10.0):
        _row(f"everybody, detector at {fps:g} frames/s", video, truth, detector, MaskConfig(detect_fps=fps))
    tracks = _tracks(video, detector)
    for fps in (5.0, 10.0):
        for number, target in enumerate(tracks[:TARGETS], start=1):
            others = [track for track in tracks if track is not target]
            label = f"all but person {number}, tracks and {fps:g} frames/s"
            _row(label, video, truth, detector, MaskConfig(detect_fps=fps), [target], others)


def _tracks(video: Path, detector: Detector) -> list[Trajectory]:
    """What analysis stores, the persons seen longest first."""
    found = Pipeline(detector, None, PipelineConfig(fps=5.0)).analyse(video).tracks
    found.sort(key=lambda track: (track.kind != Kind.PERSON, -len(track.observations)))
    return [Trajectory.of((seen[1], Box(*seen[2:6])) for seen in track.observations) for track in found]


def _row(
    label: str,
    video: Path,
    truth: MotFrames,
    detector: Detector,
    config: MaskConfig,
    spared: Sequence[Trajectory] = (),
    masked: Sequence[Trajectory] = (),
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started, end_s = time.perf_counter(), probe(video).duration_s + 1
        target = Path(folder) / "clip.mp4"
        clip = mask_clip(
            video, target, start_s=0, end_s=end_s, spared=spared, masked=masked, detector=detector, config=config
        )
        seconds = time.perf_counter() - started
        heads, hidden = _count(video, clip.path, truth, spared)
    print(f"{label:44}{heads:>8}{hidden / heads:>9.2%}{seconds:>9.1f}{clip.frames / seconds:>10.1f}", flush=True)


def _count(video: Path, clip: Path, truth: MotFrames, spared: Sequence[Trajectory]) -> tuple[int, int]:
    """Count the labelled heads of bystanders, and how many of them are masked."""
    heads = hidden = 0
    for source, frame in zip(read_frames(video), read_frames(clip), strict=True):
        grey = frame.image.astype(np.float64).mean(axis=2)
        shown = [box for track in spared if (box := track.box_at(source.time_s)) is not None]
        for edges in truth.get(source.index, (None, []))[1]:
            head = _head(Box(*map(float, edges)))
            if not any(_touch(head, box) for box in shown):
                heads += 1
                hidden += _spread(grey, head) < MAX_SPREAD
    return heads, hidden


def _head(box: Box) -> Box:
    aside = 0.2 * box.width
    return Box(box.x1 + aside, box.y1, box.x2 - aside, box.y1 + 0.2 * box.height)


def _touch(head: Box, shown: Box) -> bool:
    """Whether a head lies where the target is shown, the target's own margin and squares of 8 px included."""
    around = 8 + 0.05 * shown.height
    is_beside = head.x1 > shown.x2 + around or head.x2 < shown.x1 - around
    return not (is_beside or head.y1 > shown.y2 + around or head.y2 < shown.y1 - around)


def _spread(grey: NDArray[np.float64], head: Box) -> float:
    """The greatest standard deviation within a square of 8 px that touches the head; squares cut off by the rim of the
    picture count as they are."""
    height, width = grey.shape
    x1, x2 = (int(min(max(edge, 0), width - 1)) // 8 * 8 for edge in (head.x1, head.x2))
    y1, y2 = (int(min(max(edge, 0), height - 1)) // 8 * 8 for edge in (head.y1, head.y2))
    return max(float(grey[y : y + 8, x : x + 8].std()) for y in range(y1, y2 + 1, 8) for x in range(x1, x2 + 1, 8))


if __name__ == "__main__":
    main()
