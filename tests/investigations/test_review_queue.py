"""The queue of second opinions: what is in it, in which order, and what happens when two people look at once."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from inference.models import Sighting
from investigations.models import Candidate, Participant, QueryPicture, SearchRequest, SecondReview
from investigations.services.reviews import review_candidate
from portal.accounts.models import Agency, User
from tests.conftest import NOON, make_recording, make_request, make_search, make_sighting, make_user
from tests.investigations.conftest import as_person, entries


@pytest.fixture
def third(centre: Agency) -> User:
    """Another operator of the centre."""
    return make_user("third", "operator", centre)


def make_candidates(
    request: SearchRequest, camera: Camera, operator: User, decided: list[tuple[str, float]]
) -> list[Candidate]:
    recording = camera.recordings.first() or make_recording(camera)
    search = make_search(request, [camera], operator)
    tracks = range(Sighting.objects.count(), 1000)
    return [
        Candidate.objects.create(
            search=search, sighting=make_sighting(recording, track), score=score, order=score, decision=decision
        )
        for track, (decision, score) in zip(tracks, decided, strict=False)
    ]


MIXED = [
    ("confirmed", 0.9),
    ("rejected", 0.8),
    ("pending", 0.75),
    ("confirmed", 0.7),
    ("rejected", 0.7),
    ("rejected", 0.6),
]


@pytest.fixture
def candidates(approved: SearchRequest, camera: Camera, operator: User) -> list[Candidate]:
    SearchRequest.objects.update(status="review")
    return make_candidates(approved, camera, operator, MIXED)


@pytest.mark.usefixtures("candidates")
def test_the_reasons_to_choose_from_are_those_of_the_workspace(
    client: Client, approved: SearchRequest, supervisor: User
) -> None:
    client.force_login(supervisor)
    queue = client.get(reverse("review-queue")).content.decode()
    listed = queue.partition('id="review-reasons"')[2].partition("</datalist>")[0]
    offered = re.findall("<option>(.*?)</option>", listed)
    assert offered == ["different person", "cannot tell", "other clothes", "not a person"]
    workspace = client.get(reverse("workspace", args=[approved.pk])).content.decode()
    of_vehicles = ["different vehicle", "cannot tell", "other number plate", "not a vehicle"]
    assert re.findall('data-reason="(.*?)"', workspace) == offered + of_vehicles


def waiting(user: User) -> set[int]:
    return set(Candidate.objects.awaiting_second_review(user).values_list("pk", flat=True))


def test_confirmed_ones_wait_mixed_with_rejected_ones_that_are_as_similar(
    candidates: list[Candidate], supervisor: User
) -> None:
    assert waiting(supervisor) == {candidates[at].pk for at in (0, 1, 3, 4)}


def test_without_anything_confirmed_nothing_waits(candidates: list[Candidate], supervisor: User) -> None:
    Candidate.objects.filter(decision="confirmed").update(decision="rejected")
    assert waiting(supervisor) == set()


def test_a_confirmed_one_of_another_search_is_no_measure(
    candidates: list[Candidate], approved: SearchRequest, camera: Camera, operator: User, supervisor: User
) -> None:
    make_candidates(approved, camera, operator, [("confirmed", 0.1)])
    assert candidates[5].pk not in waiting(supervisor)


@pytest.mark.parametrize("who", ["operator", "officer", "stranger", "administrator"])
def test_nothing_waits_for_who_knows_or_must_not_see_the_search(
    candidates: list[Candidate], request: pytest.FixtureRequest, who: str
) -> None:
    assert waiting(request.getfixturevalue(who)) == set()


def test_one_opinion_is_enough_and_a_void_one_is_none(
    candidates: list[Candidate], supervisor: User, third: User
) -> None:
    review_candidate(candidates[0], "confirmed", actor=third)
    assert candidates[0].pk not in waiting(supervisor)
    SecondReview.objects.update(is_void=True)
    assert candidates[0].pk in waiting(supervisor)


@pytest.mark.parametrize("status", ["returned", "answered"])
def test_nothing_waits_once_the_request_has_left_the_centre(
    candidates: list[Candidate], supervisor: User, status: str
) -> None:
    SearchRequest.objects.update(status=status)
    assert waiting(supervisor) == set()


def test_the_oldest_deadline_comes_first(
    approved: SearchRequest, camera: Camera, operator: User, supervisor: User, officer: User
) -> None:
    rows = {}
    for name, due in (("late", 3), ("early", 1), ("none", None)):
        request = make_request(
            approved.case,
            approved.centre,
            officer,
            status="review",
            answer_due_at=None if due is None else NOON + timedelta(hours=due),
        )
        (rows[name],) = make_candidates(request, camera, operator, [("confirmed", 0.9)])
    queue = Candidate.objects.awaiting_second_review(supervisor)
    assert list(queue) == [rows["early"], rows["late"], rows["none"]]


def test_the_order_says_nothing_of_similarity_or_decision(
    approved: SearchRequest, camera: Camera, operator: User, supervisor: User, third: User
) -> None:
    decided = [("rejected" if number % 3 else "confirmed", 1 - number / 100) for number in range(31)]
    rows = make_candidates(approved, camera, operator, decided)
    order = list(Candidate.objects.awaiting_second_review(supervisor).values_list("pk", flat=True))
    assert len(order) == 31
    assert order not in (sorted(order), sorted(order, reverse=True))
    Candidate.objects.exclude(pk__in=[rows[0].pk, rows[30].pk]).update(decision="confirmed")
    assert list(Candidate.objects.awaiting_second_review(supervisor).values_list("pk", flat=True)) == order
    assert list(Candidate.objects.awaiting_second_review(third).values_list("pk", flat=True)) != order


# ── The page ────────────────────────────────────────────────────────────────────────────────────────────────────────


def show(client: Client, *skipped: int) -> Any:
    return client.get(reverse("review-queue"), {"skip": list(skipped)})


def give(client: Client, pk: int, verdict: str, reason: str = "", skip: tuple[int, ...] = ()) -> Any:
    values = {"verdict": verdict, "reason": reason, "skip": list(skip)}
    return client.post(reverse("review-give", args=[pk]), values, follow=True)


def test_one_candidate_is_shown_beside_the_query_and_the_look_is_accounted_for(
    client: Client, candidates: list[Candidate], supervisor: User
) -> None:
    search = candidates[0].search
    picture = QueryPicture(search=search, original_name="photo.jpg", x1=1, y1=2, x2=30, y2=60)
    picture.image.save("q.jpg", candidates[0].sighting.image)
    client.force_login(supervisor)
    page = show(client)
    shown = page.context["shown"]["candidate"]
    (entry,) = entries("sightings.viewed")
    assert (entry.target_id, entry.details) == (
        str(shown.pk),
        {"sightings": [shown.sighting_id], "query pictures": [picture.pk]},
    )
    body = page.content.decode()
    assert 'data-box="1.0 2.0 30.0 60.0"' in body
    assert shown.sighting.camera.name in body
    for address in re.findall(r'src="(/pictures/[^"]+)"', body):
        assert client.get(address).status_code == 200
    assert entries("picture.viewed") == []  # the entry above is for both


def test_the_page_tells_neither_rank_nor_similarity(
    client: Client, candidates: list[Candidate], supervisor: User
) -> None:
    Candidate.objects.update(score=0.7654321)
    client.force_login(supervisor)
    assert "0.76" not in show(client).content.decode()


def test_a_verdict_leads_to_the_next_until_none_is_left(
    client: Client, candidates: list[Candidate], supervisor: User
) -> None:
    client.force_login(supervisor)
    page = show(client)
    given = []
    while shown := page.context["shown"]:
        given.append(shown["candidate"].pk)
        assert (page.context["waiting"], page.context["given"]) == (5 - len(given), len(given) - 1)
        page = give(client, given[-1], "confirmed")
    assert set(given) == {candidates[at].pk for at in (0, 1, 3, 4)}
    assert b"No candidate waits for your second opinion" in page.content
    assert Candidate.objects.agreed().count() == Candidate.objects.disputed().count() == 2


def test_no_needs_a_reason(client: Client, candidates: list[Candidate], supervisor: User) -> None:
    client.force_login(supervisor)
    assert b"Say in a word why" in give(client, candidates[0].pk, "rejected", " ").content
    give(client, candidates[0].pk, "rejected", "other shoes")
    assert SecondReview.objects.get().reason == "other shoes"


def test_a_verdict_that_is_none_is_refused(client: Client, candidates: list[Candidate], supervisor: User) -> None:
    client.force_login(supervisor)
    assert b"Confirm or reject the candidate." in give(client, candidates[0].pk, "perhaps").content
    assert not SecondReview.objects.exists()


def test_skipped_ones_come_again_when_nothing_else_is_left(
    client: Client, candidates: list[Candidate], supervisor: User
) -> None:
    client.force_login(supervisor)
    first = show(client).context["shown"]["candidate"].pk
    second = show(client, first).context["shown"]["candidate"].pk
    assert second != first
    page = give(client, second, "confirmed", skip=(first,))
    assert page.context["skipped"] == [first]
    assert page.context["shown"]["candidate"].pk not in {first, second}
    again = show(client, *(row.pk for row in candidates))
    assert (again.context["shown"]["candidate"].pk, again.context["skipped"]) == (first, [])


def test_nonsense_to_skip_is_let_drop(client: Client, candidates: list[Candidate], supervisor: User) -> None:
    client.force_login(supervisor)
    page = client.get(reverse("review-queue") + "?skip=x&skip=-1&skip=99999999999999999999&skip=7")
    assert page.context["skipped"] == [7]


def test_two_who_look_at_the_same_one_the_second_is_told_and_goes_on(
    client: Client, candidates: list[Candidate], supervisor: User, third: User
) -> None:
    client.force_login(supervisor)
    shown = show(client).context["shown"]["candidate"]
    review_candidate(shown, "confirmed", actor=third)
    page = give(client, shown.pk, "rejected", "no")
    assert b"does not wait for your second opinion, or no longer" in page.content
    assert page.context["shown"]["candidate"] != shown
    assert [review.reviewer for review in SecondReview.objects.all()] == [third]


def test_what_never_waited_is_refused_with_the_same_words(
    client: Client, candidates: list[Candidate], supervisor: User
) -> None:
    """Pending, rejected far below, or one's own: the answer does not tell which."""
    client.force_login(supervisor)
    said = {
        re.findall(r"data-page-toast><span>([^<]+)", give(client, candidates[at].pk, "confirmed").content.decode())[0]
        for at in (2, 5)
    }
    assert said == {"This candidate does not wait for your second opinion, or no longer."}
    assert not SecondReview.objects.exists()


