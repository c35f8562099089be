"""Whether the vehicle of an alert looks like the wanted one: its colour and type as the entry has them, beside what
the model saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from inference.core.attributes import UNKNOWN, Answers
from inference.core.errors import ModelError
from inference.core.figures import percent
from inference.core.manifest import base_of
from inference.descriptions import answers_of
from inference.engine import describer_id
from inference.models import Description, Sighting
from inference.sayings import say
from investigations.models import SearchRequest, WatchAlert

Colour, VehicleType = SearchRequest.Colour, SearchRequest.VehicleType


class Fit(StrEnum):
    """How what was seen agrees with what is wanted; the names are those of the search's candidates."""

    FITS = "fits"
    NOT = "not"
    UNSURE = "unsure"
    UNSEEN = ""  # no model has looked


@dataclass(frozen=True)
class Look:
    """One thing that the entry says of its vehicle, what the model says of that, and how sure it is."""

    wanted: str
    fit: Fit
    seen: str = ""
    percent: str = ""


# What the describer calls each, by its attributes: none may say otherwise, and the last has to say so.
Names = Mapping[str, frozenset[str]]
_COLOURS: Mapping[str, Names] = {colour.value: {"colour": frozenset({colour.value})} for colour in Colour} | {
    Colour.GREY.value: {"colour": frozenset({"grey", "silver"})}
}
_TYPES: Mapping[str, Names] = {kind.value: {"type": frozenset({kind.value})} for kind in VehicleType} | {
    VehicleType.SUV.value: {"type": frozenset({"car"}), "body": frozenset({"suv"})}
}


def looks_of(alert: WatchAlert) -> list[Look]:
    """What the entry says of its vehicle against what was seen; the sighting's `descriptions` are prefetched."""
    entry = alert.entry
    said = _answers(alert.sighting) if alert.sighting else {}
    wanted: list[tuple[Names | None, Any]] = [
        (_COLOURS.get(entry.vehicle_colour), entry.get_vehicle_colour_display()),
        (_TYPES.get(entry.vehicle_type), entry.get_vehicle_type_display()),
    ]
    return [_look(str(label), names, said) for names, label in wanted if names]


def _look(label: str, names: Names, said: Answers) -> Look:
    asked = [attribute for attribute in names if attribute in said]
    if not asked:
        return Look(label, Fit.UNSEEN)
    known = [(attribute, *said[attribute][0]) for attribute in asked if said[attribute][0][0] != UNKNOWN]
    if not known:
        return Look(label, Fit.UNSURE)
    other = next((one for one in known if one[1] not in names[one[0]]), None)
    attribute, value, probability = other or known[-1]
    fit = Fit.NOT if other else Fit.FITS if attribute == list(names)[-1] else Fit.UNSURE
    return Look(label, fit, say(attribute, value), percent(probability))


def _answers(sighting: Sighting) -> Answers:
    """By the describer in use if it has looked, else by the last that has; nothing of one that is gone."""
    in_use, rows = describer_id(sighting.kind), list(sighting.descriptions.all())
    row: Description | None = max(rows, key=lambda one: (base_of(one.describer) == in_use, one.pk), default=None)
    try:
        return answers_of(row) if row else {}
    except ModelError:
        return {}
