"""The national standard list as it is met: encodings, separators, damage; and what its rows become."""

import random
import re
from datetime import date
from time import perf_counter
from typing import Any

import pytest

from cameras.standard_list import Kind, Level, Pole, Reading, Standing, make_plan, read_list, write_list
from cameras.standard_list.cells import read_degrees, read_megapixels, read_month, read_number, tidy, write_pixels
from cameras.standard_list.columns import Column, column_of
from cameras.standard_list.directions import read_views
from cameras.standard_list.problems import SHOWN_LENGTH
from cameras.standard_list.writer import defuse
from tests.cameras.listing import OLD_COLUMNS, OLD_TITLES, city, row, write


def read(*rows: dict[Column, Any], encoding: str = "utf-8", **options: Any) -> Reading:
    return read_list(write(list(rows), **options).encode(encoding))


def only(reading: Reading) -> Pole:
    (pole,) = reading.poles
    return pole


def kinds(reading: Reading) -> list[Kind]:
    return [problem.kind for problem in reading.problems]


def standing_after(reading: Reading) -> list[Standing]:
    """The cameras that an import into an empty portal leaves."""
    empty = {"bearing_deg": None, "megapixels": None, "field_of_view_deg": 70.0, "retention_days": 30}
    texts = dict.fromkeys(["address", "pole", "purpose", "direction", "installed_on", "phone"], "")
    return [
        Standing(**{"pk": pk, "code": new.code, "name": new.name, "status": "active", **texts, **empty, **new.values})
        for pk, new in enumerate(make_plan(reading.poles, []).new, start=1)
    ]


# ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_encodings_and_separators_are_found(encoding: str, separator: str) -> None:
    reading = read(row(), encoding=encoding, separator=separator)
    assert only(reading).address == "세종특별자치시 한누리대로 2130"
    assert (reading.problems, reading.separator, len(reading.columns)) == ([], separator, 18)


def test_an_older_list_without_numbers_gives_the_same_codes_each_time() -> None:
    old: dict[str, Any] = {"columns": OLD_COLUMNS, "titles": OLD_TITLES}
    first = only(read(row(), encoding="cp949", **old))
    again = only(read(row(phone="", latitude="36.4801321"), **old))
    other = only(read(row(road_address="세종특별자치시 한누리대로 2131"), **old))
    assert re.fullmatch("P-[0-9A-F]{12}", first.number)
    assert not first.has_number
    assert first.number == again.number != other.number
    assert (first.latitude, first.longitude, first.installed_on) == (36.480132, 127.289021, "2015-03")


def test_columns_may_stand_in_any_order_below_a_title_and_beside_others() -> None:
    columns = list(reversed(Column))
    text = write([row()], columns=columns, titles={Column.COUNT: " 카메라 대수(대) ", Column.AS_OF: "비고"})
    reading = read_list(f"세종시 CCTV 현황\r\n\r\n{text}".encode("cp949"))
    assert only(reading).count == 2
    assert only(reading).row == 4
    (problem,) = reading.problems
    assert (problem.level, problem.kind, problem.value) == (Level.NOTICE, Kind.UNKNOWN_COLUMNS, "비고")


def test_cells_may_hold_separators_line_breaks_and_spaces() -> None:
    address = '세종특별자치시 한누리대로 2130,\n  시청 "앞"  '
    first, second = read(row(road_address=address), row(number="SJ-2")).poles
    assert first.address == '세종특별자치시 한누리대로 2130, 시청 "앞"'
    assert (first.row, second.row) == (2, 3)  # as a spreadsheet counts


def test_full_width_signs_are_numbers_too() -> None:
    pole = only(
        read(row(number="ＳＪ－１", count="２대", latitude="３６．４８", retention="３０일", pixels="２００만"))
    )
    assert (pole.number, pole.count, pole.latitude, pole.retention_days, pole.megapixels) == ("SJ-1", 2, 36.48, 30, 2.0)


def test_joined_files_in_two_encodings_are_read_line_by_line() -> None:
    first, second = (
        write([row()]).encode(),
        write([row(number="SJ-2", latitude="36.5")]).encode("cp949").split(b"\r\n", 1)[1],
    )
    reading = read_list(first + second)
    assert [pole.purpose for pole in reading.poles] == ["생활방범", "생활방범"]
    assert kinds(reading) == [Kind.MIXED_ENCODINGS]


