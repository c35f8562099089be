"""A whole city's list, in a real browser with a real worker: checked, looked through, imported; and a worker killed."""

import os
import signal
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from playwright.sync_api import Page, expect

from cameras import tasks
from cameras.models import Camera, CameraImport
from cameras.services.imports import check_list, import_list
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from portal.stack import Stack
from tests.cameras.listing import city, row, write
from tests.system.browsing import keep_screenshot, log_in
from tests.system.conftest import wait_for_end, wait_until

ROWS, CAMERAS = 22_000, 55_000
WITHIN_S = 60.0  # measured: a tenth of it on two idle cores


@pytest.mark.browser
@pytest.mark.usefixtures("workers")
def test_a_citys_list_is_checked_and_imported_with_its_progress_seen(
    page: Page,
    site: str,
    centre: Agency,
    administrator: User,
    tmp_path: Path,
) -> None:
    bad = [
        row(number="ZERO", latitude="0", longitude="0"),
        row(number="SJ-00007", latitude="36.6"),
        row(number="TURNED", latitude="127.28", longitude="36.49", road_address="세종특별자치시 도움6로 11"),
        row(number="COUNT", count="-1"),
    ]
    file = tmp_path / "세종_CCTV_2026.csv"
    file.write_bytes(write(city(ROWS) + bad).encode("cp949"))

    log_in(page, site, administrator)
    page.goto(f"{site}/cameras/import/")
    expect(page.get_by_text("No list yet")).to_be_visible()
    keep_screenshot(page, "import-upload")
    page.set_input_files("#id_file", file)
    expect(page.locator("#drop-name")).to_have_text(file.name)
    started = monotonic()
    page.get_by_role("button", name="Check the list").click()
    page.wait_for_url("**/cameras/import/*/")
    shares = progress_until(page, "text=Checked. Nothing is changed yet")
    assert monotonic() - started < WITHIN_S
    assert shares == sorted(shares)
    assert len(set(shares)) >= 3
    expect(page.locator(".tile-new dd")).to_have_text(f"{CAMERAS + 2:,}")
    expect(page.locator(".import-table tbody tr")).to_have_count(4)
    keep_screenshot(page, "import-checked")

    page.get_by_label("Kind").select_option("same_number")
    expect(page.locator(".import-table tbody tr")).to_have_count(1)
    expect(page.locator(".import-table tbody")).to_contain_text("already in row 9")
    page.get_by_role("link", name="New", exact=False).first.click()
    expect(page.locator(".import-table tbody tr")).to_have_count(50)
    with page.expect_download() as download:
        page.get_by_role("link", name="Problems as CSV").click()
    assert download.value.suggested_filename == "세종_CCTV_2026-problems.csv"

    assert not Camera.objects.exists()
    started = monotonic()
    page.get_by_role("button", name="Import:").click()
    progress_until(page, f"text=Imported: {CAMERAS + 2:,} cameras added, 0 changed")
    assert monotonic() - started < WITHIN_S
    assert Camera.objects.count() == CAMERAS + 2
    assert AuditEntry.objects.filter(action="cameras.imported").count() == 1
    keep_screenshot(page, "import-done")

    page.goto(f"{site}/cameras/export/")
    keep_screenshot(page, "export")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert len(download.value.path().read_bytes().splitlines()) == ROWS + 2


def progress_until(page: Page, shown: str) -> list[float]:
    """The shares that the bar shows until the text stands there."""
    shares: list[float] = []
    deadline = monotonic() + 2 * WITHIN_S
    while not page.locator(shown).count():
        assert monotonic() < deadline
        share = page.evaluate("document.querySelector('.import-run progress[value]')?.value ?? null")
        shares += [share] if share is not None else []
        page.wait_for_timeout(100)
    return shares


def test_an_import_whose_worker_was_killed_is_completed_by_the_next_one(
    stack: Stack, centre: Agency, administrator: User
) -> None:
    stack.start_exchange_worker()
    content = write(city(6_000)).encode("cp949")
    job = check_list(ContentFile(content, "list.csv"), centre=centre, actor=administrator)
    kill_midway(stack, job)
    assert job.status == "running"
    hand_out_again(stack, job)
    assert (job.status, job.error, job.counts["new"], job.changes.count()) == ("done", "", 15_000, 15_000)

    import_list(job, actor=administrator)
    kill_midway(stack, job)
    assert not Camera.objects.exists()
    hand_out_again(stack, job)
    assert (job.status, job.applied, Camera.objects.count()) == ("done", "done", 15_000)
    assert AuditEntry.objects.filter(action="cameras.imported").count() == 1


def kill_midway(stack: Stack, job: CameraImport) -> None:
    def is_running() -> bool:
        job.refresh_from_db()
        return job.status == "running"

    wait_until(is_running, within_s=30, what="a running import")
    killed = stack.child("worker-exchange")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    job.refresh_from_db()


def hand_out_again(stack: Stack, job: CameraImport) -> None:
    """As the clock does it, without the wait for the worker's silence."""
    long_ago = timezone.now() - timedelta(minutes=1)
    CameraImport.objects.filter(pk=job.pk).update(seen_at=long_ago, send_again_at=long_ago)
    stack.stop_workers()
    stack.start_exchange_worker()
    tasks.requeue_abandoned()
    wait_for_end(job, within_s=90)
