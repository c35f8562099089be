"""Groups of cameras: saved for the whole centre, seen and deleted by its own people alone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from cameras.models import Camera, CameraGroup
from cameras.services.groups import delete_group, save_group
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry

LIST = reverse("api-camera-groups")


@pytest.fixture
def three(make_camera: Callable[..., Camera]) -> list[int]:
    return [make_camera(f"C{number}").pk for number in range(3)]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(user: User, **content: Any) -> Any:
    return signed_in(user).post(LIST, content, content_type="application/json")


def test_a_group_is_saved_and_listed_for_the_whole_centre(
    three: list[int], operator: User, supervisor: User, django_assert_max_num_queries: Any
) -> None:
    saved = post(operator, name=" School ", cameras=[three[2], three[0]])
    assert saved.status_code == 201
    assert saved.json() == {
        "id": saved.json()["id"],
        "name": "School",
        "cameras": [three[0], three[2]],
        "made_by": str(operator),
    }
    save_group("Market", three, actor=supervisor)
    client = signed_in(supervisor)
    with django_assert_max_num_queries(9):
        rows = client.get(LIST).json()
    assert [(row["name"], len(row["cameras"])) for row in rows] == [("Market", 3), ("School", 2)]
    entry = AuditEntry.objects.filter(action="group.saved").earliest("sequence")
    assert (entry.target_name, entry.details) == ("School", {"cameras": [three[0], three[2]]})


def test_the_same_name_replaces_the_cameras_and_keeps_the_group(
    three: list[int], operator: User, supervisor: User
) -> None:
    first = save_group("School", three[:2], actor=operator)
    second = save_group("School", three[2:], actor=supervisor)
    assert first.pk == second.pk
    assert list(second.cameras.values_list("pk", flat=True)) == three[2:]
    assert second.made_by == operator


def test_thousands_of_cameras_fit_into_a_group(centre: Agency, operator: User) -> None:
    place = {"latitude": 36.5, "longitude": 127.3, "centre": centre}
    Camera.objects.bulk_create(Camera(code=f"M{number}", name="m", **place) for number in range(2700))
    ids = list(Camera.objects.values_list("pk", flat=True))
    group = save_group("All", ids, actor=operator)
    save_group("All", ids[1:], actor=operator)
    assert group.cameras.count() == 2699


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"name": "", "cameras": [1]}, "may not be blank"),
        ({"name": "x" * 61, "cameras": [1]}, "no more than 60"),
        ({"name": "School", "cameras": []}, "may not be empty"),
        ({"name": "School", "cameras": ["x"]}, "integer"),
        ({"name": "School", "cameras": [2**62]}, "not of your control centre"),
        ({"name": "School"}, "required"),
    ],
)
def test_what_is_no_group_is_refused_with_a_sentence(operator: User, content: dict[str, Any], sentence: str) -> None:
    answer = post(operator, **content)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not CameraGroup.objects.exists()


def test_cameras_of_another_centre_are_refused(
    three: list[int], make_camera: Callable[..., Camera], other_centre: Agency, operator: User
) -> None:
    foreign = make_camera("X1", centre=other_centre).pk
    with pytest.raises(ValidationError, match="1 of these cameras"):
        save_group("School", [*three, foreign], actor=operator)


def test_police_have_no_groups(three: list[int], officer: User, operator: User) -> None:
    save_group("School", three, actor=operator)
    assert signed_in(officer).get(LIST).status_code == 403
    assert post(officer, name="Mine", cameras=three).status_code == 403
    with pytest.raises(PermissionDenied):
        save_group("Mine", three, actor=officer)


def test_a_group_is_deleted_by_its_own_centre_alone(
    three: list[int], operator: User, administrator: User, stranger: User, officer: User
) -> None:
    group = save_group("School", three, actor=operator)
    address = reverse("api-camera-group", args=[group.pk])
    assert signed_in(stranger).get(LIST).json() == []
    assert signed_in(stranger).delete(address).status_code == 404
    assert signed_in(officer).delete(address).status_code == 404
    with pytest.raises(PermissionDenied):
        delete_group(group, actor=stranger)
    assert signed_in(administrator).delete(address).status_code == 204
    assert not CameraGroup.objects.exists()
    assert Camera.objects.count() == 3
    entry = AuditEntry.objects.get(action="group.deleted")
    assert (entry.target_name, entry.details) == ("School", {"cameras": three})
