"""The path as the operator works on it: built, compared with others, followed to the next cameras, played, shared."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Page, Route, expect

from cameras.models import Camera
from investigations.models import Candidate, Comment, SearchRequest, SecondReview
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, drawn_person, make_recording, make_search, make_sighting
from tests.core.drawing import write_video
from tests.system.browsing import keep_screenshot, log_in, settle
from tests.system.conftest import wait_until

pytestmark = pytest.mark.browser
START = (36.4960, 127.2690)
# Camera, metres to the north and east of the start, seconds after noon, decision.
WALK: list[tuple[str, int, int, int, str]] = [
    ("W1", 0, 0, 0, "confirmed"),
    ("W2", 150, 120, 180, "pending"),
    ("W3", 300, 240, 360, "confirmed"),
    ("W3", 300, 240, 400, "confirmed"),
    ("W4", 380, 480, 640, "confirmed"),
    ("W5", 2400, 900, 700, "confirmed"),  # nobody could have gone this far in a minute
    ("W6", 2450, 1100, 900, "confirmed"),
]
BEYOND: list[tuple[str, int, int]] = [("B1", 2450, 1300), ("B2", 2600, 1250), ("B3", 2300, 1000), ("B4", 2450, 1700)]


def place(north_m: float, east_m: float) -> dict[str, float]:
    return {"latitude": START[0] + north_m / 111_195, "longitude": START[1] + east_m / 89_400}


def walking(folder: Path) -> bytes:
    """Six seconds of a drawn figure that crosses the picture."""
    figure: Any = cv2.imdecode(np.frombuffer(drawn_person(size=(64, 128)), np.uint8), cv2.IMREAD_COLOR)
    images = []
    for number in range(60):
        image = np.full((240, 320, 3), (70, 90, 80), np.uint8)
        image[160:] = (90, 95, 100)
        left = 20 + 3 * number
        image[90:218, left : left + 64] = figure
        images.append(image)
    return write_video(folder / "walk.mp4", images).read_bytes()


@pytest.fixture
def walk(
    approved: SearchRequest, make_camera: Callable[..., Camera], operator: User, supervisor: User, tmp_path: Path
) -> list[Candidate]:
    """Somebody walks to the north-east past six cameras. Two people agree about all that one has confirmed."""
    SearchRequest.objects.update(status="searching")
    cameras: dict[str, Camera] = {}
    for code, north, east in [*[row[:3] for row in WALK], *BEYOND]:
        if code not in cameras:
            cameras[code] = make_camera(code, name=f"호수공원 {code}", bearing_deg=225, **place(north, east))
    for code, *_rest in BEYOND:
        make_recording(cameras[code], minutes=60)
    search = make_search(approved, list(cameras.values())[:6], operator, status="done")
    content, rows = walking(tmp_path), []
    for number, (code, _north, _east, after_s, decision) in enumerate(WALK):
        recording = make_recording(cameras[code], started_at=NOON + timedelta(seconds=after_s), minutes=30)
        recording.file.save("walk.mp4", ContentFile(content))
        sighting = make_sighting(recording, 1, after_s=2.5, x1=90.0, y1=90.0, x2=154.0, y2=218.0)
        score = 0.93 - number / 50
        row = Candidate.objects.create(search=search, sighting=sighting, score=score, decision=decision)
        if decision == "confirmed":
            SecondReview.objects.create(candidate=row, verdict=decision, reviewer=supervisor)
        rows.append(row)
    return rows


@pytest.fixture
def work(
    page: Page,
    site: str,
    walk: list[Candidate],
    approved: SearchRequest,
    operator: User,
) -> Page:
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{approved.pk}/")
    expect(page.locator("#candidates [data-candidate]")).to_have_count(len(walk))
    page.click("#build-path")
    expect(page.locator(".path-card")).to_have_count(5)
    settle(page)
    return page


def test_what_was_confirmed_just_now_is_on_the_path(
    page: Page, site: str, walk: list[Candidate], approved: SearchRequest, operator: User
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    log_in(page, site, operator)
    page.route("**/api/candidates/*/decision/", hold)
    page.goto(f"{site}/requests/{approved.pk}/")
    page.locator("#candidates [data-decision=pending]").click()
    page.keyboard.press("KeyY")
    expect(page.locator("#candidates [data-decision=confirmed]")).to_have_count(len(walk))  # shown before it is sent
    page.click("#build-path")
    page.wait_for_timeout(300)
    expect(page.locator("#build-path")).to_have_attribute("aria-busy", "true")
    held[0].continue_()
    expect(page.locator(".path-card")).to_have_count(6)


def view(work: Page, name: str) -> None:
    work.locator(f"[name=strip-view][value={name}]").check(force=True)


def shoot(work: Page, name: str) -> None:
    """A picture in the light and one in the dark; afterwards the theme is the system's again."""
    for theme in ("light", "dark", ""):
        work.click("#theme-toggle")
        if theme:
            work.mouse.move(640, 300)
            keep_screenshot(work, f"path-{name}-{theme}")


