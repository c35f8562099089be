"""Cameras on the map as the operator chooses them: with the mouse, with keys, by the thousand."""

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shapely
from django.conf import settings
from playwright.sync_api import Browser, Page, Route, expect

from cameras.gis import distance_m
from cameras.models import Camera
from cameras.services.groups import save_group
from investigations.models import SearchRequest
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from tests.bench import map as bench
from tests.conftest import NOON, make_recording
from tests.system.browsing import keep_screenshot, log_in, settle
from tests.system.conftest import wait_until

pytestmark = pytest.mark.browser
CENTRE = (36.499, 127.2716)
# 300 m to the north and to the east.
NORTH, EAST = 0.0026981, 0.0033563
GRID = [(y + 0.5, x + 0.25) for y in range(-1, 11) for x in range(-1, 11)]


@pytest.fixture
def city(make_camera: Callable[..., Camera]) -> dict[str, int]:
    """Three streets of three cameras 300 m apart, a pole with three, and one far out of the scope."""
    places = {
        f"A{3 * row + column + 1}": (CENTRE[0] + (1 - row) * NORTH, CENTRE[1] + (column - 1) * EAST)
        for row in range(3)
        for column in range(3)
    }
    places |= {f"P{number}": (CENTRE[0], CENTRE[1] + 2 * EAST) for number in (1, 2, 3)}
    places["F1"] = (CENTRE[0] + 10 * NORTH, CENTRE[1])
    names = {"A1": "호수공원 입구", "A2": "보람 초등학교"}
    return {
        code: make_camera(
            code,
            name=names.get(code, f"Camera {code}"),
            latitude=latitude,
            longitude=longitude,
            pole="P" if code.startswith("P") else "",
            bearing_deg=90,
        ).pk
        for code, (latitude, longitude) in places.items()
    }


@pytest.fixture
def workspace(
    page: Page,
    site: str,
    city: dict[str, int],
    approved: SearchRequest,
    operator: User,
) -> Page:
    SearchRequest.objects.update(
        last_seen_latitude=CENTRE[0], last_seen_longitude=CENTRE[1], last_seen_at=NOON, radius_m=1500
    )
    make_recording(Camera.objects.get(code="A5"))
    log_in(page, site, operator)
    page.goto(f"{site}/requests/{approved.pk}/")
    expect(page.locator("#camera-list [role=option]").first).to_be_visible()
    expect(chosen(page)).to_have_text("1 / 13")
    page.get_by_role("button", name="all", exact=True).first.click()
    page.locator("#cameras-leave-out").click()
    expect(chosen(page)).to_have_text("12 / 13")
    page.get_by_title("Show the chosen cameras").click()
    settle(page)
    return page


def chosen(page: Page) -> Any:
    return page.locator("#camera-count")


def spot(page: Page, camera: int) -> tuple[float, float]:
    """Where on the screen a camera is drawn, by the ring around it."""
    emit(page, "camera:focus", {"camera": camera, "pan": False})
    box = page.locator(".camera-ring.focus").bounding_box()
    assert box
    return box["x"], box["y"]


def emit(page: Page, name: str, detail: dict[str, Any]) -> None:
    page.evaluate("([name, detail]) => document.dispatchEvent(new CustomEvent(name, {detail}))", [name, detail])


def click_each(page: Page, *places: tuple[float, float]) -> None:
    """Click points of an outline, each once the one before is there."""
    for number, place in enumerate(places, start=1):
        page.mouse.click(*place)
        expect(page.locator(".sketch-handle")).to_have_count(number)


def between(a: tuple[float, float], b: tuple[float, float], part: float) -> tuple[float, float]:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def pull(page: Page, *places: tuple[float, float], is_dropped: bool = True) -> None:
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    if is_dropped:
        page.mouse.up()


