"""What the browser tests of candidates share: a page that counts its long tasks, and a search with its cameras."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Browser, Page, expect

from cameras.models import Camera, Recording
from investigations.models import Candidate, QueryPicture, Search, SearchRequest
from portal.accounts.models import User
from tests.conftest import NOON, drawn_person, make_recording, make_search
from tests.system.browsing import log_in, silent_page
from tests.system.candidate_rows import COLOURS, make_sightings, offer

QUICK_MS = 30_000  # enough for a busy machine; nothing waits that long on a quiet one

WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => longTasks.push(Math.round(entry.duration))))
  .observe({ type: "longtask", buffered: true });
"""


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page whose console stays silent, and that counts its long tasks; its addresses are the portal's."""
    expect.set_options(timeout=QUICK_MS)
    with silent_page(browser, timeout_ms=QUICK_MS, script=WATCH, base_url=site) as opened:
        yield opened


def open_workspace(page: Page, request: SearchRequest, user: User) -> None:
    log_in(page, "", user)
    page.goto(f"/requests/{request.pk}/")
    expect(page.locator("#start-search")).to_be_visible()


@pytest.fixture
def cameras(make_camera: Callable[..., Camera]) -> list[Camera]:
    names = ["호수공원", "어진동 정부청사", "나성동 상가", "도담동 학교앞"]
    return [
        make_camera(f"SJ-01{at:02}", name=f"{name} {at + 1}", latitude=36.499 + at * 0.002, longitude=127.2716)
        for at, name in enumerate(names)
    ]


@pytest.fixture
def recordings(cameras: list[Camera]) -> list[Recording]:
    """Two hours of each camera, of which nothing is stored: no clip is offered of them."""
    return [make_recording(camera, started_at=NOON, minutes=120, width=320, height=240) for camera in cameras]


@pytest.fixture
def search(approved: SearchRequest, cameras: list[Camera], operator: User) -> Search:
    SearchRequest.objects.update(status="searching", last_seen_at=NOON - timedelta(minutes=5), last_seen_place="공원")
    SearchRequest.objects.update(last_seen_latitude=36.499, last_seen_longitude=127.2716)
    approved.refresh_from_db()
    row = make_search(
        approved,
        cameras,
        operator,
        status="running",
        limit=500,
        sightings_compared=9000,
        description=["red coat", "black bag"],
        plate="12가3456",
        ends_at=NOON + timedelta(hours=3),
    )
    for colour in COLOURS[:2]:
        picture = QueryPicture(search=row, original_name="query.jpg")
        picture.image.save("q.jpg", ContentFile(drawn_person(colour, size=(128, 256))), save=False)
        picture.save()
    return row


@pytest.fixture
def twelve(search: Search, recordings: list[Recording]) -> list[Candidate]:
    Search.objects.update(status="done")
    return offer(search, make_sightings(recordings, 12), step=0.02)


def decided(decision: str) -> int:
    return Candidate.objects.filter(decision=decision).count()
