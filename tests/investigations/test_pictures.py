"""Pictures: who sees which, how they are sent, and whose look is accounted for."""

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from inference.models import Plate, Sighting
from investigations.models import Candidate, QueryPicture, SearchRequest
from investigations.pictures import plate_url, query_picture_url, sighting_url
from investigations.services.paths import build_path
from portal.accounts.models import User
from tests.conftest import drawn_person, make_answer, make_search
from tests.investigations.conftest import PEOPLE, as_person, entries
from tests.investigations.plating import add_plate, drawn_plate


@pytest.fixture
def query(approved: SearchRequest, camera: Camera, operator: User) -> QueryPicture:
    picture = QueryPicture(search=make_search(approved, [camera], operator), original_name="photo.jpg")
    picture.image.save("q.jpg", ContentFile(drawn_person()))
    return picture


@pytest.mark.parametrize("who", PEOPLE)
def test_a_sighting_is_seen_by_its_centre_alone(
    client: Client, request: pytest.FixtureRequest, confirmed: Candidate, who: str
) -> None:
    as_person(client, request, who)
    status = client.get(reverse("sighting-picture", args=[confirmed.sighting_id])).status_code
    assert status == (200 if who in {"operator", "supervisor"} else 404)


@pytest.mark.parametrize(
    ("who", "status"), [("officer", 200), ("colleague", 200), ("outsider", 404), ("stranger", 404)]
)
def test_once_answered_with_it_is_seen_by_the_station_that_asked(
    client: Client, request: pytest.FixtureRequest, confirmed: Candidate, operator: User, who: str, status: int
) -> None:
    as_person(client, request, who)
    build_path(confirmed.search.request, actor=operator)  # the working path is the centre's own
    assert client.get(reverse("sighting-picture", args=[confirmed.sighting_id])).status_code == 404
    make_answer(confirmed.search.request, operator, confirmed.sighting)
    assert client.get(reverse("sighting-picture", args=[confirmed.sighting_id])).status_code == status


@pytest.mark.parametrize("who", [*PEOPLE, "administrator"])
def test_a_number_plate_is_seen_by_the_centre_and_by_who_was_answered_with_it(
    client: Client, request: pytest.FixtureRequest, confirmed: Candidate, operator: User, who: str
) -> None:
    as_person(client, request, who)
    address = reverse("plate-picture", args=[add_plate(confirmed.sighting, "12가3456").pk])
    answer = make_answer(confirmed.search.request, operator, confirmed.sighting)
    assert client.get(address).status_code == (200 if who in {"operator", "supervisor"} else 404)
    answer.items.update(plate="12가3456")
    answered_too = {"operator", "supervisor", "officer", "colleague"}
    assert client.get(address).status_code == (200 if who in answered_too else 404)


@pytest.mark.parametrize("who", PEOPLE)
def test_query_pictures_are_the_centres_own(
    client: Client, request: pytest.FixtureRequest, query: QueryPicture, who: str
) -> None:
    as_person(client, request, who)
    status = client.get(reverse("query-picture", args=[query.pk])).status_code
    assert status == (200 if who in {"operator", "supervisor"} else 404)


def test_a_picture_comes_as_a_picture_and_nothing_else(client: Client, sighting: Sighting, operator: User) -> None:
    client.force_login(operator)
    answer = client.get(reverse("sighting-picture", args=[sighting.pk]))
    assert answer.content[:2] == b"\xff\xd8"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_look_without_a_pass_is_audited(
    client: Client, sighting: Sighting, query: QueryPicture, operator: User
) -> None:
    client.force_login(operator)
    client.get(reverse("sighting-picture", args=[sighting.pk]))
    client.get(reverse("query-picture", args=[query.pk]))
    seen = [(entry.target_type, entry.target_id, entry.actor_id) for entry in entries("picture.viewed")]
    assert sorted(seen) == sorted(
        [
            ("inference.sighting", str(sighting.pk), operator.pk),
            ("investigations.querypicture", str(query.pk), operator.pk),
        ]
    )


def test_a_pass_says_that_the_list_was_audited(
    client: Client, sighting: Sighting, query: QueryPicture, operator: User
) -> None:
    client.force_login(operator)
    assert client.get(sighting_url(sighting.pk, operator)).status_code == 200
    assert client.get(query_picture_url(query, operator)).status_code == 200
    assert entries("picture.viewed") == []


def test_number_plates_are_sent_and_accounted_for_as_pictures_are(
    client: Client, sighting: Sighting, operator: User, supervisor: User
) -> None:
    plate = add_plate(sighting, "12가3456")
    client.force_login(operator)
    assert client.get(plate_url(plate.pk, operator)).status_code == 200
    assert client.get(plate_url(plate.pk, supervisor)).content == drawn_plate()  # another's pass
    (entry,) = entries("picture.viewed")
    assert (entry.target_type, entry.target_id, entry.actor_id) == ("inference.plate", str(plate.pk), operator.pk)
    assert "12가3456" not in f"{entry.target_name} {entry.details}"  # the trail outlives the plate
    Plate.objects.update(image="plates/gone.jpg")
    assert client.get(reverse("plate-picture", args=[plate.pk])).status_code == 404


def test_a_pass_for_a_sighting_is_none_for_the_plate_of_that_number(
    client: Client, sighting: Sighting, operator: User
) -> None:
    plate = add_plate(sighting, "12가3456")
    view_pass = sighting_url(plate.pk, operator).partition("?")[2]
    client.force_login(operator)
    assert client.get(f"{reverse('plate-picture', args=[plate.pk])}?{view_pass}").status_code == 200
    assert len(entries("picture.viewed")) == 1


def test_another_persons_pass_is_worth_nothing(
    client: Client, sighting: Sighting, operator: User, supervisor: User, outsider: User
) -> None:
    url = sighting_url(sighting.pk, operator)
    client.force_login(supervisor)
    assert client.get(url).status_code == 200
    assert [entry.actor_id for entry in entries("picture.viewed")] == [supervisor.pk]
    client.force_login(outsider)
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("name", ["", "sightings/gone.jpg"])
def test_a_picture_whose_file_is_gone_is_not_found(
    client: Client, sighting: Sighting, operator: User, name: str
) -> None:
    Sighting.objects.filter(pk=sighting.pk).update(image=name)
    client.force_login(operator)
    assert client.get(reverse("sighting-picture", args=[sighting.pk])).status_code == 404
    assert entries("picture.viewed") == []
