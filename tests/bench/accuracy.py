"""Print how accurate and how fast the core is: tracking on vtest.avi, re-identification on CUHK03 val.

    python -m tests.bench.accuracy [--footage DIR] [--reid DIR]

The data are not part of the repository. DIR of --footage holds vtest.avi and gt.mot.txt, DIR of --reid the pictures
named identity_number.jpg; both default to their places below DONGSEON_BENCH_DATA. What is absent is said and skipped.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from inference.core.__main__ import main as core
from inference.core.attributes import load_describer
from inference.core.detections import Kind
from inference.core.detector import load_detector
from inference.core.evaluation import TrackingScore, score_reid, score_tracking
from inference.core.manifest import ModelStore, default_model
from inference.core.mot import MotFrames, read_mot
from inference.core.pipeline import Models, Pipeline, PipelineConfig
from inference.core.reid import load_embedder
from inference.core.video import probe, read_frames
from tests.bench.accuracy_peer import has_peer, peer_tracks

T = TypeVar("T")
Row = tuple[str, str, str, str, str]
SAMPLED_FPS = 5.0


def main() -> None:
    options = _options()
    print(f"{'':44}{'MOTA':>8}{'IDF1':>8}{'seconds':>9}{'frames/s':>10}")
    for row in _tracking_rows(options.footage, options.repeat):
        print(f"{row[0]:44}{row[1]:>8}{row[2]:>8}{row[3]:>9}{row[4]:>10}", flush=True)
    _print_analysis(options.footage, options.repeat)
    _print_reid(options.reid)


def _options() -> argparse.Namespace:
    data = os.environ.get("DONGSEON_BENCH_DATA", "")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--footage", type=Path, default=Path(data, "video/vtest") if data else None)
    parser.add_argument("--reid", type=Path, default=Path(data, "reid/cuhk03/val") if data else None)
    parser.add_argument("--repeat", type=int, default=2, help="runs of each timing; the quickest is printed")
    return parser.parse_args()


def _tracking_rows(footage: Path | None, repeat: int) -> list[Row]:
    if footage is None or not (footage / "gt.mot.txt").is_file():
        print("Tracking: skipped, no folder with vtest.avi and gt.mot.txt was named (--footage).")
        return []
    video, truth = footage / "vtest.avi", read_mot(footage / "gt.mot.txt", is_truth=True)
    rows = []
    for label, fps in (("every frame", None), (f"{SAMPLED_FPS:.0f} frames/s", SAMPLED_FPS)):
        frames = [frame.index for frame in read_frames(video, fps=fps)]
        for detector in ("yolo11n", "picodet-s-416"):
            tracks, seconds = _quickest(partial(_command_tracks, video, fps, detector), repeat)
            score = score_tracking(truth, tracks, frames)
            rows.append(_row(f"track, {detector}, {label}", score, seconds, len(frames)))
        if has_peer():
            tracks, seconds = _quickest(partial(peer_tracks, video, _yolo_path(), fps), repeat)
            score = score_tracking(truth, tracks, frames)
            rows.append(_row(f"peer: plain loop, {label}", score, seconds, len(frames)))
    if not has_peer():
        print("Peer: skipped, the package trackers is not installed.")
    return rows


def _command_tracks(video: Path, fps: float | None, detector: str) -> MotFrames:
    """Run the command itself, start of the models included."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "tracks.txt"
        rate = ["--fps", str(fps)] if fps else []
        command = ["track", str(video), "--out", str(out), "--kinds", "person", "--detector", detector]
        _run_quietly([*command, *rate])
        return read_mot(out)


def _run_quietly(command: list[str]) -> None:
    """Run a command of the core; its progress is shown only if it fails."""
    with redirect_stderr(io.StringIO()) as progress:
        code = core(command)
    assert code == 0, progress.getvalue()


def _print_analysis(footage: Path | None, repeat: int) -> None:
    if footage is None or not (footage / "vtest.avi").is_file():
        return
    video = footage / "vtest.avi"
    detector = load_detector("yolo11n", _store())
    pipeline = Pipeline(detector, _default_models(), PipelineConfig(fps=SAMPLED_FPS))
    result, seconds = _quickest(lambda: pipeline.analyse(video), repeat)
    times = probe(video).duration_s / seconds
    print(
        f"\nAnalysis of vtest.avi at {SAMPLED_FPS:.0f} frames/s, features included: {seconds:.1f} s, "
        f"{result.frames_read / seconds:.1f} frames/s, {times:.1f} times real time, {len(result.tracks)} tracks"
    )


def _default_models() -> Models:
    """What an analysis uses where no setting names another."""
    embedders = {kind: default_model("reid", kind) for kind in Kind}
    describers = {kind: default_model("describer", kind) for kind in Kind}
    loaded = {model_id: load_embedder(model_id, _store()) for model_id in set(embedders.values())}
    return Models(
        embedders={kind: loaded[model_id] for kind, model_id in embedders.items()},
        describers={kind: load_describer(model_id, _store()) for kind, model_id in describers.items() if model_id},
    )


def _print_reid(folder: Path | None) -> None:
    paths = sorted(folder.glob("*_*.jpg")) if folder else []
    if not paths:
        print("Re-identification: skipped, no folder with pictures was named (--reid).")
        return
    with tempfile.TemporaryDirectory() as work:
        out, asked = Path(work) / "features.npz", Path(work) / "queries.npz"
        command = ["embed", *map(str, paths), "--kind", "person", "--out"]
        started = time.perf_counter()
        _run_quietly([*command, str(out)])
        seconds = time.perf_counter() - started
        _run_quietly([*command, str(asked), "--as-query"])
        names, features, queries = np.load(out)["name"], np.load(out)["feature"], np.load(asked)["feature"]
    parts = [Path(str(name)).stem.split("_") for name in names]
    identities = np.asarray([int(part[0]) for part in parts], np.int64)
    # Numbers 00–04 are camera A, 05–09 camera B.
    cameras = np.asarray([int(part[1]) // 5 for part in parts], np.int64)
    each_ms = seconds / len(paths) * 1000
    print(f"embed on CUHK03 val: {each_ms:.1f} ms a picture, reading and start included")
    for label, given in (("as a search does", queries), ("queries without their mirror image", features)):
        score = score_reid(features, identities, cameras, queries=given)
        print(f"  {label}, {score.queries} queries: Rank-1 {score.rank1:.2%}, mAP {score.mean_ap:.2%}")


def _row(label: str, score: TrackingScore, seconds: float, frames: int) -> Row:
    return (label, f"{score.mota:.3f}", f"{score.idf1:.3f}", f"{seconds:.1f}", f"{frames / seconds:.1f}")


def _quickest(run: Callable[[], T], repeat: int) -> tuple[T, float]:
    """Run several times on a machine that others use too; the least time is the nearest to the truth."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - started)
    return result, min(times)


def _store() -> ModelStore:
    cache = os.environ.get("DONGSEON_CACHE", "~/.cache/dongseon")
    return ModelStore(cache, os.environ.get("DONGSEON_MODEL_MIRROR"), progress=print)


def _yolo_path() -> Path:
    return _store().path("yolo11n")


if __name__ == "__main__":
    main()
