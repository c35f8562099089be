"""What is said about a request and attached to it: a block that stands in the station's page and in the centre's."""

import re
from collections.abc import Iterable
from typing import Any

import cv2
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inference.core.images import decode_jpeg, encode_jpeg
from investigations.models import Attachment, Comment, SearchRequest
from investigations.pictures import attachment_url, is_audited
from investigations.services.looks import view_attachment, view_attachments
from investigations.services.talk import LARGEST_BYTES, add_attachment, add_comment, remove_attachment
from investigations.views.common import as_validation, attempt, refusal, wants_json
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right

PICTURE_AGE_S = 3600
THUMBNAIL_PX = 320
ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
# Nothing in an uploaded file may run, load or call anything, wherever a browser opens it.
SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


def talk_of(search_request: SearchRequest, viewer: User) -> dict[str, Any]:
    """What the block shows: comments and attachments, each side's own. The small pictures count as looked at."""
    attached = Attachment.objects.visible_to(viewer).filter(request=search_request).select_related("added_by__agency")
    said = Comment.objects.visible_to(viewer).filter(request=search_request).select_related("author__agency")
    attachments = list(attached)
    view_attachments(search_request, [row for row in attachments if row.kind == row.Kind.PICTURE], actor=viewer)
    is_unsent = search_request.status == SearchRequest.Status.DRAFT
    may_speak = has_right(viewer, Right.COMMENT)
    return {
        "req": search_request,
        "comments": list(said),
        "attachments": [{"row": row, "thumbnail": _thumbnail_url(row, viewer)} for row in attachments],
        "can_comment": may_speak and not is_unsent,
        "can_attach": may_speak and search_request.status != SearchRequest.Status.CLOSED,
        "can_remove": is_unsent and has_right(viewer, Right.SUBMIT_REQUEST),
    }


@require_GET
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    """The block's list alone, for a page that refreshes it."""
    user = acting_user(request)
    search_request = get_object_or_404(SearchRequest.objects.visible_to(user), pk=pk)
    return render(request, "investigations/parts/talk_list.html", {"talk": talk_of(search_request, user)})


@require_POST
def comment_add(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    search_request = get_object_or_404(SearchRequest.objects.visible_to(user), pk=pk)
    text, is_internal = request.POST.get("text", ""), bool(request.POST.get("is_internal"))
    if not wants_json(request):
        attempt(request, lambda: add_comment(search_request, text, is_internal=is_internal, actor=user))
        return redirect(f"{reverse('workspace', args=[pk])}#talk")
    try:
        add_comment(search_request, text, is_internal=is_internal, actor=user)
    except (PermissionDenied, ValidationError) as error:
        return refusal(error)
    return JsonResponse({})


@require_POST
def attachments_add(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    search_request = get_object_or_404(SearchRequest.objects.visible_to(user), pk=pk)
    files = request.FILES.getlist("files")
    refusals = attach_all(search_request, files, actor=user) if files else [_("Choose a picture or a PDF document.")]
    if wants_json(request):
        return JsonResponse({"refused": refusals})
    say_refusals(request, refusals)
    return redirect(f"{reverse('workspace', args=[pk])}#talk")


def attach_all(search_request: SearchRequest, files: Iterable["UploadedFile[Any]"], *, actor: User) -> list[str]:
    """Add each file by itself, and return why those were refused that were."""
    refusals = []
    for file in files:
        name = file.name or ""
        try:
            # One byte more than the most is enough to be told that it is too much.
            add_attachment(search_request, name, file.read(LARGEST_BYTES + 1), actor=actor)
        except (PermissionDenied, ValidationError) as error:
            said = " ".join(as_validation(error).messages)
            refusals.append(said if name in said else f"{name}: {said}")
    return refusals


def say_refusals(request: HttpRequest, refusals: list[str]) -> None:
    if refusals:
        messages.error(request, "\n".join(refusals))


@require_POST
def attachment_remove(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    row = get_object_or_404(Attachment.objects.visible_to(user).select_related("request"), pk=pk)
    if not wants_json(request):
        said = _("%(name)s was removed.") % {"name": row.name}
        attempt(request, lambda: remove_attachment(row, actor=user), said)
        return redirect("request-edit", pk=row.request_id)
    try:
        remove_attachment(row, actor=user)
    except (PermissionDenied, ValidationError) as error:
        return refusal(error)
    return JsonResponse({})


@require_GET
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """The file itself: pictures to look at, documents to keep."""
    user = acting_user(request)
    row = get_object_or_404(Attachment.objects.visible_to(user), pk=pk)
    content = _content(row)
    view_attachment(row, actor=user)
    is_picture = row.kind == Attachment.Kind.PICTURE
    disposition = content_disposition_header(not is_picture, file_name(row))
    headers = {**SAFE, "Content-Disposition": disposition or "attachment"}
    return HttpResponse(content, content_type="image/jpeg" if is_picture else "application/pdf", headers=headers)


@require_GET
def attachment_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """A small copy of an attached picture; a look that no page has accounted for is audited here."""
    user = acting_user(request)
    row = get_object_or_404(Attachment.objects.visible_to(user).pictures(), pk=pk)
    image = decode_jpeg(_content(row))
    if not is_audited(request.GET.get("pass", ""), user, "attachment", row.pk):
        view_attachment(row, actor=user)
    height, width = image.shape[:2]
    if (scale := THUMBNAIL_PX / max(height, width)) < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]  # stays uint8
    headers = {**SAFE, "Cache-Control": f"private, max-age={PICTURE_AGE_S}"}
    return HttpResponse(encode_jpeg(image, quality=85), content_type="image/jpeg", headers=headers)


def file_name(row: Attachment) -> str:
    """The uploader's name for the file, without what could mislead a header, a folder or a reader, and with the
    ending of what is really in it."""
    shown = "".join("_" if char in '/\\:*?"<>|' or not char.isprintable() else char for char in row.name)
    stem = ENDING.sub("", shown).strip(". ")
    return f"{stem or row.get_kind_display()}.{row.suffix}"


def _content(row: Attachment) -> bytes:
    try:
        with row.file.open("rb") as file:
            return bytes(file.read())
    except (OSError, ValueError):  # the file is gone: the law may have wanted it
        raise Http404(_("This file is no longer stored.")) from None


def _thumbnail_url(row: Attachment, viewer: User) -> str:
    return attachment_url(row, viewer) if row.kind == Attachment.Kind.PICTURE else ""
