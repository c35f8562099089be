"""Verbs on webhooks."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record
from portal.exchange.models import Delivery, Webhook
from portal.exchange.services.deliveries import TEST_EVENT, deliver
from portal.exchange.signature import new_secret

TYPED_FIELDS = ["agency", "name", "url", "events", "is_active"]


@transaction.atomic
def save_webhook(webhook: Webhook, *, actor: User, changed: list[str]) -> Webhook:
    """Write a new or changed webhook; `changed` names the fields, whose new values are audited."""
    require_right(actor, Right.MANAGE_EXCHANGE)
    require_visible(webhook.agency, actor, _("This agency is not yours."))
    if webhook.pk:
        require_visible(webhook, actor, _("This webhook belongs to another agency."))
    _check_events(webhook)
    webhook.full_clean()
    # The secret was read a while ago: somebody may have replaced it since.
    webhook.save(update_fields=TYPED_FIELDS if webhook.pk else None)
    values: dict[str, Any] = {name: str(getattr(webhook, name)) for name in changed}
    record(Action.WEBHOOK_CHANGED, actor=actor, target=webhook, details=values)
    return webhook


@transaction.atomic
def rotate_secret(webhook: Webhook, *, actor: User) -> str:
    """Replace the secret and return the new one, which nothing will tell again."""
    _require(webhook, actor)
    webhook.secret = new_secret()
    webhook.save(update_fields=["secret"])
    record(Action.WEBHOOK_SECRET_ROTATED, actor=actor, target=webhook)
    return webhook.secret


@transaction.atomic
def send_test_event(webhook: Webhook, *, actor: User) -> Delivery:
    """Send a message without contents, so that the other side can be tried."""
    _require(webhook, actor)
    if not webhook.is_active:
        raise ValidationError(_("This webhook is switched off."))
    delivery = deliver(webhook, TEST_EVENT, {"message": "Dongseon"})
    record(Action.WEBHOOK_TESTED, actor=actor, target=webhook, details={"event": str(delivery.event)})
    return delivery


def _require(webhook: Webhook, actor: User) -> None:
    require_right(actor, Right.MANAGE_EXCHANGE)
    require_visible(webhook, actor, _("This webhook belongs to another agency."))


def _check_events(webhook: Webhook) -> None:
    known = settings.WEBHOOK_EVENTS
    if not isinstance(webhook.events, list) or not set(webhook.events) <= set(known):
        raise ValidationError({"events": _("Choose from these: %(events)s.") % {"events": ", ".join(known)}})