def test_no_text_holds_a_zero_byte_which_databases_refuse() -> None:
    reading = read(row(road_address="한누리\0대로 1"), encoding="utf-16")
    assert only(reading).address == "한누리대로 1"


def test_a_quotation_mark_never_closed_costs_one_row() -> None:
    lines = write(city(40)).splitlines()
    lines[5] = lines[5].replace("세종특별자치시 한누리대로", '"세종특별자치시 한누리대로')
    reading = read_list("\r\n".join(lines).encode())
    assert len(reading.poles) == 39
    assert [(problem.row, problem.kind) for problem in reading.problems] == [(6, Kind.UNCLOSED_QUOTE)]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", Kind.EMPTY_FILE),
        (b"\0" * 100, Kind.EMPTY_FILE),
        (b"\xef\xbb\xbf\r\n", Kind.EMPTY_FILE),
        (b"PK\x03\x04" + bytes(range(256)) * 8, Kind.NOT_TEXT),
        (b"%PDF-1.7 \xff\xfe", Kind.NOT_TEXT),
        (b"\x01\x02\x03" * 100, Kind.NOT_TEXT),
        (b"name,age\r\nKim,3\r\n", Kind.NO_HEADER),
        ("관리번호,관리기관명,카메라대수\r\n1,시청,1".encode(), Kind.NO_COORDINATES),
        (write([]).encode("cp949"), Kind.NO_ROWS),
    ],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(content: bytes, kind: Kind) -> None:
    reading = read_list(content)
    assert not reading.is_readable
    assert reading.poles == []
    assert [problem.kind for problem in reading.problems if problem.level is Level.REFUSED] == [kind]


# ── Rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"latitude": "0", "longitude": "0"}, Kind.NO_POSITION),
        ({"latitude": "", "longitude": "127.3"}, Kind.NO_POSITION),
        ({"latitude": "삼십육"}, Kind.BAD_POSITION),
        ({"latitude": "nan"}, Kind.BAD_POSITION),
        ({"latitude": "35.68", "longitude": "139.76"}, Kind.OUTSIDE),  # Tokyo
        ({"latitude": "1e300"}, Kind.BAD_POSITION),
        ({"latitude": "433215.2", "longitude": "227211.9"}, Kind.METRES),
        ({"count": "0"}, Kind.BAD_COUNT),
        ({"count": "-3"}, Kind.BAD_COUNT),
        ({"count": "9999"}, Kind.BAD_COUNT),
        ({"count": "1.5"}, Kind.BAD_COUNT),
        ({"count": "두 대"}, Kind.BAD_COUNT),
        ({"number": "N" * 61}, Kind.LONG_NUMBER),
        ({"number": "1.23E+15"}, Kind.MANGLED_NUMBER),
        ({"change_kind": "D"}, Kind.DELETED),
        ({"road_address": "세종\ufffd"}, Kind.UNREADABLE_TEXT),
    ],
)
def test_a_row_is_refused_with_its_reason(values: dict[str, str], kind: Kind) -> None:
    reading = read(row(number="GOOD"), row(**values))
    assert [pole.number for pole in reading.poles] == ["GOOD"]
    refusals = [problem for problem in reading.problems if problem.level is Level.REFUSED]
    assert [(problem.row, problem.kind) for problem in refusals] == [(3, kind)]
    assert reading.refused == 1


@pytest.mark.parametrize(
    ("values", "kind", "level"),
    [
        ({"latitude": "127.289021", "longitude": "36.480132"}, Kind.SWAPPED, Level.REPAIRED),
        ({"count": ""}, Kind.NO_COUNT, Level.REPAIRED),
        ({"purpose": "방" * 61}, Kind.LONG_TEXT, Level.REPAIRED),
        ({"pixels": "고화질"}, Kind.BAD_PIXELS, Level.NOTICE),
        ({"retention": "0"}, Kind.BAD_RETENTION, Level.NOTICE),
        ({"installed": "15-Mar"}, Kind.BAD_DATE, Level.NOTICE),
        ({"road_address": "", "lot_address": ""}, Kind.NO_ADDRESS, Level.NOTICE),
    ],
)
def test_a_lesser_fault_is_said_and_the_row_imported(values: dict[str, str], kind: Kind, level: Level) -> None:
    reading = read(row(**values))
    assert [(problem.row, problem.kind, problem.level) for problem in reading.problems] == [(2, kind, level)]
    assert (only(reading).latitude, only(reading).longitude) == (36.480132, 127.289021)


