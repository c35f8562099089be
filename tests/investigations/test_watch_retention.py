"""How the watch list ends: entries and their alerts are destroyed in their time, and keep nothing else alive."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from cameras.models import Camera, Recording
from inference.models import Plate, Sighting
from investigations import destruction
from investigations.clock import purge_watch_lists
from investigations.destruction import digest_of
from investigations.models import (
    Destruction,
    LookBack,
    Notification,
    PlateCheck,
    SearchRequest,
    WatchAlert,
    WatchEntry,
)
from investigations.services.notices import announce_alerts
from investigations.services.retention import begin_watch_purges
from investigations.services.watch import end_entry, look_back
from portal.accounts.models import User
from tests.conftest import make_sighting
from tests.investigations.conftest import entries
from tests.investigations.destroying import expire, old_recording, purge
from tests.investigations.watching import add_plate, basis, eager, make_alert, make_analysis, make_entry

__all__ = ["eager"]  # a fixture
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vehicle_basis")]


def destroy() -> list[Destruction]:
    """What the clock and the worker do."""
    begun = begin_watch_purges()
    for pk in begun:
        destruction.destroy(pk)
    return list(Destruction.objects.filter(pk__in=begun))


def test_an_ended_entry_is_destroyed_with_all_that_hangs_on_it_when_its_days_are_over(
    supervisor: User, camera: Camera, operator: User
) -> None:
    entry, other = make_entry(supervisor), make_entry(supervisor, "99하9999")
    alert = make_alert(entry, camera, status="confirmed", decided_by=operator)
    look_back(entry, 5, reason="x", actor=supervisor)
    announce_alerts(entry)
    end_entry(entry, "not_found", reason="over", actor=supervisor)
    assert destroy() == []
    WatchEntry.objects.filter(pk=entry.pk).update(purge_at=timezone.now() - timedelta(seconds=1))
    (certificate,) = destroy()
    assert (certificate.rule, certificate.status, certificate.centre) == ("watched", "done", camera.centre)
    assert [(item["kind"], item["id"]) for item in certificate.items] == [
        ("investigations.watchalert", alert.pk),
        ("investigations.watchentry", entry.pk),
    ]
    assert certificate.counts["investigations.notification"] == 2
    assert set(WatchEntry.objects.all()) == {other}
    for model in (WatchAlert, LookBack, Notification):
        assert not model.objects.exists()
    (written,) = entries("data.destroyed")
    assert written.details["items_sha256"] == digest_of(certificate.items)
    assert Sighting.objects.get() == alert.sighting  # that is footage's, and goes with it
    assert destroy() == []


def test_what_is_still_watched_is_not_destroyed_though_its_time_has_come(supervisor: User) -> None:
    """Somebody turned the clock: nothing goes before it has ended."""
    make_entry(supervisor)
    WatchEntry.objects.update(purge_at=timezone.now() - timedelta(days=1))
    assert destroy() == []


def test_the_clock_hands_each_centres_destruction_to_a_worker(supervisor: User, stranger: User, eager: None) -> None:
    for person in (supervisor, stranger):
        end_entry(
            make_entry(person, basis=basis(f"b{person.pk}", purges_on_found=True)), "found", reason="x", actor=person
        )
    purge_watch_lists()
    assert not WatchEntry.objects.exists()
    assert Destruction.objects.filter(status="done", rule="watched").count() == 2


def test_footage_that_is_being_destroyed_keeps_no_list_from_it(supervisor: User, camera: Camera) -> None:
    Destruction.objects.create(centre=camera.centre, rule="expired", status="running")
    end_entry(make_entry(supervisor), "found", reason="x", actor=supervisor)
    WatchEntry.objects.update(purge_at=timezone.now())
    (begun,) = begin_watch_purges()
    assert begin_watch_purges() == []
    with pytest.raises(IntegrityError), transaction.atomic():
        Destruction.objects.create(centre=camera.centre, rule="watched")
    destruction.destroy(begun)
    assert not WatchEntry.objects.exists()


def test_many_are_destroyed_a_certificate_at_a_time(supervisor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destruction, "ENTRIES_AT_ONCE", 2)
    for number in range(3):
        end_entry(make_entry(supervisor, f"12가345{number}"), "found", reason="x", actor=supervisor)
    WatchEntry.objects.update(purge_at=timezone.now())
    assert [len(row.items) for row in (*destroy(), *destroy())] == [2, 1]


@pytest.mark.parametrize(("status", "stays"), [("open", False), ("dismissed", False), ("confirmed", True)])
def test_alerts_keep_no_footage_alive_and_what_was_confirmed_outlives_it(
    supervisor: User, camera: Camera, status: str, stays: bool
) -> None:
    sighting = make_sighting(old_recording(camera), kind="vehicle")
    plate = add_plate(sighting, "12가3456")
    facts = {"camera": camera, "text": "12가3456", "confidence": 0.9, "seen_at": sighting.seen_at}
    by = None if status == "open" else supervisor
    WatchAlert.objects.create(entry=make_entry(supervisor), sighting=sighting, status=status, decided_by=by, **facts)
    (certificate,) = expire()
    for model in (Recording, Sighting, Plate):
        assert not model.objects.exists()
    left = [(alert.text, alert.sighting_id) for alert in WatchAlert.objects.all()]
    assert left == ([("12가3456", None)] if stays else [])
    listed = {item["kind"] for item in certificate.items}
    assert ("investigations.watchalert" in listed) is not stays
    assert not plate.image.storage.exists(str(plate.image.name))


def test_that_an_analysis_was_checked_goes_with_it(supervisor: User, camera: Camera) -> None:
    analysis = make_analysis(camera)
    PlateCheck.objects.create(analysis=analysis)
    analysis.delete()
    assert not PlateCheck.objects.exists()


def test_a_requests_entries_go_with_its_data(
    supervisor: User, camera: Camera, approved: SearchRequest, make_camera: Callable[..., Camera]
) -> None:
    make_alert(make_entry(supervisor, request=approved), camera)
    other = make_entry(supervisor, "99하9999")
    now = timezone.now()
    SearchRequest.objects.update(status="closed", outcome="found", closed_at=now, purge_at=now)
    (certificate,) = purge()
    assert set(WatchEntry.objects.all()) == {other}
    assert not WatchAlert.objects.exists()
    assert {"investigations.watchentry", "investigations.watchalert"} <= {item["kind"] for item in certificate.items}
