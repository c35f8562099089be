"""The page on which the centre answers: what can be chosen, what the path would be, and what was sent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from inference.models import Analysis
from investigations.certificate import build_certificate
from investigations.models import Answer, Candidate, SearchRequest
from investigations.sentences import first_sentence
from investigations.services.paths import points_of
from investigations.services.reviews import review_candidate
from portal.accounts.models import User
from tests.conftest import NOON, add_feature, make_recording, make_search, make_sighting, unit_vector
from tests.investigations.conftest import as_person, entries


@pytest.fixture
def candidates(
    approved: SearchRequest, make_camera: Callable[..., Camera], operator: User, supervisor: User
) -> list[Candidate]:
    """Three that two people agree about, the last in time first; one that only the first person confirmed."""
    SearchRequest.objects.update(status="review")
    cameras = [make_camera(f"A{number}", latitude=36.48 + number * 0.001) for number in range(4)]
    search = make_search(approved, cameras, operator, status="done", sightings_compared=9)
    rows = []
    for number, camera in enumerate(cameras):
        sighting = make_sighting(make_recording(camera), 1, after_s=400 - 100 * number)
        rows.append(Candidate.objects.create(search=search, sighting=sighting, score=0.9, decision="confirmed"))
    for candidate in rows[:3]:
        review_candidate(candidate, "confirmed", actor=supervisor)
    return rows


def form(client: Client, row: SearchRequest, **query: str) -> Any:
    return client.get(reverse("answer-new", args=[row.pk]), query)


def send(client: Client, row: SearchRequest, chosen: list[Candidate], text: str = "Seen.", **values: str) -> Any:
    data = {"text": text, "candidate": [candidate.pk for candidate in chosen], **values}
    return client.post(reverse("answer-new", args=[row.pk]), data, follow=True)


def test_what_two_people_agree_about_is_offered_in_the_order_of_time(
    client: Client, approved: SearchRequest, candidates: list[Candidate], operator: User, supervisor: User
) -> None:
    for person in (operator, supervisor):
        client.force_login(person)
        page = form(client, approved)
        assert [card["candidate"] for card in page.context["cards"]] == candidates[2::-1]
        assert all(card["is_chosen"] for card in page.context["cards"])
        assert [point["number"] for point in page.context["preview"]["points"]] == [1, 2, 3]
    assert len(entries("sightings.viewed")) == 2


def test_a_sighting_that_two_searches_found_is_offered_once(
    client: Client, approved: SearchRequest, candidates: list[Candidate], operator: User, supervisor: User
) -> None:
    again = make_search(approved, [], operator)
    twin = Candidate.objects.create(search=again, sighting=candidates[0].sighting, score=0.95, decision="confirmed")
    review_candidate(twin, "confirmed", actor=supervisor)
    client.force_login(operator)
    offered = [card["candidate"] for card in form(client, approved).context["cards"]]
    assert offered == [candidates[2], candidates[1], twin]


def test_the_page_shows_the_certificate_as_it_would_be_now(
    client: Client, approved: SearchRequest, candidates: list[Candidate], operator: User
) -> None:
    recording = candidates[0].sighting.recording
    Analysis.objects.create(
        recording=recording, status="done", detector="d", embedder="e", fps=5, ended_at=NOON - timedelta(hours=2)
    )
    add_feature(candidates[0].sighting, unit_vector(1))
    client.force_login(operator)
    page = form(client, approved)
    certificate = page.context["certificate"]
    assert (certificate["compared"], len(certificate["cameras"])) == (9, 4)
    body = page.content.decode()
    assert "recorded, but not analysed when the search ran" in body
    assert "nothing was recorded" in body


def test_the_preview_measures_the_hops_of_what_is_chosen(
    client: Client, approved: SearchRequest, candidates: list[Candidate], operator: User
) -> None:
    client.force_login(operator)
    address = reverse("answer-preview", args=[approved.pk])
    answer = client.get(address, {"candidate": [candidates[0].pk, candidates[2].pk]}).json()
    assert [point["sighting"]["camera_code"] for point in answer["points"]] == ["A2", "A0"]
    assert answer["points"][1]["hop_s"] == 195.0
    assert answer["text"].startswith("Seen 2 times: first at Camera A2 on 2026-11-20 12:03:20")
    # What is not offered is not previewed either.
    assert client.get(address, {"candidate": candidates[3].pk}).json()["points"] == []


def test_an_answer_is_sent_with_what_was_chosen(
    client: Client, approved: SearchRequest, candidates: list[Candidate], operator: User, supervisor: User
) -> None:
    client.force_login(operator)
    page = send(client, approved, [candidates[2], candidates[0]], "Seen by the lake.")
    answer = Answer.objects.get()
    assert page.redirect_chain == [(f"{reverse('request-answers', args=[approved.pk])}#answer-1", 302)]
    assert list(answer.items.values_list("number", "camera_code", "agreed_by")) == [
        (1, "A2", str(supervisor)),
        (2, "A0", str(supervisor)),
    ]
    assert b"Seen by the lake." in page.content
    approved.refresh_from_db()
    assert approved.status == "answered"


def test_not_seen_is_an_answer_with_nothing_chosen(
    client: Client, approved: SearchRequest, candidates: list[Candidate], operator: User
) -> None:
    client.force_login(operator)
    preview = client.get(reverse("answer-preview", args=[approved.pk])).json()
    assert preview["text"].startswith("Not seen. 4 cameras were searched, 0% of the time asked for.")
    page = send(client, approved, [], preview["text"])
    assert Answer.objects.get().items.count() == 0
    assert b"where was looked, and where was not" in page.content


def test_what_cannot_be_answered_with_is_refused_and_the_text_kept(
    client: Client, approved: SearchRequest, candidates: list[Candidate], operator: User
) -> None:
    client.force_login(operator)
    page = send(client, approved, [candidates[0], candidates[3]], "A long text.")
    assert b"can no longer be answered with" in page.content
    assert b"A long text.</textarea>" in page.content
    assert not Answer.objects.exists()
    assert b"Write what the station should know." in send(client, approved, [candidates[0]], " ").content


def test_a_provisional_answer_holds_what_one_person_confirmed_and_warns(
    client: Client, approved: SearchRequest, candidates: list[Candidate], operator: User
) -> None:
    SearchRequest.objects.update(is_emergency=True, status="searching", approved_at=None, approved_by=None)
    client.force_login(operator)
    page = form(client, approved, provisional="1")
    assert {card["candidate"] for card in page.context["cards"]} == set(candidates)
    assert b"confirmed by one person only" in page.content
    sent = send(client, approved, [candidates[3]], provisional="1")
    answer = Answer.objects.get()
    assert (answer.is_provisional, answer.items.get().agreed_by) == (True, "")
    assert b"a final answer follows" in sent.content.lower()
    approved.refresh_from_db()
    assert approved.status == "searching"


@pytest.mark.parametrize("status", ["submitted", "approved", "searching", "answered"])
def test_what_cannot_be_answered_now_leads_back(
    client: Client, approved: SearchRequest, operator: User, status: str
) -> None:
    SearchRequest.objects.update(status=status)
    client.force_login(operator)
    page = client.get(reverse("answer-new", args=[approved.pk]), follow=True)
    assert page.redirect_chain == [(reverse("workspace", args=[approved.pk]), 302)]
    assert b"it cannot be answered now" in page.content


@pytest.mark.parametrize("name", ["answer-new", "answer-preview", "request-answers"])
@pytest.mark.parametrize(
    ("who", "status"), [("officer", 403), ("outsider", 404), ("stranger", 404), ("administrator", 404)]
)
def test_answering_is_the_centres(
    client: Client, request: pytest.FixtureRequest, candidates: list[Candidate], name: str, who: str, status: int
) -> None:
    as_person(client, request, who)
    assert client.get(reverse(name, args=[candidates[0].search.request_id])).status_code == status


def test_sent_answers_are_linked_from_the_workspace(
    client: Client, approved: SearchRequest, candidates: list[Candidate], operator: User
) -> None:
    client.force_login(operator)
    send(client, approved, [candidates[0]])
    link = f"{reverse('request-answers', args=[approved.pk])}#answer-1"
    assert link in client.get(reverse("workspace", args=[approved.pk])).content.decode()


def test_the_first_sentence_of_one_sighting(candidates: list[Candidate], approved: SearchRequest) -> None:
    points = points_of([candidates[0].sighting])
    certificate = build_certificate(approved)
    assert first_sentence(points, certificate) == "Seen at Camera A0 on 2026-11-20 12:06:40."
