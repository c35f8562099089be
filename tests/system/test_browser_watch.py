"""The watch list in a real browser: an alert comes by itself, is decided by keys, and leads on to its request."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from playwright.sync_api import Browser, Page, Route, expect

from cameras.models import Camera
from investigations.models import SearchRequest, WatchAlert
from investigations.services.alerts import decide_alert
from investigations.services.watch import look_back
from investigations.watch import job
from portal.accounts.models import User
from tests.conftest import drawn_video
from tests.investigations.watching import basis, make_alert, make_analysis, make_entry, make_plate
from tests.system.browsing import elsewhere, end_session, keep_screenshot, listening, log_in, silent_page

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
    page.keyboard.press("y")
    armed = page.locator(".armed")
    expect(armed).to_have_text("Confirm")
    expect(page.get_by_label("Reason to confirm")).to_be_focused()
    page.keyboard.press("Escape")
    expect(armed).to_have_count(0)
    page.get_by_label("Reason").click()
    page.keyboard.type("x")
    page.keyboard.press("Enter")  # nothing is remembered: which of the two is for the person to say
    expect(page.get_by_role("button", name="Confirm")).to_be_focused()
    page.get_by_label("Reason").fill("")
    page.get_by_label("Reason").press("Escape")
    page.keyboard.press("n")
    expect(armed).to_have_text("Dismiss")
    expect(page.get_by_label("Reason to dismiss")).to_be_focused()
    page.keyboard.type("another plate")
    see(camera)  # while somebody types, another comes: what was typed stays
    expect(card).to_have_count(2)
    expect(page.get_by_label("Reason to dismiss")).to_have_value("another plate")
    expect(armed).to_have_text("Dismiss")
    page.keyboard.press("Enter")
    expect(card).to_have_count(1)
    alert = WatchAlert.objects.get(text="12가3458")
    assert (alert.status, alert.reason, alert.decided_by) == ("dismissed", "another plate", operator)

    expect(card).to_be_focused()  # it goes on at the next one
    page.keyboard.press("y")
    page.keyboard.type("plate and vehicle agree")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No open alert")).to_be_visible()
    assert WatchAlert.objects.get(text="12가3456").status == "confirmed"


def test_a_card_in_focus_stays_so_and_when_it_goes_the_next_one_is(
    page: Page, site: str, camera: Camera, operator: User, supervisor: User
) -> None:
    entry = make_entry(supervisor)
    first, second, third = [make_alert(entry, camera) for _alert in range(3)]
    log_in(page, site, operator)
    with listening(page):
        page.goto(f"{site}/watch/alerts/")
    page.locator(f"#alert-{second.pk}").focus()
    elsewhere(lambda: decide_alert(first, "dismissed", reason="no", actor=supervisor))
    expect(page.locator("[data-alert]")).to_have_count(2)
    expect(page.locator(f"#alert-{second.pk}")).to_be_focused()
    shown = page.locator("[data-alert]").evaluate_all("(cards) => cards.map((card) => card.id)")
    page.locator(f"#{shown[0]}").focus()
    gone = next(one for one in (second, third) if shown[0] == f"alert-{one.pk}")
    elsewhere(lambda: decide_alert(gone, "dismissed", reason="no", actor=supervisor))
    expect(page.locator("[data-alert]")).to_have_count(1)
    expect(page.locator(f"#{shown[1]}")).to_be_focused()


def test_a_clip_is_looked_at_beside_the_facts_and_what_was_typed_stays(
    page: Page, site: str, camera: Camera, operator: User, supervisor: User
) -> None:
    seen = make_plate(make_analysis(camera), after_s=1).sighting
    seen.recording.file.save("a.mp4", ContentFile(drawn_video()))
    make_alert(make_entry(supervisor), camera, sighting=seen)
    log_in(page, site, operator)
    page.goto(f"{site}/watch/alerts/")
    page.get_by_label("Reason").fill("half a rea")
    with page.expect_response(lambda answer: "/clips/" in answer.url) as answer:
        page.get_by_role("link", name="Clip").click()
    assert answer.value.ok
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("12가3456")
    expect(dialog).to_contain_text("Camera C1")
    expect(dialog.locator("video")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Clip")).to_be_focused()
    expect(page.get_by_label("Reason")).to_have_value("half a rea")


def test_a_refusal_stays_with_what_was_typed_and_loading_the_page_anew_sends_nothing(
    browser: Browser, site: str, supervisor: User
) -> None:
    entry = make_entry(supervisor)
    with silent_page(browser, is_expected=lambda said: "400" in said) as page:
        log_in(page, site, supervisor)
        page.goto(f"{site}/watch/{entry.pk}/")
        extend = page.locator("#extend")
        extend.locator("summary").click()
        extend.get_by_label("Valid until").fill("2099-01-01")
        extend.get_by_label("Reason").fill("longer")
        with listening(page):
            extend.get_by_role("button", name="Save the end").click()
        expect(extend).to_contain_text("at most 30 days")
        expect(extend.get_by_label("Reason")).to_have_value("longer")
        expect(page).to_have_url(f"{site}/watch/{entry.pk}/")
        page.reload()
        expect(page.get_by_role("heading", name="Why and until when")).to_be_visible()
        expect(extend.get_by_label("Reason")).to_have_value("")


def test_when_somebody_else_has_logged_in_the_page_is_loaded_anew_as_theirs(
    browser: Browser, site: str, camera: Camera, operator: User, supervisor: User
) -> None:
    make_alert(make_entry(supervisor), camera, "12가3458")
    with silent_page(browser, is_expected=lambda said: "403" in said) as page:
        log_in(page, site, operator)
        with listening(page):
            page.goto(f"{site}/watch/alerts/")
        page.get_by_label("Reason").fill("half a rea")
        end_session(page)
        tab = page.context.new_page()
        log_in(tab, site, supervisor)
        tab.close()
        see(camera)
        expect(page.locator("[data-alert]")).to_have_count(2)
        expect(page.locator("meta[name=page-of]")).to_have_attribute("content", str(supervisor.pk))
        for reason in page.get_by_label("Reason").all():
            expect(reason).to_have_value("")


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
    with listening(page):
        log_in(page, site, operator)
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
        with listening(page):
            page.goto(f"{site}{address}")
        see(camera, confidence=0.9)
        expect(count).to_have_text(number)
    with listening(page):
        page.goto(f"{site}/")
    expect(count).to_have_text("2")
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
    basis("with-letter", needs_document=True, name_en="By a letter")
    page.reload()
    document = page.get_by_label("Document number")
    page.get_by_label("Legal basis", exact=True).select_option(label="By a letter (at most 30 days)")
    expect(document).to_be_visible()
    expect(document).to_have_attribute("required", "")
    page.get_by_label("Legal basis", exact=True).select_option(index=0)
    expect(document).to_be_hidden()
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
