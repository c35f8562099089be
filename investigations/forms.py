"""What people type in. The rules stand in the models and verbs; a form only reads."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from investigations.models import Case, SearchRequest


class CaseFilterForm(forms.Form):
    q = forms.CharField(required=False, max_length=120)
    status = forms.ChoiceField(required=False, choices=[("", _("all")), *Case.Status.choices])


class CaseForm(forms.ModelForm):  # type: ignore[type-arg]  # ModelForm takes no parameter at run time
    class Meta:
        model = Case
        fields = ["number", "title", "kind", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "number": _("As in your station's case register, for example 2026-001234."),
            "description": _("What happened, and what helps to recognise the person or vehicle."),
        }


class RequestForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = SearchRequest
        fields = ["centre", "wanted", "last_seen_place", "last_seen_at", "purpose"]
        widgets = {
            "wanted": forms.Textarea(attrs={"rows": 4}),
            "purpose": forms.Textarea(attrs={"rows": 3}),
            # Text, not datetime-local: browsers show that in 12 or 24 hours as they please.
            "last_seen_at": forms.DateTimeInput(
                format="%Y-%m-%d %H:%M", attrs={"data-time": "", "placeholder": "2026-01-31 14:05"}
            ),
        }
        help_texts = {
            "wanted": _("Clothes, build, bag, shoes, gait: what an operator can see from above and afar."),
            "last_seen_at": _("Korean time. The search starts from around this moment."),
            "purpose": _("Why the footage is looked through, and on what legal basis. It is kept in the audit trail."),
        }


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=[("approve", _("approve")), ("return", _("return"))])
    reason = forms.CharField(required=False, max_length=2000)


def take_error(form: forms.Form | forms.ModelForm[Any], error: ValidationError) -> None:
    """Show a verb's refusal on the form: beside the field that it names, above all fields otherwise."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, sentences in by_field.items():
        form.add_error(name if name in form.fields else None, sentences)
