"""A decision is about a sighting: it holds in all searches of the request, is counted once, and stays hidden from who
may give the second opinion about it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cameras.models import Camera
from inference.models import Sighting
from investigations import events
from investigations.models import Candidate, CandidateDecision, Participant, Search, SearchRequest, SecondReview
from investigations.ordering import Ranked
from investigations.search import write_candidates
from investigations.services.answers import send_answer
from investigations.services.candidates import decide_candidate, decide_candidates
from investigations.services.paths import build_path
from investigations.services.refining import refine_search, usable_decisions
from investigations.services.reviews import review_candidate, show_decisions
from investigations.views.common import progress_of
from portal.accounts.models import Agency, User
from tests.conftest import make_recording, make_search, make_sighting, make_user
from tests.investigations.conftest import entries


@pytest.fixture
def third(centre: Agency) -> User:
    """Another operator of the centre."""
    return make_user("third", "operator", centre)


@pytest.fixture
def sightings(approved: SearchRequest, camera: Camera) -> list[Sighting]:
    SearchRequest.objects.update(status="review")
    approved.refresh_from_db()
    recording = make_recording(camera)
    return [make_sighting(recording, number, after_s=60 * number) for number in range(3)]


@pytest.fixture
def find(approved: SearchRequest, camera: Camera, operator: User, sightings: list[Sighting]) -> Callable[..., Any]:
    """A search that finds all of them."""

    def make(actor: User = operator, **values: Any) -> list[Candidate]:
        search = make_search(approved, [camera], actor, **({"status": "done"} | values))
        return [
            Candidate.objects.create(search=search, sighting=row, score=0.9 - at / 10, order=0.9 - at / 10)
            for at, row in enumerate(sightings)
        ]

    return make


def read(client: Client, person: User, search: Search) -> list[dict[str, Any]]:
    client.force_login(person)
    answer = client.get(reverse("api-search", args=[search.pk])).json()
    rows: list[dict[str, Any]] = answer["candidates"]
    return rows


def states(client: Client, person: User, search: Search) -> list[tuple[str, str]]:
    return [(row["decision"], row["second"]) for row in read(client, person, search)]


def waiting(person: User) -> list[int]:
    return [row.pk for row in Candidate.objects.awaiting_second_review(person)]


# ── Who knows the decision sees it in every search ──────────────────────────────────────────────────────────────────


def test_what_was_decided_shows_in_a_later_search_with_who_when_and_where(
    client: Client, find: Callable[..., Any], operator: User
) -> None:
    first = find()
    decide_candidate(first[0], "rejected", reason="other shoes", actor=operator)
    row, other, _last = read(client, operator, find()[0].search)
    made = first[0].decisions.get()
    assert (row["decision"], row["reason"]) == ("rejected", "other shoes")
    assert (row["elsewhere"]["search"], row["elsewhere"]["by"]) == (first[0].search_id, str(operator))
    assert row["elsewhere"]["at"][:19] == made.at.astimezone().isoformat()[:19]
    assert (other["decision"], other["elsewhere"]) == ("pending", None)
    assert read(client, operator, first[0].search)[0]["elsewhere"] is None


def test_it_shows_in_an_earlier_search_too(client: Client, find: Callable[..., Any], operator: User) -> None:
    first, second = find(), find()
    decide_candidate(second[0], "confirmed", actor=operator)
    assert states(client, operator, first[0].search)[0] == ("confirmed", "awaited")


def test_another_request_knows_nothing_of_it(
    client: Client, find: Callable[..., Any], operator: User, case: Any, centre: Agency, officer: User, camera: Camera
) -> None:
    from tests.conftest import make_request

    decided = decide_candidate(find()[0], "confirmed", actor=operator)
    other = make_search(make_request(case, centre, officer, status="searching"), [camera], operator)
    Candidate.objects.create(search=other, sighting=decided.sighting, score=0.9)
    assert states(client, operator, other) == [("pending", "")]


def test_three_searches_that_find_the_same_count_it_once(
    client: Client, find: Callable[..., Any], operator: User, supervisor: User, officer: User
) -> None:
    first, _second, third_ = find(), find(), find()
    request = first[0].search.request
    decide_candidate(first[0], "confirmed", actor=operator)
    decide_candidate(third_[1], "rejected", reason="coat", actor=operator)
    for person in (operator, officer):
        assert progress_of(request, person) == {"searches": 3, "candidates": 3, "decided": 2, "confirmed": 1}
    assert waiting(supervisor) == [first[0].pk]
    assert [point.sighting for point in build_path(request, actor=operator).points.all()] == [first[0].sighting]


def test_what_is_decided_already_is_not_decided_a_second_time(find: Callable[..., Any], operator: User) -> None:
    first, second = find(), find()
    decide_candidate(first[0], "confirmed", actor=operator)
    with pytest.raises(ValidationError, match="meanwhile"):
        decide_candidate(second[0], "confirmed", actor=operator)
    assert Candidate.objects.decided().count() == CandidateDecision.objects.count() == 1


def test_changing_it_in_another_search_is_one_change_with_its_entry(
    client: Client, find: Callable[..., Any], operator: User, supervisor: User
) -> None:
    first, second = find(), find()
    decide_candidate(first[0], "confirmed", actor=operator)
    review_candidate(first[0], "confirmed", actor=supervisor)
    client.force_login(operator)
    answer = client.post(
        reverse("api-candidate-decision", args=[second[0].pk]),
        {"decision": "rejected", "seen": "confirmed", "reason": "limps"},
    ).json()
    assert (answer["id"], answer["decision"], answer["reason"], answer["second"]) == (
        second[0].pk,
        "rejected",
        "limps",
        "",
    )
    assert states(client, operator, first[0].search)[0] == ("rejected", "")
    assert list(Candidate.objects.decided()) == [first[0]]
    (entry,) = entries("candidate.rejected")
    assert (entry.target_id, entry.details["search"]) == (str(first[0].pk), second[0].search_id)
    assert (entry.details["old"], entry.details["new"]) == ("confirmed", "rejected")
    assert not SecondReview.objects.standing().exists()


def test_undone_in_another_search_it_is_undecided_in_all_and_leaves_the_path(
    client: Client, find: Callable[..., Any], operator: User
) -> None:
    first, second = find(), find()
    decide_candidate(first[0], "confirmed", actor=operator)
    build_path(first[0].search.request, actor=operator)
    second[0].decision = "confirmed"  # as it is shown
    decide_candidate(second[0], "pending", actor=operator)
    assert (
        states(client, operator, first[0].search)[0] == states(client, operator, second[0].search)[0] == ("pending", "")
    )
    assert not first[0].search.request.path.points.exists()


def test_decided_again_it_is_kept_where_it_was(find: Callable[..., Any], operator: User, third: User) -> None:
    """Who saw the first decision in the first search is not asked for the second opinion about the next."""
    first, second = find(), find()
    Participant.objects.create(search=first[0].search, user=third)
    for decision in ("confirmed", "pending"):
        decide_candidate(first[0], decision, actor=operator)
    decide_candidate(second[0], "confirmed", actor=operator)
    assert list(Candidate.objects.confirmed()) == [first[0]]
    assert waiting(third) == []


def test_all_searches_that_list_it_hear_of_it(
    find: Callable[..., Any], operator: User, supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = find(), find()
    told: list[int] = []
    monkeypatch.setattr(events, "push", lambda request, event: told.append(event.get("search", 0)))
    decide_candidate(second[0], "confirmed", actor=operator)
    review_candidate(second[0], "confirmed", actor=supervisor)
    assert sorted(told) == sorted([first[0].search_id, second[0].search_id] * 2)


def test_a_decision_made_while_another_search_looks_shows_there_and_goes_with_the_list(
    client: Client, find: Callable[..., Any], operator: User, sightings: list[Sighting]
) -> None:
    first, running = find(), find(status="running")
    search = running[0].search
    decide_candidate(first[0], "confirmed", actor=operator)
    decide_candidate(first[1], "rejected", reason="coat", actor=operator)
    write_candidates(search, [Ranked(sightings[0].pk, 0.8, 0.8), Ranked(sightings[2].pk, 0.7, 0.7)])
    assert states(client, operator, search) == [("confirmed", "awaited"), ("pending", "")]
    assert Candidate.objects.decided().count() == 2


def test_a_search_is_refined_by_what_an_earlier_one_decided(
    find: Callable[..., Any], operator: User, supervisor: User
) -> None:
    first, second = find(), find()
    decide_candidate(first[0], "confirmed", actor=operator)
    search = second[0].search
    assert usable_decisions(search, operator) == {"confirmed": 1, "rejected": 0}
    Participant.objects.create(search=search, user=supervisor)
    assert usable_decisions(search, supervisor) == {"confirmed": 0, "rejected": 0}
    refined = refine_search(search, actor=operator)
    assert [picture.candidate for picture in refined.pictures.all()] == [first[0]]
    assert refined in Search.objects.refined_by_hidden(supervisor)


def test_an_answer_may_name_it_by_any_search(find: Callable[..., Any], operator: User, supervisor: User) -> None:
    first, second = find(), find()
    decide_candidate(first[0], "confirmed", actor=operator)
    review_candidate(first[0], "confirmed", actor=supervisor)
    request = first[0].search.request
    with pytest.raises(ValidationError, match="1 of the chosen"):
        send_answer(request, [second[0], second[1]], "Seen.", actor=operator)
    (item,) = send_answer(request, [second[0]], "Seen.", actor=operator).items.all()
    assert (item.sighting, item.confirmed_by, item.agreed_by) == (first[0].sighting, str(operator), str(supervisor))


# ── Who does not know it is not told, and gives the second opinion ──────────────────────────────────────────────────


@pytest.mark.parametrize("decision", ["confirmed", "rejected"])
def test_it_is_undecided_in_the_search_of_who_may_give_the_second_opinion(
    client: Client, find: Callable[..., Any], operator: User, third: User, decision: str
) -> None:
    first, own = find(), find(third)
    before = client_view(client, third, own[0].search)
    decide_candidate(first[0], decision, reason="coat", actor=operator)
    assert client_view(client, third, own[0].search) == before
    assert {row["decision"] for row in read(client, third, first[0].search)} == {"hidden"}
    assert progress_of(own[0].search.request, third)["decided"] == 0


def client_view(client: Client, person: User, search: Search) -> list[Any]:
    names = ("id", "decision", "reason", "elsewhere", "second", "conflict")
    return [[row[name] for name in names] for row in read(client, person, search)]


@pytest.mark.parametrize(
    ("one", "other", "second"),
    [("confirmed", "confirmed", "agreed"), ("rejected", "confirmed", "disputed"), ("rejected", "rejected", "agreed")],
)
def test_their_decision_is_the_second_opinion(
    client: Client, find: Callable[..., Any], operator: User, third: User, one: str, other: str, second: str
) -> None:
    first, own = find(), find(third)
    decide_candidate(first[0], one, reason="coat", actor=operator)
    decide_candidate(own[0], other, reason="shoes", actor=third)
    assert list(Candidate.objects.decided()) == [first[0]]
    review = SecondReview.objects.get()
    assert (review.candidate, review.reviewer, review.verdict, review.reason) == (first[0], third, other, "shoes")
    assert len(entries(f"candidate.{second}")) == 1
    for person, search in ((third, own[0].search), (operator, first[0].search)):
        assert states(client, person, search)[0] == (one, second)
    assert not first[0].search.is_known_to(third)  # the others there are still for their second opinion


def test_among_several_only_those_are_second_opinions(find: Callable[..., Any], operator: User, third: User) -> None:
    first, own = find(), find(third)
    decide_candidate(first[1], "confirmed", actor=operator)
    decide_candidates(own, "rejected", reason="coat", actor=third)
    assert list(Candidate.objects.decided().order_by("pk")) == [first[1], own[0], own[2]]
    assert SecondReview.objects.get().candidate == first[1]
    assert waiting(operator) == []


@pytest.mark.parametrize("decision", ["pending", "confirmed", "rejected"])
@pytest.mark.parametrize(
    ("seen", "wanted"), [("confirmed", "pending"), ("rejected", "rejected"), ("pending", "rejected")]
)
def test_trying_does_not_tell_what_was_decided_elsewhere(
    find: Callable[..., Any], operator: User, third: User, decision: str, seen: str, wanted: str
) -> None:
    """What was not seen is refused, and so is a rejection without a reason, whatever stands."""
    first, own = find(), find(third)
    decide_candidate(first[0], decision, reason="coat", actor=operator)
    own[0].decision = seen
    with pytest.raises(ValidationError, match="why" if wanted == "rejected" else "meanwhile"):
        decide_candidate(own[0], wanted, actor=third)
    assert not SecondReview.objects.exists()


def test_decisions_shown_of_one_search_do_not_tell_those_of_another(
    client: Client, find: Callable[..., Any], operator: User, supervisor: User
) -> None:
    first, second = find(), find()
    decide_candidate(first[0], "confirmed", actor=operator)
    show_decisions(second[0].search, actor=supervisor)
    assert states(client, supervisor, second[0].search)[0] == ("pending", "")
    assert waiting(supervisor) == [first[0].pk]


def test_who_decides_in_two_searches_never_agrees_with_themselves(find: Callable[..., Any], operator: User) -> None:
    first, second = find(), find()
    decide_candidate(first[0], "confirmed", actor=operator)
    for seen in ("pending", "confirmed"):
        second[0].decision = seen
        if seen == "pending":
            with pytest.raises(ValidationError):
                decide_candidate(second[0], "confirmed", actor=operator)
        else:
            decide_candidate(second[0], "confirmed", actor=operator)
    assert not SecondReview.objects.exists()
    assert waiting(operator) == []


# ── The admin, and what it costs ────────────────────────────────────────────────────────────────────────────────────


def test_the_admin_says_where_it_was_decided(
    client: Client, find: Callable[..., Any], operator: User, supervisor: User
) -> None:
    first, second = find(), find(supervisor)
    Participant.objects.create(search=first[0].search, user=supervisor)
    decide_candidate(first[0], "confirmed", actor=operator)
    client.force_login(supervisor)
    page = client.get(reverse("admin:investigations_candidate_changelist"), {"decided": "confirmed"})
    assert {row.pk for row in page.context["cl"].result_list} == {first[0].pk, second[0].pk}
    assert f"confirmed, in search {first[0].search_id}" in page.content.decode()
    values = {"action": "reopen", "_selected_action": [second[0].pk], "reason": "wrong"}
    client.post(reverse("admin:investigations_candidate_changelist"), values)
    assert not Candidate.objects.decided().exists()


def test_the_number_of_queries_does_not_grow_with_what_was_decided_elsewhere(
    client: Client, find: Callable[..., Any], operator: User, supervisor: User
) -> None:
    first, second = find(), find()
    decide_candidate(first[0], "confirmed", actor=operator)
    client.force_login(operator)

    def queries() -> int:
        address = reverse("api-search", args=[second[0].search_id])
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        return len(seen)

    few = queries()
    for row in first[1:]:
        decide_candidate(row, "confirmed", actor=operator)
        review_candidate(row, "confirmed", actor=supervisor)
    assert queries() == few


def test_who_was_told_the_first_decision_gives_no_other_second_opinion(
    find: Callable[..., Any], operator: User, third: User
) -> None:
    first, own = find(), find(third)
    decide_candidate(first[0], "confirmed", actor=operator)
    decide_candidate(own[0], "rejected", reason="other gait", actor=third)  # the second opinion, and now they know
    for decision in ("rejected", "confirmed"):
        decide_candidate(Candidate.objects.get(pk=first[0].pk), decision, reason="looked again", actor=operator)
    assert not SecondReview.objects.standing().exists()
    assert first[0].pk not in waiting(third)
    with pytest.raises(PermissionDenied, match="know the first decision"):
        review_candidate(Candidate.objects.get(pk=first[0].pk), "confirmed", actor=third)
    assert waiting(make_user("fourth", "operator", third.agency)) == [first[0].pk]


@pytest.mark.parametrize("status", ["answered", "returned"])
def test_nothing_is_decided_once_the_request_has_left_the_centre(
    find: Callable[..., Any], approved: SearchRequest, operator: User, status: str
) -> None:
    """Nobody would be asked for the second opinion, and the path would no longer be that of the answer."""
    rows = find()
    SearchRequest.objects.filter(pk=approved.pk).update(status=status)
    with pytest.raises(ValidationError, match="no longer with the control centre"):
        decide_candidate(Candidate.objects.get(pk=rows[0].pk), "confirmed", actor=operator)
    assert not CandidateDecision.objects.exists()
