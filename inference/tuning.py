"""Site tuning: a linear map on features, learnt from the site's own tracks and kept only if it helps.

No labels are needed: `inference.core.tuning` says how a map is learnt and how it is judged. Everything here reads
stored features; pictures are opened only for synthetic views of some tracks.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from cameras.models import Camera
from inference.background import LEAST_OVERLAP_S, can_show_one_at_once, latest_seen, vectors_of
from inference.core.detections import iou_matrix
from inference.core.errors import CoreError, ModelError
from inference.core.images import decode_jpeg
from inference.core.manifest import Match, base_of
from inference.core.reid import Embedder
from inference.core.trajectory import Trajectory, decode
from inference.core.tuning import (
    Pairs,
    SiteMap,
    Verdict,
    choose_blocks,
    cosines_of,
    differences_of,
    digest_of,
    fit_map,
    judge,
    pack_map,
    unpack_map,
)
from inference.models import Feature, Sighting, TunedModel
from portal.audit.models import Action
from portal.audit.services import record

DAYS = 14
MOST_OF_CAMERA = 1_000
MOST_SIGHTINGS = 100_000  # of all cameras together: 100 MB of features
FEWEST_SIGHTINGS = 300
FEWEST_OF_CAMERA = 20
FEWEST_STRANGERS = 1_000
VIEWS = 400
MARGIN = 0.03
STANDARD_ERRORS = 2.0
WINDOW_S = 1_800.0  # pairs further apart in time are hardly ever the same one
PROPOSALS = 1_000_000
BATCH = 512
# A track that begins so soon where another ended, alone there, is the same one.
LONGEST_GAP_S = 1.0
LEAST_SAME_PLACE = 0.5  # IoU of the last and the first box

STRENGTHS = (0.5, 1.0)


class TuningRefused(CoreError):  # noqa: N818 -- an answer, not a fault
    """There is too little to learn from, or the map does not help; the message says which."""


@dataclass(frozen=True)
class Material:
    """What a site has: N×D features, N camera numbers, N times, and differences of two views of one track."""

    features: NDArray[np.float32]
    cameras: NDArray[np.int64]
    from_s: NDArray[np.float64]
    until_s: NDArray[np.float64]
    is_apart: NDArray[np.bool_]  # of two cameras by place in `known`: nobody is in both at once
    known: NDArray[np.int64]
    differences: NDArray[np.float32] | None

    def places(self) -> NDArray[np.int64]:
        return np.searchsorted(self.known, self.cameras)


class Tuning(NamedTuple):
    """A map that helps: its row, and what was measured on the held part."""

    row: TunedModel
    verdict: Verdict


OnStep = Callable[[str], None]


def tune(
    base: Embedder,
    kind: str,
    *,
    days: int = DAYS,
    views: int = VIEWS,
    margin: float = MARGIN,
    on_step: OnStep = lambda line: None,
) -> Tuning:
    """Learn a map from two thirds of what was seen, judge it on the held third, and keep it if it helps.

    Raises:
        TuningRefused: Too little was seen, or the map finds less than `margin` more (in relation to before), or not
            more than chance would.
    """
    material = gather(base, kind, days=days, views=views)
    on_step(f"{len(material.features)} sightings of {len(material.known)} cameras")
    is_held = choose_blocks(material.from_s)
    _require_enough(material, ~is_held)
    name, site_map = _best_map(material, ~is_held, on_step)
    held = draw_pairs(material, is_held)
    verdict = _judged(site_map, material, held)
    on_step(f"held part, {name}: {describe(verdict)}")
    _require_help(verdict, margin)
    return Tuning(_keep(base.id, kind, name, site_map, material, held, verdict), verdict)


def describe(verdict: Verdict) -> str:
    return (
        f"at thresholds that {verdict.false_share:.2%} of {verdict.strangers} certain strangers pass, "
        f"{verdict.before:.2f} found in 10,000 pairs before, {verdict.after:.2f} after "
        f"({verdict.gain:+.1%}, standard error of the difference {verdict.error:.2f})"
    )


def gather(base: Embedder, kind: str, *, days: int, views: int) -> Material:
    """Read the site's features and times; raises `TuningRefused` where there is nothing."""
    most = min(MOST_OF_CAMERA, max(FEWEST_OF_CAMERA, MOST_SIGHTINGS // max(Camera.objects.count(), 1)))
    seen = latest_seen(base.id, kind, timezone.now() - timedelta(days=days), most=most)
    seen = {camera: found for camera, found in seen.items() if len(found.keys) >= FEWEST_OF_CAMERA}
    if len(seen) < 2:
        raise TuningRefused(
            f"Two cameras with {FEWEST_OF_CAMERA} sightings each of the last {days} days that have features of "
            f"{base.id} are needed, there are {len(seen)}."
        )
    keys = np.concatenate([found.keys for found in seen.values()])
    cameras = np.concatenate([np.full(len(found.keys), camera) for camera, found in seen.items()])
    times = np.concatenate([np.stack([found.from_s, found.until_s]) for found in seen.values()], axis=1)
    vectors = vectors_of(keys)
    kept = np.array([key in vectors for key in keys.tolist()])
    features = np.stack([vectors[key] for key in keys[kept].tolist()])
    known = np.unique(cameras[kept])
    differences = differences_of(
        [fragment_views(base.id, keys[kept], features), synthetic_views(base, keys[kept], features, views)]
    )
    from_s, until_s = times[:, kept]
    return Material(features, cameras[kept], from_s, until_s, _apart(known), known, differences)


def _apart(known: NDArray[np.int64]) -> NDArray[np.bool_]:
    rows = {camera.pk: camera for camera in Camera.objects.filter(pk__in=known.tolist())}
    cameras = [rows[pk] for pk in known.tolist()]
    return np.array([[not can_show_one_at_once(a, b) for b in cameras] for a in cameras])


def draw_pairs(material: Material, is_used: NDArray[np.bool_], *, seed: int = 0) -> Pairs:
    """Draw pairs: certain strangers, who were seen at once in one camera or in two that are apart, and others across
    cameras within half an hour. Strangers of one camera belong to it: a search looks at them too, and where a camera
    colours everybody they push the right one of another camera down."""
    random = np.random.default_rng(seed)
    rows = np.flatnonzero(is_used)
    rows = rows[np.argsort(material.from_s[rows], kind="stable")]
    starts, ends, places = material.from_s[rows], material.until_s[rows], material.places()[rows]
    near = [_proposals(starts, ends, random, PROPOSALS // 2), _proposals(starts, starts + WINDOW_S, random, PROPOSALS)]
    first, second = np.unique(np.concatenate(near), axis=0).T
    shared_s = np.minimum(ends[first], ends[second]) - np.maximum(starts[first], starts[second])
    is_stranger = shared_s >= LEAST_OVERLAP_S
    is_apart = material.is_apart[places[first], places[second]]
    # Neither: too short a time together to be sure, or cameras that may show one at once.
    is_clear = (is_apart & (is_stranger | (shared_s <= 0))) | ((places[first] == places[second]) & is_stranger)
    is_across = (places[first] != places[second])[is_clear]
    return Pairs(rows[first[is_clear]], rows[second[is_clear]], is_stranger[is_clear], is_across)


def _proposals(
    starts: NDArray[np.float64], until: NDArray[np.float64], random: np.random.Generator, count: int
) -> NDArray[np.int64]:
    """Draw P×2 places, the first before the second, where the second begins before the first's `until`."""
    after = np.arange(len(starts)) + 1
    room = np.maximum(np.searchsorted(starts, until, side="right") - after, 0)
    if room.sum() <= count:
        first = np.repeat(after - 1, room)
        second = np.concatenate([np.arange(at, at + many) for at, many in zip(after, room, strict=True)])
    else:
        first = random.choice(len(starts), count, p=room / room.sum())
        second = after[first] + (random.random(count) * room[first]).astype(np.int64)
    return np.stack([first, second], axis=1).astype(np.int64)


def _require_enough(material: Material, is_fit: NDArray[np.bool_]) -> None:
    if len(material.features) < FEWEST_SIGHTINGS:
        raise TuningRefused(f"{FEWEST_SIGHTINGS} sightings are needed, there are {len(material.features)}.")
    for part, is_used in (("fitted", is_fit), ("held", ~is_fit)):
        pairs = draw_pairs(material, is_used)
        strangers = int((pairs.is_stranger & pairs.is_across).sum())
        others = int((~pairs.is_stranger).sum())
        if strangers < FEWEST_STRANGERS or not others:
            raise TuningRefused(
                f"In the {part} part, {strangers} pairs were seen at the same time in cameras apart "
                f"from each other (needed: {FEWEST_STRANGERS}), and {others} at other times."
            )


def _best_map(material: Material, is_fit: NDArray[np.bool_], on_step: OnStep) -> tuple[str, SiteMap]:
    """Fit the few maps there are to choose from, and choose on the fitted part itself."""
    pairs = draw_pairs(material, is_fit)
    judged = []
    for name, site_map in _maps(material, is_fit):
        verdict = _judged(site_map, material, pairs)
        on_step(f"fitted part, {name}: {verdict.before:.2f} found before, {verdict.after:.2f} after")
        judged.append((verdict.after, name, site_map))
    _after, name, best = max(judged, key=lambda row: row[0])
    return name, best


def _maps(material: Material, is_fit: NDArray[np.bool_]) -> Iterator[tuple[str, SiteMap]]:
    features, cameras = material.features[is_fit], material.cameras[is_fit]
    for strength in STRENGTHS:
        name = f"{strength:.0%} of each camera's mean taken away"
        yield name, fit_map(features, cameras, strength=strength)
        if material.differences is not None:
            made = fit_map(features, cameras, strength=strength, differences=material.differences)
            yield f"{name}, views evened out", made


def _judged(site_map: SiteMap, material: Material, pairs: Pairs) -> Verdict:
    after = site_map.apply(material.features, material.cameras)
    return judge(cosines_of(material.features, pairs), cosines_of(after, pairs), pairs)


def _require_help(verdict: Verdict, margin: float) -> None:
    if verdict.after < STANDARD_ERRORS * verdict.after_error:
        raise TuningRefused(
            f"{verdict.after:.2f} in 10,000 pairs were found beyond chance (standard error {verdict.after_error:.2f}): "
            "too few pass several of these cameras to judge by. Nothing was changed."
        )
    if verdict.gain < margin:
        raise TuningRefused(
            f"It does not help enough: {verdict.gain:+.1%} on the held part, {margin:+.1%} are asked for. "
            "Nothing was changed."
        )
    if verdict.after - verdict.before < STANDARD_ERRORS * verdict.error:
        raise TuningRefused(
            f"The gain of {verdict.gain:+.1%} on the held part is within {STANDARD_ERRORS:g} standard errors: it may "
            "be chance. Nothing was changed; try again when more was seen."
        )


def _keep(
    base: str, kind: str, name: str, site_map: SiteMap, material: Material, held: Pairs, verdict: Verdict
) -> TunedModel:
    """Write the row and its audit entry; a map that is there already stays the row it is."""
    blob = pack_map(site_map)
    cosines = cosines_of(site_map.apply(material.features, material.cameras), held)[held.is_stranger]
    figures: dict[str, Any] = {
        "map": name,
        "sightings": len(material.features),
        "cameras": len(material.known),
        "before": round(verdict.before, 3),
        "after": round(verdict.after, 3),
        "error": round(verdict.error, 3),
        "strangers": verdict.strangers,
    }
    values = {"base": base, "kind": kind, "weights": blob, "figures": figures}
    spread = {"mean": float(cosines.mean()), "deviation": float(cosines.std(ddof=1))}
    with transaction.atomic():
        row, is_new = TunedModel.objects.get_or_create(name=f"{base}+{digest_of(blob)}", defaults=values | spread)
        if is_new:
            record(Action.MODEL_TUNED, actor=None, target=row, details=figures)
    return row


# ── Several views of one track ──────────────────────────────────────────────────────────────────────────────────────


def fragment_views(
    embedder: str, keys: NDArray[np.int64], features: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features of tracks that a tracker broke in two: one ended, and within a second another began, alone, there."""
    places = {key: place for place, key in enumerate(keys.tolist())}
    ends: dict[int, list[tuple[float, float, NDArray[np.float32], NDArray[np.float32], int]]] = {}
    rows = Feature.objects.of_model(embedder).filter(key__in=keys.tolist()).exclude(sighting__trajectory=b"")
    fields = ("key", "sighting__recording_id", "sighting__trajectory")
    for key, recording_id, blob in rows.values_list(*fields).iterator(chunk_size=1_000):
        track = _trajectory(bytes(blob))
        if len(track):
            first, last = np.array(track.boxes[0], np.float32), np.array(track.boxes[-1], np.float32)
            found = (float(track.times_s[0]), float(track.times_s[-1]), first, last, places[key])
            ends.setdefault(recording_id, []).append(found)
    pairs = [pair for tracks in ends.values() for pair in _broken(tracks)]
    first_rows, second_rows = np.array(pairs, np.int64).reshape(-1, 2).T
    return features[first_rows], features[second_rows]


def _trajectory(blob: bytes) -> Trajectory:
    try:
        return decode(blob)
    except CoreError:  # damaged: this one teaches nothing
        return Trajectory()


def _broken(
    tracks: Sequence[tuple[float, float, NDArray[np.float32], NDArray[np.float32], int]],
) -> Iterator[tuple[int, int]]:
    first_s, last_s = np.array([row[0] for row in tracks]), np.array([row[1] for row in tracks])
    gaps = first_s[None, :] - last_s[:, None]
    overlap = iou_matrix(np.stack([row[3] for row in tracks]), np.stack([row[2] for row in tracks]))
    goes_on = (gaps > 0) & (gaps <= LONGEST_GAP_S) & (overlap >= LEAST_SAME_PLACE)
    for before, after in np.argwhere(goes_on):
        if goes_on[before].sum() == 1 and goes_on[:, after].sum() == 1:
            yield tracks[before][4], tracks[after][4]


def synthetic_views(
    base: Embedder, keys: NDArray[np.int64], features: NDArray[np.float32], count: int, *, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features of some stored pictures, and of the same mirrored and in another light."""
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(keys))[:count])
    sightings = dict(Feature.objects.filter(key__in=keys[chosen].tolist()).values_list("key", "sighting_id"))
    pictures = Sighting.objects.in_bulk(list(sightings.values()))
    rows, changed = [], []
    for place in chosen.tolist():
        sighting = pictures.get(sightings.get(int(keys[place]), 0))
        picture = _picture(sighting) if sighting else None
        if picture is not None:
            rows.append(place)
            changed.append(in_other_light(picture[:, ::-1], random))
    if not rows:
        return np.zeros((0, features.shape[1]), np.float32), np.zeros((0, features.shape[1]), np.float32)
    return features[rows], base.embed(changed)


def _picture(sighting: Sighting) -> NDArray[np.uint8] | None:
    try:
        with sighting.image.open("rb") as file:
            return decode_jpeg(file.read())
    except (CoreError, OSError, ValueError):  # Django's word for a row without a file is a ValueError
        return None


def in_other_light(picture: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture with each channel's gain and the whole's gamma changed a little."""
    gamma, gains = random.uniform(0.8, 1.25), random.uniform(0.9, 1.1, 3)
    table = 255 * (np.arange(256) / 255)[:, None] ** gamma * gains
    return cv2.LUT(np.ascontiguousarray(picture), table.clip(0, 255).astype(np.uint8)[None])  # type: ignore[return-value]


# ── Using it ────────────────────────────────────────────────────────────────────────────────────────────────────────


class TunedEmbedder:
    """An embedder followed by the site's map; `camera` is where its crops come from, None where nobody knows."""

    def __init__(self, model_id: str, base: Embedder, site_map: SiteMap, camera: int | None = None) -> None:
        self.id = model_id
        self.base = base
        self.dimension = site_map.dimension
        self.site_map = site_map
        self._camera = camera

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        cameras = None if self._camera is None else np.full(len(crops), self._camera)
        return self.site_map.apply(self.base.embed(crops), cameras)


def map_stored(embedder: TunedEmbedder, kind: str, on_progress: Callable[[int, int], None]) -> int:
    """Make features of `embedder` from those of its base, for every sighting of `kind` that lacks one."""
    lacking = Feature.objects.of_model(embedder.base.id).filter(sighting__kind=kind)
    lacking = lacking.exclude(sighting__features__embedder=embedder.id)
    total, made, last = lacking.count(), 0, 0
    while batch := list(lacking.filter(pk__gt=last).select_related("sighting").order_by("pk")[:BATCH]):
        base = np.stack([np.frombuffer(bytes(row.vector), "<f2") for row in batch]).astype(np.float32)
        mapped = embedder.site_map.apply(base, np.array([row.sighting.camera_id for row in batch])).astype("<f2")
        with transaction.atomic():
            rows = Sighting.objects.filter(pk__in=[row.sighting_id for row in batch]).order_by("pk")
            alive = set(rows.select_for_update(no_key=True).values_list("pk", flat=True))
            new = [
                Feature(sighting_id=row.sighting_id, embedder=embedder.id, vector=vector.tobytes())
                for row, vector in zip(batch, mapped, strict=True)
                if row.sighting_id in alive
            ]
            Feature.objects.bulk_create(new, ignore_conflicts=True)  # an analysis may have written one meanwhile
        made, last = made + len(new), batch[-1].pk
        on_progress(made, max(made, total))
    return made


def is_tuned(model_id: str) -> bool:
    return "+" in model_id


def tuned_embedder(model_id: str, base: Embedder, camera: int | None = None) -> TunedEmbedder:
    """Put the map that `model_id` names behind its base.

    Raises:
        ModelError: There is no such map, it is damaged, or it was made for features of another length.
    """
    site_map = load_map(model_id)
    if site_map.dimension != base.dimension:
        raise ModelError(
            f"{model_id} was made for {site_map.dimension} numbers, {base.id} gives {base.dimension}: tune it again."
        )
    return TunedEmbedder(model_id, base, site_map, camera)


@cache
def load_map(model_id: str) -> SiteMap:
    return unpack_map(bytes(_row(model_id).weights), model_id.partition("+")[2])


def match_of(model_id: str, match: Match | None) -> Match | None:
    """Say what a cosine of a tuned model means, given the table of its base.

    A map moves and stretches cosines; strangers, who are known, say by how much.
    """
    if match is None or not is_tuned(model_id):
        return match
    row = _row(model_id)
    points = [
        ((cosine - match.mean) / match.deviation * row.deviation + row.mean, worth) for cosine, worth in match.points
    ]
    return Match(points=tuple(points), mean=row.mean, deviation=row.deviation)


def _row(model_id: str) -> TunedModel:
    row = TunedModel.objects.filter(name=model_id, base=base_of(model_id)).first()
    if row is None:
        known = ", ".join(TunedModel.objects.values_list("name", flat=True)) or "none"
        raise ModelError(f"There is no tuned model {model_id!r} here; there is {known}.")
    return row
