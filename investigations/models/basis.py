"""By what law we look, and how far that law lets us."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from investigations.models.case import Case
from portal.accounts.models import User


class LegalBasisQuerySet(models.QuerySet["LegalBasis"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What the law allows is no secret: everybody who works here sees it."""
        return self if isinstance(user, User) and user.is_active else self.none()

    def in_force(self) -> Self:
        return self.filter(is_active=True)


class LegalBasis(models.Model):
    """A legal basis with its limits. Empty limits do not bind. Requests copy the limits when they are submitted,
    so that a later change here alters no request that is under way."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name (Korean)"), max_length=150)
    name_en = models.CharField(_("name (English)"), max_length=150)
    law = models.CharField(_("statute"), max_length=200)
    kinds = models.JSONField(_("kinds of case"), default=list)
    needs_document = models.BooleanField(_("needs the number of a document"), default=False)
    allows_emergency = models.BooleanField(_("may be searched before approval"), default=False)
    most_cameras = models.PositiveIntegerField(_("most cameras"), null=True, blank=True)
    radius_m = models.PositiveIntegerField(_("radius (m)"), null=True, blank=True)
    hours = models.PositiveIntegerField(_("hours before and after"), null=True, blank=True)
    watch_days = models.PositiveIntegerField(
        _("most days on the watch list"),
        null=True,
        blank=True,
        help_text=_("Empty: as the site sets it. 0: no plate is put on the watch list by this basis."),
    )
    retention_days = models.PositiveIntegerField(_("days kept after closing"), default=30)
    purges_on_found = models.BooleanField(_("destroyed once found"), default=False)
    receipt_minutes = models.PositiveIntegerField(_("minutes until receipt"), default=60)
    approval_minutes = models.PositiveIntegerField(_("minutes until approval"), default=240)
    answer_minutes = models.PositiveIntegerField(_("minutes until the answer"), default=24 * 60)
    is_active = models.BooleanField(_("in force"), default=True)

    objects = LegalBasisQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal basis")
        verbose_name_plural = _("legal bases")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name if (get_language() or "ko").startswith("ko") else self.name_en

    def clean(self) -> None:
        known = {str(kind) for kind in Case.Kind}
        if not isinstance(self.kinds, list) or not set(map(str, self.kinds)) <= known:
            raise ValidationError({"kinds": _("Kinds of case are: %(known)s.") % {"known": ", ".join(sorted(known))}})
