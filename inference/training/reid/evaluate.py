"""How well a student finds people again: CUHK03 val, and VIPeR and PRID where these were left out of training."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.training.reid.crops import Crops


class Score(NamedTuple):
    """Per cent of queries whose first answer is right, and mean average precision in per cent."""

    rank1: float
    map: float

    def __str__(self) -> str:
        return f"{self.rank1:.2f}/{self.map:.2f}"


@torch.no_grad()
def embed(network: nn.Module, crops: Crops, *, with_flip: bool = False, batch: int = 512) -> NDArray[np.float32]:
    """Return N×D unit vectors; `with_flip` averages each with its mirror image's."""
    network.eval()
    parts = []
    for pictures in crops.pictures.split(batch):
        with torch.autocast("cuda", torch.bfloat16, enabled=pictures.is_cuda):
            found = network(pictures.float()).float()
            if with_flip:
                found = nn.functional.normalize(found + network(pictures.float().flip(3)).float(), dim=1)
        parts.append(found.cpu())
    network.train()
    return torch.cat(parts).numpy()


def score_all(features: NDArray[np.float32], crops: Crops) -> Score:
    """Each picture a query against all others; the same person in the same camera is left out."""
    rows = np.arange(len(crops))
    return _score(features, crops, rows, rows)


def score_across(features: NDArray[np.float32], crops: Crops) -> Score:
    """Pictures of one camera against those of the other, both ways, for people whom both have seen; the mean."""
    first, second = np.unique(crops.cameras)
    rows = {camera: np.flatnonzero(crops.cameras == camera) for camera in (first, second)}
    shared = np.intersect1d(crops.identities[rows[first]], crops.identities[rows[second]])
    rows = {camera: found[np.isin(crops.identities[found], shared)] for camera, found in rows.items()}
    ways = [_score(features, crops, rows[a], rows[b]) for a, b in ((first, second), (second, first))]
    return Score(*np.mean(ways, axis=0))


def _score(
    features: NDArray[np.float32], crops: Crops, queries: NDArray[np.int64], gallery: NDArray[np.int64]
) -> Score:
    likeness = features[queries] @ features[gallery].T
    first, precisions = [], []
    for row, query in enumerate(queries):
        is_same = crops.identities[gallery] == crops.identities[query]
        counts = ~(is_same & (crops.cameras[gallery] == crops.cameras[query]))
        hits = is_same[counts][np.argsort(-likeness[row][counts], kind="stable")]
        if hits.any():
            first.append(hits[0])
            places = np.flatnonzero(hits)
            precisions.append(np.mean((np.arange(len(places)) + 1) / (places + 1)))
    return Score(100 * float(np.mean(first)), 100 * float(np.mean(precisions)))
