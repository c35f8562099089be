"""Make the detector a model id names."""

from __future__ import annotations

from inference.core.detector.base import Detector
from inference.core.errors import ModelError
from inference.core.manifest import ModelStore
from inference.core.openvino_engine import DEFAULT_ENGINE, EngineConfig


def load_detector(
    model_id: str,
    store: ModelStore,
    *,
    engine: EngineConfig = DEFAULT_ENGINE,
    min_score: float = 0.1,
    long_side_px: int = 640,
) -> Detector:
    """Load a detector, fetching its files when they are missing.

    Args:
        model_id: A detector's id in the manifest, e.g. `yolo11n`.
        store: Where model files come from.
        engine: Device, threads and precision.
        min_score: Weaker boxes are not returned.
        long_side_px: Size at which YOLO looks at the frame; PicoDet has a fixed one.

    Raises:
        ModelError: Unknown id, not a detector, or its files cannot be had.
    """
    entry = store.entry(model_id, task="detector")
    if entry.engine == "yolo":
        from inference.core.detector.yolo import YoloConfig, YoloDetector

        return YoloDetector(store.path(model_id), model_id, YoloConfig(long_side_px, min_score), engine)
    if entry.engine == "picodet":
        from inference.core.detector.picodet import PicoDetConfig, PicoDetDetector

        return PicoDetDetector(
            store.path(model_id), model_id, PicoDetConfig(min_score, score_points=entry.score_points), engine
        )
    raise ModelError(f"{model_id}: the manifest names an unknown detector engine, {entry.engine!r}.")
