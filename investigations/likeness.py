"""How alike each candidate is to each picture of its query, where there are several: numbers, kept beside the pictures.

Derived by the search, and never needed: without the file the page does not say which picture fits best.
"""

import json
from collections.abc import Iterable, Sequence

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from inference.models import Feature
from investigations.models import Search

Best = tuple[int, float]


def keep_likeness(search: Search, query: NDArray[np.float32], sighting_ids: Sequence[int]) -> None:
    """Write down which query picture (rows of `query`, in order) each sighting is most like."""
    pictures = list(search.pictures.usable().values_list("pk", flat=True))
    if len(pictures) < 2 or len(pictures) != len(query):
        return
    vectors = Feature.objects.of_model(search.embedder).filter(sighting__in=sighting_ids).vectors_by("sighting_id")
    if not vectors:
        return
    scores = np.stack(list(vectors.values())) @ query.T
    nearest = zip(vectors, scores, scores.argmax(1), strict=True)
    best = {pk: [pictures[at], round(float(row[at]), 4)] for pk, row, at in nearest}
    name = file_name(search.pk)
    default_storage.delete(name)
    default_storage.save(name, ContentFile(json.dumps(best).encode()))


def likeness_of(search: Search) -> dict[int, Best]:
    """Return the best picture and its similarity by sighting; empty where nothing (readable) is kept."""
    try:
        with default_storage.open(file_name(search.pk)) as file:
            return {int(pk): (int(picture), float(score)) for pk, (picture, score) in json.load(file).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def files_of(search_ids: Iterable[int]) -> list[str]:
    """The files that go when the searches' pictures go."""
    return [file_name(pk) for pk in search_ids]


def file_name(search_id: int) -> str:
    return f"queries/{search_id}/likeness.json"