def test_cameras_are_chosen_by_every_tool(workspace: Page, city: dict[str, int]) -> None:
    page = workspace
    at = {code: spot(page, pk) for code, pk in city.items() if code.startswith("A")}
    tip, count = page.locator(".sketch-tip"), chosen(page)

    # One by one.
    page.mouse.click(*at["A5"])
    expect(count).to_have_text("11 / 13")
    page.mouse.click(*at["A5"])
    expect(count).to_have_text("12 / 13")

    # Around a point: the number follows the pointer, the choice waits for its release.
    page.keyboard.press("KeyR")
    expect(page.locator(".tool-panel")).to_be_visible()
    pull(page, at["A5"], between(at["A5"], at["A6"], 0.8), is_dropped=False)
    expect(tip).to_have_text(re.compile(r"^1 camera · 2[34]\d m$"))
    expect(count).to_have_text("12 / 13")
    page.mouse.up()
    expect(count).to_have_text("1 / 13")
    pull(page, between(at["A5"], at["A6"], 0.8), between(at["A5"], at["A6"], 1.2))
    expect(count).to_have_text("5 / 13")
    keep_screenshot(page, "choose-radius")
    pull(page, at["A5"], at["A1"])
    expect(count).to_have_text("3 / 13")
    page.get_by_label("Radius").fill("500")
    page.get_by_label("Radius").press("Tab")
    expect(count).to_have_text("4 / 13")
    page.get_by_role("button", name="Last place seen").click()
    expect(count).to_have_text("9 / 13")
    page.locator("#map").focus()
    page.keyboard.press("Control+KeyZ")
    page.keyboard.press("KeyZ")
    expect(count).to_have_text("12 / 13")  # one step back for each circle, however often it was pulled
    page.keyboard.press("Escape")
    expect(page.locator(".tool-panel")).to_be_hidden()

    # In a box, taken away. The map has moved to the last place seen.
    settle(page)
    at = {code: spot(page, pk) for code, pk in city.items() if code.startswith("A")}
    page.keyboard.press("KeyX")
    page.get_by_text("Take away").click()
    left, right = at["A7"][0] - 25, at["A9"][0] + 25
    top, bottom = at["A7"][1] - 25, at["A7"][1] + 25
    pull(page, (left, top), (right, bottom))
    expect(count).to_have_text("9 / 13")
    expect(page.locator(".tool-count")).to_contain_text("3 cameras → 9 chosen")
    pull(page, (at["A4"][0] - 25, at["A4"][1] - 25), (at["A4"][0] + 25, at["A4"][1] + 25))
    expect(count).to_have_text("8 / 13")  # a second box goes on from the first

    # In a polygon, added: Esc gives up, Backspace takes a corner back, Enter ends.
    page.keyboard.press("KeyP")
    page.locator(".tool-panel").get_by_text("Add", exact=True).click()
    click_each(page, (left, top), (right, top), at["A5"])
    page.keyboard.press("Escape")
    expect(page.locator(".sketch")).to_have_count(0)
    expect(count).to_have_text("8 / 13")
    click_each(page, (left, top), (right, top), at["A6"])
    page.keyboard.press("Backspace")
    page.mouse.click(right, bottom)
    page.mouse.move(left, bottom)
    expect(tip).to_contain_text("3 cameras")
    page.mouse.click(left, bottom)
    expect(count).to_have_text("8 / 13")
    keep_screenshot(page, "choose-polygon")
    page.keyboard.press("Enter")
    expect(count).to_have_text("11 / 13")

    # Along a route, instead of what was chosen; a double click ends, the width can be changed afterwards.
    page.keyboard.press("KeyW")
    page.get_by_text("Only these").click()
    click_each(page, at["A7"], at["A8"])
    page.mouse.dblclick(*at["A5"])
    expect(tip).to_have_text(re.compile(r"^3 cameras · (59|60)\d m$"))
    expect(count).to_have_text("3 / 13")
    page.get_by_label("Up to").fill("310")
    expect(tip).to_contain_text("7 cameras · ")
    page.get_by_label("Up to").press("Tab")
    expect(count).to_have_text("7 / 13")
    keep_screenshot(page, "choose-route")
    page.locator("#map").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    # With the keyboard alone.
    page.keyboard.press("KeyR")
    page.keyboard.press("Enter")
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")


