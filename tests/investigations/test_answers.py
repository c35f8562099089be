"""The second look, the answer, and the certificate that goes with it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cameras.models import Camera
from inference.models import Analysis, Sighting
from investigations.certificate import build_certificate
from investigations.models import Answer, Candidate, Notification, Search, SearchRequest, SecondReview
from investigations.sentences import first_sentence
from investigations.services.answers import send_answer
from investigations.services.candidates import decide_candidate
from investigations.services.reviews import review_candidate, show_decisions
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, add_feature, make_answer, make_recording, make_search, make_sighting, unit_vector


@pytest.fixture
def under_review(confirmed: Candidate) -> SearchRequest:
    SearchRequest.objects.update(status="review")
    return SearchRequest.objects.get()


# ── The second look ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_second_opinion_agrees(confirmed: Candidate, supervisor: User) -> None:
    review_candidate(confirmed, "confirmed", actor=supervisor)
    assert list(Candidate.objects.agreed()) == [confirmed]
    assert AuditEntry.objects.get(action="candidate.agreed").details == {"first": "confirmed", "second": "confirmed"}


def test_who_knows_the_first_decision_gives_no_second_one(
    confirmed: Candidate, operator: User, supervisor: User
) -> None:
    with pytest.raises(PermissionDenied, match="somebody else"):
        review_candidate(confirmed, "confirmed", actor=operator)
    show_decisions(confirmed.search, actor=supervisor)
    show_decisions(confirmed.search, actor=supervisor)  # again: nothing new to account for
    assert AuditEntry.objects.filter(action="decisions.shown").count() == 1
    with pytest.raises(PermissionDenied, match="somebody else"):
        review_candidate(confirmed, "confirmed", actor=supervisor)


def test_a_different_verdict_is_a_dispute_and_told(
    confirmed: Candidate, supervisor: User, operator: User, officer: User
) -> None:
    review_candidate(confirmed, "rejected", reason="other shoes", actor=supervisor)
    assert not Candidate.objects.agreed().exists()
    assert list(Candidate.objects.disputed()) == [confirmed]
    told = Notification.objects.filter(kind="disputed").values_list("user__username", flat=True)
    assert set(told) == {"operator"}


def test_the_second_opinion_is_given_once(confirmed: Candidate, supervisor: User, centre: Any) -> None:
    review_candidate(confirmed, "confirmed", actor=supervisor)
    third = User.objects.create_user("third", role="operator", agency=centre)
    with pytest.raises(ValidationError, match="meanwhile"):
        review_candidate(confirmed, "rejected", reason="other shoes", actor=third)


def test_a_new_first_decision_makes_the_second_one_void(confirmed: Candidate, supervisor: User, operator: User) -> None:
    review_candidate(confirmed, "confirmed", actor=supervisor)
    decide_candidate(confirmed, "rejected", reason="other shoes", actor=operator)
    assert [review.is_void for review in SecondReview.objects.all()] == [True]
    assert not Candidate.objects.disputed().exists()
    assert list(Candidate.objects.without_second_review()) == [confirmed]


@pytest.mark.parametrize("who", ["officer", "outsider", "stranger", "administrator"])
def test_nobody_else_gives_second_opinions(who: str, confirmed: Candidate, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        review_candidate(confirmed, "confirmed", actor=request.getfixturevalue(who))


def test_an_undecided_candidate_has_no_second_opinion(confirmed: Candidate, supervisor: User) -> None:
    Candidate.objects.update(decision="pending")
    with pytest.raises(ValidationError, match="no first decision"):
        review_candidate(confirmed, "confirmed", actor=supervisor)


# ── The answer ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_holds_what_two_people_confirmed(
    under_review: SearchRequest, confirmed: Candidate, supervisor: User, operator: User, officer: User
) -> None:
    with pytest.raises(ValidationError, match="1 of the chosen candidates"):
        send_answer(under_review, [confirmed], "Seen at the lake.", actor=operator)
    review_candidate(confirmed, "confirmed", actor=supervisor)
    answer = send_answer(under_review, [confirmed], "Seen at the lake.", actor=operator)
    item = answer.items.get()
    assert under_review.status == "answered"
    assert (item.camera_code, item.rank, item.agreed_by) == ("C1", 1, "supervisor")
    entry = AuditEntry.objects.get(action="request.answered")
    assert (answer.audit_sequence, answer.audit_root) == (entry.sequence, entry.hash)
    assert [row.kind for row in Notification.objects.filter(user=officer)] == ["answered"]


def test_the_same_sighting_found_twice_is_answered_once(
    under_review: SearchRequest, confirmed: Candidate, supervisor: User, operator: User
) -> None:
    again = make_search(under_review, [confirmed.sighting.camera], operator)
    twin = Candidate.objects.create(search=again, sighting=confirmed.sighting, score=0.9, decision="confirmed")
    for candidate in (confirmed, twin):
        review_candidate(candidate, "confirmed", actor=supervisor)
    answer = send_answer(under_review, [confirmed, twin], "Seen.", actor=operator)
    assert [item.score for item in answer.items.all()] == [0.9]


def test_not_seen_is_an_answer(under_review: SearchRequest, operator: User) -> None:
    with pytest.raises(ValidationError, match="Write what"):
        send_answer(under_review, [], " ", actor=operator)
    assert send_answer(under_review, [], "Not seen.", actor=operator).items.count() == 0


def test_an_emergency_is_answered_provisionally_before_the_second_look(
    approved: SearchRequest, confirmed: Candidate, supervisor: User, operator: User
) -> None:
    SearchRequest.objects.update(status="searching")
    with pytest.raises(ValidationError, match="Only an emergency"):
        send_answer(approved, [confirmed], "At the lake now.", is_provisional=True, actor=operator)
    SearchRequest.objects.update(is_emergency=True, approved_at=None, approved_by=None)
    first = send_answer(approved, [confirmed], "At the lake now.", is_provisional=True, actor=operator)
    assert (first.number, first.is_provisional, approved.status) == (1, True, "searching")
    assert first.items.get().agreed_by == ""
    SearchRequest.objects.update(status="review")
    review_candidate(confirmed, "confirmed", actor=supervisor)
    with pytest.raises(ValidationError, match="has to approve this emergency"):
        send_answer(approved, [confirmed], "At the lake.", actor=operator)
    SearchRequest.objects.update(approved_at=timezone.now(), approved_by=supervisor)
    assert send_answer(approved, [confirmed], "At the lake.", actor=operator).number == 2


def test_candidates_of_another_request_are_no_answer(
    under_review: SearchRequest, confirmed: Candidate, supervisor: User, operator: User
) -> None:
    review_candidate(confirmed, "confirmed", actor=supervisor)
    other = SearchRequest.objects.get()
    other.pk = None
    other.save()
    with pytest.raises(ValidationError, match="1 of the chosen"):
        send_answer(other, [confirmed], "Seen.", actor=operator)


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("officer", True),
        ("colleague", True),
        ("outsider", False),
        ("operator", True),
        ("supervisor", True),
        ("stranger", False),
        ("administrator", False),
    ],
)
def test_the_answer_is_seen_by_its_two_sides(
    who: str, sees: bool, under_review: SearchRequest, operator: User, request: pytest.FixtureRequest
) -> None:
    send_answer(under_review, [], "Not seen.", actor=operator)
    assert Answer.objects.visible_to(request.getfixturevalue(who)).exists() == sees


# ── The certificate ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def done(approved: SearchRequest, camera: Camera, operator: User) -> Search:
    """A search of 11:00–13:00 that began when it was 14:00; retention reaches back far enough."""
    Camera.objects.update(retention_days=3650)
    camera.refresh_from_db()
    return make_search(approved, [camera], operator, status="done", started_at=NOON + timedelta(hours=2))


def analyse(recording: Any, ended_at: datetime) -> None:
    values = {"detector": "d", "embedder": "e", "fps": 5, "status": "done", "ended_at": ended_at}
    Analysis.objects.create(recording=recording, **values)


def gaps(row: dict[str, Any]) -> list[tuple[float, str]]:
    """Minutes and reason of each gap."""
    times = [(datetime.fromisoformat(a), datetime.fromisoformat(b), why) for a, b, why in row["gaps"]]
    return [((end - start).total_seconds() / 60, why) for start, end, why in times]


def test_what_was_recorded_and_read_in_time_was_searched(done: Search, camera: Camera) -> None:
    analyse(make_recording(camera, minutes=30), NOON + timedelta(hours=1))
    [row] = build_certificate(done.request)["cameras"]
    assert (row["asked_s"], row["searched_s"]) == (7200, 1800)
    assert gaps(row) == [(60, "missing"), (30, "missing")]


def test_the_share_that_was_searched_is_written_in_one_way(
    client: Client, done: Search, camera: Camera, operator: User, supervisor: User
) -> None:
    analyse(make_recording(camera, minutes=34.8), NOON + timedelta(hours=1))  # 29% of two hours, which floats miss
    certificate = build_certificate(done.request)
    assert " 29% of the time asked for." in first_sentence([], certificate)
    answer = make_answer(done.request, operator, certificate=certificate)
    client.force_login(supervisor)
    for address in (
        reverse("admin:investigations_answer_change", args=[answer.pk]),
        reverse("request-answers", args=[done.request_id]),
    ):
        assert re.search(r"\b29%", client.get(address).content.decode()), address


def test_what_was_analysed_after_the_search_was_not_searched(done: Search, camera: Camera) -> None:
    analyse(make_recording(camera, minutes=60), NOON + timedelta(hours=3))
    [row] = build_certificate(done.request)["cameras"]
    assert (row["searched_s"], gaps(row)) == (0, [(60, "missing"), (60, "unindexed")])


def test_sightings_of_another_model_were_not_searched(done: Search, camera: Camera) -> None:
    recording = make_recording(camera, minutes=60)
    analyse(recording, NOON + timedelta(hours=1))
    sighting: Sighting = make_sighting(recording)
    assert build_certificate(done.request)["searched_s"] == 0
    add_feature(sighting, unit_vector(1))
    assert build_certificate(done.request)["searched_s"] == 3600


def test_a_camera_out_of_service_is_said_to_be_offline(done: Search, camera: Camera) -> None:
    Camera.objects.update(status="maintenance")
    [row] = build_certificate(done.request)["cameras"]
    assert gaps(row) == [(120, "offline")]


def test_hours_older_than_the_cameras_retention_are_said_to_be_destroyed(done: Search, camera: Camera) -> None:
    Camera.objects.update(retention_days=1)
    [row] = build_certificate(done.request)["cameras"]
    assert gaps(row) == [(120, "destroyed")]


def test_two_searches_over_the_same_hours_count_once(done: Search, camera: Camera, operator: User) -> None:
    make_search(done.request, [camera], operator, status="done", started_at=done.started_at)
    make_search(done.request, [camera], operator, status="cancelled")
    certificate = build_certificate(done.request)
    assert (certificate["searches"], certificate["unfinished"], certificate["asked_s"]) == (2, 1, 7200)


def test_searches_over_the_same_sightings_count_them_once(done: Search, camera: Camera, operator: User) -> None:
    values = {"status": "done", "started_at": done.started_at, "sightings_compared": 24}
    Search.objects.update(**values)
    for words in (["red top"], []):
        make_search(done.request, [camera], operator, **values, description=words)
    assert build_certificate(done.request)["compared"] == 24
    Search.objects.filter(pk=done.pk).update(sightings_compared=20)  # before a second recording was analysed
    assert build_certificate(done.request)["compared"] == 24


def test_searches_of_other_hours_and_cameras_count_what_they_share_once(
    done: Search, make_camera: Callable[..., Camera], camera: Camera, operator: User
) -> None:
    other = make_camera("C2")
    for number, place in enumerate((camera, other)):
        recording = make_recording(place, minutes=30)
        analyse(recording, NOON + timedelta(hours=1))
        for at in range(3 + number):
            make_sighting(recording, at, after_s=300 * at, seed=10 * number + at)
    late = make_recording(camera, started_at=NOON + timedelta(minutes=40))
    analyse(late, NOON + timedelta(hours=3))  # after the searches
    make_sighting(late, seed=99)
    values = {"status": "done", "started_at": done.started_at}
    Search.objects.update(sightings_compared=3)
    make_search(done.request, [camera, other], operator, **values, sightings_compared=7)
    make_search(done.request, [camera], operator, **values, starts_at=NOON + timedelta(minutes=4), sightings_compared=2)
    assert build_certificate(done.request)["compared"] == 7
    make_search(done.request, [], operator, **values, sightings_compared=90)  # its sightings are destroyed since
    assert build_certificate(done.request)["compared"] == 90
