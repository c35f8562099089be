"""Verbs on deliveries: tell an agency's systems of an event, and try again what failed."""

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record
from portal.exchange.models import Delivery, Webhook
from portal.exchange.schedule import RESEND_AFTER
from portal.exchange.tasks import send_delivery

TEST_EVENT = "test"


@transaction.atomic
def publish(agency: Agency, event_type: str, payload: dict[str, Any]) -> list[Delivery]:
    """Tell the webhooks of `agency` that asked for it, within the caller's transaction.

    Args:
        agency: whose systems hear of it; the caller has checked that they may.
        event_type: one of settings.WEBHOOK_EVENTS.
        payload: what they are told, as JSON. The same event has the same id at each webhook.
    """
    if event_type not in settings.WEBHOOK_EVENTS:
        raise ValueError(f"{event_type!r} is not among settings.WEBHOOK_EVENTS.")
    event = uuid4()
    active = Webhook.objects.filter(agency=agency, is_active=True)
    return [deliver(webhook, event_type, payload, event=event) for webhook in active if event_type in webhook.events]


def deliver(webhook: Webhook, event_type: str, payload: dict[str, Any], *, event: UUID | None = None) -> Delivery:
    """Add one delivery and enqueue it on commit."""
    delivery = Delivery.objects.create(webhook=webhook, event=event or uuid4(), event_type=event_type, payload=payload)
    send_delivery.delay_on_commit(delivery.pk)  # type: ignore[attr-defined]  # Celery's task for Django
    return delivery


@transaction.atomic
def retry_delivery(delivery: Delivery, *, actor: User) -> Delivery:
    """Begin anew with a delivery that was given up, with all its attempts."""
    require_right(actor, Right.MANAGE_EXCHANGE)
    require_visible(delivery, actor, _("This delivery belongs to another agency."))
    now = timezone.now()
    failed = Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.FAILED)
    if not failed.update(
        status=Delivery.Status.PENDING,
        attempts=0,
        next_attempt_at=now,
        send_again_at=now + RESEND_AFTER,
        ended_at=None,
    ):
        raise ValidationError(_("Only a delivery that has failed is tried again."))
    record(Action.DELIVERY_RETRIED, actor=actor, target=delivery, details={"event": str(delivery.event)})
    send_delivery.delay_on_commit(delivery.pk)  # type: ignore[attr-defined]  # Celery's task for Django
    delivery.refresh_from_db()
    return delivery
