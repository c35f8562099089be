"""Webhooks in the hands of administrators: theirs alone, audited, with a secret that is shown once."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from portal.exchange.models import Delivery, Webhook
from portal.exchange.services.deliveries import retry_delivery
from portal.exchange.services.webhooks import rotate_secret, save_webhook, send_test_event
from tests.exchange.receiver import Receiver

LIST, DELIVERIES = "admin:exchange_webhook_changelist", "admin:exchange_delivery_changelist"


@pytest.fixture
def failed(webhook: Webhook) -> Delivery:
    return Delivery.objects.create(
        webhook=webhook,
        event_type="answer.sent",
        payload={"title": "Missing child"},
        status="failed",
        attempts=10,
        response_code=500,
        error="Answer 500.",
        ended_at=timezone.now(),
    )


@pytest.mark.parametrize(
    ("who", "may"),
    [("keeper", True), ("administrator", False), ("officer", False), ("supervisor", False), ("outsider", False)],
)
def test_the_agencys_own_administrator_keeps_its_webhooks(
    who: str, may: bool, webhook: Webhook, failed: Delivery, station: Agency, request: pytest.FixtureRequest
) -> None:
    actor: User = request.getfixturevalue(who)
    verbs: list[Any] = [
        lambda: save_webhook(Webhook(agency=station, name="new", url="http://10.0.0.1/"), actor=actor, changed=[]),
        lambda: save_webhook(webhook, actor=actor, changed=["name"]),
        lambda: rotate_secret(webhook, actor=actor),
        lambda: send_test_event(webhook, actor=actor),
        lambda: retry_delivery(failed, actor=actor),
    ]
    for verb in verbs:
        if may:
            verb()
        else:
            with pytest.raises(PermissionDenied):
                verb()
    actions = list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))
    rotated, retried = "webhook.secret_rotated", "delivery.retried"
    assert actions == (["webhook.changed"] * 2 + [rotated, "webhook.tested", retried] if may else [])
    assert list(Webhook.objects.visible_to(actor).filter(pk=webhook.pk)) == ([webhook] if may else [])


def test_a_webhook_is_not_moved_to_somebody_elses_agency_or_taken_from_it(
    webhook: Webhook, keeper: User, other_station: Agency
) -> None:
    webhook.agency = other_station
    with pytest.raises(PermissionDenied):
        save_webhook(webhook, actor=keeper, changed=["agency"])
    others = User.objects.create_user("others", role="administrator", agency=other_station)
    with pytest.raises(PermissionDenied):
        save_webhook(webhook, actor=others, changed=["agency"])
    webhook.refresh_from_db()
    assert webhook.agency != other_station


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"events": ["answer.burnt"]}, "Choose from these: answer.sent, answer.changed."),
        ({"events": "answer.sent"}, "Choose from these"),
        ({"url": "http://127.0.0.2/"}, "WEBHOOK_ALSO_ALLOWED"),
        ({"url": "gopher://police.example/"}, "https://host/path"),
        ({"name": ""}, "blank"),
    ],
)
def test_a_webhook_that_would_not_work_is_refused(
    values: dict[str, Any], words: str, webhook: Webhook, keeper: User
) -> None:
    for name, value in values.items():
        setattr(webhook, name, value)
    with pytest.raises(ValidationError) as refusal:
        save_webhook(webhook, actor=keeper, changed=list(values))
    assert words in " ".join(refusal.value.messages)


def test_the_secret_is_in_no_entry(webhook: Webhook, keeper: User) -> None:
    save_webhook(webhook, actor=keeper, changed=["name", "url"])
    old = webhook.secret
    new = rotate_secret(webhook, actor=keeper)
    assert new != old
    entries = str(list(AuditEntry.objects.values()))
    assert webhook.url in entries
    assert old not in entries
    assert new not in entries


def test_saving_does_not_bring_back_a_secret_that_was_replaced_meanwhile(webhook: Webhook, keeper: User) -> None:
    opened = Webhook.objects.get()
    secret = rotate_secret(webhook, actor=keeper)
    opened.name = "other"
    save_webhook(opened, actor=keeper, changed=["name"])
    assert (Webhook.objects.get().name, Webhook.objects.get().secret) == ("other", secret)


def test_only_what_has_failed_is_tried_again_and_then_from_the_start(failed: Delivery, keeper: User) -> None:
    again = retry_delivery(failed, actor=keeper)
    assert (again.status, again.attempts, again.ended_at) == ("pending", 0, None)
    with pytest.raises(ValidationError, match="failed"):
        retry_delivery(failed, actor=keeper)


def test_a_webhook_that_is_switched_off_cannot_be_tried(webhook: Webhook, keeper: User) -> None:
    webhook.is_active = False
    webhook.save()
    with pytest.raises(ValidationError, match="switched off"):
        send_test_event(webhook, actor=keeper)


# ── In the admin ────────────────────────────────────────────────────────────────────────────────────────────────────


def act(client: Client, page: str, action: str, *rows: Any) -> Any:
    return client.post(reverse(page), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)


def test_a_new_webhooks_secret_is_shown_once(keeper: User, station: Agency, client: Client) -> None:
    client.force_login(keeper)
    words = {
        "agency": station.pk,
        "name": "KICS",
        "url": "http://10.0.0.1/",
        "events": ["answer.sent"],
        "is_active": "on",
    }
    page = client.post(reverse("admin:exchange_webhook_add"), words)
    webhook = Webhook.objects.get()
    assert (webhook.events, webhook.is_active) == (["answer.sent"], True)
    assert page.content.decode().count(webhook.secret) == 1
    for address in (reverse(LIST), reverse("admin:exchange_webhook_change", args=[webhook.pk])):
        assert webhook.secret not in client.get(address).content.decode()
    assert AuditEntry.objects.get(action="webhook.changed").details["url"] == "http://10.0.0.1/"


@pytest.mark.parametrize("values", [{"url": "http://127.0.0.2/"}, {"events": ["answer.burnt"]}, {"agency": "other"}])
def test_the_form_names_the_field_that_is_wrong(
    values: dict[str, Any], keeper: User, station: Agency, other_station: Agency, client: Client
) -> None:
    client.force_login(keeper)
    if "agency" in values:
        values = {"agency": other_station.pk}
    words = {"agency": station.pk, "name": "KICS", "url": "http://10.0.0.1/", "events": []} | values
    page = client.post(reverse("admin:exchange_webhook_add"), words)
    assert list(page.context["errors"].data) or page.context["adminform"].form.errors
    assert list(page.context["adminform"].form.errors) == list(values)
    assert not Webhook.objects.exists()


def test_the_actions_call_the_verbs(
    keeper: User, webhook: Webhook, failed: Delivery, receiver: Receiver, client: Client
) -> None:
    client.force_login(keeper)
    old = webhook.secret
    page = act(client, LIST, "rotate", webhook).content.decode()
    webhook.refresh_from_db()
    assert webhook.secret != old
    assert webhook.secret in page
    assert "on its way" in act(client, LIST, "test", webhook).content.decode()
    assert Delivery.objects.get(event_type="test").status == "pending"
    act(client, DELIVERIES, "retry", failed)
    failed.refresh_from_db()
    assert failed.status == "pending"


def test_deliveries_are_listed_without_what_they_say(keeper: User, failed: Delivery, client: Client) -> None:
    client.force_login(keeper)
    pages = [client.get(reverse(DELIVERIES)), client.get(reverse("admin:exchange_delivery_change", args=[failed.pk]))]
    for page in pages:
        assert "Answer 500." in page.content.decode()
        assert "Missing child" not in page.content.decode()


def test_another_agencys_administrator_sees_none_of_it(administrator: User, failed: Delivery, client: Client) -> None:
    client.force_login(administrator)
    for page in (LIST, DELIVERIES):
        assert "KICS" not in client.get(reverse(page)).content.decode()
    act(client, LIST, "rotate", failed.webhook)
    act(client, DELIVERIES, "retry", failed)
    assert not AuditEntry.objects.filter(action__startswith="webhook.").exists()
    failed.refresh_from_db()
    assert failed.status == "failed"
