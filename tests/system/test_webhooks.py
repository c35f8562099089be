"""Messages to a police system by the real worker: also when it is killed in the middle of one."""

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import Agency
from portal.exchange import tasks
from portal.exchange.models import Delivery, Webhook
from portal.exchange.services.deliveries import publish
from portal.stack import Stack
from tests.exchange.receiver import receiving
from tests.system.conftest import wait_until


def statuses() -> set[str]:
    return set(Delivery.objects.values_list("status", flat=True))


def test_a_killed_workers_messages_arrive_after_a_restart(
    stack: Stack, station: Agency, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_ALSO_ALLOWED", "127.0.0.1/32")
    settings.WEBHOOK_EVENTS = {"answer.sent": "answer sent"}
    with receiving() as receiver:
        receiver.answers = ["hang", "hang"]
        Webhook.objects.create(agency=station, name="KICS", url=receiver.url, events=["answer.sent"])
        stack.start_exchange_worker()
        with transaction.atomic():
            for number in range(2):
                publish(station, "answer.sent", {"number": number})
        # Both at once: one server that hangs holds up nothing else.
        wait_until(lambda: len(receiver.messages) == 2, within_s=90, what="both messages")
        killed = stack.child("worker-exchange")
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        assert statuses() == {"pending"}

        stack.stop_workers()
        stack.start_exchange_worker()
        past = timezone.now() - timedelta(seconds=1)
        Delivery.objects.update(next_attempt_at=past, send_again_at=past)  # a minute later
        tasks.resend_due()
        wait_until(lambda: statuses() == {"delivered"}, within_s=90, what="the delivery of both")
        assert len(receiver.messages) == 4
        assert len({message.headers["Dongseon-Delivery"] for message in receiver.messages}) == 2
        assert set(Delivery.objects.values_list("attempts", flat=True)) == {2}
