"""Adding, moving and changing cameras: who may, what is refused, and what the trail keeps."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from cameras.services.cameras import add_camera, change_camera, change_status, move_camera
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from tests.conftest import make_user

THERE = (36.481, 127.290)


def new_camera(centre: Agency, **values: Any) -> Camera:
    return Camera(**({"code": "N1", "name": "New", "latitude": 36.5, "longitude": 127.3, "centre": centre} | values))


def last_entry() -> AuditEntry:
    entry = AuditEntry.objects.first()
    assert entry
    return entry


ACTS: dict[str, Callable[[Camera, User], Any]] = {
    "add": lambda camera, actor: add_camera(new_camera(camera.centre), actor=actor),
    "move": lambda camera, actor: move_camera(camera, THERE, reason="new pole", actor=actor),
    "change": lambda camera, actor: change_camera(camera, {"name": "Other"}, actor=actor),
    "status": lambda camera, actor: change_status(camera, "retired", reason="broken", actor=actor),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["officer", "operator", "supervisor", "stranger"])
def test_only_administrators_look_after_cameras(
    who: str, act: str, camera: Camera, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(PermissionDenied):
        ACTS[act](camera, request.getfixturevalue(who))
    assert not AuditEntry.objects.filter(action__startswith="camera").exists()


@pytest.mark.parametrize("act", ACTS)
def test_the_cameras_of_another_centre_are_left_alone(act: str, camera: Camera, other_centre: Agency) -> None:
    with pytest.raises(PermissionDenied):
        ACTS[act](camera, make_user("elsewhere", "administrator", other_centre))
    assert list(Camera.objects.values_list("code", "name", "latitude", "status")) == [
        ("C1", "Camera C1", 36.48, "active")
    ]


@pytest.mark.parametrize("act", ACTS)
def test_who_belongs_to_no_centre_looks_after_all(act: str, camera: Camera) -> None:
    ACTS[act](camera, make_user("site", "administrator", None))
    assert AuditEntry.objects.filter(action__startswith="camera").count() == 1


def test_an_added_camera_is_in_the_trail(centre: Agency, administrator: User) -> None:
    camera = add_camera(new_camera(centre, address="Street 1", bearing_deg=90.0), actor=administrator)
    entry = last_entry()
    assert (entry.action, entry.target_id, entry.actor_id) == ("camera.added", str(camera.pk), administrator.pk)
    assert entry.details == {
        "code": "N1",
        "name": "New",
        "address": "Street 1",
        "latitude": 36.5,
        "longitude": 127.3,
        "bearing_deg": 90.0,
        "centre": "City Centre",
    }


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"code": "C1"}, "already exists"),
        ({"latitude": 0, "longitude": 0}, "position is unknown"),
        ({"latitude": 91}, "less than or equal to 90"),
        ({"name": ""}, "cannot be blank"),
        ({"bearing_deg": 361}, "less than or equal to 360"),
        ({"installed_on": "2024-13"}, "Year and month"),
    ],
)
def test_a_camera_that_cannot_be_is_refused(
    values: dict[str, Any], sentence: str, camera: Camera, centre: Agency, administrator: User
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        add_camera(new_camera(centre, **values), actor=administrator)
    assert Camera.objects.count() == 1


def test_a_police_station_has_no_cameras(station: Agency, db: None) -> None:
    with pytest.raises(PermissionDenied):
        add_camera(new_camera(station), actor=make_user("site", "administrator", None))


def test_a_move_keeps_the_old_and_the_new_place_and_why(camera: Camera, administrator: User) -> None:
    moved = move_camera(camera, THERE, reason=" road works ", bearing_deg=45, seen=camera.position, actor=administrator)
    assert Camera.objects.get().position == moved.position == THERE
    entry = last_entry()
    assert (entry.action, entry.reason) == ("camera.moved", "road works")
    assert entry.details == {
        "old": [36.48, 127.289],
        "new": [36.481, 127.29],
        "distance_m": 142.7,
        "bearing_deg": {"old": None, "new": 45},
    }


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_move_needs_a_reason(reason: str, camera: Camera, administrator: User) -> None:
    with pytest.raises(ValidationError, match="Say why"):
        move_camera(camera, THERE, reason=reason, actor=administrator)


def test_a_move_to_where_it_stands_is_refused(camera: Camera, administrator: User) -> None:
    with pytest.raises(ValidationError, match="there already"):
        move_camera(camera, camera.position, reason="again", actor=administrator)


def test_a_newer_move_is_not_undone(camera: Camera, administrator: User) -> None:
    seen = camera.position
    move_camera(camera, THERE, reason="first", actor=administrator)
    with pytest.raises(ValidationError, match="Somebody else has moved this camera"):
        move_camera(camera, (36.49, 127.3), reason="second", seen=seen, actor=administrator)
    assert Camera.objects.get().position == THERE


def test_of_two_moves_at_once_one_is_refused(committing_db: None, request: pytest.FixtureRequest) -> None:
    camera: Camera = request.getfixturevalue("camera")
    administrator: User = request.getfixturevalue("administrator")
    barrier, results = Barrier(2), []

    def move(longitude: float) -> None:
        barrier.wait()
        try:
            move_camera(camera, (36.49, longitude), reason="at once", seen=camera.position, actor=administrator)
            results.append("moved")
        except ValidationError:
            results.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=move, args=[longitude]) for longitude in (127.3, 127.4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["moved", "refused"]
    assert AuditEntry.objects.filter(action="camera.moved").count() == 1


def test_a_change_is_told_field_by_field(camera: Camera, administrator: User) -> None:
    change_camera(camera, {"name": "North gate", "bearing_deg": 10.0, "address": ""}, actor=administrator)
    assert last_entry().details == {
        "name": {"old": "Camera C1", "new": "North gate"},
        "bearing_deg": {"old": None, "new": 10.0},
    }


def test_what_changes_nothing_leaves_no_entry(camera: Camera, administrator: User) -> None:
    change_camera(camera, {"name": camera.name}, actor=administrator)
    assert not AuditEntry.objects.exists()


def test_a_change_moves_nothing_and_leaves_the_status(camera: Camera, administrator: User) -> None:
    change_camera(camera, {"latitude": 1.0, "status": "retired", "pk": 99}, actor=administrator)
    camera.refresh_from_db()
    assert (camera.latitude, camera.status) == (36.48, "active")


def test_a_change_keeps_what_others_have_changed_meanwhile(camera: Camera, administrator: User) -> None:
    Camera.objects.update(purpose="traffic")
    change_camera(camera, {"name": "North gate"}, actor=administrator)
    assert Camera.objects.get().purpose == "traffic"


def test_a_camera_is_not_given_to_a_centre_of_others(camera: Camera, administrator: User, other_centre: Agency) -> None:
    with pytest.raises(PermissionDenied):
        change_camera(camera, {"centre": other_centre}, actor=administrator)


def test_a_status_changes_with_a_reason(camera: Camera, administrator: User) -> None:
    change_status(camera, "maintenance", reason="lens", actor=administrator)
    entry = last_entry()
    assert (entry.action, entry.reason) == ("camera.changed", "lens")
    assert entry.details == {"status": {"old": "active", "new": "maintenance"}}
    with pytest.raises(ValidationError, match="already"):
        change_status(camera, "maintenance", reason="lens", actor=administrator)
    with pytest.raises(ValidationError, match="Say why"):
        change_status(camera, "retired", reason=" ", actor=administrator)


# ── The same verbs in the administration ────────────────────────────────────────────────────────────────────────────


def admin_client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


FORM = {"code": "N1", "name": "New", "field_of_view_deg": 70, "status": "active", "retention_days": 30}


def test_the_administration_adds_a_camera(centre: Agency, administrator: User) -> None:
    data = FORM | {"latitude": 36.5, "longitude": 127.3, "centre": centre.pk}
    admin_client(administrator).post(reverse("admin:cameras_camera_add"), data)
    assert Camera.objects.get().code == "N1"
    assert last_entry().action == "camera.added"


def test_the_administration_changes_a_camera_but_neither_place_nor_status(camera: Camera, administrator: User) -> None:
    client, path = admin_client(administrator), reverse("admin:cameras_camera_change", args=[camera.pk])
    data = FORM | {"code": "C1", "status": "retired", "latitude": 1, "longitude": 1, "centre": camera.centre_id}
    assert client.post(path, data).status_code == 302
    camera.refresh_from_db()
    assert (camera.name, camera.status, camera.latitude) == ("New", "active", 36.48)
    assert last_entry().details == {"name": {"old": "Camera C1", "new": "New"}}
    assert f"/cameras/#camera={camera.pk}" in client.get(path).content.decode()


def test_the_administration_offers_the_own_centre_alone(
    centre: Agency, other_centre: Agency, administrator: User
) -> None:
    page = admin_client(administrator).get(reverse("admin:cameras_camera_add")).content.decode()
    assert "City Centre</option>" in page
    assert "Other City Centre" not in page
