"""Addresses of footage. Each carries a pass: this person has opened this recording for this request, an hour ago at
most. A pass opens nothing by itself: the right is asked for anew each time.
"""

from dataclasses import dataclass

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from cameras.models import Recording
from investigations.models import SearchRequest
from portal.accounts.models import User

PASS_AGE_S = 3600
_SALT = "footage-pass"


@dataclass(frozen=True)
class FootageAddresses:
    """`{n}` and `{at_s}` stand for a piece's number and for seconds."""

    video: str
    segments: str
    frame: str
    tracks: str


def addresses_of(recording: Recording, request: SearchRequest, viewer: User) -> FootageAddresses:
    """Return the addresses for `viewer`, whose look the caller has just written down."""
    view_pass = signing.dumps([viewer.pk, recording.pk, request.pk], salt=_SALT)
    first_piece = reverse("footage-segment", args=[recording.pk, 0])
    return FootageAddresses(
        video=f"{reverse('footage-video', args=[recording.pk])}?pass={view_pass}",
        segments=f"{first_piece.replace('/0.mp4', '/{n}.mp4')}?pass={view_pass}",
        frame=f"{reverse('footage-frame', args=[recording.pk])}?at_s={{at_s}}&pass={view_pass}",
        tracks=f"{reverse('api-footage-tracks', args=[recording.pk])}?pass={view_pass}",
    )


def request_of(view_pass: str, recording_id: int, viewer: User) -> SearchRequest:
    """Return the request for which this person opened this recording.

    Http404 for a pass of another person or recording, or none; PermissionDenied for one that was good once.
    """
    try:
        viewer_id, opened_id, request_id = signing.loads(view_pass, salt=_SALT, max_age=PASS_AGE_S)
    except signing.SignatureExpired:
        raise PermissionDenied(_("You opened this footage more than an hour ago. Open it again.")) from None
    except (signing.BadSignature, ValueError):
        raise Http404 from None
    if [viewer_id, opened_id] != [viewer.pk, recording_id]:
        raise Http404
    request = SearchRequest.objects.visible_to(viewer).filter(pk=request_id).select_related("case", "basis").first()
    if request is None:
        raise Http404
    return request
