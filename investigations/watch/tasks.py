"""What workers do for the watch list: take an id, call the job."""

from celery import shared_task

from investigations.models import LookBack
from investigations.watch import job
from portal import jobs


@shared_task
def check_analysis(analysis_id: int) -> None:
    job.check_analysis(analysis_id)


@shared_task
def check_missed() -> None:
    """Hand out what was never checked: a second hand-out finds it checked, and does nothing."""
    for pk in job.missed():
        check_analysis.delay(pk)


@shared_task
def run_look_back(look_id: int) -> None:
    job.run_look_back(look_id)


@shared_task
def requeue_abandoned() -> None:
    """Hand out again what a killed worker left behind. A second hand-out finds the row claimed, and does nothing."""
    for pk in jobs.take_abandoned(LookBack.objects.all()):
        run_look_back.delay(pk)
