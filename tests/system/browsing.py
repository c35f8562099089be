"""What browser tests share: a page whose console stays silent, logging in, pictures kept, and axe-core."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

from portal.accounts.models import User
from tests.conftest import PASSWORD

QUICK_MS = 10_000
SERIOUS = {"serious", "critical"}
# The first that a socket of the portal says is that it listens.
COUNT_SOCKETS = """(() => {
  const { WebSocket } = globalThis;
  globalThis.sockets = { opened: 0, ready: 0 };
  globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      sockets.opened += 1;
      this.addEventListener("message", () => { sockets.ready += 1; }, { once: true });
    }
  };
})()"""


def note_errors(page: Page, errors: list[str], *, is_expected: Callable[[str], bool] = lambda said: False) -> None:
    """Add what the page's console and scripts complain of to `errors`, with the address that it is about."""

    def note(message: ConsoleMessage) -> None:
        said = f"{message.text} ({message.location.get('url', '')})"
        if message.type == "error" and not is_expected(said):
            errors.append(said)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))


@contextmanager
def silent_page(
    browser: Browser,
    *,
    timeout_ms: float = QUICK_MS,
    script: str = "",
    is_expected: Callable[[str], bool] = lambda said: False,
    **options: Any,
) -> Iterator[Page]:
    """Open a page of its own; an error in its console that `is_expected` does not know fails the test."""
    screen: dict[str, Any] = {"viewport": {"width": 1366, "height": 768}, "timezone_id": "Asia/Seoul"}
    context = browser.new_context(**screen, locale="en-GB", **options)
    context.set_default_timeout(timeout_ms)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    errors: list[str] = []
    note_errors(page, errors, is_expected=is_expected)
    yield page
    context.close()
    assert errors == []


def log_in(page: Page, site: str, user: User) -> None:
    page.goto(f"{site}/login/")
    page.fill("input[name=username]", user.username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site}/")


@contextmanager
def listening(page: Page) -> Iterator[None]:
    """Open an address within; after that, what others do reaches the page."""
    page.add_init_script(COUNT_SOCKETS)
    yield
    page.wait_for_function("() => sockets.opened && sockets.opened === sockets.ready")


def end_session(page: Page) -> None:
    """As when nothing was asked for a while: the page stays open, its session is gone."""
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)


def log_in_beside(page: Page, link: Locator, user: User) -> None:
    """Follow the link to the log-in, which opens a tab of its own, and log in there."""
    with page.expect_popup() as opened:
        link.click()
    tab = opened.value
    tab.fill("input[name=username]", user.username)
    tab.fill("input[name=password]", PASSWORD)
    tab.press("input[name=password]", "Enter")
    tab.wait_for_url("**/")
    tab.close()


def settle(page: Page) -> None:
    """Wait until the map stands still."""
    pane, before = page.locator("#map .leaflet-map-pane"), ""
    for _look in range(50):
        now = pane.evaluate("(pane) => `${pane.className} ${pane.style.transform}`")
        if now == before and "-anim" not in now:
            return
        before = now
        page.wait_for_timeout(150)


def keep_screenshot(page: Page, name: str) -> None:
    """Keep what the test saw: below var for whoever looks, in docs/images when the README's pictures are made."""
    is_for_docs = os.environ.get("DONGSEON_SCREENSHOTS") == "1"
    folder = settings.BASE_DIR / ("docs/images" if is_for_docs else "var/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def findings(page: Page) -> list[str]:
    """axe-core's serious findings, each with the first of its places."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{row['id']} ×{len(row['nodes'])}: {row['nodes'][0]['target']} {row['nodes'][0]['html'][:160]}"
        for row in found
        if row["impact"] in SERIOUS
    ]


def elsewhere(act: Callable[[], object]) -> None:
    """Somebody else acts, in a thread of their own: in the one of the browser's event loop nothing is pushed."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()
