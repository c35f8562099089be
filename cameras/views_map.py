"""The page of cameras: where they stand, what is known of them, and the way to keep that right."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cameras.api import shows_recordings
from cameras.views import has_tiles
from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, acting_user, has_right


@require_GET
def camera_map(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    can_manage = has_right(user, Right.MANAGE_CAMERAS)
    context = {
        "can_manage": can_manage,
        "page_data": {
            "hasTiles": has_tiles(),
            "canManage": can_manage,
            "canWatch": has_right(user, Right.VIEW_FOOTAGE),
            "canAudit": has_right(user, Right.VIEW_AUDIT),
            "showsRecordings": shows_recordings(user),
            "centres": _centres(user) if can_manage else [],
        },
    }
    return render(request, "cameras/map.html", context)


def _centres(user: User) -> list[dict[str, Any]]:
    """Those whose cameras the person may add; with more than one, the form asks for which."""
    centres = Agency.objects.visible_to(user).filter(kind=Agency.Kind.CENTRE)
    return [{"id": centre.pk, "name": centre.name} for centre in centres]
