"""What was read of a sighting's number plate, as people are shown it."""

from collections.abc import Sequence

from django.conf import settings

from inference.core.plates.marks import Mark, mark_plate
from inference.models import Plate, Sighting
from investigations.models import Search
from investigations.plates import pattern_of


def read_of(sighting: Sighting, text: str = "") -> Plate | None:
    """The read that counts, out of those that were prefetched: the one with this text, else by the reader in use."""
    rows = list(sighting.plates.all())
    return max(
        rows, key=lambda row: (row.text == text, row.reader == settings.PLATE_READER_MODEL, row.pk), default=None
    )


def marks_of(search: Search, text: str) -> Sequence[Mark]:
    """Say of each character of a read whether it is what the search asks for."""
    return mark_plate(pattern_of(search.plate), text)
