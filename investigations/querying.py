"""What a search looks for, as the models know it: its pictures as features, its words as wanted values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from inference.core.detections import Kind
from inference.core.errors import CoreError, ImageError, ModelError
from inference.core.images import decode_jpeg
from inference.core.manifest import Head, base_of
from inference.core.proposals import propose_box
from inference.core.ranking import Wanted
from inference.core.reid import embed_query
from inference.engine import get_detector, get_embedder, model_store
from inference.models import Analysis, Feature, Sighting, SightingQuerySet
from inference.sentences import in_words
from investigations.models import QueryPicture, Search
from investigations.plate_search import AskedPlate
from portal.jobs import JobStatus
from portal.sentences import gettext as _
from portal.sentences import joined

NOTHING = np.zeros((0, 0), np.float32)


class NoQuery(CoreError):  # noqa: N818 -- an answer, not a fault
    """None of the query pictures can be searched by; the message says why."""


@dataclass(frozen=True)
class Query:
    """What is compared with what is stored.

    Attributes:
        features: Q×D unit vectors of the pictures of the target; none where only words are searched by.
        rejected: R×D unit vectors of candidates that a person has rejected.
        wanted: What the description says, as far as the describer knows it.
        heads: The describer's attributes; none where there is no describer.
        plate: The number plate that is asked for.
    """

    features: NDArray[np.float32]
    rejected: NDArray[np.float32]
    wanted: tuple[Wanted, ...]
    heads: tuple[Head, ...]
    plate: AskedPlate | None = None

    @property
    def has_pictures(self) -> bool:
        return len(self.features) > 0

    @property
    def has_words(self) -> bool:
        """Are there words that the describer of now knows?"""
        return knows_any(self.heads, self.wanted)

    @property
    def is_filtering(self) -> bool:
        return any(one.is_required for one in self.wanted)


def features_of(row: Search) -> NDArray[np.float32]:
    """Return the query's Q×D unit vectors; a picture that shows nobody keeps its error on its row."""
    vectors = []
    for picture in row.pictures.usable():
        try:
            vectors.append(_vector_of(row, picture))
        except (NoQuery, ImageError, OSError) as error:
            picture.error = in_words(error, name=picture.original_name)
            picture.save(update_fields=["error"])
    if vectors:
        return np.concatenate(vectors)
    errors = joined(row.pictures.exclude(error="").values_list("error", flat=True))
    if errors or not (row.wanted or row.is_by_plate):
        raise NoQuery(errors or _("Add a picture to search by."))
    return NOTHING


def rejected_features_of(row: Search) -> NDArray[np.float32]:
    """Return R×D unit vectors of the candidates that push away; one whose picture is gone pushes nothing."""
    vectors = []
    for picture in row.pictures.against():
        try:
            vectors.append(_vector_of(row, picture))
        except (ImageError, OSError):
            continue
    return np.concatenate(vectors) if vectors else NOTHING


def wanted_of(row: Search) -> tuple[Wanted, ...]:
    return tuple(Wanted(one["attribute"], one["value"], bool(one.get("required"))) for one in row.wanted)


def heads_of(describer: str) -> tuple[Head, ...]:
    """The attributes that a describer knows; none without one.

    Raises:
        ModelError: The manifest does not have it.
    """
    return model_store().entry(base_of(describer), task="describer").heads if describer else ()


def knows_any(heads: Sequence[Head], wanted: Sequence[Wanted]) -> bool:
    values = {head.name: head.values for head in heads}
    return any(one.value in values.get(one.attribute, ()) for one in wanted)


def known_heads_of(describer: str) -> tuple[Head, ...]:
    """As `heads_of`; a describer that is gone knows nothing."""
    try:
        return heads_of(describer)
    except ModelError:
        return ()


def incomparable(row: Search) -> SightingQuerySet:
    """Sightings of the search's kind that it cannot compare: without a feature of its embedder or, where it has words
    alone, without a description of its describer; by a plate alone, those at which its reader has not looked."""
    sightings = Sighting.objects.current().filter(kind=row.kind)
    if row.had_pictures():
        return sightings.exclude(features__embedder=row.embedder)
    if row.wanted:
        return sightings.exclude(descriptions__describer=row.describer)
    if row.is_by_plate:
        return sightings.unread_by(row.plate_reader)
    return sightings.exclude(features__embedder=row.embedder)


def compared_by(row: Search) -> SightingQuerySet:
    """Sightings in the cameras and hours of the search that have what it compares, of recordings that had been analysed
    when it began."""
    begun = row.started_at or row.requested_at
    read = Analysis.objects.filter(status=JobStatus.DONE, ended_at__lte=begun).values("recording")
    sightings = Sighting.objects.filter(recording__in=read, camera__in=row.cameras.values("pk"))
    return asked_by(row, sightings).filter(**compared_with(row))


def asked_by(row: Search, sightings: SightingQuerySet) -> SightingQuerySet:
    """Those of the kind and in the hours of the search, small ones if it wants them."""
    rows = sightings.current().filter(kind=row.kind).seen_between(row.starts_at, row.ends_at)
    return rows if row.includes_small else rows.filter(is_small=False)


def compared_with(row: Search) -> dict[str, str]:
    """What a sighting must have to be compared, as a condition."""
    if is_by_plate_alone(row):
        return {"plates__reader": row.plate_reader}
    if row.wanted and not row.had_pictures():
        return {"descriptions__describer": row.describer}
    return {"features__embedder": row.embedder}


def is_by_plate_alone(row: Search) -> bool:
    return row.is_by_plate and not row.wanted and not row.had_pictures()


def cut_out(image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """Return the part of the picture within the box, cut at its edges; at least one pixel."""
    height, width = image.shape[:2]
    x1, y1 = max(0, min(width - 1, int(box[0]))), max(0, min(height - 1, int(box[1])))
    x2, y2 = max(x1 + 1, min(width, round(box[2]))), max(y1 + 1, min(height, round(box[3])))
    return image[y1:y2, x1:x2]


def stored_features(embedder: str, sighting_ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
    """Unit vectors by sighting; those without one of this model are left out."""
    return Feature.objects.of_model(embedder).filter(sighting__in=sighting_ids).vectors_by("sighting_id")


def _vector_of(row: Search, picture: QueryPicture) -> NDArray[np.float32]:
    """1×D: of a sighting what is stored of it, of any other picture what the embedder makes of it."""
    if picture.sighting_id and picture.box is None:
        stored = stored_features(row.embedder, [picture.sighting_id])
        if picture.sighting_id in stored:
            return stored[picture.sighting_id][None]
    return _embed(row, picture)


def _embed(row: Search, picture: QueryPicture) -> NDArray[np.float32]:
    image = decode_jpeg(picture.image.read())  # read_image has checked it when it was handed over
    box = picture.box
    if box is None and picture.sighting_id is None:
        box = propose_box(image, get_detector(settings.DETECTOR_MODEL), kind=Kind(row.kind))
        if box is None:
            raise NoQuery(_nobody_found(row.kind) % {"name": picture.original_name})
        picture.x1, picture.y1, picture.x2, picture.y2 = box
        picture.save(update_fields=["x1", "y1", "x2", "y2"])
    camera = picture.sighting.camera_id if picture.sighting else None
    crop = image if box is None else cut_out(image, box)
    return embed_query(get_embedder(row.embedder, camera), [crop], Kind(row.kind))


def _nobody_found(kind: str) -> str:
    if kind == Sighting.Kind.PERSON:
        return _("%(name)s: no person was found in this picture. Draw a box around the one you mean.")
    return _("%(name)s: no vehicle was found in this picture. Draw a box around the one you mean.")
