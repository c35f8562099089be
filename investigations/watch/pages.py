"""What the pages of the watch list show of an alert: its pictures, what was read against what is wanted, and where to
go from there."""

from collections.abc import Sequence
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
class Card:
    """An alert as it is shown. Addresses are empty where there is nothing to show any more, or nowhere to go."""

    alert: WatchAlert
    marks: tuple[Mark, ...]
    differences: str
    looks: Sequence[Look]
    plate: str
    vehicle: str
    clip: str
    footage: str
    search: str
    camera: str


def cards_of(alerts: Sequence[WatchAlert], viewer: User) -> list[Card]:
    """The alerts of a page, whose look the caller has just accounted for, read by `for_pages`."""
    return [_card(alert, viewer) for alert in alerts]


def marks_of(alert: WatchAlert) -> tuple[Mark, ...]:
    try:
        return mark_plate(alert.entry.pattern, alert.text)
    except PlateError:  # no verb writes such a plate
        return tuple(Mark(one, State.OPEN) for one in alert.text)


def _card(alert: WatchAlert, viewer: User) -> Card:
    marks, sighting, request = marks_of(alert), alert.sighting, alert.entry.request
    plate = read_of(sighting, alert.text) if sighting else None
    is_of_vehicle = request is not None and request.case.kind == Case.Kind.VEHICLE
    workspace = reverse("workspace", args=[request.pk]) if request and request.is_searchable else ""
    return Card(
        alert=alert,
        marks=marks,
        differences=differences_of(marks),
        looks=looks_of(alert),
        plate=plate_url(plate.pk, viewer) if plate else "",
        vehicle=sighting_url(sighting.pk, viewer) if sighting else "",
        clip=clip_url(sighting.pk, viewer) if sighting else "",
        footage=f"{workspace}#footage={alert.camera_id}@{alert.seen_at:%Y-%m-%dT%H:%M:%SZ}" if workspace else "",
        search=f"{workspace}#sighting={sighting.pk}" if workspace and sighting and is_of_vehicle else "",
        camera=f"{reverse('camera-map')}#camera={alert.camera_id}",
    )
