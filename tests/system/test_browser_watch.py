"""The watch list in a real browser: an alert comes by itself, is decided by keys, and leads on to its request."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from playwright.sync_api import Page, Route, expect

from cameras.models import Camera
from investigations.models import SearchRequest, WatchAlert
from investigations.services.alerts import decide_alert
from investigations.services.watch import look_back
from investigations.watch import job
from portal.accounts.models import User
from tests.conftest import drawn_video
from tests.investigations.watching import basis, make_alert, make_analysis, make_entry, make_plate
from tests.system.browsing import elsewhere, keep_screenshot, log_in
from tests.system.conftest import wait_until

pytestmark = pytest.mark.browser


def see(camera: Camera, text: str = "12가3456", **values: Any) -> None:
    """A worker has analysed a recording with this plate, and compares it with the list."""
    analysis = make_analysis(camera)
    make_plate(analysis, text, **values)
    elsewhere(lambda: job.check_analysis(analysis.pk))


def test_an_alert_comes_by_itself_and_is_decided_by_keys(
    page: Page, site: str, camera: Camera, operator: User, supervisor: User
) -> None:
    make_entry(supervisor)
    log_in(page, site, operator)
    page.goto(f"{site}/watch/alerts/")
    expect(page.get_by_text("No open alert")).to_be_visible()
    see(camera, "12가3458", confidence=0.5)
    card = page.locator("[data-alert]")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("similar: 8")
    expect(card).to_contain_text("doubtful")
    expect(page.locator(".top-nav")).to_contain_text("Watch list")
    expect(page.locator("#toasts .toast")).to_have_count(0)  # it is before one's eyes
    expect(page.locator("#bell-count")).to_be_hidden()
    keep_screenshot(page, "watch-alert")

    page.keyboard.press("j")
    expect(card).to_be_focused()
    page.keyboard.press("n")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("another plate")
    see(camera)  # while somebody types, another comes: what was typed stays
    expect(card).to_have_count(2)
    expect(page.get_by_label("Reason").last).to_have_value("another plate")
    page.keyboard.press("Enter")
    expect(card).to_have_count(1)
    alert = WatchAlert.objects.get(text="12가3458")
    assert (alert.status, alert.reason, alert.decided_by) == ("dismissed", "another plate", operator)

    page.keyboard.press("y")
    page.keyboard.type("plate and vehicle agree")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No open alert")).to_be_visible()
    assert WatchAlert.objects.get(text="12가3456").status == "confirmed"


def test_what_a_look_back_finds_before_the_page_listens_comes_to_it(
    page: Page, site: str, camera: Camera, supervisor: User
) -> None:
    entry = make_entry(supervisor)
    make_plate(make_analysis(camera, plate_reader=settings.PLATE_READER_MODEL), reader=settings.PLATE_READER_MODEL)
    look = look_back(entry, 24, reason="fled", actor=supervisor)
    log_in(page, site, supervisor)

    def end_first(route: Route) -> None:  # the page is written, and its socket is not open yet
        elsewhere(lambda: job.run_look_back(look.pk))
        route.continue_()

    page.route("**/watch_page.js", end_first)
    page.goto(f"{site}/watch/{entry.pk}/")
    expect(page.locator("[data-part=looks]")).to_contain_text("1 alert")
    expect(page.locator("[data-alert]")).to_have_count(1)
    expect(page.get_by_text("Not seen yet")).to_have_count(0)
    look.refresh_from_db()
    assert (look.status, look.found) == ("done", 1)


def test_the_bell_tells_of_it_on_another_page(
    page: Page, site: str, camera: Camera, operator: User, supervisor: User
) -> None:
    make_entry(supervisor)
    log_in(page, site, operator)
    wait_until(lambda: page.evaluate("document.readyState") == "complete", within_s=10, what="the page")
    page.wait_for_timeout(500)  # the socket
    see(camera)
    expect(page.locator("#bell-count")).to_have_text("1")
    expect(page.locator("#toasts")).to_contain_text("may have been seen")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/watch/alerts/?entry=*")
    expect(page.locator("[data-alert]")).to_have_count(1)
    expect(page.locator("#bell-count")).to_be_hidden()


def test_the_number_in_the_navigation_follows_alerts_on_any_page(
    page: Page, site: str, camera: Camera, operator: User, supervisor: User
) -> None:
    make_entry(supervisor)
    log_in(page, site, operator)
    count = page.locator(".nav-count")
    for address, number in (("/cameras/", "1"), ("/watch/", "2")):
        page.goto(f"{site}{address}")
        page.wait_for_timeout(500)  # the socket
        see(camera, confidence=0.9)
        expect(count).to_have_text(number)
    page.goto(f"{site}/")
    expect(count).to_have_text("2")
    page.wait_for_timeout(500)
    elsewhere(
        lambda: [decide_alert(row, "dismissed", reason="no", actor=supervisor) for row in WatchAlert.objects.all()]
    )
    expect(count).to_have_count(0)


def test_a_plate_to_be_watched_says_how_it_is_understood(
    page: Page, site: str, supervisor: User, camera: Camera
) -> None:
    basis()
    log_in(page, site, supervisor)
    page.goto(f"{site}/watch/new/")
    field, meaning = page.get_by_label("Number plate"), page.locator("#plate-meaning")
    for typed, said in (
        ("12 가 3456", "12가3456. Plates that a camera may have misread raise alerts too"),
        ("서울 12바 34*", "any characters, or none"),
        ("34", "Too many plates look like “34”"),
    ):
        field.fill(typed)
        expect(meaning).to_contain_text(said)
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Reason").fill("x")
    page.get_by_role("button", name="Watch the plate").click()
    expect(page.get_by_text("Too many plates look like")).to_have_count(2)
    expect(page.get_by_text("Too many plates look like").filter(visible=True)).to_have_count(1)
    field.fill("3")
    expect(meaning).to_be_visible()
    expect(meaning).to_contain_text("Too many plates look like “3”")
    field.fill("12 가 3456")
    field.press("Tab")
    expect(field).to_have_value("12가3456")
    keep_screenshot(page, "watch-form")


def test_a_confirmed_alert_leads_to_the_camera_and_into_the_query(
    page: Page,
    site: str,
    approved: SearchRequest,
    make_camera: Callable[..., Camera],
    operator: User,
    supervisor: User,
) -> None:
    approved.case.kind = "vehicle"
    approved.case.save()
    entry, camera = make_entry(supervisor, request=approved), make_camera("C7")
    alert = make_alert(entry, camera, status="confirmed", decided_by=operator, reason="it is it")
    assert alert.sighting is not None
    alert.sighting.recording.file.save("a.mp4", ContentFile(drawn_video()))
    log_in(page, site, operator)
    page.goto(f"{site}/watch/alerts/?status=confirmed")
    page.get_by_role("link", name="Search from it").click()
    expect(page.locator("#query-pictures li")).to_have_count(1)
    page.goto(f"{site}/watch/alerts/?status=confirmed")
    page.get_by_role("link", name="Camera at that time").click()
    expect(page.locator("#video-box")).to_be_visible()
    expect(page.locator("#video-grid")).to_contain_text("C7")
