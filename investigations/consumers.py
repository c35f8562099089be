"""The live side of the pages: one socket per request, one per person, and one for each centre's watch list."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from investigations import events
from investigations.models import Notification, SearchRequest
from portal.accounts.rights import Right, has_right

FORBIDDEN = 4403


class ListeningConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """Joins a group once its person may listen, which each kind of socket decides. Nothing is asked through one."""

    group: str | None = None

    def _group(self) -> str:
        raise NotImplementedError

    def _is_allowed(self, user: Any) -> bool:
        raise NotImplementedError

    async def connect(self) -> None:
        await self.accept()
        if not await self._may_listen():
            await self.close(code=FORBIDDEN)
            return
        self.group = self._group()
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.send_json({"type": "ready"})

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """What a client sends is let drop."""

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _may_listen(self) -> bool:
        user = self.scope["user"]
        if user.is_authenticated:
            user.refresh_from_db()
        return self._is_allowed(user)


class RequestConsumer(ListeningConsumer):
    """Passes a request's events on to a person who may see the request, as long as that stays so."""

    async def event(self, message: dict[str, Any]) -> None:
        if await self._may_listen():
            await self.send_json(message["event"])
        else:
            await self.close(code=FORBIDDEN)

    def _group(self) -> str:
        return events.request_group(self._request_id())

    def _is_allowed(self, user: Any) -> bool:
        return SearchRequest.objects.visible_to(user).filter(pk=self._request_id()).exists()

    def _request_id(self) -> int:
        return int(self.scope["url_route"]["kwargs"]["pk"])


class NotificationConsumer(ListeningConsumer):
    """Tells one person of the own notifications, on whichever page."""

    async def event(self, message: dict[str, Any]) -> None:
        if not await self._may_listen():
            await self.close(code=FORBIDDEN)
        elif await self._may_see(message["event"]["notification"]):
            await self.send_json(message["event"])

    def _group(self) -> str:
        return events.person_group(self.scope["user"].pk)

    def _is_allowed(self, user: Any) -> bool:
        return bool(user.is_authenticated and user.is_active)

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _may_see(self, notification_id: int) -> bool:
        """The request may be another centre's or station's by now."""
        return Notification.objects.visible_to(self.scope["user"]).filter(pk=notification_id).exists()


class WatchConsumer(ListeningConsumer):
    """Tells the people of a centre that something about its watch list is new, as long as they may see it."""

    async def event(self, message: dict[str, Any]) -> None:
        if await self._may_listen() and self.group == self._group():
            await self.send_json(message["event"])
        else:
            await self.close(code=FORBIDDEN)

    def _group(self) -> str:
        return events.watch_group(self.scope["user"].agency_id)

    def _is_allowed(self, user: Any) -> bool:
        return has_right(user, Right.WATCH_PLATES) and user.agency_id is not None
