"""What workers do for cameras: take an id, claim the row, call the job."""

from celery import shared_task

from cameras import imports
from cameras.models import CameraImport
from portal.jobs import take_abandoned


@shared_task
def run_import(import_id: int) -> None:
    imports.run_import(import_id)


@shared_task
def requeue_abandoned() -> None:
    """Hand out again what a killed worker left behind. A second hand-out finds the row claimed, and does nothing."""
    for pk in take_abandoned(CameraImport.objects.all()):
        run_import.delay(pk)
