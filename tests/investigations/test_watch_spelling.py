"""Watched plates that were stored before a part of a plate had one spelling are spelled as new ones are."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from cameras.models import Camera
from investigations.models import SearchRequest, WatchAlert, WatchEntry
from investigations.services.watch import add_entry, end_entry
from portal.accounts.models import User
from portal.audit.services import verify_chain
from tests.investigations.conftest import entries
from tests.investigations.watching import basis, client_of, make_alert, make_entry, terms, text_of
from tests.migrating import migrate_again_from

BEFORE = ("investigations", "0010_pictures_destroyed")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _a_basis(committing_db: None) -> None:
    basis()


def stored(actor: User, plate: str, **values: Any) -> WatchEntry:
    """An entry as an older version has spelled it."""
    later = values.pop("later", 0 * DAY)
    entry = make_entry(actor, "99하9999", **values)
    entry.plate, entry.valid_until, entry.purge_at = plate, entry.valid_until + later, entry.purge_at + later
    entry.save()
    return entry


def test_open_entries_get_the_spelling_and_of_twins_that_watched_longest_goes_on(
    supervisor: User, stranger: User, camera: Camera, approved: SearchRequest
) -> None:
    ended = stored(supervisor, "*34가5*")
    end_entry(ended, "withdrawn", reason="x", actor=supervisor)
    alone, whole, unreadable = stored(supervisor, "*78나*"), stored(supervisor, "12가*"), stored(supervisor, "%%")
    first, second = stored(supervisor, "*34가5*"), stored(supervisor, "34가5")
    longest = stored(supervisor, "3 4가5", later=2 * DAY)
    others = [stored(supervisor, "*34가5*", request=approved), stored(stranger, "*34가5*", basis=basis("other"))]
    alert = make_alert(first, camera, "12가3456")
    before = {row.pk: row for row in WatchEntry.objects.all()}
    written = len(entries("watch.ended"))

    migrate_again_from(*BEFORE)

    rows = WatchEntry.objects.in_bulk()
    assert rows.keys() == before.keys()
    assert [rows[one.pk].plate for one in (ended, alone, whole, unreadable)] == ["*34가5*", "78나", "12가*", "%%"]
    assert [rows[one.pk].plate for one in (longest, *others)] == ["34가5"] * 3
    assert not any(rows[one.pk].ended_at for one in (alone, whole, unreadable, longest, *others))
    for one in (first, second):
        row = rows[one.pk]
        assert row.ended_at
        assert (row.ended_by, row.outcome, row.purge_at) == (None, "", before[one.pk].purge_at)
        assert f"Entry {longest.pk} goes on" in row.end_reason
    assert WatchAlert.objects.get() == alert
    new = entries("watch.ended")[:-written]
    assert {(one.actor_id, one.target_id, one.details["goes on"]) for one in new} == {
        (None, str(one.pk), longest.pk) for one in (first, second)
    }
    assert {one.target_name for one in new} == {str(first), str(second)}
    assert verify_chain() == []
    with pytest.raises(ValidationError, match="already"):
        add_entry(terms("*34가5*"), actor=supervisor)


def test_of_twins_watched_equally_long_the_oldest_goes_on_and_the_page_says_why_the_other_ended(
    supervisor: User,
) -> None:
    first = stored(supervisor, "34가5")
    second = stored(supervisor, "*34가5*", valid_until=first.valid_until)
    migrate_again_from(*BEFORE)
    assert set(WatchEntry.objects.filter(ended_at=None)) == {first}
    shown = text_of(client_of(supervisor).get(reverse("watch-entry", args=[second.pk])).content.decode())
    assert f"Entry {first.pk} goes on" in shown
    assert "by its time" not in shown
