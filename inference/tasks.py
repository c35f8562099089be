"""What workers do: take an id, claim the row, call the job."""

from celery import shared_task

from inference import ingest, jobs
from inference.models import Analysis


@shared_task
def run_analysis(analysis_id: int) -> None:
    ingest.analyse(analysis_id)


@shared_task
def requeue_abandoned() -> None:
    """Hand out again what a killed worker left behind. A second hand-out finds the row claimed, and does nothing."""
    for pk in jobs.take_abandoned(Analysis.objects.all()):
        run_analysis.delay(pk)
