"""What may no longer be kept goes, what a request holds stays, and a certificate says what it was."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cameras.models import Camera, Recording
from inference import ingest
from inference.core.pipeline import AnalysisResult
from inference.core.plates import parse_pattern
from inference.core.video import VideoInfo
from inference.engine import get_gallery
from inference.models import Analysis, Description, Feature, Plate, Sighting
from inference.plates import find_plates
from investigations import clock, destruction, expiry
from investigations.certificate import build_certificate
from investigations.models import (
    Answer,
    Candidate,
    CandidateDecision,
    Case,
    Destruction,
    Hold,
    PathPoint,
    QueryPicture,
    SearchRequest,
)
from investigations.services import retention
from investigations.services.candidates import decide_candidate
from investigations.services.paths import build_path
from portal import jobs
from portal.accounts.models import Agency, User
from portal.audit.services import prove, verify_chain
from portal.jobs import JobStatus
from tests.conftest import make_answer, make_recording, make_request, make_search, make_sighting, unit_vector
from tests.investigations.conftest import entries
from tests.investigations.destroying import (
    Killed,
    answer_with,
    at_once,
    expire,
    files,
    hold,
    kill_after,
    lead,
    old_recording,
    stored,
)
from tests.investigations.plating import READER, add_plate

NOW = datetime.fromisoformat("2026-11-24T03:00:00+00:00")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


pytestmark = pytest.mark.usefixtures("own_gallery")


# ── Which recordings ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("older_by", "is_expired"), [(-SECOND, False), (timedelta(0), False), (SECOND, True)])
def test_the_days_count_from_the_end_of_the_recording(camera: Camera, older_by: timedelta, *, is_expired: bool) -> None:
    ends_at = NOW - timedelta(days=camera.retention_days) - older_by
    make_recording(camera, started_at=ends_at - timedelta(minutes=10), minutes=10)
    assert expiry.expired_of(camera, NOW).exists() == is_expired
    assert list(expiry.cameras_with_expired(camera.centre, NOW)) == ([camera] if is_expired else [])


def test_each_camera_has_its_own_days(make_camera: Callable[..., Camera]) -> None:
    week, month = make_camera("C1", retention_days=7), make_camera("C2", retention_days=30)
    for camera in (week, month):
        make_recording(camera, started_at=NOW - 10 * DAY)
    assert list(expiry.cameras_with_expired(week.centre, NOW)) == [week]


START, END = NOW - 40 * DAY, NOW - 40 * DAY + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("held_from", "held_until", "is_held"),
    [
        (START, END, True),
        (START - DAY, END + DAY, True),
        (START + 60 * SECOND, START + 120 * SECOND, True),
        (START - DAY, START, False),  # ends when it begins
        (START - DAY, START + SECOND, True),
        (END, END + DAY, False),  # begins when it ends
        (END - SECOND, END + DAY, True),
        (START, START, True),  # one moment
        (START + SECOND, START + SECOND, True),
        (END, END, False),
    ],
)
def test_a_hold_keeps_what_it_reaches_into(
    camera: Camera, request_: SearchRequest, officer: User, held_from: datetime, held_until: datetime, *, is_held: bool
) -> None:
    make_recording(camera, started_at=START, minutes=10)
    hold(request_, camera, held_from, held_until)
    assert expiry.expired_of(camera, NOW).exists() != is_held


def test_a_released_hold_and_one_of_another_camera_keep_nothing(
    make_camera: Callable[..., Camera], request_: SearchRequest
) -> None:
    camera, other = make_camera("C1"), make_camera("C2")
    make_recording(camera, started_at=START, minutes=10)
    hold(request_, camera, START, END, released_at=NOW)
    hold(request_, other, START, END)
    assert expiry.expired_of(camera, NOW).exists()


def test_what_expires_is_found_without_reading_what_does_not(
    make_camera: Callable[..., Camera], centre: Agency
) -> None:
    for number in range(30):
        make_recording(make_camera(f"C{number}"), started_at=NOW - 2 * DAY)
    old = Camera.objects.get(code="C7")
    make_recording(old, started_at=NOW - 40 * DAY)
    with CaptureQueriesContext(connection) as queries:
        assert list(expiry.cameras_with_expired(centre, NOW)) == [old]
    assert len(queries) == 2


# ── Expiry ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_of_an_expired_recording_goes_and_stands_on_the_certificate(camera: Camera) -> None:
    recording = old_recording(camera)
    analysis = Analysis.objects.create(recording=recording, detector="d", embedder="e", fps=5, status="done")
    rows = [make_sighting(recording, number, seed=number, analysis=analysis) for number in (1, 2)]
    Description.objects.create(sighting=rows[0], describer="looks", probabilities=b"\xff")
    plates = [add_plate(rows[0], "12가3456", reader=reader) for reader in ("old", "new")]
    images = [*(row.image for row in rows), *(plate.image for plate in plates)]
    hashes = [hashlib.sha256(image.read()).hexdigest() for image in images]
    (done,) = expire()
    assert (done.status, done.error, done.warning) == ("done", "", "")
    assert done.items == [
        {"kind": "cameras.recording", "id": recording.pk, "sha256": recording.sha256},
        {"kind": "inference.sighting", "id": rows[0].pk, "sha256": hashes[0]},
        {"kind": "inference.sighting", "id": rows[1].pk, "sha256": hashes[1]},
        {"kind": "inference.plate", "id": plates[0].pk, "sha256": hashes[2]},
        {"kind": "inference.plate", "id": plates[1].pk, "sha256": hashes[3]},
        {"kind": "inference.analysis", "id": analysis.pk, "sha256": ""},
    ]
    assert done.counts == {
        "cameras.recording": 1,
        "inference.analysis": 1,
        "inference.description": 1,
        "inference.feature": 2,
        "inference.plate": 2,
        "inference.sighting": 2,
    }
    for model in (Recording, Analysis, Sighting, Feature, Description, Plate):
        assert not model._default_manager.exists()
    assert files() == {"recordings", "sightings", "plates"}  # no file, and no empty folder of a recording


def test_the_audit_trail_vouches_for_the_certificate(camera: Camera) -> None:
    old_recording(camera)
    (done,) = expire()
    (entry,) = entries("data.destroyed")
    assert (entry.actor_id, entry.target_type, entry.target_id) == (None, "investigations.destruction", str(done.pk))
    assert entry.details["items_sha256"] == destruction.digest_of(done.items)
    assert (done.audit_sequence, done.audit_root) == (entry.sequence, entry.hash)
    assert prove(entry.sequence, done.audit_root)


def test_what_is_young_or_held_stays(camera: Camera, approved: SearchRequest, operator: User) -> None:
    gone, held = old_recording(camera, name="gone.mp4"), old_recording(camera, days=41, name="held.mp4")
    young = old_recording(camera, days=3, name="young.mp4")
    sightings = [make_sighting(recording) for recording in (gone, held, young)]
    hold(approved, camera, held.started_at, held.ends_at)
    expire()
    assert set(Recording.objects.all()) == {held, young}
    assert set(Sighting.objects.all()) == set(sightings[1:])
    assert "recordings/held.mp4" in files()
    assert expire() == []


def test_a_confirmed_candidate_keeps_its_footage_until_the_hold_is_released(
    camera: Camera, approved: SearchRequest, operator: User, officer: User
) -> None:
    candidate = lead(old_recording(camera), approved, operator)
    decide_candidate(candidate, "confirmed", actor=operator)
    assert expire() == []
    Hold.objects.update(released_at=timezone.now())
    expire()
    assert not Candidate.objects.exists()


def test_leads_copies_and_stops_of_open_requests_go_too_and_answers_keep_their_facts(
    camera: Camera, approved: SearchRequest, operator: User
) -> None:
    old, young = old_recording(camera), old_recording(camera, days=1, name="b.mp4")
    pending, confirmed = lead(old, approved, operator), lead(young, approved, operator, decision="confirmed")
    stop = Candidate.objects.create(
        search=pending.search,
        sighting=make_sighting(old, 2, after_s=20),
        score=0.8,
        decision="confirmed",
    )
    CandidateDecision.objects.create(candidate=stop, old="pending", new="confirmed", actor=operator)
    build_path(approved, actor=operator)
    assert PathPoint.objects.count() == 2
    copy = QueryPicture(search=confirmed.search, sighting=stop.sighting)
    copy.image.save("q.jpg", stop.sighting.image)
    copy.save()
    item = answer_with(stop, operator)
    (done,) = expire()
    assert [row["kind"] for row in done.items if row["id"] == stop.pk and "candidate" in row["kind"]]
    assert done.counts["investigations.candidate"] == 2
    assert done.counts["investigations.candidatedecision"] == 1
    assert list(Candidate.objects.all()) == [confirmed]
    assert [(point.number, point.sighting) for point in PathPoint.objects.all()] == [(1, confirmed.sighting)]
    assert not QueryPicture.objects.exists()
    assert not any(name.startswith("queries") for name in files() if name.endswith(".jpg"))
    item.refresh_from_db()
    assert (item.sighting, item.camera_code, item.score) == (None, camera.code, 0.8)


def test_a_search_whose_pictures_went_is_not_taken_for_one_by_words_and_says_so(
    client: Client, camera: Camera, make_camera: Callable[..., Camera], approved: SearchRequest, operator: User
) -> None:
    """It went by a picture of what has expired since, and by words that no stored description answers."""
    expired = make_sighting(old_recording(camera))
    here = make_camera("C2")
    recording = old_recording(here, days=1, name="b.mp4")
    make_sighting(recording, seed=1)
    Analysis.objects.create(recording=recording, status="done", ended_at=recording.ends_at, fps=5)
    search = make_search(
        approved,
        [here],
        operator,
        status="done",
        starts_at=recording.started_at,
        ends_at=recording.ends_at,
        wanted=[{"attribute": "upper_colour", "value": "red", "required": False}],
        describer="looks",
    )
    pictures = [QueryPicture(search=search, sighting=expired, is_against=is_against) for is_against in (False, True)]
    for picture in pictures:
        picture.image.save("q.jpg", expired.image)
        picture.save()
    before = build_certificate(approved)
    assert (before["share"], before["pictures_destroyed"]) == (1.0, 0)
    expire()
    assert not search.pictures.exists()
    after = build_certificate(approved)
    assert (after["share"], after["pictures_destroyed"]) == (1.0, 1)
    answer = make_answer(approved, operator, certificate=after)
    client.force_login(operator)
    page = client.get(reverse("request-answers", args=[approved.pk])).content.decode()
    assert "1 picture that was searched by has been destroyed since." in page
    del after["pictures_destroyed"]  # as answers of before have it
    Answer.objects.filter(pk=answer.pk).update(certificate=after)
    page = client.get(reverse("request-answers", args=[approved.pk])).content.decode()
    assert "destroyed since" not in page


def test_nothing_of_another_centre_is_touched(
    make_camera: Callable[..., Camera], other_centre: Agency, case: Case, officer: User, stranger: User
) -> None:
    theirs = make_camera("X1", centre=other_centre, retention_days=60)
    request = make_request(case, other_centre, officer, status="approved")
    candidate = lead(old_recording(theirs, name="theirs.mp4"), request, stranger)
    old_recording(make_camera("C1"), name="ours.mp4")
    before = files()
    (done,) = expire()
    assert done.centre != other_centre
    assert list(Recording.objects.all()) == [candidate.sighting.recording]
    assert list(Candidate.objects.all()) == [candidate]
    assert files() == before - {"recordings/ours.mp4"}


def test_each_centre_has_its_own_certificate(make_camera: Callable[..., Camera], other_centre: Agency) -> None:
    old_recording(make_camera("C1"))
    old_recording(make_camera("X1", centre=other_centre), name="b.mp4")
    assert {row.centre.name for row in expire()} == {"City Centre", "Other City Centre"}


def test_the_gallery_forgets_the_day_and_keeps_the_others(camera: Camera) -> None:
    old, young = old_recording(camera), old_recording(camera, days=1, name="b.mp4")
    for recording, seed in ((old, 1), (young, 2)):
        make_sighting(recording, seed=seed)
    gallery = get_gallery()
    gallery.search(unit_vector(1), Feature.objects.all(), limit=5)
    folder = gallery._folder  # type: ignore[attr-defined]
    assert len(list(folder.rglob("*.faiss"))) == 2
    expire()
    assert [path.stem for path in folder.rglob("*.faiss")] == [young.started_at.strftime("%Y%m%d")]
    assert len(gallery.search(unit_vector(1), Feature.objects.all(), limit=5)) == 1


def test_plates_that_are_held_or_young_stay_and_are_found(
    camera: Camera, approved: SearchRequest, settings: Any
) -> None:
    settings.PLATE_READER_MODEL = READER
    gone, held = old_recording(camera, name="gone.mp4"), old_recording(camera, days=41, name="held.mp4")
    rows = [add_plate(make_sighting(recording), "12가3456") for recording in (gone, held)]
    hold(approved, camera, held.started_at, held.ends_at)

    def find() -> set[int]:
        hours: dict[str, Any] = {"starts_at": held.started_at, "ends_at": timezone.now()}
        asked = parse_pattern("12가3456")
        return {
            row.plate_id for row in find_plates(asked, camera_ids=[camera.pk], **hours, includes_small=True, limit=9)
        }

    assert find() == {row.pk for row in rows}
    expire()
    assert find() == {rows[1].pk}
    assert default_storage.exists(str(rows[1].image))
    assert not default_storage.exists(str(rows[0].image))


def test_a_day_that_is_half_gone_is_still_searched(camera: Camera, approved: SearchRequest) -> None:
    gone, held = old_recording(camera), old_recording(camera, days=40 - 1 / 1440, name="b.mp4")
    for recording, seed in ((gone, 1), (held, 2)):
        make_sighting(recording, seed=seed)
    hold(approved, camera, held.ends_at - SECOND, held.ends_at)
    get_gallery().search(unit_vector(1), Feature.objects.all(), limit=5)
    expire()
    (match,) = get_gallery().search(unit_vector(2), Feature.objects.all(), limit=5)
    assert match.score == pytest.approx(1, abs=1e-3)


def test_a_file_that_is_no_longer_there_is_no_hindrance(camera: Camera) -> None:
    recording = make_recording(camera, started_at=timezone.now() - 40 * DAY)  # "recordings/none.mp4"
    sighting = make_sighting(recording)
    sighting.image.storage.delete(str(sighting.image))
    (done,) = expire()
    assert [item["sha256"] for item in done.items] == [recording.sha256, ""]
    assert not Recording.objects.exists()


def test_a_file_that_cannot_be_deleted_leaves_its_row_to_be_tried_again(camera: Camera) -> None:
    stuck = old_recording(camera, name="stuck.mp4")
    old_recording(camera, days=41, name="b.mp4")
    default_storage.delete("recordings/stuck.mp4")
    inner = stored("recordings/stuck.mp4/inner")  # a folder that is not empty: no one can delete it as a file
    (done,) = expire()
    assert done.status == "done"
    assert "1 recording could not be deleted" in done.warning
    assert list(Recording.objects.all()) == [stuck]
    assert len(done.items) == 1
    (failed,) = expire()
    assert failed.status == "failed"
    assert "stuck.mp4" in failed.error
    assert len(entries("data.destroyed")) == 1
    default_storage.delete(inner)
    (again,) = expire()
    assert again.pk == failed.pk  # taken up again, not a new one each hour
    assert (again.status, again.error, len(again.items)) == ("done", "", 1)
    assert not Recording.objects.exists()


@pytest.mark.parametrize("count", [0, 1, 3, 7])
def test_a_killed_worker_loses_nothing(camera: Camera, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(destruction, "RECORDINGS_AT_ONCE", 2)
    hashes = {}
    for number in range(3):
        recording = old_recording(camera, days=40 + number, name=f"{number}.mp4")
        hashes[recording.pk] = recording.sha256
        for track in (1, 2):
            row = make_sighting(recording, track)
            hashes[row.pk + 1000] = hashlib.sha256(row.image.read()).hexdigest()
        plate = add_plate(row, "12가3456")
        hashes[plate.pk + 2000] = hashlib.sha256(plate.image.read()).hexdigest()
    (pk,) = retention.begin_expiries()
    with monkeypatch.context() as patch:
        kill_after(count, patch)
        with pytest.raises(Killed):
            destruction.destroy(pk)
    assert not entries("data.destroyed")
    destruction.destroy(pk)  # the row is still claimed by the dead
    assert Destruction.objects.get().status == JobStatus.RUNNING
    long_ago = timezone.now() - timedelta(minutes=1)
    Destruction.objects.update(seen_at=long_ago, send_again_at=long_ago)
    assert jobs.take_abandoned(Destruction.objects.all()) == [pk]
    destruction.destroy(pk)
    done = Destruction.objects.get()
    assert done.status == JobStatus.DONE
    offsets = {"cameras.recording": 0, "inference.sighting": 1000, "inference.plate": 2000}
    assert {row["id"] + offsets[row["kind"]]: row["sha256"] for row in done.items} == hashes
    assert len(done.items) == len(hashes)  # each once
    assert done.counts == {"cameras.recording": 3, "inference.plate": 3, "inference.sighting": 6}
    assert done.planned == {}
    assert files() == {"recordings", "sightings", "plates"}
    assert len(entries("data.destroyed")) == 1


def test_a_worker_that_lost_its_claim_deletes_nothing_more(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    old_recording(camera)
    (pk,) = retention.begin_expiries()
    lock = destruction._lock

    def lose(ids: list[int]) -> list[int]:
        Destruction.objects.filter(pk=pk).update(claim="somebody else")
        return lock(ids)

    monkeypatch.setattr(destruction, "_lock", lose)
    destruction.destroy(pk)
    assert Recording.objects.count() == 1
    assert "recordings/a.mp4" in files()


def test_two_clocks_begin_one_destruction_and_two_workers_do_it_once(camera: Camera) -> None:
    old_recording(camera)
    (pk,) = retention.begin_expiries()
    assert retention.begin_expiries() == []
    destruction.destroy(pk)
    destruction.destroy(pk)
    assert Destruction.objects.count() == len(entries("data.destroyed")) == 1
    assert retention.begin_expiries() == []


def test_a_full_certificate_is_followed_by_the_next(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destruction, "MOST_ITEMS", 2)
    monkeypatch.setattr(destruction, "RECORDINGS_AT_ONCE", 1)
    handed_out: list[int] = []
    monkeypatch.setattr(clock.run_destruction, "delay", handed_out.append)
    monkeypatch.setattr(clock.expire_recordings, "delay", clock.expire_recordings)
    for number in range(5):
        old_recording(camera, days=40 + number, name=f"{number}.mp4")
    clock.expire_recordings()
    while handed_out:
        clock.run_destruction(handed_out.pop())
    assert [len(row.items) for row in Destruction.objects.order_by("pk")] == [2, 2, 1]
    assert not Recording.objects.exists()


def test_an_analysis_of_a_recording_that_expires_meanwhile_stops_and_leaves_nothing(
    camera: Camera, operator: User
) -> None:
    recording = old_recording(camera)
    Analysis.objects.create(recording=recording, detector="d", embedder="e", fps=5)
    analysis = jobs.claim_job(Analysis.objects.all(), recording.analyses.get().pk)
    expire()
    assert analysis is not None
    seen = AnalysisResult([], 1, VideoInfo(640, 480, 10, 600, 6000, "h264"), [])
    with pytest.raises(jobs.ClaimLost):
        ingest.write_result(analysis, seen)


def test_what_is_held_after_it_was_chosen_stays(
    camera: Camera, approved: SearchRequest, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = lead(old_recording(camera), approved, operator)
    (pk,) = retention.begin_expiries()
    plan = destruction._plan

    def confirm_meanwhile(*args: Any) -> None:
        plan(*args)
        decide_candidate(candidate, "confirmed", actor=operator)

    monkeypatch.setattr(destruction, "_plan", confirm_meanwhile)
    destruction.destroy(pk)
    assert Destruction.objects.get().status == JobStatus.CANCELLED
    assert Candidate.objects.get().decision == "confirmed"
    assert default_storage.exists("recordings/a.mp4")
    assert not entries("data.destroyed")


@pytest.mark.parametrize("attempt", range(5))
def test_a_confirmation_in_the_same_moment_either_keeps_the_footage_or_finds_it_gone(
    committing_db: None, camera: Camera, approved: SearchRequest, operator: User, attempt: int
) -> None:
    candidate = lead(old_recording(camera), approved, operator)
    (pk,) = retention.begin_expiries()
    confirm = lambda: decide_candidate(candidate, "confirmed", actor=operator)  # noqa: E731 -- one of two acts
    _done, confirmed = at_once(lambda: destruction.destroy(pk), confirm)
    if isinstance(confirmed, ValidationError):
        assert not Recording.objects.exists()
        assert Destruction.objects.get().status == JobStatus.DONE
    else:
        assert Candidate.objects.get().decision == "confirmed"
        assert default_storage.exists("recordings/a.mp4")
        assert Destruction.objects.get().status == JobStatus.CANCELLED
    assert verify_chain() == []
