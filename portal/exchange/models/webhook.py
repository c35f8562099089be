"""Where an agency's own system wants to hear of events, and each message that is sent there."""

from datetime import datetime
from typing import Any, Self
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Agency
from portal.exchange.addresses import RefusedAddress, check_url
from portal.exchange.schedule import RESEND_AFTER
from portal.exchange.signature import new_secret
from portal.sentences import SentenceField


def validate_url(url: str) -> None:
    try:
        check_url(url)
    except RefusedAddress as refusal:
        raise ValidationError(str(refusal)) from refusal


def soon() -> datetime:
    return timezone.now() + RESEND_AFTER


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, user: Any) -> Self:
        """Administrators see those of the agencies that they see."""
        if not user.is_authenticated or not user.is_active or not user.is_administrator:
            return self.none()
        return self.filter(agency__in=Agency.objects.visible_to(user))


class Webhook(models.Model):
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="webhooks", verbose_name=_("agency"))
    name = models.CharField(_("name"), max_length=60)
    url = models.CharField(
        _("address"),
        max_length=500,
        validators=[validate_url],
        help_text=_("https://… or http://…, as this server reaches it. Redirects are not followed."),
    )
    # Signing needs the secret itself, so it cannot be hashed; it is shown once and by no page again.
    secret = models.CharField(max_length=80, default=new_secret, editable=False)
    events = models.JSONField(_("events"), default=list, blank=True)
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("While switched off nothing is sent: what waits goes on waiting, and no new events are added."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["agency", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "name"],
                name="webhook_name_once_per_agency",
                violation_error_message=_("The agency has a webhook of this name."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.agency}: {self.name}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(webhook__in=Webhook.objects.visible_to(user))

    def due(self, now: datetime) -> Self:
        return self.filter(status=Delivery.Status.PENDING, webhook__is_active=True, next_attempt_at__lte=now)


class Delivery(models.Model):
    """One event on its way to one webhook. A worker owns it through `claim` until its next attempt is due."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    event = models.UUIDField(_("event id"), default=uuid4)
    event_type = models.CharField(_("event"), max_length=60)
    payload = models.JSONField(_("contents"), encoder=DjangoJSONEncoder)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    # When its message is taken for lost and sent again: later each time, so that a long queue is not flooded.
    send_again_at = models.DateTimeField(default=soon, editable=False)
    claim = models.CharField(max_length=32, blank=True, editable=False)
    response_code = models.PositiveSmallIntegerField(_("last answer"), null=True, blank=True)
    error = SentenceField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["webhook", "event"], name="delivery_once_per_event")]
        indexes = [models.Index(fields=["status", "next_attempt_at"], name="delivery_due")]

    def __str__(self) -> str:
        return f"{self.event_type} → {self.webhook.name}"
