"""New sightings against the watch list: what raises an alert, once, whatever happens to workers; and looking back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from cameras.models import Camera
from inference.models import Analysis, Plate
from inference.plates import PlateMatch
from inference.signals import sightings_written
from investigations import events
from investigations.models import LookBack, Notification, PlateCheck, WatchAlert, WatchEntry
from investigations.services.notices import read_alert_notices
from investigations.services.watch import end_entry, look_back
from investigations.watch import job, match, tasks
from portal.accounts.models import User
from tests.conftest import make_sighting
from tests.investigations.conftest import entries
from tests.investigations.watching import add_plate, eager, make_analysis, make_entry, make_plate

__all__ = ["eager"]  # a fixture
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vehicle_basis")]


def texts() -> list[str]:
    return sorted(WatchAlert.objects.values_list("text", flat=True))


def told(kind: str = "watched") -> list[str]:
    return sorted(Notification.objects.filter(kind=kind).values_list("user__username", flat=True))


# ── What raises an alert ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_an_analysis_has_written_is_compared_at_once(entry: WatchEntry, camera: Camera, eager: None) -> None:
    analysis = make_analysis(camera)
    plate = make_plate(analysis)
    make_plate(analysis, "99하9999", number=2)
    sightings_written.send_robust(sender=Analysis, analysis_id=analysis.pk)
    alert = WatchAlert.objects.get()
    assert (alert.entry, alert.sighting, alert.camera, alert.text) == (entry, plate.sighting, camera, "12가3456")
    assert (alert.seen_at, alert.confidence, alert.distance) == (plate.seen_at, 0.97, 0.0)
    assert (alert.is_similar, alert.is_doubtful, alert.is_looked_back, alert.status) == (False, False, False, "open")
    (written,) = entries("alert.raised")
    assert (written.actor_id, written.details["camera"]) == (None, "C1")


def test_patterns_are_met_and_what_is_like_a_plate_is_marked(supervisor: User, camera: Camera) -> None:
    make_entry(supervisor)
    make_entry(supervisor, "77ㄱ77??")
    analysis = make_analysis(camera)
    for number, text in enumerate(("12가3458", "77고7701", "77육7701", "12가3457"), start=1):
        make_plate(analysis, text, number=number)
    job.check_analysis(analysis.pk)
    found = {alert.text: (alert.is_similar, alert.distance) for alert in WatchAlert.objects.all()}
    assert found == {"12가3458": (True, 0.675), "77고7701": (False, 0.0)}


@pytest.mark.parametrize(("confidence", "is_doubtful"), [(0.69, True), (0.7, False)])
def test_an_unsure_read_is_marked_as_doubtful(
    entry: WatchEntry, camera: Camera, confidence: float, is_doubtful: bool, settings: Any
) -> None:
    analysis = make_analysis(camera)
    make_plate(analysis, confidence=confidence)
    job.check_analysis(analysis.pk)
    assert WatchAlert.objects.get().is_doubtful is is_doubtful
    settings.WATCH_DOUBTFUL_BELOW = 0.5
    assert not WatchAlert.objects.get().is_doubtful


def test_only_what_is_watched_by_the_cameras_own_centre_counts(
    supervisor: User, stranger: User, camera: Camera
) -> None:
    make_entry(stranger)
    end_entry(make_entry(supervisor), "found", reason="x", actor=supervisor)
    late = make_entry(supervisor, "12가345?")
    WatchEntry.objects.filter(pk=late.pk).update(valid_until=timezone.now() - timedelta(seconds=1))
    analysis = make_analysis(camera)
    make_plate(analysis)
    job.check_analysis(analysis.pk)
    assert not WatchAlert.objects.exists()
    assert PlateCheck.objects.filter(analysis=analysis).exists()


@pytest.mark.parametrize(("added_s", "is_raised"), [(-1, True), (0, True), (1, False)])
def test_what_was_seen_before_the_entry_is_not_looked_into(
    supervisor: User, camera: Camera, added_s: int, is_raised: bool
) -> None:
    """The analysis ends long after, and is not the first: asking for one is no way to look back."""
    first = make_analysis(camera)
    plate = make_plate(first)
    job.check_analysis(first.pk)
    make_entry(supervisor, added_at=plate.seen_at + timedelta(seconds=added_s))
    again = analyse_again(first)
    Plate.objects.all().delete()
    add_plate(make_sighting(first.recording, 9, after_s=60, kind="vehicle", analysis=again), "12가3456")
    job.check_analysis(again.pk)
    assert WatchAlert.objects.exists() is is_raised


def test_of_several_readers_the_analysis_own_counts_and_superseded_sightings_do_not(
    entry: WatchEntry, camera: Camera
) -> None:
    analysis = make_analysis(camera)
    plate = make_plate(analysis, "88하8888")
    add_plate(plate.sighting, "12가3456", reader="another-reader")
    gone = make_plate(analysis, number=2).sighting
    gone.is_superseded = True
    gone.save()
    job.check_analysis(analysis.pk)
    assert not WatchAlert.objects.exists()


@pytest.mark.parametrize("values", [{"plate_reader": ""}, {"status": "failed"}, {"status": "running"}])
def test_an_analysis_without_plates_or_end_is_not_checked(camera: Camera, values: dict[str, str]) -> None:
    analysis = make_analysis(camera, **values)
    job.check_analysis(analysis.pk)
    assert not PlateCheck.objects.exists()
    assert job.missed() == []


def test_two_entries_for_one_plate_have_an_alert_each(supervisor: User, camera: Camera, approved: Any) -> None:
    make_entry(supervisor)
    make_entry(supervisor, request=approved)
    analysis = make_analysis(camera)
    make_plate(analysis)
    job.check_analysis(analysis.pk)
    assert WatchAlert.objects.values("entry").distinct().count() == 2


def test_of_a_vehicle_that_fits_several_entries_people_are_told_once(supervisor: User, camera: Camera) -> None:
    first = make_entry(supervisor)
    make_entry(supervisor, "12가34??")
    other = make_entry(supervisor, "99하9999")
    analysis = make_analysis(camera)
    make_plate(analysis)
    make_plate(analysis, "99하9999", number=2)
    job.check_analysis(analysis.pk)
    assert (WatchAlert.objects.count(), len(entries("alert.raised"))) == (3, 3)
    told_of = Notification.objects.filter(user=supervisor).values_list("entry", flat=True)
    assert sorted(told_of) == [first.pk, other.pk]


# ── Once, whatever happens ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_hand_out_does_nothing(entry: WatchEntry, camera: Camera) -> None:
    analysis = make_analysis(camera)
    make_plate(analysis)
    for _time in range(2):
        job.check_analysis(analysis.pk)
    assert (WatchAlert.objects.count(), len(told()), len(entries("alert.raised"))) == (1, 1, 1)


def test_one_who_was_quicker_leaves_nothing_to_do(
    entry: WatchEntry, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found it unchecked; the other has taken it while this one compared."""
    analysis = make_analysis(camera)
    make_plate(analysis)
    compare = match.find_matches

    def overtaken(*given: Any) -> Any:
        PlateCheck.objects.create(analysis=analysis)
        return compare(*given)

    monkeypatch.setattr(job, "find_matches", overtaken)
    job.check_analysis(analysis.pk)
    assert not WatchAlert.objects.exists()