def test_the_first_decider_gives_no_second_opinion(client: Client, candidates: list[Candidate], operator: User) -> None:
    client.force_login(operator)
    assert show(client).context["shown"] is None
    give(client, candidates[0].pk, "confirmed")
    assert not SecondReview.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"), [("officer", 403), ("administrator", 403), ("stranger", 404), ("supervisor", 302)]
)
def test_who_gives_opinions(
    client: Client, candidates: list[Candidate], request: pytest.FixtureRequest, who: str, status: int
) -> None:
    as_person(client, request, who)
    answer = client.post(reverse("review-give", args=[candidates[0].pk]), {"verdict": "confirmed"})
    assert (answer.status_code, SecondReview.objects.count()) == (status, int(status == 302))


def test_supervisors_find_the_requests_in_which_two_disagree(
    client: Client, candidates: list[Candidate], supervisor: User, third: User, make_camera: Callable[..., Camera]
) -> None:
    for candidate in (candidates[0], candidates[3]):
        review_candidate(candidate, "rejected", reason="shoes", actor=third)
    client.force_login(supervisor)
    assert show(client).context["disputed"] == [{"request": candidates[0].search.request, "count": 2}]
    client.force_login(third)
    assert show(client).context["disputed"] == []
    assert not Participant.objects.filter(user=third).exists()
