"""The demo's small world: two agencies, four people, cameras at real places in Sejong, two recordings.

Running it again finds what is there. People, agencies and cameras stand for what an administrator would have entered
before; everything an officer or operator does goes through the verbs, in `walk`.
"""

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.utils import timezone

from cameras.models import Camera, Recording
from cameras.services.cameras import add_camera
from cameras.services.recordings import add_recording
from inference.videos import measure_video
from portal.accounts.models import Agency, User
from portal.accounts.services.people import save_agency, save_user

POLICE = "세종남부경찰서"
CENTRE = "세종도시통합정보센터"
PEOPLE = [
    ("officer", User.Role.OFFICER, POLICE, "김", "하늘"),
    ("operator", User.Role.OPERATOR, CENTRE, "이", "보람"),
    ("supervisor", User.Role.SUPERVISOR, CENTRE, "박", "가온"),
    ("admin", User.Role.ADMINISTRATOR, "", "최", "누리"),
]
LEFT, RIGHT = "SJ-0101", "SJ-0102"
# Places are real, their cameras are not: positions to about 50 m, directions invented.
CAMERAS: list[tuple[str, str, str, float, float, float]] = [
    (LEFT, "세종호수공원 산책로 서", "세종특별자치시 어진동", 36.49900, 127.27160, 200),
    (RIGHT, "세종호수공원 산책로 동", "세종특별자치시 어진동", 36.49900, 127.27205, 160),
    ("SJ-0103", "국립세종도서관 앞", "세종특별자치시 어진동", 36.49840, 127.26800, 90),
    ("SJ-0104", "정부세종청사 남측", "세종특별자치시 어진동", 36.50400, 127.26510, 180),
    ("SJ-0105", "국립세종수목원 입구", "세종특별자치시 연기면 세종리", 36.49850, 127.28600, 270),
    ("SJ-0106", "금강보행교 북단", "세종특별자치시 보람동", 36.47570, 127.28160, 180),
    ("SJ-0107", "세종시청 광장", "세종특별자치시 보람동", 36.48010, 127.28900, 0),
    ("SJ-0108", "세종고속시외버스터미널", "세종특별자치시 대평동", 36.46970, 127.27370, 45),
    ("SJ-0109", "나성동 먹자골목", "세종특별자치시 나성동", 36.48660, 127.25800, 135),
    ("SJ-0110", "한솔동 첫마을", "세종특별자치시 한솔동", 36.47720, 127.25300, 225),
    ("SJ-0111", "도담동 싱싱장터", "세종특별자치시 도담동", 36.51400, 127.25900, 315),
    ("SJ-0112", "조치원역 광장", "세종특별자치시 조치원읍 원리", 36.60100, 127.29600, 90),
]


class SceneError(Exception):
    """The demo's world cannot be made here; the message says why."""


@dataclass(frozen=True)
class Scene:
    """Who and what the demo works with."""

    people: dict[str, User]
    passwords: dict[str, str]
    centre: Agency
    recordings: list[Recording]


def set_the_scene(halves: tuple[Path, Path]) -> Scene:
    """Create what is missing of the demo's world and return all of it."""
    passwords = _passwords()
    admin = _first_administrator(passwords["admin"])
    agencies = {name: _agency(name, kind, admin) for name, kind in ((POLICE, "police"), (CENTRE, "centre"))}
    people = {person[0]: _person(person, agencies, passwords, admin) for person in PEOPLE}
    admin = people["admin"]
    for camera in CAMERAS:
        _camera(camera, agencies[CENTRE], admin)
    started_at = timezone.now().replace(second=0, microsecond=0) - timedelta(hours=1)
    recordings = [
        _recording(code, half, started_at, people["operator"]) for code, half in zip((LEFT, RIGHT), halves, strict=True)
    ]
    return Scene(people, passwords, agencies[CENTRE], recordings)


def _passwords() -> dict[str, str]:
    """Passwords are drawn once and kept beside the database, readable by the owner alone."""
    path = Path(settings.VAR_DIR) / "demo-passwords.json"
    if path.exists():
        kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return kept
    if User.objects.exists():
        raise SceneError(
            "This database holds people already, and the demo would change their accounts. Unset DATABASE_URL, or set "
            "DONGSEON_VAR to an empty folder."
        )
    passwords = {username: secrets.token_urlsafe(9) for username, *_rest in PEOPLE}
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(passwords, file)
    return passwords


def _first_administrator(password: str) -> User:
    """The one person nobody can have registered through a verb."""
    username, role, _agency_name, last_name, first_name = PEOPLE[-1]
    admin, is_new = User.objects.get_or_create(
        username=username,
        defaults={"role": role, "last_name": last_name, "first_name": first_name, "is_staff": True},
    )
    if is_new or not admin.check_password(password):
        admin.set_password(password)
        admin.save()
    return admin


def _agency(name: str, kind: str, admin: User) -> Agency:
    found = Agency.objects.filter(name=name).first()
    return found or save_agency(Agency(name=name, kind=kind), actor=admin, changed=["name", "kind"])


def _person(
    person: tuple[str, User.Role, str, str, str], agencies: dict[str, Agency], passwords: dict[str, str], admin: User
) -> User:
    username, role, agency, last_name, first_name = person
    user = User.objects.filter(username=username).first() or User(username=username)
    if user.check_password(passwords[username]):
        return user
    user.role, user.agency, user.last_name, user.first_name = role, agencies.get(agency), last_name, first_name
    user.set_password(passwords[username])
    return save_user(user, actor=admin, changed=["username", "role", "agency", "password"])


def _camera(row: tuple[str, str, str, float, float, float], centre: Agency, admin: User) -> Camera:
    code, name, address, latitude, longitude, bearing_deg = row
    found = Camera.objects.filter(code=code).first()
    if found:
        return found
    camera = Camera(code=code, name=name, address=address, latitude=latitude, longitude=longitude, centre=centre)
    camera.bearing_deg, camera.retention_days = bearing_deg, 3650  # a demo is looked at again after a month
    return add_camera(camera, actor=admin)


def _recording(code: str, half: Path, started_at: datetime, operator: User) -> Recording:
    """The recording of a camera; another clip than last time is a further recording."""
    camera = Camera.objects.get(code=code)
    measured_s = measure_video(half, half.name).duration_s
    for known in camera.recordings.order_by("-started_at"):
        if known.original_name == half.name and abs(known.duration_s - measured_s) < 0.01:
            return known
    with half.open("rb") as file:
        return add_recording(
            camera, file=File(file, half.name), started_at=started_at, measure=measure_video, actor=operator
        )
