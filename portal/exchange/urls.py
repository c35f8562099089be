from django.urls import path

from portal.exchange import views

urlpatterns = [
    path("tokens/", views.own_tokens, name="own-tokens"),
    path("tokens/<int:pk>/revoke/", views.token_revoke, name="token-revoke"),
    path("api/docs/", views.api_docs, name="api-docs"),
]
