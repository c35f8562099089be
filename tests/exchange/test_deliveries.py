"""A message's way to a server that fails, hangs, floods, leads elsewhere, and at last accepts."""

import json
import time
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone, translation

from portal.accounts.models import Agency
from portal.exchange import deliveries
from portal.exchange.models import Delivery, Webhook
from portal.exchange.outgoing import post
from portal.exchange.schedule import ATTEMPT_TIMEOUT_S, MOST_ATTEMPTS, WAITS
from portal.exchange.services.deliveries import publish
from portal.exchange.signature import verify
from tests.exchange.receiver import Receiver


@pytest.fixture
def delivery(station: Agency, webhook: Webhook) -> Delivery:
    return publish(station, "answer.sent", {"request": 7, "번호": "2026-1"})[0]


def attempt(delivery: Delivery) -> Delivery:
    """One attempt now, whenever the next would be due."""
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now())
    deliveries.send(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def test_what_arrives_is_signed_and_says_what_happened(delivery: Delivery, receiver: Receiver) -> None:
    deliveries.send(delivery.pk)
    [message] = receiver.messages
    told = json.loads(message.body)
    assert told == {
        "id": str(delivery.event),
        "type": "answer.sent",
        "created_at": told["created_at"],
        "data": {"request": 7, "번호": "2026-1"},
    }
    assert datetime.fromisoformat(told["created_at"]).utcoffset() == timedelta(0)
    assert message.headers["Dongseon-Event"] == "answer.sent"
    assert message.headers["Dongseon-Delivery"] == told["id"]
    assert message.headers["Content-Type"] == "application/json"
    signature = message.headers["Dongseon-Signature"]
    assert verify(delivery.webhook.secret, signature, message.body, now=time.time())
    assert not verify("whsec_other", signature, message.body, now=time.time())
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.response_code, delivery.error) == ("delivered", 1, 204, "")
    assert delivery.ended_at is not None


def test_a_server_that_fails_in_every_way_gets_the_message_in_the_end(
    delivery: Delivery, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "ATTEMPT_TIMEOUT_S", 0.4)
    receiver.answers = [500, "hang", "trickle", "flood", "redirect", "drop", 200]
    errors = []
    for number in range(1, 7):
        started = time.monotonic()
        attempt(delivery)
        assert time.monotonic() - started < 3
        assert (delivery.status, delivery.attempts) == ("pending", number)
        assert delivery.next_attempt_at - timezone.now() == pytest.approx(WAITS[number - 1], abs=timedelta(seconds=5))
        errors.append(delivery.error)
    assert errors[0] == "Answer 500. signature unknown"
    assert errors[1] == errors[2] == "No complete answer within 0.4 seconds."
    assert errors[3].startswith("Answer 500. xxx")
    assert errors[4] == "Answer 302 leads to /elsewhere, which is not followed."
    assert errors[5].startswith("No proper answer")
    assert attempt(delivery).status == "delivered"
    assert [message.path for message in receiver.messages] == ["/dongseon"] * 7
    assert len({message.body for message in receiver.messages}) == 1


@pytest.mark.parametrize("written_in", ["ko", "en"])
def test_what_went_wrong_is_read_in_the_language_of_the_reader(
    delivery: Delivery, receiver: Receiver, settings: Any, written_in: str
) -> None:
    receiver.answers = [500, "redirect"]
    said = []
    for _number in range(3):
        with translation.override(written_in):
            attempt(delivery)
        delivery.refresh_from_db()
        said.append(delivery.error)
        with translation.override("ko"):
            delivery.refresh_from_db()
            assert any("가" <= letter <= "힣" for letter in delivery.error)
        settings.WEBHOOK_ALSO_ALLOWED = [] if len(said) == 2 else settings.WEBHOOK_ALSO_ALLOWED
    assert said[:2] == ["Answer 500. signature unknown", "Answer 302 leads to /elsewhere, which is not followed."]
    assert said[2].endswith("is not sent to from here: see WEBHOOK_ALSO_ALLOWED.")


def test_after_its_last_attempt_a_delivery_has_failed(delivery: Delivery, receiver: Receiver) -> None:
    receiver.answers = [503] * MOST_ATTEMPTS
    statuses = [attempt(delivery).status for _number in range(MOST_ATTEMPTS)]
    assert statuses == ["pending"] * (MOST_ATTEMPTS - 1) + ["failed"]
    deliveries.send(delivery.pk)
    assert len(receiver.messages) == MOST_ATTEMPTS == 10


def test_the_waits_grow_from_a_minute_to_a_day_and_outlast_an_attempt() -> None:
    assert sorted(WAITS) == list(WAITS)
    assert (WAITS[0], WAITS[-1]) == (timedelta(minutes=1), timedelta(days=1))
    assert WAITS[0].total_seconds() > 2 * ATTEMPT_TIMEOUT_S


def test_no_more_of_an_answer_is_read_than_is_worth_it(receiver: Receiver) -> None:
    """Without a limit this would go on until the time is up."""
    receiver.answers = ["flood"]
    started = time.monotonic()
    outcome = post(receiver.url, b"{}", {}, timeout_s=30)
    assert time.monotonic() - started < 10
    assert (outcome.code, len(outcome.error) < 400) == (500, True)