def test_a_killed_check_is_done_again_by_the_clock(
    entry: WatchEntry, camera: Camera, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    analysis = make_analysis(camera, ended_at=timezone.now() - timedelta(minutes=3))
    make_plate(analysis)

    class Killed(BaseException):
        """The worker ends here."""

    def die(*given: object, **named: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(job, "announce_alerts", die)
        with pytest.raises(Killed):
            job.check_analysis(analysis.pk)
    assert (WatchAlert.objects.count(), PlateCheck.objects.count()) == (0, 0)
    tasks.check_missed()
    assert texts() == ["12가3456"]
    assert job.missed() == []


def test_the_clock_leaves_what_has_just_ended_to_its_own_task(camera: Camera) -> None:
    make_analysis(camera)
    assert job.missed() == []


def analyse_again(first: Analysis) -> Analysis:
    values = {"detector": "d", "embedder": "e", "fps": 5, "plate_reader": first.plate_reader, "status": "done"}
    return Analysis.objects.create(recording=first.recording, ended_at=timezone.now(), **values)


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_recording_analysed_again_raises_no_second_alert(entry: WatchEntry, camera: Camera, is_kept: bool) -> None:
    first = make_analysis(camera)
    old = make_plate(first).sighting
    job.check_analysis(first.pk)
    if is_kept:  # a candidate or so holds it
        type(old).objects.update(is_superseded=True)
    else:
        old.delete()  # the new analysis has the vehicle on another frame
    again = analyse_again(first)
    sighting = make_sighting(first.recording, 9, after_s=61, kind="vehicle", analysis=again)
    add_plate(sighting, "12가3456")
    job.check_analysis(again.pk)
    assert WatchAlert.objects.get().sighting == sighting


def test_of_what_lost_its_sighting_the_same_read_nearest_in_time_is_taken_up(entry: WatchEntry, camera: Camera) -> None:
    """Two vehicles passed one after the other, and a third that is like what is wanted."""
    first = make_analysis(camera)
    for number, (text, after_s) in enumerate((("12가3456", 59), ("12가3456", 64), ("12가3458", 60)), start=1):
        make_plate(first, text, number=number, after_s=after_s)
    job.check_analysis(first.pk)
    like, near, far = WatchAlert.objects.order_by("-text", "seen_at")
    first.recording.sightings.all().delete()
    again = analyse_again(first)
    sighting = make_sighting(first.recording, 9, after_s=60, kind="vehicle", analysis=again)
    add_plate(sighting, "12가3456")
    job.check_analysis(again.pk)
    found = dict(WatchAlert.objects.values_list("pk", "sighting"))
    assert found == {like.pk: None, far.pk: None, near.pk: sighting.pk}


def test_an_entry_that_ended_while_it_was_compared_raises_nothing(
    entry: WatchEntry, camera: Camera, supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = make_analysis(camera)
    make_plate(analysis)
    compare = match.find_matches

    def ended(*given: Any) -> Any:
        found = list(compare(*given))
        end_entry(entry, "found", reason="x", actor=supervisor)
        return found

    monkeypatch.setattr(job, "find_matches", ended)
    job.check_analysis(analysis.pk)
    assert not WatchAlert.objects.exists()


def test_a_plate_that_cannot_be_read_as_a_pattern_stops_no_other(
    entry: WatchEntry, supervisor: User, camera: Camera
) -> None:
    broken = make_entry(supervisor, "99하9999")
    WatchEntry.objects.filter(pk=broken.pk).update(plate="<>")
    analysis = make_analysis(camera)
    make_plate(analysis)
    job.check_analysis(analysis.pk)
    assert texts() == ["12가3456"]


# ── Who is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_centres_people_are_told_and_nobody_else(
    entry: WatchEntry, camera: Camera, operator: User, supervisor: User, stranger: User, officer: User
) -> None:
    User.objects.create_user("gone", role="operator", agency=operator.agency, is_active=False)
    analysis = make_analysis(camera)
    make_plate(analysis)
    job.check_analysis(analysis.pk)
    assert told() == ["operator", "supervisor"]
    notice = Notification.objects.get(user=operator)
    assert (notice.entry, notice.request) == (entry, None)
    assert Notification.objects.visible_to(operator).count() == 1
    Notification.objects.filter(pk=notice.pk).update(user=stranger)
    assert not Notification.objects.visible_to(stranger).exists()


def test_one_who_has_not_read_is_not_told_twice(entry: WatchEntry, camera: Camera, operator: User) -> None:
    for _time in range(2):
        analysis = make_analysis(camera)
        for number in (1, 2):
            make_plate(analysis, number=number, after_s=60 * number)
        job.check_analysis(analysis.pk)
    assert (WatchAlert.objects.count(), told()) == (4, ["operator", "supervisor"])
    assert read_alert_notices([], actor=operator) == 0
    assert read_alert_notices([entry.pk], actor=operator) == 1
    analysis = make_analysis(camera)
    make_plate(analysis)
    job.check_analysis(analysis.pk)
    assert told() == ["operator", "operator", "supervisor"]


def test_the_pages_hear_that_something_is_new(
    entry: WatchEntry,
    camera: Camera,
    operator: User,
    django_capture_on_commit_callbacks: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(events, "_send", lambda group, event: sent.append((group, event)))
    analysis = make_analysis(camera)
    make_plate(analysis)
    with django_capture_on_commit_callbacks(execute=True):
        job.check_analysis(analysis.pk)
    assert (f"watch-{entry.centre_id}", {"type": "watch.changed", "entry": entry.pk, "what": "alerts"}) in sent
    notice = Notification.objects.get(user=operator)
    said = {"type": "notification.added", "notification": notice.pk, "request": None, "kind": "watched"}
    assert (f"person-{operator.pk}", said) in sent


def test_the_mail_names_no_plate(
    entry: WatchEntry,
    camera: Camera,
    operator: User,
    eager: None,
    django_capture_on_commit_callbacks: Callable[..., Any],
    settings: Any,
) -> None:
    User.objects.filter(pk=operator.pk).update(email="operator@example.org")
    settings.PORTAL_URL = "https://portal.example"
    analysis = make_analysis(camera)
    make_plate(analysis)
    with django_capture_on_commit_callbacks(execute=True):
        job.check_analysis(analysis.pk)
    (letter,) = mail.outbox
    assert "https://portal.example/watch/alerts/" in letter.body
    assert "3456" not in f"{letter.subject}{letter.body}"


# ── Looking back ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stored(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> list[Plate]:
    """Plates that were read an hour ago, of which the search finds the first two."""
    analysis = make_analysis(camera)
    plates = [make_plate(analysis, text, number=number) for number, text in enumerate(("12가3456", "12가7777"), 1)]
    found = [PlateMatch(plate.pk, plate.sighting_id, plate.text, 0.0) for plate in plates]
    asked: dict[str, Any] = {}

    def find(pattern: Any, **named: Any) -> list[PlateMatch]:
        asked.update(named)
        return found[: named["limit"]]

    monkeypatch.setattr(job, "find_plates", find)
    return plates


def test_looking_back_raises_what_is_alike_and_says_so(
    entry: WatchEntry,
    supervisor: User,
    stored: list[Plate],
    eager: None,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        look = look_back(entry, 24, reason="fled yesterday", actor=supervisor)
    look.refresh_from_db()
    assert (look.status, look.found, look.error) == ("done", 1, "")
    alert = WatchAlert.objects.get()
    assert (alert.sighting, alert.is_looked_back) == (stored[0].sighting, True)


def test_looking_back_again_raises_nothing_twice(entry: WatchEntry, supervisor: User, stored: list[Plate]) -> None:
    for _time in range(2):
        look = look_back(entry, 24, reason="again", actor=supervisor)
        tasks.run_look_back(look.pk)
        tasks.run_look_back(look.pk)
    assert WatchAlert.objects.count() == 1
    assert list(LookBack.objects.values_list("found", flat=True)) == [0, 1]


def test_a_look_back_that_broke_off_says_why_and_one_of_a_killed_worker_goes_on(
    entry: WatchEntry, supervisor: User, stored: list[Plate], eager: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any, **named: Any) -> Any:
        raise RuntimeError("the index")

    look = look_back(entry, 24, reason="x", actor=supervisor)
    with monkeypatch.context() as failing:
        failing.setattr(job, "find_plates", broken)
        job.run_look_back(look.pk)
    look.refresh_from_db()
    assert (look.status, look.error) == ("failed", "RuntimeError: the index")
    killed = look_back(entry, 24, reason="x", actor=supervisor)
    long_ago = timezone.now() - timedelta(minutes=5)
    LookBack.objects.filter(pk=killed.pk).update(status="running", seen_at=long_ago, send_again_at=long_ago)
    tasks.requeue_abandoned()
    killed.refresh_from_db()
    assert (killed.status, killed.found) == ("done", 1)


def test_a_look_back_that_found_too_much_says_so(
    entry: WatchEntry, supervisor: User, stored: list[Plate], monkeypatch: pytest.MonkeyPatch
) -> None:
    def warning(most: int, distance: float) -> str:
        found = [PlateMatch(plate.pk, plate.sighting_id, plate.text, distance) for plate in stored]
        monkeypatch.setattr(job, "find_plates", lambda *given, **named: found)
        monkeypatch.setattr(job, "MOST_LOOKED_BACK", most)
        look = look_back(entry, 24, reason="x", actor=supervisor)
        job.run_look_back(look.pk)
        look.refresh_from_db()
        return look.warning

    assert "Only the likest 2 plates" in warning(2, match.SIMILAR_WITHIN)
    assert warning(2, match.SIMILAR_WITHIN + 0.01) == ""  # what is left out is like nothing that is wanted
    assert warning(3, 0.0) == ""
