"""Live pushes: every payload that leaves through Channels is built here, typed, and sent on commit.

None has texts: each listener fetches those that they may see, in their own language.
"""

from collections.abc import Iterable
from typing import Any, Literal, TypedDict

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from investigations.models import EvidencePackage, Notification, Search, SearchRequest, WatchEntry


class SearchProgress(TypedDict):
    type: Literal["search.progress"]
    search: int
    status: str
    progress: float
    compared: int


class CandidatesChanged(TypedDict):
    """Says that the list changed, not what is in it: each listener fetches what it may see, and that is audited."""

    type: Literal["candidates.changed"]
    search: int


class PathChanged(TypedDict):
    type: Literal["path.changed"]
    request: int


class PackageProgress(TypedDict):
    type: Literal["package.progress"]
    package: int
    answer: int
    status: str
    progress: float


class RequestChanged(TypedDict):
    """Says that something about the request is new; `kind` is a notification's."""

    type: Literal["request.changed"]
    request: int
    kind: str
    status: str


class NotificationAdded(TypedDict):
    type: Literal["notification.added"]
    notification: int
    request: int | None
    kind: str


class WatchChanged(TypedDict):
    """Says that an entry of the watch list, its alerts or what is decided about them are new; not what."""

    type: Literal["watch.changed"]
    entry: int
    what: Literal["entry", "alerts", "decision", "look_back"]


Event = (
    SearchProgress
    | CandidatesChanged
    | PathChanged
    | PackageProgress
    | RequestChanged
    | NotificationAdded
    | WatchChanged
)


def request_group(request_id: int) -> str:
    return f"request-{request_id}"


def person_group(user_id: int) -> str:
    return f"person-{user_id}"


def watch_group(centre_id: int) -> str:
    return f"watch-{centre_id}"


def push(request_id: int, event: Event) -> None:
    """Send `event` to everybody who watches the request, once the transaction is committed."""
    transaction.on_commit(lambda: _send(request_group(request_id), event), robust=True)


def push_candidates(request_id: int, sighting_ids: Iterable[int]) -> None:
    """Tell of each search of the request that lists one of these sightings: what is decided about it shows in all."""
    found = Search.objects.filter(request=request_id, candidates__sighting__in=set(sighting_ids))
    for search_id in found.order_by().values_list("pk", flat=True).distinct():
        push(request_id, {"type": "candidates.changed", "search": search_id})


def push_request(request: SearchRequest, kind: str) -> None:
    push(
        request.pk,
        {"type": "request.changed", "request": request.pk, "kind": str(kind), "status": str(request.status)},
    )


def push_notification(notice: Notification) -> None:
    """Tell the one person whom it is for, on whichever page."""
    event: NotificationAdded = {
        "type": "notification.added",
        "notification": notice.pk,
        "request": notice.request_id,
        "kind": str(notice.kind),
    }
    transaction.on_commit(lambda: _send(person_group(notice.user_id), event), robust=True)


def push_watch(entry: WatchEntry, what: Literal["entry", "alerts", "decision", "look_back"]) -> None:
    """Tell the people of the entry's centre, on whichever page of the watch list."""
    event: WatchChanged = {"type": "watch.changed", "entry": entry.pk, "what": what}
    transaction.on_commit(lambda: _send(watch_group(entry.centre_id), event), robust=True)


def push_search_progress(search: Search) -> None:
    push(
        search.request_id,
        {
            "type": "search.progress",
            "search": search.pk,
            "status": search.status,
            "progress": search.progress,
            "compared": search.sightings_compared,
        },
    )


def push_package_progress(package: EvidencePackage) -> None:
    push(
        package.answer.request_id,
        {
            "type": "package.progress",
            "package": package.pk,
            "answer": package.answer_id,
            "status": package.status,
            "progress": package.progress,
        },
    )


def _send(group: str, event: Event) -> None:
    layer = get_channel_layer()
    message: dict[str, Any] = {"type": "event", "event": event}
    async_to_sync(layer.group_send)(group, message)
