"""Where it went: confirmed sightings of one request in time order."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from inference.models import Sighting
from investigations.models.request import SearchRequest
from portal.accounts.models import User


class PathQuerySet(models.QuerySet["Path"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The centre's people: a path is their work. The station that asked sees the answer that is made of it."""
        if isinstance(user, User) and user.is_active and user.is_centre_member:
            return self.filter(request__in=SearchRequest.objects.visible_to(user))
        return self.none()


class Path(models.Model):
    """The latest path of a request. Building it again replaces its points; the audit trail keeps each version."""

    request = models.OneToOneField(SearchRequest, models.PROTECT, related_name="path", verbose_name=_("search request"))
    built_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("built by"))
    built_at = models.DateTimeField(_("built"), auto_now=True)

    objects = PathQuerySet.as_manager()

    class Meta:
        verbose_name = _("path")
        verbose_name_plural = _("paths")
        ordering = ["-built_at"]

    def __str__(self) -> str:
        return f"{_('path')} {self.request}"


class PathPoint(models.Model):
    """One numbered stop, and the hop that led to it from the stop before."""

    path = models.ForeignKey(Path, models.CASCADE, related_name="points", verbose_name=_("path"))
    number = models.PositiveIntegerField(_("number"))
    sighting = models.ForeignKey(Sighting, models.PROTECT, related_name="+", verbose_name=_("sighting"))
    hop_m = models.FloatField(_("distance (m)"), null=True, blank=True)
    hop_s = models.FloatField(_("time (s)"), null=True, blank=True)
    speed_mps = models.FloatField(_("speed (m/s)"), null=True, blank=True)
    is_impossible = models.BooleanField(_("impossible hop"), default=False)
    # The plate that was read at a stop before, where this one's contradicts it: `investigations.reads` finds it.
    other_plate: str = ""

    class Meta:
        verbose_name = _("path point")
        verbose_name_plural = _("path points")
        ordering = ["path", "number"]
        constraints = [models.UniqueConstraint(fields=["path", "number"], name="path_numbers_unique")]

    def __str__(self) -> str:
        return f"{self.path_id}.{self.number}"
