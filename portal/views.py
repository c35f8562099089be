"""The portal's own page: a person's password."""

from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import HttpResponse
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
