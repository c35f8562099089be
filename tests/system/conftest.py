"""The portal as it runs: real Redis, real workers, real web server, a database in a file, real footage."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from django.conf import settings
from django.core.files import File
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page

from cameras.models import Camera, Recording
from cameras.services.recordings import add_recording
from inference.videos import measure_video
from portal.accounts.models import User
from portal.demo.footage import cut
from portal.jobs import Job
from portal.stack import Stack
from tests.conftest import running_browser
from tests.system.browsing import silent_page
from tests.system.servers import SharedServers

# The man in the red and blue jacket walks from the left half into the right one.
START_S, END_S = 50.0, 66.0
LEFT_BOX, RIGHT_BOX = (0, 0, 384, 576), (384, 0, 768, 576)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who shares the servers comes first, and of those who needs no workers: each process is started once."""

    def turn(item: pytest.Item) -> int:
        asked = set(getattr(item, "fixturenames", ()))
        if "system" not in item.path.parts:
            return 0
        return 3 if not asked & {"site", "workers"} else 2 if "workers" in asked else 1

    items.sort(key=turn)


@pytest.fixture(scope="session")
def servers(django_db_setup: None) -> Iterator[SharedServers]:
    """What `site` and `workers` lend to one test after the other."""
    shared = SharedServers(Path(settings.VAR_DIR) / "log", f"sqlite:///{connection.settings_dict['NAME']}")
    yield shared
    shared.stop()


@pytest.fixture
def nothing_runs(servers: SharedServers) -> None:
    servers.stop()


@pytest.fixture
def stack(committing_db: None, nothing_runs: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A test's own, for those that kill and stop: Redis is started, they start what else they need."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{connection.settings_dict['NAME']}")
    with Stack(Path(settings.VAR_DIR) / "log") as running:
        running.start_redis()
        yield running


@pytest.fixture
def lent(committing_db: None, servers: SharedServers, request: pytest.FixtureRequest) -> Iterator[SharedServers]:
    """The shared servers, for a test that leaves them as they are. All work on the test database."""
    servers.lend(with_workers="workers" in request.fixturenames)
    yield servers
    servers.settle()


@pytest.fixture
def workers(lent: SharedServers) -> None:
    """The workers are there, but take their time to start."""


@pytest.fixture
def site(lent: SharedServers) -> str:
    """The address of the web server; who needs workers too asks for `workers`."""
    return lent.site


@pytest.fixture(scope="session")
def browser(django_db_setup: None) -> Iterator[Browser]:
    """One for all tests: each has a context of its own. The database is made before its event loop runs."""
    yield from running_browser()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page whose console stays silent. Closed before the site is stopped."""
    with silent_page(browser) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _database_beside_playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright's sync interface runs an event loop in this thread, also for the test after a browser's, and Django
    would take it for its own."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="session")
def halves(clip: Path) -> list[Path]:
    """Sixteen seconds of the demo clip as two files, one for each virtual camera."""
    folder = Path(os.environ["DONGSEON_TEST_VAR"]) / "halves"
    folder.mkdir(exist_ok=True)
    paths = [folder / "left.mp4", folder / "right.mp4"]
    for path, box in zip(paths, (LEFT_BOX, RIGHT_BOX), strict=True):
        cut(clip, box, path, start_s=START_S, end_s=END_S)
    return paths


@pytest.fixture
def recordings(halves: list[Path], make_camera: Callable[..., Camera], operator: User) -> list[Recording]:
    started_at = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    rows = []
    for number, path in enumerate(halves):
        camera = make_camera(f"C{number + 1}", latitude=36.499, longitude=127.2716 + number * 0.00045, bearing_deg=180)
        with path.open("rb") as file:
            rows.append(
                add_recording(
                    camera, file=File(file, path.name), started_at=started_at, measure=measure_video, actor=operator
                )
            )
    return rows


def wait_until(is_so: Callable[[], Any], *, within_s: float, what: str) -> None:
    deadline = monotonic() + within_s
    while not is_so():
        assert monotonic() < deadline, f"waited {within_s:g} s in vain for: {what}"
        sleep(0.05)


def wait_for_end(job: Job, *, within_s: float = 120) -> None:
    def has_ended() -> bool:
        job.refresh_from_db()
        return not job.is_open

    wait_until(has_ended, within_s=within_s, what=f"the end of {job}")
