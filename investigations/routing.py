from django.urls import path

from investigations.consumers import NotificationConsumer, RequestConsumer

websocket_urlpatterns = [
    path("ws/requests/<int:pk>/", RequestConsumer.as_asgi()),
    path("ws/notifications/", NotificationConsumer.as_asgi()),
]
