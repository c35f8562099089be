"""The audit trail: one hash chain over everything anybody answers for.

Each entry carries the SHA-256 of its own contents and of the entry before it, so a changed, removed or
reordered entry breaks the chain. Rows copy names, and outlive what they name. The database itself refuses
UPDATE and DELETE (triggers in the second migration); `AuditHead` holds the last entry's number and hash, so that
cutting entries off the end is found too.
"""

from typing import Any, NoReturn, Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    USER_LOGGED_IN = "user.logged_in", _("logged in")
    USER_LOGGED_OUT = "user.logged_out", _("logged out")
    LOGIN_FAILED = "user.login_failed", _("log-in failed")
    USER_CHANGED = "user.changed", _("person changed")
    AGENCY_CHANGED = "agency.changed", _("agency changed")
    CAMERA_CHANGED = "camera.changed", _("camera changed")
    RECORDING_ADDED = "recording.added", _("recording added")
    ANALYSIS_REQUESTED = "analysis.requested", _("analysis requested")
    ANALYSIS_CANCELLED = "analysis.cancelled", _("analysis cancelled")
    CASE_OPENED = "case.opened", _("case opened")
    CASE_VIEWED = "case.viewed", _("case viewed")
    CASE_CLOSED = "case.closed", _("case closed")
    RECORD_VIEWED = "record.viewed", _("record viewed in the admin")
    REQUEST_SUBMITTED = "request.submitted", _("request submitted")
    REQUEST_APPROVED = "request.approved", _("request approved")
    REQUEST_RETURNED = "request.returned", _("request returned")
    SEARCH_STARTED = "search.started", _("search started")
    SEARCH_CANCELLED = "search.cancelled", _("search cancelled")
    SEARCH_VIEWED = "search.viewed", _("search results viewed")
    SIGHTINGS_VIEWED = "sightings.viewed", _("sightings viewed")
    PICTURE_VIEWED = "picture.viewed", _("picture viewed")
    CANDIDATE_CONFIRMED = "candidate.confirmed", _("candidate confirmed")
    CANDIDATE_REJECTED = "candidate.rejected", _("candidate rejected")
    CANDIDATE_REOPENED = "candidate.reopened", _("decision taken back")
    PATH_BUILT = "path.built", _("path built")


# Kinds of actions whose entries name nothing of a case.
WITHOUT_CASES = ("user", "agency", "camera", "recording", "analysis")


class AppendOnlyQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit trail is append-only.")

    def visible_to(self, user: Any) -> Self:
        """What people of one's own agency did. Who sees no cases sees no entries about them; who belongs to no
        agency answers for the whole site."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        entries = self if user.is_administrator and user.agency_id is None else self.filter(agency_id=user.agency_id)
        if user.is_administrator:
            return entries.filter(action__regex=rf"^({'|'.join(WITHOUT_CASES)})\.")
        return entries if user.is_centre_member else self.none()


class AuditEntry(models.Model):
    """One thing someone did: who, what, to which object, why, when."""

    sequence = models.BigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("when"), db_index=True)
    action = models.CharField(_("what"), max_length=40, choices=Action, db_index=True)
    actor_id = models.BigIntegerField(_("person id"), null=True, db_index=True)
    actor_name = models.CharField(_("who"), max_length=150, blank=True)
    agency_id = models.BigIntegerField(_("agency id"), null=True, db_index=True)
    agency_name = models.CharField(_("agency"), max_length=100, blank=True)
    target_type = models.CharField(_("kind of object"), max_length=60, blank=True)
    target_id = models.CharField(_("object id"), max_length=40, blank=True)
    target_name = models.CharField(_("object"), max_length=200, blank=True)
    reason = models.TextField(_("why"), blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    previous_hash = models.CharField(_("hash of the entry before"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-sequence"]
        indexes = [models.Index(fields=["target_type", "target_id"], name="audit_target")]

    def __str__(self) -> str:
        return f"#{self.sequence} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit trail is append-only.")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only.")


class AuditHead(models.Model):
    """The one row that says where the chain ends. Locked while an entry is appended."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_one_head")]

    def __str__(self) -> str:
        return f"#{self.sequence}"
