"""As the operator does it, in a real browser: log in, search by a picture, confirm, see the path on the map.

Uses Debian's Chromium; skipped with its reason where there is none.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import cv2
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from playwright.sync_api import FilePayload, Page, expect

from cameras.models import Camera, Recording
from inference.core.images import read_image
from inference.core.video import read_frames
from inference.engine import get_embedder
from inference.models import Analysis, Sighting
from inference.services.analyses import request_analysis
from investigations.models import Candidate, SearchRequest
from investigations.models import Path as FoundPath
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.audit.services import verify_chain
from tests.conftest import NOON, add_feature, drawn_person, make_recording, make_search, make_sighting
from tests.system.browsing import keep_screenshot, log_in, settle
from tests.system.conftest import START_S, wait_for_end, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("workers")]
# 55 s into the clip the man stands clear of the others, in the left half.
QUERY_S, QUERY_BOX = 55.0 - START_S, (140, 350, 238, 530)
JOB_MS = 60_000
IDLE_MS = 7_000  # longer than any time limit of the libraries in between


def picture_of_the_man(half: Path) -> bytes:
    frame = next(frame for frame in read_frames(half, start_s=QUERY_S))
    x1, y1, x2, y2 = QUERY_BOX
    return cv2.imencode(".jpg", frame.image[y1:y2, x1:x2])[1].tobytes()


@pytest.mark.footage
def test_the_operator_finds_a_person_by_a_picture(
    page: Page,
    site: str,
    recordings: list[Recording],
    halves: list[Path],
    approved: SearchRequest,
    operator: User,
    models: None,
) -> None:
    for analysis in [request_analysis(recording, actor=operator) for recording in recordings]:
        wait_for_end(analysis)
    log_in(page, site, operator)
    page.get_by_text("Missing child").first.click()
    page.locator(f"a[href='/requests/{approved.pk}/']").first.click()

    picture: FilePayload = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture_of_the_man(halves[0])}
    page.set_input_files("#pictures", [picture])
    page.click("#start-search")
    cards = page.locator("#candidates [data-candidate]")
    expect(cards.first).to_be_visible(timeout=JOB_MS)
    assert cards.count() >= 2

    cards.nth(0).locator("button.confirm").click()
    cards.nth(1).locator("button.confirm").click()
    expect(page.locator("#candidates [data-decision=confirmed]")).to_have_count(2)
    page.click("#build-path")
    expect(page.locator("#path-strip .path-card")).to_have_count(2)
    expect(page.locator(".path-marker")).to_have_count(2)
    numbers = [text.split()[0] for text in page.locator(".path-marker").all_inner_texts()]
    assert sorted(numbers) == ["1", "2"]
    keep_screenshot(page, "found-in-footage")

    first, second = FoundPath.objects.get().points.select_related("sighting__camera")
    assert [first.sighting.camera.code, second.sighting.camera.code] == ["C1", "C2"]
    assert first.sighting.first_seen_at <= second.sighting.first_seen_at
    assert Candidate.objects.confirmed().count() == 2
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "user.logged_in",
        "search.started",
        "search.viewed",
        "candidate.confirmed",
        "path.built",
    }
    assert verify_chain() == []


COATS = {"red": (40, 40, 200), "blue": (180, 90, 30), "green": (60, 140, 60), "grey": (120, 120, 120)}
PLACES = [(36.4990, 127.2716), (36.4984, 127.2680), (36.4985, 127.2740), (36.5040, 127.2651), (36.4957, 127.2700)]


@pytest.fixture
def drawn_city(make_camera: Callable[..., Camera]) -> list[Sighting]:
    """Five cameras that saw drawn figures in coats of four colours: no real person, so that it may be shown."""
    rows = []
    for number, (latitude, longitude) in enumerate(PLACES):
        camera = make_camera(
            f"SJ-01{number:02}",
            name=f"호수공원 {number + 1}",
            latitude=latitude,
            longitude=longitude,
            bearing_deg=72 * number,
        )
        recording = make_recording(camera, started_at=NOON - timedelta(minutes=5), minutes=30)
        Analysis.objects.create(recording=recording, status="done", detector="d", embedder="e", fps=5)
        for track, colour in enumerate(COATS):
            rows.append(_drawn_sighting(recording, track, colour, after_s=240 * number + 20 * track))
    return rows


def _drawn_sighting(recording: Recording, track: int, colour: str, *, after_s: float) -> Sighting:
    picture = drawn_person(COATS[colour], size=(96, 192))
    row = make_sighting(recording, track, after_s=after_s)
    row.image.save("t.jpg", ContentFile(picture))
    add_feature(row, get_embedder(settings.EMBEDDER_MODEL).embed([read_image(picture)])[0])
    return row


def test_a_search_from_a_stored_sighting_on_drawn_figures(
    page: Page, site: str, drawn_city: list[Sighting], approved: SearchRequest, operator: User
) -> None:
    """Everything on this screen is drawn: its picture is the README's."""
    approved.last_seen_at, approved.last_seen_place = NOON, "세종호수공원"
    approved.save()
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{approved.pk}/")
    response = page.request.post(
        f"{site}/api/requests/{approved.pk}/searches/",
        headers={"X-CSRFToken": _csrf(page), "Referer": site},
        data={
            "cameras": list(Camera.objects.values_list("pk", flat=True)),
            "sightings": [drawn_city[0].pk],
            "starts_at": (NOON - timedelta(hours=1)).isoformat(),
            "ends_at": (NOON + timedelta(hours=1)).isoformat(),
        },
    )
    assert response.status == 201
    cards = page.locator("#candidates [data-candidate]")
    expect(cards).to_have_count(19, timeout=JOB_MS)
    for number in range(4):
        cards.nth(number).locator("button.confirm").click()
    expect(page.locator("#candidates [data-decision=confirmed]")).to_have_count(4)
    # The page shows a decision at once; the server has it a moment later.
    wait_until(lambda: Candidate.objects.confirmed().count() == 4, within_s=30, what="four decisions")
    red = Candidate.objects.confirmed().values_list("sighting__track_number", flat=True)
    assert set(red) == {0}
    page.click("#build-path")
    expect(page.locator(".path-marker")).to_have_count(4)
    settle(page)
    keep_screenshot(page, "workspace")


