"""Verbs on what is said about a request: comments, attachments, and the notifications that tell of them."""

import hashlib

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from inference.core.errors import ImageError
from inference.core.images import encode_jpeg, read_image
from inference.sentences import in_words
from investigations.models import Attachment, Comment, Notification, SearchRequest
from investigations.services.moves import lock_request
from investigations.services.notices import announce
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record

LARGEST_BYTES = 25_000_000
MOST_ATTACHMENTS = 30
PDF_START = b"%PDF-"


@transaction.atomic
def add_comment(
    request: SearchRequest, text: str, *, is_internal: bool = False, has_path: bool = False, actor: User
) -> Comment:
    """Say something about a request: to both sides, or to one's own agency only."""
    require_right(actor, Right.COMMENT)
    row = lock_request(request, actor=actor)
    comment = Comment(request=row, author=actor, text=text.strip(), is_internal=is_internal, has_path=has_path)
    comment.full_clean()
    comment.save()
    record(Action.COMMENT_ADDED, actor=actor, target=row, details={"comment": comment.pk, "internal": is_internal})
    announce(row, Notification.Kind.COMMENTED, actor=actor, is_internal=is_internal)
    return comment


def add_attachment(request: SearchRequest, name: str, content: bytes, *, actor: User) -> Attachment:
    """Add a picture or a PDF document to a request. A refused file leaves nothing behind."""
    require_right(actor, Right.COMMENT)
    attachment, kept = _read(name, content)
    try:
        with transaction.atomic():
            row = lock_request(request, actor=actor)
            _check_room(row)
            attachment.request, attachment.added_by = row, actor
            attachment.file.save("attachment", ContentFile(kept), save=False)
            attachment.full_clean()
            attachment.save()
            details = {"file": attachment.name, "sha256": attachment.sha256}
            record(Action.ATTACHMENT_ADDED, actor=actor, target=row, details=details)
            if row.status != SearchRequest.Status.DRAFT:
                announce(row, Notification.Kind.ATTACHED, actor=actor)
    except BaseException:
        if attachment.file:
            attachment.file.delete(save=False)
        raise
    return attachment


@transaction.atomic
def remove_attachment(attachment: Attachment, *, actor: User) -> None:
    """Take back a file that the centre has not seen: one of a draft."""
    require_right(actor, Right.SUBMIT_REQUEST)
    row = lock_request(attachment.request, actor=actor)
    if row.status != SearchRequest.Status.DRAFT or row.changes.exists():
        raise ValidationError(_("Files can be removed only from a draft that was never sent."))
    details = {"file": attachment.name, "sha256": attachment.sha256}
    record(Action.ATTACHMENT_REMOVED, actor=actor, target=row, details=details)
    file = attachment.file
    attachment.delete()
    transaction.on_commit(lambda: file.storage.delete(str(file.name)), robust=True)


def _check_room(request: SearchRequest) -> None:
    if request.status == SearchRequest.Status.CLOSED:
        raise ValidationError(_("The request is closed: nothing more is added to it."))
    if request.attachments.count() >= MOST_ATTACHMENTS:
        raise ValidationError(_("A request holds at most %(count)d files.") % {"count": MOST_ATTACHMENTS})


def _read(name: str, content: bytes) -> tuple[Attachment, bytes]:
    """Look at what the bytes are, whatever the name says: a picture is encoded anew, a PDF kept, all else refused."""
    if len(content) > LARGEST_BYTES:
        values = {"name": name, "size": LARGEST_BYTES // 1_000_000}
        raise ValidationError(_("%(name)s is larger than %(size)d MB.") % values)
    kind = Attachment.Kind.DOCUMENT if content.startswith(PDF_START) else Attachment.Kind.PICTURE
    if kind == Attachment.Kind.PICTURE:
        try:
            content = encode_jpeg(read_image(content), quality=95)
        except ImageError as error:
            said = _("%(name)s is neither a picture nor a PDF document: %(error)s")
            raise ValidationError(said % {"name": name, "error": in_words(error)}) from error
    digest = hashlib.sha256(content).hexdigest()
    return Attachment(kind=kind, name=name[:255], size=len(content), sha256=digest), content
