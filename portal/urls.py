from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.templatetags.static import static
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from portal.accounts.second_factor import second_factor_not_required
from portal.accounts.views import enter_code, recovery_codes, set_up
from portal.views import ProfileView, admin_login, log_out_elsewhere, set_language
from portal.views_texts import Texts

favicon = RedirectView.as_view(url=static("dongseon/img/mark.svg"), permanent=True)
an_hour = cache_control(private=True, max_age=3600)
texts, later_texts = an_hour(Texts.as_view()), an_hour(Texts.as_view(is_later=True))
log_in = auth_views.LoginView.as_view(redirect_authenticated_user=True)

handler404 = "portal.api.page_not_found"
handler500 = "portal.api.server_error"
urlpatterns = [
    path("favicon.ico", second_factor_not_required(login_not_required(favicon)), name="favicon"),
    path("login/", second_factor_not_required(log_in), name="login"),
    path("logout/", second_factor_not_required(auth_views.LogoutView.as_view()), name="logout"),
    path("second-factor/", enter_code, name="second-factor"),
    path("second-factor/new/", set_up, name="second-factor-new"),
    path("profile/", ProfileView.as_view(), name="profile"),
    path("profile/recovery-codes/", recovery_codes, name="recovery-codes"),
    path("profile/sessions/", log_out_elsewhere, name="log-out-elsewhere"),
    path("password/", RedirectView.as_view(pattern_name="profile"), name="own-password"),
    # The admin's page for it would leave no entry in the audit trail.
    path("admin/password_change/", RedirectView.as_view(pattern_name="profile"), name="admin-password"),
    path("admin/login/", admin_login, name="admin-login"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("i18n/setlang/", second_factor_not_required(set_language), name="set_language"),
    path("jsi18n/", second_factor_not_required(login_not_required(texts)), name="javascript-catalog"),
    path("jsi18n/later/", second_factor_not_required(login_not_required(later_texts)), name="later-texts"),
    path("", include("portal.exchange.urls")),
    path("", include("cameras.urls")),
    path("", include("inference.urls")),
    path("", include("investigations.urls")),
]
