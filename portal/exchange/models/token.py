"""Keys by which a person's own programs use the API."""

import hashlib
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User


def digest_of(secret: str) -> str:
    """A secret has 256 random bits: nothing is guessed, so one round without salt keeps it."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: Any) -> Self:
        """One's own; an administrator also sees those of the people whom the administrator sees."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(models.Q(user=user) | models.Q(user__in=User.objects.visible_to(user)))

    def unrevoked(self) -> Self:
        return self.filter(revoked_at=None)

    def valid(self) -> Self:
        return self.unrevoked().filter(expires_at__gt=timezone.now())


class ApiToken(models.Model):
    """A token acts with its person's rights, until it expires or is revoked. Only its digest is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens", verbose_name=_("person"))
    name = models.CharField(_("name"), max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=20, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                condition=models.Q(revoked_at=None),
                name="token_name_once_per_person",
                violation_error_message=_("You have a token of this name. Choose another, or revoke that one."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()
