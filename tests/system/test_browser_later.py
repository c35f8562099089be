"""What comes of the script after the first view: nothing done before is lost, nor what could not be fetched."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from cameras.models import Camera
from investigations.models import Candidate, SearchRequest
from investigations.services.requests import close_request
from portal.accounts.models import User
from tests.conftest import NOON, make_recording, make_search
from tests.system.browsing import elsewhere, listening, log_in, silent_page
from tests.system.candidate_rows import make_sightings, offer
from tests.system.conftest import wait_until

pytestmark = pytest.mark.browser
LATER_SCRIPTS = re.compile(r"/(chooser_tools|compare_large|timeline_load|camera_card|query_content)\b.*\.js")


@pytest.fixture
def twelve(approved: SearchRequest, make_camera: Callable[..., Camera], operator: User) -> list[Candidate]:
    SearchRequest.objects.update(status="searching", last_seen_at=NOON)
    camera = make_camera("SJ-0101")
    search = make_search(approved, [camera], operator, status="done", ends_at=NOON + timedelta(hours=3))
    return offer(search, make_sightings([make_recording(camera, started_at=NOON, minutes=120)], 12))


def open_workspace(page: Page, site: str, user: User) -> None:
    log_in(page, site, user)
    page.goto(f"{site}/requests/{SearchRequest.objects.get().pk}/")
    page.locator("#candidates [data-candidate]").first.click()


def hold_later(page: Page) -> list[Route]:
    held: list[Route] = []
    page.route(LATER_SCRIPTS, lambda route: held.append(route))  # noqa: PLW0108 -- Playwright marks what it is given
    return held


def let_come(page: Page, held: list[Route]) -> None:
    """Return once the tools of the map are there, and what was waiting for them has run."""

    def asked_for() -> list[str]:
        page.title()  # Playwright reports while it is waited with
        return [route.request.url for route in held if "chooser_tools" in route.request.url]

    wait_until(asked_for, within_s=15, what="the script of the tools")
    for route in held:
        route.continue_()
    page.evaluate("(address) => import(address).then(() => {})", asked_for()[0])


def decided() -> list[str]:
    return sorted(Candidate.objects.exclude(decision="pending").values_list("decision", flat=True))


def test_keys_and_gestures_count_before_the_rest_of_the_script_is_there(
    page: Page, site: str, twelve: list[Candidate], operator: User
) -> None:
    held = hold_later(page)
    open_workspace(page, site, operator)
    handle = page.locator("#time-strip .tl-handle.from")
    for key in ["KeyY", "KeyY", "KeyN", "Digit2"]:  # each goes on to the next open one
        page.keyboard.press(key)
    expect(page.locator("#candidates [data-decision=confirmed]")).to_have_count(2)
    expect(page.locator("#candidates [data-decision=rejected]")).to_have_count(1)
    before = handle.get_attribute("aria-valuemax")
    page.locator("#time-strip").hover()
    page.mouse.wheel(0, 240)
    expect(handle).not_to_have_attribute("aria-valuemax", str(before))
    page.locator("#map").focus()
    page.keyboard.press("KeyR")
    expect(page.locator(".tool-panel")).to_be_hidden()
    let_come(page, held)
    expect(page.locator(".tool-panel")).to_be_visible()  # what was pressed then
    expect(page.locator("#coverage-summary")).not_to_be_empty()
    wait_until(lambda: decided() == ["confirmed", "confirmed", "rejected"], within_s=15, what="three decisions")


@pytest.mark.parametrize("way", ["Escape", "KeyR", "end"])
def test_a_tool_is_taken_back_before_its_script_is_there(
    page: Page, site: str, twelve: list[Candidate], operator: User, officer: User, way: str
) -> None:
    held = hold_later(page)
    with listening(page):
        open_workspace(page, site, operator)
    button = page.get_by_role("button", name="Around a point")
    page.locator("#map").focus()
    page.keyboard.press("KeyR")
    if way == "end":
        row = SearchRequest.objects.get()
        elsewhere(lambda: close_request(row, "found", reason="at home", actor=officer))
        expect(button).to_be_disabled()
    else:
        page.keyboard.press(way)
    let_come(page, held)
    expect(page.locator(".tool-panel")).to_be_hidden()
    expect(button).to_have_attribute("aria-pressed", "false")


def test_a_script_that_does_not_come_is_said_and_fetched_at_the_next_use(
    browser: Browser, site: str, twelve: list[Candidate], operator: User
) -> None:
    def is_lost(said: str) -> bool:
        return "ERR_FAILED" in said

    with silent_page(browser, is_expected=is_lost) as page:
        page.route(LATER_SCRIPTS, lambda route: route.abort())
        open_workspace(page, site, operator)
        page.keyboard.press("Enter")
        expect(page.locator(".toast.error")).to_contain_text("could not be loaded")
        page.unroute(LATER_SCRIPTS)
        page.locator(".toast.error .toast-close").click()
        page.locator("#candidates [data-candidate]").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#compare-dialog")).to_be_visible()
        page.keyboard.press("Escape")
        page.locator("#time-strip").hover()
        page.mouse.wheel(0, 240)
        expect(page.locator("#coverage-summary")).not_to_be_empty()
