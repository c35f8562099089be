"""What is kept longer than its camera keeps it, and what was destroyed."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cameras.models import Camera
from investigations.models.request import SearchRequest
from investigations.models.search import Candidate
from portal.accounts.models import Agency, User
from portal.jobs import Job
from portal.sentences import SentenceField


class HoldQuerySet(models.QuerySet["Hold"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        if isinstance(user, User) and user.is_active and user.is_centre_member:
            return self.filter(request__in=SearchRequest.objects.visible_to(user))
        return self.none()

    def standing(self) -> Self:
        return self.filter(released_at=None)

    def telling_nothing_to(self, user: User) -> Self:
        """Without those over candidates whose decision is hidden from this person: a confirmation holds footage by
        itself, and so would be told by its hold."""
        hidden = Candidate.objects.hidden_from(user).filter(
            search__request=models.OuterRef("request"),
            sighting__camera=models.OuterRef("camera"),
            sighting__first_seen_at__lte=models.OuterRef("ends_at"),
            sighting__last_seen_at__gte=models.OuterRef("starts_at"),
        )
        return self.filter(Q(placed_by=user) | ~Q(models.Exists(hidden)))


class Hold(models.Model):
    """A request keeps what a camera recorded in these hours, past the camera's own retention, until it is released."""

    request = models.ForeignKey(SearchRequest, models.PROTECT, related_name="holds", verbose_name=_("search request"))
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="+", verbose_name=_("camera"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = SentenceField(_("reason"))
    placed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("placed by"))
    placed_at = models.DateTimeField(_("placed"), auto_now_add=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-placed_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")),
                name="hold_ends_after_start",
                violation_error_message=_("The end of the time range lies before its start."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.camera}"


class DestructionQuerySet(models.QuerySet["Destruction"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The people of the centre that destroyed; of what a request had gathered, the station that asked as well."""
        if not isinstance(user, User) or not user.is_active or user.agency_id is None:
            return self.none()
        if user.is_centre_member:
            return self.filter(centre_id=user.agency_id)
        return self.filter(request__in=SearchRequest.objects.visible_to(user))


class Destruction(Job):
    """The certificate of a destruction: what, how much, by which rule. Rows outlive what they name."""

    class Rule(models.TextChoices):
        FOUND = "found", _("The person or vehicle was found.")
        CLOSED = "closed", _("The time for which a closed request is kept is over.")
        EXPIRED = "expired", _("The camera's retention time is over.")
        WATCHED = "watched", _("The time for which ended entries of the watch list are kept is over.")

    centre = models.ForeignKey(Agency, models.PROTECT, related_name="+", verbose_name=_("control centre"))
    request = models.ForeignKey(
        SearchRequest,
        models.PROTECT,
        related_name="destructions",
        verbose_name=_("search request"),
        null=True,
        blank=True,
    )
    rule = models.CharField(_("rule"), max_length=10, choices=Rule)
    # {"investigations.querypicture": 2, …} and [{"kind": "investigations.querypicture", "id": …, "sha256": …}, …]
    counts = models.JSONField(_("counts"), default=dict)
    items = models.JSONField(_("what was destroyed"), default=list)
    # What the worker is about to delete, written down first: whoever goes on after a killed one no longer finds the
    # files that it had deleted, and still knows their hashes.
    planned = models.JSONField(default=dict, editable=False)
    audit_sequence = models.BigIntegerField(_("audit entry"), null=True, blank=True)
    audit_root = models.CharField(_("audit root"), max_length=64, blank=True)

    objects = DestructionQuerySet.as_manager()

    class Meta:
        verbose_name = _("destruction")
        verbose_name_plural = _("destructions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(status__in=["queued", "running"]),
                name="one_open_destruction_per_request",
            ),
            models.UniqueConstraint(
                fields=["centre"],
                condition=Q(rule="expired", status__in=["queued", "running"]),
                name="one_open_expiry_per_centre",
            ),
            models.UniqueConstraint(
                fields=["centre"],
                condition=Q(rule="watched", status__in=["queued", "running"]),
                name="one_open_watch_purge_per_centre",
            ),
        ]

    def __str__(self) -> str:
        return f"{_('destruction')} {self.pk}"