def test_a_number_or_place_that_is_there_twice_is_said() -> None:
    twice = read(row(), row(latitude="36.5"))
    assert [(problem.row, problem.kind, dict(problem.details)) for problem in twice.problems] == [
        (3, Kind.SAME_NUMBER, {"earlier": 2})
    ]
    beside = read(row(), row(number="SJ-2"))
    assert (len(beside.poles), kinds(beside)) == (2, [Kind.SAME_PLACE])
    old = read(row(), row(), row(purpose="교통단속"), columns=OLD_COLUMNS)
    assert [pole.row for pole in old.poles] == [2, 4]
    assert [(problem.row, problem.kind, problem.level) for problem in old.problems] == [
        (3, Kind.SAME_PLACE, Level.REFUSED)
    ]


def test_a_comma_too_many_is_found() -> None:
    lines = write([row()]).splitlines()
    reading = read_list(f"{lines[0]}\n{lines[1].replace('한누리대로', '한누리,대로')}".encode())
    assert kinds(reading) == [Kind.SHIFTED]


def test_a_pole_far_from_all_others_is_said() -> None:
    rows = city(40)
    rows[7] |= {Column.LATITUDE: "35.1", Column.LONGITUDE: "129.0"}
    assert [(problem.row, problem.kind) for problem in read(*rows).problems] == [(9, Kind.FAR_AWAY)]


@pytest.mark.parametrize(
    ("text", "count", "bearings"),
    [
        ("북", 1, [0]),
        ("남동", 1, [135]),
        ("동남향", 1, [135]),
        ("북북서", 1, [337.5]),
        ("동·서", 2, [90, 270]),
        ("동, 서, 남", 3, [90, 270, 180]),
        ("동서남북", 4, [90, 270, 180, 0]),
        ("북쪽 및 남쪽", 2, [0, 180]),
        ("N/SE", 2, [0, 135]),
        ("45도", 1, [45]),
        ("360도", 1, [None]),
        ("360도전방면", 1, [None]),
        ("남서방향 교차로", 1, [225]),
        # Nothing is guessed: not as many as cameras, or a word that only holds such a sign.
        ("북", 3, []),
        ("360도전방면", 4, []),
        ("동남", 2, []),
        ("서울역 방면", 1, []),
        ("서초동", 1, []),
        ("", 1, []),
        ("999도", 1, []),
    ],
)
def test_directions_become_bearings_where_they_say_so(text: str, count: int, bearings: list[float | None]) -> None:
    views = read_views(text, count)
    assert [view.bearing_deg for view in views] == bearings
    assert all((view.field_of_view_deg == 360) == (view.bearing_deg is None) for view in views)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2015-03", "2015-03"),
        ("201503", "2015-03"),
        ("20150301", "2015-03"),
        ("2015.3", "2015-03"),
        ("2015년 3월", "2015-03"),
        ("2015/03/01", "2015-03"),
        ("2015-03-01 00:00:00", "2015-03"),
        ("2015", "2015"),
        ("2015-13", None),
        ("1899-01", None),
        ("2099-01", None),
        ("Mar-15", None),
    ],
)
def test_months_are_read_as_people_write_them(text: str, month: str | None) -> None:
    assert read_month(text, this_year=2026) == month


@pytest.mark.parametrize(
    ("text", "megapixels"),
    [("200", 2), ("41", 0.41), ("2000000", 2), ("200만화소", 2), ("2MP", 2), ("2.1", 2.1), ("4메가", 4), ("0", None)],
)
def test_resolutions_are_read_in_each_unit(text: str, megapixels: float | None) -> None:
    assert read_megapixels(text) == megapixels


