"""Icons stay while the server is away: also those that a script changes or adds then."""

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser
# Nothing is drawn where the symbol is not found.
IS_DRAWN = "use => use.getBBox().width > 0"


def test_an_open_page_keeps_its_icons_without_the_server(page: Page, site: str) -> None:
    page.route("**/static/**", _age)
    page.goto(f"{site}/login/", wait_until="networkidle")
    page.unroute_all()
    page.context.set_offline(True)
    icon = page.locator("#theme-toggle use")
    assert icon.evaluate(IS_DRAWN)
    page.click("#theme-toggle")
    expect(icon).to_have_attribute("href", "#icon-sun")
    assert icon.evaluate(IS_DRAWN)


def _age(route: Route) -> None:
    """As when the page has been open for a while: what was loaded may not be used again without asking."""
    response = route.fetch()
    route.fulfill(response=response, headers={**response.headers, "cache-control": "max-age=0"})