def test_a_path_is_built_played_compared_followed_and_shared(
    work: Page, approved: SearchRequest, walk: list[Candidate]
) -> None:
    """One after the other in one page, since starting a portal takes longer than all of it."""
    see_stops_hops_and_stays(work)
    play_the_clips(work)
    share_it_and_take_a_stop_off(work, approved, walk)
    accept_an_alternative(work, walk)
    search_where_it_went_next(work)


def see_stops_hops_and_stays(work: Page) -> None:
    # Two looks at one camera are one stay.
    assert work.locator(".path-card .path-number").all_inner_texts() == ["1", "2–3", "4", "5", "6"]
    assert sorted(text.split("\n")[0] for text in work.locator(".path-marker").all_inner_texts()) == [
        "1",
        "2–3",
        "4",
        "5",
        "6",
    ]
    impossible = work.locator(".path-words.impossible")
    expect(impossible).to_have_count(1)
    expect(impossible.locator(".icon")).to_be_visible()
    expect(work.locator(".path-hop.impossible")).to_contain_text("impossible")
    expect(work.locator("#path-summary")).to_contain_text("6 points")
    expect(work.locator("#path-summary")).to_contain_text("avg.")
    shoot(work, "built")
    for _step in range(12):  # each hop has its arrow from near and from afar, while its ends can be told apart
        work.locator(".leaflet-control-zoom-out").click()
        settle(work)
        if work.locator(".path-marker.merged").count():
            break
    expect(work.locator(".path-marker.merged")).to_be_visible()
    work.click("#path-fit")
    settle(work)
    assert work.locator(".path-arrow").count() >= 3
    card = work.locator(".path-card").nth(2)
    card.hover()
    expect(work.locator(".path-marker.current")).to_have_text(re.compile("^4"))
    work.locator(".path-marker[title^='5:']").hover()
    expect(work.locator(".path-card.current .path-number")).to_have_text("5")


def accept_an_alternative(work: Page, walk: list[Candidate]) -> None:
    view(work, "others")
    expect(work.locator(".other")).to_have_count(1)
    expect(work.locator(".other-sign.path-0")).to_be_visible()
    expect(work.locator(".other-against")).to_contain_text("Nobody could have gone")
    shoot(work, "alternatives")
    work.get_by_role("button", name="Look into these").click()
    expect(work.locator(".other-review")).to_contain_text("candidate 1 of 1")
    keep_screenshot(work, "path-review")
    expect(work.locator(".candidate.selected")).to_have_attribute("data-candidate", str(walk[1].pk))
    walk[1].refresh_from_db()
    assert walk[1].decision == "pending"  # accepting confirms nothing
    work.keyboard.press("KeyY")
    wait_until(lambda: Candidate.objects.get(pk=walk[1].pk).decision == "confirmed", within_s=10, what="a decision")
    work.get_by_role("button", name="Build path again").last.click()
    expect(work.locator(".path-card")).to_have_count(5)


