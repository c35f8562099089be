"""What the tests of pages and of pictures share."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cameras.models import Camera
from inference.engine import get_gallery
from inference.models import Sighting
from investigations.models import Candidate, SearchRequest
from investigations.services.candidates import decide_candidate
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import make_recording, make_search, make_sighting

PEOPLE = ["officer", "colleague", "outsider", "operator", "supervisor", "stranger", "administrator"]


def as_person(client: Client, request: pytest.FixtureRequest, who: str) -> User:
    user: User = request.getfixturevalue(who)
    client.force_login(user)
    return user


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action))


@pytest.fixture
def sighting(camera: Camera) -> Sighting:
    return make_sighting(make_recording(camera))


@pytest.fixture
def confirmed(approved: SearchRequest, sighting: Sighting, operator: User) -> Candidate:
    search = make_search(approved, [sighting.camera], operator)
    return Candidate.objects.create(search=search, sighting=sighting, score=0.8, decision="confirmed")


@pytest.fixture
def own_gallery() -> Iterator[None]:
    """The gallery below this test's folder, not the one that an earlier test began with."""
    get_gallery.cache_clear()
    yield
    get_gallery.cache_clear()


@pytest.fixture
def candidates(approved: SearchRequest, camera: Camera, operator: User) -> dict[str, Candidate]:
    """One undecided, one confirmed, one rejected; nobody but the operator knows which."""
    SearchRequest.objects.update(status="review")
    search = make_search(approved, [camera], operator)
    rows = {}
    for number, name in enumerate(("pending", "confirmed", "rejected")):
        sighting = make_sighting(
            make_recording(camera, started_at=timezone.now() - timedelta(days=number + 1)), seed=number
        )
        row = rows[name] = Candidate.objects.create(search=search, sighting=sighting, score=0.7 + number / 10)
        if name != "pending":
            decide_candidate(row, name, reason="the coat", actor=operator)
    return rows
