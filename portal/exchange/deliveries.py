"""How a delivery goes out: a worker claims the row, sends, and writes what came of it.

The claim sets the time of the next attempt before the first byte is sent. So a worker that is killed leaves a row that
falls due again, and no two send the same at the same time: an attempt ends before the shortest wait does.
"""

import json
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from portal.exchange.models import Delivery
from portal.exchange.outgoing import Outcome, post
from portal.exchange.schedule import ATTEMPT_TIMEOUT_S, MOST_ATTEMPTS, RESEND_AFTER, wait_after
from portal.exchange.signature import sign

MOST_TAKEN_AT_ONCE = 500


def send(pk: int) -> None:
    """Attempt the delivery, unless it has ended, is not due yet, or another worker is at it."""
    delivery = _claim(pk)
    if delivery is not None:
        body = message_of(delivery)
        url, headers = delivery.webhook.url, _headers(delivery, body)
        _settle(delivery, post(url, body, headers, timeout_s=ATTEMPT_TIMEOUT_S))


def message_of(delivery: Delivery) -> bytes:
    message: dict[str, Any] = {
        "id": delivery.event,
        "type": delivery.event_type,
        "created_at": delivery.created_at,
        "data": delivery.payload,
    }
    return json.dumps(message, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()


def take_due() -> list[int]:
    """Return the deliveries whose message should be sent (again): their next attempt is due, or the message was lost.

    Each is returned once it is due, then after twice the time that it has waited since, and so on.
    """
    now = timezone.now()
    due = Delivery.objects.due(now).filter(send_again_at__lte=now).order_by("next_attempt_at")
    rows = due.values_list("pk", "next_attempt_at")[:MOST_TAKEN_AT_ONCE]
    return [pk for pk, due_at in rows if _postpone(pk, now, 2 * (now - due_at))]


def remove_old() -> None:
    """Contents may name people: what has ended is not kept for longer than it helps."""
    too_old = timezone.now() - timedelta(days=settings.WEBHOOK_KEEP_DAYS)
    Delivery.objects.filter(ended_at__lt=too_old).exclude(status=Delivery.Status.PENDING).delete()


def _claim(pk: int) -> Delivery | None:
    now, claim = timezone.now(), uuid4().hex
    delivery = Delivery.objects.due(now).select_related("webhook").filter(pk=pk).first()
    if delivery is None:
        return None
    attempts = delivery.attempts + 1
    next_attempt_at = now + wait_after(attempts)
    # Conditions on the row itself alone: PostgreSQL looks at these again when it had to wait for another worker.
    claimed = Delivery.objects.filter(
        pk=pk, status=Delivery.Status.PENDING, next_attempt_at__lte=now, claim=delivery.claim
    ).update(
        claim=claim,
        attempts=attempts,
        last_attempt_at=now,
        next_attempt_at=next_attempt_at,
        send_again_at=next_attempt_at,
    )
    delivery.claim, delivery.attempts = claim, attempts
    return delivery if claimed else None


def _headers(delivery: Delivery, body: bytes) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "Dongseon-Webhook/1",
        "Dongseon-Event": delivery.event_type,
        "Dongseon-Delivery": str(delivery.event),
        "Dongseon-Signature": sign(delivery.webhook.secret, int(time.time()), body),
    }


def _settle(delivery: Delivery, outcome: Outcome) -> None:
    """Write what came of the attempt. Between attempts the row stays pending; the claim has set when it is due."""
    values: dict[str, Any] = {"response_code": outcome.code, "error": outcome.error}
    if not outcome.error:
        values |= {"status": Delivery.Status.DELIVERED, "ended_at": timezone.now()}
    elif delivery.attempts >= MOST_ATTEMPTS:
        values |= {"status": Delivery.Status.FAILED, "ended_at": timezone.now()}
    Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING, claim=delivery.claim).update(**values)


def _postpone(pk: int, now: datetime, wait: timedelta) -> bool:
    later = now + max(wait, RESEND_AFTER)
    return bool(Delivery.objects.filter(pk=pk, send_again_at__lte=now).update(send_again_at=later))
