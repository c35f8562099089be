"""Several candidates decided at once: all of them or none, each accounted for, and nothing told by trying."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from investigations import events
from investigations.models import Candidate, CandidateDecision, Search, SearchRequest
from investigations.services.candidates import decide_candidate, decide_candidates
from investigations.services.paths import build_path
from investigations.services.reviews import review_candidate
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import make_recording, make_search, make_sighting
from tests.investigations.conftest import entries


@pytest.fixture
def search(approved: SearchRequest, make_camera: Callable[..., Camera], operator: User) -> Search:
    SearchRequest.objects.update(status="searching")
    approved.refresh_from_db()
    return make_search(approved, [make_camera(f"B{number}") for number in range(4)], operator, status="done")


@pytest.fixture
def rows(search: Search) -> list[Candidate]:
    sightings = [make_sighting(make_recording(camera), 1) for camera in search.cameras.all()]
    return [Candidate.objects.create(search=search, sighting=row, score=0.9) for row in sightings]


def decisions() -> list[str]:
    return list(Candidate.objects.order_by("pk").values_list("decision", flat=True))


def post(client: Client, rows: list[Candidate], decision: str, *, seen: list[str] | None = None, **words: Any) -> Any:
    candidates = [{"id": row.pk, "seen": was} for row, was in zip(rows, seen or ["pending"] * len(rows), strict=True)]
    address = reverse("api-candidate-decisions", args=[rows[0].search_id])
    body = {"decision": decision, "candidates": candidates} | words
    return client.post(address, body, content_type="application/json")


def test_each_candidate_gets_its_row_and_its_entry(client: Client, rows: list[Candidate], operator: User) -> None:
    client.force_login(operator)
    answer = post(client, rows[:3], "rejected", reason="other coat")
    assert answer.status_code == 200
    assert [(row["id"], row["decision"], row["reason"]) for row in answer.json()["candidates"]] == [
        (row.pk, "rejected", "other coat") for row in rows[:3]
    ]
    assert decisions() == ["rejected"] * 3 + ["pending"]
    assert {entry.target_id for entry in entries("candidate.rejected")} == {str(row.pk) for row in rows[:3]}
    assert {entry.reason for entry in entries("candidate.rejected")} == {"other coat"}
    made = CandidateDecision.objects.values_list("old", "new", "reason")
    assert list(made) == [("pending", "rejected", "other coat")] * 3


def test_the_confirmed_ones_footage_is_kept_and_taking_them_back_clears_the_path(
    rows: list[Candidate], operator: User
) -> None:
    decide_candidates(rows, "confirmed", actor=operator)
    assert len(entries("hold.placed")) == 4
    path = build_path(rows[0].search.request, actor=operator)
    decide_candidates(rows[:3], "pending", actor=operator)
    assert list(path.points.values_list("sighting_id", flat=True)) == [rows[3].sighting_id]
    assert len(entries("candidate.reopened")) == 3


def test_who_watches_hears_of_it_once(rows: list[Candidate], operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed: list[str] = []
    monkeypatch.setattr(events, "push", lambda request_id, event: pushed.append(event["type"]))
    decide_candidates(rows, "rejected", reason="shoes", actor=operator)
    assert pushed == ["candidates.changed"]


def test_one_that_was_decided_meanwhile_keeps_all_as_they_were(
    client: Client, rows: list[Candidate], operator: User
) -> None:
    decide_candidate(Candidate.objects.get(pk=rows[3].pk), "confirmed", actor=operator)
    client.force_login(operator)
    written = AuditEntry.objects.count()
    answer = post(client, rows, "rejected", reason="shoes")
    assert answer.status_code == 400
    assert "meanwhile" in answer.json()["detail"]
    assert decisions() == ["pending"] * 3 + ["confirmed"]
    assert AuditEntry.objects.count() == written


def test_those_that_are_decided_like_this_already_are_passed_over(rows: list[Candidate], operator: User) -> None:
    decide_candidate(rows[0], "confirmed", actor=operator)
    decide_candidates(rows[:2], "confirmed", actor=operator)
    assert len(entries("candidate.confirmed")) == 2


def test_a_changed_mind_makes_the_second_opinions_void(rows: list[Candidate], operator: User, supervisor: User) -> None:
    decide_candidates(rows[:2], "confirmed", actor=operator)
    review_candidate(rows[0], "confirmed", actor=supervisor)
    decide_candidates(rows[:2], "rejected", reason="shoes", actor=operator)
    assert not rows[0].second_reviews.standing().exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"decision": "rejected"}, "why"),
        ({"candidates": []}, "candidates"),
        ({"candidates": [{"id": 0, "seen": "pending"}]}, "id"),
        ({"candidates": [{"id": 10**12, "seen": "pending"}]}, "no longer"),
        ({"candidates": [{"id": 1}]}, "seen"),
        ({"candidates": 5}, "list"),
        ({"decision": "maybe"}, "decision"),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: Client, rows: list[Candidate], operator: User, body: dict[str, Any], words: str
) -> None:
    client.force_login(operator)
    values = {"decision": "confirmed", "candidates": [{"id": rows[0].pk, "seen": "pending"}]} | body
    address = reverse("api-candidate-decisions", args=[rows[0].search_id])
    answer = client.post(address, values, content_type="application/json")
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert decisions() == ["pending"] * 4


def test_those_of_another_search_are_not_decided_through_this_one(
    client: Client, rows: list[Candidate], operator: User
) -> None:
    other = make_search(rows[0].search.request, [], operator)
    foreign = Candidate.objects.create(search=other, sighting=rows[0].sighting, score=0.5)
    client.force_login(operator)
    assert post(client, [rows[0], foreign], "confirmed").status_code == 400
    assert set(decisions()) == {"pending"}


@pytest.mark.parametrize("who", ["officer", "outsider", "stranger", "administrator"])
def test_nobody_else_decides(who: str, rows: list[Candidate], client: Client, request: pytest.FixtureRequest) -> None:
    person = request.getfixturevalue(who)
    with pytest.raises(PermissionDenied):
        decide_candidates(rows, "confirmed", actor=person)
    client.force_login(person)
    assert post(client, rows, "confirmed").status_code == 404
    assert set(decisions()) == {"pending"}


# ── Who may give the second opinion ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("decided", ["confirmed", "rejected"])
@pytest.mark.parametrize("seen", ["pending", "confirmed", "rejected"])
@pytest.mark.parametrize("wanted", ["pending", "confirmed", "rejected"])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_trying_does_not_tell_how_one_among_them_was_decided(
    rows: list[Candidate], supervisor: User, decided: str, seen: str, wanted: str, place: int
) -> None:
    """Deciding about an open one first makes nobody a person who knows: the refusal is the same for all."""
    Candidate.objects.filter(pk=rows[place].pk).update(decision=decided)
    rows[place].decision = seen
    with pytest.raises(ValidationError, match="Somebody else has decided about this candidate"):
        decide_candidates(rows, wanted, reason="other shoes", actor=supervisor)
    assert not rows[0].search.is_known_to(supervisor)
    assert not CandidateDecision.objects.exists()
    assert Candidate.objects.get(pk=rows[place].pk).decision == decided


def test_who_does_not_know_the_decisions_decides_about_open_ones_and_knows_them_then(
    client: Client, rows: list[Candidate], operator: User, supervisor: User
) -> None:
    decide_candidate(rows[3], "rejected", reason="limping", actor=operator)
    client.force_login(supervisor)
    answer = post(client, rows[:2], "confirmed")
    assert [row["decision"] for row in answer.json()["candidates"]] == ["confirmed"] * 2
    assert rows[0].search.is_known_to(supervisor)
    with pytest.raises(PermissionDenied):
        review_candidate(rows[3], "rejected", reason="limping", actor=supervisor)
