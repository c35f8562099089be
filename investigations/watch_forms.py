"""What people type into the watch list. The rules stand in the verbs; a form only reads."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from investigations import workflow
from investigations.forms import time_input
from investigations.models import Case, LegalBasis, SearchRequest, WatchAlert, WatchEntry
from investigations.plates import LONGEST_TYPED
from investigations.services.watch import CORRECTED, MOST_HOURS_BACK, longest_days, open_requests
from investigations.services.watch_rows import Defaults
from investigations.watch.reading import read_until
from portal.accounts.models import User
from portal.accounts.rights import Right, has_right

LONGEST = 2000
HOURS_BACK = 24


class UntilField(forms.CharField):
    """A day, meant to its end, or a moment; in Korean time, however it is spelled."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, widget=time_input(), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{localtime(value):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        if (until := read_until(text)) is None:
            raise ValidationError(_("This is no date, as in 2026-12-31 or 2026-12-31 18:00. Correct it."))
        return until

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)

    def run_validators(self, value: Any) -> None:
        """Of a moment there is nothing more to check."""


def watch_bases() -> QuerySet[LegalBasis]:
    """The legal bases in force by which plates may be watched."""
    return LegalBasis.objects.in_force().exclude(watch_days=0)


class BasisSelect(forms.Select):
    """Marks the bases that need the number of a document, for the page's script."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if getattr(value, "instance", None) and value.instance.needs_document:
            option["attrs"]["data-document"] = ""
        return option


class BasisField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """The legal bases by which plates may be watched, each with for how long."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(watch_bases(), label=_("legal basis"), widget=BasisSelect, **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        days = longest_days(obj)
        said = ngettext("%(basis)s (at most %(days)d day)", "%(basis)s (at most %(days)d days)", days)
        return said % {"basis": obj, "days": days}


class RequestField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} {obj.case.title}"


def reason_field(label: Any, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea({"rows": 2}), **kwargs)


