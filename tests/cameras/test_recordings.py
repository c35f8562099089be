"""Adding recordings: what is no video is refused with a sentence, and leaves nothing behind."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from cameras.models import Camera, Recording
from cameras.services.recordings import add_recording
from inference.videos import measure_video
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON


def drawn_video(path: Path, *, frames: int = 20, size: tuple[int, int] = (320, 240)) -> bytes:
    """A short H.264 video of a moving square."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            image = np.full((size[1], size[0], 3), 90, np.uint8)
            image[100:160, number * 4 : number * 4 + 40] = (30, 60, 200)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path.read_bytes()


@pytest.fixture
def video(tmp_path: Path) -> bytes:
    return drawn_video(tmp_path / "v.mp4")


@pytest.fixture
def stored() -> set[Path]:
    """The files in the recordings folder before the test."""
    folder = Path(settings.MEDIA_ROOT) / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    return set(folder.iterdir())


def add(camera: Camera, content: bytes, actor: User, name: str = "v.mp4", *, started_at: datetime = NOON) -> Recording:
    file = ContentFile(content, name)
    return add_recording(camera, file=file, started_at=started_at, measure=measure_video, actor=actor)


def test_a_video_is_measured_and_audited(camera: Camera, operator: User, video: bytes) -> None:
    recording = add(camera, video, operator, "../../etc/cron.d/한글 이름.mp4")
    assert (recording.width, recording.height, recording.fps) == (320, 240, 10)
    assert recording.duration_s == pytest.approx(2.0, abs=0.11)
    assert recording.original_name == "한글 이름.mp4"
    assert Path(recording.file.path).parent == Path(settings.MEDIA_ROOT) / "recordings"
    assert AuditEntry.objects.get().details["sha256"] == recording.sha256


@pytest.mark.parametrize(
    "content", [b"", b"just text, not a video\n" * 50, b"\x00" * 5000], ids=["empty", "text", "zeros"]
)
def test_what_is_no_video_is_refused_and_leaves_nothing(
    camera: Camera, operator: User, content: bytes, stored: set[Path]
) -> None:
    with pytest.raises(ValidationError) as refusal:
        add(camera, content, operator)
    assert len(refusal.value.messages[0]) > 10
    assert Recording.objects.count() == 0
    assert set((Path(settings.MEDIA_ROOT) / "recordings").iterdir()) == stored


def test_the_same_recording_is_not_added_twice(camera: Camera, operator: User, video: bytes) -> None:
    add(camera, video, operator)
    with pytest.raises(ValidationError, match="already"):
        add(camera, video, operator)
    assert Recording.objects.count() == 1


def test_a_start_in_the_future_is_refused_unless_a_clock_may_be_fast(
    camera: Camera, operator: User, video: bytes, stored: set[Path]
) -> None:
    now = timezone.now()
    with pytest.raises(ValidationError, match="lies in the future") as refusal:
        add(camera, video, operator, started_at=now + timedelta(minutes=6))
    assert list(refusal.value.message_dict) == ["started_at"]
    assert set((Path(settings.MEDIA_ROOT) / "recordings").iterdir()) == stored
    add(camera, video, operator, started_at=now + timedelta(minutes=4))


def test_other_people_may_not_add_one(camera: Camera, officer: User, stranger: User, video: bytes) -> None:
    with pytest.raises(PermissionDenied):
        add(camera, video, officer)
    with pytest.raises(ValidationError, match="another control centre"):
        add(camera, video, stranger)


def test_recordings_are_seen_by_their_centre_alone(
    camera: Camera, operator: User, officer: User, stranger: User, video: bytes
) -> None:
    add(camera, video, operator)
    assert Recording.objects.visible_to(operator).count() == 1
    assert Recording.objects.visible_to(officer).count() == 0
    assert Recording.objects.visible_to(stranger).count() == 0


def test_the_admin_adds_a_recording_and_says_what_is_wrong_with_a_bad_one(
    camera: Camera, supervisor: User, video: bytes
) -> None:
    client = Client()
    client.force_login(supervisor)
    address = reverse("admin:cameras_recording_add")
    values: dict[str, Any] = {"camera": camera.pk, "started_at_0": "2026-11-20", "started_at_1": "12:00:00"}
    inline = {"analyses-TOTAL_FORMS": 0, "analyses-INITIAL_FORMS": 0}
    refused = client.post(address, values | inline | {"file": ContentFile(b"text", "x.mp4")})
    assert refused.status_code == 200
    assert "file" in refused.context["adminform"].form.errors
    tomorrow = f"{localtime(timezone.now() + timedelta(days=1)):%Y-%m-%d}"
    too_early = client.post(address, values | inline | {"started_at_0": tomorrow, "file": ContentFile(video, "x.mp4")})
    assert list(too_early.context["adminform"].form.errors) == ["started_at"]
    accepted = client.post(address, values | inline | {"file": ContentFile(video, "x.mp4")})
    assert accepted.status_code == 302
    recording = Recording.objects.get()
    assert recording.started_at == NOON  # typed in Seoul's time, stored in UTC
    assert client.get(reverse("admin:cameras_recording_change", args=[recording.pk])).status_code == 200
