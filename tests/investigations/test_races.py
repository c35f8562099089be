"""Fifty people press at once: exactly one wins, on every engine."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from investigations.models import Candidate, SearchRequest, SecondReview, WatchAlert
from investigations.services.alerts import decide_alert, decide_alerts, dismiss_open
from investigations.services.answers import send_answer
from investigations.services.candidates import decide_candidate
from investigations.services.requests import approve_request, close_request, receive_request, return_request
from investigations.services.reviews import review_candidate
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.audit.services import verify_chain
from tests.conftest import make_recording, make_search, make_sighting, make_user
from tests.investigations.watching import basis, make_alert, make_entry

PEOPLE = 50


def press_at_once(act: Callable[[int], Any]) -> list[bool]:
    """Call `act` with 0..49 in fifty threads at the same moment; who got through?"""
    barrier = Barrier(PEOPLE)

    def press(number: int) -> bool:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            act(number)
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(press, range(PEOPLE)))


@pytest.fixture
def supervisors(committing_db: None, centre: Any) -> list[User]:
    return [make_user(f"supervisor-{number}", "supervisor", centre) for number in range(PEOPLE)]


def test_one_of_fifty_approves(supervisors: list[User], request_: SearchRequest) -> None:
    won = press_at_once(lambda number: approve_request(fresh(request_), actor=supervisors[number]))
    assert won.count(True) == 1
    request_.refresh_from_db()
    assert request_.approved_by == supervisors[won.index(True)]
    assert [change.verb for change in request_.changes.all()] == ["approve"]
    assert AuditEntry.objects.filter(action="request.approved").count() == 1
    assert verify_chain() == []


def test_one_of_two_different_steps_wins(supervisors: list[User], request_: SearchRequest) -> None:
    def act(number: int) -> None:
        if number % 3 == 0:
            return_request(fresh(request_), reason="photo?", actor=supervisors[number])
        elif number % 3 == 1:
            receive_request(fresh(request_), actor=supervisors[number])
        else:
            raise ValidationError("looks on")

    won = press_at_once(act)
    request_.refresh_from_db()
    steps = [change.verb for change in request_.changes.all()]
    # A return ends it; a receipt may come before the return, never after, and neither twice.
    assert steps in (["return"], ["receive", "return"])
    assert won.count(True) == len(steps)


def test_one_of_fifty_answers(supervisors: list[User], approved: SearchRequest, officer: User) -> None:
    SearchRequest.objects.update(status="review")
    won = press_at_once(
        lambda number: send_answer(fresh(approved), [], f"Not seen {number}", actor=supervisors[number])
    )
    assert won.count(True) == 1
    assert approved.answers.count() == 1
    close_request(fresh(approved), "found", reason="at home", actor=officer)


def test_one_of_fifty_gives_the_second_opinion(
    supervisors: list[User], approved: SearchRequest, camera: Any, operator: User
) -> None:
    search = make_search(approved, [camera], operator)
    sighting = make_sighting(make_recording(camera))
    candidate = Candidate.objects.create(search=search, sighting=sighting, score=0.9, decision="confirmed")
    won = press_at_once(
        lambda number: review_candidate(Candidate.objects.get(pk=candidate.pk), "confirmed", actor=supervisors[number])
    )
    assert won.count(True) == 1
    assert SecondReview.objects.count() == 1


def test_of_fifty_searches_that_find_the_same_one_decides_and_one_gives_the_second_opinion(
    supervisors: list[User], approved: SearchRequest, camera: Any
) -> None:
    sighting = make_sighting(make_recording(camera))
    rows = [
        Candidate.objects.create(search=make_search(approved, [camera], person), sighting=sighting, score=0.9)
        for person in supervisors
    ]
    won = press_at_once(
        lambda number: decide_candidate(
            Candidate.objects.get(pk=rows[number].pk), "confirmed", actor=supervisors[number]
        )
    )
    assert won.count(True) == 2
    review, decided = SecondReview.objects.get(), Candidate.objects.decided().get()
    assert review.candidate == decided
    assert review.reviewer != decided.decisions.get().actor
    assert verify_chain() == []


def test_whoever_dismisses_all_alerts_and_whoever_decides_about_some_wait_for_each_other(
    supervisors: list[User], camera: Any
) -> None:
    basis()
    entry = make_entry(supervisors[0])
    alerts = [make_alert(entry, camera) for _number in range(6)]

    def act(number: int) -> None:
        actor, of, other = supervisors[number], alerts[number % 6], alerts[number % 5]
        if number % 3 == 0:
            dismiss_open(entry, reason="it is over", actor=actor)
        elif number % 3 == 1:
            decide_alert(WatchAlert.objects.get(pk=of.pk), "confirmed", reason="it is it", actor=actor)
        else:
            rows = WatchAlert.objects.filter(pk__in=[of.pk, other.pk]).order_by("-pk")
            decide_alerts(rows, "dismissed", reason="another", actor=actor)

    assert any(press_at_once(act))
    assert not WatchAlert.objects.open().exists()
    assert verify_chain() == []


def fresh(request: SearchRequest) -> SearchRequest:
    return SearchRequest.objects.get(pk=request.pk)
