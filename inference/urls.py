from django.urls import path

from inference import views_snapshot

urlpatterns = [
    path("cameras/<int:pk>/snapshot.jpg", views_snapshot.camera_snapshot, name="camera-snapshot"),
]
