"""The portal's own pages: a person's profile, the language, and the way into the admin."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.http import require_POST

from portal.accounts.models import User
from portal.accounts.rights import acting_user
from portal.accounts.second_factor import authenticator_of, is_required_of, recovery_codes_left
from portal.accounts.services.people import choose_language, note_password
from portal.accounts.services.sessions import end_other_sessions
from portal.accounts.sessions import BEGAN, latest_end
from portal.audit.models import Action, AuditEntry

SHOWN_LOGINS = 5


class ProfileView(PasswordChangeView):
    """What a person may know and change about the own account. Its form is Django's for the password."""

    template_name = "registration/profile.html"
    success_url = reverse_lazy("profile")

    def get_form(self, form_class: Any = None) -> PasswordChangeForm:
        form: PasswordChangeForm = super().get_form(form_class)
        form.fields["old_password"].widget.attrs.pop("autofocus", None)  # the page is more than its form
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | _about(self.request)

    @transaction.atomic
    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)
        actor = acting_user(self.request)
        note_password(actor, actor=actor)
        messages.success(self.request, _("Your password was changed."))
        return response


def _about(request: HttpRequest) -> dict[str, Any]:
    actor = acting_user(request)
    device = authenticator_of(actor)
    began_s = request.session.get(BEGAN)
    logins = AuditEntry.objects.filter(actor_id=actor.pk, action=Action.USER_LOGGED_IN)
    return {
        "second_factor": device,
        "is_second_factor_required": is_required_of(actor),
        "recovery_codes_left": recovery_codes_left(actor) if device else 0,
        "session_began_at": datetime.fromtimestamp(began_s, UTC) if began_s else None,
        "session_ends_at": latest_end(request.session),
        "session_idle_minutes": settings.SESSION_IDLE_MINUTES,
        "logins": logins.order_by("-sequence")[:SHOWN_LOGINS],
    }


@require_POST
def log_out_elsewhere(request: HttpRequest) -> HttpResponse:
    actor = acting_user(request)
    end_other_sessions(actor=actor)
    update_session_auth_hash(request, actor)
    messages.success(request, _("You are logged out everywhere else."))
    return redirect("profile")


@login_not_required
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's view, which remembers the choice in the browser; the account keeps it for e-mails and workers."""
    response = i18n.set_language(request)
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        choose_language(language, actor=request.user)
    return response


@login_not_required
def admin_login(request: HttpRequest) -> HttpResponse:
    """One log-in for all: the admin's would look as if there were two portals."""
    if request.user.is_authenticated:
        raise PermissionDenied(_("The administration is for supervisors and administrators."))
    return redirect_to_login(request.GET.get("next", "/admin/"))