def search_where_it_went_next(work: Page) -> None:
    view(work, "next")
    rows = work.locator(".next-row")
    expect(rows.first).to_be_visible()
    expect(work.locator(".ring-words")).to_have_count(2)
    expect(work.locator("#next-summary")).to_contain_text("within reach")
    work.locator("#next-minutes").fill("10")
    expect(work.locator("#next-minutes-value")).to_have_text("10 min")
    expect(rows.first).to_contain_text(re.compile("B[12]"))
    settle(work)
    shoot(work, "next")
    work.click("#next-choose")
    expect(work.locator("#start-search")).to_be_focused()
    numbers = set(Camera.objects.filter(code__startswith="B").values_list("pk", flat=True))
    chosen: list[int] = work.evaluate("""() => [...document.querySelectorAll("#next-list input:checked")].length""")
    assert chosen
    expect(work.locator("#starts-at")).to_have_value(re.compile("12:15:0[0-9]$"))
    expect(work.locator("#query-pictures li")).to_have_count(6)
    expect(work.locator("#camera-count")).to_contain_text(str(chosen))
    assert numbers
    with work.expect_response(
        lambda answer: answer.url.endswith("/searches/") and answer.request.method == "POST"
    ) as sent:
        work.click("#next-search")
    started: dict[str, Any] = sent.value.json()
    assert set(started["cameras"]) <= numbers


def play_the_clips(work: Page) -> None:
    work.evaluate("document.body.focus()")
    work.keyboard.press("KeyC")
    player = work.locator(".path-player")
    expect(player).to_be_visible()
    number = player.locator(".path-number")
    expect(number).to_have_text("1")
    where = work.locator(".path-walker")
    expect(where).to_be_visible()
    work.wait_for_function("() => document.querySelector('.path-player video').currentTime > 0.2")
    first = where.bounding_box()
    player.locator("select").select_option("4")
    keep_screenshot(work, "path-player")
    expect(number).to_have_text("2", timeout=15_000)  # by itself, once the first clip has ended
    assert where.bounding_box() != first
    work.wait_for_function("() => document.querySelector('.path-player video').currentTime > 0")
    player.get_by_role("button", name="The next stop").click()
    expect(number).to_have_text("3")
    # The large player of recordings is a part of its own: here it is asked, and kept from opening.
    work.evaluate("""() => window.addEventListener("footage:open", (event) => {
        event.stopImmediatePropagation();
        window.asked = event.detail;
    }, true)""")
    player.get_by_role("button", name="Open in the video").click()
    asked = work.evaluate("window.asked")
    assert asked["camera"] == Camera.objects.get(code="W3").pk
    assert asked["at"].startswith("2026-11-20T12:06:42")
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    work.keyboard.press("Escape")
    expect(player).to_be_hidden()
    assert AuditEntry.objects.filter(action="clip.viewed").count() == 0  # the path's list has accounted for them


def share_it_and_take_a_stop_off(work: Page, approved: SearchRequest, walk: list[Candidate]) -> None:
    work.click("#path-share")
    expect(work.locator("#share-what")).to_contain_text("6 of 6 stops are shared")
    work.fill("#share-reason", "He goes north-east.")
    keep_screenshot(work, "path-share")
    with work.expect_download() as download:
        work.get_by_role("link", name="GPX").click()
    assert download.value.suggested_filename == f"{approved}-path.gpx"
    work.click("#share-send")
    work.get_by_role("button", name="Show", exact=True).click()
    expect(work.locator("#talk-list")).to_contain_text("Path with 6 stops")
    assert Comment.objects.get().text.startswith("He goes north-east.")
    assert AuditEntry.objects.filter(action="path.shared").count() == 2

    card = work.locator(".path-card").nth(3)
    card.hover()
    card.get_by_role("button", name="Take off the path").click()
    work.fill("#unstop-reason", "other shoes")
    work.get_by_role("button", name="Take it off").click()
    expect(work.locator(".path-card")).to_have_count(4)
    walk[5].refresh_from_db()
    assert walk[5].decision == "pending"
    assert AuditEntry.objects.get(action="candidate.reopened").reason == "other shoes"
