from django.urls import path

from cameras import api, views

urlpatterns = [
    path("api/cameras/", api.CameraList.as_view(), name="api-cameras"),
    path("map/boundaries.json", views.boundaries, name="map-boundaries"),
    path("map/tiles/<int:z>/<int:x>/<int:y>.png", views.tile, name="map-tile"),
]
