"""Searching again with what was decided: who may, what joins the query, what pushes away, and who learns of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from inference.core.manifest import ModelStore
from inference.models import Sighting
from investigations import querying
from investigations import search as search_job
from investigations.models import Candidate, Participant, QueryPicture, Search, SearchRequest
from investigations.services import refining
from investigations.services.candidates import decide_candidate
from investigations.services.refining import refine_search, unused_decisions
from investigations.services.reviews import review_candidate
from investigations.workflow import ANSWERED
from portal.accounts.models import User
from tests.conftest import add_feature, drawn_person, make_recording, make_search, make_sighting, unit_vector
from tests.investigations.conftest import entries
from tests.investigations.describers import write_manifest


def mixed(first: int, second: int, share: float) -> Any:
    """A unit vector between those of two seeds."""
    vector = share * unit_vector(first) + (1 - share) * unit_vector(second)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def sightings(camera: Camera) -> list[Sighting]:
    """The target (seed 1) twice, somebody else (seed 2) who looks a little like it, twice, and two strangers."""
    recording = make_recording(camera, minutes=10)
    rows = [make_sighting(recording, number, after_s=60 * number) for number in range(6)]
    vectors = [
        mixed(1, 9, 0.75),
        mixed(9, 1, 0.75),  # like the first, less like the query
        mixed(2, 1, 0.6),
        mixed(2, 1, 0.62),
        unit_vector(20),
        unit_vector(21),
    ]
    for row, vector in zip(rows, vectors, strict=True):
        add_feature(row, vector)
    return rows


@pytest.fixture
def search(approved: SearchRequest, camera: Camera, operator: User, sightings: Any) -> Search:
    row = make_search(approved, [camera], operator, description=["red top"], plate="", limit=7)
    own = QueryPicture(search=row, original_name="photo.jpg", x1=1, y1=2, x2=30, y2=60)
    own.image.save("query.jpg", ContentFile(drawn_person()))
    return row


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The uploaded picture embeds as seed 1; what is stored keeps its feature."""
    from investigations import querying

    monkeypatch.setattr(querying, "_embed", lambda row, picture: unit_vector(1)[None])


def run(search: Search) -> list[int]:
    search_job.search(search.pk)
    search.refresh_from_db()
    assert search.status == "done", search.error
    return list(search.candidates.values_list("sighting__track_number", flat=True))


def decide(search: Search, number: int, decision: str, actor: User) -> Candidate:
    row = search.candidates.get(sighting__track_number=number)
    return decide_candidate(row, decision, reason="shoes", actor=actor)


def test_a_refined_search_has_the_terms_the_pictures_and_the_decisions(
    search: Search, operator: User, embedded: None, sightings: list[Sighting]
) -> None:
    run(search)
    yes, no = decide(search, 0, "confirmed", operator), decide(search, 2, "rejected", operator)
    assert set(unused_decisions(search, operator)) == {yes, no}
    refined = refine_search(search, actor=operator)
    assert (refined.parent, refined.status, refined.limit, refined.description) == (search, "queued", 7, ["red top"])
    assert list(refined.cameras.all()) == list(search.cameras.all())
    shown = [(one.original_name, one.candidate, one.is_against, one.box) for one in refined.pictures.all()]
    assert shown[0] == ("photo.jpg", None, False, (1, 2, 30, 60))
    assert [one[1:3] for one in shown[1:]] == [(yes, False), (no, True)]
    own, copied = search.pictures.get(), refined.pictures.all()[0]
    assert own.image.name != copied.image.name
    assert copied.image.read()[:2] == b"\xff\xd8"
    assert not unused_decisions(search, operator).exists()
    assert refined.is_known_to(operator)


def test_confirmed_ones_raise_what_is_like_them_and_rejected_ones_lower_it(
    search: Search, operator: User, embedded: None
) -> None:
    before = run(search)
    assert before.index(1) > max(before.index(2), before.index(3))
    decide(search, 0, "confirmed", operator)
    decide(search, 2, "rejected", operator)
    after = run(refine_search(search, actor=operator))
    assert after.index(1) < after.index(3)
    assert not {0, 2} & set(after)  # decided already: no work for anybody


