"""The portal's own pages: a person's password, and the way into the admin."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from portal.accounts.rights import acting_user
from portal.accounts.services import note_password


class OwnPasswordView(PasswordChangeView):
    """Django's way to change the own password, with its entry in the audit trail."""

    success_url = reverse_lazy("case-list")

    @transaction.atomic
    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)
        actor = acting_user(self.request)
        note_password(actor, actor=actor)
        messages.success(self.request, _("Your password was changed."))
        return response


@login_not_required
def admin_login(request: HttpRequest) -> HttpResponse:
    """One log-in for all: the admin's would look as if there were two portals."""
    if request.user.is_authenticated:
        raise PermissionDenied(_("The administration is for supervisors and administrators."))
    return redirect_to_login(request.GET.get("next", "/admin/"))
