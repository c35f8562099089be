"""When and whom, as the operator says it in a real browser: the timeline, the query's pictures, the description."""

import base64
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.utils import timezone
from django.utils.timezone import localtime
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from cameras.models import Camera, Recording
from inference.core.video import read_frames
from inference.models import Analysis
from investigations.models import Search, SearchRequest
from portal.accounts.models import User
from tests.conftest import make_recording
from tests.system.browsing import keep_screenshot, log_in, silent_page
from tests.system.conftest import START_S, wait_until

pytestmark = pytest.mark.browser
SLOW_MS = 30_000
CROPPED = re.compile("object-view-box")
# Redrawing takes a tenth of this on an idle machine.
REDRAW_MS = 60.0
ROWS, EACH = 60, 144
# Keeps what other parts of the page are told of footage; these recordings have no file to play.
LISTEN = """window.told = [];
document.addEventListener("footage:open", (event) => {
  told.push(event.detail);
  event.stopImmediatePropagation();
}, true)"""


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page whose console stays silent, but for a worker that still loads its detector: the page asks it again."""
    with silent_page(browser, timeout_ms=SLOW_MS, is_expected=lambda said: "503" in said) as opened:
        yield opened


@pytest.fixture
def noon() -> datetime:
    """Yesterday at noon in Korea."""
    return localtime(timezone.now()).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def open_workspace(page: Page, site: str, user: User, request: SearchRequest) -> None:
    log_in(page, site, user)
    page.goto(f"{site}/requests/{request.pk}/")
    expect(page.locator("#coverage-summary")).to_contain_text("recorded all", timeout=SLOW_MS)


def analysed(recording: Recording, status: str = "done", **values: Any) -> Recording:
    Analysis.objects.create(recording=recording, detector="d", embedder="e", fps=5, status=status, **values)
    return recording


def field_time(page: Page, name: str) -> datetime:
    return datetime.fromisoformat(f"{page.input_value(name)}+09:00")


def drag(page: Page, handle: Locator, by_px: float) -> None:
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_px / 2, y)
    page.mouse.move(x + by_px, y)
    page.mouse.up()


def test_the_hours_follow_the_handles_and_the_gaps_are_said_before_the_search(
    page: Page,
    site: str,
    make_camera: Callable[..., Camera],
    approved: SearchRequest,
    operator: User,
    noon: datetime,
) -> None:
    SearchRequest.objects.update(last_seen_at=noon, hours=3)
    cameras = [
        make_camera(f"C{number}", name=f"호수공원 {number}", longitude=127.27 + number / 500) for number in range(4)
    ]
    for at, camera in enumerate(cameras[:3]):
        recording = make_recording(camera, started_at=noon - timedelta(hours=2), minutes=240)
        if at < 2:
            analysed(recording)
    Camera.objects.filter(pk=cameras[0].pk).update(retention_days=2)
    open_workspace(page, site, operator, approved)
    page.click("#cameras-all")
    expect(page.locator("#coverage-summary")).to_have_text(
        "3 of 4 cameras recorded all of these hours · 1 nothing · 1 not analysed everywhere", timeout=SLOW_MS
    )
    map_height = page.locator(".map-box").bounding_box()
    page.click("#timeline-toggle")
    rows = page.locator("#timeline-rows")
    expect(rows).to_be_visible()
    assert page.locator(".map-box").bounding_box() != map_height

    # Both edges by dragging: the fields follow; and by typing: the handle follows.
    start, end = rows.locator(".tl-handle.from"), rows.locator(".tl-handle.until")
    before = field_time(page, "#starts-at"), field_time(page, "#ends-at")
    drag(page, start, -40)
    drag(page, end, -60)
    after = field_time(page, "#starts-at"), field_time(page, "#ends-at")
    assert after[0] < before[0]
    assert after[1] < before[1]
    assert after[0].second == 0
    page.fill("#starts-at", f"{noon - timedelta(minutes=90):%Y-%m-%d %H:%M:%S}")
    expect(start).to_have_attribute("aria-valuetext", f"{noon - timedelta(minutes=90):%Y-%m-%d %H:%M:%S}")

    # By keys: a minute, with Shift ten.
    start.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#starts-at")).to_have_value(f"{noon - timedelta(minutes=79):%Y-%m-%d %H:%M:%S}")

    # A click on a bar opens the footage at that moment; so does Enter on a row chosen by keys.
    page.evaluate(LISTEN)
    bar = rows.bounding_box()
    edge = start.bounding_box()
    assert bar is not None
    assert edge is not None
    page.mouse.click(edge["x"] + 40, bar["y"] + 46 + 9 + 18)
    (told,) = page.evaluate("told")
    assert told["camera"] == cameras[1].pk
    assert noon - timedelta(minutes=79) < datetime.fromisoformat(told["at"]) < noon + timedelta(minutes=60)
    rows.focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#timeline-said")).to_contain_text("호수공원 1: recorded all of these hours")
    assert page.evaluate("told.at(-1).camera") == cameras[1].pk
    page.evaluate(
        "(at) => document.dispatchEvent(new CustomEvent('footage:time', {detail: {camera: 1, at}}))", noon.isoformat()
    )
    keep_screenshot(page, "timeline")

    # What would be missed is left out, or analysed, by one click each.
    page.click("#analyse-now")
    expect(page.locator("#coverage-summary")).to_contain_text("1 being analysed")
    assert Analysis.objects.filter(recording__camera=cameras[2], status="queued").count() == 1
    page.click("#drop-silent")
    expect(page.locator("#coverage-summary")).to_contain_text("3 of 3 cameras")
    expect(page.locator("#drop-silent")).to_be_hidden()
    page.reload()
    expect(rows).to_be_visible()  # as it was left


def test_a_timeline_of_sixty_cameras_is_redrawn_at_once(
    page: Page,
    site: str,
    make_camera: Callable[..., Camera],
    approved: SearchRequest,
    operator: User,
    noon: datetime,
    capsys: pytest.CaptureFixture[str],
) -> None:
    SearchRequest.objects.update(last_seen_at=noon)
    cameras = [make_camera(f"C{number:02}", longitude=127.2 + number / 500) for number in range(ROWS)]
    starts = [noon - timedelta(hours=12) + timedelta(minutes=10 * number) for number in range(EACH)]
    values: dict[str, Any] = {"duration_s": 600, "width": 640, "height": 480, "fps": 10, "sha256": "0" * 64}
    recordings = Recording.objects.bulk_create(
        Recording(camera=camera, started_at=start, ends_at=start + timedelta(minutes=10), **values)
        for camera in cameras
        for start in starts
    )
    Analysis.objects.bulk_create(
        Analysis(recording=row, detector="d", embedder="e", fps=5, status="done") for row in recordings[::2]
    )
    page.add_init_script("sessionStorage.setItem('dongseon.timeline', 'open')")
    open_workspace(page, site, operator, approved)
    page.set_viewport_size({"width": 1366, "height": 1600})
    page.add_style_tag(content=".timeline-body { height: 1180px !important }")
    page.click("#cameras-all")
    page.click("#timeline-all")
    expect(page.locator("#timeline-summary")).to_contain_text(f"of {ROWS} cameras")
    page.locator("#timeline-rows").hover()
    times = []
    for _turn in range(30):
        page.mouse.wheel(0, 30 if _turn % 2 else -30)
        page.wait_for_timeout(30)
        times.append(page.evaluate("performance.getEntriesByName('timeline').at(-1).duration"))
    with capsys.disabled():
        print(f"\nredraw of {ROWS} rows, {ROWS * EACH} spans: median {sorted(times)[15]:.1f}, most {max(times):.1f} ms")
    assert sorted(times)[15] < REDRAW_MS
    keep_screenshot(page, "timeline-many")


DROP = """async ([selector, name, content, type]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: 'image/jpeg' }));
  const target = document.querySelector(selector);
  const options = { bubbles: true, cancelable: true };
  if (type === 'paste') return target.dispatchEvent(new ClipboardEvent(type, { ...options, clipboardData: data }));
  for (const each of ['dragover', 'drop'])
    target.dispatchEvent(new DragEvent(each, { ...options, dataTransfer: data }));
}"""


def give(page: Page, way: str, name: str, content: bytes) -> None:
    """Paste or drop a picture, as the browser would tell the page."""
    page.evaluate(DROP, ["#drop", name, base64.b64encode(content).decode(), way])


@pytest.mark.footage
@pytest.mark.usefixtures("models", "workers")
def test_pictures_come_with_a_proposed_box_and_the_description_goes_with_the_search(
    page: Page,
    site: str,
    clip: Path,
    camera: Camera,
    approved: SearchRequest,
    operator: User,
    noon: datetime,
) -> None:
    SearchRequest.objects.update(last_seen_at=noon)
    analysed(make_recording(camera, started_at=noon - timedelta(hours=1), minutes=240))
    frame = next(frame for frame in read_frames(clip, start_s=START_S + 5)).image
    scene = cv2.imencode(".jpg", frame)[1].tobytes()
    open_workspace(page, site, operator, approved)
    wait_until(lambda: _proposes(page, site, scene), within_s=60, what="a worker with its detector loaded")
    expect(page.locator("#search-lack")).to_contain_text("Add a picture first")

    # Uploaded: the strip shows the figure that the detector proposes, not the whole scene.
    picture: FilePayload = {"name": "scene.jpg", "mimeType": "image/jpeg", "buffer": scene}
    page.set_input_files("#pictures", [picture])
    cards = page.locator("#query-pictures li")
    expect(cards.nth(0).locator("img")).to_have_attribute("style", CROPPED, timeout=SLOW_MS)
    expect(page.locator("#search-lack")).to_have_text("")
    cropped = cards.nth(0).locator("img").get_attribute("style")

    # Another one of those found is chosen, by click; the box is drawn anew by hand; the editor is left by its button.
    cards.nth(0).locator(".query-frame").click()
    options = page.locator("#box-options .box-option")
    expect(options.nth(1)).to_be_visible()
    assert page.locator("#box-options [aria-pressed=true]").count() == 1
    options.nth(1).click()
    expect(options.nth(1)).to_have_attribute("aria-pressed", "true")
    page.click("#box-in")
    expect(page.locator("#box-zoom")).to_have_text("150%")
    page.click("#box-out")
    keep_screenshot(page, "box-editor")
    page.click("#box-save")
    expect(cards.nth(0).locator("img")).not_to_have_attribute("style", cropped or "")

    # Pasted and dropped; that nobody is found is said in its place.
    give(page, "paste", "pasted.jpg", scene)
    give(page, "drop", "empty.jpg", cv2.imencode(".jpg", np.full((200, 300, 3), 90, np.uint8))[1].tobytes())
    expect(cards).to_have_count(3)
    expect(cards.nth(1).locator("img")).to_have_attribute("style", CROPPED, timeout=SLOW_MS)
    expect(cards.nth(2).locator(".query-error")).to_have_text("Nobody found: draw a box.", timeout=SLOW_MS)
    cards.nth(2).locator(".query-remove").click()
    cards.nth(1).locator(".query-frame").press("Alt+ArrowLeft")
    expect(cards.nth(0).locator(".query-frame")).to_have_attribute("title", "1. pasted.jpg")
    cards.nth(1).locator(".query-frame").press("Delete")
    expect(cards).to_have_count(1)

    # A frame of a video comes as an event, with its box.
    page.evaluate(
        "(url) => document.dispatchEvent(new CustomEvent('query:add', {detail: {kind: 'frame', recording: 99, at_s: 1,"
        " box: [1, 1, 40, 90], url, name: 'frame'}}))",
        page.locator("#query-pictures img").first.get_attribute("src"),
    )
    expect(cards.nth(1).locator(".query-tag")).to_have_text("video")
    cards.nth(1).locator(".query-remove").click()

    # What the witness said: chosen and typed, at most twelve.
    page.click("#describe-open")
    page.click("#describe-groups [data-word='Top: red']")
    page.click("#describe-groups [data-word='Bag: backpack']")
    keep_screenshot(page, "describe")
    page.click("#describe-dialog .primary")
    page.fill("#describe-text", "yellow ribbon")
    page.press("#describe-text", "Enter")
    chips = page.locator("#describe-chips li")
    expect(chips.locator("> span")).to_have_text(["Top: red", "Bag: backpack", "yellow ribbon"])
    chips.nth(1).locator(".word-remove").click()
    keep_screenshot(page, "query")
    page.keyboard.press("Control+Enter")
    wait_until(Search.objects.exists, within_s=20, what="the search")
    assert Search.objects.get().description == ["Top: red", "yellow ribbon"]
    expect(page.locator("#search-status")).to_contain_text("compared", timeout=SLOW_MS)
    page.reload()
    expect(chips.locator("> span")).to_have_text(["Top: red", "yellow ribbon"])  # restored with the search


def _proposes(page: Page, site: str, scene: bytes) -> bool:
    """Ask as the page does, but beside it: its console would count a worker that is not ready yet as an error."""
    cookie = next(cookie for cookie in page.context.cookies() if cookie.get("name") == "csrftoken")
    headers = {"X-CSRFToken": cookie.get("value", ""), "Referer": site}
    form: Any = {"kind": "person", "picture": {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": scene}}
    return page.request.post(f"{site}/api/proposals/", headers=headers, multipart=form, timeout=SLOW_MS).ok


def test_a_plate_is_kept_as_typed_but_for_gaps_and_wide_digits(
    page: Page,
    site: str,
    camera: Camera,
    approved: SearchRequest,
    operator: User,
    noon: datetime,
) -> None:
    approved.case.kind = "vehicle"
    approved.case.save()
    SearchRequest.objects.update(last_seen_at=noon, plate="12가 3456", vehicle_colour="red", vehicle_type="van")
    make_recording(camera, started_at=noon - timedelta(hours=1), minutes=240)
    open_workspace(page, site, operator, approved)
    expect(page.locator("#plate")).to_have_value("12가3456")
    expect(page.locator("#describe-chips li > span")).to_have_text(["Colour: red", "Type: van or minibus"])
    for typed, kept, said in (
        ("１２ 가 3?5?", "12가3?5?", "12가3 · 1 unknown character · 5"),
        ("12*56", "12*56", "12 · any characters, or none · 56"),
        ("AB-12", "AB12", "Unlike a Korean number plate"),
        ("12가<>", "12가<>", "is on no plate"),
    ):
        page.fill("#plate", typed)
        page.press("#plate", "Tab")
        expect(page.locator("#plate")).to_have_value(kept)
        expect(page.locator("#plate-hint")).to_contain_text(said)
