"""A search starts from frames that the server cuts itself, within the scope; its words and plate are kept with it."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from cameras.models import Camera, Recording
from inference.core.images import decode_jpeg
from inference.core.video import frame_on_show
from investigations.models import QueryPicture, Search, SearchRequest
from investigations.services.scopes import OutOfScope
from investigations.services.searches import FootageFrame, SearchTerms, start_search
from portal.accounts.models import User
from tests.conftest import NOON, make_recording
from tests.core.drawing import moving_noise, write_video
from tests.investigations.conftest import entries
from tests.investigations.destroying import expire, files, purge

HOURS = {"starts_at": "2026-11-20T02:00:00Z", "ends_at": "2026-11-20T04:00:00Z"}
BOX = [10.0, 40.0, 40.0, 80.0]


@pytest.fixture
def footage(camera: Camera, tmp_path: Path) -> Recording:
    """Six drawn seconds, kept as a recording."""
    path = write_video(tmp_path / "a.mp4", moving_noise(60))
    file = default_storage.save("recordings/a.mp4", ContentFile(path.read_bytes()))
    return make_recording(camera, minutes=0.1, file=file, width=128, height=96)


def start(client: Client, request: SearchRequest, camera: Camera, **asked: Any) -> Any:
    asked = {"cameras": [camera.pk], **HOURS, **asked}
    return client.post(f"/api/requests/{request.pk}/searches/", asked, content_type="application/json")


def terms(camera: Camera, *frames: FootageFrame, **values: Any) -> SearchTerms:
    return SearchTerms([camera], NOON - timedelta(hours=1), NOON + timedelta(hours=1), frames=frames, **values)


def test_the_server_cuts_the_very_frame_that_was_on_show(
    client: Client, operator: User, approved: SearchRequest, footage: Recording
) -> None:
    client.force_login(operator)
    frame = {"recording": footage.pk, "at_s": 2.55, "box": BOX}
    response = start(
        client, approved, footage.camera, frames=[frame, {"recording": footage.pk, "at_s": 0, "box": None}]
    )
    assert response.status_code == 201, response.content
    search = Search.objects.get(pk=response.json()["id"])
    first, second = search.pictures.all()
    assert (first.recording, first.at_s, first.box, first.error) == (footage, 2.55, tuple(BOX), "")
    assert (second.at_s, second.box) == (0.0, None)
    with first.image.open("rb") as file:
        stored = decode_jpeg(file.read())
    frames = {at_s: frame_on_show(footage.file.path, at_s).image for at_s in (2.4, 2.5, 2.6)}
    assert min(frames, key=lambda at_s: abs(stored.astype(int) - frames[at_s]).mean()) == 2.5
    assert first.original_name == "C1 2026-11-20 12:00:02"
    (entry,) = entries("search.started")
    assert entry.details["frames"] == [
        {"camera": "C1", "recording": footage.pk, "at": "2026-11-20T03:00:02.550000+00:00", "box": BOX},
        {"camera": "C1", "recording": footage.pk, "at": "2026-11-20T03:00:00+00:00", "box": None},
    ]
    shown = client.get(f"/api/searches/{search.pk}/").json()["pictures"][0]
    assert (shown["recording"], shown["at_s"], shown["box"]) == (footage.pk, 2.55, BOX)


def test_words_and_plate_are_kept_with_the_search_and_in_the_trail(
    client: Client, operator: User, approved: SearchRequest, footage: Recording
) -> None:
    client.force_login(operator)
    frames = [{"recording": footage.pk, "at_s": 1}]
    words = ["빨간 코트", "  red   coat ", "빨간 코트", ""]
    response = start(client, approved, footage.camera, frames=frames, description=words, plate="12가 34?? ")
    assert response.json()["description"] == ["빨간 코트", "red coat"]
    assert response.json()["plate"] == "12가34??"
    (entry,) = entries("search.started")
    assert entry.details["description"] == ["빨간 코트", "red coat"]
    assert entry.details["plate"] == "12가34??"


@pytest.mark.parametrize(
    "wrong",
    [
        {"plate": "<script>"},
        {"plate": "1" * 21},
        {"plate": "1" * 65},
        {"plate": "??*"},
        {"description": "red"},
        {"description": ["x" * 41]},
        {"description": [f"word {number}" for number in range(13)]},
        {"description": [1]},
        {"frames": "x"},
        {"frames": [1]},
        {"frames": [{"recording": 1}]},
        {"frames": [{"recording": "x", "at_s": 1}]},
        {"frames": [{"recording": True, "at_s": 1}]},
        {"frames": [{"recording": [1], "at_s": 1}]},
        {"frames": [{"recording": 999, "at_s": 1}]},
        {"frames": [{"recording": 1, "at_s": -1}]},
        {"frames": [{"recording": 1, "at_s": 1, "box": [1, 2, 3]}]},
        {"frames": [{"recording": 1, "at_s": 1, "box": [5, 5, 1, 1]}]},
    ],
)
def test_terms_that_are_none_are_refused(
    client: Client, operator: User, approved: SearchRequest, footage: Recording, wrong: dict[str, Any]
) -> None:
    client.force_login(operator)
    response = start(client, approved, footage.camera, **({"frames": [{"recording": footage.pk, "at_s": 1}]} | wrong))
    assert response.status_code == 400
    assert set(response.json()) <= {*wrong, "detail"}
    assert Search.objects.count() == 0


def test_a_form_carries_frames_as_json(
    client: Client, operator: User, approved: SearchRequest, footage: Recording
) -> None:
    client.force_login(operator)
    frames = json.dumps([{"recording": footage.pk, "at_s": 1}])
    asked = {"cameras": json.dumps([footage.camera_id]), **HOURS, "frames": frames, "description": '["red coat"]'}
    assert client.post(f"/api/requests/{approved.pk}/searches/", asked).status_code == 201


def test_a_frame_that_cannot_be_cut_keeps_the_reason_and_the_rest_goes_on(
    operator: User, approved: SearchRequest, footage: Recording
) -> None:
    frames = [FootageFrame(footage, 2.0), FootageFrame(footage, 500.0)]
    search = start_search(approved, terms(footage.camera, *frames), actor=operator)
    good, bad = search.pictures.all()
    assert (good.error, bad.image.name) == ("", "")
    assert "has no frame in the asked-for time" in bad.error
    assert "C1 2026" in bad.error
    with pytest.raises(ValidationError, match="no frame in the asked-for time"):
        start_search(approved, terms(footage.camera, frames[1]), actor=operator)


def test_a_frame_of_another_centre_is_refused(
    client: Client,
    operator: User,
    approved: SearchRequest,
    footage: Recording,
    other_centre: Any,
    make_camera: Callable[..., Camera],
) -> None:
    foreign = make_recording(make_camera("F1", centre=other_centre))
    with pytest.raises(PermissionDenied, match="belong to another control centre"):
        start_search(approved, terms(footage.camera, FootageFrame(foreign, 1.0)), actor=operator)
    client.force_login(operator)
    assert start(client, approved, footage.camera, frames=[{"recording": foreign.pk, "at_s": 1}]).status_code == 400


def test_a_frame_beyond_the_scope_is_refused_and_the_trail_says_so(
    operator: User, approved: SearchRequest, footage: Recording, make_camera: Callable[..., Camera]
) -> None:
    SearchRequest.objects.update(radius_m=500, last_seen_latitude=36.48, last_seen_longitude=127.289)
    approved.refresh_from_db()
    far = make_recording(make_camera("FAR", latitude=36.6), file=footage.file.name)
    with pytest.raises(OutOfScope, match="the cameras reach"):
        start_search(approved, terms(footage.camera, FootageFrame(far, 1.0)), actor=operator)
    (entry,) = entries("search.refused")
    assert entry.details["frames"][0]["camera"] == "FAR"
    assert Search.objects.count() == 0


def test_frames_count_among_the_pictures(operator: User, approved: SearchRequest, footage: Recording) -> None:
    with pytest.raises(ValidationError, match="At most 10 pictures"):
        start_search(approved, terms(footage.camera, *[FootageFrame(footage, 1.0)] * 11), actor=operator)


def test_a_picture_of_a_case_outlives_its_recording_and_goes_with_the_request(
    operator: User, approved: SearchRequest, footage: Recording
) -> None:
    """Cut for a case, it is case material, as if it had been uploaded; words and plate go as well."""
    frame = FootageFrame(footage, 1.0, (1.0, 2.0, 30.0, 40.0))
    search = start_search(
        approved, terms(footage.camera, frame, description=["red coat"], plate="12가"), actor=operator
    )
    Recording.objects.update(
        started_at=timezone.now() - timedelta(days=40), ends_at=timezone.now() - timedelta(days=40)
    )
    expire()
    picture = QueryPicture.objects.get()
    assert (picture.recording_id, picture.at_s) == (None, 1.0)
    assert default_storage.exists(str(picture.image))
    now = timezone.now()
    SearchRequest.objects.update(status="closed", outcome="found", closed_at=now, purge_at=now - timedelta(seconds=1))
    purge()
    assert QueryPicture.objects.count() == 0
    assert not [name for name in files() if name.startswith("queries/")]
    search.refresh_from_db()
    assert (search.description, search.plate) == ([], "")