def test_a_resolution_that_was_written_is_read_as_the_same() -> None:
    for value in [0.05, 0.1, 0.41, 1.3, 2, 8.3, 99.99, 100, 400]:
        assert read_megapixels(write_pixels(value)) == pytest.approx(value)


def test_numbers_and_degrees_are_read_with_commas_and_signs() -> None:
    assert (read_number("1,234.5"), read_number("37,5665"), read_number("+3"), read_number("a")) == (
        *(1234.5, 37.5665, 3.0),
        None,
    )
    assert read_degrees("36°28'48.5\"") == pytest.approx(36.480139, abs=1e-6)
    assert (read_degrees("36.48°"), read_degrees("36°99'00\"")) == (36.48, None)


def test_column_names_are_known_with_units_spaces_and_other_names() -> None:
    assert column_of(" 카메라 대수 (대)") is Column.COUNT
    assert column_of("위도") is column_of("Latitude") is Column.LATITUDE
    assert column_of("비고") is None


# ── Plans ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_becomes_as_many_cameras_as_it_counts() -> None:
    plan = make_plan(read(row(count=3, direction="동·서·남")).poles, [])
    assert [new.code for new in plan.new] == ["SJ-1-1", "SJ-1-2", "SJ-1-3"]
    assert [new.values["bearing_deg"] for new in plan.new] == [90, 270, 180]
    assert {new.values["pole"] for new in plan.new} == {"SJ-1"}
    assert plan.new[1].name == "한누리대로 2130 생활방범 2"
    assert plan.new[0].values["megapixels"] == 2.0


def test_only_what_the_list_says_otherwise_changes() -> None:
    reading = read(row())
    standing = standing_after(reading)
    assert make_plan(reading.poles, standing).unchanged == 2
    fuller = read(row(retention="90", purpose="", phone="", pixels="", latitude="36.480133"))
    plan = make_plan(fuller.poles, standing)
    assert [change.values for change in plan.changed] == [
        {"latitude": [36.480132, 36.480133], "retention_days": [30, 90]}
    ] * 2
    assert not plan.new
    assert not plan.missing


def test_a_measured_bearing_stays_until_the_list_says_another_direction() -> None:
    standing = standing_after(read(row(count=1, direction="북")))
    standing[0].bearing_deg = 12.5
    assert make_plan(read(row(count=1, direction="북")).poles, standing).changed == []
    (turned,) = make_plan(read(row(count=1, direction="동")).poles, standing).changed
    assert turned.values == {"direction": ["북", "동"], "bearing_deg": [12.5, 90.0]}


def test_cameras_that_the_list_leaves_out_are_missing_and_more_are_new() -> None:
    standing = standing_after(read(row(count=3), row(number="SJ-2", latitude="36.5")))
    fewer = make_plan(read(row(count=2)).poles, standing)
    assert [camera.code for camera in fewer.missing] == ["SJ-1-3", "SJ-2-1", "SJ-2-2"]
    standing[0].status = "retired"
    moreover = make_plan(read(row(count=4)).poles, standing)
    assert [new.code for new in moreover.new] == ["SJ-1-4"]
    assert [camera.code for camera in make_plan([], standing).missing] == ["SJ-1-2", "SJ-1-3", "SJ-2-1", "SJ-2-2"]


def test_a_code_of_another_centre_is_refused_and_a_neighbour_is_said() -> None:
    refused = make_plan(read(row()).poles, [], taken_elsewhere=frozenset({"SJ-1-2"}))
    assert refused.new == []
    assert [(problem.level, problem.kind) for problem in refused.problems] == [(Level.REFUSED, Kind.OTHER_CENTRE)]
    beside = make_plan(read(row(number="NEW")).poles, standing_after(read(row())))
    assert [problem.kind for problem in beside.problems] == [Kind.BESIDE_CAMERA]
    shorter = make_plan(read(row(retention="7")).poles, standing_after(read(row())))
    assert [problem.kind for problem in shorter.problems] == [Kind.SHORTER_RETENTION]


# ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_that_is_written_and_read_again_changes_nothing() -> None:
    standing = standing_after(read(*city(300)))
    standing[5].latitude += 0.001  # one camera of a pole was moved by hand
    standing[9].bearing_deg, standing[9].direction = 47.0, ""
    standing[12].retention_days = 90
    for number, camera in enumerate(standing[20:40]):
        camera.pole, camera.code, camera.direction = "", f"HAND{number}", ""
    text = write_list(standing, agency="세종시", as_of=date(2026, 11, 24))
    for encoding in ("utf-8-sig", "cp949"):
        reading = read_list(text.encode(encoding))
        plan = make_plan(reading.poles, standing)
        assert (plan.new, plan.changed, plan.missing) == ([], [], [])
        assert (plan.unchanged, reading.refused) == (len(standing), 0)


@pytest.mark.parametrize("text", ["=1+1", "+82-2-100", "-x", "@SUM(A1)", "＝1", "'=1", "'", "가나다", "it's"])
def test_no_cell_is_a_formula_and_reading_gives_the_text_back(text: str) -> None:
    assert not defuse(text).startswith(("=", "+", "-", "@", "＝"))
    assert tidy(defuse(text)) == text


# ── Damage ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def damage(content: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(content))
    match dice.randrange(12):
        case 0:  # bytes flipped
            broken = bytearray(content)
            for _ in range(dice.randrange(1, 60)):
                broken[dice.randrange(len(broken))] = dice.randrange(256)
            return bytes(broken)
        case 1:  # cut off
            return content[:at]
        case 2:  # columns moved
            text = content.decode("utf-8", errors="replace")
            rows = [line.split(",") for line in text.split("\r\n")]
            return "\r\n".join(",".join(dice.sample(cells, len(cells))) for cells in rows).encode()
        case 3:  # encodings mixed
            return content[:at] + content[at:].decode("utf-8", errors="replace").encode("cp949", errors="replace")
        case 4:  # zero bytes
            return content[:at] + b"\0" * dice.randrange(1, 3000) + content[at:]
        case 5:  # a huge cell
            return content[:at] + b"9" * dice.randrange(1000, 150_000) + content[at:]
        case 6:  # nothing, or nothing but one kind of byte
            return bytes([dice.randrange(256)]) * dice.choice([0, 1, 50])
        case 7:  # an archive
            return b"PK\x03\x04" + content[at:]
        case 8:  # quotation marks
            return content[:at] + b'"' * dice.randrange(1, 4) + content[at:]
        case 9:  # a piece in another place, and twice
            end = min(len(content), at + dice.randrange(2000))
            return content[:at] + content[at:end] * dice.randrange(3) + content[end:]
        case 10:  # separators
            return content.replace(b",", dice.choice([b";", b",,", b"", b"\t"]), dice.randrange(1, 400))
        case _:  # noise
            return bytes(dice.randrange(256) for _ in range(dice.randrange(1, 3000)))


def test_a_thousand_damaged_files_raise_nothing_and_every_refused_row_has_its_reason() -> None:
    dice = random.Random(20261124)
    sources = [write(city(12)).encode(), write(city(12), columns=OLD_COLUMNS, titles=OLD_TITLES).encode()]
    outcomes: set[tuple[bool, bool]] = set()
    started = perf_counter()
    for _ in range(1000):
        content = dice.choice(sources)
        for _ in range(dice.randrange(1, 4)):
            content = damage(content, dice) if content else content
        reading = read_list(content)
        refused = {problem.row for problem in reading.problems if problem.level is Level.REFUSED}
        imported = {pole.row for pole in reading.poles}
        assert not imported & refused
        if reading.is_readable:
            # Each row is imported or refused with a reason; none is lost in between.
            assert reading.rows == len(imported) + len(refused)
        else:
            assert 0 in refused
        for problem in reading.problems:
            assert len(problem.value) <= SHOWN_LENGTH
            assert problem.value.isprintable()
        plan = make_plan(reading.poles, [])
        planned = len({new.row for new in plan.new}) + len({problem.row for problem in plan.problems})
        assert planned >= len(reading.poles)
        assert len({new.code for new in plan.new}) == len(plan.new)
        outcomes.add((reading.is_readable, bool(reading.poles)))
    assert outcomes == {(True, True), (True, False), (False, False)}
    assert perf_counter() - started < 60