def test_what_was_confirmed_and_rejected_is_in_the_audit_trail(
    search: Search, operator: User, embedded: None, sightings: list[Sighting]
) -> None:
    run(search)
    for number, decision in ((0, "confirmed"), (2, "rejected"), (4, "rejected")):
        decide(search, number, decision, operator)
    refined = refine_search(search, actor=operator)
    (entry,) = entries("search.refined")
    assert (entry.actor_id, entry.target_id) == (operator.pk, str(refined.pk))
    assert entry.details["search"] == search.pk
    assert entry.details["confirmed"] == [sightings[0].pk]
    assert entry.details["rejected"] == [sightings[2].pk, sightings[4].pk]


def test_decisions_of_every_round_are_kept(search: Search, operator: User, embedded: None) -> None:
    run(search)
    decide(search, 2, "rejected", operator)
    second = refine_search(search, actor=operator)
    run(second)
    decide(second, 0, "confirmed", operator)
    third = refine_search(second, actor=operator)
    assert sorted(third.pictures.values_list("sighting__track_number", "is_against")[1:]) == [(0, False), (2, True)]


def test_without_a_new_decision_nothing_is_searched_again(search: Search, operator: User, embedded: None) -> None:
    run(search)
    with pytest.raises(ValidationError, match="nothing new"):
        refine_search(search, actor=operator)
    decide(search, 0, "confirmed", operator)
    refine_search(search, actor=operator)
    with pytest.raises(ValidationError, match="nothing new"):
        refine_search(search, actor=operator)
    assert Search.objects.count() == 2


def test_a_decision_that_was_changed_since_is_new_and_no_longer_counts_as_it_was(
    search: Search, operator: User, embedded: None
) -> None:
    run(search)
    wrong, other = decide(search, 0, "confirmed", operator), decide(search, 2, "rejected", operator)
    second = refine_search(search, actor=operator)
    run(second)
    decide(search, 0, "rejected", operator)
    decide(search, 2, "pending", operator)
    assert list(unused_decisions(search, operator)) == [wrong]
    again = refine_search(search, actor=operator)
    assert [(one.candidate, one.is_against) for one in again.pictures.all()[1:]] == [(wrong, True)]
    decide(second, 1, "confirmed", operator)
    third = refine_search(second, actor=operator)  # it had the wrong one in its query, and the other against it
    assert not third.pictures.filter(candidate__in=[wrong, other]).exists()
    assert third.pictures.count() == 2


def test_a_decision_taken_back_is_none(search: Search, operator: User, embedded: None) -> None:
    run(search)
    decide(search, 0, "confirmed", operator)
    decide(search, 0, "pending", operator)
    assert not unused_decisions(search, operator).exists()


def test_who_does_not_know_the_decisions_does_not_refine_by_them(
    search: Search, operator: User, supervisor: User, embedded: None
) -> None:
    run(search)
    decide(search, 0, "confirmed", operator)
    with pytest.raises(PermissionDenied, match="shown to you first"):
        refine_search(search, actor=supervisor)
    assert entries("search.refined") == []


@pytest.mark.parametrize("who", ["officer", "outsider", "stranger", "administrator"])
def test_nobody_else_refines(
    who: str, search: Search, operator: User, embedded: None, request: pytest.FixtureRequest
) -> None:
    run(search)
    decide(search, 0, "confirmed", operator)
    actor = request.getfixturevalue(who)
    Participant.objects.create(search=search, user=actor)  # not for what they do not know, but for what they may not
    with pytest.raises(PermissionDenied) as refusal:
        refine_search(search, actor=actor)
    assert "shown to you first" not in str(refusal.value)


def test_a_request_that_may_not_be_searched_any_more_is_not_refined(
    search: Search, operator: User, embedded: None
) -> None:
    run(search)
    decide(search, 0, "confirmed", operator)
    SearchRequest.objects.update(status="returned")
    with pytest.raises(ValidationError, match="Nothing is searched"):
        refine_search(search, actor=operator)


