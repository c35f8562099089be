"""What the tests of the watch list share: entries, plates that were read, analyses, and what the workers do."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from cameras.models import Camera
from inference.core.attributes import pack
from inference.models import Analysis, Description, Plate, Sighting
from investigations.models import LegalBasis, SearchRequest, WatchAlert, WatchEntry
from investigations.services.watch import WatchTerms, build_entry
from portal.accounts.models import User
from portal.celery import app
from tests.conftest import legal_basis, make_recording, make_sighting
from tests.investigations.describers import HEADS

READER = "plate-reader-test"
WANTED = "12가3456"


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks are done at once, in this process."""
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = app.conf.task_eager_propagates = False


def basis(code: str = "vehicle-crime", **values: Any) -> LegalBasis:
    """A basis that needs no document, unless `values` say otherwise."""
    row = legal_basis()
    row.pk, row.code = None, code
    for name, value in {"needs_document": False, "purges_on_found": False, "retention_days": 30, **values}.items():
        setattr(row, name, value)
    row.save()
    return row


def terms(plate: str = WANTED, **values: Any) -> WatchTerms:
    held = LegalBasis.objects.filter(code="vehicle-crime").first()
    until = timezone.now() + timedelta(days=7)
    defaults: dict[str, Any] = {"basis": held or basis(), "reason": "stolen", "valid_until": until}
    return WatchTerms(plate, **(defaults | values))


def own_terms(request: SearchRequest, **values: Any) -> WatchTerms:
    """By which an operator may watch: the request's own plate, by its own basis."""
    request.plate = request.plate or WANTED
    request.save()
    own: dict[str, Any] = {"basis": request.basis, "document_number": "7", "request": request}
    return terms(values.pop("plate", request.plate), **(own | values))


def make_entry(actor: User, plate: str = WANTED, **values: Any) -> WatchEntry:
    """An entry, put on the list some days ago unless `added_at` says otherwise."""
    added_at = values.pop("added_at", timezone.now() - timedelta(days=2))
    entry = build_entry(terms(plate, **values), actor)
    entry.added_at = added_at
    entry.save()
    return entry


def planned(plate: str) -> dict[str, Any]:
    """A row of a list that was checked, as it waits for somebody to decide."""
    held = terms(plate)
    texts = {name: getattr(held, name) for name in ("reason", "document_number", "vehicle_colour", "vehicle_type")}
    until = held.valid_until.isoformat()
    return {"row": 2, "plate": plate, "basis": held.basis.pk, "request": None, "valid_until": until, **texts}


def drawn_plate(text: str) -> bytes:
    """A JPEG of a drawn plate: its digits; OpenCV draws no hangul."""
    image = np.full((64, 192, 3), 245, np.uint8)
    digits = "".join(one if one.isascii() else "-" for one in text)
    cv2.putText(image, digits, (8, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (20, 20, 20), 2)
    return cv2.imencode(".jpg", image)[1].tobytes()


def make_analysis(camera: Camera, **values: Any) -> Analysis:
    """One that ended just now, of a recording of its own."""
    now = timezone.now()
    recording = make_recording(camera, started_at=values.pop("started_at", now - timedelta(hours=1)))
    defaults = {"detector": "d", "embedder": "e", "fps": 5, "plate_reader": READER, "status": "done", "ended_at": now}
    return Analysis.objects.create(recording=recording, **(defaults | values))


def make_plate(analysis: Analysis, text: str = WANTED, *, number: int = 1, after_s: float = 60, **values: Any) -> Plate:
    """A vehicle that this analysis has seen, and what was read of its plate."""
    sighting = make_sighting(analysis.recording, number, after_s=after_s, kind="vehicle", analysis=analysis)
    return add_plate(sighting, text, **values)


def add_plate(sighting: Sighting, text: str, **values: Any) -> Plate:
    defaults = {"reader": READER, "confidence": 0.97, "reads": 4, "seen_at": sighting.seen_at}
    plate = Plate(sighting=sighting, text=text, **(defaults | values))
    plate.image.save("p.jpg", ContentFile(drawn_plate(text)), save=False)
    plate.save()
    return plate


def make_alert(entry: WatchEntry, camera: Camera, text: str = WANTED, **values: Any) -> WatchAlert:
    """An open alert about a vehicle with pictures."""
    plate = make_plate(make_analysis(camera), text)
    facts = {"sighting": plate.sighting, "camera": camera, "text": text, "confidence": 0.97, "seen_at": plate.seen_at}
    return WatchAlert.objects.create(entry=entry, **(facts | values))


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def text_of(html: str) -> str:
    """What is read, without markup, from the content on."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.split("<main", 1)[1]).split())


def filled(**values: Any) -> dict[str, Any]:
    row = LegalBasis.objects.get(code="vehicle-crime")
    until = f"{localtime(timezone.now() + timedelta(days=5)):%Y-%m-%d}"
    return {"plate": "12가3456", "basis": row.pk, "reason": "stolen", "valid_until": until, **values}


def describe(sighting: Sighting, describer: str, **seen: str) -> None:
    """The describer is 90 % sure of what is named, and cannot tell anything else."""
    columns: list[float] = []
    for name, values in HEADS["vehicle"].items():
        best, share = (seen[name], 0.9) if name in seen else ("", 0.0)
        rest = (1 - share) / (len(values) - bool(share))
        columns += [share if one == best else rest for one in values]
    blob = pack(np.array(columns, np.float32))
    Description.objects.create(sighting=sighting, describer=describer, probabilities=blob)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def refusals(act: Callable[[], object]) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        act()
    return refused.value.message_dict if hasattr(refused.value, "error_dict") else {"": refused.value.messages}
