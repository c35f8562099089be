"""How workers own their jobs (`portal.jobs`), with the core's errors told in words."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from inference.core.errors import CoreError
from inference.sentences import in_words
from portal import jobs as portal_jobs


def run_job(
    jobs: QuerySet[Any],
    pk: int,
    work: Callable[[Any], None],
    *,
    file_name: Callable[[Any], str] = str,
    on_failure: Callable[[Any], None] = lambda job: None,
) -> None:
    """`portal.jobs.run_job` for work with files; `file_name` is what people call the job's file."""

    def explain(job: Any, error: Exception) -> str | None:
        return in_words(error, name=file_name(job)) if isinstance(error, CoreError | OSError) else None

    portal_jobs.run_job(jobs, pk, work, explain=explain, on_failure=on_failure)
