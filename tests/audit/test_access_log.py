"""The access log of a month: who may take it out, what stands in it, and how its reader checks it."""

import csv
import hashlib
import io
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from portal import middleware
from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.origin import coming_from
from portal.audit.services import prove, read_root, record
from portal.trail import services
from portal.trail.access_log import defuse
from portal.trail.services import export_access_log
from tests.conftest import make_user
from tests.streaming import stream

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the clock, in the time of Seoul."""

    def set_clock(*moment: int) -> None:
        monkeypatch.setattr(timezone, "now", lambda: datetime(*moment, tzinfo=SEOUL))  # type: ignore[arg-type, misc]

    return set_clock


def this_month() -> str:
    return f"{timezone.localtime():%Y-%m}"


def exported(actor: User, month: str | None = None) -> tuple[bytes, list[list[str]]]:
    content = b"".join(export_access_log(month or this_month(), actor=actor).chunks)
    return content, list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_row_says_who_did_what_to_what_from_where_when_and_why(supervisor: User, operator: User) -> None:
    with coming_from("10.1.2.3"):
        entry = record(Action.CASE_VIEWED, actor=operator, target=supervisor, reason="수색 확인, 둘")
    content, rows = exported(supervisor)
    assert content.startswith(b"\xef\xbb\xbf")
    assert rows[1] == [
        str(entry.sequence),
        entry.at.astimezone(SEOUL).isoformat(),
        str(operator.pk),
        "operator (operator)",
        "City Centre",
        "10.1.2.3",
        "case.viewed",
        "case viewed",
        "accounts.user",
        str(supervisor.pk),
        "supervisor",
        "수색 확인, 둘",
    ]
    assert {len(row) for row in rows[:-2]} == {12}


def test_the_last_two_lines_seal_the_file(supervisor: User) -> None:
    record(Action.CASE_VIEWED, actor=supervisor, reason="line\nbreak")
    content, rows = exported(supervisor)
    lines = content.splitlines(keepends=True)
    assert rows[-2] == ["SHA-256", hashlib.sha256(b"".join(lines[:-2])).hexdigest()]
    sequence, hash = read_root(rows[-1][1])
    assert prove(sequence, hash)
    assert AuditEntry.objects.get(sequence=sequence).action == Action.AUDIT_EXPORTED


def test_the_export_is_an_entry_and_stands_in_the_file(supervisor: User) -> None:
    _content, rows = exported(supervisor)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.details, entry.actor_id) == ("audit.exported", {"month": this_month()}, supervisor.pk)
    assert [row[6] for row in rows[1:-2]] == ["audit.exported"]


def test_a_file_holds_what_its_reader_may_see_and_no_more(
    supervisor: User, operator: User, stranger: User, officer: User, administrator: User
) -> None:
    for actor in (operator, stranger, officer, administrator):
        record(Action.CASE_VIEWED, actor=actor)
        record(Action.USER_CHANGED, actor=actor)
    _content, rows = exported(supervisor)
    assert {row[3] for row in rows[1:-2]} == {
        "operator (operator)",
        "administrator (administrator)",
        "supervisor (supervisor)",
    }
    _content, rows = exported(administrator)
    assert {row[6] for row in rows[1:-2]} == {"user.changed", "audit.exported"}
    site = make_user("site", "administrator", None)
    _content, rows = exported(site)
    assert {row[3] for row in rows[1:-2]} >= {"stranger (stranger)", "officer (officer)"}


@pytest.mark.parametrize("who", ["officer", "operator"])
def test_others_take_nothing_out(request: pytest.FixtureRequest, who: str) -> None:
    with pytest.raises(PermissionDenied):
        export_access_log(this_month(), actor=request.getfixturevalue(who))
    assert not AuditEntry.objects.exists()


def test_a_month_is_one_of_seoul(supervisor: User, at: Any) -> None:
    for moment in [(2026, 9, 30, 23, 59, 59), (2026, 10, 1), (2026, 10, 31, 23, 59, 59, 999999), (2026, 11, 1)]:
        at(*moment)
        record(Action.CASE_VIEWED, actor=supervisor)
    _content, rows = exported(supervisor, "2026-10")
    assert [row[1] for row in rows[1:-2]] == ["2026-10-01T00:00:00+09:00", "2026-10-31T23:59:59.999999+09:00"]
    at(2026, 12, 31, 12)
    _content, rows = exported(supervisor, "2026-12")
    assert len(rows) == 1 + 1 + 2  # the export of October was in November


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-1x", "0001-01", "1999-12", "9999-12"])
def test_what_is_no_month_of_the_trail_is_refused(supervisor: User, month: str) -> None:
    with pytest.raises(ValidationError):
        export_access_log(month, actor=supervisor)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(supervisor: User, sign: str) -> None:
    supervisor.last_name = f"{sign}cmd|' /C calc'!A0"
    record(Action.CASE_VIEWED, actor=supervisor, target=supervisor, reason=f'{sign}HYPERLINK("http://x","y")')
    _content, rows = exported(supervisor)
    for cell in rows[1]:
        assert not cell.startswith(sign)
    assert rows[1][11].startswith(f"'{sign}")
    assert defuse("2026-11") == "2026-11"


def test_many_entries_are_read_page_by_page(supervisor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PAGE", 3)
    for number in range(10):
        record(Action.CASE_VIEWED, actor=supervisor if number % 2 else None, reason=f"look {number}")
    chunks = list(export_access_log(this_month(), actor=supervisor).chunks)
    assert len(chunks) == 4  # titles, two pages, the seal
    rows = list(csv.reader(io.StringIO(b"".join(chunks).decode("utf-8-sig"))))
    assert [row[11] for row in rows[1:-3]] == [f"look {number}" for number in range(1, 10, 2)]


def test_entries_of_a_download_that_takes_long_stay_out(supervisor: User) -> None:
    log = export_access_log(this_month(), actor=supervisor)
    record(Action.CASE_VIEWED, actor=supervisor)
    rows = list(csv.reader(io.StringIO(b"".join(log.chunks).decode("utf-8-sig"))))
    assert [row[6] for row in rows[1:-2]] == ["audit.exported"]


def test_the_page_offers_the_months_and_sends_the_file(client: Client, supervisor: User, at: Any) -> None:
    at(2026, 9, 30, 23)
    record(Action.CASE_VIEWED, actor=supervisor)
    at(2026, 11, 24, 12)
    client.force_login(supervisor)
    page = client.get(reverse("admin:audit_auditentry_trail")).content.decode()
    assert [month in page for month in ("2026-11", "2026-10", "2026-09", "2026-08", "2026-12")] == [1, 1, 1, 0, 0]
    response = client.post(reverse("admin:audit_auditentry_export"), {"month": "2026-09"})
    assert response["Content-Disposition"] == 'attachment; filename="access-log-2026-09.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert b"2026-09-30T23:00:00+09:00" in response.getvalue()
    response = client.post(reverse("admin:audit_auditentry_export"), {"month": "soon"}, follow=True)
    assert "Name a month" in response.content.decode()


def test_the_server_sends_the_file_piece_by_piece(committing_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PAGE", 3)
    monkeypatch.setattr(middleware, "PIECE_BYTES", 1)
    site = make_user("site", "administrator", None)
    for _number in range(9):
        record(Action.USER_CHANGED, actor=site)
    client = AsyncClient()
    client.force_login(site)
    address = reverse("admin:audit_auditentry_export")
    _response, pieces = stream(client, "post", address, data={"month": this_month()})
    assert len(pieces) >= 5
    assert b"".join(pieces).count(b"user.changed") == 9


def test_the_archive_of_the_server_holds_all_entries(
    officer: User, supervisor: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for actor in (officer, supervisor, None):
        record(Action.CASE_VIEWED, actor=actor)
    call_command("audit_export", this_month(), out=tmp_path)
    [file] = tmp_path.iterdir()
    assert str(file) in capsys.readouterr().out
    rows = list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"))))
    assert [(row[3], row[6]) for row in rows[1:-2]] == [
        ("officer (officer)", "case.viewed"),
        ("supervisor (supervisor)", "case.viewed"),
        ("", "case.viewed"),
        ("", "audit.exported"),
    ]
    for month, folder, words in [
        (this_month(), tmp_path, "there already"),
        (this_month(), tmp_path / "no", "is no folder"),
        ("soon", tmp_path, "Name a month"),
    ]:
        with pytest.raises(CommandError, match=words):
            call_command("audit_export", month, out=folder)