def test_bubbles_poles_and_cards(workspace: Page, city: dict[str, int]) -> None:
    page, count = workspace, chosen(workspace)
    played = """() => addEventListener("footage:open", (event) => {
      document.body.dataset.played = JSON.stringify(event.detail);
      event.stopImmediatePropagation();
    }, true)"""
    page.evaluate(played)

    # A pole: Shift takes all of it, a click lists it.
    pole = spot(page, city["P1"])
    assert pole == spot(page, city["P2"])
    page.keyboard.down("Shift")
    page.mouse.click(*pole)
    page.keyboard.up("Shift")
    expect(count).to_have_text("9 / 13")
    page.mouse.move(*pole)
    expect(page.locator(".camera-tip")).to_have_text("3 cameras · 0 chosen")
    page.mouse.click(*pole)
    card = page.locator(".camera-popup").last  # the one before may still fade
    expect(card).to_contain_text("3 cameras here")
    card.get_by_text("Camera P2").click()
    expect(count).to_have_text("10 / 13")
    keep_screenshot(page, "pole")
    page.keyboard.press("Escape")

    # A card: by the other button of the mouse.
    place = spot(page, city["A5"])
    page.mouse.click(*place, button="right")
    expect(card).to_contain_text("Camera A5")
    expect(card).to_contain_text("11-20 12:00 – 11-20 12:10")
    card.get_by_role("button", name="Chosen").click()
    expect(count).to_have_text("9 / 13")
    expect(card.get_by_role("button", name="Choose")).to_be_visible()
    card.get_by_role("button", name="Play").click()
    detail = json.loads(page.locator("body").get_attribute("data-played") or "")
    assert detail == {"camera": city["A5"], "at": None, "play": True}
    keep_screenshot(page, "camera-card")
    page.keyboard.press("Escape")

    # A bubble opens by a click; up close the cameras of a pole stand side by side.
    for _step in range(5):
        page.locator("#map").get_by_title("Zoom out").click()
        settle(page)
    assert spot(page, city["A5"]) == spot(page, city["A1"])
    while spot(page, city["A5"]) == spot(page, city["A1"]):  # the far camera shares the first bubble
        zoomed = page.locator(".leaflet-control-scale-line").inner_text()
        page.mouse.click(*spot(page, city["A5"]))
        expect(page.locator(".leaflet-control-scale-line")).not_to_have_text(zoomed)
        settle(page)
    emit(page, "camera:focus", {"camera": city["P1"], "pan": True})
    settle(page)
    page.mouse.move(*spot(page, city["P1"]))
    for _step in range(10):
        if len({spot(page, city[code]) for code in ("P1", "P2", "P3")}) == 3:
            break
        page.mouse.wheel(0, -200)
        settle(page)
    assert len({spot(page, city[code]) for code in ("P1", "P2", "P3")}) == 3
    keep_screenshot(page, "pole-fanned-out")

    # Somebody else of the page chooses.
    emit(page, "cameras:choose", {"cameras": [city["A1"], city["A2"]], "mode": "set"})
    expect(count).to_have_text("2 / 13")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(count).to_have_text("9 / 13")


