"""What workers do: take an id, claim the row, call the job."""

from threading import Thread
from typing import Any

from celery import current_app, shared_task
from celery.signals import worker_process_init

from inference import detecting, ingest, plates
from inference.asking import reply
from inference.background import measure_backgrounds
from inference.engine import embedder_id
from inference.models import Analysis, Sighting
from portal import jobs

SEARCH_QUEUE = "search"


@worker_process_init.connect
def read_plates_in(**kwargs: Any) -> None:
    """A worker that searches reads the number plates in while it waits for its first search; no other ever does."""
    if SEARCH_QUEUE in current_app.amqp.queues.consume_from:
        Thread(target=plates.warm, name="plates", daemon=True).start()


@shared_task
def run_analysis(analysis_id: int) -> None:
    ingest.analyse(analysis_id)


@shared_task
def requeue_abandoned() -> None:
    """Hand out again what a killed worker left behind. A second hand-out finds the row claimed, and does nothing."""
    for pk in jobs.take_abandoned(Analysis.objects.all()):
        run_analysis.delay(pk)


@shared_task
def measure_pair_backgrounds() -> None:
    for kind in Sighting.Kind.values:
        measure_backgrounds(embedder_id(kind), kind)


@shared_task(acks_late=False)  # nobody waits any more when it would be handed out again
def find_boxes(recording_id: int, at_s: float, *, reply_to: str) -> None:
    reply(reply_to, detecting.answer(lambda: detecting.boxes_on_frame(recording_id, at_s)))


@shared_task(acks_late=False)
def propose_boxes(picture: str, kind: str, *, reply_to: str) -> None:
    reply(reply_to, detecting.answer(lambda: detecting.boxes_in_picture(picture, kind)))
