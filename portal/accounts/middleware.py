"""What stands between a session and the pages: its end, and the second factor."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.second_factor import is_let_in
from portal.accounts.sessions import extend

Answer = Callable[[HttpRequest], HttpResponse]


def extend_session(get_response: Answer) -> Answer:
    """Each request of a person postpones the end of the session."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            extend(request.session)
        return get_response(request)

    return respond


def refuse_pages_of_others(get_response: Answer) -> Answer:
    """The scripts of a page say whose it is: it does nothing in the name of somebody who has logged in since."""

    def respond(request: HttpRequest) -> HttpResponse:
        owner = request.headers.get("X-Page-Of", "")
        if owner and request.user.is_authenticated and owner != str(request.user.pk):
            said = _(
                "%(who)s has logged in since this page was opened. To go on, log in as yourself in another tab."
            ) % {"who": request.user}
            return JsonResponse({"detail": said}, status=403)
        return get_response(request)

    return respond


class SecondFactorMiddleware:
    """Leads a session that has yet to enter a code to the page for it; the API says why it refuses.

    Every view is closed unless it is marked `second_factor_not_required`.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user = request.user
        if not isinstance(user, User) or not getattr(view, "second_factor_required", True):
            return None
        if is_let_in(user, getattr(user, "otp_device", None)):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse({"detail": _refusal()}, status=403)
        if request.method != "GET":
            return redirect("second-factor")
        return redirect_to_login(request.get_full_path(), reverse("second-factor"))


def _refusal() -> str:
    return _("Your second factor is missing. Open the portal, enter the code of your authenticator app, then repeat.")