def test_the_list_and_the_groups(workspace: Page, city: dict[str, int], operator: User) -> None:
    page, count = workspace, chosen(workspace)
    save_group("Pole", [city["P1"], city["P2"], city["P3"]], actor=operator)
    rows = page.locator("#camera-list [role=option]")
    expect(rows.first).to_contain_text("Camera A5")  # nearest to the place where the person was last seen
    expect(page.locator("#outside-note")).to_be_hidden()

    page.fill("#camera-filter", "ㅎㅅㄱㅇ")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("호수공원 입구")
    page.fill("#camera-filter", "보람초")
    expect(rows).to_contain_text("보람 초등학교")
    page.fill("#camera-filter", "")
    expect(rows.nth(8)).to_be_visible()
    page.select_option("#cameras-order", "name")
    rows.first.hover()
    expect(page.locator(".camera-ring.hover")).to_have_count(1)
    page.mouse.move(*spot(page, city["A5"]))
    expect(page.locator("#camera-list .on-map")).to_contain_text("Camera A5")

    page.locator("#camera-list").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(count).to_have_text("11 / 13")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(count).to_have_text("10 / 13")
    page.keyboard.press("End")
    active = page.locator("#camera-list").get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_contain_text("Camera P3")
    page.locator("#cameras-show").get_by_text("Chosen").click()
    expect(rows).to_have_count(10)
    rows.filter(has_text="Camera A3").click()
    expect(rows).to_have_count(9)

    # Groups: save the choice, load, add, take away, delete.
    page.locator("#map").focus()
    page.keyboard.press("KeyG")
    groups = page.locator(".group-list li")
    expect(groups).to_contain_text(["Pole"])
    page.get_by_label("Name of the group").fill("Market")
    page.get_by_label("Name of the group").press("Enter")
    expect(groups).to_have_count(2)
    groups.filter(has_text="Pole").get_by_role("button", name="Take out of the choice").click()
    expect(count).to_have_text("6 / 13")
    groups.filter(has_text="Pole").get_by_role("button", name="Add to the choice").click()
    expect(count).to_have_text("9 / 13")
    groups.filter(has_text="Pole").locator(".group-name").click()
    expect(count).to_have_text("3 / 13")
    keep_screenshot(page, "groups")
    page.on("dialog", lambda dialog: dialog.accept())
    groups.filter(has_text="Market").get_by_role("button", name="Delete").click()
    expect(groups).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator("#cameras-none").click()
    expect(page.locator("#camera-list")).to_contain_text("No camera is chosen.")
    wait_until(
        lambda: set(AuditEntry.objects.values_list("action", flat=True)) >= {"group.saved", "group.deleted"},
        within_s=5,
        what="the entries of groups",
    )

    # What lies outside of the scope is said, in the tool and beside the list.
    page.locator("#cameras-show").get_by_text("All").click()
    page.fill("#camera-filter", "F1")
    page.locator("#cameras-all").click()
    expect(page.locator("#outside-note")).to_contain_text("1 chosen camera lies outside the scope.")
    page.locator("#cameras-leave-out").click()
    expect(count).to_have_text("0 / 13")


def test_thousands_of_cameras_stay_smooth(
    page: Page,
    browser: Browser,
    site: str,
    centre: Agency,
    approved: SearchRequest,
    operator: User,
) -> None:
    """Bars far below what was measured: the machine of the tests may be busy. `tests/bench/map.py` has the figures."""
    log_in(page, site, operator)
    for count in (2700, 10_000):
        bench.add_cameras(count - Camera.objects.count(), centre)
        page.goto(f"{site}/requests/{approved.pk}/")
        assert bench.painted_ms(page)[0] < 1500 * count / 2700
        expect(chosen(page)).to_have_text(f"{count:,} / {count:,}")
        assert page.locator("#camera-list li").count() < 40
        keep_screenshot(page, f"map-{count}")
        page.wait_for_timeout(500)
        for moved in (bench.pan(browser, page), bench.zoom(browser, page)):
            assert moved.fps >= 30, moved
        answer = bench.radius_ms(page)
        assert answer["move"] < 100, answer
        assert answer["made"] < 200, answer


HARNESS = "<!doctype html><title>geometry</title>"


@pytest.fixture
def modules(browser: Browser) -> Iterator[Page]:
    """A page that serves the scripts as they lie on the disk: nothing of the portal runs."""
    scripts = settings.BASE_DIR / "portal/static/dongseon/js"

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name.endswith(".js"):
            route.fulfill(path=scripts / name, content_type="text/javascript")
        else:
            route.fulfill(body=HARNESS, content_type="text/html")

    opened = browser.new_page()
    opened.route("**/*", answer)
    opened.goto("http://scripts.test/")
    yield opened
    opened.close()


