"""Who may give the second opinion does not learn the first one: not by the API, nor by any page, nor by trying."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from investigations.models import Candidate, CandidateDecision, SearchRequest
from investigations.services.answers import send_answer
from investigations.services.candidates import decide_candidate
from investigations.services.paths import build_path
from investigations.services.requests import review_request
from investigations.services.reviews import review_candidate
from portal.accounts.models import User
from tests.conftest import make_recording, make_search, make_sighting
from tests.investigations.conftest import entries

REASON = "limping-left"
DECISIONS = ["confirmed", "confirmed", "rejected", "pending"]


def decide(
    request: SearchRequest, make_camera: Callable[..., Camera], operator: User, decisions: list[str]
) -> list[Candidate]:
    """Four candidates at cameras of their own, decided by the operator, with the path that comes of it."""
    cameras = [make_camera(f"B{number}", latitude=36.48 + number * 0.001) for number in range(4)]
    search = make_search(request, cameras, operator, status="done")
    rows = []
    for number, decision in enumerate(decisions):
        sighting = make_sighting(make_recording(cameras[number]), 1, after_s=60 * number)
        row = Candidate.objects.create(search=search, sighting=sighting, score=0.9 - number / 10)
        rows.append(decide_candidate(row, decision, reason=REASON, actor=operator))
    build_path(request, actor=operator)
    return rows


@pytest.fixture
def decided(approved: SearchRequest, make_camera: Callable[..., Camera], operator: User) -> list[Candidate]:
    SearchRequest.objects.update(status="searching")
    approved.refresh_from_db()
    return decide(approved, make_camera, operator, DECISIONS)


def found(client: Client, candidate: Candidate) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(reverse("api-search", args=[candidate.search_id])).json()
    return answer


def test_the_api_hides_every_decision_from_who_has_not_worked_on_the_search(
    client: Client, decided: list[Candidate], supervisor: User
) -> None:
    client.force_login(supervisor)
    search = found(client, decided[0])
    assert search["is_known"] is False
    assert [(row["decision"], row["reason"], row["second"]) for row in search["candidates"]] == [("hidden", "", "")] * 4


def test_the_api_shows_them_to_who_has(client: Client, decided: list[Candidate], operator: User) -> None:
    client.force_login(operator)
    search = found(client, decided[0])
    assert search["is_known"] is True
    assert [(row["decision"], row["second"]) for row in search["candidates"]] == [
        ("confirmed", "awaited"),
        ("confirmed", "awaited"),
        ("rejected", ""),
        ("pending", ""),
    ]
    assert search["candidates"][0]["reason"] == REASON


def test_what_two_have_looked_at_is_shown_to_both(
    client: Client, decided: list[Candidate], operator: User, supervisor: User
) -> None:
    review_candidate(decided[0], "confirmed", actor=supervisor)
    review_candidate(decided[1], "rejected", reason="shoes", actor=supervisor)
    for person, rest in ((supervisor, "hidden"), (operator, "rejected")):
        client.force_login(person)
        rows = found(client, decided[0])["candidates"]
        assert [(row["decision"], row["second"]) for row in rows[:3]] == [
            ("confirmed", "agreed"),
            ("confirmed", "disputed"),
            (rest, ""),
        ]


def test_who_asks_to_see_the_decisions_sees_them_and_that_is_accounted_for(
    client: Client, decided: list[Candidate], supervisor: User
) -> None:
    client.force_login(supervisor)
    answer = client.post(reverse("api-search-decisions", args=[decided[0].search_id])).json()
    assert [row["decision"] for row in answer["candidates"]] == DECISIONS
    assert [entry.actor_id for entry in entries("decisions.shown")] == [supervisor.pk]
    assert not Candidate.objects.awaiting_second_review(supervisor).exists()


@pytest.mark.parametrize("who", ["officer", "stranger", "administrator"])
def test_others_have_nothing_shown(
    client: Client, decided: list[Candidate], request: pytest.FixtureRequest, who: str
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.post(reverse("api-search-decisions", args=[decided[0].search_id])).status_code == 404
    assert entries("decisions.shown") == []


PAGES = [
    "workspace",
    "request-state",
    "request-answers",
    "answer-new",
    "api-request-path",
    "api-request-alternatives",
    "review-queue",
    "case-detail",
]


def addresses(request: SearchRequest, search_id: int) -> list[str]:
    numbers = {"case-detail": [request.case_id], "review-queue": []}
    pages = [reverse(name, args=numbers.get(name, [request.pk])) for name in PAGES]
    return [*pages, reverse("api-search", args=[search_id]), f"{pages[3]}?provisional=1"]


def test_no_page_differs_by_what_was_decided(
    client: Client, decided: list[Candidate], operator: User, supervisor: User
) -> None:
    """Each page is read by the one who may give the second opinion, then again with the decisions turned round."""
    request = decided[0].search.request
    SearchRequest.objects.update(is_emergency=True)
    review_request(request, actor=operator)

    def read(person: User) -> dict[str, str]:
        client.force_login(person)
        bodies = {}
        for address in addresses(request, decided[0].search_id):
            answer = client.get(address)
            assert answer.status_code == 200, address
            bodies[address] = readable(answer.content.decode())
        return bodies

    before, known = read(supervisor), read(operator)
    Candidate.objects.filter(pk=decided[0].pk).update(decision="rejected")
    CandidateDecision.objects.filter(candidate=decided[0]).update(new="rejected")
    assert read(supervisor) == before
    assert not any(REASON in body for body in before.values())
    differing = {address for address, body in read(operator).items() if body != known[address]}
    assert differing > {reverse("api-search", args=[decided[0].search_id]), reverse("workspace", args=[request.pk])}


def readable(body: str) -> str:
    """The body without what differs from one reading to the next: tokens, passes of pictures, the present time."""
    body = re.sub(r'(csrfmiddlewaretoken" value=|csrf-token" content=)"[^"]*"', "", body)
    body = re.sub(r"pass=[\w:%.\-=]+", "", body)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(\+\d\d:\d\d)?|\d+\s(hours?|minutes?)", "", body)


def test_the_workspace_starts_without_what_is_hidden(
    client: Client, decided: list[Candidate], operator: User, supervisor: User
) -> None:
    request = decided[0].search.request
    review_candidate(decided[1], "confirmed", actor=supervisor)

    def confirmed(person: User) -> list[int]:
        client.force_login(person)
        rows: list[int] = client.get(reverse("workspace", args=[request.pk])).context["workspace_data"]["confirmed"]
        return sorted(rows)

    assert confirmed(supervisor) == [decided[1].sighting_id]
    assert confirmed(operator) == sorted(row.sighting_id for row in decided[:2])


def test_the_cases_page_counts_known_decisions_only(
    client: Client, decided: list[Candidate], operator: User, supervisor: User
) -> None:
    def counts(person: User) -> dict[str, int]:
        client.force_login(person)
        page = client.get(reverse("case-detail", args=[decided[0].search.request.case_id]))
        progress: dict[str, int] = page.context["requests"][0]["progress"]
        return progress

    assert counts(operator)["confirmed"] == 2
    assert counts(supervisor)["confirmed"] == counts(supervisor)["decided"] == 0


@pytest.mark.parametrize("model", ["candidate", "hold", "path"])
def test_the_admin_does_not_differ_by_what_was_decided(
    client: Client, decided: list[Candidate], supervisor: User, model: str
) -> None:
    client.force_login(supervisor)
    address = reverse(f"admin:investigations_{model}_changelist")
    page = client.get(address).content.decode()
    assert REASON not in page
    assert "Confirmed sighting" not in page


def test_disputes_are_listed_with_both_verdicts_for_supervisors(
    client: Client, decided: list[Candidate], operator: User, supervisor: User
) -> None:
    review_candidate(decided[0], "rejected", reason="other-shoes", actor=supervisor)
    address = reverse("request-state", args=[decided[0].search.request_id])
    client.force_login(supervisor)
    (row,) = client.get(address).context["disputes"]
    assert (row["candidate"], row["first"][0].reason, row["second"].reason) == (decided[0], REASON, "other-shoes")
    client.force_login(operator)
    assert client.get(address).context["disputes"] == []


def test_the_look_at_a_path_is_written_down_without_its_hidden_stops(
    client: Client, decided: list[Candidate], supervisor: User
) -> None:
    client.force_login(supervisor)
    client.get(reverse("api-request-path", args=[decided[0].search.request_id]))
    (entry,) = [entry for entry in entries("sightings.viewed") if entry.actor_id == supervisor.pk]
    assert entry.details["sightings"] == []


def test_a_provisional_answer_offers_what_one_knows_to_be_confirmed(
    client: Client, decided: list[Candidate], operator: User, supervisor: User
) -> None:
    request = decided[0].search.request
    SearchRequest.objects.update(is_emergency=True, answer_due_at=request.submitted_at + timedelta(hours=1))
    address = reverse("answer-new", args=[request.pk])
    for person, offered in ((operator, decided[:2]), (supervisor, [])):
        client.force_login(person)
        page = client.get(address, {"provisional": "1"})
        assert [card["candidate"] for card in page.context["cards"]] == offered
    # Trying out numbers tells nothing either: the answer is refused the same way whatever was decided.
    for candidate in decided:
        values = {"provisional": "1", "text": "Seen.", "candidate": candidate.pk}
        assert b"can no longer be answered with" in client.post(address, values).content


def test_the_verb_refuses_a_provisional_answer_with_what_one_does_not_know(
    decided: list[Candidate], supervisor: User
) -> None:
    SearchRequest.objects.update(is_emergency=True)
    for candidate in decided:
        with pytest.raises(ValidationError, match="not confirmed by two people"):
            send_answer(candidate.search.request, [candidate], "Seen.", is_provisional=True, actor=supervisor)
