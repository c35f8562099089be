"""The live side of the pages: one socket per request, and one per person."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from investigations import events
from investigations.models import Notification, SearchRequest

FORBIDDEN = 4403


class RequestConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """Passes a request's events on to a person who may see the request, as long as that stays so."""

    group: str | None = None

    async def connect(self) -> None:
        await self.accept()
        self.request_id = int(self.scope["url_route"]["kwargs"]["pk"])
        if not await self._may_see():
            await self.close(code=FORBIDDEN)
            return
        self.group = events.request_group(self.request_id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.send_json({"type": "ready"})

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Nothing is asked through the socket; what a client sends is let drop."""

    async def event(self, message: dict[str, Any]) -> None:
        if await self._may_see():
            await self.send_json(events.for_viewer(message["event"], self.scope["user"]))
        else:
            await self.close(code=FORBIDDEN)

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _may_see(self) -> bool:
        user = self.scope["user"]
        if user.is_authenticated:
            user.refresh_from_db()
        return SearchRequest.objects.visible_to(user).filter(pk=self.request_id).exists()


class NotificationConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """Tells one person of the own notifications, on whichever page."""

    group: str | None = None

    async def connect(self) -> None:
        await self.accept()
        if not await self._is_active():
            await self.close(code=FORBIDDEN)
            return
        self.group = events.person_group(self.scope["user"].pk)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.send_json({"type": "ready"})

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Nothing is asked through the socket; what a client sends is let drop."""

    async def event(self, message: dict[str, Any]) -> None:
        if not await self._is_active():
            await self.close(code=FORBIDDEN)
        elif await self._may_see(message["event"]["notification"]):
            await self.send_json(message["event"])

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _is_active(self) -> bool:
        user = self.scope["user"]
        if user.is_authenticated:
            user.refresh_from_db()
        return bool(user.is_authenticated and user.is_active)

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _may_see(self, notification_id: int) -> bool:
        """The request may be another centre's or station's by now."""
        return Notification.objects.visible_to(self.scope["user"]).filter(pk=notification_id).exists()
