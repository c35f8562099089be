"""Footage as files: the recording itself, its pieces, single frames, and clips of sightings. Rights on each request."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cameras.models import Recording
from inference.core.errors import CoreError
from inference.core.playback import SEGMENT_S
from inference.footage import Busy, how_to_play, picture_at, piece_of, preview_of
from inference.models import Sighting
from inference.sentences import in_words
from investigations.footage import request_of
from investigations.models import SearchRequest
from investigations.pictures import is_audited
from investigations.services.footage import require_look, take_snapshot, view_clip
from investigations.streaming import NOT_KEPT, bytes_response, file_response
from portal.accounts.rights import Right, acting_user, require_right

View = Callable[..., HttpResponseBase]
COME_AGAIN_S = 2


def refusing_in_words(view: View) -> View:
    """Decorate a view of footage: whatever is wrong is said in a sentence, which the player shows."""

    @wraps(view)
    def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Busy as error:
            return _refusal(in_words(error), 503, {"Retry-After": str(COME_AGAIN_S)})
        except (CoreError, OSError) as error:
            name = _("This recording")
            said = in_words(error, name=name) if isinstance(error, CoreError) else _("The file is not there any more.")
            return _refusal(said, 404)
        except ValidationError as error:
            return _refusal(" ".join(error.messages), 403)
        except PermissionDenied as error:
            return _refusal(str(error), 403)
        except Http404:
            return _refusal(_("There is nothing here, or nothing that you may see."), 404)

    return respond


@require_safe
@refusing_in_words
def footage_video(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The recording's own file, where a browser plays it and the request's hours cover all of it."""
    search_request, recording = _opened(request, pk)
    require_look(search_request, recording, 0.0, recording.duration_s, actor=acting_user(request))
    if not how_to_play(recording).is_native:
        raise Http404
    return file_response(
        request, Path(recording.file.path), etag=f'"{recording.sha256[:40]}"', content_type="video/mp4"
    )


@require_safe
@refusing_in_words
def footage_segment(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """One piece, to be appended to what plays; `?encode=1` for browsers that cannot decode the copy."""
    search_request, recording = _opened(request, pk)
    starts_s = number * SEGMENT_S
    if starts_s >= max(recording.duration_s, SEGMENT_S):
        return _refusal(_("The recording ends before that time."), 404)
    # What is on show as the piece begins decides: its last seconds may reach beyond the request's hours.
    require_look(search_request, recording, starts_s, starts_s, actor=acting_user(request))
    content = piece_of(recording, number, is_encoded=request.GET.get("encode") == "1")
    return HttpResponse(content, content_type="video/mp4", headers=NOT_KEPT)


@require_safe
@refusing_in_words
def footage_frame(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One frame as it was recorded; with `?save=1` to keep, under a name that says camera and time."""
    search_request, recording = _opened(request, pk)
    at_s = _seconds(request.GET.get("at_s", ""), recording)
    if request.GET.get("save") != "1":
        require_look(search_request, recording, at_s, at_s, actor=acting_user(request))
        return HttpResponse(picture_at(recording, at_s), content_type="image/jpeg", headers=NOT_KEPT)
    content = take_snapshot(search_request, recording, at_s, actor=acting_user(request))
    name = f"{recording.camera.code} {localtime(recording.time_at(at_s)):%Y-%m-%d %H-%M-%S}.jpg"
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    headers = {**NOT_KEPT, "Content-Disposition": disposition}
    return HttpResponse(content, content_type="image/jpeg", headers=headers)


@require_safe
@refusing_in_words
def sighting_clip(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A few seconds around a sighting. A look that no list has accounted for is written down here."""
    actor = acting_user(request)
    require_right(actor, Right.VIEW_FOOTAGE)
    rows = Sighting.objects.visible_to(actor).select_related("recording__camera", "camera")
    sighting = get_object_or_404(rows, pk=pk)
    content = preview_of(sighting)
    if not is_audited(request.GET.get("pass", ""), actor, "clip", pk):
        view_clip(sighting, actor=actor)
    return bytes_response(request, content, etag=f'"{sighting.recording.sha256[:32]}-{pk}"', content_type="video/mp4")


def _opened(request: HttpRequest, pk: int) -> tuple[SearchRequest, Recording]:
    """The request and the recording that the pass is for, as far as the person may still see both."""
    actor = acting_user(request)
    recording = get_object_or_404(Recording.objects.visible_to(actor).select_related("camera"), pk=pk)
    return request_of(request.GET.get("pass", ""), pk, actor), recording


def _seconds(text: str, recording: Recording) -> float:
    try:
        at_s = float(text)
    except ValueError:
        at_s = -1.0
    if not 0 <= at_s <= recording.duration_s:
        raise Http404
    return at_s


def _refusal(detail: str, status: int, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status, headers={**NOT_KEPT, **(headers or {})})
