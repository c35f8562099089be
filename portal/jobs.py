"""Long pieces of work: the row that says how one goes, and how a worker owns it: claim it, renew the claim with each
sign of life, end it.

Every write is a filtered update that names the claim, so that a job which was cancelled, or taken over after its
worker fell silent, can no longer be written by the worker that lost it.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.languages import in_language_of
from portal.accounts.models import User
from portal.sentences import SentenceField

logger = logging.getLogger(__name__)

# A worker renews its claim every RENEW_EVERY_S; one that was not heard of for SILENT_AFTER_S is taken for dead.
RENEW_EVERY_S = 1.0
SILENT_AFTER_S = 20.0
RESEND_AFTER = timedelta(seconds=20)


class ClaimLost(Exception):  # noqa: N818 -- not an error: someone cancelled the job or took it over
    """This worker no longer owns the job."""


class JobStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


OPEN_JOB_STATUSES = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})


def soon() -> datetime:
    return timezone.now() + RESEND_AFTER


class Job(models.Model):
    """A long piece of work whose row says how it goes. A worker owns it through `claim`, renewed by `seen_at`."""

    status = models.CharField(_("status"), max_length=10, choices=JobStatus, default=JobStatus.QUEUED)
    progress = models.FloatField(_("progress"), default=0)
    error = SentenceField(_("error"), blank=True)
    warning = SentenceField(_("warning"), blank=True)
    requested_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("requested by"), null=True, blank=True
    )
    requested_at = models.DateTimeField(_("requested"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    claim = models.CharField(max_length=32, blank=True, editable=False)
    seen_at = models.DateTimeField(_("last sign of life"), null=True, blank=True, editable=False)
    # When the job's message is taken for lost and sent again: later each time, so that a long queue is not flooded.
    send_again_at = models.DateTimeField(default=soon, editable=False)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_JOB_STATUSES


def run_job(
    jobs: QuerySet[Any],
    pk: int,
    work: Callable[[Any], None],
    *,
    explain: Callable[[Any, Exception], str | None] = lambda job, error: None,
    on_failure: Callable[[Any], None] = lambda job: None,
) -> None:
    """Claim the job, do its work, and write a failure on its row instead of raising it.

    Args:
        jobs: where the row is.
        pk: which row; nothing happens if it has ended, or another worker is at it.
        work: ends the job itself when all went well.
        explain: what to tell people about an error of this job; None for one that nobody foresaw.
        on_failure: called when the failure stands on the row.
    """
    job = claim_job(jobs, pk)
    if job is None:
        return
    with in_language_of(job.requested_by):  # files that it makes are for whoever asked for them
        _do(job, work, explain, on_failure)


def _do(
    job: Any,
    work: Callable[[Any], None],
    explain: Callable[[Any, Exception], str | None],
    on_failure: Callable[[Any], None],
) -> None:
    try:
        work(job)
    except ClaimLost:
        logger.info("%s was cancelled or taken over", job)
    except Exception as error:
        message = explain(job, error)
        if message is None:
            logger.exception("%s failed", job)
            message = f"{type(error).__name__}: {error}"
        _fail(job, message, on_failure)


def _fail(job: Job, message: str, on_failure: Callable[[Any], None]) -> None:
    try:
        end_job(job, JobStatus.FAILED, error=message)
        on_failure(job)
    except ClaimLost:
        logger.info("%s failed after it was cancelled: %s", job, message)


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
            send_again_at=now + RESEND_AFTER,
            progress=0,
            error="",
            warning="",
        )
    )
    return jobs.get(pk=pk) if claimed else None


def take_abandoned(jobs: QuerySet[Any]) -> list[int]:
    """Return the jobs whose message should be sent again: their worker fell silent, or they wait and may be lost.

    Each is returned after its first wait, then after twice its age, and so on.
    """
    now = timezone.now()
    due = jobs.filter(_is_free(now), send_again_at__lte=now).values_list("pk", "requested_at")
    return [pk for pk, requested_at in due if _postpone(jobs, pk, now, 2 * (now - requested_at))]


def _postpone(jobs: QuerySet[Any], pk: int, now: datetime, wait: timedelta) -> bool:
    wait = max(wait, RESEND_AFTER)
    return bool(jobs.filter(pk=pk, send_again_at__lte=now).update(send_again_at=now + wait))


def renew_claim(job: Job, **values: Any) -> None:
    """Give a sign of life, and write `values` (progress, say) with it. Raises ClaimLost."""
    _update_owned(job, seen_at=timezone.now(), **values)


def now_and_then(write: Callable[[float, int], None]) -> Callable[[float, int], None]:
    """Return `write`, called at most every RENEW_EVERY_S: the core tells its progress (share done, frames) far oftener
    than a row should be written."""
    last = [0.0]

    def tell(share: float, frames: int) -> None:
        now = time.monotonic()
        if now - last[0] >= RENEW_EVERY_S:
            last[0] = now
            write(share, frames)

    return tell


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


def _is_silent(now: datetime) -> Q:
    return Q(status=JobStatus.RUNNING, seen_at__lt=now - timedelta(seconds=SILENT_AFTER_S))


def _is_free(now: datetime) -> Q:
    return Q(status=JobStatus.QUEUED) | _is_silent(now)
