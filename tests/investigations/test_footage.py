"""Footage is seen by whom it belongs to, for a request, as long as the right lasts, and every look is written down."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cameras.models import Camera, Recording
from inference import tasks
from inference.core.video import frame_on_show
from inference.models import Sighting
from investigations.models import QueryPicture, SearchRequest
from investigations.pictures import clip_url
from investigations.services import footage
from investigations.services.scopes import OutOfScope, cameras_used
from portal.accounts.models import User
from tests.conftest import NOON, make_recording, make_search, make_sighting
from tests.investigations.conftest import PEOPLE, as_person, entries
from tests.investigations.destroying import files
from tests.investigations.filming import addresses, ask, body, limit, opened

# ── Opening ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_opened_footage_says_what_it_is_and_how_it_plays(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, record_: Callable[..., Recording]
) -> None:
    client.force_login(operator)
    before = record_(started_at=NOON - timedelta(hours=1))
    after = record_(started_at=NOON + timedelta(hours=1))
    answer = ask(client, request=approved.pk, camera=recording.camera_id, at="2026-11-20T03:00:05Z").json()
    assert answer["recording"]["id"] == recording.pk
    assert answer["at_s"] == 5.0
    assert answer["is_native"] is True
    assert re.fullmatch(r'video/mp4; codecs="avc1\.[0-9A-F]{6}"', answer["mime"])
    assert answer["previous"]["recording"] == before.pk
    assert answer["next"]["recording"] == after.pk
    assert str(recording.file) not in str(answer)
    (entry,) = entries("footage.viewed")
    assert entry.target_id == str(approved.pk)
    assert entry.details["camera"] == "C1"
    assert entry.details["recording"] == recording.pk
    assert entry.details["at"] == "2026-11-20T03:00:05+00:00"


def test_where_nothing_was_recorded_the_nearest_moments_are_said(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, record_: Callable[..., Recording]
) -> None:
    client.force_login(operator)
    record_(started_at=NOON + timedelta(hours=1))
    response = ask(client, request=approved.pk, camera=recording.camera_id, at="2026-11-20T03:30:00Z")
    assert response.status_code == 404
    assert response.json()["detail"] == "This camera recorded nothing at that time."
    assert response.json()["later"] == "2026-11-20T04:00:00Z"
    again = ask(client, request=approved.pk, camera=recording.camera_id, at=response.json()["earlier"])
    assert again.json()["recording"]["id"] == recording.pk
    assert (
        ask(client, request=approved.pk, camera=recording.camera_id, at="2020-01-01T00:00:00Z").json()["earlier"]
        is None
    )


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"request": 1},
        {"request": "x", "recording": 1},
        {"request": 1, "recording": 1, "at_s": -1},
        {"request": 1, "recording": 1, "at_s": "NaN"},
        {"request": 1, "camera": 1, "at": "yesterday"},
        {"request": 2**70, "recording": 1},
    ],
)
def test_a_question_that_is_none_is_refused(client: Client, operator: User, asked: dict[str, Any]) -> None:
    client.force_login(operator)
    assert ask(client, **asked).status_code in {400, 404}
    assert entries("footage.viewed") == []


@pytest.mark.parametrize("who", PEOPLE)
def test_only_the_centre_s_operators_and_supervisors_see_footage(
    who: str,
    client: Client,
    request: pytest.FixtureRequest,
    operator: User,
    approved: SearchRequest,
    recording: Recording,
) -> None:
    client.force_login(operator)
    theirs = opened(client, approved, recording)
    is_allowed = who in {"operator", "supervisor"}
    as_person(client, request, who)
    response = ask(client, request=approved.pk, recording=recording.pk)
    assert (response.status_code == 201) == is_allowed
    assert response.status_code in {201, 403, 404}
    for address in addresses(response.json() if is_allowed else theirs):
        assert client.get(address).status_code in ({200} if is_allowed else {403, 404}), address
    clip = client.get(f"/clips/sightings/{make_sighting(recording, after_s=4).pk}.mp4")
    assert (clip.status_code == 200) == is_allowed
    assert clip.status_code in {200, 403, 404}


def test_a_pass_is_of_no_use_to_anybody_else(
    client: Client,
    operator: User,
    supervisor: User,
    approved: SearchRequest,
    recording: Recording,
    record_: Callable[..., Recording],
) -> None:
    other = record_(started_at=NOON + timedelta(hours=1))
    client.force_login(operator)
    answer = opened(client, approved, recording)
    for address in addresses(answer):
        assert client.get(address.replace(f"/{recording.pk}/", f"/{other.pk}/", 1)).status_code == 404
        assert client.get(address.split("?")[0] + "?at_s=1").status_code == 404
        assert client.get(address[:-3] + "abc").status_code in {200, 404}
    client.force_login(supervisor)
    assert [client.get(address).status_code for address in addresses(answer)] == [404] * 4
    client.logout()
    assert all(client.get(address).status_code in {302, 401, 403} for address in addresses(answer))


def test_a_pass_ends_after_an_hour(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(operator)
    now = time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now - 3601)  # type: ignore[attr-defined]
    answer = opened(client, approved, recording)
    monkeypatch.undo()
    for address in addresses(answer):
        response = client.get(address)
        assert response.status_code == 403
        assert response.json()["detail"] == "You opened this footage more than an hour ago. Open it again."


def test_a_right_that_is_withdrawn_ends_playback_with_the_next_request(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, other_centre: Any
) -> None:
    client.force_login(operator)
    answer = opened(client, approved, recording)
    assert client.get(addresses(answer)[1]).status_code == 200
    SearchRequest.objects.update(status="closed", outcome="withdrawn")
    assert [client.get(address).status_code for address in addresses(answer)][:3] == [403, 403, 403]
    assert client.get(addresses(answer)[3]).status_code == 400
    SearchRequest.objects.update(status="searching", outcome="")
    assert client.get(addresses(answer)[1]).status_code == 200
    assert client.get(addresses(answer)[1])["Cache-Control"] == "private, no-store"
    User.objects.filter(pk=operator.pk).update(agency=other_centre)
    assert {client.get(address).status_code for address in addresses(answer)} == {302, 401}  # the session has ended


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "received", "answered", "closed"])
def test_footage_is_seen_for_requests_that_may_be_searched_alone(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, status: str
) -> None:
    client.force_login(operator)
    outcome = "found" if status == "closed" else ""
    is_approved = status in {"answered", "closed"}
    SearchRequest.objects.update(
        status=status, outcome=outcome, **({} if is_approved else {"approved_at": None, "approved_by": None})
    )
    response = ask(client, request=approved.pk, recording=recording.pk)
    assert response.status_code == (404 if status == "draft" else 400)
    assert response.json()["detail"]
    assert entries("footage.viewed") == []


# ── The scope ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_footage_beyond_the_radius_is_refused_by_the_rule_and_the_trail_says_so(
    client: Client, operator: User, approved: SearchRequest, recording: Recording
) -> None:
    client.force_login(operator)
    limit(approved, radius_m=500, last_seen_latitude=36.5, last_seen_longitude=127.289)
    response = ask(client, request=approved.pk, recording=recording.pk)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("Rule “radius” of “")
    assert response.json()["rules"][0]["rule"] == "radius"
    (entry,) = entries("search.refused")
    assert entry.details["camera"] == "C1"
    assert entry.details["rules"][0]["allowed"] == 500
    assert entries("footage.viewed") == []


def test_each_camera_that_was_looked_at_counts_against_the_limit(
    operator: User, approved: SearchRequest, make_camera: Callable[..., Camera], record_: Callable[..., Recording]
) -> None:
    limit(approved, most_cameras=2)
    rows = [record_(camera=make_camera(f"N{number}")) for number in range(3)]
    make_search(approved, [rows[0].camera], operator)
    for _again in range(2):
        footage.open_recording(approved, rows[1], 0.0, actor=operator)
    assert cameras_used(approved) == {rows[0].camera_id, rows[1].camera_id}
    with pytest.raises(OutOfScope, match="3 cameras were asked for, 2 are allowed"):
        footage.open_recording(approved, rows[2], 0.0, actor=operator)
    footage.open_recording(approved, rows[0], 0.0, actor=operator)


def test_a_recording_that_reaches_beyond_the_hours_is_seen_up_to_there(
    client: Client, operator: User, approved: SearchRequest, recording: Recording
) -> None:
    """The file itself is not handed out, and pieces end where the hours do."""
    client.force_login(operator)
    limit(approved, hours=1, last_seen_at=NOON - timedelta(minutes=60) + timedelta(seconds=5))
    answer = opened(client, approved, recording, 2.0)
    assert (answer["is_native"], answer["video"]) == (False, None)
    assert client.get(answer["segments"].replace("{n}", "1")).status_code == 200
    late = client.get(answer["segments"].replace("{n}", "2"))
    assert late.status_code == 403
    assert late.json()["detail"].startswith("Rule “hours” of “")
    assert client.get(answer["frame"].replace("{at_s}", "4.9")).status_code == 200
    assert client.get(answer["frame"].replace("{at_s}", "8")).status_code == 403
    address = answer["segments"].replace("/segments/{n}.mp4", "/video.mp4")
    assert client.get(address).status_code == 403
    assert ask(client, request=approved.pk, recording=recording.pk, at_s=9).status_code == 400


# ── Tracks and clips ────────────────────────────────────────────────────────────────────────────────────────────────


def test_tracks_are_given_for_the_time_that_is_asked_for(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, tracked: Sighting
) -> None:
    Sighting.objects.update(first_seen_at=NOON)
    make_sighting(recording, 2, after_s=4, is_superseded=True, trajectory=tracked.trajectory)
    make_sighting(recording, 3, after_s=4, trajectory=b"damaged")
    client.force_login(operator)
    address = opened(client, approved, recording)["tracks"]
    (row,) = client.get(f"{address}&from_s=2&until_s=3").json()
    assert (row["sighting"], row["kind"]) == (tracked.pk, "person")
    assert [box[0] for box in row["boxes"]] == [2.0, 2.2, 2.4, 2.6, 2.8, 3.0]
    assert row["boxes"][0][1:] == [20.0, 40.0, 50.0, 80.0]
    assert client.get(f"{address}&from_s=11").json() == []
    for wrong in ("from_s=5&until_s=4", "from_s=0&until_s=9999", "from_s=x", "from_s=-1", "from_s=nan"):
        assert client.get(f"{address}&{wrong}").status_code == 400, wrong


def test_a_clip_is_small_short_and_accounted_for_once(
    client: Client, operator: User, supervisor: User, recording: Recording, tracked: Sighting, tmp_path: Path
) -> None:
    client.force_login(operator)
    response = client.get(clip_url(tracked.pk, operator))
    assert (response.status_code, response["Content-Type"]) == (200, "video/mp4")
    assert entries("clip.viewed") == []
    content = body(response)
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with av.open(str(path), "r") as container:
        assert float((container.duration or 0) / av.time_base) <= 6
        assert container.streams.video[0].width <= 480
    part = client.get(clip_url(tracked.pk, operator), headers={"Range": "bytes=0-99"})
    assert (part.status_code, body(part)) == (206, content[:100])
    client.get(clip_url(tracked.pk, supervisor))  # somebody else's pass accounts for nothing
    (entry,) = entries("clip.viewed")
    assert entry.target_id == str(tracked.pk)


# ── The detector ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_detector_looks_at_one_frame(
    client: Client, operator: User, approved: SearchRequest, camera: Camera, models: None, clip: Path, own_worker: None
) -> None:
    client.force_login(operator)
    file = default_storage.save("recordings/street.avi", ContentFile(clip.read_bytes()))
    recording = make_recording(camera, minutes=1, file=file, width=768, height=576)
    asked = {"request": approved.pk, "at_s": 10.0}
    address = f"/api/footage/{recording.pk}/detections/"
    boxes = client.post(address, asked, content_type="application/json").json()
    assert len(boxes) >= 2
    assert boxes == sorted(boxes, key=lambda box: -box["score"])
    assert all(0 <= box["box"][0] < box["box"][2] <= 768 for box in boxes if box["kind"] == "person")
    limit(approved, hours=1, last_seen_at=NOON - timedelta(days=3))
    assert client.post(address, asked, content_type="application/json").status_code == 400


def test_boxes_are_proposed_in_an_uploaded_picture_of_which_nothing_is_kept(
    client: Client, operator: User, models: None, clip: Path, own_worker: None
) -> None:
    client.force_login(operator)
    image = cv2.resize(frame_on_show(clip, 10.0).image, (2304, 1728))
    picture = SimpleUploadedFile("street.jpg", cv2.imencode(".jpg", image)[1].tobytes())
    before = files()
    answer = client.post("/api/proposals/", {"picture": picture, "kind": "person"}).json()
    assert (answer["width"], answer["height"]) == (2304, 1728)
    assert 2 <= len(answer["boxes"]) <= 20
    assert max(box["box"][2] for box in answer["boxes"]) > 1280
    assert files() == before
    assert QueryPicture.objects.count() == 0


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff" + bytes(100)])
def test_what_is_no_picture_is_refused_before_a_worker_is_asked(client: Client, operator: User, content: bytes) -> None:
    client.force_login(operator)
    response = client.post("/api/proposals/", {"picture": SimpleUploadedFile("a.jpg", content)})
    assert response.status_code == 400
    assert "a.jpg" in response.json()["detail"]
    assert client.post("/api/proposals/", {}).status_code == 400


def test_without_a_worker_it_is_said_that_nobody_answers(
    client: Client, operator: User, approved: SearchRequest, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.asking.WAIT_S", 0.2)
    unheard = partial(tasks.find_boxes.apply_async, queue="nobody-listens-here")
    monkeypatch.setattr(tasks.find_boxes, "apply_async", unheard)
    client.force_login(operator)
    asked = {"request": approved.pk, "at_s": 1.0}
    started = time.monotonic()
    response = client.post(f"/api/footage/{recording.pk}/detections/", asked, content_type="application/json")
    assert response.status_code == 503
    assert response.json()["detail"].startswith("The detector is busy")
    assert time.monotonic() - started < 5