def test_a_rejected_one_whose_feature_and_picture_are_gone_pushes_nothing(
    search: Search, operator: User, embedded: None, sightings: list[Sighting], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(search)
    decide(search, 2, "rejected", operator)
    refined = refine_search(search, actor=operator)
    sightings[2].features.all().delete()
    against = refined.pictures.get(is_against=True)
    against.image.storage.delete(str(against.image.name))
    monkeypatch.undo()
    from investigations.querying import rejected_features_of

    assert len(rejected_features_of(refined)) == 0


@pytest.fixture
def by_words(search: Search, sightings: list[Sighting], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    """A search by words alone that found one, who was rejected."""
    store = ModelStore(tmp_path, manifest=write_manifest(tmp_path))
    monkeypatch.setattr(querying, "model_store", lambda: store)
    search.pictures.all().delete()
    search.status, search.describer = "done", "made-up-person-looks"
    search.wanted = [{"attribute": "upper_colour", "value": "red", "required": False}]
    search.save()
    Candidate.objects.create(search=search, sighting=sightings[2])
    return search


@pytest.mark.parametrize("describer", ["", "gone-looks", "made-up-vehicle-looks"])
def test_words_alone_are_not_refined_by_a_describer_that_does_not_know_them(
    by_words: Search, operator: User, settings: Any, describer: str
) -> None:
    decide(by_words, 2, "rejected", operator)
    settings.PERSON_DESCRIBER_MODEL = describer
    with pytest.raises(ValidationError, match="Confirm a candidate first, or start a new search"):
        refine_search(by_words, actor=operator)
    assert (Search.objects.count(), entries("search.refined")) == (1, [])


def test_words_alone_are_refined_where_the_describer_knows_them_or_somebody_was_confirmed(
    by_words: Search, operator: User, settings: Any
) -> None:
    decide(by_words, 2, "rejected", operator)
    settings.PERSON_DESCRIBER_MODEL = "made-up-person-looks"
    assert refine_search(by_words, actor=operator).describer == "made-up-person-looks"
    settings.PERSON_DESCRIBER_MODEL = ""
    decide(by_words, 2, "confirmed", operator)
    refined = refine_search(by_words, actor=operator)
    assert [one.is_against for one in refined.pictures.all()] == [False]


def test_a_plate_alone_is_not_refined_where_no_model_reads_plates(
    by_words: Search, operator: User, settings: Any
) -> None:
    by_words.kind, by_words.plate, by_words.wanted = "vehicle", "12가3456", []
    by_words.save()
    decide(by_words, 2, "rejected", operator)
    settings.PLATE_READER_MODEL = ""
    with pytest.raises(ValidationError, match="not in use any more"):
        refine_search(by_words, actor=operator)
    settings.PLATE_READER_MODEL = "plate-reader"
    assert refine_search(by_words, actor=operator).plate_reader == "plate-reader"


# ── The API, and who learns what ────────────────────────────────────────────────────────────────────────────────────


def test_the_api_refines_once_and_says_how_many_decisions_wait(
    client: Client, search: Search, operator: User, embedded: None
) -> None:
    run(search)
    decide(search, 0, "confirmed", operator)
    client.force_login(operator)
    address = reverse("api-search", args=[search.pk])
    assert client.get(address).json()["can_refine"] == 1
    assert client.get(address).json()["usable_decisions"] == {"confirmed": 1, "rejected": 0}
    SearchRequest.objects.filter(pk=search.request_id).update(status=ANSWERED)
    assert client.get(address).json()["can_refine"] == 0
    SearchRequest.objects.filter(pk=search.request_id).update(status=search.request.status)
    answer = client.post(reverse("api-search-refine", args=[search.pk]))
    assert (answer.status_code, answer.json()["parent"]) == (201, search.pk)
    assert client.get(address).json()["can_refine"] == 0
    again = client.post(reverse("api-search-refine", args=[search.pk]))
    assert again.status_code == 400
    assert "nothing new" in str(again.json())


def test_who_may_give_the_second_opinion_is_shown_no_picture_of_a_decided_candidate(
    client: Client, search: Search, operator: User, supervisor: User, embedded: None
) -> None:
    run(search)
    decide(search, 0, "confirmed", operator)
    decide(search, 2, "rejected", operator)
    refined = refine_search(search, actor=operator)
    pictures = list(refined.pictures.all())
    shown = {}
    for person in (operator, supervisor):
        client.force_login(person)
        answer = client.get(reverse("api-search", args=[refined.pk])).json()
        shown[person.username] = [row["id"] for row in answer["pictures"]]
        statuses = [client.get(reverse("query-picture", args=[one.pk])).status_code for one in pictures]
        assert statuses == ([200] * 3 if person == operator else [200, 404, 404])
    assert shown == {"operator": [one.pk for one in pictures], "supervisor": [pictures[0].pk]}
    client.force_login(supervisor)
    assert client.get(reverse("api-search", args=[search.pk])).json()["can_refine"] == 0


def test_only_decisions_that_a_refinement_would_use_are_counted(
    client: Client, search: Search, operator: User, embedded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refining, "MOST_OF_A_KIND", 2)
    run(search)
    decide(search, 0, "confirmed", operator)
    refine_search(search, actor=operator)
    for number in (2, 3, 4):
        decide(search, number, "rejected", operator)
    client.force_login(operator)
    answer = client.get(reverse("api-search", args=[search.pk])).json()
    assert (answer["can_refine"], answer["usable_decisions"]) == (2, {"confirmed": 0, "rejected": 2})


def listed(client: Client, search: Search, person: User) -> tuple[int, bool, bool]:
    """How many candidates somebody is told of, and whether the list is withheld, and its decisions known."""
    client.force_login(person)
    answer = client.get(reverse("api-search", args=[search.pk])).json()
    assert len(answer["candidates"]) == len(answer["states"])
    return len(answer["states"]), answer["is_withheld"], answer["is_known"]


def test_the_list_of_a_refined_search_is_withheld_until_ones_own_opinions_are_in(
    client: Client, search: Search, operator: User, supervisor: User, embedded: None
) -> None:
    """Who is missing in it was decided about, and who rises in it is like the confirmed one."""
    run(search)
    yes, no = decide(search, 0, "confirmed", operator), decide(search, 2, "rejected", operator)
    refined = refine_search(search, actor=operator)
    run(refined)
    assert listed(client, search, supervisor) == (6, False, False)
    assert listed(client, refined, supervisor) == (0, True, False)
    assert listed(client, refined, operator) == (4, False, True)
    review_candidate(yes, "confirmed", actor=supervisor)
    assert listed(client, refined, supervisor) == (0, True, False)
    review_candidate(no, "rejected", reason="shoes", actor=supervisor)
    assert listed(client, refined, supervisor) == (4, False, False)


def test_who_has_the_decisions_of_a_refined_search_shown_knows_those_that_made_it(
    client: Client, search: Search, operator: User, supervisor: User, embedded: None
) -> None:
    run(search)
    decide(search, 0, "confirmed", operator)
    refined = refine_search(search, actor=operator)
    run(refined)
    assert Candidate.objects.awaiting_second_review(supervisor).exists()
    client.force_login(supervisor)
    answer = client.post(reverse("api-search-decisions", args=[refined.pk])).json()
    assert (answer["is_known"], answer["is_withheld"], len(answer["candidates"])) == (True, False, 5)
    assert not Candidate.objects.awaiting_second_review(supervisor).exists()
    (entry,) = entries("decisions.shown")
    assert (entry.target_id, entry.details) == (str(refined.pk), {"searches": [search.pk, refined.pk]})


def test_the_admin_lists_no_candidate_of_a_search_that_would_tell(
    client: Client, search: Search, operator: User, supervisor: User, embedded: None
) -> None:
    run(search)
    confirmed = decide(search, 0, "confirmed", operator)
    refined = refine_search(search, actor=operator)
    run(refined)

    def searches() -> set[int]:
        client.force_login(supervisor)
        page = client.get(reverse("admin:investigations_candidate_changelist"))
        return {row.search_id for row in page.context["cl"].result_list}

    assert searches() == {search.pk}
    review_candidate(confirmed, "confirmed", actor=supervisor)
    assert searches() == {search.pk, refined.pk}


def test_candidates_of_a_withheld_list_still_get_their_second_opinion(
    search: Search, operator: User, supervisor: User, embedded: None
) -> None:
    run(search)
    decide(search, 0, "confirmed", operator)
    refined = refine_search(search, actor=operator)
    run(refined)
    found = decide(refined, 1, "confirmed", operator)
    assert found in Candidate.objects.awaiting_second_review(supervisor)
    assert review_candidate(found, "confirmed", actor=supervisor).verdict == "confirmed"
