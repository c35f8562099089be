"""What people type in. The rules stand in the models and verbs; a form only reads."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from investigations.models import Case, CaseShare, LegalBasis, SearchRequest, Tip
from investigations.models.request import PLACE_FIELDS, half_place_errors
from investigations.plates import LONGEST_TYPED, read_plate
from portal.accounts.models import Agency

VEHICLE_FIELDS = ("plate", "vehicle_colour", "vehicle_type")


class CaseFilterForm(forms.Form):
    """Which cases to list: those in a state, or those with a request that needs somebody."""

    SORTS = [("", _("newest first")), ("due", _("next deadline first")), ("changed", _("last change first"))]
    STATUSES = [
        ("", _("all")),
        *Case.Status.choices,
        ("waiting", _("waiting for me")),
        ("overdue", _("overdue")),
        ("emergency", _("emergency")),
    ]
    q = forms.CharField(required=False, max_length=120)
    status = forms.ChoiceField(required=False, choices=STATUSES)
    sort = forms.ChoiceField(required=False, choices=SORTS)


class CaseForm(forms.ModelForm):  # type: ignore[type-arg]  # ModelForm takes no parameter at run time
    class Meta:
        model = Case
        fields = ["number", "title", "kind", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "number": _("As in your station's case register, for example 2026-001234."),
            "description": _("What happened, and what helps to recognise the person or vehicle."),
        }


def time_input() -> forms.DateTimeInput:
    # Text, not datetime-local: browsers show that in 12 or 24 hours as they please.
    return forms.DateTimeInput(format="%Y-%m-%d %H:%M", attrs={"data-time": "", "placeholder": "2026-01-31 14:05"})


def degrees_input() -> forms.TextInput:
    return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": "12"})


class RequestForm(forms.ModelForm):  # type: ignore[type-arg]
    """A request of `case`. Vehicles are described for vehicle cases only, and only bases that cover it are offered."""

    plate = forms.CharField(
        label=_("number plate"),
        required=False,
        max_length=LONGEST_TYPED,
        widget=forms.TextInput({"spellcheck": "false", "autocapitalize": "characters", "autocomplete": "off"}),
        help_text=_(
            "As far as it is known: ? for a character that is not, * for several, for example 12가34?? or 34*."
        ),
    )

    class Meta:
        model = SearchRequest
        fields = [
            "centre",
            "basis",
            "document_number",
            "is_emergency",
            "wanted",
            *VEHICLE_FIELDS,
            "last_seen_place",
            "last_seen_at",
            *PLACE_FIELDS,
            "purpose",
        ]
        widgets = {
            "basis": forms.RadioSelect,
            "wanted": forms.Textarea(attrs={"rows": 4}),
            "purpose": forms.Textarea(attrs={"rows": 3}),
            "last_seen_at": time_input(),
            "last_seen_latitude": degrees_input(),
            "last_seen_longitude": degrees_input(),
        }
        labels = {"last_seen_at": _("when last seen"), "last_seen_place": _("where last seen")}
        help_texts = {
            "document_number": _("Of the letter of cooperation or of the warrant."),
            "wanted": _("Clothes, build, bag, shoes, gait: what an operator can see from above and afar."),
            "last_seen_at": _("Korean time. The search starts from around this moment."),
            "last_seen_place": _("In words: a crossing, a shop, a bus stop."),
            "purpose": _("Why the footage is looked through. It is kept in the audit trail."),
        }

    def __init__(self, *args: Any, case: Case, is_returned: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bases = bases_for(case)
        self.fields["basis"].queryset = self.bases  # type: ignore[attr-defined]
        self.fields["basis"].empty_label = None  # type: ignore[attr-defined]
        self.fields["centre"].disabled = is_returned
        if case.kind == Case.Kind.VEHICLE:
            self.fields["wanted"].help_text = _(
                "Make, model, damage, stickers, load: what an operator can see from above and afar."
            )
            for name in ("vehicle_colour", "vehicle_type"):
                field: Any = self.fields[name]
                field.choices = [("", _("not known")), *field.choices[1:]]
        else:
            for name in VEHICLE_FIELDS:
                del self.fields[name]

    def clean(self) -> None:
        """As the verb does; the constraint of the model would say it above the form, as of no field."""
        for name, sentence in half_place_errors(self.cleaned_data).items():
            self.add_error(name, sentence)

    def clean_plate(self) -> str:
        return read_plate(self.cleaned_data["plate"])

    def place_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in PLACE_FIELDS]


class ShareForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = CaseShare
        fields = ["centre", "note"]
        widgets = {"note": forms.Textarea(attrs={"rows": 2})}
        help_texts = {"note": _("What its operators should keep an eye out for.")}

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["centre"].queryset = centres_to_tell(case)  # type: ignore[attr-defined]


class TipForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Tip
        fields = ["source", "text", "seen_at", "place", "latitude", "longitude"]
        widgets = {
            "text": forms.Textarea(attrs={"rows": 3}),
            "seen_at": time_input(),
            "latitude": degrees_input(),
            "longitude": degrees_input(),
        }

    def place_fields(self) -> list[forms.BoundField]:
        return [self["latitude"], self["longitude"]]


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=[("approve", _("approve")), ("return", _("return"))])
    reason = forms.CharField(required=False, max_length=2000)


def bases_for(case: Case) -> QuerySet[LegalBasis]:
    """The legal bases in force that cover a case of this kind."""
    # Not by a query into the JSON: SQLite has none for lists.
    covering = [basis.pk for basis in LegalBasis.objects.in_force() if case.kind in basis.kinds]
    return LegalBasis.objects.filter(pk__in=covering)


def centres_to_tell(case: Case) -> QuerySet[Agency]:
    """The control centres that do not know of the case yet."""
    told = CaseShare.objects.filter(case=case).values("centre_id")
    return Agency.objects.filter(kind=Agency.Kind.CENTRE).exclude(pk__in=told)


def take_error(form: forms.Form | forms.ModelForm[Any], error: ValidationError) -> None:
    """Show a verb's refusal on the form: beside the field that it names, above all fields otherwise."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, sentences in by_field.items():
        form.add_error(name if name in form.fields else None, sentences)
