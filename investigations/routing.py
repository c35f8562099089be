from django.urls import path

from investigations.consumers import NotificationConsumer, RequestConsumer, WatchConsumer

websocket_urlpatterns = [
    path("ws/requests/<int:pk>/", RequestConsumer.as_asgi()),
    path("ws/notifications/", NotificationConsumer.as_asgi()),
    path("ws/watch/", WatchConsumer.as_asgi()),
]
