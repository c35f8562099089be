"""A package's contents with drawn pictures and invented people, the report's font, and a signing key."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cameras.gis import distance_m
from investigations.evidence.archive import Facts, Source, measure_all, write_archive
from investigations.evidence.content import (
    Act,
    AuditRoot,
    Bilingual,
    CertificateRow,
    Content,
    GeoPoint,
    Item,
    MapArea,
    Person,
)
from tests.conftest import NOON, drawn_person

PLACES = [(36.4990, 127.2716), (36.4984, 127.2680), (36.5004, 127.2750), (36.5040, 127.2651), (36.4957, 127.2700)]
OPERATOR = Person("김하늘", "세종시 도시통합정보센터", Bilingual("관제요원", "operator"))
SUPERVISOR = Person("이도담", "세종시 도시통합정보센터", Bilingual("책임자", "supervisor"))
OFFICER = Person("박누리", "세종남부경찰서", Bilingual("수사관", "officer"))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AUDIT = AuditRoot(4711, "ab" * 32)


def make_point(number: int, before: GeoPoint | None = None, **values: Any) -> GeoPoint:
    """A stop at one of five places, four minutes after the one before."""
    latitude, longitude = PLACES[(number - 1) % len(PLACES)]
    seen_at = NOON + timedelta(minutes=4 * number)
    hop_m = distance_m((before.latitude, before.longitude), (latitude, longitude)) if before else None
    defaults: dict[str, Any] = {
        "camera_code": f"SJ-01{number % 5:02}",
        "camera_name": f"호수공원 {number % 5 + 1}번 입구",
        "latitude": latitude,
        "longitude": longitude,
        "first_seen_at": seen_at,
        "last_seen_at": seen_at + timedelta(seconds=9),
        "hop_m": hop_m,
        "hop_s": 231.0 if before else None,
        "speed_mps": hop_m / 231 if hop_m else None,
    }
    return GeoPoint(number, **(defaults | values))


def make_path(count: int, impossible: tuple[int, ...] = ()) -> list[GeoPoint]:
    points: list[GeoPoint] = []
    for number in range(1, count + 1):
        before = points[-1] if points else None
        points.append(make_point(number, before, is_impossible=number in impossible))
    return points


def make_item(point: GeoPoint, **values: Any) -> Item:
    act = Bilingual("동일인으로 확인", "confirmed as the same person")
    defaults: dict[str, Any] = {
        "seen_at": point.first_seen_at + timedelta(seconds=4),
        "picture": drawn_person((40, 40 + point.number % 5 * 40, 200), size=(96, 170 + point.number % 50)),
        "similarity": 0.914 - point.number / 1000,
        "odds": 1840.0 / point.number,
        "rank": point.number,
        "compared": 48_213,
        "reviews": (
            Act(act, OPERATOR, NOON + timedelta(hours=2)),
            Act(act, SUPERVISOR, NOON + timedelta(hours=3), note="빨간 외투와 걸음걸이가 같음"),
        ),
    }
    return Item(point, **(defaults | values))


def make_certificate(count: int) -> list[CertificateRow]:
    """Cameras with two hours asked for: most searched whole, some with gaps."""
    gaps: list[dict[str, float]] = [{}, {}, {"offline_s": 1800}, {"unindexed_s": 900, "missing_s": 600}, {}]
    rows = []
    for number, gap in enumerate(islice(cycle(gaps), count)):
        latitude, longitude = PLACES[number % 5]
        rows.append(
            CertificateRow(
                f"SJ-{number:04}",
                f"호수공원 {number + 1}번",
                NOON - timedelta(hours=1),
                NOON + timedelta(hours=1),
                searched_s=7200 - sum(gap.values()),
                position=(latitude + number // 5 * 0.0007, longitude - number // 5 * 0.0005),
                **gap,
            )
        )
    return rows


SQUARE = ((127.20, 36.45), (127.27, 36.45), (127.27, 36.55), (127.20, 36.55), (127.20, 36.45))
NEXT = ((127.27, 36.45), (127.34, 36.45), (127.34, 36.55), (127.27, 36.55), (127.27, 36.45))
AREAS = (MapArea("연기면", ((SQUARE,),)), MapArea("나성동", ((NEXT,),)))


def make_content(count: int = 4, **values: Any) -> Content:
    """What a package of so many sightings says."""
    submitted = Act(Bilingual("요청", "asked"), OFFICER, NOON, note="치매 어르신, 휴대전화 없음")
    approved = Act(Bilingual("승인", "approved"), SUPERVISOR, NOON + timedelta(minutes=12))
    searched = Act(Bilingual("검색", "searched"), OPERATOR, NOON + timedelta(minutes=15))
    answered = Act(Bilingual("회신", "answered"), OPERATOR, NOON + timedelta(hours=4))
    defaults: dict[str, Any] = {
        "package_id": "P-2026-000123",
        "case_number": "2026-세종남부-0142",
        "case_title": "호수공원 실종 어르신 수색",
        "case_kind": Bilingual("치매 어르신 실종", "wandering elderly person"),
        "request_number": "2026-0142-1",
        "answer_number": 1,
        "station": "세종남부경찰서",
        "centre": "세종시 도시통합정보센터",
        "legal_basis": Bilingual("실종아동등의 발견", "Finding missing children and others"),
        "statute": "실종아동등의 보호 및 지원에 관한 법률 제9조",
        "document_number": "세종남부-수사-3391",
        "purpose": "실종 신고된 어르신의 이동 경로를 확인하여 신속히 발견하기 위함",
        "wanted": "78세 남성, 빨간 외투, 검은 바지, 키 165cm 정도",
        "acts": (submitted, approved, searched, answered),
        "answer_text": (
            "요청하신 분으로 보이는 사람이 호수공원 일대에서 12시 4분부터 12시 16분까지 네 차례 확인되었습니다.\n"
            "마지막으로 확인된 곳은 4번 카메라이며, 북서쪽으로 걸어갔습니다. 그 뒤의 경로는 확인되지 않았습니다."
        ),
        "items": tuple(make_item(point) for point in make_path(count)),
        "certificate": tuple(make_certificate(12)),
        "areas": AREAS,
        "audit": AUDIT,
        "made_at": NOON + timedelta(hours=5),
        "made_by": OPERATOR,
    }
    return Content(**(defaults | values))


FACTS = Facts("P-2026-000123", "2026-0142-1", 1, NOON, "김하늘 (세종시 도시통합정보센터)", AUDIT)


def small_files() -> dict[str, Source]:
    """What a package holds, small: text, an empty file, bytes of every value, a name in Korean."""
    return {
        "report-ko.pdf": b"%PDF-1.7 drawn",
        "pictures/001.jpg": drawn_person(),
        "clips/호수공원 1.mp4": bytes(range(256)) * 4,
        "clips/empty.mp4": b"",
    }


def write_small(path: Path, files: Mapping[str, Source] | None = None) -> Path:
    write_archive(path, measure_all(small_files() if files is None else files), facts=FACTS, key=KEY)
    return path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_small(tmp_path / "package.zip")


@pytest.fixture(scope="session")
def fonts(report_fonts: Path) -> Path:
    return report_fonts
