"""What a page shows of the answers to a request. Looking at them is audited here, once for all that is shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from investigations.models import Answer, AnswerItem, EvidencePackage, SearchRequest
from investigations.pictures import plate_url, sighting_url
from investigations.reads import read_of, say_other_plate
from investigations.services.looks import view_answer
from portal.accounts.models import User
from portal.audit.services import write_root
from portal.jobs import JobStatus

WHY_NOT: Mapping[str, StrOrPromise] = {
    "unindexed": _("recorded, but not analysed when the search ran"),
    "offline": _("the camera was out of service"),
    "destroyed": _("older than the camera keeps its recordings"),
    "missing": _("nothing was recorded"),
}


def answers_to(search_request: SearchRequest, viewer: User) -> list[dict[str, Any]]:
    """Return the answers to a request, the latest first, and account for the look at each."""
    rows = Answer.objects.visible_to(viewer).filter(request=search_request).order_by("-number")
    answers = list(rows.select_related("sent_by").prefetch_related("items__sighting__plates"))
    for answer in answers:
        view_answer(answer, actor=viewer)
    return [_card(answer, viewer) for answer in answers]


def packages_of(search_request: SearchRequest, viewer: User) -> list[EvidencePackage]:
    """Return the evidence packages made of a request's answers, without those that came to nothing."""
    rows = EvidencePackage.objects.visible_to(viewer).filter(answer__request=search_request)
    wanted = [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE]
    return list(rows.filter(status__in=wanted).select_related("answer", "requested_by"))


def _card(answer: Answer, viewer: User) -> dict[str, Any]:
    items = [_item(item, viewer) for item in answer.items.all()]
    return {
        "answer": answer,
        "items": items,
        "points": [_point(row["item"], row["kind"], row["picture"]) for row in items],
        "points_id": f"answer-points-{answer.number}",
        "certificate": describe_certificate(answer.certificate),
        "root": write_root(answer.audit_sequence, answer.audit_root),
    }


def _item(item: AnswerItem, viewer: User) -> dict[str, Any]:
    sighting = item.sighting
    speed_kmh = item.speed_mps * 3.6 if item.speed_mps is not None else None
    doubt = say_other_plate(item.other_plate) if item.other_plate else ""
    return {
        "item": item,
        "kind": sighting.kind if sighting else "",
        "picture": sighting_url(sighting.pk, viewer) if sighting else None,
        "plate": _plate_picture(item, viewer),
        "speed_kmh": speed_kmh,
        "plate_doubt": doubt,
    }


def _plate_picture(item: AnswerItem, viewer: User) -> str:
    """The picture of the read that was answered with, as long as it is kept: not of one that came later."""
    plate = read_of(item.sighting, item.plate) if item.sighting and item.plate else None
    return plate_url(plate.pk, viewer) if plate and plate.text == item.plate else ""


def _point(item: AnswerItem, kind: str, picture: str | None) -> dict[str, Any]:
    """The shape in which the map's script wants a stop of a path."""
    return {
        "number": item.number,
        "hop_m": item.hop_m,
        "hop_s": item.hop_s,
        "speed_mps": item.speed_mps,
        "is_impossible": item.is_impossible,
        "other_plate": item.other_plate,
        "sighting": {
            "latitude": item.latitude,
            "longitude": item.longitude,
            "camera_code": item.camera_code,
            "camera_name": item.camera_name,
            "first_seen_at": item.first_seen_at.isoformat(),
            "last_seen_at": item.last_seen_at.isoformat(),
            "kind": kind,
            "picture": picture,
            "plate": {"text": item.plate} if item.plate else None,
        },
    }


def describe_certificate(written: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read a certificate for the page: times as times, shares as numbers, the cameras with gaps first."""
    if not written:
        return None
    cameras = [_camera(row) for row in written["cameras"]]
    return {
        **{name: written[name] for name in ("searches", "unfinished", "compared", "without_small")},
        "pictures_destroyed": written.get("pictures_destroyed", 0),  # answers of before did not count them
        "made_at": datetime.fromisoformat(written["made_at"]),
        "asked_h": written["asked_s"] / 3600,
        "searched_h": written["searched_s"] / 3600,
        "share": _share(written["searched_s"], written["asked_s"]),
        "cameras": sorted(cameras, key=lambda row: (not row["gaps"], row["code"])),
        "incomplete": sum(bool(row["gaps"]) for row in cameras),
    }


def _camera(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": row["code"],
        "name": row["name"],
        "asked": [_span(interval) for interval in row["asked"]],
        "share": _share(row["searched_s"], row["asked_s"]),
        "gaps": [{"span": _span(gap), "why": WHY_NOT.get(gap[2], gap[2])} for gap in row["gaps"]],
    }


def _span(times: Sequence[str]) -> dict[str, datetime]:
    return {"start": datetime.fromisoformat(times[0]), "end": datetime.fromisoformat(times[1])}


def _share(part_s: float, whole_s: float) -> float:
    return part_s / whole_s if whole_s else 0.0
