"""What an analysis leaves behind: once and whole, or not at all."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from cameras.models import Camera, Recording
from inference import ingest
from inference.core.detections import Box, Kind
from inference.core.errors import VideoError
from inference.core.pipeline import AnalysisResult, TrackResult
from inference.core.trajectory import decode
from inference.core.video import VideoInfo
from inference.models import Analysis, Feature, Sighting
from investigations.models import Candidate, SearchRequest
from portal import jobs
from portal.accounts.models import User
from portal.jobs import JobStatus
from tests.conftest import drawn_person, make_recording, make_search, unit_vector


def track(number: int, *, frame: int | None = None, seed: int = 0) -> TrackResult:
    at = float(number)
    return TrackResult(
        number=number,
        kind=Kind.PERSON,
        first_s=at,
        last_s=at + 2,
        best_s=at + 1,
        best_frame=frame or number * 10,
        box=(10.0 * number, 20.0, 10.0 * number + 64, 148.0),
        score=0.8,
        is_small=False,
        image_jpeg=drawn_person(),
        feature=unit_vector(seed or number),
        observations=[
            (number * 10 + i, at + i, 10.0 * number + i, 20.0, 10.0 * number + 64, 148, 0.8) for i in (0, 1, 2)
        ],
    )


def result(*tracks: TrackResult, warnings: list[str] | None = None) -> AnalysisResult:
    info = VideoInfo(width=640, height=480, fps=10, duration_s=60, frame_count=600, codec="h264")
    return AnalysisResult(tracks=list(tracks), frames_read=300, info=info, warnings=warnings or [])


@pytest.fixture
def recording(camera: Camera) -> Recording:
    return make_recording(camera)


def run(recording: Recording, outcome: AnalysisResult | Exception, monkeypatch: pytest.MonkeyPatch) -> Analysis:
    """Run the job with the pipeline's outcome given."""

    def pipeline(analysis: Analysis) -> AnalysisResult:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(ingest, "run_pipeline", pipeline)
    analysis = Analysis.objects.create(recording=recording, detector="d", embedder=settings.EMBEDDER_MODEL, fps=5)
    ingest.analyse(analysis.pk)
    analysis.refresh_from_db()
    return analysis


def pictures(recording: Recording) -> set[str]:
    folder = Path(settings.MEDIA_ROOT) / "sightings" / str(recording.pk)
    return {f"sightings/{recording.pk}/{path.name}" for path in folder.glob("*")}


def test_each_track_becomes_one_sighting_with_picture_and_feature(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = run(recording, result(track(1), track(2), warnings=["3 damaged packets were skipped."]), monkeypatch)
    assert (analysis.status, analysis.sightings_written, analysis.frames_read) == ("done", 2, 300)
    assert "damaged" in analysis.warning
    sighting = Sighting.objects.get(track_number=2)
    assert (sighting.first_seen_at - recording.started_at).total_seconds() == 2
    assert sighting.image.read() == drawn_person()
    assert len(bytes(sighting.features.get().vector)) == 512  # 256 float16


def test_a_second_analysis_gives_the_same_rows_and_none_twice(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    outcome = result(track(1), track(2), track(3))
    run(recording, outcome, monkeypatch)
    before = list(Sighting.objects.values_list("pk", "track_number", "image")), list(Feature.objects.values_list("pk"))
    with django_capture_on_commit_callbacks(execute=True):
        run(recording, outcome, monkeypatch)
    assert before == (
        list(Sighting.objects.values_list("pk", "track_number", "image")),
        list(Feature.objects.values_list("pk")),
    )
    assert pictures(recording) == {row.image.name for row in Sighting.objects.all()}


def test_a_sighting_keeps_every_box_of_its_track(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    run(recording, result(track(2)), monkeypatch)
    trajectory = decode(bytes(Sighting.objects.get().trajectory))
    assert trajectory.times_s == (2.0, 3.0, 4.0)
    assert trajectory.box_at(2.5) == Box(20.5, 20, 84, 148)


def test_a_later_analysis_renews_the_boxes_of_the_same_row(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(recording, result(track(1)), monkeypatch)
    first = Sighting.objects.get()
    Sighting.objects.update(trajectory=b"")  # as a row from before boxes were kept
    run(recording, result(track(1)), monkeypatch)
    again = Sighting.objects.get()
    assert (again.pk, bytes(again.trajectory)) == (first.pk, bytes(first.trajectory))
    longer = replace(track(1), observations=[*track(1).observations, (99, 5.0, 0.0, 0.0, 9.0, 9.0, 0.9)])
    run(recording, result(longer), monkeypatch)
    renewed = Sighting.objects.get()
    assert renewed.pk == first.pk
    assert decode(bytes(renewed.trajectory)).times_s == (1.0, 2.0, 3.0, 5.0)


def test_numbers_that_change_hands_do_not_collide(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    run(recording, result(track(1), track(2)), monkeypatch)
    swapped = result(replace(track(1), number=2), replace(track(2), number=1))
    run(recording, swapped, monkeypatch)
    assert {row.frame: row.track_number for row in Sighting.objects.all()} == {10: 2, 20: 1}


def test_what_a_later_analysis_no_longer_has_goes_unless_a_case_needs_it(
    recording: Recording,
    approved: SearchRequest,
    operator: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    run(recording, result(track(1), track(2)), monkeypatch)
    needed, idle = Sighting.objects.get(track_number=1), Sighting.objects.get(track_number=2)
    search = make_search(approved, [recording.camera], operator)
    Candidate.objects.create(search=search, sighting=needed, score=0.9)
    with django_capture_on_commit_callbacks(execute=True):
        run(recording, result(track(1, frame=999)), monkeypatch)
    needed.refresh_from_db()
    assert needed.is_superseded
    assert not Sighting.objects.filter(pk=idle.pk).exists()
    assert Sighting.objects.current().count() == 1
    assert pictures(recording) == {row.image.name for row in Sighting.objects.all()}


def test_a_changed_vector_is_a_new_row(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    run(recording, result(track(1)), monkeypatch)
    old = Feature.objects.get()
    run(recording, result(track(1, seed=77)), monkeypatch)
    assert Feature.objects.get().pk > old.pk


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (VideoError("The file ends before its first picture."), "The file ends before its first picture."),
        (OSError(28, "No space left on device"), "No space left on device"),
        (RuntimeError("boom"), "RuntimeError: boom"),
    ],
)
def test_failure_is_written_on_the_row(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    analysis = run(recording, error, monkeypatch)
    assert analysis.status == JobStatus.FAILED
    assert message in analysis.error
    assert analysis.ended_at is not None


def test_a_full_disk_while_writing_leaves_neither_rows_nor_pictures(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ingest, "_write_feature", fail)
    analysis = run(recording, result(track(1), track(2)), monkeypatch)
    assert analysis.status == JobStatus.FAILED
    assert Sighting.objects.count() == 0
    assert pictures(recording) == set()


def test_a_cancelled_analysis_writes_nothing(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    def pipeline(analysis: Analysis) -> AnalysisResult:
        jobs.cancel_job(Analysis.objects.get(pk=analysis.pk))
        return result(track(1))

    monkeypatch.setattr(ingest, "run_pipeline", pipeline)
    analysis = Analysis.objects.create(recording=recording, detector="d", embedder="e", fps=5)
    ingest.analyse(analysis.pk)
    analysis.refresh_from_db()
    assert analysis.status == JobStatus.CANCELLED
    assert Sighting.objects.count() == 0
    assert pictures(recording) == set()
