"""Why we look: the police's case."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Agency, User


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A station's officers see its cases; a centre's people see cases from which a request was sent to it, and
        those that were shared with it."""
        if not isinstance(user, User) or not user.is_active or user.agency_id is None:
            return self.none()
        if user.is_officer:
            return self.filter(agency_id=user.agency_id)
        if user.is_centre_member:
            # A subquery, not a join: a case with two requests must not appear twice.
            from investigations.models.request import SearchRequest

            sent = SearchRequest.objects.visible_to(user)
            shared = CaseShare.objects.filter(centre_id=user.agency_id)
            return self.filter(models.Q(pk__in=sent.values("case_id")) | models.Q(pk__in=shared.values("case_id")))
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

    class Outcome(models.TextChoices):
        FOUND = "found", _("found")
        NOT_FOUND = "not_found", _("not found")
        WITHDRAWN = "withdrawn", _("withdrawn")

    number = models.CharField(_("case number"), max_length=30)
    title = models.CharField(_("title"), max_length=120)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    description = models.TextField(_("description"), blank=True)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="cases", verbose_name=_("police station"))
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("opened by"))
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    closed_at = models.DateTimeField(_("closing"), null=True, blank=True)

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


class CaseShare(models.Model):
    """A case that a station told a centre about before it asks for anything, so that the centre keeps its eyes open."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="shares", verbose_name=_("case"))
    centre = models.ForeignKey(
        Agency, models.PROTECT, related_name="+", verbose_name=_("control centre"), limit_choices_to={"kind": "centre"}
    )
    note = models.TextField(_("note"), blank=True)
    shared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("shared by"))
    at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("shared case")
        verbose_name_plural = _("shared cases")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "centre"],
                name="case_shared_once",
                violation_error_message=_("This control centre already knows of the case."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case} → {self.centre}"


class TipQuerySet(models.QuerySet["Tip"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(case__in=Case.objects.visible_to(user))


class Tip(models.Model):
    """A sighting that somebody reported: a citizen, an officer, the centre itself. Not yet seen in any footage."""

    class Source(models.TextChoices):
        CITIZEN = "citizen", _("citizen's report")
        POLICE = "police", _("police")
        CENTRE = "centre", _("control centre")

    case = models.ForeignKey(Case, models.CASCADE, related_name="tips", verbose_name=_("case"))
    source = models.CharField(_("source"), max_length=10, choices=Source)
    text = models.TextField(_("what was seen"), max_length=4000, validators=[MaxLengthValidator(4000)])
    place = models.CharField(_("place"), max_length=200, blank=True)
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    seen_at = models.DateTimeField(_("seen"))
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("added by"))
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = TipQuerySet.as_manager()

    class Meta:
        verbose_name = _("reported sighting")
        verbose_name_plural = _("reported sightings")
        ordering = ["-seen_at", "-id"]

    def __str__(self) -> str:
        return f"{self.case}: {self.get_source_display()} {self.place}"
