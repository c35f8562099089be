"""What people type in. The rules stand in the models and verbs; a form only reads."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.exchange.services.tokens import DEFAULT_DAYS

LIFETIMES = [(30, _("30 days")), (90, _("90 days")), (180, _("180 days")), (365, _("one year"))]


class TokenForm(forms.Form):
    name = forms.CharField(label=_("name"), max_length=60, help_text=_("Which program will use it, and where it runs."))
    days = forms.TypedChoiceField(label=_("valid for"), choices=LIFETIMES, coerce=int, initial=DEFAULT_DAYS)
