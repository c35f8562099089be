"""What the pages of the watch list show of an alert: its pictures, what was read against what is wanted, and where to
go from there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from inference.core.errors import PlateError
from inference.core.plates.marks import Mark, State, mark_plate
from investigations.models import Case, WatchAlert
from investigations.pictures import clip_url, plate_url, sighting_url
from investigations.reads import differences_of, read_of
from investigations.watch.looks import Look, looks_of
from portal.accounts.models import User


@dataclass(frozen=True)
class Line:
    """What an alert says of its entry. Addresses are empty where there is nowhere to go. `is_outdated`: the read was as
    it was asked for, before the entry was corrected."""

    alert: WatchAlert
    marks: tuple[Mark, ...]
    differences: str
    looks: Sequence[Look]
    footage: str
    search: str

    @property
    def is_outdated(self) -> bool:
        return bool(self.differences) and not self.alert.is_similar


@dataclass(frozen=True)
class Card:
    """A sighting with the alerts about it in one state, the likest first: one card, and one decision. Addresses are
    empty where there is nothing to show any more."""

    lines: Sequence[Line]
    plate: str
    vehicle: str
    clip: str
    camera: str

    @property
    def first(self) -> Line:
        return self.lines[0]

    @property
    def alert(self) -> WatchAlert:
        return self.first.alert

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self.first.marks

    @property
    def differences(self) -> str:
        return self.first.differences

    @property
    def has_footage(self) -> bool:
        return any(line.footage for line in self.lines)


def cards_of(alerts: Iterable[WatchAlert], viewer: User) -> list[Card]:
    """The alerts of a page, whose look the caller has just accounted for, read by `for_pages`."""
    groups: dict[tuple[int, str], list[WatchAlert]] = defaultdict(list)
    for alert in alerts:
        groups[alert.sighting_id or -alert.pk, alert.status].append(alert)
    return [_card(sorted(group, key=lambda one: (one.distance, one.pk)), viewer) for group in groups.values()]


def marks_of(alert: WatchAlert) -> tuple[Mark, ...]:
    try:
        return mark_plate(alert.entry.pattern, alert.text)
    except PlateError:  # no verb writes such a plate
        return tuple(Mark(one, State.OPEN) for one in alert.text)


def _card(alerts: Sequence[WatchAlert], viewer: User) -> Card:
    alert = alerts[0]
    sighting = alert.sighting
    plate = read_of(sighting, alert.text) if sighting else None
    return Card(
        lines=[_line(one) for one in alerts],
        plate=plate_url(plate.pk, viewer) if plate else "",
        vehicle=sighting_url(sighting.pk, viewer) if sighting else "",
        clip=clip_url(sighting.pk, viewer) if sighting else "",
        camera=f"{reverse('camera-map')}#camera={alert.camera_id}",
    )


def _line(alert: WatchAlert) -> Line:
    marks, request = marks_of(alert), alert.entry.request
    is_of_vehicle = request is not None and request.case.kind == Case.Kind.VEHICLE
    workspace = reverse("workspace", args=[request.pk]) if request and request.is_searchable else ""
    return Line(
        alert=alert,
        marks=marks,
        differences=differences_of(marks),
        looks=looks_of(alert),
        footage=f"{workspace}#footage={alert.camera_id}@{alert.seen_at:%Y-%m-%dT%H:%M:%SZ}" if workspace else "",
        search=f"{workspace}#sighting={alert.sighting_id}" if workspace and alert.sighting and is_of_vehicle else "",
    )
