"""What workers do: take an id, claim the row, call the job."""

from celery import shared_task

from inference import jobs
from investigations import search
from investigations.models import Search


@shared_task
def run_search(search_id: int) -> None:
    search.search(search_id)


@shared_task
def requeue_abandoned() -> None:
    """Hand out again what a killed worker left behind. A second hand-out finds the row claimed, and does nothing."""
    for pk in jobs.take_abandoned(Search.objects.all()):
        run_search.delay(pk)
