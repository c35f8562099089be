"""How much the likeness of pictures speaks for a match: a model's cosines, read against each camera's own strangers."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.background import backgrounds_of
from inference.core.errors import ModelError
from inference.core.manifest import base_of
from inference.core.odds import Background, MatchCalibration, background_of
from inference.engine import model_store
from inference.gallery import Match
from inference.tuning import match_of
from investigations.models import Search

# From so many comparisons a camera's own background is better than the pair's.
OWN_BACKGROUND = 30


def calibration_of(embedder: str, kind: str) -> MatchCalibration | None:
    """What the manifest says the model's cosines are worth; None where it has no table for this kind (a table is of the
    first kind that the model is for), or there is no such model. A tuned one's is its base's, moved to its cosines."""
    try:
        entry = model_store().entry(base_of(embedder), task="reid")
        table = match_of(embedder, entry.match)
    except ModelError:
        return None
    return MatchCalibration(table) if table and entry.kinds[0] == kind else None


def log_lr_of(
    row: Search, calibration: MatchCalibration, head: Sequence[Match], cosines: Mapping[int, NDArray[np.float32]]
) -> NDArray[np.float64]:
    """N log-odds of the fused query's cosines, each read against its camera's background."""
    backgrounds = _backgrounds(row, cosines)
    cameras = np.array([match.camera_id for match in head])
    fused = np.array([match.score for match in head], np.float32)
    log_lr = np.zeros(len(head))
    for camera_id in np.unique(cameras).tolist():
        here = cameras == camera_id
        log_lr[here] = calibration.log_lr(fused[here], backgrounds.get(camera_id))
    return log_lr


def _backgrounds(row: Search, cosines: Mapping[int, NDArray[np.float32]]) -> dict[int, Background]:
    """Of each camera how alike strangers are to the query: by this search's own cosines, or, where they are few and
    the query's pictures come from cameras, by what both cameras are known for."""
    own = {pk: background_of(found) for pk, found in cosines.items()}
    few = [pk for pk, found in own.items() if found.count < OWN_BACKGROUND]
    queried = [pk for pk in row.pictures.usable().values_list("sighting__camera_id", flat=True) if pk]
    if not few or not queried:
        return own
    pairs = backgrounds_of(row.embedder, queried, few, kind=row.kind)
    for (_from, to), known in sorted(pairs.items(), key=lambda pair: pair[1].count):
        own[to] = Background(known.mean, known.deviation, known.count)
    return own
