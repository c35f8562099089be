"""After a change of the embedder: features anew from the stored best pictures, without looking at footage again."""

import logging
from collections.abc import Callable, Iterator

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from inference.core.errors import CoreError
from inference.core.images import decode_jpeg
from inference.core.reid import Embedder
from inference.models import Feature, Sighting

logger = logging.getLogger(__name__)

BATCH = 64


def reembed(embedder: Embedder, on_progress: Callable[[int, int], None]) -> tuple[int, int]:
    """Give every sighting that lacks one a feature of `embedder`; return how many were made and how many could not be.

    May be stopped and started again: what is there stays, and features of other models stay beside it.
    """
    ids = list(Sighting.objects.exclude(features__embedder=embedder.id).order_by("pk").values_list("pk", flat=True))
    made = 0
    for at in range(0, len(ids), BATCH):
        made += _embed_batch(embedder, ids[at : at + BATCH])
        on_progress(min(at + BATCH, len(ids)), len(ids))
    return made, len(ids) - made


def _embed_batch(embedder: Embedder, ids: list[int]) -> int:
    readable = list(_pictures(ids))
    if not readable:
        return 0
    vectors = embedder.embed([picture for _pk, picture in readable])
    with transaction.atomic():
        Feature.objects.bulk_create(
            [
                Feature(sighting_id=pk, embedder=embedder.id, vector=vector.astype("<f2").tobytes())
                for (pk, _picture), vector in zip(readable, vectors, strict=True)
            ],
            ignore_conflicts=True,  # an analysis may have written one meanwhile
        )
    return len(readable)


def _pictures(ids: list[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    for sighting in Sighting.objects.filter(pk__in=ids):
        try:
            yield sighting.pk, decode_jpeg(sighting.image.read())
        except (CoreError, OSError) as error:
            logger.warning("sighting %s: %s", sighting.pk, error)
