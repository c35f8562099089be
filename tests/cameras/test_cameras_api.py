"""The API of cameras: the fast list, one camera, adding, changing, moving, and what is told to whom."""

import gzip
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cameras.models import Camera, CameraGroup, Recording
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, make_recording, make_user

NEW = {"code": "N1", "name": "New", "latitude": 36.5, "longitude": 127.3}
THERE = {"latitude": 36.481, "longitude": 127.29, "reason": "road works"}
SLOWEST_S = 1.0  # of 2,700 cameras; about 0.06 s where nothing else runs


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def api(administrator: User) -> Client:
    return as_(administrator)


def send(client: Client, method: str, name: str, *args: Any, data: Any, **headers: str) -> Any:
    path = reverse(name, args=args)
    return client.generic(method, path, json.dumps(data), content_type="application/json", headers=headers)


# ── The list ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_tells_when_each_camera_recorded(camera: Camera, make_camera: Any, operator: User) -> None:
    make_camera("C2")
    make_recording(camera, minutes=600)
    make_recording(camera, started_at=NOON + timedelta(hours=1))  # lies within the other one
    rows = as_(operator).get(reverse("api-cameras")).json()
    assert [(row["code"], row["recorded_from"], row["recorded_until"]) for row in rows] == [
        ("C1", "2026-11-20T03:00:00Z", "2026-11-20T13:00:00Z"),
        ("C2", None, None),
    ]


def test_police_see_places_and_no_recording_times(camera: Camera, make_camera: Any, officer: User) -> None:
    make_recording(camera)
    make_camera("C2", status="retired")
    rows = as_(officer).get(reverse("api-cameras")).json()
    assert [(row["code"], row["recorded_from"]) for row in rows] == [("C1", None)]


def test_a_list_that_is_still_the_same_is_not_sent_again(camera: Camera, api: Client) -> None:
    first = api.get(reverse("api-cameras"))
    assert first["Cache-Control"] == "private, no-cache"
    again = api.get(reverse("api-cameras"), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Camera.objects.update(name="Other")
    assert api.get(reverse("api-cameras"), headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_the_list_of_a_city_is_small_and_quick(centre: Agency, operator: User) -> None:
    fill_city(centre, recordings=10)
    client, path = as_(operator), reverse("api-cameras")
    client.get(path)
    started = time.perf_counter()
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    took_s = time.perf_counter() - started
    rows = json.loads(gzip.decompress(answer.content))
    assert (len(rows), rows[0]["recorded_until"]) == (2700, "2026-11-20T13:00:00Z")
    assert len(answer.content) < 150_000
    assert took_s < SLOWEST_S


def fill_city(centre: Agency, *, recordings: int) -> None:
    """2,700 cameras on 900 poles, with hourly recordings."""
    cameras = Camera.objects.bulk_create(
        Camera(
            code=f"S-{n:05}",
            name=f"보람동 {n // 3} 교차로 {n % 3 + 1}",
            address=f"세종특별자치시 보람동 {n // 3}",
            latitude=36.44 + (n // 3 * 7919 % 900) / 10000,
            longitude=127.24 + (n // 3 * 104729 % 900) / 10000,
            bearing_deg=n * 37 % 360,
            pole=f"P{n // 3}",
            purpose=["생활방범", "교통단속", "어린이보호"][n % 3],
            centre=centre,
        )
        for n in range(2700)
    )
    hour = timedelta(hours=1)
    size = {"duration_s": 3600, "width": 1920, "height": 1080, "fps": 15}
    Recording.objects.bulk_create(
        Recording(camera=camera, sha256=str(at), started_at=NOON + at * hour, ends_at=NOON + (at + 1) * hour, **size)
        for camera in cameras
        for at in range(recordings)
    )


# ── One camera ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_centre_is_told_all_of_a_camera(camera: Camera, operator: User, centre: Agency) -> None:
    recording = make_recording(camera)
    make_recording(camera, started_at=NOON - timedelta(days=1))
    group = CameraGroup.objects.create(centre=centre, name="Market", made_by=operator)
    group.cameras.add(camera)
    told = as_(operator).get(reverse("api-camera", args=[camera.pk])).json()
    assert (told["centre"], told["retention_days"], told["recordings"]) == ("City Centre", 30, 2)
    assert told["groups"] == [{"id": group.pk, "name": "Market"}]
    assert told["last_recording"] == {
        "id": recording.pk,
        "started_at": "2026-11-20T12:00:00+09:00",
        "ends_at": "2026-11-20T12:10:00+09:00",
    }


def test_police_are_told_the_public_record(camera: Camera, operator: User, officer: User, centre: Agency) -> None:
    make_recording(camera)
    CameraGroup.objects.create(centre=centre, name="Market", made_by=operator).cameras.add(camera)
    told = as_(officer).get(reverse("api-camera", args=[camera.pk])).json()
    assert told["code"] == "C1"
    assert (told["recorded_from"], told["recordings"], told["last_recording"], told["groups"]) == (None, None, None, [])


def test_a_camera_of_another_centre_is_not_there(camera: Camera, stranger: User) -> None:
    assert as_(stranger).get(reverse("api-camera", args=[camera.pk])).status_code == 404


# ── Adding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_camera_is_added_to_the_own_centre(api: Client, centre: Agency) -> None:
    answer = send(api, "POST", "api-cameras", data=NEW | {"purpose": "생활방범"})
    assert answer.status_code == 201
    assert (answer.json()["centre"], answer.json()["status"]) == ("City Centre", "active")
    assert Camera.objects.get().centre == centre


def test_a_camera_sent_twice_is_added_once(api: Client) -> None:
    first = send(api, "POST", "api-cameras", data=NEW, **{"Idempotency-Key": "k1"})
    again = send(api, "POST", "api-cameras", data=NEW, **{"Idempotency-Key": "k1"})
    assert (first.json(), Camera.objects.count()) == (again.json(), 1)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "C1"}, "code"),
        ({"code": " "}, "code"),
        ({"latitude": 91}, "latitude"),
        ({"latitude": None}, "latitude"),
        ({"bearing_deg": "north"}, "bearing_deg"),
        ({"installed_on": "May"}, "installed_on"),
        ({"latitude": 0, "longitude": 0}, "detail"),
        ({"centre": 999}, "centre"),
    ],
)
def test_what_is_wrong_with_a_new_camera_is_said(values: Any, field: str, camera: Camera, api: Client) -> None:
    answer = send(api, "POST", "api-cameras", data=NEW | values)
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_who_looks_after_several_centres_names_one(centre: Agency) -> None:
    api = as_(make_user("site", "administrator", None))
    assert "Name the control centre" in send(api, "POST", "api-cameras", data=NEW).json()["detail"]
    assert send(api, "POST", "api-cameras", data=NEW | {"centre": centre.pk}).status_code == 201