def test_geometry_agrees_with_known_values(modules: Page) -> None:
    def ask(expression: str, *values: Any) -> Any:
        code = f"async (values) => {{ const g = await import('/geometry.js'); return {expression}; }}"
        return modules.evaluate(code, list(values))

    seoul, busan = (37.5665, 126.978), (35.1796, 129.0756)
    assert ask("g.distance(values[0], values[1])", seoul, busan) == pytest.approx(distance_m(seoul, busan), abs=0.01)
    assert ask("g.distance([0, 0], [0, 180])") == pytest.approx(20_015_114, abs=100)
    assert ask("g.distance([37, 127], [37, 127])") == 0

    ring = [(0, 0), (0, 10), (10, 10), (10, 0), (5, 5)]  # a notch from the west
    for place, is_inside in [((5, 8), True), ((5, 2), False), ((1, 1), True), ((11, 5), False), ((-1, 5), False)]:
        assert ask("g.isInPolygon(values[0], values[1])", place, ring) is is_inside, place
    assert ask("g.isInPolygon([1, 1], [])") is False
    inside = {place for place in GRID if ask("g.isInPolygon(values[0], values[1])", place, ring)}
    assert inside == {place for place in GRID if shapely.Polygon(ring).contains(shapely.Point(place))}

    # At 36.5° north a degree east is 89,385 m; at 127.001 the line's end is the nearest.
    line = [(36.5, 127.0), (36.5, 127.001)]
    far: list[tuple[tuple[float, float], float]] = [
        ((36.501, 127.0005), 111.2),
        ((36.5, 127.002), 89.4),
        ((36.5, 127.0005), 0),
        ((36.499, 127.0), 111.2),
    ]
    for at, metres in far:
        assert ask("g.distanceToLine(values[0], values[1])", at, line) == pytest.approx(metres, abs=0.1), at
    assert ask("g.distanceToLine([36.5, 127], [[36.501, 127]])") == pytest.approx(111.2, abs=0.1)
    assert ask("g.distance([36.5, 127], g.eastOf([36.5, 127], 5000))") == pytest.approx(5000, abs=1)
    assert ask("g.project([0, 0])") == [128, 128]
    assert ask("g.project([85.0511287798, 180])") == pytest.approx([256, 0], abs=1e-6)


def test_clusters_hold_every_camera_once_at_every_zoom(modules: Page) -> None:
    chance = random.Random(1)
    rows: list[dict[str, float | str]] = [
        {"id": number, "latitude": 36.5 + chance.gauss(0, 0.02), "longitude": 127.3 + chance.gauss(0, 0.02)}
        for number in range(3000)
    ]
    rows += [{**rows[0], "id": 3000 + number, "pole": "P", "bearing_deg": 90 * number} for number in range(4)]
    code = """async ([rows]) => {
      const {createLayouts} = await import('/clusters.js');
      const at = createLayouts(rows);
      const seen = [];
      for (let zoom = 6; zoom <= 19; zoom += 0.5) {
        const {items, of, within} = at(zoom);
        const ids = items.flatMap((item) => item.rows.map((row) => row.id));
        const size = 256 * 2 ** zoom;
        seen.push({zoom, items: items.length, ids: new Set(ids).size, all: ids.length, isKept: at(zoom).items === items,
          found: zoom > 8 ? 0 : within(0, 0, size, size).length,
          isFound: of.get(3001).rows.some((row) => row.id === 3001),
          fanned: items.filter((item) => item.hub).length});
      }
      return seen;
    }"""
    found = modules.evaluate(code, [rows])
    assert {(row["ids"], row["all"]) for row in found} == {(3004, 3004)}
    assert all(row["isFound"] and row["isKept"] for row in found)
    far = [row for row in found if row["zoom"] <= 8]
    assert [row["found"] for row in far] == [row["items"] for row in far]
    assert [row["items"] for row in found] == sorted(row["items"] for row in found)
    assert found[0]["items"] <= 2
    assert found[-1]["fanned"] >= 4
