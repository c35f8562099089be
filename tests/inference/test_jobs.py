"""Who owns a job: claims, signs of life, take-overs and cancellation."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from cameras.models import Camera
from inference.core.errors import VideoError, say
from inference.jobs import run_job
from inference.models import Analysis
from inference.sentences import in_words
from portal import jobs
from portal.accounts.models import User
from portal.jobs import JobStatus
from tests.conftest import make_recording


@pytest.fixture
def analysis(camera: Camera) -> Analysis:
    return Analysis.objects.create(recording=make_recording(camera), detector="d", embedder="e", fps=5)


def claim(analysis: Analysis) -> Analysis | None:
    return jobs.claim_job(Analysis.objects.all(), analysis.pk)


def fall_silent(analysis: Analysis) -> None:
    long_ago = timezone.now() - timedelta(seconds=jobs.SILENT_AFTER_S + 1)
    Analysis.objects.filter(pk=analysis.pk).update(seen_at=long_ago, requested_at=long_ago, send_again_at=long_ago)


def abandoned() -> list[int]:
    return jobs.take_abandoned(Analysis.objects.all())


def test_a_job_is_claimed_once(analysis: Analysis) -> None:
    assert claim(analysis) is not None
    assert claim(analysis) is None


def test_a_silent_workers_job_is_taken_over_and_the_silent_one_can_write_no_more(analysis: Analysis) -> None:
    first = claim(analysis)
    assert first is not None
    fall_silent(analysis)
    assert abandoned() == [analysis.pk]
    second = claim(analysis)
    assert second is not None
    with pytest.raises(jobs.ClaimLost):
        jobs.renew_claim(first, progress=0.5)
    with pytest.raises(jobs.ClaimLost):
        jobs.end_job(first, JobStatus.DONE)
    jobs.end_job(second, JobStatus.DONE)
    analysis.refresh_from_db()
    assert (analysis.status, analysis.progress) == ("done", 1.0)


def test_a_lively_workers_job_is_not_abandoned(analysis: Analysis) -> None:
    claim(analysis)
    Analysis.objects.update(send_again_at=timezone.now() - timedelta(seconds=1))
    assert abandoned() == []


def test_a_queued_job_whose_message_was_lost_is_abandoned(analysis: Analysis) -> None:
    assert abandoned() == []
    fall_silent(analysis)
    assert abandoned() == [analysis.pk]


def test_a_long_queue_is_not_flooded_with_messages(analysis: Analysis) -> None:
    fall_silent(analysis)
    age = timezone.now() - Analysis.objects.get().requested_at
    assert abandoned() == [analysis.pk]
    assert abandoned() == []
    assert Analysis.objects.get().send_again_at > timezone.now() + 1.9 * age


def test_a_cancelled_job_stays_cancelled(analysis: Analysis) -> None:
    running = claim(analysis)
    assert running is not None
    assert jobs.cancel_job(analysis)
    with pytest.raises(jobs.ClaimLost):
        jobs.renew_claim(running)
    assert not jobs.cancel_job(analysis)
    analysis.refresh_from_db()
    assert analysis.status == JobStatus.CANCELLED
    assert claim(analysis) is None


UNREADABLE = say("{name} is empty (0 bytes).", name="stored.mp4")


@pytest.mark.parametrize("written_in", ["ko", "en"])
@pytest.mark.parametrize(("read_in", "words"), [("ko", "빈 파일입니다(0바이트)."), ("en", "is empty (0 bytes).")])
def test_what_went_wrong_is_read_in_the_language_of_the_reader(
    analysis: Analysis, operator: User, written_in: str, read_in: str, words: str
) -> None:
    operator.language = written_in
    operator.save()
    Analysis.objects.update(requested_by=operator)

    def fail(job: Any) -> None:
        jobs.renew_claim(job, warning=in_words(UNREADABLE, name="left.mp4"))
        raise VideoError(UNREADABLE)

    run_job(Analysis.objects.all(), analysis.pk, fail, file_name=lambda job: "left.mp4")
    with translation.override(read_in):
        analysis.refresh_from_db()
    assert analysis.error == analysis.warning
    assert analysis.error.startswith("left.mp4")
    assert analysis.error.endswith(words)
