from django.urls import path

from cameras import api, api_groups, views, views_import, views_map

urlpatterns = [
    path("cameras/", views_map.camera_map, name="camera-map"),
    path("cameras/import/", views_import.import_lists, name="camera-import"),
    path("cameras/import/<int:pk>/", views_import.import_detail, name="camera-import-detail"),
    path("cameras/import/<int:pk>/apply/", views_import.import_apply, name="camera-import-apply"),
    path("cameras/import/<int:pk>/check/", views_import.import_check, name="camera-import-check"),
    path("cameras/import/<int:pk>/cancel/", views_import.import_cancel, name="camera-import-cancel"),
    path("cameras/import/<int:pk>/problems.csv", views_import.import_problems, name="camera-import-problems"),
    path("cameras/export/", views_import.export_cameras, name="camera-export"),
    path("api/cameras/", api.CameraList.as_view(), name="api-cameras"),
    path("api/camera-groups/", api_groups.CameraGroupCollection.as_view(), name="api-camera-groups"),
    path("api/camera-groups/<int:pk>/", api_groups.CameraGroupDetail.as_view(), name="api-camera-group"),
    path("api/cameras/number/", api.CameraNumber.as_view(), name="api-camera-number"),
    path("api/cameras/<int:pk>/", api.CameraDetail.as_view(), name="api-camera"),
    path("api/cameras/<int:pk>/position/", api.CameraPosition.as_view(), name="api-camera-position"),
    path("api/cameras/<int:pk>/history/", api.CameraHistory.as_view(), name="api-camera-history"),
    path("map/boundaries.json", views.boundaries, name="map-boundaries"),
    path("map/tiles/<int:z>/<int:x>/<int:y>.png", views.tile, name="map-tile"),
]
