"""What an evidence package says: plain, frozen values, which the rest of this package turns into files.

Nothing here knows the database. Times are aware datetimes, positions degrees, lengths metres, durations seconds.
Texts that differ between the two languages of the package are `Words`: their str() is in the language in force.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.utils.translation import get_language
from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Bilingual:
    """A text that exists in both languages, such as the name of a legal basis."""

    ko: str
    en: str

    def __str__(self) -> str:
        return self.ko if (get_language() or "ko").startswith("ko") else self.en


# A lazy translation (the label of a choice), both texts, or one text that is the same in both.
Words: TypeAlias = StrOrPromise | Bilingual


@dataclass(frozen=True)
class Person:
    """Somebody who answers for something: name, agency, and what they are there."""

    name: str
    agency: str = ""
    role: Words = ""


@dataclass(frozen=True)
class Act:
    """Somebody did something: asked, approved, searched, reviewed, answered. `note` is their reason, if any."""

    what: Words
    who: Person
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class GeoPoint:
    """A numbered stop of the path, and the hop that led to it (None for the first, and where views may meet).

    `plate` is its number plate as it was read (empty: none was), `plate_confidence` that of its least certain
    character, 0 to 1, and `other_plate` the one read before, where this one contradicts it: it may be another vehicle.
    """

    number: int
    camera_code: str
    camera_name: str
    latitude: float
    longitude: float
    first_seen_at: datetime
    last_seen_at: datetime
    hop_m: float | None = None
    hop_s: float | None = None
    speed_mps: float | None = None
    is_impossible: bool = False
    plate: str = ""
    plate_confidence: float | None = None
    other_plate: str = ""


@dataclass(frozen=True)
class Item:
    """A sighting of the answer.

    Attributes:
        point: Where and when, its number, and its plate.
        seen_at: The time of the picture.
        picture: The picture as a JPEG; None where the law has destroyed it.
        similarity: To the pictures searched by, 0 to 1: no probability.
        odds: How many times more often a pair so alike is one target than two; None where not calibrated.
        rank: Its place among all that was compared, from 1.
        compared: How many sightings were compared.
        reviews: Who confirmed it and when; two people, except in a provisional answer.
    """

    point: GeoPoint
    seen_at: datetime
    picture: bytes | None
    similarity: float | None = None
    odds: float | None = None
    rank: int | None = None
    compared: int | None = None
    reviews: tuple[Act, ...] = ()


@dataclass(frozen=True)
class CertificateRow:
    """A camera, the hours asked for, and how many seconds of these were searched or why not.

    Attributes:
        searched_s: Recorded, analysed and compared.
        offline_s: The camera is known to have been off.
        unindexed_s: Recorded, but not analysed.
        missing_s: No recording, for whatever reason.
        destroyed_s: Recorded once, and destroyed since as the law wants it.
    """

    camera_code: str
    camera_name: str
    starts_at: datetime
    ends_at: datetime
    searched_s: float
    offline_s: float = 0.0
    unindexed_s: float = 0.0
    missing_s: float = 0.0
    destroyed_s: float = 0.0
    position: tuple[float, float] | None = None

    @property
    def asked_s(self) -> float:
        return (self.ends_at - self.starts_at).total_seconds()

    @property
    def share(self) -> float:
        """The part of the hours asked for that was searched, 0 to 1."""
        return min(1.0, max(0.0, self.searched_s / self.asked_s)) if self.asked_s > 0 else 0.0


Ring: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class MapArea:
    """An administrative area for the base map: polygons of rings of (longitude, latitude), the first the outline."""

    name: str
    polygons: tuple[tuple[Ring, ...], ...]


def map_areas(collection: dict[str, Any]) -> tuple[MapArea, ...]:
    """Take areas from the GeoJSON that `cameras.basemap.boundaries` returns."""
    return tuple(
        MapArea(feature["properties"]["name"], tuple(_polygons(feature["geometry"])))
        for feature in collection["features"]
    )


def _polygons(geometry: dict[str, Any]) -> Iterable[tuple[Ring, ...]]:
    parts = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}.get(geometry["type"], [])
    for part in parts:
        yield tuple(tuple((float(x), float(y)) for x, y, *_height in ring) for ring in part)


@dataclass(frozen=True)
class AuditRoot:
    """Where the audit trail stood: the number and the hash of its last entry."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class FileHash:
    """A file of the package: its name there, its size in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Content:
    """Everything that the report says. `files` and `fingerprint` are filled in when the package is made;
    `pictures_destroyed` counts the pictures searched by that were destroyed before the answer was given."""

    package_id: str
    case_number: str
    case_title: str
    case_kind: Words
    request_number: str
    answer_number: int
    station: str
    centre: str
    legal_basis: Words
    purpose: str
    wanted: str
    acts: tuple[Act, ...]
    answer_text: str
    items: tuple[Item, ...]
    certificate: tuple[CertificateRow, ...]
    audit: AuditRoot
    made_at: datetime
    made_by: Person
    statute: str = ""
    document_number: str = ""
    is_provisional: bool = False
    areas: tuple[MapArea, ...] = ()
    pictures_destroyed: int = 0
    files: tuple[FileHash, ...] = ()
    fingerprint: str = ""

    @property
    def path(self) -> tuple[GeoPoint, ...]:
        return tuple(item.point for item in self.items)
