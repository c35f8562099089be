"""As the officer does it, in a real browser: write a request with files, send it, and follow it live."""

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from investigations.models import Case, Notification, SearchRequest
from investigations.services.requests import approve_request
from investigations.services.talk import add_comment
from portal.accounts.models import Agency, User
from tests.conftest import drawn_person, legal_basis
from tests.system.browsing import (
    elsewhere,
    end_session,
    keep_screenshot,
    listening,
    log_in,
    log_in_beside,
    silent_page,
)
from tests.system.conftest import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("workers")]
LIVE_MS = 15_000


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def has_read_all(user: User) -> bool:
    return not Notification.objects.visible_to(user).unread().exists()


def test_a_station_asks_and_follows_its_request(
    page: Page,
    site: str,
    case: Case,
    centre: Agency,
    officer: User,
    supervisor: User,
) -> None:
    legal_basis()
    log_in(page, site, officer)
    page.goto(f"{site}/cases/{case.pk}/requests/new/")
    page.get_by_text("Finding a missing child").click()
    expect(page.locator("#document-field")).to_be_hidden()
    expect(page.locator("#emergency-warning")).to_be_hidden()
    page.check("#id_is_emergency")
    expect(page.locator("#emergency-warning")).to_contain_text("within 2 hours")
    page.fill("#id_wanted", "red coat")
    page.fill("#id_purpose", "Missing persons act")
    page.locator("#map").scroll_into_view_if_needed()
    page.locator("#map").click(position={"x": 160, "y": 120})
    assert page.input_value("#id_last_seen_latitude")
    page.set_input_files("#files", [file("photo.jpg", drawn_person()), file("broken.jpg", b"not a picture")])
    page.set_input_files("#files", [file("letter.pdf", b"%PDF-1.4 letter")])
    expect(page.locator("#files-chosen .file")).to_have_count(3)
    page.click("button[name=send]")

    # One file was refused: all else is kept, and goes out without it.
    page.wait_for_url("**/edit/")
    expect(page.locator(".toast.error")).to_contain_text("broken.jpg is neither a picture nor a PDF document")
    expect(page.locator("#files-field .file-name")).to_have_text(["photo.jpg", "letter.pdf"])
    page.click("button[name=send]")
    row = SearchRequest.objects.get()
    page.wait_for_url(f"{site}/requests/{row.pk}/")
    expect(page.locator(".step[aria-current]")).to_contain_text("officer")

    # What others do appears by itself; what is half typed stays.
    page.click("#close summary")
    page.fill("#close-reason", "half typed")
    elsewhere(lambda: approve_request(row, actor=supervisor))
    expect(page.locator("[data-part=state] .status")).to_have_text("approved", timeout=LIVE_MS)
    assert page.input_value("#close-reason") == "half typed"
    assert page.evaluate("document.activeElement.id") == "close-reason"
    page.fill("#comment-text", "She wears red boots.")
    page.press("#comment-text", "Control+Enter")
    expect(page.locator(".comment-text")).to_have_text(["She wears red boots."])
    assert page.input_value("#comment-text") == ""
    wait_until(lambda: has_read_all(officer), within_s=LIVE_MS / 1000, what="what happened before the reader's eyes")
    expect(page.locator("#bell-count")).to_be_hidden(timeout=LIVE_MS)
    keep_screenshot(page, "station-request")

    # On any other page the bell rings.
    with listening(page):
        page.goto(f"{site}/")
    elsewhere(lambda: add_comment(row, "Which colour is the bag?", actor=supervisor))
    expect(page.locator("#bell-count")).to_have_text("1", timeout=LIVE_MS)
    expect(page.locator("#toasts")).to_contain_text("There is a new comment.")
    assert page.title().startswith("(1) ")
    page.click("#bell")
    page.locator("#bell-list .unread a").click()
    page.wait_for_url(f"{site}/requests/{row.pk}/#talk")
    expect(page.locator("#talk")).to_contain_text("Which colour is the bag?")
    assert has_read_all(officer)


def test_all_that_is_wrong_is_said_at_once_and_once(
    browser: Browser, site: str, case: Case, centre: Agency, officer: User
) -> None:
    Case.objects.update(kind="vehicle")
    legal_basis("crime")
    with silent_page(browser, is_expected=lambda said: "400" in said) as page:
        log_in(page, site, officer)
        page.goto(f"{site}/cases/{case.pk}/requests/new/")
        page.get_by_text("Investigation of a crime").click()
        page.fill("#id_plate", "12!<3456")
        expect(page.locator("#plate-meaning")).to_contain_text("is on no plate")
        page.click("button[name=send]")
        expect(page.locator("[data-field=document_number] .field-error")).to_contain_text("needs the number")
        expect(page.locator("[data-field=wanted] .field-error")).to_have_count(1)
        expect(page.get_by_text("is on no plate").filter(visible=True)).to_have_count(1)
        page.fill("#id_plate", "12<3456")
        expect(page.locator("#plate-meaning")).to_be_visible()
        expect(page.get_by_text("is on no plate").filter(visible=True)).to_have_count(1)

        # Nothing is lost with the session either: after the next log-in, in another tab, the page goes on.
        page.fill("#id_plate", "12가3456")
        page.fill("#id_document_number", "2026-17")
        page.fill("#id_wanted", "white van")
        page.fill("#id_purpose", "theft")
        page.fill("#id_last_seen_latitude", "36.5")
        end_session(page)
        page.click("button[name=send]")
        log_in_beside(page, page.locator(".toast.error a"), officer)
        page.click("button[name=send]")
        expect(page.locator("[data-field=last_seen_longitude] .has-error")).to_contain_text("both a latitude and")
        expect(page.get_by_text("both a latitude and")).to_have_count(1)
        page.fill("#id_last_seen_longitude", "127.2")
        page.click("button[name=send]")
        page.wait_for_url(f"{site}/requests/*/")
    assert SearchRequest.objects.get().wanted == "white van"
