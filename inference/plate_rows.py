"""Rows of number plates made of what a reader says."""

from datetime import datetime

from django.core.files.base import ContentFile

from inference.core.plates import Character, PlateRead
from inference.models import Plate, Sighting

# What is less likely is not worth its room: nobody looks for it, nobody is shown it.
LEAST_CHANCE = 0.001
# As many as the column takes; a car parked in view is read ever again.
MOST_READS = 32_767
# Chances are kept to so many digits, so that the same read gives the same row.
DIGITS = 4


def plate_of(sighting: Sighting, reader: str, read: PlateRead, *, reads: int, seen_at: datetime) -> Plate:
    """Return the row of a read, without its picture and not yet saved."""
    return Plate(
        sighting=sighting,
        reader=reader,
        text=read.text,
        confidence=round(read.confidence, DIGITS),
        characters=[_choices(one) for one in read.characters],
        reads=min(reads, MOST_READS),
        seen_at=seen_at,
    )


def add_picture(plate: Plate, jpeg: bytes) -> None:
    """Write the file. Whoever does not come to save the row deletes it again."""
    plate.image.save("plate.jpg", ContentFile(jpeg), save=False)


def is_same(one: Plate, other: Plate) -> bool:
    """Whether both say the same of the same moment."""
    return all(
        getattr(one, name) == getattr(other, name) for name in ("text", "confidence", "characters", "reads", "seen_at")
    )


def _choices(character: Character) -> list[list[str | float]]:
    best, *others = character.choices
    kept = [best, *(pair for pair in others if pair[1] >= LEAST_CHANCE)]
    return [[one, round(chance, DIGITS)] for one, chance in kept]
