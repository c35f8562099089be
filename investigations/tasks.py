"""What workers do: take an id, claim the row, call the job."""

from celery import shared_task

from investigations import mail, search
from investigations.models import EvidencePackage, Search
from portal import jobs


@shared_task
def run_search(search_id: int) -> None:
    search.search(search_id)


@shared_task
def requeue_abandoned() -> None:
    """Hand out again what a killed worker left behind. A second hand-out finds the row claimed, and does nothing."""
    for pk in jobs.take_abandoned(Search.objects.all()):
        run_search.delay(pk)
    for pk in jobs.take_abandoned(EvidencePackage.objects.all()):
        run_package.delay(pk)


@shared_task
def run_package(package_id: int) -> None:
    # Not above: the job tells people, and whoever tells people sends mail through this module.
    from investigations import package

    package.make_package(package_id)


@shared_task
def mail_notifications(ids: list[int]) -> None:
    mail.send(ids)


@shared_task
def mail_unsent() -> None:
    """Send what could not be sent, or not even be queued, when it happened."""
    mail.send(mail.unsent())
