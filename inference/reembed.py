"""After a change of models: features, descriptions and plates anew from the stored best pictures, not from footage."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import transaction
from django.db.models.fields.files import FieldFile
from numpy.typing import NDArray

from inference.core.attributes import Describer, pack
from inference.core.detections import Kind
from inference.core.errors import CoreError
from inference.core.images import decode_jpeg, encode_jpeg
from inference.core.plates.spotter import PlateSpotter, SeenPlate
from inference.core.reid import Embedder
from inference.models import Description, Feature, Plate, Sighting, SightingQuerySet
from inference.plate_rows import add_picture, plate_of
from inference.tuning import TunedEmbedder, map_stored

logger = logging.getLogger(__name__)

BATCH = 64

OnProgress = Callable[[int, int], None]
Picture = tuple[int, NDArray[np.uint8]]
# Makes the rows of the sightings of a batch, by their pictures.
Maker = Callable[[Sequence[Picture]], None]


def reembed(embedder: Embedder, kind: Kind, on_progress: OnProgress) -> tuple[int, int]:
    """Give every sighting of `kind` that lacks one a feature of `embedder`.

    May be stopped and started again: what is there stays, and features of other models stay beside it. Those of a
    model tuned to the site are made from its base's; where these are missing, they are made first.

    Returns:
        How many were made, and how many could not be.
    """

    if isinstance(embedder, TunedEmbedder):
        _made, failed = reembed(embedder.base, kind, on_progress)
        return map_stored(embedder, kind, on_progress), failed

    def make(pictures: Sequence[Picture]) -> None:
        vectors = embedder.embed([picture for _pk, picture in pictures]).astype("<f2")
        made = [
            Feature(sighting_id=pk, embedder=embedder.id, vector=vector.tobytes())
            for (pk, _picture), vector in zip(pictures, vectors, strict=True)
        ]
        _write(Feature, made)

    return _fill(_of_kind(kind).exclude(features__embedder=embedder.id), make, on_progress)


def redescribe(describer: Describer, kind: Kind, on_progress: OnProgress) -> tuple[int, int]:
    """Give every sighting of `kind` that lacks one a description of `describer`, as `reembed` does with features."""

    def make(pictures: Sequence[Picture]) -> None:
        rows = describer.describe([picture for _pk, picture in pictures])
        made = [
            Description(sighting_id=pk, describer=describer.id, probabilities=pack(row))
            for (pk, _picture), row in zip(pictures, rows, strict=True)
        ]
        _write(Description, made)

    return _fill(_of_kind(kind).exclude(descriptions__describer=describer.id), make, on_progress)


class Reread(NamedTuple):
    """At how many pictures was looked, how many plates were read, and how many pictures could not be."""

    looked_at: int
    read: int
    failed: int


def reread_plates(spotter: PlateSpotter, on_progress: OnProgress) -> Reread:
    """Look for a number plate in the picture of every vehicle at which this reader has not looked yet.

    May be stopped and started again, as `reembed`. A plate that the reader has read from footage stays: one picture
    says less than a whole track.
    """
    reader, read = spotter.reader.id, 0

    def make(pictures: Sequence[Picture]) -> None:
        nonlocal read
        seen = spotter.spot([picture for _pk, picture in pictures])
        surest = [plates[0] if plates else None for plates in seen]
        read += _write_plates(reader, {pk: plate for (pk, _picture), plate in zip(pictures, surest, strict=True)})

    looked_at, failed = _fill(Sighting.objects.unread_by(reader), make, on_progress)
    return Reread(looked_at, read, failed)


def _write_plates(reader: str, seen: Mapping[int, SeenPlate | None]) -> int:
    """Write what was read of sightings that are still there, and that it was looked for; return how many plates."""
    new_files: list[FieldFile] = []
    try:
        with transaction.atomic():
            rows = list(Sighting.objects.filter(pk__in=seen).order_by("pk").select_for_update(no_key=True))
            plates = Plate.objects.of_reader(reader).filter(sighting__in=rows)
            has_plate = set(plates.values_list("sighting_id", flat=True))
            for row in rows:
                plate = seen[row.pk]
                if plate is not None and row.pk not in has_plate:
                    new = plate_of(row, reader, plate.read, reads=1, seen_at=row.seen_at)
                    add_picture(new, encode_jpeg(plate.picture))
                    new_files.append(new.image)
                    new.save()
            Sighting.objects.filter(pk__in=[row.pk for row in rows]).update(plate_reader=reader)
    except BaseException:
        for file in new_files:
            file.storage.delete(str(file.name))
        raise
    return len(new_files)


def _of_kind(kind: Kind) -> SightingQuerySet:
    return Sighting.objects.filter(kind=kind)


def _fill(lacking: SightingQuerySet, make: Maker, on_progress: OnProgress) -> tuple[int, int]:
    total, done, made, last = lacking.count(), 0, 0, 0
    # By primary key, not from the start each time: pictures that cannot be read stay lacking.
    while batch := list(lacking.filter(pk__gt=last).order_by("pk")[:BATCH]):
        pictures = list(_pictures(batch))
        if pictures:
            make(pictures)
        done, made, last = done + len(batch), made + len(pictures), batch[-1].pk
        on_progress(done, max(done, total))  # analyses may add some meanwhile
    return made, done - made


def _write(model: type[Feature] | type[Description], made: Sequence[Any]) -> None:
    """Write the rows of sightings that are still there; an analysis may have written some of them meanwhile."""
    with transaction.atomic():
        rows = Sighting.objects.filter(pk__in=[row.sighting_id for row in made]).order_by("pk")
        alive_ids = set(rows.select_for_update(no_key=True).values_list("pk", flat=True))
        model._default_manager.bulk_create([row for row in made if row.sighting_id in alive_ids], ignore_conflicts=True)


def _pictures(batch: Sequence[Sighting]) -> Iterator[Picture]:
    for sighting in batch:
        try:
            yield sighting.pk, decode_jpeg(sighting.image.read())
        except (CoreError, OSError) as error:
            logger.warning("sighting %s: %s", sighting.pk, error)
        finally:
            sighting.image.close()
