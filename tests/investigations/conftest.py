"""What the tests of pages and of pictures share."""

import pytest
from django.test import Client

from cameras.models import Camera
from inference.models import Sighting
from investigations.models import Candidate, SearchRequest
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
