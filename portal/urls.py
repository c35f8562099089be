from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.templatetags.static import static
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog, set_language
from drf_spectacular.views import SpectacularAPIView

from portal.views import OwnPasswordView, admin_login

favicon = RedirectView.as_view(url=static("dongseon/img/mark.svg"), permanent=True)
catalog = cache_control(private=True, max_age=3600)(JavaScriptCatalog.as_view())

urlpatterns = [
    path("favicon.ico", login_not_required(favicon), name="favicon"),
    path("login/", auth_views.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("password/", OwnPasswordView.as_view(), name="own-password"),
    # The admin's page for it would leave no entry in the audit trail.
    path("admin/password_change/", RedirectView.as_view(pattern_name="own-password"), name="admin-password"),
    path("admin/login/", admin_login, name="admin-login"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("jsi18n/", login_not_required(catalog), name="javascript-catalog"),
    path("", include("cameras.urls")),
    path("", include("investigations.urls")),
]
