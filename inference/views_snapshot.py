"""The last picture of a camera, for whoever looks after it."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from cameras.models import Camera
from inference.services.snapshots import view_snapshot
from portal.accounts.rights import acting_user

TAKEN_AT = "X-Taken-At"


@require_GET
def camera_snapshot(request: HttpRequest, pk: int) -> HttpResponse:
    """A JPEG, with the moment at which it was taken as a header; each is one entry in the audit trail."""
    actor = acting_user(request)
    camera = get_object_or_404(Camera.objects.visible_to(actor), pk=pk)
    try:
        snapshot = view_snapshot(camera, actor=actor)
    except ValidationError as error:
        return JsonResponse({"detail": " ".join(error.messages)}, status=404)
    headers = {"Cache-Control": "private, no-store", TAKEN_AT: snapshot.taken_at.isoformat()}
    return HttpResponse(snapshot.jpeg, content_type="image/jpeg", headers=headers)
