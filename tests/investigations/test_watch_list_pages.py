"""The pages of watch lists as files: what an import would do and did, and the list to take away."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from investigations.models import LegalBasis, SearchRequest, WatchEntry, WatchImport
from portal.accounts.models import User
from tests.investigations.conftest import entries
from tests.investigations.watching import (
    basis,
    filled,
    page,
    text_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vehicle_basis")]


def test_a_list_is_shown_before_it_is_taken_over(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    held = filled()
    file = SimpleUploadedFile("수배.csv", "차량번호\n12가3456\n34\n".encode("cp949"))
    answer = client.post(reverse("watch-import"), {"file": file, "basis": held["basis"], "reason": "stolen"})
    row = WatchImport.objects.get()
    assert answer.headers["Location"] == reverse("watch-import-detail", args=[row.pk])
    shown = text_of(page(client, "watch-import-detail", row.pk))
    for words in ("Watch 1 plate", "Too many plates", "12가3456", "CP949"):
        assert words in shown
    page(client, "watch-import-detail", row.pk)
    assert [one.target_id for one in entries("watch.viewed")] == [str(row.pk)]  # one look
    client.post(reverse("watch-import-apply", args=[row.pk]))
    shown = page(client, "watch-import-detail", row.pk)
    assert "1 plate was put on the list" in text_of(shown)
    assert f'href="{reverse("watch-entry", args=[WatchEntry.objects.get().pk])}" class="plate">12가3456<' in shown
    assert "Too many plates" in text_of(shown)
    assert "수배.csv" in page(client, "watch-import")


def test_the_preview_shows_all_that_the_file_says_and_what_is_looked_for(
    client: Client, supervisor: User, approved: SearchRequest
) -> None:
    client.force_login(supervisor)
    titles = "차량번호,법적근거,문서번호,사유,색상,차종,유효기한,검색요청"
    until = f"{localtime(timezone.now() + timedelta(days=5)):%Y-%m-%d}"
    lines = f"12ㄱ34??,vehicle-crime,제7호,뺑소니,흰색,승합차,{until},{approved}\n"
    lines += "O1가3456,vehicle-crime,,x,,,,\n99하9999,nothing,,,,,,\n"
    file = SimpleUploadedFile("수배.csv", f"{titles}\n{lines}".encode())
    client.post(reverse("watch-import"), {"file": file})
    row = WatchImport.objects.get()
    shown = text_of(page(client, "watch-import-detail", row.pk))
    for words in ("제7호", "뺑소니", "white van or minibus", f"{until} 23:59", str(approved), "one of 가 거 고 구"):
        assert words in shown
    assert "is it 01가3456?" in shown
    assert "1 row may be mistyped" in shown
    assert "99하9999" in shown  # the plate of a refused row, whatever is wrong with it
    assert "no such legal basis" in shown
    for show, plates in (("dubious", {"O1가3456"}), ("new", {"12ㄱ34??", "O1가3456"}), ("refused", {"99하9999"})):
        listed = page(client, "watch-import-detail", row.pk, show=show)
        assert set(re.findall(r'class="plate">([^<]+)<', listed)) == plates
    client.post(reverse("watch-import-apply", args=[row.pk]), {"leave_dubious": "1"})
    assert WatchEntry.objects.get().plate == "12ㄱ34??"
    shown = text_of(page(client, "watch-import-detail", row.pk))
    for words in ("뺑소니", "white van or minibus", str(approved), "1 that may be mistyped was left out"):
        assert words in shown
    assert "it is looked for as it is written" not in shown  # of the row that was left out
    WatchEntry.objects.all().delete()
    assert "Its entry was destroyed" in text_of(page(client, "watch-import-detail", row.pk))


def test_what_was_on_the_list_already_is_shown_by_its_entry_while_there_is_one(
    client: Client, entry: WatchEntry, supervisor: User
) -> None:
    client.force_login(supervisor)
    file = SimpleUploadedFile("a.csv", "plate,reason,legal basis\n12 가 3456,x,vehicle-crime\n".encode())
    client.post(reverse("watch-import"), {"file": file})
    row = WatchImport.objects.get()
    shown = page(client, "watch-import-detail", row.pk)
    assert f'href="{reverse("watch-entry", args=[entry.pk])}" class="plate">12가3456<' in shown
    assert "on the list already, until" in text_of(shown)
    assert "was destroyed" not in text_of(shown)
    entry.delete()
    shown = page(client, "watch-import-detail", row.pk)
    assert "3456" not in shown
    assert "Its entry was destroyed" in text_of(shown)


def test_rows_that_were_left_out_for_any_reason_say_which(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    file = SimpleUploadedFile("a.csv", "plate,reason,legal basis\n12가3456,x,vehicle-crime\n".encode())
    client.post(reverse("watch-import"), {"file": file})
    row = WatchImport.objects.get()
    LegalBasis.objects.update(is_active=False)
    client.post(reverse("watch-import-apply", args=[row.pk]))
    shown = text_of(page(client, "watch-import-detail", row.pk))
    assert "1 was left out; the row says why." in shown
    assert "no longer in force" in shown


def test_a_look_at_what_became_of_a_list_is_written_down_with_the_plates_that_it_shows(
    client: Client, supervisor: User
) -> None:
    client.force_login(supervisor)
    file = SimpleUploadedFile("a.csv", b"plate,reason,legal basis\n12\xea\xb0\x803456,x,vehicle-crime\n")
    client.post(reverse("watch-import"), {"file": file})
    row = WatchImport.objects.get()
    client.post(reverse("watch-import-apply", args=[row.pk]))
    page(client, "watch-import-detail", row.pk)
    assert {"entries": [WatchEntry.objects.get().pk]} in [one.details for one in entries("watch.viewed")]


def test_a_list_that_is_none_says_so(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    client.post(reverse("watch-import"), {"file": SimpleUploadedFile("list.xlsx", b"PK\x03\x04")})
    row = WatchImport.objects.get()
    shown = text_of(page(client, "watch-import-detail", row.pk))
    assert "This file cannot be imported" in shown
    assert "save the list as CSV" in shown
    client.post(reverse("watch-import-discard", args=[row.pk]))
    assert "was discarded" in page(client, "watch-import-detail", row.pk)
    assert client.post(reverse("watch-import"), {}).status_code == 400


def test_the_list_is_handed_out_as_a_file(client: Client, entry: WatchEntry, supervisor: User) -> None:
    client.force_login(supervisor)
    answer = client.post(reverse("watch-export"))
    assert answer.headers["Content-Type"] == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "12가3456" in answer.content.decode("utf-8-sig")
    WatchEntry.objects.all().delete()
    assert "no plate on the list" in client.post(reverse("watch-export"), follow=True).content.decode()


def test_the_page_of_the_import_lists_the_bases_that_a_row_may_name(client: Client, supervisor: User) -> None:
    basis("with-letter", needs_document=True, watch_days=7)
    basis("never", watch_days=0)
    client.force_login(supervisor)
    shown = page(client, "watch-import")
    row = next(line for line in shown.splitlines() if "<code>with-letter</code>" in line)
    assert "7 days" in row
    assert "needed" in row
    assert "<code>never</code>" not in shown


def test_only_of_a_row_that_is_taken_over_is_a_value_said_to_be_left_out(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    lines = "차량번호,색상\n12가3456,pinkish\n34,pinkish\n".encode()
    said = {"file": SimpleUploadedFile("a.csv", lines), "basis": filled()["basis"], "reason": "stolen"}
    client.post(reverse("watch-import"), said)
    shown = text_of(page(client, "watch-import-detail", WatchImport.objects.get().pk))
    assert shown.count("none of the colours or types that are known") == 2
    assert shown.count("It is left out.") == 1
