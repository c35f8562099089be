"""Number plates on the screen: what is typed is explained, what was read stands beside its vehicle, marked.

Uses Debian's Chromium; skipped with its reason where there is none. All plates are made up, everything is drawn.
"""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from cameras.models import Camera
from inference.models import Plate
from investigations.models import Candidate, Search, SearchRequest
from portal.accounts.models import User
from tests.conftest import NOON, make_recording, make_search, make_sighting
from tests.investigations.plating import add_plate
from tests.system.browsing import findings, keep_screenshot, log_in

pytestmark = pytest.mark.browser
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
    for typed, kept, said in (
        ("１２ 가 34??", "12가34??", "12가34 · 2 unknown characters"),
        ("?? 나12*", "??나12*", "2 unknown characters · 나12 · any characters, or none"),
        ("12ㄱ3456", "12ㄱ3456", "12 · one of 가 거 고 구 · 3456"),
        ("AB-12-CD-34", "AB12CD34", "Unlike a Korean number plate"),
        ("12가<>", "12가<>", "“<” in “12가<>” is on no plate."),
        ("", "", "? for a character that nobody saw"),
    ):
        page.fill("#plate", typed)
        page.press("#plate", "Tab")
        expect(page.locator("#plate-hint")).to_contain_text(said)
        expect(page.locator("#plate")).to_have_value(kept)
        expect(page.locator("#plate")).to_have_attribute("aria-invalid", str("<" in typed).lower())


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
    expect(cards.locator(".candidate-score b")).to_have_text(
        ["plate matches", "1 character differs", "1 character fewer than asked", "0.41"]
    )
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
    keep_screenshot(page, "compare-plates")
    assert findings(page) == []
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
    expect(empty).not_to_contain_text("another picture")


# The last lines of a path's card can be read: they end above its lower edge.
IS_WHOLE = """() => {
  const bottom = (part) => part.getBoundingClientRect().bottom;
  const parts = [...document.querySelectorAll(".path-card :is(.plate-doubt, .path-stay, .path-until)")];
  return parts.length === 3 && parts.every((part) => bottom(part) < bottom(part.closest(".path-card")));
}"""


def test_a_stay_that_joins_two_plates_shows_both_and_how_long_it_lasted(
    page: Page, site: str, search: Search, operator: User
) -> None:
    Candidate.objects.update(decision="confirmed")
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
    card.locator("button").first.click()
    expect(page.locator(".path-popup .plate-doubt")).to_have_count(1)
    assert findings(page) == []


def test_at_1366_the_plate_is_large_in_the_comparison_and_the_panel_s_parts_do_not_overlap(
    page: Page, site: str, search: Search, operator: User
) -> None:
    long = Candidate.objects.create(
        search=search,
        sighting=make_sighting(
            make_recording(search.cameras.get(), started_at=NOON + timedelta(hours=1)), kind="vehicle"
        ),
        plate="32거345",
        plate_distance=1.2,
        order=20,
    )
    add_plate(long.sighting, "32거345")
    Candidate.objects.exclude(pk=long.pk).update(decision="confirmed")  # so that nobody could have been there in time
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{search.request_id}/")
    page.locator(f"#candidates [data-candidate='{long.pk}']").click()
    expect(page.locator("#compare .compare-score")).to_contain_text("2 characters differ, 1 character fewer than asked")
    bottom, top = "(box) => box.getBoundingClientRect().bottom", "(box) => box.getBoundingClientRect().top"
    filters = page.locator(".candidate-bar").evaluate(top)
    for part in ("#compare figure", "#compare .compare-verbs"):
        assert page.locator(part).last.evaluate(bottom) <= filters
    page.keyboard.press("Enter")
    plate = page.locator("#compare-large .plate-picture").bounding_box()
    vehicle = page.locator("#compare-large figure").last.bounding_box()
    assert plate
    assert vehicle
    assert plate["width"] > 0.9 * vehicle["width"]
