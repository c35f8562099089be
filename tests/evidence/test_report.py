"""The report prints: its text can be searched, its pages are numbered, and nothing overflows or is lost."""

import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import gettext, override
from pypdf import PdfReader

from cameras.basemap import boundaries
from investigations.evidence.content import Act, CertificateRow, Content, FileHash, Item, map_areas
from investigations.evidence.coverage import certificate_story
from investigations.evidence.fonts import load_fonts, shown
from investigations.evidence.path_map import Mark, PathMap, Projection, nice_length
from investigations.evidence.report import make_report
from investigations.evidence.words import clock, duration, percent, short_span, span
from tests.conftest import NOON
from tests.evidence.conftest import (
    OPERATOR,
    make_certificate,
    make_content,
    make_item,
    make_path,
    make_point,
)

FINGERPRINT = " ".join(f"{number:04x}" for number in range(0xA000, 0xA010))
HASH = "0123456789abcdef" * 4


def read(content: Content, fonts: Path, language: str = "ko") -> PdfReader:
    return PdfReader(io.BytesIO(make_report(content, language=language, fonts=fonts)))


def words(reader: PdfReader) -> str:
    """All text, spaces made one: where a line breaks is no matter."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


@pytest.fixture(scope="module")
def content() -> Content:
    files = (FileHash("clips/001.mp4", 123_456_789, HASH),)
    return make_content(4, files=files, fingerprint=FINGERPRINT, document_number="세종남부-수사-3391")


def test_the_korean_report_says_everything_in_text_that_can_be_searched(content: Content, fonts: Path) -> None:
    text = words(read(content, fonts))
    for wanted in (
        content.case_title,
        content.statute,
        content.document_number,
        content.purpose,
        content.wanted,
        content.answer_text.splitlines()[0],
        "실종아동등의 발견",
        "박누리 (세종남부경찰서, 수사관)",
        "2026-11-20 12:12:00",  # Korean time, nine hours ahead of UTC
        "호수공원 2번 입구",
        "36.499000, 127.271600",
        "0.913",
        "빨간 외투와 걸음걸이가 같음",
        "329 m",
        "92.4%",
        HASH,
        "123,456,789",
        "ab" * 32,
        "4711",
    ):
        assert wanted in text, wanted
    assert FINGERPRINT.replace(" ", "") in text.replace(" ", "")


def test_each_language_is_in_its_own_words(content: Content, fonts: Path) -> None:
    with override("ko"):
        assert gettext("Report of a CCTV search") in words(read(content, fonts))
    english = words(read(content, fonts, "en"))
    for wanted in (
        "Report of a CCTV search",
        "What “not seen” means",
        "Finding missing children and others",
        "박누리 (세종남부경찰서, officer)",
        "similarity 0.913",
        "3 min 51 s",
        "Cameras: 12.",
    ):
        assert wanted in english, wanted


def test_a_plate_stands_beside_its_sighting_as_it_was_read(fonts: Path) -> None:
    read_once = make_item(make_point(1, plate="12가3456", plate_confidence=0.937))
    text = words(read(make_content(items=(read_once,)), fonts, "en"))
    assert "plate as read: 12가3456 confidence 93%" in text
    assert "plate as read" not in words(read(make_content(1), fonts, "en"))


def test_a_plate_that_contradicts_the_one_before_is_doubted_beside_its_sighting_and_its_hop(fonts: Path) -> None:
    first = make_point(1, plate="12가3456")
    second = make_point(2, first, plate="34나5678", other_plate="12가3456")
    text = words(read(make_content(items=(make_item(first), make_item(second))), fonts, "en"))
    assert "plate as read: 34나5678" in text
    assert text.count("Another plate than before: 12가3456. It may be another vehicle.") == 2


def test_every_page_carries_the_case_and_its_number(fonts: Path) -> None:
    reader = read(make_content(30), fonts, "en")
    assert len(reader.pages) > 5
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        assert "Case 2026-세종남부-0142 · request 2026-0142-1 · answer 1" in text
        assert f"{number} / {len(reader.pages)}" in text
        assert "P-2026-000123" in text


def test_the_document_tells_readers_what_it_is(content: Content, fonts: Path) -> None:
    reader = read(content, fonts)
    assert reader.metadata is not None
    assert content.case_number in (reader.metadata.title or "")
    assert reader.metadata.author == content.centre
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "ko"
    assert [str(entry.title)[:2] for entry in reader.outline if not isinstance(entry, list)] == [
        f"{number}." for number in range(1, 9)
    ]


def test_only_the_characters_used_are_embedded(content: Content, fonts: Path) -> None:
    pdf = make_report(content, language="ko", fonts=fonts)
    assert len(pdf) < 400_000
    used: set[str] = set()
    for page in PdfReader(io.BytesIO(pdf)).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            face = font.get_object()
            if "/FontDescriptor" in face:
                assert "/FontFile2" in face["/FontDescriptor"]
                assert "/ToUnicode" in face
                used.add(face["/BaseFont"].split("+")[-1].split("-")[0])
    assert used == {"NanumGothic", "NanumGothicBold"}


@pytest.mark.parametrize("count", [0, 1, 2, 7, 200])
def test_any_number_of_sightings_prints(fonts: Path, count: int) -> None:
    reader = read(make_content(count), fonts, "en")
    text = words(reader)
    assert ("No sighting was confirmed." in text) == (count == 0)
    pictures = sum(len(page.images) for page in reader.pages)
    assert pictures == count
    for number in range(1, count + 1):
        assert f"number {number} of 48,213" in text
    if count == 200:
        assert len(reader.pages) > 30


def test_hundreds_of_cameras_print(fonts: Path) -> None:
    text = words(read(make_content(1, certificate=tuple(make_certificate(300))), fonts, "en"))
    assert all(f"SJ-{number:04} " in text for number in range(300))


def test_texts_longer_than_a_page_go_on_on_the_next(fonts: Path) -> None:
    """In the answer, in a reason of the table, in one word without a space, and in a reviewer's note."""
    long = " ".join(f"낱말{number}" for number in range(3000))
    act = Act("long", OPERATOR, NOON, note=long)
    item = make_item(make_point(1), reviews=(act, act))
    text = words(read(make_content(answer_text=long, acts=(act,), items=(item,), purpose="가" * 5000), fonts))
    for number in (0, 1500, 2999):
        assert len(re.findall(rf"낱말{number}\b", text)) == 4
    assert text.replace(" ", "").count("가" * 20) > 200


