"""The audit trail: one hash chain over everything anybody answers for.

Each entry carries the SHA-256 of its own contents and of the entry before it, so a changed, removed or
reordered entry breaks the chain. Rows copy names, and outlive what they name. The database itself refuses
UPDATE and DELETE (triggers in the second migration); `AuditHead` holds the last entry's number and hash, so that
cutting entries off the end is found too. `AuditCheck` keeps what each walk along the chain found.
"""

from functools import reduce
from operator import or_
from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.audit.fields import WrittenJSONField
from portal.sentences import SentenceField


class Action(models.TextChoices):
    USER_LOGGED_IN = "user.logged_in", _("logged in")
    USER_LOGGED_OUT = "user.logged_out", _("logged out")
    LOGIN_FAILED = "user.login_failed", _("log-in failed")
    USER_CHANGED = "user.changed", _("person changed")
    USER_LOCKED_OUT = "user.locked_out", _("log-in locked")
    USER_UNLOCKED = "user.unlocked", _("log-in unlocked")
    USER_SESSIONS_ENDED = "user.sessions_ended", _("logged out everywhere else")
    USER_SECOND_FACTOR_ENROLLED = "user.second_factor_enrolled", _("second factor enrolled")
    USER_SECOND_FACTOR_VERIFIED = "user.second_factor_verified", _("second factor verified")
    USER_SECOND_FACTOR_FAILED = "user.second_factor_failed", _("second factor failed")
    USER_SECOND_FACTOR_RESET = "user.second_factor_reset", _("second factor reset")
    USER_RECOVERY_CODES_MADE = "user.recovery_codes_made", _("recovery codes made anew")
    AGENCY_CHANGED = "agency.changed", _("agency changed")
    TOKEN_CREATED = "token.created", _("API token created")
    TOKEN_REVOKED = "token.revoked", _("API token revoked")
    WEBHOOK_CHANGED = "webhook.changed", _("webhook changed")
    WEBHOOK_SECRET_ROTATED = "webhook.secret_rotated", _("webhook's secret rotated")
    WEBHOOK_TESTED = "webhook.tested", _("webhook tested")
    DELIVERY_RETRIED = "delivery.retried", _("delivery tried again")
    CAMERA_CHANGED = "camera.changed", _("camera changed")
    CAMERA_ADDED = "camera.added", _("camera added")
    CAMERA_MOVED = "camera.moved", _("camera moved")
    CAMERAS_IMPORTED = "cameras.imported", _("camera list imported")
    CAMERAS_EXPORTED = "cameras.exported", _("camera list exported")
    GROUP_SAVED = "group.saved", _("camera group saved")
    GROUP_DELETED = "group.deleted", _("camera group deleted")
    RECORDING_ADDED = "recording.added", _("recording added")
    FOOTAGE_VIEWED = "footage.viewed", _("footage viewed")
    SNAPSHOT_TAKEN = "snapshot.taken", _("picture taken from footage")
    CLIP_VIEWED = "clip.viewed", _("clip of a sighting viewed")
    ANALYSIS_REQUESTED = "analysis.requested", _("analysis requested")
    ANALYSIS_CANCELLED = "analysis.cancelled", _("analysis cancelled")
    MODEL_TUNED = "model.tuned", _("model tuned to the site")
    CASE_OPENED = "case.opened", _("case opened")
    CASE_VIEWED = "case.viewed", _("case viewed")
    CASE_CLOSED = "case.closed", _("case closed")
    CASE_SHARED = "case.shared", _("case shared with a control centre")
    TIP_ADDED = "tip.added", _("reported sighting added")
    BASIS_CHANGED = "basis.changed", _("legal basis changed")
    RECORD_VIEWED = "record.viewed", _("record viewed in the admin")
    REQUEST_DRAFTED = "request.drafted", _("request drafted")
    REQUEST_DISCARDED = "request.discarded", _("draft of a request discarded")
    REQUEST_SUBMITTED = "request.submitted", _("request submitted")
    REQUEST_RECEIVED = "request.received", _("request received")
    REQUEST_ASSIGNED = "request.assigned", _("request assigned")
    REQUEST_APPROVED = "request.approved", _("request approved")
    REQUEST_RETURNED = "request.returned", _("request returned")
    REQUEST_SEARCHED = "request.searched", _("search of a request begun")
    REQUEST_REVIEWED = "request.reviewed", _("request put under review")
    REQUEST_ANSWERED = "request.answered", _("request answered")
    REQUEST_REOPENED = "request.reopened", _("request reopened")
    REQUEST_CLOSED = "request.closed", _("request closed")
    REQUEST_OVERDUE = "request.overdue", _("deadline of a request passed")
    SCOPE_CHANGED = "scope.changed", _("scope of a request changed")
    SEARCH_REFUSED = "search.refused", _("search refused by the scope")
    COMMENT_ADDED = "comment.added", _("comment added")
    ATTACHMENT_ADDED = "attachment.added", _("attachment added")
    ATTACHMENT_REMOVED = "attachment.removed", _("attachment removed")
    ATTACHMENT_VIEWED = "attachment.viewed", _("attachment viewed")
    ANSWER_VIEWED = "answer.viewed", _("answer viewed")
    PACKAGE_REQUESTED = "package.requested", _("evidence package requested")
    PACKAGE_CANCELLED = "package.cancelled", _("evidence package cancelled")
    PACKAGE_DOWNLOADED = "package.downloaded", _("evidence package downloaded")
    TRACK_UNMASKED = "track.unmasked", _("bystander unmasked")
    HOLD_PLACED = "hold.placed", _("footage held")
    HOLD_RELEASED = "hold.released", _("footage released")
    DATA_DESTROYED = "data.destroyed", _("data destroyed")
    DESTRUCTION_VIEWED = "destruction.viewed", _("certificate of a destruction viewed")
    SEARCH_STARTED = "search.started", _("search started")
    SEARCH_REFINED = "search.refined", _("search refined by decisions")
    SEARCH_CANCELLED = "search.cancelled", _("search cancelled")
    SEARCH_VIEWED = "search.viewed", _("search results viewed")
    SIGHTINGS_VIEWED = "sightings.viewed", _("sightings viewed")
    PICTURE_VIEWED = "picture.viewed", _("picture viewed")
    CANDIDATE_CONFIRMED = "candidate.confirmed", _("candidate confirmed")
    CANDIDATE_REJECTED = "candidate.rejected", _("candidate rejected")
    CANDIDATE_REOPENED = "candidate.reopened", _("decision taken back")
    CANDIDATE_AGREED = "candidate.agreed", _("second opinion: confirmed")
    CANDIDATE_DISPUTED = "candidate.disputed", _("second opinion: another verdict")
    DECISIONS_SHOWN = "decisions.shown", _("decisions shown to a further person")
    PATH_BUILT = "path.built", _("path built")
    PATH_SHARED = "path.shared", _("path shared with the station")
    WATCH_ADDED = "watch.added", _("plate put on the watch list")
    WATCH_CORRECTED = "watch.corrected", _("entry of the watch list corrected")
    WATCH_EXTENDED = "watch.extended", _("plate watched for longer")
    WATCH_ENDED = "watch.ended", _("plate no longer watched")
    WATCH_LOOKED_BACK = "watch.looked_back", _("looked back for a wanted plate")
    WATCH_CHECKED = "watch.checked", _("list of plates checked")
    WATCH_DISCARDED = "watch.discarded", _("list of plates discarded")
    WATCH_IMPORTED = "watch.imported", _("watch list imported")
    WATCH_EXPORTED = "watch.exported", _("watch list exported")
    WATCH_VIEWED = "watch.viewed", _("watch list viewed")
    ALERT_RAISED = "alert.raised", _("alert of the watch list")
    ALERT_VIEWED = "alert.viewed", _("alerts of the watch list viewed")
    ALERT_CONFIRMED = "alert.confirmed", _("alert confirmed")
    ALERT_DISMISSED = "alert.dismissed", _("alert dismissed")
    ALERT_REOPENED = "alert.reopened", _("decision about an alert taken back")
    AUDIT_CHECK_REQUESTED = "audit.check_requested", _("check of the audit trail requested")
    AUDIT_CHECKED = "audit.checked", _("audit trail checked")
    AUDIT_ROOT_CHECKED = "audit.root_checked", _("root of the audit trail checked")
    AUDIT_EXPORTED = "audit.exported", _("access log exported")


