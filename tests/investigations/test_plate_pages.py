"""What was read of a vehicle's plate is shown wherever its picture is, to whom the picture is shown."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from inference.core.figures import percent
from inference.core.plates.marks import State
from inference.models import Plate, Sighting
from investigations.contents import content_of
from investigations.models import AnswerItem, Candidate, EvidencePackage, SearchRequest
from investigations.pictures import plate_url, plates_visible_to
from investigations.services.answers import send_answer
from investigations.services.paths import build_path
from investigations.services.reviews import review_candidate
from portal.accounts.models import User
from tests.conftest import make_answer, make_search
from tests.investigations.conftest import entries
from tests.investigations.plating import READER, add_plate, drawn_plate


@pytest.fixture
def plated(approved: SearchRequest, sighting: Sighting, operator: User, settings: Any) -> Candidate:
    """A vehicle that a search by plate found, one character off, and that was confirmed."""
    settings.PLATE_READER_MODEL = READER
    Sighting.objects.update(kind="vehicle")
    sighting.refresh_from_db()
    add_plate(sighting, "12거3456", others={2: ("가", 0.06)})
    search = make_search(approved, [sighting.camera], operator, kind="vehicle", plate="12가3456", status="done")
    candidate = Candidate.objects.create(
        search=search, sighting=sighting, order=12.0, plate="12거3456", plate_distance=0.65, decision="confirmed"
    )
    candidate.decisions.create(old="pending", new="confirmed", actor=operator)
    SearchRequest.objects.update(status="review")
    return candidate


def test_a_candidate_comes_with_its_plate_and_what_differs(client: Client, plated: Candidate, operator: User) -> None:
    client.force_login(operator)
    (row,) = client.get(f"/api/searches/{plated.search_id}/").json()["candidates"]
    read = row["sighting"]["plate"]
    assert (read["text"], read["confidence"], read["reads"]) == ("12거3456", 0.93, 4)
    assert read["characters"][2] == [{"character": "거", "chance": 0.93}, {"character": "가", "chance": 0.06}]
    match = row["plate_match"]
    assert (match["text"], match["distance"]) == ("12거3456", 0.65)
    assert [mark["character"] for mark in match["marks"] if mark["state"] != State.SAME] == ["거"]
    (entry,) = entries("search.viewed")
    assert entry.details["sightings"] == [plated.sighting_id]
    answer = client.get(read["picture"])
    assert answer.content[:2] == b"\xff\xd8"
    assert entries("picture.viewed") == []  # the list has accounted for it


def test_a_plate_s_picture_without_a_list_is_accounted_for_and_others_do_not_see_it(
    client: Client, plated: Candidate, operator: User, officer: User, stranger: User
) -> None:
    plate = Plate.objects.get()
    url = reverse("plate-picture", args=[plate.pk])
    for person in (officer, stranger):
        client.force_login(person)
        assert client.get(url).status_code == 404
        assert client.get(plate_url(plate.pk, operator)).status_code == 404  # another's pass opens nothing
    client.force_login(operator)
    assert client.get(url).status_code == 200
    (entry,) = entries("picture.viewed")
    # Where and when, which a person understands; the text goes when the plate is destroyed, and the entry stays.
    assert entry.target_name == f"number plate C1 {localtime(plate.seen_at):%Y-%m-%d %H:%M:%S}"
    assert plate.text not in str(vars(entry))


def test_a_plate_is_named_without_further_queries(
    plated: Candidate, operator: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert str(plates_visible_to(operator).get()).startswith("number plate C1 ")


def test_without_a_plate_asked_for_what_was_read_is_shown_and_nothing_is_marked(
    client: Client, plated: Candidate, operator: User
) -> None:
    plated.search.plate, plated.plate, plated.plate_distance = "", "", None
    plated.search.save()
    plated.save()
    client.force_login(operator)
    (row,) = client.get(f"/api/searches/{plated.search_id}/").json()["candidates"]
    assert (row["sighting"]["plate"]["text"], row["plate_match"]) == ("12거3456", None)


def test_of_several_readers_the_one_in_use_counts(client: Client, plated: Candidate, operator: User) -> None:
    add_plate(plated.sighting, "99허9999", reader="newer-reader")
    client.force_login(operator)
    (row,) = client.get("/api/sightings/").json()["results"]
    assert row["plate"]["text"] == "12거3456"


def test_lists_of_sightings_cost_as_many_queries_with_plates_as_without(
    client: Client, plated: Candidate, operator: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(operator)
    with django_assert_max_num_queries(15):
        client.get("/api/sightings/")


def test_the_path_shows_the_plate(client: Client, plated: Candidate, operator: User) -> None:
    build_path(plated.search.request, actor=operator)
    client.force_login(operator)
    (point,) = client.get(f"/api/requests/{plated.search.request_id}/path/").json()["points"]
    assert point["sighting"]["plate"]["text"] == "12거3456"


def test_who_gives_the_second_opinion_sees_both_plates(client: Client, plated: Candidate, supervisor: User) -> None:
    client.force_login(supervisor)
    page = client.get(reverse("review-queue")).content.decode()
    assert '<b class="plate">12가3456</b>' in page
    assert 'class="plate-other" title="differs from the one asked for">거</span>' in page
    assert "confidence 93%" in page
    assert f"/pictures/plates/{Plate.objects.get().pk}.jpg" in page
    assert "different vehicle" in page
    assert "different person" not in page


def test_the_station_is_answered_with_the_plate_as_read_and_how_sure_it_is(
    client: Client, plated: Candidate, operator: User, supervisor: User, officer: User
) -> None:
    review_candidate(plated, "confirmed", actor=supervisor)
    client.force_login(operator)
    assert "12거3456" in client.get(reverse("answer-new", args=[plated.search.request_id])).content.decode()
    send_answer(plated.search.request, [plated], "Seen going north.", actor=operator)
    item = AnswerItem.objects.get()
    assert (item.plate, item.plate_confidence) == ("12거3456", 0.93)
    Plate.objects.all().delete()  # the answer keeps what it said
    client.force_login(officer)
    page = client.get(reverse("workspace", args=[plated.search.request_id])).content.decode()
    assert "12거3456" in page
    assert "as read, confidence 93%" in page
    assert "plate-picture" not in page
    (point,) = client.get(f"/api/requests/{plated.search.request_id}/path/").json()["points"]
    assert point["sighting"]["plate"] == {"text": "12거3456", "confidence": 0.93}
    (shown,) = client.get(f"/api/answers/{item.answer_id}/").json()["items"]
    assert (shown["plate"], shown["plate_confidence"]) == ("12거3456", 0.93)


def test_the_answer_shows_the_picture_of_the_plate_that_it_names(
    client: Client, plated: Candidate, operator: User, officer: User
) -> None:
    request = plated.search.request
    later = add_plate(plated.sighting, "99허9999", reader="newer-reader")
    answer = make_answer(request, operator, plated.sighting)
    answer.items.update(plate="12거3456", plate_confidence=0.93)
    client.force_login(officer)
    address = reverse("workspace", args=[request.pk])
    (picture,) = re.findall(r'"(/pictures/plates/[^"]+)"', client.get(address).content.decode())
    assert client.get(picture).content == drawn_plate()
    assert entries("picture.viewed") == []  # the look at the answer has accounted for it
    assert entries("answer.viewed")[-1].details["sightings"] == [plated.sighting_id]
    assert client.get(reverse("plate-picture", args=[later.pk])).status_code == 404
    answer.items.update(plate="")
    assert "/pictures/plates/" not in client.get(address).content.decode()


def test_the_second_opinion_on_a_plate_alone_lays_the_read_below_what_is_asked_for(
    client: Client, plated: Candidate, supervisor: User
) -> None:
    client.force_login(supervisor)
    page = client.get(reverse("review-queue")).content.decode()
    asked, read = re.findall('<p class="plate-places">(.+?)</p>', page)
    assert re.sub("<.+?>", "", asked) == "12가3456"
    assert re.sub("<.+?>", "", read) == "12거3456"
    assert 'aria-label="Plate asked for 12가3456, Plate read 12거3456"' in page


def test_the_station_sees_no_plate_of_a_candidate_that_it_was_not_answered_with(
    client: Client, plated: Candidate, officer: User
) -> None:
    client.force_login(officer)
    for url in (reverse("workspace", args=[plated.search.request_id]), reverse("case-list")):
        assert "12거3456" not in client.get(url).content.decode()
    assert client.get(f"/api/searches/{plated.search_id}/").status_code == 404
    assert client.get("/api/sightings/").status_code == 403


def test_the_evidence_names_the_plate(plated: Candidate, operator: User) -> None:
    answer = make_answer(plated.search.request, operator, plated.sighting)
    answer.items.update(plate="12거3456", plate_confidence=0.937)
    content = content_of(EvidencePackage(answer=answer, requested_by=operator), {})
    (item,) = content.items
    assert (item.point.plate, item.point.plate_confidence) == ("12거3456", 0.937)


def test_supervisors_see_the_plate_in_the_admin(client: Client, plated: Candidate, supervisor: User) -> None:
    client.force_login(supervisor)
    page = client.get(reverse("admin:investigations_candidate_changelist")).content.decode()
    assert "12거3456" in page


@pytest.mark.parametrize(
    ("share", "said"), [(0.93, "93%"), (0.29, "29%"), (0.9999, "99%"), (1.0, "100%"), (178 / 255, "70%"), (0, "0%")]
)
def test_a_confidence_is_written_in_one_way(share: float, said: str) -> None:
    assert percent(share) == said


def test_the_admin_writes_a_confidence_as_the_pages_do(client: Client, plated: Candidate, supervisor: User) -> None:
    Plate.objects.update(confidence=0.9048)
    client.force_login(supervisor)
    for url in (
        reverse("admin:inference_plate_changelist"),
        reverse("admin:inference_plate_change", args=[Plate.objects.get().pk]),
        reverse("admin:inference_sighting_change", args=[plated.sighting_id]),
    ):
        page = client.get(url).content.decode()
        assert "90%" in page
        assert "0.90" not in page


def test_the_workspace_prefills_what_the_station_wrote(
    client: Client, plated: Candidate, operator: User, settings: Any
) -> None:
    request = plated.search.request
    request.case.kind = "vehicle"
    request.case.save()
    SearchRequest.objects.update(plate="12가3456", vehicle_colour="white", vehicle_type="suv")
    client.force_login(operator)
    page = client.get(reverse("workspace", args=[request.pk])).content.decode()
    assert '{"words": ["Colour: white", "Type: SUV"], "plate": "12\\uac003456"}' in page
    assert 'data-compared="yes"' in page
    settings.PLATE_READER_MODEL = ""
    page = client.get(reverse("workspace", args=[request.pk])).content.decode()
    assert 'data-compared="no"' in page
    assert "The number plate is a reminder only." in page


@pytest.mark.parametrize(("kind", "is_vehicle"), [("vehicle", True), ("missing_child", False)])
def test_of_vehicles_the_words_are_no_description_of_a_person(
    client: Client, approved: SearchRequest, operator: User, kind: str, is_vehicle: bool
) -> None:
    approved.case.kind = kind
    approved.case.save()
    client.force_login(operator)
    page = client.get(reverse("workspace", args=[approved.pk])).content.decode()
    assert ('aria-label="Description of the vehicle"' in page) == is_vehicle
    assert page.count("What the witness said of the vehicle") == (2 if is_vehicle else 0)
    assert page.count("What the witness said<") == (0 if is_vehicle else 2)
