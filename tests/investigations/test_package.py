"""The evidence package job: what goes into the file, what never does, and that it verifies offline."""

import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile

from cameras.models import Camera
from inference.core.detections import Box
from inference.core.trajectory import Trajectory, encode
from inference.models import Sighting
from investigations.evidence.verify import verify_file
from investigations.models import Answer, AnswerItem, EvidencePackage, SearchRequest, Unmasking
from investigations.package import make_package
from investigations.services.packages import request_package
from portal.accounts.models import User
from tests.conftest import make_answer, make_recording, make_sighting
from tests.core.drawing import BLUE, RED, draw_figure, street, write_video

pytestmark = pytest.mark.usefixtures("models", "report_fonts")
TARGET, OTHER = Box(40, 40, 104, 168), Box(200, 40, 264, 168)


@pytest.fixture(autouse=True)
def _key(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "key.pem")


@pytest.fixture
def recording(camera: Camera, tmp_path: Path) -> Any:
    """Four seconds in which a red and a blue figure stand apart."""
    image = street()
    draw_figure(image, TARGET, RED)
    draw_figure(image, OTHER, BLUE)
    path = write_video(tmp_path / "street.mp4", [image] * 40)
    row = make_recording(camera, minutes=4 / 60)
    row.file.save("street.mp4", ContentFile(path.read_bytes()))
    return row


def seen(recording: Any, number: int, box: Box) -> Sighting:
    track = Trajectory.of((second / 5, box) for second in range(20))
    values: dict[str, Any] = {"x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2, "trajectory": encode(track)}
    return make_sighting(
        recording, number, after_s=1, last_seen_at=recording.started_at + timedelta(seconds=3), **values
    )


@pytest.fixture
def target(recording: Any) -> Sighting:
    return seen(recording, 1, TARGET)


@pytest.fixture
def other(recording: Any) -> Sighting:
    return seen(recording, 2, OTHER)


@pytest.fixture
def answer(approved: SearchRequest, target: Sighting, other: Sighting, operator: User) -> Answer:
    values = {"text": "호수에서 확인", "audit_sequence": 7, "audit_root": "ab" * 32}
    return make_answer(approved, operator, target, **values)


def make(answer: Answer, actor: User, **values: Any) -> EvidencePackage:
    package = request_package(answer, reason="for the court", margin_s=0, actor=actor, **values)
    make_package(package.pk)
    package.refresh_from_db()
    assert package.status == "done", package.error
    return package


def contrast(path: Path, box: Box) -> float:
    """How much detail is left within a box of a clip's first frame: the drawn squares have much, a mosaic none."""
    from inference.core.video import frame_at

    x1, y1, x2, y2 = (int(edge) for edge in box)
    part = frame_at(path, 0).image[y1 + 8 : y2 - 8, x1 + 8 : x2 - 8]
    return float(np.abs(np.diff(part.astype(int), axis=1)).mean())


def extract(package: EvidencePackage, pattern: str, folder: Path) -> Path:
    with zipfile.ZipFile(package.file.path) as archive:
        [name] = [name for name in archive.namelist() if name.startswith(pattern)]
        return Path(archive.extract(name, folder))


def test_the_package_holds_what_a_court_needs_and_verifies(answer: Answer, operator: User, tmp_path: Path) -> None:
    package = make(answer, operator)
    with zipfile.ZipFile(package.file.path) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert names == {
        "manifest.json",
        "manifest.sig",
        "clips/001-C1.mp4",
        "pictures/001.jpg",
        "README.txt",
        "scenes/001-C1.jpg",
        "path.geojson",
        "path.kml",
        "path.gpx",
        "report-ko.pdf",
        "report-en.pdf",
        "verify.py",
        "verify.html",
    }
    assert manifest["audit"] == {"sequence": 7, "hash": "ab" * 32}
    key = "".join(package.key_fingerprint.split())
    assert verify_file(Path(package.file.path), key=key).is_intact
    assert package.size == Path(package.file.path).stat().st_size


def test_the_verifier_of_the_package_runs_by_itself(answer: Answer, operator: User, tmp_path: Path) -> None:
    package = make(answer, operator)
    verifier = extract(package, "verify.py", tmp_path)
    key = "".join(package.key_fingerprint.split())
    command = [sys.executable, "-I", str(verifier), package.file.path, "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    content = bytearray(Path(package.file.path).read_bytes())
    content[len(content) // 2] ^= 1
    Path(package.file.path).write_bytes(content)
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_bystanders_are_masked_and_the_target_is_not(answer: Answer, operator: User, tmp_path: Path) -> None:
    clip = extract(make(answer, operator), "clips/", tmp_path)
    assert contrast(clip, TARGET) > 5 * contrast(clip, OTHER)


def test_an_unmasked_track_is_shown_and_said(answer: Answer, other: Sighting, supervisor: User, tmp_path: Path) -> None:
    package = make(answer, supervisor, unmasked=[(other, "the companion")])
    assert Unmasking.objects.get(package=package).reason == "the companion"
    clip = extract(package, "clips/", tmp_path)
    assert contrast(clip, OTHER) == pytest.approx(contrast(clip, TARGET), rel=0.5)


def test_clips_as_recorded_are_bit_for_bit_the_recordings(
    answer: Answer, recording: Any, supervisor: User, tmp_path: Path
) -> None:
    from inference.core.video import frame_at

    original = extract(make(answer, supervisor, has_originals=True), "originals/", tmp_path)
    assert np.array_equal(frame_at(original, 0).image, frame_at(recording.file.path, 1).image)


def test_destroyed_footage_is_said_and_the_rest_is_there(answer: Answer, operator: User, tmp_path: Path) -> None:
    AnswerItem.objects.update(sighting=None)
    text = extract(make(answer, operator), "clips/", tmp_path)
    assert text.suffix == ".txt"
    assert "destroyed" in text.read_text(encoding="utf-8")


def test_a_recording_that_cannot_be_read_is_said(
    answer: Answer, recording: Any, operator: User, tmp_path: Path
) -> None:
    Path(recording.file.path).write_bytes(b"no video")
    assert "cannot be read" in extract(make(answer, operator), "clips/", tmp_path).read_text(encoding="utf-8")


def test_a_cancelled_package_leaves_nothing(answer: Answer, operator: User, settings: Any) -> None:
    package = request_package(answer, reason="for the court", actor=operator)
    EvidencePackage.objects.filter(pk=package.pk).update(status="cancelled")
    make_package(package.pk)
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.zip"))


def test_a_key_that_others_can_read_signs_nothing(answer: Answer, operator: User, settings: Any) -> None:
    package = request_package(answer, reason="for the court", actor=operator)
    Path(settings.EVIDENCE_KEY_FILE).write_text("x")
    Path(settings.EVIDENCE_KEY_FILE).chmod(0o644)
    make_package(package.pk)
    package.refresh_from_db()
    assert (package.status, "chmod 600" in package.error) == ("failed", True)
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.zip"))