def test_an_idle_page_keeps_its_socket_and_a_long_title_its_layout(
    page: Page, site: str, approved: SearchRequest, operator: User, camera: Camera
) -> None:
    approved.case.title = "W" * 120
    approved.case.save()
    closed: list[str] = []
    page.on("websocket", lambda socket: socket.on("close", lambda _socket: closed.append(socket.url)))
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{approved.pk}/")
    expect(page.locator("#start-search")).to_be_enabled()
    page.wait_for_timeout(IDLE_MS)
    assert closed == []
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    expect(page.locator("#theme-toggle")).to_be_in_viewport()


def test_a_second_opinion_by_keys_a_wider_scope_and_the_answer(
    page: Page, site: str, drawn_city: list[Sighting], approved: SearchRequest, operator: User, supervisor: User
) -> None:
    SearchRequest.objects.update(status="searching", hours=2, last_seen_at=NOON)
    search = make_search(approved, list(Camera.objects.all()), operator, status="done")
    for at, sighting in enumerate(drawn_city[:8:4]):
        Candidate.objects.create(search=search, sighting=sighting, score=0.9 - at / 10, decision="confirmed")
    log_in(page, site, supervisor)
    page.goto(f"{site}/requests/{approved.pk}/")
    expect(page.locator("#hidden-note")).to_be_visible()
    expect(page.locator("#candidates [data-decision=hidden]")).to_have_count(2)
    page.click("#tab-request")
    page.click("[data-open=scope-dialog]")
    page.fill("#scope-hours", "9")
    page.fill("#scope-reason", "snow")
    page.click("#scope-form button.primary")
    expect(page.locator("#state-body")).to_contain_text("(basis: 72)")

    page.goto(f"{site}/reviews/")
    page.keyboard.press("Equal")
    expect(page.locator("#zoom-value")).to_have_text("125%")
    page.keyboard.press("KeyY")
    expect(page.locator(".review-head")).to_contain_text("1 waits")
    page.wait_for_load_state()  # its script listens from then on
    page.keyboard.press("KeyN")
    page.keyboard.type("other shoes")
    page.keyboard.press("Enter")
    expect(page.locator(".review")).to_contain_text("No candidate waits for your second opinion")
    assert (Candidate.objects.agreed().count(), Candidate.objects.disputed().count()) == (1, 1)

    page.goto(f"{site}/requests/{approved.pk}/#request")
    page.click("form[action$='/review/'] button")
    page.click("a[href$='/answer/']")
    expect(page.locator("#path-strip .path-card")).to_have_count(1)
    page.locator(".choose input").uncheck()
    expect(page.locator("#send-answer")).to_have_text("Send that nothing was seen")
    expect(page.locator("#answer-text")).to_have_value(re.compile("^Not seen. 5 cameras were searched"))
    page.locator(".choose input").check()
    expect(page.locator("#answer-text")).to_have_value(re.compile("^Seen at 호수공원 "))
    page.click("#send-answer")
    page.wait_for_url(f"{site}/requests/{approved.pk}/answers/#answer-1")
    expect(page.locator(".answer .sighting")).to_have_count(1)


def _csrf(page: Page) -> str:
    return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
