"""Every page of the portal as a browser and an assistive technology meet it.

No serious finding of axe-core, no error in the console, no request to another host, and no more script than a slow desk
computer takes in at once.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, Response, expect

from cameras.models import Camera
from investigations.models import Candidate, SearchRequest
from investigations.services.paths import build_path
from investigations.services.watch_lists import check_watch_list
from investigations.services.watch_rows import Defaults
from portal.accounts.models import User
from tests.conftest import make_recording, make_search, make_sighting
from tests.investigations.watching import make_alert, make_entry
from tests.system.browsing import findings, note_errors

pytestmark = pytest.mark.browser
MOST_SCRIPT_BYTES, MOST_UNPACKED_BYTES = 400_000, 400_000
MOST_IN_ALL_BYTES = 500_000
Theme = Literal["light", "dark"]
SIZES = {"laptop": (1366, 768), "wall": (3840, 2160)}
# Sent and unpacked until the first view stands, and unpacked in all; the catalogue of texts is script too.
SCRIPT_BYTES = """() => {
  const [{ startTime: end }] = performance.getEntriesByName("first-view");
  const all = performance.getEntriesByType("resource")
    .filter(({ name }) => /[.]js$|jsi18n/.test(new URL(name).pathname));
  const sum = (entries, size) => entries.reduce((sum, entry) => sum + entry[size], 0);
  const first = all.filter(({ startTime }) => startTime < end);
  return [sum(first, "transferSize"), sum(first, "decodedBodySize"), sum(all, "decodedBodySize")];
}"""
# What stands on the page when it says that its first view does: what comes after that was not needed for it.
NOTE_FIRST_VIEW = """(() => {
  const { mark } = performance;
  const count = (selector) => document.querySelectorAll(selector).length;
  performance.mark = function (name, ...more) {
    if (name === "first-view") window.firstView = {
      candidates: count("#candidates .candidate"), compared: count("#compare .compare-verbs button"),
      cameras: count("#camera-list [role=option]"), tools: count(".tool-button"),
      stops: count("#path-strip .path-card"), markers: count(".path-marker"),
    };
    return mark.call(this, name, ...more);
  };
})()"""
HAS_TOOLS = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/chooser_tools.js'))"
# Buttons and fields that can be seen, are in nothing that scrolls, and reach beyond the window all the same.
PARTS_OUTSIDE = """() => [...document.querySelectorAll('.bench button, .bench input, .bench select')]
  .filter((part) => part.checkVisibility())
  .filter((part) => !part.closest('.panel-scroll, .leaflet-container, [id*=strip], [class*=scroll]'))
  .filter((part) => {
    const { width, left, top, right, bottom } = part.getBoundingClientRect();
    return width && (right > innerWidth + 1 || bottom > innerHeight + 1 || left < -1 || top < -1);
  })
  .map((part) => part.id || part.className)"""
# Whose pages these are: name of the route and what its address needs.
OF_OPERATOR = [
    ("case-list", ()),
    ("case-detail", ("case",)),
    ("workspace", ("request",)),
    ("answer-new", ("request",)),
    ("camera-map", ()),
    ("notifications", ()),
    ("review-queue", ()),
    ("watch-alerts", ()),
    ("watch-list", ()),
    ("watch-new", ()),
    ("watch-entry", ("entry",)),
    ("profile", ()),
    ("own-tokens", ()),
]
OF_OFFICER = [
    ("case-list", ()),
    ("case-new", ()),
    ("case-detail", ("case",)),
    ("workspace", ("request",)),
    ("camera-map", ()),
]
OF_SUPERVISOR = [
    ("watch-alerts", ()),
    ("watch-new", ()),
    ("watch-entry", ("entry",)),
    ("watch-import", ()),
    ("watch-import-detail", ("list",)),
]
OF_ADMINISTRATOR = [("camera-map", ()), ("camera-import", ()), ("camera-export", ())]
PAGES: dict[str, list[tuple[str, Any]]] = {
    "operator": OF_OPERATOR,
    "officer": OF_OFFICER,
    "supervisor": OF_SUPERVISOR,
    "administrator": OF_ADMINISTRATOR,
}
TABLE = [(role, route, needs) for role, rows in PAGES.items() for route, needs in rows]


@pytest.fixture
def places(
    approved: SearchRequest, make_camera: Callable[..., Camera], operator: User, supervisor: User
) -> dict[str, int]:
    """A case with everything on its pages: cameras, candidates decided and undecided, a path, an answer."""
    cameras = [make_camera(f"Q{number}", latitude=36.49 + number / 900, longitude=127.27) for number in range(6)]
    sightings = [
        make_sighting(make_recording(camera, minutes=5), number) for number, camera in enumerate(cameras, start=1)
    ]
    search = make_search(approved, cameras, operator)
    for number, sighting in enumerate(sightings):
        decision = Candidate.Decision.CONFIRMED if number < 2 else Candidate.Decision.PENDING
        Candidate.objects.create(search=search, sighting=sighting, score=0.9 - number / 20, decision=decision)
    build_path(approved, actor=operator)
    entry = make_entry(supervisor, request=approved, vehicle_colour="white")
    make_alert(entry, cameras[0])
    make_alert(entry, cameras[1], "12가3458", distance=0.675, confidence=0.5)
    make_alert(entry, cameras[2], status="confirmed", decided_by=operator, reason="it is it")
    rows = b"plate,reason,until\n11\xea\xb0\x801111,stolen,\n34,,someday\n"
    listed = check_watch_list(ContentFile(rows, "list.csv"), Defaults(basis=entry.basis), actor=supervisor)
    return {"case": approved.case_id, "request": approved.pk, "entry": entry.pk, "list": listed.pk}


class Watch:
    """What a page asked for and complained of."""

    def __init__(self, page: Page, site: str) -> None:
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self._site = site
        note_errors(page, self.errors)
        page.on("response", self._note)

    def _note(self, response: Response) -> None:
        url = response.url
        if not url.startswith((self._site, "blob:", "data:")):
            self.elsewhere.append(url)


@pytest.fixture
def open_as(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Opens pages as a person, with colour scheme and size; their log-in is a session made beside the browser."""
    contexts = []

    def open_page(user: User, *, theme: Theme = "light", size: str = "laptop", language: str = "ko") -> Page:
        client = Client()
        client.force_login(user)
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
        )
        contexts.append(context)
        name = settings.SESSION_COOKIE_NAME
        cookies = [(name, client.cookies[name].value), (settings.LANGUAGE_COOKIE_NAME, language)]
        context.add_cookies([{"name": name, "value": value, "url": site} for name, value in cookies])
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("role", "theme"),
    [
        ("operator", "light"),
        ("operator", "dark"),
        ("officer", "light"),
        ("supervisor", "light"),
        ("supervisor", "dark"),
        ("administrator", "dark"),
    ],
)
def test_pages_have_no_serious_finding(
    role: str, theme: Theme, open_as: Callable[..., Page], site: str, places: dict[str, int], request: Any
) -> None:
    page = open_as(request.getfixturevalue(role), theme=theme)
    watch = Watch(page, site)
    found: dict[str, list[str]] = {}
    for owner, route, needs in TABLE:
        if owner == role:
            response = page.goto(site + reverse(route, args=[places[name] for name in needs]), wait_until="networkidle")
            assert response is not None
            assert response.status == 200, f"{route} as {role} is not shown"
            if serious := findings(page):
                found[route] = serious
    assert found == {}
    assert watch.errors == []
    assert watch.elsewhere == []


