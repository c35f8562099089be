"""Live pushes: every payload that leaves through Channels is built here, typed, and sent on commit."""

from typing import Any, Literal, TypedDict

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from investigations.models import Search
from portal.accounts.models import User


class SearchProgress(TypedDict):
    type: Literal["search.progress"]
    search: int
    status: str
    progress: float
    compared: int
    error: str


class CandidatesChanged(TypedDict):
    """Says that the list changed, not what is in it: each listener fetches what it may see, and that is audited."""

    type: Literal["candidates.changed"]
    search: int


class PathChanged(TypedDict):
    type: Literal["path.changed"]
    request: int


Event = SearchProgress | CandidatesChanged | PathChanged


def request_group(request_id: int) -> str:
    return f"request-{request_id}"


def push(request_id: int, event: Event) -> None:
    """Send `event` to everybody who watches the request, once the transaction is committed."""
    transaction.on_commit(lambda: _send(request_group(request_id), event), robust=True)


def for_viewer(event: Event, viewer: User) -> Event:
    """Police learn that a search runs and how far it is; what went wrong in it is the centre's own matter."""
    if event["type"] == "search.progress" and not viewer.is_centre_member:
        return {**event, "error": ""}
    return event


def push_search_progress(search: Search) -> None:
    push(
        search.request_id,
        {
            "type": "search.progress",
            "search": search.pk,
            "status": search.status,
            "progress": search.progress,
            "compared": search.sightings_compared,
            "error": search.error,
        },
    )


def _send(group: str, event: Event) -> None:
    layer = get_channel_layer()
    message: dict[str, Any] = {"type": "event", "event": event}
    async_to_sync(layer.group_send)(group, message)
