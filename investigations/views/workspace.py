"""The place of work of a request."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from cameras.views import has_tiles
from investigations.models import Candidate, Case, Path, SearchRequest
from investigations.services.looks import view_case
from investigations.services.notices import read_notifications
from investigations.views.requests import request_page
from investigations.views.state import photos_in, requests_of, state_of
from investigations.views.talk import talk_of
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right


@require_GET
def workspace(request: HttpRequest, pk: int) -> HttpResponse:
    """The centre's place of work; the station that asked sees how far its request is and what was answered."""
    user = acting_user(request)
    search_request = get_object_or_404(requests_of(user), pk=pk)
    view_case(search_request.case, actor=user)
    read_notifications(actor=user, request=search_request)
    if not has_right(user, Right.SEARCH):
        return request_page(request, search_request)
    talk = talk_of(search_request, user)
    context = state_of(search_request, user) | {
        "talk": talk,
        "talk_count": len(talk["comments"]) + len(talk["attachments"]),
        "photos": photos_in(talk),
        "workspace_data": _workspace_data(search_request, user),
        "can_export_path": has_right(user, Right.EXPORT_EVIDENCE),
        "path_files": [("geojson", "GeoJSON"), ("gpx", "GPX"), ("kml", "KML")],
    }
    return render(request, "investigations/workspace.html", context)


def _workspace_data(search_request: SearchRequest, user: User) -> dict[str, Any]:
    """What the page's scripts start from."""
    shown = Candidate.objects.shown_on_path_to(user).filter(search__request=search_request)
    last_seen = search_request.last_seen_at
    return {
        "request": search_request.pk,
        "kind": "vehicle" if search_request.case.kind == Case.Kind.VEHICLE else "person",
        "lastSeenAt": last_seen.isoformat() if last_seen else None,
        "hasPath": Path.objects.visible_to(user).filter(request=search_request).exists(),
        "hasTiles": has_tiles(),
        "confirmed": list(shown.order_by().values_list("sighting_id", flat=True)),
    }
