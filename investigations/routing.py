from django.urls import path

from investigations.consumers import RequestConsumer

websocket_urlpatterns = [path("ws/requests/<int:pk>/", RequestConsumer.as_asgi())]
