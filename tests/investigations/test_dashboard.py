"""The admin's front page: what waits, what is late, and how the site stands."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cameras.models import Camera
from inference.models import Analysis
from investigations.models import (
    Candidate,
)
from portal import dashboard
from portal.accounts.models import Agency, User
from tests.conftest import make_recording, make_request, make_search, make_sighting, make_user
from tests.investigations.administering import act, shown

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    cache.clear()


# ── The front page ──────────────────────────────────────────────────────────────────────────────────────────────────


def cards(client: Client, user: User) -> dict[str, dict[str, Any]]:
    client.force_login(user)
    context = client.get("/admin/").context
    return {card["title"]: card for group in context["card_groups"] for card in group["cards"]}


def test_the_front_page_counts_what_waits(
    client: Client, candidates: dict[str, Candidate], case: Any, centre: Agency, officer: User, supervisor: User
) -> None:
    past = timezone.now() - DAY
    make_request(case, centre, officer, receipt_due_at=past)
    make_request(case, centre, officer, is_emergency=True)
    found = {title: card["count"] for title, card in cards(client, supervisor).items()}
    assert found["Overdue"] == "1"
    assert found["Unapproved emergencies"] == "1"
    assert found["Waiting for approval"] == "2"
    assert found["Open requests"] == "3"
    assert found["Second opinions that you can give"] == "2"
    assert found["Two reviewers disagree"] == "0"
    assert found["Recordings not analysed yet"] == "3"
    assert found["Audit trail"] == "to be looked at"  # never checked yet


def test_each_card_leads_to_what_it_counted(
    client: Client, candidates: dict[str, Candidate], case: Any, centre: Agency, officer: User, supervisor: User
) -> None:
    make_request(case, centre, officer, receipt_due_at=timezone.now() - DAY)
    act(client, supervisor, "investigations_candidate", "agree", candidates["rejected"])
    Camera.objects.update(status="maintenance")
    for title, card in cards(client, supervisor).items():
        if "changelist" in card["url"] or "/admin/investigations/" in card["url"] or "cameras" in card["url"]:
            if "recording" in card["url"]:
                continue  # a list of recordings is not filtered by what has not happened to them
            listing = client.get(card["url"]).context["cl"]
            assert str(listing.result_count) == card["count"], title
        elif card["url"]:
            assert client.get(card["url"]).status_code == 200, title


def test_the_overdue_come_first_then_emergencies(
    client: Client, case: Any, centre: Agency, officer: User, supervisor: User
) -> None:
    now = timezone.now()
    plain = make_request(case, centre, officer, answer_due_at=now + DAY / 2)
    emergency = make_request(case, centre, officer, is_emergency=True, answer_due_at=now + DAY)
    late = make_request(case, centre, officer, receipt_due_at=now - DAY, answer_due_at=now + 2 * DAY)
    make_request(case, centre, officer, status="draft")
    client.force_login(supervisor)
    rows = client.get("/admin/").context["open_requests"]["rows"]
    assert [str(request) in str(row[0]) for request, row in zip((late, emergency, plain), rows, strict=True)] == [
        True
    ] * 3
    assert "overdue" in str(rows[0][5])
    assert "emergency, not approved" in str(rows[1][0])


def test_a_camera_that_does_not_record_and_a_failed_analysis_are_counted(
    client: Client, make_camera: Callable[..., Camera], other_centre: Agency, supervisor: User
) -> None:
    good, bad = make_camera("C1"), make_camera("C2", status="maintenance")
    make_camera("C3", status="retired")
    make_camera("X1", status="maintenance", centre=other_centre)
    statuses = {good: ["failed", "done"], bad: ["failed"]}
    for camera, runs in statuses.items():
        recording = make_recording(camera, started_at=timezone.now() - DAY)
        for status in runs:
            Analysis.objects.create(recording=recording, detector="d", embedder="e", fps=5, status=status)
    make_recording(good, started_at=timezone.now() - 26 * DAY)  # not analysed, and gone in four days
    found = cards(client, supervisor)
    assert found["Cameras out of service"]["count"] == "2"
    assert found["Cameras out of service"]["note"] == "under maintenance: 1, retired: 1"
    assert found["Recordings whose analysis failed"]["count"] == "1"
    assert found["Recordings not analysed yet"]["count"] == "1"
    assert found["Recordings destroyed within 7 days"]["count"] == "1"


def test_what_is_to_be_destroyed_soon_is_listed(
    client: Client, case: Any, centre: Agency, officer: User, supervisor: User
) -> None:
    now = timezone.now()
    closed = {"status": "closed", "outcome": "not_found", "closed_at": now}
    soon = make_request(case, centre, officer, purge_at=now + 3 * DAY, **closed)
    make_request(case, centre, officer, purge_at=now + 8 * DAY, **closed)
    make_request(case, centre, officer, purge_at=now - DAY, purged_at=now, **closed)
    client.force_login(supervisor)
    rows = client.get("/admin/").context["expiring_requests"]["rows"]
    assert [str(soon) in str(row[0]) for row in rows] == [True]


@pytest.mark.parametrize(("free", "level"), [(9, "bad"), (10, ""), (80, "")])
def test_a_disk_with_less_than_a_tenth_free_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    class Usage:
        total, used = 120, 100 - free

    Usage.free = free  # type: ignore[attr-defined]
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage)
    card = dashboard._disk_card()
    assert card["level"] == level
    assert ("add space" in card["note"]) == (level == "bad")


@pytest.mark.parametrize("who", ["supervisor", "administrator", "stranger"])
def test_the_front_page_shows_each_person_their_own(
    client: Client, candidates: dict[str, Candidate], request: pytest.FixtureRequest, who: str
) -> None:
    text = shown(client, request.getfixturevalue(who), "/admin/")
    assert ("Missing child" in text) == (who == "supervisor")
    assert ("Second opinions" in text) == (who != "administrator")


def test_the_front_page_asks_no_more_when_there_is_more(
    client: Client, case: Any, centre: Agency, officer: User, supervisor: User, make_camera: Callable[..., Camera]
) -> None:
    def queries() -> int:
        cache.clear()
        client.force_login(supervisor)
        with CaptureQueriesContext(connection) as captured:
            client.get("/admin/")
        return len(captured)

    def fill(count: int) -> None:
        for number in range(count):
            handler = make_user(f"operator-{Camera.objects.count()}-{number}", "operator", centre)
            row = make_request(
                case, centre, officer, receipt_due_at=timezone.now() - DAY, is_emergency=True, handler=handler
            )
            closed = {"status": "closed", "outcome": "found", "purge_at": timezone.now() + DAY}
            make_request(case, centre, officer, **closed)
            camera = make_camera(f"C{Camera.objects.count()}")
            recording = make_recording(camera, started_at=timezone.now() - 26 * DAY)
            search = make_search(row, [camera], handler)
            Candidate.objects.create(search=search, sighting=make_sighting(recording), score=0.5, decision="confirmed")

    fill(2)
    queries()  # what is asked once in a process's life
    few = queries()
    fill(8)
    assert queries() == few
    assert few <= 40
