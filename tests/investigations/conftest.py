"""What the tests of pages and of pictures share."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from cameras.models import Camera, Recording
from inference.core.detections import Box
from inference.core.trajectory import Trajectory, encode
from inference.engine import get_gallery
from inference.models import Sighting
from investigations.models import Candidate, LegalBasis, SearchRequest, WatchAlert, WatchEntry
from investigations.services.candidates import decide_candidate
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, make_recording, make_search, make_sighting
from tests.core.drawing import moving_noise, write_video
from tests.investigations.watching import basis, make_alert, make_entry

FILM_S = 12
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
def vehicle_basis(db: None) -> LegalBasis:
    return basis()


@pytest.fixture
def entry(vehicle_basis: LegalBasis, supervisor: User) -> WatchEntry:
    """A plate that the centre watches."""
    return make_entry(supervisor)


@pytest.fixture
def alert(entry: WatchEntry, camera: Camera) -> WatchAlert:
    return make_alert(entry, camera)


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


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Twelve drawn seconds: as browsers play them (mp4), and not (avi)."""
    folder = tmp_path_factory.mktemp("drawn")
    images = moving_noise(FILM_S * 10, height=192, width=256)
    return {
        "mp4": write_video(folder / "a.mp4", images).read_bytes(),
        "avi": write_video(folder / "a.avi", images, codec="mpeg4").read_bytes(),
    }


@pytest.fixture
def record_(camera: Camera, drawn: dict[str, bytes]) -> Callable[..., Recording]:
    """Make a recording with a real file."""

    def make(kind: str = "mp4", camera: Camera = camera, **values: Any) -> Recording:
        file = default_storage.save(f"recordings/a.{kind}", ContentFile(drawn[kind]))
        return make_recording(camera, minutes=FILM_S / 60, file=file, width=256, height=192, **values)

    return make


@pytest.fixture
def recording(record_: Callable[..., Recording]) -> Recording:
    return record_()


@pytest.fixture
def tracked(recording: Recording) -> Sighting:
    track = Trajectory.of((number / 5, Box(10 + number, 40, 40 + number, 80)) for number in range(50))
    return make_sighting(recording, after_s=4, last_seen_at=NOON + timedelta(seconds=10), trajectory=encode(track))
