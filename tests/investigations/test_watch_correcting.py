"""Corrections of the watch list's entries, and what is done to all alerts of one."""

from datetime import timedelta
from typing import Any

import pytest

from cameras.models import Camera
from investigations.models import LegalBasis, WatchAlert
from investigations.services.alerts import dismiss_open
from investigations.services.watch import correct_entry, end_entry, overlapping
from portal.accounts.models import User
from tests.investigations.conftest import entries
from tests.investigations.watching import basis, in_days, make_alert, make_entry, refusals, terms

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vehicle_basis")]


def test_a_correction_is_written_down_without_the_plate_and_leaves_end_and_alerts(
    supervisor: User, camera: Camera
) -> None:
    entry = make_entry(supervisor, vehicle_colour="white")
    alert, before, kept = make_alert(entry, camera), entry.valid_until, entry.purge_at - entry.valid_until
    by = basis("vehicle-theft", retention_days=3)
    told = terms("13나3456", basis=by, valid_until=in_days(99), vehicle_colour="black")
    correct_entry(entry, told, reason="mistyped", actor=supervisor)
    assert (entry.plate, entry.basis, entry.vehicle_colour, entry.reason) == ("13나3456", by, "black", "stolen")
    assert (entry.valid_until, entry.purge_at - before) == (before, timedelta(days=3))
    (written,) = entries("watch.corrected")
    assert (written.reason, written.details) == (
        "mistyped",
        {
            "changed": ["plate", "basis", "vehicle_colour", "retention_days", "purge_at"],
            "basis": {"old": "vehicle-crime", "new": "vehicle-theft"},
            "vehicle_colour": {"old": "white", "new": "black"},
            "retention_days": {"old": str(kept.days), "new": "3"},
            "purge_at": {"old": (before + kept).isoformat(), "new": entry.purge_at.isoformat()},
        },
    )
    alert.refresh_from_db()
    assert (alert.text, alert.status) == ("12가3456", "open")


def test_a_correction_is_checked_as_a_new_entry_is(supervisor: User) -> None:
    entry, other = make_entry(supervisor), make_entry(supervisor, "99하9999")

    def correct(plate: str, reason: str = "mistyped", **values: Any) -> dict[str, list[str]]:
        return refusals(lambda: correct_entry(entry, terms(plate, **values), reason=reason, actor=supervisor))

    assert "Too many plates" in correct("34")["plate"][0]
    assert "on the list already" in correct(other.plate)["plate"][0]
    assert correct("12가3456") == {"": ["Nothing was changed."]}
    assert "Say why" in correct("13나3456", reason=" ")["why"][0]
    end_entry(entry, "found", reason="x", actor=supervisor)
    assert correct("13나3456") == {"": ["This plate is no longer watched."]}
    assert not entries("watch.corrected")


def test_a_correction_by_the_same_basis_leaves_for_how_long_it_is_kept(supervisor: User) -> None:
    entry = make_entry(supervisor)
    days, purge_at = entry.retention_days, entry.purge_at
    LegalBasis.objects.filter(pk=entry.basis_id).update(retention_days=3650)
    told = terms(basis=LegalBasis.objects.get(pk=entry.basis_id), reason="stolen at night")
    correct_entry(entry, told, reason="mistyped", actor=supervisor)
    assert (entry.reason, entry.retention_days, entry.purge_at) == ("stolen at night", days, purge_at)
    (written,) = entries("watch.corrected")
    assert written.details["changed"] == ["reason"]


@pytest.mark.parametrize("now", [{"is_active": False}, {"watch_days": 1}, {"watch_days": 0}])
def test_a_correction_does_not_judge_anew_what_it_leaves(supervisor: User, now: dict[str, Any]) -> None:
    entry = make_entry(supervisor, valid_until=in_days(9))
    LegalBasis.objects.filter(pk=entry.basis_id).update(**now)
    told = terms(basis=LegalBasis.objects.get(pk=entry.basis_id), reason="stolen at night")
    correct_entry(entry, told, reason="mistyped", actor=supervisor)
    assert entry.reason == "stolen at night"
    other = basis("other", **now)
    assert refusals(lambda: correct_entry(entry, terms(basis=other), reason="mistyped", actor=supervisor))


def test_dismissing_all_leaves_an_entry_for_each_alert_and_other_entries_alone(
    supervisor: User, camera: Camera
) -> None:
    entry, other = make_entry(supervisor), make_entry(supervisor, "12가34??")
    mine = {make_alert(entry, camera).pk, make_alert(entry, camera).pk}
    kept = make_alert(other, camera)
    end_entry(entry, "found", reason="x", actor=supervisor)
    dismiss_open(entry, reason="it is over", actor=supervisor)
    assert {int(one.target_id) for one in entries("alert.dismissed")} == mine
    assert {one.reason for one in entries("alert.dismissed")} == {"it is over"}
    assert WatchAlert.objects.open().get() == kept
    assert "No alert" in refusals(lambda: dismiss_open(entry, reason="x", actor=supervisor))[""][0]


def test_entries_that_fit_the_same_vehicles_are_known(supervisor: User, stranger: User) -> None:
    entry = make_entry(supervisor)
    wider = [make_entry(supervisor, plate) for plate in ("12가34??", "3456")]
    for plate in ("12가9999", "13가*"):
        make_entry(supervisor, plate)
    end_entry(make_entry(supervisor, "12가345?"), "found", reason="x", actor=supervisor)
    make_entry(stranger, "12가3*")
    assert overlapping(entry, supervisor) == wider
    assert overlapping(wider[0], supervisor) == [entry]
