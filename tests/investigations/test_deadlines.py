"""A deadline that has passed is said once, and an emergency that nobody approved in time is searched no further."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from cameras.models import Camera
from investigations import clock, deadlines
from investigations.models import Notification, Search, SearchRequest
from investigations.services.requests import approve_request, begin_search, receive_request
from portal.accounts.models import User
from portal.jobs import JobStatus
from tests.conftest import make_request, make_search
from tests.investigations.conftest import entries

MINUTE = timedelta(minutes=1)


@pytest.fixture
def due(request_: SearchRequest) -> SearchRequest:
    """A submitted request; receipt due two minutes ago, approval in an hour, the answer in a day."""
    now = timezone.now()
    set_due(request_, receipt_due_at=now - 2 * MINUTE, approval_due_at=now + 60 * MINUTE)
    set_due(request_, answer_due_at=now + timedelta(days=1))
    return request_


def set_due(request: SearchRequest, **values: Any) -> None:
    SearchRequest.objects.filter(pk=request.pk).update(**values)
    request.refresh_from_db()


def told() -> list[str]:
    return sorted(Notification.objects.filter(kind="overdue").values_list("user__username", flat=True))


def test_a_missed_deadline_is_told_once(due: SearchRequest, operator: User, supervisor: User, stranger: User) -> None:
    assert deadlines.remind() == 1
    assert told() == ["operator", "supervisor"]
    (entry,) = entries("request.overdue")
    assert (entry.actor_id, entry.target_id, list(entry.details["deadlines"])) == (None, str(due.pk), ["receipt"])
    assert deadlines.remind() == 0
    assert told() == ["operator", "supervisor"]


def test_the_next_deadline_is_told_again(due: SearchRequest, operator: User) -> None:
    deadlines.remind()
    SearchRequest.objects.update(reminded_at=timezone.now() - 10 * MINUTE, approval_due_at=timezone.now() - MINUTE)
    SearchRequest.objects.update(receipt_due_at=timezone.now() - 20 * MINUTE)
    assert deadlines.remind() == 1
    assert [list(entry.details["deadlines"]) for entry in entries("request.overdue")] == [["approval"], ["receipt"]]
    assert deadlines.remind() == 0


@pytest.mark.parametrize(
    ("status", "approved", "names"),
    [
        ("draft", False, set()),
        ("submitted", False, {"receipt", "approval", "answer"}),
        ("returned", False, set()),  # the station owes the next step
        ("received", False, {"approval", "answer"}),
        ("approved", True, {"answer"}),
        ("searching", False, {"approval", "answer"}),  # an emergency
        ("searching", True, {"answer"}),
        ("review", True, {"answer"}),
        ("answered", True, set()),
        ("reopened", True, {"answer"}),
        ("closed", True, set()),
    ],
)
def test_only_what_the_centre_owes_can_be_missed(
    request_: SearchRequest, supervisor: User, status: str, names: set[str], *, approved: bool
) -> None:
    past = timezone.now() - MINUTE
    values = {"approved_at": past, "approved_by": supervisor} if approved else {}
    set_due(request_, receipt_due_at=past, approval_due_at=past, answer_due_at=past)
    set_due(request_, status=status, outcome="found" if status == "closed" else "", **values)
    assert deadlines.remind() == bool(names)
    assert {name for entry in entries("request.overdue") for name in entry.details["deadlines"]} == names


def test_the_deadline_itself_is_not_late(request_: SearchRequest) -> None:
    now = timezone.now()
    set_due(request_, receipt_due_at=now)
    assert deadlines.passed_deadlines(request_, now) == {}
    assert set(deadlines.passed_deadlines(request_, now + timedelta(microseconds=1))) == {"receipt"}


def test_who_acts_before_the_clock_writes_is_not_called_late(
    due: SearchRequest, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = deadlines.passed_deadlines

    def act_meanwhile(request: SearchRequest, now: Any) -> Any:
        receive_request(SearchRequest.objects.get(pk=request.pk), actor=operator)
        return found(request, now)

    monkeypatch.setattr(deadlines, "passed_deadlines", act_meanwhile)
    assert deadlines.remind() == 0
    assert not entries("request.overdue")


@pytest.fixture
def emergency(request_: SearchRequest, camera: Camera, operator: User) -> Search:
    """A running search of an emergency whose approval is still due in a minute."""
    set_due(request_, is_emergency=True, approval_due_at=timezone.now() + MINUTE, status="received")
    begin_search(request_, actor=operator)
    return make_search(request_, [camera], operator, status="running", claim="worker")


def test_an_emergency_that_nobody_approved_in_time_is_searched_no_further(emergency: Search, operator: User) -> None:
    clock.watch_deadlines()
    emergency.refresh_from_db()
    assert emergency.status == JobStatus.RUNNING
    set_due(emergency.request, approval_due_at=timezone.now() - timedelta(seconds=1))
    clock.watch_deadlines()
    emergency.refresh_from_db()
    assert emergency.status == JobStatus.CANCELLED
    (entry,) = entries("search.cancelled")
    assert (entry.actor_id, entry.reason) == (None, "The time for approving this emergency afterwards is over.")
    assert len(entries("request.overdue")) == 1
    with pytest.raises(ValidationError, match="has to approve it first"):
        begin_search(emergency.request, actor=operator)
    clock.watch_deadlines()
    assert len(entries("search.cancelled")) == len(entries("request.overdue")) == 1


def test_an_approval_in_time_lets_it_go_on_and_a_late_one_lets_it_begin_again(
    emergency: Search, operator: User, supervisor: User
) -> None:
    approve_request(emergency.request, actor=supervisor)
    set_due(emergency.request, approval_due_at=timezone.now() - MINUTE)
    clock.watch_deadlines()
    emergency.refresh_from_db()
    assert emergency.status == JobStatus.RUNNING
    assert not entries("request.overdue")


def test_a_late_approval_lets_it_begin_again(emergency: Search, operator: User, supervisor: User) -> None:
    set_due(emergency.request, approval_due_at=timezone.now() - MINUTE)
    clock.watch_deadlines()
    approve_request(emergency.request, actor=supervisor)
    begin_search(emergency.request, actor=operator)


def test_searches_of_other_requests_go_on(emergency: Search, operator: User, camera: Camera) -> None:
    request = emergency.request
    other = make_request(
        request.case, request.centre, request.submitted_by, status="approved", approved_at=timezone.now()
    )
    running = make_search(other, [camera], operator, status="running", claim="w")
    set_due(request, approval_due_at=timezone.now() - MINUTE)
    assert deadlines.stop_unapproved() == 1
    running.refresh_from_db()
    assert running.status == JobStatus.RUNNING