def test_what_the_font_lacks_is_written_as_its_number_and_markup_means_itself(fonts: Path) -> None:
    title = "😀 <b>A&B</b> \x07\u202e\u1112\u1161\u11ab글"
    text = words(read(make_content(case_title=title), fonts))
    assert "\\u{1F600} <b>A&B</b> 한글" in text
    load_fonts(fonts)
    assert shown("漢字 ① ㎞ é Ж") == "漢字 ① ㎞ é Ж"


@pytest.mark.parametrize("picture", [None, b"", b"garbage", b"\xff\xd8\xff\xe0"])
def test_a_picture_that_is_gone_or_broken_leaves_a_word_in_its_place(fonts: Path, picture: bytes | None) -> None:
    item = make_item(make_point(1), picture=picture)
    text = words(read(make_content(items=(item,)), fonts, "en"))
    assert ("destroyed" if picture is None else "cannot be shown") in text


def test_a_provisional_answer_says_so_and_who_is_missing(fonts: Path) -> None:
    item = make_item(make_point(1))
    item = replace(item, reviews=item.reviews[:1])
    text = words(read(make_content(items=(item,), is_provisional=True), fonts, "en"))
    assert "Provisional: sent in an emergency" in text
    assert "No second person has looked yet." in text
    assert "Provisional" not in words(read(make_content(), fonts, "en"))


def test_an_impossible_hop_is_said_in_words(fonts: Path) -> None:
    items = tuple(make_item(point) for point in make_path(3, impossible=(2,)))
    assert "Impossible: nobody could have made this hop." in words(read(make_content(items=items), fonts, "en"))


