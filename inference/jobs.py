"""How a worker owns a job's row: claim it, renew the claim with each sign of life, end it.

Every write is a filtered update that names the claim, so that a job which was cancelled, or taken over after its
worker fell silent, can no longer be written by the worker that lost it.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Q, QuerySet
from django.utils import timezone

from inference.models import OPEN_JOB_STATUSES, Job, JobStatus

# A worker renews its claim every RENEW_EVERY_S; one that was not heard of for SILENT_AFTER_S is taken for dead.
RENEW_EVERY_S = 1.0
SILENT_AFTER_S = 20.0


class ClaimLost(Exception):  # noqa: N818 -- not an error: someone cancelled the job or took it over
    """This worker no longer owns the job."""


def claim_job(jobs: QuerySet[Any], pk: int) -> Any | None:
    """Return the job, owned by this worker, or None if it has ended or another worker is at it."""
    now, claim = timezone.now(), uuid4().hex
    claimed = (
        jobs.filter(pk=pk)
        .filter(_is_free(now))
        .update(
            status=JobStatus.RUNNING,
            claim=claim,
            seen_at=now,
            started_at=now,
            progress=0,
            error="",
            warning="",
        )
    )
    return jobs.get(pk=pk) if claimed else None


def abandoned(jobs: QuerySet[Any]) -> QuerySet[Any]:
    """Jobs whose worker fell silent, and queued ones whose message must have been lost."""
    now = timezone.now()
    lost = Q(status=JobStatus.QUEUED, requested_at__lt=now - timedelta(seconds=SILENT_AFTER_S))
    return jobs.filter(_is_silent(now) | lost)


def renew_claim(job: Job, **values: Any) -> None:
    """Give a sign of life, and write `values` (progress, say) with it. Raises ClaimLost."""
    _update_owned(job, seen_at=timezone.now(), **values)


def end_job(job: Job, status: JobStatus, **values: Any) -> None:
    """Write the job's end. Raises ClaimLost, so that a cancelled job stays cancelled."""
    if status == JobStatus.DONE:
        values["progress"] = 1.0
    _update_owned(job, status=status, ended_at=timezone.now(), claim="", **values)


def cancel_job(job: Job) -> bool:
    """Cancel an open job; its worker notices at its next sign of life. False if it had ended already."""
    jobs = type(job)._default_manager
    cancelled = jobs.filter(pk=job.pk, status__in=OPEN_JOB_STATUSES).update(
        status=JobStatus.CANCELLED, ended_at=timezone.now(), claim=""
    )
    job.refresh_from_db()
    return bool(cancelled)


def _update_owned(job: Job, **values: Any) -> None:
    owned = type(job)._default_manager.filter(pk=job.pk, claim=job.claim, status=JobStatus.RUNNING)
    if not owned.update(**values):
        raise ClaimLost(f"{job._meta.verbose_name} {job.pk}")
    for name, value in values.items():
        if name != "claim":
            setattr(job, name, value)


def _is_silent(now: Any) -> Q:
    return Q(status=JobStatus.RUNNING, seen_at__lt=now - timedelta(seconds=SILENT_AFTER_S))


def _is_free(now: Any) -> Q:
    return Q(status=JobStatus.QUEUED) | _is_silent(now)