def test_nobody_listening_is_an_error_like_others(delivery: Delivery) -> None:
    Webhook.objects.update(url="http://127.0.0.1:9/")
    assert attempt(delivery).error.startswith("No proper answer")
    assert delivery.response_code is None


@pytest.mark.parametrize("why", ["not due", "delivered", "failed", "switched off"])
def test_what_is_not_due_is_not_sent(why: str, delivery: Delivery, receiver: Receiver) -> None:
    if why == "not due":
        Delivery.objects.update(next_attempt_at=timezone.now() + timedelta(seconds=30))
    elif why == "switched off":
        Webhook.objects.update(is_active=False)
    else:
        Delivery.objects.update(status=why)
    deliveries.send(delivery.pk)
    assert receiver.messages == []


def test_two_workers_at_once_send_once(committing_db: None, request: pytest.FixtureRequest) -> None:
    webhook, receiver = request.getfixturevalue("webhook"), request.getfixturevalue("receiver")
    delivery = Delivery.objects.create(webhook=webhook, event_type="answer.sent", payload={})
    start = Barrier(4)

    def work() -> None:
        start.wait(10)
        deliveries.send(delivery.pk)
        connection.close()

    threads = [Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(receiver.messages) == 1
    assert Delivery.objects.get().attempts == 1


def test_a_worker_that_lost_its_claim_writes_nothing(
    delivery: Delivery, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was stopped for minutes in the middle, and another one has sent the message since."""

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.undo()
        receiver.answers = [204, 500]
        attempt(Delivery.objects.get())
        return post(*args, **kwargs)

    monkeypatch.setattr(deliveries, "post", interrupted)
    deliveries.send(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.error) == ("delivered", 2, "")


# ── Handing out again ───────────────────────────────────────────────────────────────────────────────────────────────


def pass_time(**span: float) -> None:
    """As if all this had happened earlier."""
    for row in Delivery.objects.all():
        row.next_attempt_at -= timedelta(**span)
        row.send_again_at -= timedelta(**span)
        row.save()


def test_a_lost_message_is_sent_again_after_a_while_and_then_after_longer_ones(delivery: Delivery) -> None:
    assert deliveries.take_due() == []
    pass_time(minutes=1)
    assert deliveries.take_due() == [delivery.pk]
    assert deliveries.take_due() == []
    pass_time(seconds=100)
    assert deliveries.take_due() == []
    pass_time(seconds=40)
    assert deliveries.take_due() == [delivery.pk]


def test_what_a_killed_worker_had_claimed_falls_due_again(delivery: Delivery, receiver: Receiver) -> None:
    assert deliveries._claim(delivery.pk) is not None
    assert deliveries._claim(delivery.pk) is None
    assert deliveries.take_due() == []
    pass_time(seconds=61)
    assert deliveries.take_due() == [delivery.pk]
    deliveries.send(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 2)


def test_contents_are_removed_some_time_after_the_end(delivery: Delivery, station: Agency, settings: Any) -> None:
    waiting = publish(station, "answer.sent", {})[0]
    deliveries.send(delivery.pk)
    deliveries.remove_old()
    assert Delivery.objects.count() == 2
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOK_KEEP_DAYS + 1)
    Delivery.objects.update(created_at=long_ago)
    Delivery.objects.filter(pk=delivery.pk).update(ended_at=long_ago)
    deliveries.remove_old()
    assert list(Delivery.objects.all()) == [waiting]


# ── Publishing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_asked_for_the_event_hears_of_it_and_nobody_else(
    station: Agency, other_station: Agency, webhook: Webhook
) -> None:
    asked = {"url": webhook.url, "events": ["answer.changed", "answer.sent"]}
    second = Webhook.objects.create(agency=station, name="second", **asked)
    Webhook.objects.create(agency=station, name="off", is_active=False, **asked)
    Webhook.objects.create(agency=station, name="other event", url=webhook.url, events=["answer.changed"])
    Webhook.objects.create(agency=other_station, name="other station", **asked)
    rows = publish(station, "answer.sent", {})
    assert {row.webhook for row in rows} == {webhook, second}
    assert len({row.event for row in rows}) == 1
    assert Delivery.objects.count() == 2


def test_an_event_of_a_verb_that_fails_is_never_told(station: Agency, webhook: Webhook) -> None:
    def verb() -> None:
        with transaction.atomic():
            publish(station, "answer.sent", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        verb()
    assert not Delivery.objects.exists()


def test_an_event_that_the_settings_do_not_name_is_a_mistake_of_ours(station: Agency, webhook: Webhook) -> None:
    with pytest.raises(ValueError, match="WEBHOOK_EVENTS"):
        publish(station, "answer.burnt", {})


def test_contents_may_hold_times_and_ids(station: Agency, webhook: Webhook, receiver: Receiver) -> None:
    now = timezone.now()
    deliveries.send(publish(station, "answer.sent", {"at": now})[0].pk)
    told = json.loads(receiver.messages[0].body)["data"]["at"]
    assert datetime.fromisoformat(told) == now.replace(microsecond=now.microsecond // 1000 * 1000)