def test_the_certificate_adds_up(fonts: Path) -> None:
    load_fonts(fonts)
    rows = [
        CertificateRow("A", "", NOON, NOON + timedelta(hours=10), 18000, offline_s=18000),
        CertificateRow("B", "", NOON, NOON + timedelta(hours=10), 36000),
    ]
    with override("en"):
        sentence = certificate_story(rows)[0].getPlainText()  # type: ignore[attr-defined]
    assert sentence == (
        "Cameras: 2. Hours: 2026-11-20 12:00 – 22:00. Together these are 20.0 camera hours, of which 15.0 (75.0%) were "
        "recorded, analysed and searched."
    )
    assert [row.share for row in rows] == [0.5, 1.0]
    assert CertificateRow("C", "", NOON, NOON, 0).share == 0


@pytest.mark.parametrize(("count", "said"), [(1, "1 picture that was"), (3, "3 pictures that were")])
def test_pictures_destroyed_before_the_answer_are_said(fonts: Path, count: int, said: str) -> None:
    text = words(read(make_content(1, pictures_destroyed=count), fonts, "en"))
    assert f"{said} searched by" in text
    assert "destroyed since." in text
    assert "destroyed since." not in words(read(make_content(1), fonts, "en"))


def test_a_report_without_cameras_sightings_or_people_prints(fonts: Path) -> None:
    text = words(read(make_content(0, certificate=(), acts=(), areas=()), fonts, "en"))
    assert "No camera was searched for this answer." in text
    assert "Path" not in text


# ── The map ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("numbers", "label"),
    [((1,), "1"), ((1, 2, 3), "1–3"), ((1, 4, 5, 9), "1, 4–5, 9"), ((1, 3, 5, 7), "1, 3, 5 …")],
)
def test_stops_at_one_place_share_a_label(numbers: tuple[int, ...], label: str) -> None:
    assert Mark((0, 0), numbers).label == label


@pytest.mark.parametrize(("most", "length"), [(0.7, 1), (1, 1), (4.9, 2), (99, 50), (100, 100), (4321, 2000)])
def test_the_scale_is_a_round_length(most: float, length: float) -> None:
    assert nice_length(most) == length


def test_the_map_is_true_to_scale_and_shows_every_stop() -> None:
    positions = [(36.49, 127.26), (36.51, 127.28)]
    projection = Projection(positions, 480, 300)
    south_west, north_east = map(projection.spot, positions)
    assert 0 < south_west[0] < north_east[0] < 480
    assert 0 < south_west[1] < north_east[1] < 300
    # 0.02° of latitude are 2,224 m; 0.02° of longitude at 36.5° north 1,788 m.
    assert north_east[1] - south_west[1] == pytest.approx(2224 * projection.points_per_metre, rel=0.001)
    assert north_east[0] - south_west[0] == pytest.approx(1788 * projection.points_per_metre, rel=0.001)


def test_one_stop_has_a_map_of_its_neighbourhood() -> None:
    assert 480 / Projection([(36.5, 127.3)], 480, 300).points_per_metre == pytest.approx(500)


def test_the_map_draws_real_boundaries_and_far_apart_stops(fonts: Path) -> None:
    areas = map_areas(boundaries("sido", (126.5, 33.0, 129.5, 38.0)))
    points = [make_point(1, latitude=37.56, longitude=126.97), make_point(2, latitude=33.50, longitude=126.53)]
    items: tuple[Item, ...] = tuple(make_item(point) for point in points)
    text = words(read(make_content(items=items, areas=areas), fonts, "en"))
    assert "200 km" in text or "100 km" in text
    assert "Boundaries: National Geographic Information Institute of Korea." in text
    assert PathMap([], [], areas).is_empty


# ── How it says things ──────────────────────────────────────────────────────────────────────────────────────────────


def test_shares_never_round_to_all_or_nothing() -> None:
    shares = [0, 0.00001, 0.5, 0.99999, 1]
    assert [percent(share) for share in shares] == ["0%", "< 0.1%", "50.0%", "> 99.9%", "100%"]
    assert [clock(seconds) for seconds in (0, 10, 90, 7200)] == ["–", "< 0:01", "0:02", "2:00"]


def test_times_say_the_day_once() -> None:
    late = NOON + timedelta(hours=14)
    assert span(NOON, NOON + timedelta(seconds=5)) == "2026-11-20 12:00:00 – 12:00:05"
    assert short_span(NOON, late) == "2026-11-20 12:00 – 2026-11-21 02:00"
    with override("en"):
        assert [duration(s) for s in (9, 75, 7300)] == ["9 s", "1 min 15 s", "2 h 1 min"]
