"""Candidates as the operator works through them, in a real browser: compared, decided by keys.

Uses Debian's Chromium; skipped with its reason where there is none. Everything on these screens is drawn.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from cameras.models import Camera, Recording
from inference.core.images import read_image
from inference.models import Sighting
from investigations import events
from investigations.models import Candidate, Search, SearchRequest
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, drawn_person, make_search, make_user
from tests.core.drawing import write_video
from tests.system.browsing import end_session, findings, keep_screenshot, log_in, log_in_beside, silent_page
from tests.system.candidate_rows import in_thread, make_sightings, offer, tell
from tests.system.conftest import wait_until
from tests.system.working import cameras, decided, open_workspace, page, recordings, search, twelve

__all__ = ["cameras", "page", "recordings", "search", "twelve"]  # fixtures

pytestmark = pytest.mark.browser
# By how much the card in focus begins above the list that it stands in.
ABOVE = """() => document.getElementById("candidates-scroll").getBoundingClientRect().top
  - document.activeElement.getBoundingClientRect().top"""


@pytest.fixture
def footage(tmp_path: Path) -> bytes:
    """Four seconds in which a drawn figure walks from left to right."""
    figure = read_image(drawn_person())
    images = []
    for step in range(40):
        image = np.full((240, 320, 3), 90, np.uint8)
        image[60:188, 4 * step : 4 * step + 64] = figure
        images.append(image)
    return write_video(tmp_path / "walk.mp4", images).read_bytes()


def test_decisions_by_keys_one_and_several_and_their_undoing(
    page: Page, search: Search, twelve: list[Candidate], operator: User
) -> None:
    open_workspace(page, search.request, operator)
    cards = page.locator("#candidates [data-candidate]")
    cards.first.click()
    page.locator("#limit").click()
    for key in ["KeyY", "KeyU", "Space", "ArrowRight"]:
        page.keyboard.press(key)  # in a field they are text
    page.locator("#map").focus()
    page.keyboard.press("KeyY")
    expect(page.locator("#compare-dialog")).to_be_hidden()
    expect(page.locator("#candidates [data-decision=pending]")).to_have_count(12)

    cards.first.click()
    page.keyboard.press("KeyY")
    expect(page.locator("#candidates [data-decision=confirmed]")).to_have_count(1)
    expect(cards.nth(1)).to_be_focused()  # on to the next open one
    page.keyboard.press("KeyN")
    page.keyboard.press("Digit2")
    expect(page.locator("#candidates [data-decision=rejected]")).to_have_count(1)

    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    cards.nth(7).click(modifiers=["Control"])
    expect(page.locator("#marks-count")).to_have_text("4 chosen")
    keep_screenshot(page, "candidates-several")
    page.keyboard.press("KeyN")
    page.keyboard.press("Digit3")
    expect(page.locator("#candidates [data-decision=rejected]")).to_have_count(5)
    wait_until(lambda: decided("rejected") == 5, within_s=15, what="five rejections")
    entries = AuditEntry.objects.filter(action="candidate.rejected", reason="other clothes")
    assert entries.count() == 4

    page.keyboard.press("Control+KeyZ")
    expect(page.locator("#candidates [data-decision=rejected]")).to_have_count(1)
    page.keyboard.press("Control+KeyZ")
    page.keyboard.press("Control+KeyZ")
    wait_until(lambda: decided("pending") == 12, within_s=15, what="all undone")
    expect(page.locator("#candidates [data-decision=pending]")).to_have_count(12)


def test_a_decision_follows_the_sighting_into_other_searches(
    page: Page, search: Search, twelve: list[Candidate], operator: User, centre: Agency
) -> None:
    """Also what somebody else decided: hidden until this person has decided, then their second opinion."""
    Search.objects.filter(pk=search.pk).update(status="done")
    people = make_user("third", "operator", centre), operator
    theirs, own = (make_search(search.request, list(search.cameras.all()), one, status="done") for one in people)
    hidden = offer(theirs, [row.sighting for row in twelve])[2]
    offer(own, [row.sighting for row in twelve])
    Candidate.objects.filter(pk=hidden.pk).update(decision="rejected")
    open_workspace(page, search.request, operator)
    cards = page.locator("#candidates [data-candidate]")
    expect(page.locator("#candidates [data-decision=pending]")).to_have_count(12)
    cards.first.click()
    page.keyboard.press("KeyY")
    page.keyboard.press("KeyY")
    page.keyboard.press("KeyY")  # the third: others have decided about it
    expect(page.locator(".toast", has_text="yours is the second opinion")).to_be_visible()
    expect(cards.nth(2)).to_have_attribute("data-second", "disputed")
    expect(cards.nth(2)).to_have_attribute("data-decision", "rejected")

    page.locator("#earlier > summary").click()
    listed = page.locator("#search-list button").filter(has=page.get_by_text(f"#{search.pk}", exact=True))
    listed.click()
    expect(listed).to_have_attribute("aria-current", "true")
    expect(page.locator("#candidates [data-decision=confirmed]")).to_have_count(2)
    cards.first.click()
    expect(page.locator("#compare .compare-elsewhere")).to_contain_text(f"search #{own.pk}, operator")
    keep_screenshot(page, "candidates-decided-elsewhere")
    page.keyboard.press("KeyU")
    expect(page.locator("#candidates [data-decision=confirmed]")).to_have_count(1)
    expect(page.locator(".toast", has_text="Candidate 1 is undecided again.")).to_be_visible()
    assert decided("confirmed") == 1
    page.keyboard.press("KeyY")
    wait_until(lambda: decided("confirmed") == 2, within_s=15, what="and confirmed again")
    assert Candidate.objects.confirmed().filter(search=own).count() == 2


def test_the_list_is_narrowed_grouped_and_kept_so(
    page: Page, search: Search, twelve: list[Candidate], operator: User
) -> None:
    open_workspace(page, search.request, operator)
    cards = page.locator("#candidates [data-candidate]")
    expect(cards).to_have_count(12)
    page.select_option("#candidate-camera", label="호수공원 1")
    expect(cards).to_have_count(3)
    page.select_option("#candidate-camera", index=0)
    page.select_option("#candidate-sort", "time")
    expect(cards.first).to_contain_text("호수공원 1")
    cards.first.click()
    page.keyboard.press("KeyG")
    expect(page.locator(".candidate-head")).to_have_count(4)
    page.locator("#candidate-size [value=s]").check(force=True)
    keep_screenshot(page, "candidates-by-camera-small")
    page.reload()
    expect(page.locator(".candidate-head")).to_have_count(4)
    expect(page.locator("#candidate-size [value=s]")).to_be_checked()
    page.locator("#candidates [data-candidate]").first.click()
    page.keyboard.press("KeyG")
    expect(page.locator("#candidate-group")).to_have_value("track")

    # A card that is higher than the list shows its top: that is where its rank stands.
    page.set_viewport_size({"width": 1366, "height": 560})
    page.locator("#candidate-size [value=l]").check(force=True)
    page.locator("#candidates [data-candidate]").first.click(position={"x": 30, "y": 60})
    for key in ("ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        expect(page.locator("#candidates [data-candidate]:focus")).to_have_count(1)
        assert page.evaluate(ABOVE) <= 0

    for _ in range(2):  # said once, however often it is tried
        page.evaluate("document.dispatchEvent(new CustomEvent('footage:open', { detail: { camera: 0 } }))")
        expect(page.locator(".toast.error")).to_have_text(re.compile("This camera is not among yours"))


def test_pieces_of_one_track_are_one_card_that_opens(
    page: Page, search: Search, recordings: list[Recording], operator: User
) -> None:
    sightings = make_sightings(recordings, 3)
    for at, row in enumerate(sightings):
        begins = NOON + timedelta(seconds=10 + 7 * at)
        Sighting.objects.filter(pk=row.pk).update(
            recording=recordings[0],
            camera=recordings[0].camera,
            first_seen_at=begins,
            seen_at=begins,
            last_seen_at=begins + timedelta(seconds=5),
        )
    Search.objects.update(status="done")
    offer(search, sightings)
    open_workspace(page, search.request, operator)
    cards = page.locator("#candidates [data-candidate]")
    expect(cards).to_have_count(3)
    page.select_option("#candidate-group", "track")
    expect(cards).to_have_count(1)
    expect(cards.first.locator(".pieces")).to_have_text("×3")
    cards.first.locator(".pieces").click()
    expect(cards).to_have_count(3)
    keep_screenshot(page, "candidates-pieces")


def test_two_are_compared_and_the_clip_plays(
    page: Page, search: Search, recordings: list[Recording], footage: bytes, operator: User
) -> None:
    Recording.objects.update(file=default_storage.save("recordings/walk.mp4", ContentFile(footage)))
    Search.objects.update(status="done")
    twelve = offer(search, make_sightings(recordings, 12, every_s=0.15), step=0.02)
    open_workspace(page, search.request, operator)
    cards = page.locator("#candidates [data-candidate]")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/clips/" in request.url else None)
    place = cards.first.locator(".candidate-picture").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 10, place["y"] + 10)
    page.mouse.move(place["x"] + 40, place["y"] + 60, steps=4)
    expect(cards.first.locator("video.on")).to_be_attached()
    before = cards.nth(1).bounding_box()
    page.mouse.move(600, 300)
    expect(page.locator("#candidates video")).to_have_count(0)
    assert cards.nth(1).bounding_box() == before
    assert len({url.split("?")[0] for url in asked}) == 1
    assert not AuditEntry.objects.filter(action="clip.viewed").exists()  # the list's look names its sightings

    cards.first.click()
    page.keyboard.press("Enter")
    dialog = page.locator("#compare-dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".reasons")).to_contain_text("1 of 9,000 compared")
    expect(dialog.locator(".checklist label")).to_have_count(3)
    dialog.get_by_label("red coat").check()
    dialog.get_by_label("Query picture 2").click()
    expect(dialog.get_by_label("Query picture 2")).to_have_attribute("aria-pressed", "true")
    dialog.get_by_role("button", name="frame").click()
    expect(dialog.locator(".frame-box rect")).to_be_attached()
    box = dialog.locator(".compare-half.found").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -200)
    page.mouse.wheel(0, -200)
    zooms = dialog.locator(".stage").evaluate_all("stages => stages.map((stage) => stage.style.transform)")
    assert zooms[0] == zooms[1]
    assert "scale(1)" not in zooms[0]
    keep_screenshot(page, "candidates-compare")
    page.keyboard.press("ArrowRight")
    expect(dialog.locator("figcaption", has_text="Candidate 2")).to_be_visible()
    expect(dialog.get_by_label("red coat")).not_to_be_checked()
    page.keyboard.press("Space")
    expect(dialog.locator("video.on")).to_be_attached()
    page.keyboard.press("KeyN")
    expect(page.locator("#reason-pop")).to_be_visible()
    page.keyboard.press("Escape")  # closes the window of reasons alone
    expect(page.locator("#reason-pop")).to_be_hidden()
    expect(dialog).to_be_visible()
    page.keyboard.press("KeyN")
    page.keyboard.type("limping")  # the window of reasons is in front of the dialog, and its keys are its own
    page.locator("#reason-text").fill("other shoes")
    page.keyboard.press("Enter")
    wait_until(lambda: decided("rejected") == 1, within_s=15, what="the rejection")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert Candidate.objects.get(decision="rejected") == twelve[1]


def test_what_is_impossible_is_warned_of_and_video_opens_there(
    page: Page, search: Search, recordings: list[Recording], operator: User
) -> None:
    near, far = make_sightings(recordings, 2)
    Camera.objects.filter(pk=far.camera_id).update(latitude=36.53)
    Search.objects.update(status="done")
    offer(search, [near, far])
    open_workspace(page, search.request, operator)
    cards = page.locator("#candidates [data-candidate]")
    cards.first.click()
    page.keyboard.press("KeyY")
    expect(cards.nth(1).locator(".conflict-mark")).to_be_visible()
    expect(page.locator("#compare .impossible")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#compare-dialog .impossible")).to_contain_text("Impossible: 3.4 km in 9 s")
    keep_screenshot(page, "candidates-impossible")
    page.evaluate("document.addEventListener('footage:open', ({ detail }) => { window.opened = detail; })")
    page.keyboard.press("KeyV")
    expect(page.locator("#compare-dialog")).to_be_hidden()
    opened: dict[str, Any] = page.evaluate("window.opened")
    assert opened["camera"] == far.camera_id


@pytest.mark.usefixtures("twelve")
def test_of_an_answered_request_the_video_says_why_it_stays_shut_and_offers_nothing(
    browser: Browser, site: str, search: Search, operator: User
) -> None:
    SearchRequest.objects.update(status="answered")
    with silent_page(browser, base_url=site, is_expected=lambda said: "/api/footage/" in said) as page:
        log_in(page, "", operator)
        page.goto(f"/requests/{search.request_id}/")
        page.locator("#candidates [data-candidate]").first.click()
        page.keyboard.press("KeyV")
        note = page.locator(".tile[data-state=error] .tile-note")
        expect(note).to_contain_text("no footage opened, for a request that is “answered”")
        buttons = page.locator("#video-box :is(button, input, select):visible")
        names = [button.get_attribute("data-act") or button.get_attribute("title") for button in buttons.all()]
        assert names == ["full", "close", "Remove"]
        page.keyboard.press("Space")  # nothing to play, and no end of the recordings either
        expect(page.locator("#video-note")).to_have_text("")
        SearchRequest.objects.update(status="reopened")
        search.request.refresh_from_db()
        in_thread(events.push_request, search.request, "reopened")
        expect(page.locator("#video-box [data-act=pick]")).to_be_enabled()
        expect(note).not_to_contain_text("answered")  # asked anew: of these recordings nothing is stored
        expect(note.get_by_role("button")).to_have_count(0)


def test_who_may_give_the_second_opinion_sees_no_decision(
    page: Page, search: Search, twelve: list[Candidate], supervisor: User
) -> None:
    Candidate.objects.filter(pk__in=[twelve[0].pk, twelve[1].pk]).update(decision="confirmed")
    open_workspace(page, search.request, supervisor)
    expect(page.locator("#candidates [data-decision=hidden]")).to_have_count(12)
    expect(page.locator("#candidate-filter")).to_be_hidden()
    page.locator("#candidates [data-candidate]").first.click()
    page.keyboard.press("KeyY")
    page.keyboard.press("Enter")
    expect(page.locator("#compare-dialog .compare-state")).to_have_text("Decision hidden from you")
    expect(page.locator("#compare-dialog .confirm-large")).to_have_count(0)
    assert decided("confirmed") == 2


def test_a_search_that_cannot_be_read_says_so_and_is_tried_again(
    page: Page, search: Search, twelve: list[Candidate], operator: User
) -> None:
    failures: list[int] = []

    def fail_once(route: Any) -> None:
        if failures:
            route.fallback()
        else:
            failures.append(1)
            route.fulfill(status=200, body="no JSON", content_type="application/json")

    page.route(f"**/api/searches/{search.pk}/*", fail_once)
    open_workspace(page, search.request, operator)
    expect(page.locator("#candidates-empty")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#candidates [data-candidate]")).to_have_count(12)


def test_who_was_logged_out_goes_on_after_the_next_log_in(
    browser: Browser, site: str, search: Search, twelve: list[Candidate], operator: User
) -> None:
    with silent_page(browser, base_url=site, is_expected=lambda said: "401" in said) as page:
        open_workspace(page, search.request, operator)
        pending = page.locator("#candidates [data-decision=pending]")
        expect(pending).to_have_count(12)
        end_session(page)
        page.click("#start-search")
        expect(page.locator("#search-message")).to_contain_text("You are logged out.")
        expect(page.locator("#search-message a")).to_have_attribute("href", "/login/")
        pending.first.click()
        page.keyboard.press("KeyY")
        expect(page.locator(".toast.error")).to_contain_text("You are logged out.")
        expect(pending).to_have_count(12)
        log_in_beside(page, page.locator(".toast.error a"), operator)
        page.keyboard.press("KeyY")
        wait_until(lambda: decided("confirmed") == 1, within_s=15, what="the decision")


def test_odds_are_said_and_the_list_shows_where_it_gets_weak(
    page: Page, search: Search, twelve: list[Candidate], operator: User
) -> None:
    """The model's answers stand on the cards: what was asked for first, and whether it is so."""
    odds = [0.0004, 0.025, 0.012, 0.1, 0.2, 0.3, 0.34, 0.4, 0.6, 0.8, 0.95, 0.97]
    looks = {"upper_colour": ["red", 0.9], "hat": ["unknown", 0.6], "backpack": ["no", 0.8], "gender": ["male", 0.7]}
    for row, chance in zip(twelve, odds, strict=True):
        row.odds, row.described = chance, looks
    Candidate.objects.bulk_update(twelve, ["odds", "described"])
    wanted = [("upper_colour", "red"), ("backpack", "yes"), ("hat", "no")]
    Search.objects.update(
        wanted=[{"attribute": name, "value": value, "required": False} for name, value in wanted], parent=None
    )
    open_workspace(page, search.request, operator)
    cards = page.locator("#candidates [data-candidate]")
    scores = [cards.nth(at).locator(".candidate-score b") for at in range(12)]
    for score, said in zip(scores, ["1 in 1000+ wrong", "1 in 40 wrong", "1 in 83 wrong"], strict=False):
        expect(score).to_have_text(said)
    expect(scores[8]).to_have_text("6 in 10 wrong")
    expect(scores[11]).to_have_text("9 in 10 wrong")
    weak = page.locator(".candidate-head")
    expect(weak).to_have_text(["From here on more than half are probably wrong"])
    before, after = weak.bounding_box(), cards.nth(8).bounding_box()
    assert before is not None
    assert after is not None
    assert before["y"] < after["y"]

    first = cards.first
    expect(first.locator(".look")).to_have_text(
        ["as described: Top: red", "not as described: backpack", "not certain: no hat"]
    )
    expect(first.locator(".look.not s")).to_have_text("backpack")
    expect(first).to_have_attribute("aria-label", re.compile("1 in 1000\\+ wrong, .*not as described: backpack"))
    assert findings(page) == []
    keep_screenshot(page, "candidates-odds")
    page.select_option("#candidate-sort", "odds")
    expect(cards.nth(1).locator(".rank")).to_have_text("3")  # 1 in 83, which the search has listed third
    page.select_option("#candidate-sort", "time")
    expect(weak).to_have_count(0)


def test_what_a_search_says_of_candidates_as_it_ends_replaces_what_it_said_before(
    page: Page, search: Search, twelve: list[Candidate], operator: User
) -> None:
    """While it looks the list has cosines alone; the last word has odds and looks, also of who was listed already."""
    wanted = [{"attribute": "upper_colour", "value": "red", "required": False}]
    Search.objects.update(wanted=wanted, status="running")
    open_workspace(page, search.request, operator)
    first = page.locator("#candidates [data-candidate]").first
    expect(first.locator(".candidate-score b")).to_have_text("0.95")
    expect(first.locator(".look")).to_have_count(0)
    in_thread(_end, search, twelve[0])
    expect(first.locator(".candidate-score b")).to_have_text("1 in 40 wrong")
    expect(first.locator(".look")).to_have_text(["as described: Top: red"])


def _end(search: Search, row: Candidate) -> None:
    row.odds, row.described = 0.025, {"upper_colour": ["red", 0.9]}
    row.save()
    search.status = "done"
    search.save(update_fields=["status"])
    tell(search, 1.0)
    connection.close()
