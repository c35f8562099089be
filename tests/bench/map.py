"""How smooth the operator's map is with thousands of cameras, in Chromium without a graphics card.

Part of `make bench`; alone: `python -m tests.bench.map [NUMBER OF CAMERAS …]`. The tests use the same measurements.
"""

import json
import math
import os
import random
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from portal.accounts.models import Agency

CENTRE = (36.499, 127.2716)
HUBS = [CENTRE, (36.480, 127.289), (36.510, 127.245), (36.465, 127.280), (36.600, 127.300), (36.520, 127.310)]
FRAMES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
FRAMES += ["devtools.timeline.frame", "disabled-by-default-devtools.timeline.frame"]
PASSWORD = "correct-horse-battery"  # of a database that lives for a minute
SEED = 7

# Pull from the middle of the map outwards by pointer events of its own, and take the time from each of them until the
# picture is out. The last one lets go: the choice is made.
RADIUS = """async () => {
  const box = document.querySelector("#map"), {left, top, width, height} = box.getBoundingClientRect();
  const send = (name, x) => box.dispatchEvent(new PointerEvent(name, {bubbles: true, isPrimary: true, button: 0,
    pointerId: 1, clientX: left + width / 2 + x, clientY: top + height / 2}));
  const shown = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  box.setPointerCapture = () => {};
  send("pointerdown", 0);
  const times = [];
  for (let x = 10; x <= width / 2 - 60; x += 10) {
    const start = performance.now();
    send("pointermove", x);
    await shown();
    times.push(performance.now() - start);
  }
  const start = performance.now();
  send("pointerup", width / 2 - 60);
  await shown();
  delete box.setPointerCapture;
  const made = performance.now() - start;
  return {move: Math.max(...times), made, said: document.querySelector(".tool-count").textContent};
}"""
PAINTED = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const [painted] = performance.getEntriesByName("cameras-painted");
  return painted && navigation.loadEventEnd ? [painted.startTime - navigation.loadEventEnd, painted.startTime] : null;
}"""


@dataclass(frozen=True)
class Smoothness:
    """Pictures a second that came out, the longest wait for one, and the longest task of the page."""

    fps: float
    longest_gap_ms: float
    longest_task_ms: float

    def __str__(self) -> str:
        longest = f"longest gap {self.longest_gap_ms:.0f} ms, longest task {self.longest_task_ms:.0f} ms"
        return f"{self.fps:.0f} frames/s, {longest}"


def add_cameras(count: int, centre: "Agency") -> None:
    """A city's cameras as they stand: dense around hubs, one to four on a pole."""
    from cameras.models import Camera

    chance = random.Random(SEED + Camera.objects.count())
    first = Camera.objects.count()
    rows: list[Camera] = []
    while len(rows) < count:
        hub = chance.choice(HUBS)
        place = {"latitude": hub[0] + chance.gauss(0, 0.014), "longitude": hub[1] + chance.gauss(0, 0.017)}
        pole = f"P{first + len(rows)}"
        for _number in range(chance.choice([1, 1, 1, 2, 3, 4])):
            code = f"M{first + len(rows):05}"
            rows.append(
                Camera(
                    code=code,
                    name=f"한누리대로 {code}",
                    address=f"세종시 한누리대로 {len(rows)}",
                    pole=pole,
                    bearing_deg=chance.uniform(0, 360),
                    centre=centre,
                    **place,
                )
            )
    Camera.objects.bulk_create(rows[:count], batch_size=500)


