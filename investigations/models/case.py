"""Why we look: the police's case."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Agency, User


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A station's officers see its cases; a centre's people see cases from which a request was sent to it."""
        if not isinstance(user, User) or not user.is_active or user.agency_id is None:
            return self.none()
        if user.is_officer:
            return self.filter(agency_id=user.agency_id)
        if user.is_centre_member:
            # A subquery, not a join: a case with two requests must not appear twice.
            from investigations.models.request import SearchRequest

            sent = SearchRequest.objects.filter(centre_id=user.agency_id)
            return self.filter(pk__in=sent.values("case_id"))
        return self.none()


class Case(models.Model):
    class Kind(models.TextChoices):
        MISSING_CHILD = "missing_child", _("missing child")
        DEMENTIA = "dementia", _("wandering elderly person")
        MISSING_ADULT = "missing_adult", _("missing adult")
        SUSPECT = "suspect", _("suspect")
        VEHICLE = "vehicle", _("stolen or wanted vehicle")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    number = models.CharField(_("case number"), max_length=30)
    title = models.CharField(_("title"), max_length=120)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    description = models.TextField(_("description"), blank=True)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="cases", verbose_name=_("police station"))
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("opened by"))
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-opened_at"]
        constraints = [
            # Registers are each station's own: another's number must neither block nor be guessed.
            models.UniqueConstraint(
                fields=["agency", "number"],
                name="case_number_once_per_station",
                violation_error_message=_("Your station already has a case with this number."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"
