"""What workers do: take an id, claim the row, call the job."""

from celery import shared_task

from portal.exchange import deliveries, idempotency


@shared_task
def send_delivery(delivery_id: int) -> None:
    deliveries.send(delivery_id)


@shared_task
def resend_due() -> None:
    """Hand out what is due, and again what a killed worker left. A second hand-out finds the row claimed."""
    for pk in deliveries.take_due():
        send_delivery.delay(pk)


@shared_task
def remove_old() -> None:
    deliveries.remove_old()
    idempotency.remove_expired()
