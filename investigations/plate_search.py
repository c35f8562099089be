"""What a search by number plate finds: who has a plate near enough to be listed for it, and what each plate says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from inference.core.plates import Pattern, plate_distance
from inference.core.plates.evidence import body_chance, far_from, match_chance, plate_evidence
from inference.engine import confusions_of
from inference.models import Plate, PlateQuerySet, SightingQuerySet
from inference.plates import find_plates
from investigations.models import Search
from investigations.plates import pattern_of
from portal.sentences import gettext as _
from portal.sentences import ngettext


@dataclass(frozen=True)
class AskedPlate:
    """The plate that a search asks for, and the reader among whose reads it is looked for; none if that is empty."""

    pattern: Pattern
    reader: str

    @cached_property
    def chance(self) -> float:
        """How often a plate at random matches: the rarer, the more a match says."""
        return match_chance(self.pattern)

    @property
    def far(self) -> float:
        """From where on nobody is listed for the plate alone. A region tells nothing of who is as near without it."""
        return far_from(body_chance(self.pattern))

    def worth(self, distance: float) -> float:
        """Log-odds of a read at this distance."""
        return plate_evidence(distance, self.chance)


@dataclass(frozen=True)
class ReadPlate:
    """What was read of a sighting's plate, and how far that is from what was asked for; and by which camera."""

    text: str
    distance: float
    camera_id: int = 0


ReadPlates = Mapping[int, ReadPlate]
NO_PLATES: ReadPlates = {}


def asked_plate_of(row: Search) -> AskedPlate | None:
    """Raises PlateError where the kept text is no pattern, which no search begun by the verb has."""
    return AskedPlate(pattern_of(row.plate), row.plate_reader) if row.is_by_plate else None


def near_plates(row: Search, asked: AskedPlate, sightings: SightingQuerySet, *, limit: int) -> ReadPlates:
    """By sighting the plates that are near enough to make a candidate by themselves, among those of `sightings`."""
    found = find_plates(
        asked.pattern,
        camera_ids=list(row.cameras.values_list("pk", flat=True)),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        includes_small=row.includes_small,
        limit=limit,
        reader=asked.reader,
    )
    near: dict[int, ReadPlate] = {}
    for match in found:
        if match.distance <= asked.far:
            near.setdefault(match.sighting_id, ReadPlate(match.text, round(match.distance, 4)))
    allowed = sightings.filter(pk__in=list(near)).values_list("pk", "camera_id")
    return {pk: replace(near[pk], camera_id=camera_id) for pk, camera_id in allowed}


def plates_read(asked: AskedPlate, sighting_ids: Sequence[int], near: ReadPlates) -> ReadPlates:
    """By sighting all that was read of these, however far it is from what was asked for."""
    rows = _reads(asked.reader, sighting_ids).exclude(sighting__in=list(near))
    texts = dict(rows.values_list("sighting_id", "text"))
    if not texts:
        return near
    confusions = confusions_of(asked.reader)
    far = {pk: ReadPlate(text, round(plate_distance(asked.pattern, text, confusions), 4)) for pk, text in texts.items()}
    return {**far, **near}


def plates_compared(row: Search, sightings: SightingQuerySet) -> int:
    """How many of these have a plate that the search's reader has read."""
    return _reads(row.plate_reader, sightings).count()


def plate_warnings(row: Search, sightings: SightingQuerySet, *, is_alone: bool) -> list[str]:
    """Say whose plates could not be compared, so that who was not found is not taken for not there.

    Args:
        row: The search.
        sightings: The vehicles that it may compare.
        is_alone: Whether the plate is all that it goes by, so that without one nobody is in its list. Else those are
            compared by the rest, and listed below whose plate fits.
    """
    if not row.plate_reader:
        return [_("No model reads number plates here: they were not compared.")]
    lines: list[str] = []
    if unread := sightings.unread_by(row.plate_reader).values("recording").distinct().count():
        said = ngettext(
            "In %(count)d recording number plates were not looked for: it was analysed without a reader of plates.",
            "In %(count)d recordings number plates were not looked for: they were analysed without a reader of plates.",
            unread,
        )
        lines.append(said % {"count": unread})
    vehicles = sightings.count()
    if plateless := vehicles - plates_compared(row, sightings):
        without = _without_plates_alone(vehicles) if is_alone else _without_plates(vehicles)
        lines.append(without % {"count": plateless, "all": vehicles})
    return lines


def _without_plates_alone(vehicles: int) -> str:
    return ngettext(
        "No plate was read of %(count)d of %(all)d vehicle: it may be there all the same.",
        "No plate was read of %(count)d of %(all)d vehicles: it may be among them.",
        vehicles,
    )


def _without_plates(vehicles: int) -> str:
    return ngettext(
        "No plate was read of %(count)d of %(all)d vehicle: it was compared by the rest alone.",
        "No plate was read of %(count)d of %(all)d vehicles: these were compared by the rest alone.",
        vehicles,
    )


def _reads(reader: str, sightings: SightingQuerySet | Sequence[int]) -> PlateQuerySet:
    """What one reader has read of these; what others have is not compared with it."""
    return Plate.objects.of_reader(reader).filter(sighting__in=sightings)
