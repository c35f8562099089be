"""What is said about a request: comments, attached pictures and documents, and who is told of what."""

from typing import Self
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from investigations.models.request import SearchRequest
from investigations.models.watch import WatchEntry
from portal.accounts.models import User
from portal.sentences import SentenceField


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Both sides of a request read its comments; an internal one only the side that wrote it."""
        if not isinstance(user, User):
            return self.none()
        seen = self.filter(request__in=SearchRequest.objects.visible_to(user))
        return seen.filter(models.Q(is_internal=False) | models.Q(author__agency_id=user.agency_id))


class Comment(models.Model):
    request = models.ForeignKey(SearchRequest, models.CASCADE, related_name="comments", verbose_name=_("request"))
    author = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    text = SentenceField(_("comment"), max_length=4000, validators=[MaxLengthValidator(4000)])
    is_internal = models.BooleanField(_("only for my own agency"), default=False)
    # Its text tells where somebody was seen, and goes with the request's path.
    has_path = models.BooleanField(_("tells a path"), default=False, editable=False)
    at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.request}: {self.author}"


def attachment_name(attachment: "Attachment", name: str) -> str:
    # The uploader's name is kept in `name` only: it may say anything, or point anywhere.
    return f"attachments/{attachment.request_id}/{uuid4().hex}.{attachment.suffix}"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(request__in=SearchRequest.objects.visible_to(user))

    def pictures(self) -> Self:
        return self.filter(kind=Attachment.Kind.PICTURE)


class Attachment(models.Model):
    """A picture (decoded and encoded anew) or a PDF document that belongs to a request."""

    class Kind(models.TextChoices):
        PICTURE = "picture", _("picture")
        DOCUMENT = "document", _("document")

    request = models.ForeignKey(SearchRequest, models.CASCADE, related_name="attachments", verbose_name=_("request"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("file name"), max_length=255)
    file = models.FileField(_("file"), upload_to=attachment_name, max_length=200)
    size = models.PositiveBigIntegerField(_("size (bytes)"))
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("added by"))
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["added_at", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def suffix(self) -> str:
        return "jpg" if self.kind == self.Kind.PICTURE else "pdf"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """One's own, and of those only about requests and wanted plates that one still may see."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        of_request = models.Q(request__in=SearchRequest.objects.visible_to(user))
        return self.filter(of_request | models.Q(entry__in=WatchEntry.objects.visible_to(user)), user=user)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notification(models.Model):
    """Says to one person that something happened to a request or a wanted plate. The sentence is made when it is
    read, in the reader's language; nothing of the case itself is copied here."""

    class Kind(models.TextChoices):
        SUBMITTED = "submitted", _("A request was submitted.")
        EMERGENCY = "emergency", _("An emergency request was submitted: it may be searched at once.")
        RETURNED = "returned", _("The request was returned for more information.")
        RECEIVED = "received", _("The control centre has received the request.")
        ASSIGNED = "assigned", _("The request was given to you.")
        APPROVED = "approved", _("The request was approved.")
        SEARCHING = "searching", _("The search has begun.")
        REVIEW = "review", _("Candidates wait for a second opinion.")
        DISPUTED = "disputed", _("Two reviewers disagree about a candidate.")
        ANSWERED = "answered", _("The control centre has answered.")
        REOPENED = "reopened", _("The request was reopened.")
        CLOSED = "closed", _("The request was closed.")
        COMMENTED = "commented", _("There is a new comment.")
        ATTACHED = "attached", _("A picture or document was added.")
        SCOPE = "scope", _("The scope of the request was changed.")
        OVERDUE = "overdue", _("A deadline has passed.")
        PACKAGE = "package", _("The evidence package is ready.")
        PURGED = "purged", _("The data of the request was destroyed.")
        WATCHED = "watched", _("A plate of the watch list may have been seen.")

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications", verbose_name=_("for"))
    # What it is about: one of the two.
    request = models.ForeignKey(
        SearchRequest, models.CASCADE, related_name="+", verbose_name=_("request"), null=True, blank=True
    )
    entry = models.ForeignKey(
        WatchEntry, models.CASCADE, related_name="+", verbose_name=_("wanted plate"), null=True, blank=True
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    cause = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"), null=True)
    at = models.DateTimeField(_("when"), auto_now_add=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    mailed_at = models.DateTimeField(_("mailed"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["user", "read_at"], name="notification_unread")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(request__isnull=False, entry=None) | models.Q(request=None, entry__isnull=False),
                name="notification_of_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} {self.request_id or self.entry_id}"
