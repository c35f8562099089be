"""Searching by what a witness said, in a real browser: chips that count, what must be so, candidates by description
alone, and ranking again with the decisions.

The descriptions of the stored sightings are made here, by a describer that the manifest of this test names; the search
itself runs in real workers. Everything on these screens is drawn.
"""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from cameras.models import Recording
from inference.core.attributes import pack
from inference.engine import embedder_id
from inference.models import Description, Sighting
from investigations.models import Candidate, Search, SearchRequest
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, add_feature, unit_vector
from tests.investigations.describers import HEADS, write_manifest
from tests.system.browsing import findings, keep_screenshot, log_in, silent_page
from tests.system.candidate_rows import make_sightings
from tests.system.conftest import wait_until
from tests.system.test_browser_candidates import cameras, recordings

__all__ = ["cameras", "recordings"]  # fixtures
pytestmark = pytest.mark.browser
SLOW_MS = 30_000
DESCRIBER = "made-up-person-looks"
# What the model says of each: values of a few attributes with their probabilities; of the rest it knows nothing.
LOOKS = [
    {"upper_colour": ("red", 0.95), "backpack": ("yes", 0.9), "hat": ("no", 0.9)},
    {"upper_colour": ("red", 0.9), "backpack": ("no", 0.9), "hat": ("yes", 0.8)},
    {"upper_colour": ("blue", 0.95), "backpack": ("yes", 0.95), "hat": ("no", 0.9)},
    {"upper_colour": ("red", 0.7), "backpack": ("yes", 0.6)},
    {"upper_colour": ("green", 0.9), "backpack": ("no", 0.9), "hat": ("yes", 0.9)},
    {"upper_colour": ("black", 0.9), "backpack": ("no", 0.9), "hat": ("no", 0.9)},
]


