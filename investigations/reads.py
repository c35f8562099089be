"""What was read of a sighting's number plate, as people are shown it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils.translation import ngettext

from inference.core.plates import PlateRead
from inference.core.plates.agreement import LIKELY, are_of_two_plates
from inference.core.plates.marks import Mark, State, mark_plate
from inference.engine import confusions_of
from inference.models import Plate, Sighting
from investigations.models import AnswerItem, PathPoint, Search
from investigations.plates import pattern_of
from portal.sentences import gettext as _


def read_of(sighting: Sighting, text: str = "") -> Plate | None:
    """The read that counts, out of those that were prefetched: the one with this text, else by the reader in use."""
    rows = list(sighting.plates.all())
    return max(
        rows, key=lambda row: (row.text == text, row.reader == settings.PLATE_READER_MODEL, row.pk), default=None
    )


def marks_of(search: Search, text: str) -> Sequence[Mark]:
    """Say of each character of a read whether it is what the search asks for."""
    return mark_plate(pattern_of(search.plate), text)


def differences_of(marks: Sequence[Mark]) -> str:
    """Say what of a read is not as it was asked for: other characters, and how many are too many or too few."""
    counts = Counter(mark.state for mark in marks)
    said = [" ".join(mark.character for mark in marks if mark.state == State.OTHER)]
    if more := counts[State.ADDED]:
        words = ngettext("%(count)d character more than asked", "%(count)d characters more than asked", more)
        said.append(words % {"count": more})
    if fewer := counts[State.MISSING]:
        words = ngettext("%(count)d character fewer than asked", "%(count)d characters fewer than asked", fewer)
        said.append(words % {"count": fewer})
    return ", ".join(filter(None, said))


def note_plates_of(points: Sequence[PathPoint]) -> None:
    """Note on each point of a path which plate was read before, where its own contradicts that."""
    for point, plate in zip(points, plates_before(point.sighting for point in points), strict=True):
        point.other_plate = plate


def note_plates_of_items(items: Sequence[AnswerItem]) -> None:
    """Note the same on the sightings of an answer that is about to be sent."""
    reads = [PlateRead(item.plate, item.plate_confidence or 0.0) if item.plate else None for item in items]
    for item, plate in zip(items, other_plates(reads), strict=True):
        item.other_plate = plate


def plates_before(sightings: Iterable[Sighting]) -> list[str]:
    """`other_plates` of what was read of sightings, which are in the order of a path."""
    plates = [read_of(sighting) for sighting in sightings]
    return other_plates(PlateRead(plate.text, plate.confidence) if plate else None for plate in plates)


def other_plates(reads: Iterable[PlateRead | None]) -> list[str]:
    """Say of each read along a path which plate was read before it, if that is another vehicle's; empty if none was.

    Args:
        reads: In the order of the stops; None where nothing was read.
    """
    listed = list(reads)
    if len({read.text for read in listed if read}) < 2:
        return [""] * len(listed)
    confusions = confusions_of(settings.PLATE_READER_MODEL)
    before: PlateRead | None = None
    found = []
    for read in listed:
        is_other = before is not None and read is not None and are_of_two_plates(before, read, confusions)
        found.append(before.text if before and is_other else "")
        # Of one vehicle's reads the surest is what the next are held against, and of another's none that is unlikely.
        if read and (before is None or read.confidence > (LIKELY if is_other else before.confidence)):
            before = read
    return found


def say_other_plate(plate: str) -> str:
    """Say that a stop has another plate than this one, which was read before."""
    return _("Another number plate than before (%(plate)s): check whether it is the same vehicle.") % {"plate": plate}
