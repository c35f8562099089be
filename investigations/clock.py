"""What the clock starts by itself: deadlines, the end of watches, and the destruction of what may no longer be kept.

A module of its own: these call verbs and jobs that announce, while the verbs enqueue the tasks of `tasks`.
"""

import logging

from celery import shared_task

from investigations import deadlines, destruction
from investigations.models import Destruction
from investigations.services import retention
from investigations.services.watch import end_lapsed
from investigations.services.watch_lists import forget_results, forget_undecided
from portal import jobs

logger = logging.getLogger(__name__)


@shared_task
def watch_deadlines() -> None:
    deadlines.remind()
    deadlines.stop_unapproved()


@shared_task
def expire_recordings() -> None:
    for pk in retention.begin_expiries():
        run_destruction.delay(pk)


@shared_task
def purge_requests() -> None:
    for pk in retention.begin_purges():
        run_destruction.delay(pk)


@shared_task
def end_watched_plates() -> None:
    for act in (end_lapsed, forget_undecided, forget_results):
        try:
            act()
        except Exception:  # what fails now is tried again in the next round, and keeps the others from nothing
            logger.exception("the watch list's round failed")


@shared_task
def purge_watch_lists() -> None:
    for pk in retention.begin_watch_purges():
        run_destruction.delay(pk)


@shared_task
def run_destruction(destruction_id: int) -> None:
    destruction.destroy(destruction_id)
    if destruction.is_full(destruction_id):
        expire_recordings.delay()


@shared_task
def requeue_abandoned() -> None:
    """Hand out again what a killed worker left behind. A second hand-out finds the row claimed, and does nothing."""
    for pk in jobs.take_abandoned(Destruction.objects.all()):
        run_destruction.delay(pk)
