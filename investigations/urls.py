from django.urls import path

from investigations import api, views

urlpatterns = [
    path("", views.case_list, name="case-list"),
    path("cases/new/", views.case_new, name="case-new"),
    path("cases/<int:pk>/", views.case_detail, name="case-detail"),
    path("cases/<int:pk>/close/", views.case_close, name="case-close"),
    path("cases/<int:pk>/requests/new/", views.request_new, name="request-new"),
    path("requests/<int:pk>/", views.workspace, name="workspace"),
    path("requests/<int:pk>/decision/", views.request_decide, name="request-decide"),
    path("pictures/sightings/<int:pk>.jpg", views.sighting_picture, name="sighting-picture"),
    path("pictures/queries/<int:pk>.jpg", views.query_picture, name="query-picture"),
    path("api/requests/<int:pk>/searches/", api.SearchCollection.as_view(), name="api-request-searches"),
    path("api/requests/<int:pk>/path/", api.RequestPath.as_view(), name="api-request-path"),
    path("api/searches/<int:pk>/", api.SearchDetail.as_view(), name="api-search"),
    path("api/searches/<int:pk>/cancel/", api.SearchCancel.as_view(), name="api-search-cancel"),
    path(
        "api/candidates/<int:pk>/decision/",
        api.CandidateDecisionView.as_view(),
        name="api-candidate-decision",
    ),
    path("api/sightings/", api.SightingList.as_view(), name="api-sightings"),
]
