"""How alike strangers look in two cameras: the background against which a likeness across this pair is read.

Two who are seen at the same time in cameras that cannot both show the same one are certainly not the same. Cosines of
such pairs run higher where both cameras share light, colours and angle; `investigations` brings each pair's to the
model's own mean and deviation (Auckenthaler et al., "Score Normalization for Text-Independent Speaker Verification
Systems", Digital Signal Processing 2000, do the same with speakers and telephones).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from cameras.gis import distance_m
from cameras.models import Camera
from inference.core.odds import Background
from inference.models import Feature, PairBackground, Sighting

FEWEST_PAIRS = 30
MOST_PAIRS = 300  # the deviation of so many is known to 4 %
LEAST_OVERLAP_S = 1.0
# Views of cameras this near may show the same place, and the same one at the same time.
NEAREST_M = 50.0
FARTHEST_M = 5_000.0
MOST_PARTNERS = 60
MOST_SIGHTINGS = 1_000  # of one camera, the latest
DAYS = 14
ROWS_AT_ONCE = 5_000


class Seen(NamedTuple):
    """One camera's sightings: keys of their features, and seconds from and until."""

    keys: NDArray[np.int64]
    from_s: NDArray[np.float64]
    until_s: NDArray[np.float64]


def pair_background(model: str, camera_a: int, camera_b: int, *, kind: str = Sighting.Kind.PERSON) -> Background | None:
    """Return the background of two cameras (by key, in any order), or None where too few pairs were seen."""
    return backgrounds_of(model, [camera_a], [camera_b], kind=kind).get((camera_a, camera_b))


def backgrounds_of(
    model: str, from_cameras: Iterable[int], to_cameras: Iterable[int], *, kind: str = Sighting.Kind.PERSON
) -> dict[tuple[int, int], Background]:
    """Return what is known of pairs from the one list to the other, by (from, to), with one query."""
    here, there = set(from_cameras), set(to_cameras)
    rows = PairBackground.objects.filter(embedder=model, kind=kind).filter(
        Q(camera_a__in=here, camera_b__in=there) | Q(camera_a__in=there, camera_b__in=here)
    )
    found: dict[tuple[int, int], Background] = {}
    for a, b, mean, deviation, count in rows.values_list("camera_a_id", "camera_b_id", "mean", "deviation", "count"):
        pairs = [(x, y) for x, y in ((a, b), (b, a)) if x in here and y in there]
        found.update(dict.fromkeys(pairs, Background(mean, deviation, count)))
    return found


def measure_backgrounds(
    model: str, kind: str, *, days: int = DAYS, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> int:
    """Make the rows of a model and a kind anew from what the cameras saw in the last days; return how many."""
    since = timezone.now() - timedelta(days=days)
    seen = latest_seen(model, kind, since)
    cameras = list(Camera.objects.filter(pk__in=seen).order_by("pk"))
    rows: list[PairBackground] = []
    for done, camera in enumerate(cameras, start=1):
        for partner, found in _of_camera(camera, _partners(camera, cameras), seen):
            rows.append(PairBackground(embedder=model, kind=kind, camera_a=camera, camera_b=partner, **asdict(found)))
        on_progress(done, len(cameras))
    with transaction.atomic():
        PairBackground.objects.filter(embedder=model, kind=kind).delete()
        PairBackground.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def can_show_one_at_once(a: Camera, b: Camera) -> bool:
    """Whether somebody could be seen by both at the same time: one pole, or too near to exclude it."""
    return a.pk == b.pk or bool(a.pole and a.pole == b.pole) or distance_m(a.position, b.position) < NEAREST_M


def latest_seen(model: str, kind: str, since: datetime, *, most: int = MOST_SIGHTINGS) -> dict[int, Seen]:
    """Every camera's latest sightings that have a feature; superseded and small ones aside."""
    rows = Feature.objects.of_model(model).filter(
        sighting__kind=kind,
        sighting__is_superseded=False,
        sighting__is_small=False,
        sighting__last_seen_at__gte=since,
    )
    fields = ("sighting__camera_id", "key", "sighting__first_seen_at", "sighting__last_seen_at")
    by_camera: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    latest_first = rows.order_by("-sighting__first_seen_at", "key").values_list(*fields)
    for camera_id, key, from_at, until_at in latest_first.iterator(chunk_size=ROWS_AT_ONCE):
        if len(by_camera[camera_id]) < most:
            by_camera[camera_id].append((key, from_at.timestamp(), until_at.timestamp()))
    return {camera_id: _as_seen(found) for camera_id, found in by_camera.items()}


def _as_seen(rows: Sequence[tuple[int, float, float]]) -> Seen:
    keys, from_s, until_s = zip(*rows, strict=True)
    return Seen(np.array(keys, np.int64), np.array(from_s), np.array(until_s))


def _partners(camera: Camera, cameras: Sequence[Camera]) -> list[Camera]:
    """The nearest of the cameras that come later in the order, so that each pair is met once."""
    later = [other for other in cameras if other.pk > camera.pk and not can_show_one_at_once(camera, other)]
    away = {other.pk: distance_m(camera.position, other.position) for other in later}
    near = [other for other in later if away[other.pk] <= FARTHEST_M]
    return sorted(near, key=lambda other: away[other.pk])[:MOST_PARTNERS]


def _of_camera(
    camera: Camera, partners: Sequence[Camera], seen: dict[int, Seen]
) -> Iterator[tuple[Camera, Background]]:
    drawn = {partner: _simultaneous(seen[camera.pk], seen[partner.pk]) for partner in partners}
    enough = {partner: pairs for partner, pairs in drawn.items() if len(pairs) >= FEWEST_PAIRS}
    if not enough:
        return
    vectors = vectors_of(np.unique(np.concatenate(list(enough.values()))))
    for partner, pairs in enough.items():
        cosines = np.array([vectors[a] @ vectors[b] for a, b in pairs.tolist() if a in vectors and b in vectors])
        if len(cosines) >= FEWEST_PAIRS and cosines.std() > 0:
            yield partner, Background(float(cosines.mean()), float(cosines.std(ddof=1)), len(cosines))


def _simultaneous(a: Seen, b: Seen) -> NDArray[np.int64]:
    """Draw up to `MOST_PAIRS` pairs of keys that were in view together for a second or longer, as P×2."""
    first, second = np.nonzero(
        np.minimum(a.until_s[:, None], b.until_s) - np.maximum(a.from_s[:, None], b.from_s) >= LEAST_OVERLAP_S
    )
    if len(first) > MOST_PAIRS:
        # The same draw each time: figures change only where the sightings do.
        chosen = np.random.default_rng(0).choice(len(first), MOST_PAIRS, replace=False)
        first, second = first[chosen], second[chosen]
    return np.stack([a.keys[first], b.keys[second]], axis=1)


def vectors_of(keys: NDArray[np.int64]) -> dict[int, NDArray[np.float32]]:
    """Unit vectors by key; those whose rows are gone meanwhile are left out."""
    vectors: dict[int, NDArray[np.float32]] = {}
    for at in range(0, len(keys), ROWS_AT_ONCE):
        block = Feature.objects.filter(key__in=keys[at : at + ROWS_AT_ONCE].tolist())
        vectors |= block.vectors_by("key")
    return vectors
