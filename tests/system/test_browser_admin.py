"""The admin's lists on the screen of a laptop, in English, whose words are long."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from cameras.models import Camera
from investigations.models import SearchRequest
from portal.accounts.models import User
from tests.conftest import make_search
from tests.investigations.watching import make_alert, make_entry
from tests.system.browsing import keep_screenshot, silent_page

pytestmark = pytest.mark.browser
# Of a table: how far it reaches beyond its frame, and which numbers and times are broken into lines.
BROKEN = """table => {
  const frame = table.closest("[data-simplebar]").getBoundingClientRect();
  const lines = (cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return new Set([...range.getClientRects()].filter((one) => one.width).map((one) => Math.round(one.top))).size;
  };
  const cells = [...table.querySelectorAll("tbody :is(td, th)")];
  const broken = cells.filter((cell) => /^[-\\d: /]+$/.test(cell.innerText.trim()) && lines(cell) > 1);
  const beyond = Math.max(0, table.getBoundingClientRect().right - frame.right - 1);
  return [beyond, broken.map((cell) => cell.innerText)];
}"""
LISTS = ["inference_analysis", "investigations_search", "investigations_searchrequest", "investigations_watchentry"]


def test_columns_hold_their_values_at_1366(
    browser: Browser,
    site: str,
    approved: SearchRequest,
    camera: Camera,
    operator: User,
    supervisor: User,
) -> None:
    make_search(approved, [camera], operator)
    make_alert(make_entry(supervisor, request=approved), camera)
    client = Client()
    client.force_login(supervisor)
    name = settings.SESSION_COOKIE_NAME
    with silent_page(browser) as page:
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])
        found = {}
        for model in LISTS:
            page.goto(site + reverse(f"admin:{model}_changelist"), wait_until="networkidle")
            found[model] = page.locator("#result_list").evaluate(BROKEN)
        keep_screenshot(page, "admin-list")
    assert found == {model: [0, []] for model in LISTS}