class WatchForm(forms.Form):
    """A plate to be watched. Operators name the approved request whose plate it is; supervisors may leave it open."""

    plate = forms.CharField(
        label=_("number plate"),
        max_length=LONGEST_TYPED,
        widget=forms.TextInput({"spellcheck": "false", "autocapitalize": "characters", "autocomplete": "off"}),
        help_text=_("As far as it is known: ? for a character that is not, * for several, as in 12가34?? or 12가*."),
    )
    basis = BasisField(empty_label=None)
    document_number = forms.CharField(
        label=_("document number"),
        max_length=60,
        required=False,
        help_text=_("Of the letter of cooperation or of the warrant."),
    )
    reason = reason_field(_("reason"), help_text=_("Why this plate is wanted. It is kept in the audit trail."))
    valid_until = UntilField(label=_("valid until"), help_text=_("Korean time. A day alone is meant to its end."))
    vehicle_colour = forms.ChoiceField(
        label=_("colour"), required=False, choices=[("", _("not known")), *SearchRequest.Colour.choices]
    )
    vehicle_type = forms.ChoiceField(
        label=_("type of vehicle"), required=False, choices=[("", _("not known")), *SearchRequest.VehicleType.choices]
    )
    request = RequestField(
        SearchRequest.objects.none(),
        label=_("search request"),
        required=False,
        empty_label="–",
        help_text=_("Its station sees that the plate is watched, and until when."),
    )
    case = forms.ModelChoiceField(Case.objects.none(), label=_("case"), required=False, empty_label="–")
    hours_back = forms.IntegerField(
        label=_("hours back"),
        required=False,
        min_value=1,
        max_value=MOST_HOURS_BACK,
        widget=forms.NumberInput({"inputmode": "numeric"}),
        help_text=_("What your cameras read in so many hours before is looked through too. Left empty, nothing is."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["case"].queryset = Case.objects.visible_to(user).filter(status=Case.Status.OPEN)  # type: ignore[attr-defined]
        if has_right(user, Right.MANAGE_WATCH):
            requests = open_requests(user)
        else:
            released = SearchRequest.objects.visible_to(user).filter(approved_at__isnull=False)
            requests = released.filter(status__in=workflow.SEARCHABLE).exclude(plate="")
            self.fields["request"].required = True
            self.fields["request"].empty_label = None  # type: ignore[attr-defined]
            del self.fields["case"], self.fields["hours_back"]
        self.fields["request"].queryset = requests.select_related("case")  # type: ignore[attr-defined]


class CorrectForm(WatchForm):
    """What of an entry may be put right."""

    why = reason_field(_("why it is corrected"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        for name in ("valid_until", "request", "case", "hours_back"):
            self.fields.pop(name, None)
        own = LegalBasis.objects.filter(pk=self.initial["basis"].pk)  # though it may be out of force
        self.fields["basis"].queryset = watch_bases() | own  # type: ignore[attr-defined]


class DismissForm(forms.Form):
    reason = reason_field(_("reason"))


def values_of(entry: WatchEntry) -> dict[str, Any]:
    """What the form says of an entry that is corrected, or watched again."""
    values = {name: getattr(entry, name) for name in CORRECTED}
    return {**values, "request": entry.request_id, "case": entry.case_id, "valid_until": _usual_end(entry.basis)}


def first_values(user: User, request: SearchRequest | None) -> dict[str, Any]:
    """What a new entry most likely says; of a request what it says."""
    basis = watch_bases().first()
    if request is None:
        return {"valid_until": _usual_end(basis)}
    return {
        "plate": request.plate,
        "basis": request.basis_id,
        "document_number": request.document_number,
        "reason": request.purpose,
        "vehicle_colour": request.vehicle_colour,
        "vehicle_type": request.vehicle_type,
        "request": request.pk,
        "valid_until": _usual_end(request.basis),
    }


def _usual_end(basis: LegalBasis | None) -> datetime:
    days = longest_days(basis) if basis else 0
    return localtime(timezone.now() + timedelta(days=days)).replace(hour=23, minute=59, second=0, microsecond=0)


class ExtendForm(forms.Form):
    valid_until = UntilField(label=_("valid until"))
    reason = reason_field(_("reason"))


class EndForm(forms.Form):
    outcome = forms.ChoiceField(label=_("how it ended"), choices=Case.Outcome.choices, widget=forms.RadioSelect)
    reason = reason_field(_("reason"))


class LookBackForm(forms.Form):
    hours = forms.IntegerField(
        label=_("hours back"),
        min_value=1,
        max_value=MOST_HOURS_BACK,
        initial=HOURS_BACK,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    reason = reason_field(_("reason"))


class EntryFilterForm(forms.Form):
    """Which entries to list. Words that mean nothing here count as none."""

    SHOWS = [("", _("watched")), ("ended", _("ended")), ("all", _("all"))]
    q = forms.CharField(required=False, max_length=120)
    show = forms.ChoiceField(required=False, choices=SHOWS)

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}


class AlertFilterForm(forms.Form):
    """Which alerts to list. Words that mean nothing here count as none."""

    STATUSES = [("", _("undecided")), *WatchAlert.Status.choices[1:], ("all", _("all"))]
    HOURS = [("", _("any time")), ("24", _("24 hours")), ("72", _("3 days")), ("168", _("7 days"))]
    status = forms.ChoiceField(required=False, choices=STATUSES)
    hours = forms.ChoiceField(required=False, choices=HOURS)
    entry = forms.ModelChoiceField(WatchEntry.objects.none(), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entry"].queryset = WatchEntry.objects.visible_to(user)  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}

    @property
    def wanted(self) -> Q:
        chosen = self.chosen()
        status, hours, entry = chosen["status"], chosen["hours"], chosen["entry"]
        wanted = Q() if status == "all" else Q(status=status or WatchAlert.Status.OPEN)
        if hours:
            wanted &= Q(seen_at__gte=timezone.now() - timedelta(hours=int(hours)))
        return wanted & Q(entry=entry) if entry else wanted


class ListForm(forms.Form):
    """A list of plates as a file, and what holds for rows that say nothing of it."""

    file = forms.FileField(
        label=_("list as CSV"),
        allow_empty_file=True,  # what is wrong with it is said where all problems are
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text=_("UTF-8 or CP949. One column must be 차량번호 or plate."),
    )
    basis = BasisField(required=False, empty_label=_("each row names its own"))
    document_number = forms.CharField(label=_("document number"), max_length=60, required=False)
    reason = reason_field(_("reason"), required=False)
    days = forms.IntegerField(
        label=_("days"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("Left empty, for as long as the legal basis allows."),
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )

    @property
    def defaults(self) -> Defaults:
        said = {name: value for name, value in self.cleaned_data.items() if name != "file"}
        return Defaults(**said)


class ExportForm(forms.Form):
    includes_ended = forms.BooleanField(label=_("with what has ended"), required=False)
