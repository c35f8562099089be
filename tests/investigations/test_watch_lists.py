"""Watch lists as files: what is read, what is refused in which words, that nothing is written before somebody has
decided, and what is handed out."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django.utils.timezone import localtime

from investigations import clock
from investigations.clock import end_watched_plates
from investigations.models import LegalBasis, SearchRequest, WatchEntry, WatchImport
from investigations.services.watch import end_entry
from investigations.services.watch_lists import (
    MOST_BYTES,
    check_watch_list,
    discard_watch_list,
    export_watch_list,
    import_watch_list,
)
from investigations.services.watch_rows import Defaults
from investigations.watch.columns import COLOURS, ENGLISH, TYPES, Column, colour_of, column_of, type_of
from investigations.watch.reading import MOST_ROWS, read_until, read_watch_list
from investigations.watch.rows import lines_of
from investigations.watch.sentences import TEXTS, sentence_of
from portal.accounts.models import User
from tests.investigations.conftest import entries
from tests.investigations.watching import basis, make_entry

pytestmark = pytest.mark.django_db
TITLES = "차량번호,법적근거,문서번호,사유,색상,차종,유효기한"
Check = Callable[..., WatchImport]


@pytest.fixture(autouse=True)
def crime(db: None) -> LegalBasis:
    return basis("vehicle-crime")


@pytest.fixture
def check(supervisor: User, crime: LegalBasis) -> Check:
    """Have a list checked, as the supervisor who chose a basis and a reason for rows that name none."""

    def run(content: str | bytes, **named: Any) -> WatchImport:
        written = content.encode() if isinstance(content, str) else content
        defaults = Defaults(**{"basis": crime, "reason": "stolen", **named})
        return check_watch_list(ContentFile(written, "수배.csv"), defaults, actor=supervisor)

    return run


def until(days: float) -> str:
    return f"{localtime(timezone.now() + timedelta(days=days)):%Y-%m-%d}"


def said(row: WatchImport) -> dict[int, list[str]]:
    """The sentences, by row."""
    found: dict[int, list[str]] = {}
    watched = {values["row"] for values in row.rows}
    for problem in row.problems:
        found.setdefault(problem["row"], []).append(sentence_of(problem, is_watched=problem["row"] in watched))
    return found


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("titles", [TITLES, ",".join(ENGLISH[column] for column in list(Column)[:7])])
def test_a_list_is_read_in_every_encoding_and_by_korean_and_english_titles(
    check: Check, encoding: str, titles: str
) -> None:
    row = check(f"{titles}\n12가3456,vehicle-crime,제7호,도난,흰색,승용차,{until(5)}\n".encode(encoding))
    assert (row.counts["new"], row.problems) == (1, [])
    planned = row.rows[0]
    assert (planned["plate"], planned["document_number"], planned["reason"]) == ("12가3456", "제7호", "도난")
    assert (planned["vehicle_colour"], planned["vehicle_type"]) == ("white", "car")
    assert planned["valid_until"] == read_until(until(5)).isoformat()  # type: ignore[union-attr]  # it is a date


@pytest.mark.parametrize(
    "content",
    [
        "수배 차량 목록 2026\n\n번호;차량번호;사유\n1;12가3456;도난\n",  # remarks above, semicolons, an unknown column
        "plate\r\n12가3456\r\n\r\n",  # a column alone
        'plate\treason\n12가3456\t"two\nlines"\n',
        "License plate,Reason\n 12 가-3456 ,x\n",
    ],
)
def test_lists_as_people_keep_them_are_read(check: Check, content: str) -> None:
    row = check(content)
    assert [planned["plate"] for planned in row.rows] == ["12가3456"]
    assert all(not problem["is_refused"] for problem in row.problems)


#  the file, and words of what is said of it as a whole
FILES = [
    (b"", "is empty"),
    (b"PK\x03\x04 a spreadsheet", "save the list as CSV"),
    (b"\x89PNG\r\n", "This is no CSV text"),
    (bytes(range(256)) * 40, "This is no CSV text"),
    (b"name,reason\nx,y\n", "차량번호 or plate"),
    (b"12\xea\xb0\x803456\n", "차량번호 or plate"),  # rows without titles
    (b"plate,reason\n", "stands no row"),
    (("plate\n" + "12가3456\n" * (MOST_ROWS + 1)).encode(), f"more than {MOST_ROWS} rows"),
]


@pytest.mark.parametrize(("content", "words"), FILES)
def test_a_file_that_is_no_list_is_refused_as_a_whole(
    check: Check, content: bytes, words: str, supervisor: User
) -> None:
    row = check(content)
    assert words in " ".join(said(row)[0])
    assert (row.counts["is_readable"], row.rows) == (False, [])
    with pytest.raises(ValidationError, match="nothing to import"):
        import_watch_list(row, actor=supervisor)


def test_a_file_that_is_too_large_is_not_read(check: Check) -> None:
    with pytest.raises(ValidationError, match="at most 2 MB"):
        check(b"plate\n" + b"1" * MOST_BYTES)


#  a row below the titles, and words of what is said of it
ROWS = [
    (",,,도난,,,", "no number plate"),
    ("12<3456,,,,,,", "on no plate"),
    ("34,,,,,,", "Too many plates"),
    ("ABC!!,,,,,,", "no reader of plates knows A B C"),
    ("OI가3456,,,,,,", "is it 01가3456?"),
    ("12가3456,nothing,,,,,", "no such legal basis"),
    ("12가3456,paper,,,,,", "letter or warrant"),
    ("12가3456,,,=HYPERLINK(1),,,", "holds a formula"),
    ("=12가3456,,,,,,", "holds a formula"),
    ("12가3456,,,+82,,,", "holds a formula"),
    ("12가3456,,,,,,someday", "is no date"),
    ("12가3456,,,,,,2020-01-01", "in the past"),
    ("12가3456,,,,,,2099-01-01", "at most 30 days"),
    ("12가3456,,,a,b,c,,too,many", "a comma too many"),
    ('12가3456,"never closed', "never closed"),
    ("12가3456,,," + "x" * 2001 + ",,,", "at most 2000 fit"),
    ("12가\ufffd456,,,,,,", "cannot be read"),
]


@pytest.mark.parametrize(("line", "words"), ROWS)
def test_what_is_wrong_with_a_row_is_said_and_the_others_are_taken(check: Check, line: str, words: str) -> None:
    basis("paper", needs_document=True)
    row = check(f"{TITLES}\n77하7777,,,,,,\n{line}\n")
    assert words in " ".join(said(row)[3])
    assert [planned["plate"] for planned in row.rows] == ["77하7777"]
    assert (row.counts["new"], row.counts["refused"]) == (1, 1)


def test_a_row_without_basis_or_reason_needs_one_for_all(check: Check) -> None:
    row = check("plate\n12가3456\n", basis=None)
    assert "names no legal basis" in said(row)[2][0]
    assert "Say why" in said(check("plate\n12가3456\n", reason=""))[2][0]


def test_an_unknown_colour_is_left_out_and_said(check: Check) -> None:
    row = check("plate,colour,type\n12가3456,mauve,승용차\n")
    assert "left out" in said(row)[2][0]
    assert (row.rows[0]["vehicle_colour"], row.rows[0]["vehicle_type"]) == ("", "car")


def test_a_plate_that_is_there_twice_or_on_the_list_is_said_with_where(check: Check, supervisor: User) -> None:
    make_entry(supervisor, "99하9999")
    row = check("plate\n12가3456\n12 가 3456\n99하9999\n")
    assert "row 2" in said(row)[3][0]
    assert "on the list already, until" in said(row)[4][0]
    assert {name: row.counts[name] for name in ("new", "there", "refused")} == {"new": 1, "there": 1, "refused": 1}


@pytest.mark.parametrize(
    ("plate", "is_dubious"),
    [
        ("12갸3456", True),
        ("1234가5678", True),
        ("O1가3456", True),
        ("12가345", True),
        ("*2가345*", False),
        ("12가3456", False),
        ("12가34??", False),
    ],
)
def test_a_plate_that_may_be_mistyped_is_marked_and_counted(check: Check, plate: str, is_dubious: bool) -> None:
    row = check(f"plate\n{plate}\n77하7777\n")
    assert [planned["is_dubious"] for planned in row.rows] == [is_dubious, False]
    assert row.counts["dubious"] == is_dubious


def test_a_row_whose_colour_was_left_out_is_watched_by_its_plate(check: Check, supervisor: User) -> None:
    row = check("plate,colour\n12가3456,pinkish\n12갸3456,흰색\n")
    assert row.counts["dubious"] == 1
    import_watch_list(row, leaves_dubious=True, actor=supervisor)
    assert list(WatchEntry.objects.values_list("plate", "vehicle_colour")) == [("12가3456", "")]
    assert ["none of the colours" in reason for reason in said(row)[2]] == [True]


def test_dubious_rows_may_be_left_out(check: Check, supervisor: User) -> None:
    row = check("plate\n12갸3456\n13나3456\n")
    import_watch_list(row, leaves_dubious=True, actor=supervisor)
    assert set(WatchEntry.objects.values_list("plate", flat=True)) == {"13나3456"}
    assert (row.counts["added"], row.counts["left"]) == (1, 1)
    assert "may be mistyped" in said(row)[2][0]
    assert entries("watch.imported")[0].details["left"] == 1
    alone = check("plate\n12갸3456\n")
    with pytest.raises(ValidationError, match="nothing to import"):
        import_watch_list(alone, leaves_dubious=True, actor=supervisor)


def test_a_row_may_name_a_search_request_of_the_centre(check: Check, approved: SearchRequest, supervisor: User) -> None:
    row = check(f"plate,search request\n12가3456,{approved}\n13나3456,2026-1-999\n")
    assert "no such open search request" in said(row)[3][0]
    import_watch_list(row, actor=supervisor)
    assert WatchEntry.objects.get().request == approved


def test_rows_end_as_they_say_else_as_chosen_else_as_the_basis_allows(check: Check) -> None:
    def day(row: WatchImport) -> str:
        return str(row.rows[0]["valid_until"])[:10]

    assert day(check(f"plate,until\n12가3456,{until(3)}\n", days=5)) == until(3)
    utc = f"{timezone.now() + timedelta(days=5):%Y-%m-%d}"
    assert day(check("plate\n12가3456\n", days=5)) == utc
    assert day(check("plate\n12가3456\n")) == f"{timezone.now() + timedelta(days=30):%Y-%m-%d}"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-31", "2026-12-31T23:59:59+09:00"),
        ("20261231", "2026-12-31T23:59:59+09:00"),
        ("2026. 12. 31.", "2026-12-31T23:59:59+09:00"),
        ("2026년 12월 31일 9시 30분", "2026-12-31T09:30:00+09:00"),
        ("２０２６/1/2 18:05", "2026-01-02T18:05:00+09:00"),
        ("2026-02-30", None),
        ("2026-12-31 25:00", None),
        ("31.12.2026", None),
        ("", None),
    ],
)
def test_days_and_moments_are_korean(text: str, moment: str | None) -> None:
    found = read_until(text)
    assert (found.isoformat() if found else None) == moment


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_word_and_title_that_is_written_is_read(language: str) -> None:
    with translation.override(language):
        colours = {str(label): value for value, label in SearchRequest.Colour.choices}
        types = {str(label): value for value, label in SearchRequest.VehicleType.choices}
    assert {label: colour_of(label) for label in colours} == colours
    assert {label: type_of(label) for label in types} == types
    assert set(COLOURS) == set(SearchRequest.Colour.values)
    assert set(TYPES) == set(SearchRequest.VehicleType.values)
    assert {column_of(title) for column in Column for title in (column.value, ENGLISH[column])} == set(Column)


def test_every_problem_has_its_sentence() -> None:
    details = {"most": 1, "length": 1, "earlier": 1, "until": "x"}
    for kind in TEXTS:
        assert "%" not in sentence_of({"kind": kind, "value": "", "details": details})
    assert "wrong" in sentence_of({"kind": "unheard of", "value": "", "details": {}})


# ── Deciding ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_watched_before_somebody_has_decided(check: Check, supervisor: User) -> None:
    content = f"{TITLES}\n12가3456,,,,,,\n13나3456,,제7호,사기,,,{until(5)}\n".encode("cp949")
    row = check(content)
    assert (row.status, WatchEntry.objects.count()) == ("checked", 0)
    import_watch_list(row, actor=supervisor)
    assert (row.status, row.counts["added"]) == ("done", 2)
    assert set(WatchEntry.objects.values_list("plate", "source", "reason")) == {
        ("12가3456", row.pk, "stolen"),
        ("13나3456", row.pk, "사기"),
    }
    (checked,), (written,) = entries("watch.checked"), entries("watch.imported")
    assert (checked.actor_id, checked.details["sha256"], checked.details["new"]) == (
        supervisor.pk,
        hashlib.sha256(content).hexdigest(),
        2,
    )
    assert sorted(written.details["entries"]) == sorted(WatchEntry.objects.values_list("pk", flat=True))
    assert (written.actor_id, written.details["sha256"]) == (supervisor.pk, hashlib.sha256(content).hexdigest())
    assert {name: written.details[name] for name in ("rows", "added", "skipped")} == {
        "rows": 2,
        "added": 2,
        "skipped": 0,
    }
    assert not entries("watch.added")  # the import is one act


def test_what_came_onto_the_list_meanwhile_is_left_out_and_counted(check: Check, supervisor: User) -> None:
    row = check("plate\n12가3456\n13나3456\n")
    make_entry(supervisor)
    import_watch_list(row, actor=supervisor)
    assert (row.counts["added"], row.counts["skipped"]) == (1, 1)


def test_what_became_of_each_row_is_kept_with_its_entry_or_the_reason(
    check: Check, supervisor: User, approved: SearchRequest
) -> None:
    before = make_entry(supervisor, "99하9999")
    named = f"plate,colour,search request\n12가3456,mauve,\n99하9999,,\n34,,\n13나3456,,\n14다3456,,{approved}\n"
    row = check(named)
    meanwhile = make_entry(supervisor, "13나3456")
    SearchRequest.objects.update(status="returned")
    import_watch_list(row, actor=supervisor)
    added = WatchEntry.objects.get(plate="12가3456")
    assert [(line.row, line.state, line.entry_id) for line in lines_of(row)] == [
        (2, "added", added.pk),
        (3, "left", before.pk),
        (4, "refused", None),
        (5, "left", meanwhile.pk),
        (6, "refused", None),
    ]
    reasons = said(row)
    there = "on the list already"
    for number, words in ((3, there), (4, "Too many"), (5, there), (6, "returned after")):
        assert words in reasons[number][0]
    assert "left out" in reasons[2][0]
    kept = f"{row.rows} {row.problems}"
    assert not any(plate in kept for plate in ("12가3456", "99하9999", "13나3456"))  # the entries take them along
    assert "14다3456" in kept


def test_a_plate_that_an_entry_has_is_kept_of_no_row_of_the_list(check: Check, supervisor: User) -> None:
    make_entry(supervisor, "99하9999")
    row = check("plate,colour\n99하9999,mauve\n12가3456,\n12가3456,pinkish\n")
    assert "99하9999" not in str(row.problems)
    import_watch_list(row, actor=supervisor)
    row.refresh_from_db()
    assert "12가3456" not in str(row.problems)
    assert [problem["value"] for problem in row.problems if problem["column"] == Column.COLOUR] == ["mauve", "pinkish"]
    assert "stands in row 3" in " ".join(said(row)[4])


def test_what_was_said_of_rows_that_were_not_added_is_forgotten_after_a_week(check: Check, supervisor: User) -> None:
    old, new = check("plate\n12가3456\n34\n"), check("plate\n13나3456\n34\n")
    for row in (old, new):
        import_watch_list(row, actor=supervisor)
    WatchImport.objects.filter(pk=old.pk).update(ended_at=timezone.now() - timedelta(days=7, minutes=1))
    end_watched_plates()
    for row in (old, new):
        row.refresh_from_db()
    assert [line.state for line in lines_of(old)] == ["added"]
    assert [line.state for line in lines_of(new)] == ["added", "refused"]
    end_watched_plates()
    (entry,) = entries("data.destroyed")
    assert (entry.actor_id, entry.target_type, entry.target_id) == (None, "investigations.watchimport", str(old.pk))
    assert [entry.details[name] for name in ("rule", "kept days", "counts")] == ["result", 7, {"problems": 1}]


def test_a_list_is_imported_or_discarded_once(check: Check, supervisor: User) -> None:
    row = check("plate\n12가3456\n")
    stale = WatchImport.objects.get(pk=row.pk)
    import_watch_list(row, actor=supervisor)
    for seen in (stale, row):
        for act in (import_watch_list, discard_watch_list):
            with pytest.raises(ValidationError, match="already"):
                act(seen, actor=supervisor)
    assert WatchEntry.objects.count() == 1


def test_a_list_that_nobody_decides_about_is_forgotten(check: Check, supervisor: User) -> None:
    old, new = check("plate\n12가3456\n"), check("plate\n12가3456\n")
    WatchImport.objects.filter(pk=old.pk).update(uploaded_at=timezone.now() - timedelta(days=1, minutes=1))
    end_watched_plates()
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.status, old.rows, old.problems) == ("discarded", [], [])
    assert (new.status, len(new.rows)) == ("checked", 1)
    discard_watch_list(new, actor=supervisor)
    assert [(one.actor_id, one.target_id) for one in entries("watch.discarded")] == [
        (supervisor.pk, str(new.pk)),
        (None, str(old.pk)),
    ]


def test_what_fails_in_the_clocks_round_keeps_lists_from_nothing(
    check: Check, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row = check("plate\n12가3456\n")
    WatchImport.objects.update(uploaded_at=timezone.now() - timedelta(days=2))

    def fail() -> int:
        raise RuntimeError("no answer")

    monkeypatch.setattr(clock, "end_lapsed", fail)
    end_watched_plates()
    row.refresh_from_db()
    assert row.status == "discarded"
    assert "no answer" in caplog.text


def test_rows_are_checked_and_added_without_asking_anew_for_each(
    check: Check, supervisor: User, approved: SearchRequest
) -> None:
    def reads(act: Callable[[], object]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            act()
        return sum(query["sql"].startswith("SELECT") for query in asked.captured_queries)

    def of(first: int, count: int) -> tuple[int, int]:
        lines = "".join(f"12가{first + number},{approved}\n" for number in range(count))
        checking = reads(lambda: check(f"plate,search request\n{lines}"))
        row = WatchImport.objects.first()
        assert row is not None
        return checking, reads(lambda: import_watch_list(row, actor=supervisor))

    assert of(1000, 2) == of(2000, 12)
    assert WatchEntry.objects.count() == 14


def test_a_request_that_was_returned_after_the_check_is_left_out(
    check: Check, supervisor: User, approved: SearchRequest
) -> None:
    row = check(f"plate,search request\n12가3456,{approved}\n13나3456,\n")
    SearchRequest.objects.update(status="returned")
    import_watch_list(row, actor=supervisor)
    assert (row.counts["added"], row.counts["skipped"]) == (1, 1)


@pytest.mark.parametrize("who", ["operator", "stranger", "administrator", "officer"])
def test_only_the_centres_supervisors_take_a_list_over(check: Check, who: str, request: pytest.FixtureRequest) -> None:
    row, person = check("plate\n12가3456\n"), request.getfixturevalue(who)
    for act in (import_watch_list, discard_watch_list):
        with pytest.raises(PermissionDenied):
            act(row, actor=person)


# ── Handing out ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_was_handed_out_can_be_read_in_again(
    supervisor: User, check: Check, approved: SearchRequest, language: str
) -> None:
    make_entry(supervisor, "12ㄱ34??", vehicle_colour="grey", vehicle_type="van", document_number="7", request=approved)
    with translation.override(language):
        name, content = export_watch_list(includes_ended=False, actor=supervisor)
    assert name.endswith(".csv")
    end_entry(WatchEntry.objects.get(), "withdrawn", reason="x", actor=supervisor)
    row = check(content)
    assert [problem["kind"] for problem in row.problems] == ["unknown_columns"]  # added, ended
    planned = row.rows[0]
    assert (planned["plate"], planned["vehicle_colour"], planned["vehicle_type"]) == ("12ㄱ34??", "grey", "van")
    assert (planned["request"], planned["document_number"]) == (approved.pk, "7")


def test_no_cell_of_the_list_runs_as_a_formula(supervisor: User) -> None:
    make_entry(supervisor, reason="=cmd|' /C calc'!A0", document_number="@7")
    content = export_watch_list(includes_ended=False, actor=supervisor)[1].decode("utf-8-sig")
    assert "'=cmd" in content
    assert ",'@7," in content
    assert not any(cell.startswith(("=", "@", "+")) for line in content.splitlines() for cell in line.split(","))


def test_the_export_is_written_down_with_what_it_was(supervisor: User) -> None:
    make_entry(supervisor)
    end_entry(make_entry(supervisor, "99하9999"), "found", reason="x", actor=supervisor)
    _name, active = export_watch_list(includes_ended=False, actor=supervisor)
    _name, everything = export_watch_list(includes_ended=True, actor=supervisor)
    assert "99하9999" not in active.decode("utf-8-sig")
    second, first = entries("watch.exported")
    assert (first.details["entries"], second.details["entries"]) == (1, 2)
    assert second.details["sha256"] == hashlib.sha256(everything).hexdigest()


def test_an_empty_list_is_not_handed_out(supervisor: User) -> None:
    with pytest.raises(ValidationError, match="no plate on the list"):
        export_watch_list(includes_ended=True, actor=supervisor)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"plate\n\xff\xff\xff\n", b"plate\n" + b'"' * 99])
def test_damage_costs_the_rows_it_is_in(content: bytes) -> None:
    reading = read_watch_list(content)
    assert reading.problems
    assert all(row.plate for row in reading.rows)