@pytest.fixture(autouse=True)
def _describer(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers and workers that this test starts find it in their environment."""
    manifest = write_manifest(tmp_path_factory.mktemp("manifest"))
    monkeypatch.setenv("DONGSEON_MODEL_MANIFEST", str(manifest))
    monkeypatch.setenv("PERSON_DESCRIBER_MODEL", DESCRIBER)


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    expect.set_options(timeout=SLOW_MS)
    with silent_page(browser, timeout_ms=SLOW_MS, base_url=site) as opened:
        yield opened


@pytest.fixture
def described(recordings: list[Recording], approved: SearchRequest) -> list[Sighting]:
    """Six people, one for each line of `LOOKS`, all with a feature and a description."""
    SearchRequest.objects.update(last_seen_at=NOON)
    sightings = make_sightings(recordings, len(LOOKS))
    for number, (sighting, looks) in enumerate(zip(sightings, LOOKS, strict=True)):
        row = add_feature(sighting, unit_vector(number))
        row.embedder = embedder_id("person")
        row.save()
        Description.objects.create(sighting=sighting, describer=DESCRIBER, probabilities=pack(probabilities(looks)))
    return sightings


def probabilities(looks: dict[str, tuple[str, float]]) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """Of each head the said value as probable as said, and the rest alike; heads that are not said alike."""
    parts = []
    for name, values in HEADS["person"].items():
        value, chance = looks.get(name, (values[0], 1 / len(values)))
        rest = (1 - chance) / (len(values) - 1)
        parts += [chance if other == value else rest for other in values]
    return np.array(parts, np.float32)


def open_workspace(page: Page, request: SearchRequest, user: User) -> None:
    log_in(page, "", user)
    page.goto(f"/requests/{request.pk}/")
    expect(page.locator("#start-search")).to_be_visible()
    page.fill("#starts-at", "2026-11-20 11:00:00")
    page.fill("#ends-at", "2026-11-20 15:00:00")
    page.press("#ends-at", "Tab")
    page.click("#cameras-all")


def say(page: Page, words: str) -> None:
    page.fill("#describe-text", words)
    page.press("#describe-text", "Enter")


@pytest.mark.usefixtures("workers")
def test_words_alone_find_who_fits_and_decisions_rank_again(
    page: Page, approved: SearchRequest, operator: User, supervisor: User, described: list[Sighting]
) -> None:
    open_workspace(page, approved, operator)
    lack = page.locator("#search-lack")
    expect(lack).to_have_text("Add a picture first, or words that can be looked for.")
    say(page, "노란 리본")
    chips = page.locator("#describe-chips li")
    expect(chips.nth(0)).to_contain_text("reminder")
    expect(lack).to_have_text("Add a picture first, or words that can be looked for.")  # a reminder finds nobody

    # Typed in Korean, chosen in English; both are understood, and the search may begin without a picture.
    say(page, "빨간 상의, no hat")
    expect(chips.nth(1)).to_have_attribute("title", "Looked for: Top: red")
    page.click("#describe-open")
    expect(page.locator("[data-word='Bag: backpack'] .searchable")).to_be_visible()
    assert page.locator("[data-word='Gait: limps'] .searchable").count() == 0
    page.click("[data-word='Bag: backpack']")
    keep_screenshot(page, "words-choose")
    page.click("#describe-dialog .primary")
    expect(lack).to_have_text("")

    # What must be so is said by keys too, and heard.
    must = chips.nth(1).get_by_role("button", name="“빨간 상의” must be so")
    must.focus()
    page.keyboard.press("Space")
    expect(must).to_have_attribute("aria-pressed", "true")
    expect(must).to_be_focused()
    assert chips.nth(0).get_by_role("button").count() == 1  # a reminder cannot be required
    assert findings(page) == []
    page.keyboard.press("Control+Enter")

    cards = page.locator("#candidates [data-candidate]")
    expect(cards).to_have_count(3)  # of the others the model says that they wear another colour
    search = Search.objects.get()
    assert search.pictures.count() == 0
    wanted = {(row["attribute"], row["value"]): row["required"] for row in search.wanted}
    assert wanted == {("upper_colour", "red"): True, ("hat", "no"): False, ("backpack", "yes"): False}
    first = cards.first
    expect(first.locator(".look.fits")).to_have_count(3)
    expect(first.locator(".candidate-score b")).to_have_text("3 of 3 fit")
    expect(first).to_have_attribute("aria-label", re.compile("as described: Top: red"))
    expect(cards.locator(".look.not s")).to_have_text(["backpack", "no hat"])
    keep_screenshot(page, "words-candidates")

    first.click()
    page.keyboard.press("Enter")
    expect(page.locator("#compare-large .look.fits").first).to_contain_text("Top: red")
    expect(page.locator("#compare-large .reasons")).to_contain_text("speaks for it")
    assert findings(page) == []
    keep_screenshot(page, "words-compare")
    page.keyboard.press("Escape")

    # Restored with the search: which words count, and which must be so.
    page.reload()
    expect(chips).to_have_count(4)
    expect(page.locator(".word-must[aria-pressed=true]")).to_have_count(1)

    cards.first.click()
    page.keyboard.press("KeyY")
    cards.nth(1).click()
    page.keyboard.press("KeyN")
    page.keyboard.press("Digit1")
    expect(page.locator("#refine-what")).to_have_text("1 confirmed, 1 rejected")
    assert findings(page) == []
    keep_screenshot(page, "words-refine")
    page.click("#refine")
    wait_until(lambda: Search.objects.filter(parent=search).exists(), within_s=20, what="the search ranked again")
    page.click("#earlier summary")
    expect(page.locator("#search-list li").first).to_contain_text(f"refined from #{search.pk}")
    expect(page.locator("#search-status")).to_contain_text("compared")
    entry = AuditEntry.objects.filter(action="search.refined").get()
    assert entry.actor_name.startswith(operator.username)
    found = Candidate.objects.filter(search__parent=search)
    wait_until(found.exists, within_s=20, what="candidates")  # the status may still be that of the search before
    expect(page.locator("#refine-bar")).to_be_hidden()
    keep_screenshot(page, "words-refined")

    # Whoever may still give a second opinion sees no list that was ranked by the decisions.
    page.context.clear_cookies()
    open_workspace(page, approved, supervisor)
    expect(page.locator("#withheld-note")).to_be_visible()
    expect(page.locator("#candidates-empty")).to_contain_text("This list is hidden")
    expect(cards).to_have_count(0)
    assert findings(page) == []
    page.click("#earlier summary")
    page.locator("#search-list li button").nth(1).click()
    expect(page.locator("#withheld-note")).to_be_hidden()
    expect(page.locator("#hidden-note")).to_be_visible()
    page.locator("#search-list li button").first.click()
    expect(page.locator("#withheld-note")).to_be_visible()
    page.click("#show-decisions")
    expect(page.locator("#hidden-note")).to_be_hidden()
    expect(cards.first).to_be_visible()
