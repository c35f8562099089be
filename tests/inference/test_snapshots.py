"""The last picture of a camera: who may look, what is kept of the look, and what becomes of broken files."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import File
from django.test import Client
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import override

from cameras.models import Camera, Recording
from cameras.services.recordings import add_recording
from inference.core.images import decode_jpeg
from inference.videos import measure_video
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, make_recording
from tests.core.drawing import write_video


def grey(value: int, width: int = 1280) -> Any:
    return np.full((width * 9 // 16, width, 3), value, np.uint8)


@pytest.fixture
def recording(camera: Camera, operator: User, tmp_path: Path) -> Recording:
    """Four seconds that grow brighter by the second, before which the camera saw nothing but black."""
    add(camera, operator, tmp_path, [grey(0)] * 10, NOON - timedelta(hours=1))
    return add(camera, operator, tmp_path, [grey(50 * (n // 10 + 1)) for n in range(40)], NOON)


def add(camera: Camera, operator: User, folder: Path, images: list[Any], started_at: Any) -> Recording:
    path = write_video(folder / "clip.mp4", images)
    with path.open("rb") as file:
        return add_recording(
            camera, file=File(file, path.name), started_at=started_at, measure=measure_video, actor=operator
        )


def ask(user: User, camera: Camera) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(reverse("camera-snapshot", args=[camera.pk]))


def test_the_last_picture_is_shown_and_the_look_is_kept(recording: Recording, operator: User) -> None:
    answer = ask(operator, recording.camera)
    picture = decode_jpeg(answer.content)
    assert picture.shape == (540, 960, 3)
    assert abs(int(picture.mean()) - 200) < 5  # of the last second
    taken_at = parse_datetime(answer["X-Taken-At"])
    assert taken_at
    assert 2.5 <= (taken_at - NOON).total_seconds() <= 3.5
    assert answer["Cache-Control"] == "private, no-store"
    entry = AuditEntry.objects.get(action="picture.viewed")
    assert (entry.target_id, entry.reason, entry.details["camera"]) == (str(recording.pk), "camera check", "C1")
    with override("ko"):
        entry.refresh_from_db()
    assert entry.reason == "카메라 점검"


@pytest.mark.parametrize(("who", "status"), [("officer", 403), ("administrator", 403), ("stranger", 404)])
def test_who_sees_no_footage_sees_no_picture(
    who: str, status: int, recording: Recording, request: pytest.FixtureRequest
) -> None:
    assert ask(request.getfixturevalue(who), recording.camera).status_code == status
    assert not AuditEntry.objects.filter(action="picture.viewed").exists()


def test_a_camera_without_a_recording_says_so(camera: Camera, operator: User) -> None:
    answer = ask(operator, camera)
    assert (answer.status_code, answer.json()) == (404, {"detail": "This camera has no recording yet."})


def test_a_lost_file_is_said_by_its_name(camera: Camera, operator: User) -> None:
    make_recording(camera, original_name="gate.mp4")
    answer = ask(operator, camera)
    assert (answer.status_code, answer.json()) == (404, {"detail": "gate.mp4: there is no such file."})
    assert not AuditEntry.objects.filter(action="picture.viewed").exists()
    Recording.objects.update(file="")
    assert ask(operator, camera).json() == {"detail": "The file of this recording is no longer stored."}


def test_a_recording_that_breaks_off_shows_its_beginning(recording: Recording, operator: User) -> None:
    Recording.objects.filter(pk=recording.pk).update(duration_s=3600)
    assert abs(int(decode_jpeg(ask(operator, recording.camera).content).mean()) - 50) < 5
