"""Number plates on the screen: what is typed is explained, what was read stands beside its vehicle, marked.

Uses Debian's Chromium; skipped with its reason where there is none. All plates are made up, everything is drawn.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from cameras.models import Camera
from inference.models import Plate, Sighting
from investigations.models import Candidate, Search, SearchRequest
from portal.accounts.models import User
from tests.conftest import NOON, make_answer, make_recording, make_search, make_sighting
from tests.investigations.plating import add_plate
from tests.system.browsing import findings, keep_screenshot, log_in

pytestmark = pytest.mark.browser
BAD = "rgb(194, 47, 47)"
# Text, distance from what is asked for (12가3456), and another choice of a character.
READS: list[tuple[str, float, dict[int, tuple[str, float]]]] = [
    ("12가3456", 0.0, {}),
    ("12거3456", 0.65, {2: ("가", 0.12)}),
    ("12가345", 1.2, {}),
]


@pytest.fixture
def search(approved: SearchRequest, camera: Camera, operator: User) -> Search:
    approved.case.kind = "vehicle"
    approved.case.save()
    SearchRequest.objects.update(status="searching", plate="12가3456", vehicle_colour="white", last_seen_at=NOON)
    row = make_search(approved, [camera], operator, kind="vehicle", plate="12가3456", status="done")
    recording = make_recording(camera, minutes=60)
    for at in range(len(READS) + 1):
        sighting = make_sighting(recording, at, kind="vehicle", after_s=120 * at)
        lead: dict[str, Any] = {"order": 10.0 - at}
        if at < len(READS):
            text, distance, others = READS[at]
            add_plate(sighting, text, others=others)
            lead |= {"plate": text, "plate_distance": distance}
        else:
            lead |= {"score": 0.41}
        Candidate.objects.create(search=row, sighting=sighting, **lead)
    return row


def test_what_is_typed_is_explained_and_kept_in_one_spelling(
    page: Page, site: str, search: Search, operator: User
) -> None:
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{search.request_id}/")
    expect(page.locator("#candidates [data-candidate]").first).to_be_visible()  # the search's terms are back by then
    expect(page.locator("#plate")).to_have_value("12가3456")
    expect(page.locator("#describe-chips li")).to_have_count(0)  # the request's colour was not searched for
    for typed, kept, said in (
        ("１２ 가 34??", "12가34??", "12가34 · 2 unknown characters"),
        ("?? 나12*", "??나12*", "2 unknown characters · 나12 · any characters, or none"),
        ("12ㄱ3456", "12ㄱ3456", "12 · one of 가 거 고 구 · 3456"),
        ("AB-12-CD-34", "AB12CD34", "Unlike a Korean number plate"),
        ("12가<>", "12가<>", "“<” in “12가<>” is on no plate."),
        ("", "", "? for one unknown character"),
    ):
        page.fill("#plate", typed)
        page.press("#plate", "Tab")
        expect(page.locator("#plate-hint")).to_contain_text(said)
        expect(page.locator("#plate")).to_have_value(kept)
        expect(page.locator("#plate")).to_have_attribute("aria-invalid", str("<" in typed).lower())
        if "<" in typed:  # said once, at the field
            page.click("#start-search")
            expect(page.locator("#plate")).to_be_focused()
            expect(page.get_by_text("is on no plate").filter(visible=True)).to_have_count(1)
            expect(page.locator("#plate")).to_have_css("border-color", BAD)
    page.click("#start-search")
    expect(page.get_by_text("Add a picture, a number plate").filter(visible=True)).to_have_count(1)


def test_what_is_added_while_a_search_begins_stays(page: Page, site: str, search: Search, operator: User) -> None:
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{search.request_id}/")
    cards = page.locator("#candidates [data-candidate]")
    expect(cards.first).to_be_visible()
    page.fill("#plate", "12가34")
    answers: list[Route] = []
    page.route("**/api/searches/*/", lambda route: answers.append(route))  # noqa: PLW0108 -- a built-in is refused
    with page.expect_request("**/api/searches/*/"):
        page.click("#start-search")
    cards.first.click()
    page.keyboard.press("KeyS")
    page.fill("#plate", "77나7777")
    for answer in answers:
        answer.continue_()
    page.unroute("**/api/searches/*/")
    expect(page.locator("#search-status")).to_contain_text("Waiting for a worker")
    expect(page.locator("#query-pictures li")).to_have_count(1)
    expect(page.locator("#plate")).to_have_value("77나7777")
    page.locator("#earlier summary").click()
    page.locator("#search-list button", has_text="12가3456").click()
    expect(page.locator("#plate")).to_have_value("12가3456")  # whoever opens a search gets its terms
    expect(page.locator("#query-pictures li")).to_have_count(0)


# How many left edges these have, in pixels of the screen.
LEFT_EDGES = "(parts) => new Set(parts.map((part) => Math.round(part.getBoundingClientRect().left))).size"


def test_what_was_read_stands_beside_its_vehicle_with_what_differs_marked(
    page: Page, site: str, search: Search, operator: User
) -> None:
    search.candidates.update(described={"colour": ["white", 0.9]})
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{search.request_id}/")
    cards = page.locator("#candidates [data-candidate]")
    expect(cards).to_have_count(len(READS) + 1)
    plates = cards.locator(".candidate-plate")
    expect(plates).to_have_text(["12가3456", "12거3456", "12가3456", "plate not read"])  # of the third a 6 is missing
    expect(cards.locator(".candidate-score b")).to_have_text(["plate matches", "1 differs", "1 missing", "0.41"])
    expect(cards.nth(1)).to_have_attribute("aria-label", re.compile("^Candidate 2, plate 12거3456: 1 differs, "))
    expect(plates.nth(1).locator(".plate-other")).to_have_text("거")
    expect(plates.nth(2).locator(".plate-missing")).to_have_text("6")
    for picture in cards.locator(".candidate-plate img").all():
        expect(picture).not_to_have_js_property("naturalWidth", 0)
    keep_screenshot(page, "candidates-plates")
    page.select_option("#candidate-plate", "unread")
    expect(cards).to_have_count(1)
    page.select_option("#candidate-plate", "read")
    page.select_option("#candidate-sort", "plate")
    expect(plates).to_have_text(["12가3456", "12거3456", "12가3456"])
    cards.nth(1).click()
    page.keyboard.press("Enter")
    pair = page.locator("#compare-large .plate-pair")
    expect(pair.locator(".plate")).to_have_text("12가3456")
    expect(pair.locator(".plate-read")).to_have_text("12거3456")
    expect(pair.locator(".plate-details")).to_have_text("confidence 93% · read 4 times · may be: 거 → 가 (12%)")
    expect(page.locator("#compare-large")).to_contain_text("What the model sees")
    laid = page.locator("#compare-large .plate-laid .plate-places")  # in place of a picture, one below the other
    expect(laid).to_have_text(["12가3456", "12거3456"])
    assert laid.locator(":nth-child(3)").evaluate_all(LEFT_EDGES) == 1
    expect(laid.locator(".plate-other")).to_have_text("거")
    keep_screenshot(page, "compare-plates")
    assert findings(page) == []
    page.locator("#compare-large .enlarge").click()
    expect(page.locator(".picture-dialog img")).not_to_have_js_property("naturalWidth", 0)
    expect(page.locator(".picture-dialog h2")).to_have_text("number plate")
    page.keyboard.press("y")  # the keys of what is behind it wait
    page.keyboard.press("Escape")
    expect(page.locator(".picture-dialog")).to_have_count(0)
    expect(page.locator("#candidates [data-decision=confirmed]")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(pair.locator(".plate-missing")).to_have_text("6")
    page.keyboard.press("y")
    page.keyboard.press("Escape")
    expect(page.locator("#candidates [data-decision=confirmed]")).to_have_count(1)
    cards.first.click()
    page.keyboard.press("n")
    chips = page.locator("#reason-pop .chip:visible")
    expect(chips).to_have_text(["1different vehicle", "2cannot tell", "3other number plate", "4not a vehicle"])
    page.keyboard.press("3")
    expect(page.locator("#candidates [data-decision=rejected]")).to_have_count(1)


def test_a_station_is_told_what_its_plate_means_while_it_writes(
    page: Page, site: str, search: Search, officer: User
) -> None:
    log_in(page, site, officer)
    page.goto(f"{site}/cases/{search.request.case_id}/requests/new/")
    page.fill("#id_plate", "서울 12 바 34??")
    page.press("#id_plate", "Tab")
    expect(page.locator("#plate-meaning")).to_contain_text("서울12바34 · 2 unknown characters")
    expect(page.locator("#id_plate")).to_have_value("서울12바34??")


def test_nothing_found_by_a_plate_alone_says_what_helps_for_plates(
    page: Page, site: str, search: Search, operator: User
) -> None:
    search.candidates.all().delete()
    Search.objects.update(warning="No plate was read of 2 of 7 vehicles: it may be among them.")
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{search.request_id}/")
    empty = page.locator("#candidates-empty")
    expect(empty).to_contain_text("No plate like this was found.")
    expect(empty).to_contain_text("without the plate")
    expect(empty).to_contain_text("No plate was read of 2 of 7 vehicles")
    expect(empty).not_to_contain_text("change the query")
    compare, chips = page.locator("#compare"), page.locator("#describe-chips li")
    expect(compare).to_have_text("No candidate to compare.")
    Search.objects.all().delete()
    page.reload()
    expect(compare).to_have_text("Add a picture or a number plate on the left to begin.")
    expect(chips).to_contain_text(["Colour: white"])


HEIGHT = "(part) => part.getBoundingClientRect().height"
PLATE_PX = {"s": 18, "m": 30, "l": 46}
# Parts of cards whose text is cut, or that reach beyond their card. Names of cameras may be cut: they have a tooltip.
CUT = """() => [...document.querySelectorAll("#candidates .candidate :is(b, span, s, small, div)")]
  .filter((part) => part.checkVisibility() && !part.matches(".hidden, .candidate-where"))
  .filter((part) => {
    const [box, card] = [part, part.closest(".candidate")].map((one) => one.getBoundingClientRect());
    const isCut = part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1;
    return (isCut && getComputedStyle(part).overflowX !== "visible")
      || box.left < card.left - 1 || box.right > card.right + 1 || box.bottom > card.bottom + 1;
  }).map((part) => `${part.className}: ${part.textContent}`)"""


def test_all_that_a_card_says_can_be_read_at_every_width_and_size(
    page: Page, site: str, search: Search, operator: User
) -> None:
    wanted = [("colour", "white"), ("colour", "silver"), ("type", "van"), ("type", "pickup")]
    search.wanted = [{"attribute": name, "value": value, "required": False} for name, value in wanted]
    search.save()
    search.candidates.update(described={"colour": ["silver", 0.9], "type": ["van", 0.8]}, decision="confirmed")
    first, second, third, fourth = search.candidates.order_by("-order")
    Candidate.objects.filter(pk=second.pk).update(plate="32거34561", plate_distance=1.9)
    Plate.objects.filter(sighting=second.sighting_id).update(text="32거34561")
    Plate.objects.filter(sighting=third.sighting_id).update(text="서울12바3456")
    Candidate.objects.filter(pk=third.pk).update(plate="", plate_distance=None, odds=0.0004, score=0.5)
    Sighting.objects.filter(pk=fourth.sighting_id).update(last_seen_at=fourth.sighting.seen_at + timedelta(hours=9.99))
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{search.request_id}/")
    second_opinion = page.locator(f"[data-candidate='{first.pk}'] .second-mark")
    expect(second_opinion).to_have_attribute("title", "second opinion awaited")
    expect(second_opinion.locator("use")).to_have_attribute("href", "#icon-clock")
    cut = {}
    for width in (1181, 1366, 1799, 1800, 1920):
        page.set_viewport_size({"width": width, "height": 1080})
        for size in "sml":
            page.click(f"#candidate-size label:has([value={size}])")
            expect(page.locator("#candidates")).to_have_attribute("data-size", size)
            assert page.locator(".candidate-plate img").first.evaluate(HEIGHT) == PLATE_PX[size]
            if found := page.evaluate(CUT):
                cut[width, size] = found
    assert cut == {}


# The last lines of a path's card can be read: they end above its lower edge.
IS_WHOLE = """() => {
  const bottom = (part) => part.getBoundingClientRect().bottom;
  const parts = [...document.querySelectorAll(".path-card :is(.plate-doubt, .path-stay, .path-until)")];
  return parts.length === 3 && parts.every((part) => bottom(part) < bottom(part.closest(".path-card")));
}"""


# Whether two boxes have a part in common.
MEET = """([one, other]) => {
  const [a, b] = [one, other].map((name) => document.querySelector(name).getBoundingClientRect());
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}"""


def test_a_stay_that_joins_two_plates_shows_both_and_how_long_it_lasted(
    page: Page, site: str, search: Search, operator: User
) -> None:
    Candidate.objects.update(decision="confirmed")
    place = search.cameras.get()
    SearchRequest.objects.update(last_seen_latitude=place.latitude, last_seen_longitude=place.longitude)
    add_plate(Candidate.objects.last().sighting, "34나5678")  # type: ignore[union-attr]  # there are four
    Plate.objects.filter(text="12가345").delete()
    Plate.objects.filter(text="12가3456").update(confidence=0.6)  # the next one, likely of the same plate, is surer
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{search.request_id}/")
    page.click("#build-path")
    card = page.locator(".path-card")
    expect(card).to_have_count(1)
    expect(card.locator(".path-plate")).to_have_text("12거3456 / 34나5678")
    doubt = card.locator(".plate-doubt")
    expect(doubt).to_have_text("another plate")
    expect(doubt).to_have_attribute(
        "title", "Another number plate than before (12거3456): check whether it is the same vehicle."
    )
    page.wait_for_function(IS_WHOLE)
    keep_screenshot(page, "path-two-plates")
    expect(card.locator("img")).to_have_css("object-fit", "contain")  # a car has its plate at the side that is cut off
    assert page.evaluate(MEET, [".last-place", ".path-marker"])
    assert not page.evaluate(MEET, [".last-place span", ".path-marker"])
    card.locator("button").first.click()
    expect(page.locator(".path-popup .plate-doubt")).to_have_count(1)
    assert findings(page) == []


def test_at_1366_the_plate_is_large_in_the_comparison_and_the_panel_s_parts_do_not_overlap(
    page: Page, site: str, search: Search, make_camera: Callable[..., Camera], operator: User
) -> None:
    far = make_camera("C2", name="Crossing of two roads beyond the river", latitude=37.5)
    long = Candidate.objects.create(
        search=search,
        sighting=make_sighting(make_recording(far), kind="vehicle"),
        plate="32거345",
        plate_distance=1.2,
        order=20,
    )
    add_plate(long.sighting, "32거345")
    Candidate.objects.exclude(pk=long.pk).update(decision="confirmed")  # so that nobody could have been there in time
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{search.request_id}/")
    page.locator(f"#candidates [data-candidate='{long.pk}']").click()
    expect(page.locator("#compare .compare-score")).to_contain_text("2 differ, 1 missing")
    bottom, top = "(box) => box.getBoundingClientRect().bottom", "(box) => box.getBoundingClientRect().top"
    filters = page.locator(".candidate-bar").evaluate(top)
    for part in ("#compare figure", "#compare .compare-verbs"):
        assert page.locator(part).last.evaluate(bottom) <= filters
    expect(page.locator("#compare .impossible")).to_be_visible()
    verbs = page.locator("#compare .compare-verbs").evaluate(top)
    assert page.locator("#compare .impossible").evaluate(bottom) <= verbs
    page.keyboard.press("Enter")
    plate = page.locator("#compare-large .plate-picture").bounding_box()
    vehicle = page.locator("#compare-large figure").last.bounding_box()
    assert plate
    assert vehicle
    assert plate["width"] > 0.9 * vehicle["width"]


def test_who_is_answered_and_who_gives_the_second_opinion_see_the_plate_large(
    page: Page, site: str, search: Search, operator: User, officer: User, supervisor: User
) -> None:
    SearchRequest.objects.update(status="review")
    Candidate.objects.filter(plate="12거3456").update(decision="confirmed")
    found = Candidate.objects.get(decision="confirmed")
    answer = make_answer(search.request, operator, found.sighting)
    answer.items.update(plate="12거3456", plate_confidence=0.93)
    log_in(page, site, officer)
    page.goto(f"{site}/requests/{search.request_id}/")
    item, shown = page.locator(".sighting"), page.locator(".picture-dialog")
    for picture in item.locator(".enlarge").all():
        assert picture.locator("img").evaluate(HEIGHT) >= 48
        picture.click()
        expect(shown.locator("img")).to_have_count(2)
        for image in shown.locator("img").all():
            expect(image).not_to_have_js_property("naturalWidth", 0)
        expect(shown).to_contain_text("12거3456 as read, confidence 93%")
        keep_screenshot(page, "answer-enlarged")
        assert findings(page) == []
        page.keyboard.press("Escape")
        expect(shown).to_have_count(0)
    item.get_by_role("button", name="1: Show on the map").click()
    expect(page.locator(".path-popup")).to_contain_text("12거3456")
    page.context.clear_cookies()
    log_in(page, site, supervisor)
    page.goto(f"{site}/reviews/")
    plate = page.locator(".review-side .enlarge")
    assert plate.locator("img").evaluate(HEIGHT) >= 48
    expect(page.locator(".review-sought .plate-places")).to_have_text(["12가3456", "12거3456"])
    keep_screenshot(page, "review-plate")
    assert findings(page) == []
    plate.click()
    expect(shown.locator("img")).not_to_have_js_property("naturalWidth", 0)
