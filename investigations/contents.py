"""From rows to what an evidence package says: an answer with its acts, sightings, certificate and map."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cameras import basemap
from cameras.models import Camera
from investigations.evidence.content import (
    Act,
    AuditRoot,
    Bilingual,
    CertificateRow,
    Content,
    GeoPoint,
    Item,
    MapArea,
    Person,
    map_areas,
)
from investigations.intervals import Interval, intersect, total_s
from investigations.models import Answer, AnswerItem, EvidencePackage, SearchRequest
from portal.accounts.models import User

# The map's border around the path, in degrees: about 300 m.
MARGIN_DEG = 0.003


def content_of(package: EvidencePackage, pictures: dict[int, bytes]) -> Content:
    """Return what the report says; `pictures` maps the numbers of the answer's sightings to JPEGs."""
    answer = package.answer
    request, case = answer.request, answer.request.case
    items = tuple(_item(row, pictures.get(row.number)) for row in answer.items.all())
    maker = package.requested_by
    return Content(
        package_id=str(package.pk),
        case_number=case.number,
        case_title=case.title,
        case_kind=_label(case, "kind"),
        request_number=str(request),
        answer_number=answer.number,
        station=str(case.agency),
        centre=str(request.centre),
        legal_basis=Bilingual(request.basis.name, request.basis.name_en),
        statute=request.basis.law,
        document_number=request.document_number,
        purpose=request.purpose,
        wanted=request.wanted,
        acts=tuple(_acts(answer)),
        answer_text=answer.text,
        is_provisional=answer.is_provisional,
        items=items,
        certificate=tuple(_certificate_rows(answer.certificate)),
        pictures_destroyed=answer.certificate.get("pictures_destroyed", 0),
        audit=AuditRoot(answer.audit_sequence, answer.audit_root),
        made_at=timezone.now(),
        made_by=_person(maker) if maker else Person(str(request.centre)),
        areas=_areas([item.point for item in items]),
    )


def point_of(row: AnswerItem) -> GeoPoint:
    return GeoPoint(
        number=row.number,
        camera_code=row.camera_code,
        camera_name=row.camera_name,
        latitude=row.latitude,
        longitude=row.longitude,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        hop_m=row.hop_m,
        hop_s=row.hop_s,
        speed_mps=row.speed_mps,
        is_impossible=row.is_impossible,
        plate=row.plate,
        plate_confidence=row.plate_confidence,
        other_plate=row.other_plate,
    )


def _item(row: AnswerItem, picture: bytes | None) -> Item:
    reviews = [Act(_("first reviewer"), Person(row.confirmed_by), row.confirmed_at)]
    if row.agreed_at:
        reviews.append(Act(_("second reviewer"), Person(row.agreed_by), row.agreed_at))
    return Item(
        point=point_of(row),
        seen_at=row.seen_at,
        picture=picture,
        similarity=row.score,
        rank=row.rank,
        compared=row.compared,
        reviews=tuple(reviews),
    )


def _acts(answer: Answer) -> list[Act]:
    request: SearchRequest = answer.request
    acts = [
        (_("submitted by"), request.submitted_by, request.submitted_at, request.purpose),
        (_("received by"), request.received_by, request.received_at, ""),
        (_("approved by"), request.approved_by, request.approved_at, ""),
        *((_("searched by"), row.requested_by, row.requested_at, "") for row in request.searches.order_by("pk")),
        (_("answered by"), answer.sent_by, answer.sent_at, ""),
    ]
    return [Act(what, _person(who), at, note) for what, who, at, note in acts if who and at]


def _person(user: User) -> Person:
    return Person(user.display_name, str(user.agency or ""), _label(user, "role"))


def _label(row: Any, field: str) -> Any:
    """The label of a choice, still to be translated: the package speaks two languages."""
    return dict(row._meta.get_field(field).choices)[getattr(row, field)]


def _certificate_rows(certificate: dict[str, Any]) -> list[CertificateRow]:
    """One row for each camera and each span of hours that was asked for."""
    positions = {camera.code: camera.position for camera in Camera.objects.filter(code__in=_codes(certificate))}
    return [
        _certificate_row(row, (_moment(start), _moment(end)), positions.get(row["code"]))
        for row in certificate.get("cameras", [])
        for start, end in row["asked"]
    ]


def _certificate_row(row: dict[str, Any], asked: Interval, position: tuple[float, float] | None) -> CertificateRow:
    def missed(*reasons: str) -> float:
        gaps = [(_moment(start), _moment(end)) for start, end, why in row["gaps"] if why in reasons]
        return total_s(intersect(gaps, [asked]))

    reasons = ("offline", "unindexed", "missing", "destroyed")
    return CertificateRow(
        camera_code=row["code"],
        camera_name=row["name"],
        starts_at=asked[0],
        ends_at=asked[1],
        searched_s=total_s([asked]) - missed(*reasons),
        offline_s=missed("offline"),
        unindexed_s=missed("unindexed"),
        missing_s=missed("missing"),
        destroyed_s=missed("destroyed"),
        position=position,
    )


def _codes(certificate: dict[str, Any]) -> list[str]:
    return [row["code"] for row in certificate.get("cameras", [])]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _areas(points: list[GeoPoint]) -> tuple[MapArea, ...]:
    """The neighbourhoods that the path touches, as the ground of its map."""
    if not points:
        return ()
    west, east = min(point.longitude for point in points), max(point.longitude for point in points)
    south, north = min(point.latitude for point in points), max(point.latitude for point in points)
    bounds = (west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG)
    return map_areas(basemap.boundaries("emd", bounds))