def painted_ms(page: "Page", within_ms: int = 10_000) -> tuple[float, float]:
    """When the cameras were first on the screen: since the page's load event, and since it was asked for."""
    for _try in range(within_ms // 50):
        found = page.evaluate(PAINTED)
        if found:
            return found[0], found[1]
        page.wait_for_timeout(50)
    raise TimeoutError("no camera was painted")


def pan(browser: "Browser", page: "Page") -> Smoothness:
    """Drag the map to and fro for some two seconds."""

    def act() -> None:
        x, y = _middle(page)
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(110):
            page.mouse.move(x + 260 * math.sin(step / 18), y + 160 * math.sin(step / 11))
        page.mouse.up()

    return _traced(browser, page, act)


def zoom(browser: "Browser", page: "Page") -> Smoothness:
    """Turn the wheel: three levels in, three out, each as long as its animation."""

    def act() -> None:
        page.mouse.move(*_middle(page))
        for turn in (-120, -120, -120, 120, 120, 120):
            page.mouse.wheel(0, turn)
            page.wait_for_timeout(330)

    return _traced(browser, page, act, is_still_between=True)


def radius_ms(page: "Page") -> dict[str, Any]:
    """The slowest answer while a circle is pulled over the whole map, and that to letting it go."""
    page.locator("#map").focus()
    page.keyboard.press("KeyR")
    answer: dict[str, Any] = page.evaluate(RADIUS)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    return answer


def _middle(page: "Page") -> tuple[float, float]:
    box = page.locator("#map").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _traced(browser: "Browser", page: "Page", act: Any, *, is_still_between: bool = False) -> Smoothness:
    browser.start_tracing(page=page, categories=FRAMES)
    act()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    drawn = sorted(event["ts"] / 1000 for event in events if event["name"] == "DrawFrame")
    mains = {event["tid"] for event in events if event.get("args", {}).get("name") == "CrRendererMain"}
    ran = [event for event in events if event["name"] == "RunTask" and event["tid"] in mains]
    tasks = [event.get("dur", 0) / 1000 for event in ran]
    gaps = [after - before for before, after in pairwise(drawn)]
    if is_still_between:  # between two turns of the wheel nothing moves
        gaps = [gap for gap in gaps if gap < STILL_MS]
    return Smoothness(1000 * len(gaps) / sum(gaps), max(gaps), max(tasks, default=0.0))


STILL_MS = 150.0


def main() -> None:
    import shutil

    from django.utils import timezone
    from playwright.sync_api import sync_playwright

    from cameras.models import Camera
    from investigations.models import Case, SearchRequest
    from portal.accounts.models import Agency
    from portal.stack import Stack
    from tests.conftest import CHROMIUM_FLAGS, legal_basis, make_user
    from tests.system.servers import free_port

    counts = [int(word) for word in sys.argv[1:] if word.isdigit()] or [2700, 10000]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("  no Chromium here: apt-get install chromium")
        return
    centre = Agency.objects.create(name="Map bench", kind="centre")
    station = Agency.objects.create(name="Bench station", kind="police")
    officer = make_user("bench-officer", "officer", station)
    make_user("bench-operator", "operator", centre)
    case = Case.objects.create(number="B-1", title="bench", kind="suspect", agency=station, opened_by=officer)
    values = {"status": "approved", "approved_at": timezone.now(), "purpose": "bench", "wanted": "nobody"}
    row = SearchRequest.objects.create(case=case, centre=centre, basis=legal_basis(), submitted_by=officer, **values)
    port = free_port()
    os.environ["TWO_FACTOR_ROLES"] = ""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with Stack(_log_dir()) as stack, sync_playwright() as playwright:
        stack.start_web("127.0.0.1", port)
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        site = f"http://127.0.0.1:{port}"
        page.goto(f"{site}/login/")
        page.fill("input[name=username]", "bench-operator")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{site}/")
        for count in counts:
            add_cameras(count - Camera.objects.filter(centre=centre).count(), centre)
            page.goto(f"{site}/requests/{row.pk}/")
            after_load, since_asked = painted_ms(page)
            print(f"  {count:,} cameras: painted {after_load:.0f} ms after load, {since_asked:.0f} ms after the click")
            page.wait_for_timeout(1500)
            print(f"    pan   {pan(browser, page)}\n    zoom  {zoom(browser, page)}")
            answer = radius_ms(page)
            times = f"{answer['move']:.0f} ms while pulled, {answer['made']:.0f} ms when let go"
            print(f"    radius {times} ({answer['said']})")
        browser.close()


def _log_dir() -> Any:
    from django.conf import settings

    return settings.VAR_DIR / "log"


if __name__ == "__main__":
    import tempfile

    import django

    with tempfile.TemporaryDirectory(prefix="dongseon-bench-") as folder:
        os.environ["DONGSEON_VAR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        main()
