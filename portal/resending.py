"""Forms that were filled in before the last log-in, or sent after the session's end: whoever typed them may send them
again, so that nothing is lost."""

from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.second_factor import is_let_in


class LoginRequired(LoginRequiredMiddleware):
    """Leads to the log-in, except with what somebody has typed."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponse:  # type: ignore[override]
        if _can_be_sent_again(request) and _typed(request) and not _is_script(request):
            return _offer(request)
        return super().handle_no_permission(request, view_func)


def token_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose CSRF token is refused (CSRF_FAILURE_VIEW)."""
    if _is_script(request):
        said = _("The page is older than your log-in. Copy what you typed, reload the page, and send it again.")
        return JsonResponse({"detail": said}, status=403)
    if request.path == reverse("login") and _is_own(request):
        return redirect_to_login(request.POST.get("next") or "/")  # a log-in page of before: now there is a new one
    if _can_be_sent_again(request):
        return _offer(request)
    return render(request, "send_again.html", status=403)


def _offer(request: HttpRequest) -> HttpResponse:
    is_logged_in = _is_let_in(request)
    context = {
        "typed": _typed(request),
        "address": request.get_full_path(),
        "files": [file.name for _name, files in request.FILES.lists() for file in files],
        "can_be_sent_again": True,
        "is_logged_in": is_logged_in,
        # Without it the form comes back to this page: with it, it would be lost on the way to the log-in.
        "has_token": is_logged_in or not _needs_log_in(request),
    }
    return render(request, "send_again.html", context, status=403)


def _can_be_sent_again(request: HttpRequest) -> bool:
    """Only what came from a page of the portal: another site's form must not be sent in anybody's name, and its
    sender cannot choose the header. Passwords are typed anew."""
    return request.method == "POST" and _is_own(request) and not any("password" in name for name in request.POST)


def _is_own(request: HttpRequest) -> bool:
    """Of this very host: who else is trusted to send a form of its own (CSRF_TRUSTED_ORIGINS) is not the portal.
    Behind a proxy that speaks HTTPS for it, that list alone says so."""
    origin, host = request.headers.get("Origin", ""), request.get_host()
    schemes = [scheme for scheme in ("http", "https") if f"{scheme}://{host}" in settings.CSRF_TRUSTED_ORIGINS]
    return origin in {f"{scheme}://{host}" for scheme in (request.scheme, *schemes)}


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, value) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken" for value in values]


def _is_script(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")


def _is_let_in(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and is_let_in(user, getattr(user, "otp_device", None))


def _needs_log_in(request: HttpRequest) -> bool:
    return bool(getattr(getattr(request.resolver_match, "func", None), "login_required", True))