def test_a_number_is_known_to_be_free_or_taken(camera: Camera, api: Client, operator: User) -> None:
    path = reverse("api-camera-number")
    assert api.get(path, {"code": "C1"}).json() == {"is_free": False}
    assert api.get(path, {"code": "C2"}).json() == {"is_free": True}
    assert api.get(path).status_code == 400
    assert as_(operator).get(path, {"code": "C1"}).status_code == 403


# ── Moving and changing ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_camera_is_moved_with_a_reason(camera: Camera, api: Client) -> None:
    seen = {"latitude": camera.latitude, "longitude": camera.longitude}
    answer = send(api, "POST", "api-camera-position", camera.pk, data=THERE | {"seen": seen, "bearing_deg": 30})
    assert (answer.status_code, answer.json()["latitude"], answer.json()["bearing_deg"]) == (200, 36.481, 30)
    assert AuditEntry.objects.get(action="camera.moved").reason == "road works"


def test_a_move_without_a_reason_is_refused(camera: Camera, api: Client) -> None:
    answer = send(api, "POST", "api-camera-position", camera.pk, data=THERE | {"reason": " "})
    assert (answer.status_code, list(answer.json())) == (400, ["reason"])


def test_a_move_over_a_newer_one_is_refused_with_a_sentence(camera: Camera, api: Client) -> None:
    seen = {"latitude": 36.0, "longitude": 127.0}
    answer = send(api, "POST", "api-camera-position", camera.pk, data=THERE | {"seen": seen})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Somebody else has moved this camera meanwhile.")


def test_a_change_and_a_status_are_one_act(camera: Camera, api: Client) -> None:
    answer = send(api, "PATCH", "api-camera", camera.pk, data={"name": "Gate", "status": "maintenance"})
    assert (answer.status_code, Camera.objects.get().name) == (400, "Camera C1")
    said = {"name": "Gate", "code": "C1", "status": "maintenance", "reason": "lens"}
    assert send(api, "PATCH", "api-camera", camera.pk, data=said).json()["status"] == "maintenance"
    assert AuditEntry.objects.filter(action="camera.changed").count() == 2


@pytest.mark.parametrize("who", ["officer", "operator", "supervisor"])
def test_others_change_nothing(who: str, camera: Camera, request: pytest.FixtureRequest) -> None:
    client = as_(request.getfixturevalue(who))
    answers = [
        send(client, "POST", "api-cameras", data=NEW),
        send(client, "PATCH", "api-camera", camera.pk, data={"name": "Gate"}),
        send(client, "POST", "api-camera-position", camera.pk, data=THERE),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]


# ── History and the picture ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_history_is_for_who_sees_the_trail(
    camera: Camera, make_camera: Callable[..., Camera], api: Client, operator: User, supervisor: User, stranger: User
) -> None:
    path = reverse("api-camera-history", args=[camera.pk])
    send(api, "POST", "api-camera-position", camera.pk, data=THERE)
    send(api, "PATCH", "api-camera", make_camera("C2").pk, data={"name": "Gate"})
    entries = api.get(path).json()["results"]
    assert [(entry["action"], entry["reason"]) for entry in entries] == [("camera.moved", "road works")]
    assert entries[0]["details"]["distance_m"] == 142.7
    assert as_(supervisor).get(path).json()["count"] == 1
    assert as_(operator).get(path).status_code == 403
    assert as_(stranger).get(path).status_code == 404
