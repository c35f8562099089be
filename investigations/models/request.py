"""Who asks whom: a station's request to a control centre."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from investigations.models.case import Case
from portal.accounts.models import Agency, User


class SearchRequestQuerySet(models.QuerySet["SearchRequest"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        if not isinstance(user, User) or not user.is_active or user.agency_id is None:
            return self.none()
        if user.is_officer:
            return self.filter(case__agency_id=user.agency_id)
        if user.is_centre_member:
            return self.filter(centre_id=user.agency_id)
        return self.none()


class SearchRequest(models.Model):
    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("submitted")
        RETURNED = "returned", _("returned for more information")
        APPROVED = "approved", _("approved")

    case = models.ForeignKey(Case, models.PROTECT, related_name="requests", verbose_name=_("case"))
    centre = models.ForeignKey(
        Agency,
        models.PROTECT,
        related_name="requests",
        verbose_name=_("control centre"),
        limit_choices_to={"kind": "centre"},
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SUBMITTED)
    purpose = models.TextField(_("purpose and legal basis"))
    wanted = models.TextField(_("who or what is looked for"))
    last_seen_place = models.CharField(_("last seen at"), max_length=200, blank=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    submitted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("submitted by"))
    submitted_at = models.DateTimeField(_("submitted"), auto_now_add=True)

    objects = SearchRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("search request")
        verbose_name_plural = _("search requests")
        ordering = ["-submitted_at"]

    def __str__(self) -> str:
        return f"{self.case.number}-{self.pk}"

    @property
    def is_searchable(self) -> bool:
        return self.status == self.Status.APPROVED


class RequestStatusChange(models.Model):
    """One row for each change: from what, to what, by whom, why, when."""

    request = models.ForeignKey(SearchRequest, models.CASCADE, related_name="changes", verbose_name=_("request"))
    old = models.CharField(_("from"), max_length=10, blank=True)
    new = models.CharField(_("to"), max_length=10, choices=SearchRequest.Status)
    reason = models.TextField(_("reason"), blank=True)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.old} → {self.new}"
