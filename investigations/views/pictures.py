"""Pictures: the right is checked on each, and each look is in the audit trail."""

from typing import Any

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from investigations.models import QueryPicture
from investigations.pictures import is_audited, plates_visible_to, sightings_visible_to
from investigations.services.looks import view_picture
from portal.accounts.rights import acting_user

PICTURE_AGE_S = 3600


@require_GET
def sighting_picture(request: HttpRequest, pk: int) -> HttpResponse:
    sighting = get_object_or_404(sightings_visible_to(acting_user(request)), pk=pk)
    return _picture(request, sighting, sighting.image, kind="sighting")


@require_GET
def plate_picture(request: HttpRequest, pk: int) -> HttpResponse:
    plate = get_object_or_404(plates_visible_to(acting_user(request)), pk=pk)
    return _picture(request, plate, plate.image, kind="plate")


@require_GET
def query_picture(request: HttpRequest, pk: int) -> HttpResponse:
    picture = get_object_or_404(QueryPicture.objects.visible_to(acting_user(request)), pk=pk)
    return _picture(request, picture, picture.image, kind="query")


def _picture(request: HttpRequest, target: Any, image: FieldFile, *, kind: str) -> HttpResponse:
    """Answer with the picture's bytes; a look that no list has accounted for is audited here."""
    try:
        with image.open("rb") as file:
            content = file.read()
    except (OSError, ValueError):  # the file is gone, or there never was one
        raise Http404(_("This picture is no longer stored.")) from None
    if not is_audited(request.GET.get("pass", ""), acting_user(request), kind, target.pk):
        view_picture(target, actor=acting_user(request))
    headers = {"Cache-Control": f"private, max-age={PICTURE_AGE_S}", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type="image/jpeg", headers=headers)
