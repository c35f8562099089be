"""What the pages of the watch list show of an alert: its pictures, what was read against what is wanted, and where to
go from there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from django.conf import settings
from django.urls import reverse

from inference.core.errors import PlateError
from inference.core.plates import PlateRead
from inference.core.plates.marks import Mark, State, mark_plate
from inference.engine import confusions_of
from investigations.models import Case, WatchAlert, WatchEntry
from investigations.pictures import clip_url, plate_url, sighting_url
from investigations.reads import differences_of, read_of
from investigations.watch.looks import Look, looks_of
from investigations.watch.match import distance_of
from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry


@dataclass(frozen=True)
class Line:
    """What an alert says of its entry. Addresses are empty where there is nowhere to go. `distance` is that of the read
    from the plate as it is wanted now; None if it was like it only before the entry was corrected."""

    alert: WatchAlert
    distance: float | None
    marks: tuple[Mark, ...]
    differences: str
    looks: Sequence[Look]
    footage: str
    search: str

    @property
    def is_similar(self) -> bool:
        return bool(self.distance)

    @property
    def is_outdated(self) -> bool:
        return self.distance is None

    @property
    def rank(self) -> tuple[float, int]:
        return inf if self.distance is None else self.distance, self.alert.pk


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
    listed = list(alerts)
    corrected = _corrected({alert.entry_id for alert in listed})
    groups: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for alert in listed:
        distance = _distance_now(alert) if alert.entry_id in corrected else alert.distance
        groups[alert.sighting_id or -alert.pk, alert.status].append(_line(alert, distance))
    return [_card(sorted(lines, key=lambda line: line.rank), viewer) for lines in groups.values()]


def marks_of(alert: WatchAlert) -> tuple[Mark, ...]:
    try:
        return mark_plate(alert.entry.pattern, alert.text)
    except PlateError:  # no verb writes such a plate
        return tuple(Mark(one, State.OPEN) for one in alert.text)


def _corrected(entry_ids: Iterable[int]) -> set[int]:
    """Those whose plate was corrected, by the audit trail."""
    target_ids, kind = [str(pk) for pk in entry_ids], WatchEntry._meta.label_lower
    rows = AuditEntry.objects.filter(action=Action.WATCH_CORRECTED, target_type=kind, target_id__in=target_ids)
    return {int(pk) for pk, details in rows.values_list("target_id", "details") if "plate" in details["changed"]}


def _distance_now(alert: WatchAlert) -> float | None:
    """How far what was read is from what is wanted now; None if it is not alike."""
    plate = read_of(alert.sighting, alert.text) if alert.sighting else None
    try:
        if plate is None or plate.text != alert.text:  # of what was read, the text is left
            return distance_of(alert.entry.pattern, PlateRead(alert.text), confusions_of(settings.PLATE_READER_MODEL))
        return distance_of(alert.entry.pattern, plate.read, confusions_of(plate.reader))
    except PlateError:  # no verb writes such a plate
        return None


def _card(lines: Sequence[Line], viewer: User) -> Card:
    alert = lines[0].alert
    sighting = alert.sighting
    plate = read_of(sighting, alert.text) if sighting else None
    return Card(
        lines=lines,
        plate=plate_url(plate.pk, viewer) if plate else "",
        vehicle=sighting_url(sighting.pk, viewer) if sighting else "",
        clip=clip_url(sighting.pk, viewer) if sighting else "",
        camera=f"{reverse('camera-map')}#camera={alert.camera_id}",
    )


def _line(alert: WatchAlert, distance: float | None) -> Line:
    marks, request = marks_of(alert), alert.entry.request
    is_of_vehicle = request is not None and request.case.kind == Case.Kind.VEHICLE
    workspace = reverse("workspace", args=[request.pk]) if request and request.is_searchable else ""
    return Line(
        alert=alert,
        distance=distance,
        marks=marks,
        differences=differences_of(marks),
        looks=looks_of(alert),
        footage=f"{workspace}#footage={alert.camera_id}@{alert.seen_at:%Y-%m-%dT%H:%M:%SZ}" if workspace else "",
        search=f"{workspace}#sighting={alert.sighting_id}" if workspace and alert.sighting and is_of_vehicle else "",
    )