def test_the_workspace_needs_less_script_than_its_budget(
    operator: User, open_as: Callable[..., Page], site: str, places: dict[str, int]
) -> None:
    """As Lighthouse counts a budget: what crosses the network. What the browser unpacks is held beside it."""
    page = open_as(operator)
    page.add_init_script(NOTE_FIRST_VIEW)
    page.goto(site + reverse("workspace", args=[places["request"]]), wait_until="networkidle")
    expect(page.locator("#camera-list [role=option]").first).to_be_visible()
    page.wait_for_function(HAS_TOOLS)  # the rest comes by itself
    page.wait_for_load_state("networkidle")
    shown = page.evaluate("window.firstView")
    assert shown["candidates"] == shown["cameras"] == 6
    assert shown["stops"] == 2
    assert shown["markers"] > 0
    assert shown["tools"] == 6
    assert shown["compared"] > 3
    sent, unpacked, in_all = page.evaluate(SCRIPT_BYTES)
    print(f"script of the workspace: {sent} bytes sent, {unpacked} unpacked, {in_all} with what comes later")
    assert 50_000 < sent < MOST_SCRIPT_BYTES
    assert 250_000 < unpacked <= MOST_UNPACKED_BYTES
    assert unpacked + 20_000 < in_all < MOST_IN_ALL_BYTES


@pytest.mark.parametrize("size", list(SIZES))
def test_nothing_of_the_workspace_leaves_the_window(
    size: str, operator: User, open_as: Callable[..., Page], site: str, places: dict[str, int]
) -> None:
    page = open_as(operator, size=size)
    page.goto(site + reverse("workspace", args=[places["request"]]), wait_until="networkidle")
    page_size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert tuple(page_size) == SIZES[size]
    outside = page.evaluate(PARTS_OUTSIDE)
    assert outside == []