# Kinds of actions whose entries name nothing of a case.
WITHOUT_CASES = (
    *("user", "agency", "camera", "cameras", "group", "recording", "analysis", "model", "audit"),
    *("token", "webhook", "delivery"),
)


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
            return entries.filter(reduce(or_, [Q(action__startswith=f"{kind}.") for kind in WITHOUT_CASES]))
        return entries if user.is_centre_member else self.none()


class AuditEntry(models.Model):
    """One thing someone did: who, what, to which object, why, when."""

    sequence = models.BigIntegerField(_("number"), primary_key=True)
    version = models.SmallIntegerField(_("version of the hash"), db_default=1)
    at = models.DateTimeField(_("when"))
    action = models.CharField(_("what"), max_length=40, choices=Action)
    actor_id = models.BigIntegerField(_("person id"), null=True)
    actor_name = models.CharField(_("who"), max_length=150, blank=True)
    agency_id = models.BigIntegerField(_("agency id"), null=True)
    agency_name = models.CharField(_("agency"), max_length=100, blank=True)
    target_type = models.CharField(_("kind of object"), max_length=60, blank=True)
    target_id = models.CharField(_("object id"), max_length=40, blank=True)
    target_name = models.CharField(_("object"), max_length=200, blank=True)
    reason = SentenceField(_("why"), blank=True)
    details = WrittenJSONField(_("details"), default=dict, blank=True)
    address = models.CharField(_("network address"), max_length=64, blank=True, db_default="")
    previous_hash = models.CharField(_("hash of the entry before"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-sequence"]
        # Each ends in the order of the lists, so that a page of millions of rows is read without sorting them.
        indexes = [
            models.Index(fields=["at", "sequence"], name="audit_by_time"),
            models.Index(fields=["action", "at", "sequence"], name="audit_by_action"),
            models.Index(fields=["actor_id", "at", "sequence"], name="audit_by_actor"),
            models.Index(fields=["agency_id", "at", "sequence"], name="audit_by_agency"),
            models.Index(fields=["agency_id", "action", "at", "sequence"], name="audit_by_agency_action"),
            models.Index(fields=["target_type", "target_id", "at", "sequence"], name="audit_by_target"),
        ]

    def __str__(self) -> str:
        return f"#{self.sequence} {self.get_action_display()}"

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


class AuditCheckQuerySet(models.QuerySet["AuditCheck"]):
    def open(self) -> Self:
        return self.filter(ended_at=None)

    def ended(self) -> Self:
        return self.exclude(ended_at=None)


class AuditCheck(models.Model):
    """One walk along the whole chain: how far it is or where it ended, and what it found."""

    started_at = models.DateTimeField(_("started"), default=timezone.now)
    beat_at = models.DateTimeField(_("last sign of life"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True)
    entries = models.BigIntegerField(_("entries"), default=0)
    head_sequence = models.BigIntegerField(_("number of the last entry"), default=0)
    head_hash = models.CharField(_("hash of the last entry"), max_length=64, default="0" * 64)
    break_count = models.BigIntegerField(_("broken places"), default=0)
    breaks = models.JSONField(_("first broken places"), default=list)
    is_intact = models.BooleanField(_("holds"), null=True)

    objects = AuditCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("check of the audit trail")
        verbose_name_plural = _("checks of the audit trail")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["ended_at"], name="audit_check_ended")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"
