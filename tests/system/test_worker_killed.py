"""A worker killed in the middle of an analysis: after a restart the recording is complete, with nothing twice."""

import os
import signal

import pytest

from cameras.models import Recording
from inference import ingest
from inference.models import Analysis, Sighting
from inference.services.analyses import cancel_analysis, request_analysis
from portal.accounts.models import User
from portal.jobs import JobStatus
from portal.stack import Stack
from tests.system.conftest import wait_for_end, wait_until

pytestmark = pytest.mark.footage
FPS = 5


def seen(recording: Recording) -> list[tuple[object, ...]]:
    """Everything that an analysis says of a recording, but for row numbers and file names."""
    rows = recording.sightings.order_by("track_number").prefetch_related("features")
    return [
        (
            *(row.track_number, row.kind, row.frame, row.box, row.first_seen_at, row.last_seen_at, row.is_small),
            *(bytes(feature.vector) for feature in row.features.all()),
        )
        for row in rows
    ]


def test_a_killed_workers_recording_is_completed_after_a_restart(
    stack: Stack, recordings: list[Recording], operator: User, models: None
) -> None:
    recording = recordings[0]
    stack.start_workers()
    # Slow enough to be met in the middle, and gone through twice more after that.
    analysis = request_analysis(recording, actor=operator, fps=FPS)

    def is_midway() -> bool:
        analysis.refresh_from_db()
        return analysis.status == JobStatus.RUNNING and 0.1 < analysis.progress < 0.8

    wait_until(is_midway, within_s=60, what="an analysis in the middle")
    killed = stack.child("worker-analysis")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    analysis.refresh_from_db()
    assert analysis.status == JobStatus.RUNNING
    assert Sighting.objects.count() == 0

    stack.stop_workers()
    stack.start_workers()
    wait_for_end(analysis, within_s=120)
    assert (analysis.status, analysis.error) == (JobStatus.DONE, "")
    recovered = seen(recording)
    assert len(recovered) >= 2

    again = Analysis.objects.create(recording=recording, **analysis.models, fps=FPS)
    ingest.analyse(again.pk)  # here, without a break: the measure of what the recording holds
    assert seen(recording) == recovered
    assert Sighting.objects.count() == len(recovered)


def test_cancelling_stops_the_worker_and_frees_it_for_the_next_recording(
    stack: Stack, recordings: list[Recording], operator: User, models: None
) -> None:
    stack.start_workers()
    first = request_analysis(recordings[0], actor=operator, fps=10)
    wait_until(lambda: Analysis.objects.get(pk=first.pk).progress > 0, within_s=60, what="a running analysis")
    cancel_analysis(first, actor=operator)
    second = request_analysis(recordings[1], actor=operator, fps=2)
    wait_for_end(second, within_s=60)
    first.refresh_from_db()
    assert (first.status, second.status) == (JobStatus.CANCELLED, JobStatus.DONE)
    assert not recordings[0].sightings.exists()
    assert recordings[1].sightings.exists()
