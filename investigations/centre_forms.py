"""What the control centre's people type in. The rules stand in the models and verbs; a form only reads."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cameras.models import Camera
from investigations.forms import time_input
from investigations.models import EvidencePackage, SearchRequest
from investigations.services.packages import LONGEST_MARGIN_S
from portal.accounts.models import User

LIMITS = ("most_cameras", "radius_m", "hours")


class HandlerForm(forms.Form):
    """Who is to handle a request: one of its centre's people."""

    handler = forms.ModelChoiceField(User.objects.none(), label=_("handled by"), empty_label=None)

    def __init__(self, *args: Any, request: SearchRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["handler"].queryset = handlers(request)  # type: ignore[attr-defined]


class ScopeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The limits of a request, each beside what its legal basis sets. An empty limit does not bind."""

    reason = forms.CharField(label=_("Reason"), max_length=2000, required=False, widget=forms.Textarea({"rows": 2}))

    class Meta:
        model = SearchRequest
        fields = list(LIMITS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in LIMITS:
            self.fields[name].widget.attrs |= {"min": 0, "inputmode": "numeric"}

    def rows(self) -> list[dict[str, Any]]:
        return [{"field": self[name], "of_basis": getattr(self.instance.basis, name)} for name in LIMITS]


class HoldForm(forms.Form):
    """What is to be kept: a camera, by its management number, and hours in Korean time."""

    camera = forms.ModelChoiceField(
        Camera.objects.none(),
        label=_("camera"),
        to_field_name="code",
        widget=forms.TextInput({"list": "hold-cameras", "autocomplete": "off", "maxlength": 40}),
        error_messages={"invalid_choice": _("Your control centre has no camera with this management number.")},
    )
    starts_at = forms.DateTimeField(label=_("from"), widget=time_input())
    ends_at = forms.DateTimeField(label=_("until"), widget=time_input())
    reason = forms.CharField(label=_("Reason"), max_length=2000, required=False)

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["camera"].queryset = Camera.objects.visible_to(viewer)  # type: ignore[attr-defined]


def handlers(request: SearchRequest) -> QuerySet[User]:
    """Those who can handle a request."""
    roles = [User.Role.OPERATOR, User.Role.SUPERVISOR]
    return User.objects.filter(agency_id=request.centre_id, role__in=roles, is_active=True).order_by("role", "pk")


class PackageForm(forms.ModelForm):  # type: ignore[type-arg]
    """What an evidence package is for, how long its clips are, and whether they show everybody."""

    reason = forms.CharField(label=_("What the package is for"), max_length=2000, widget=forms.Textarea({"rows": 2}))
    margin_s = forms.IntegerField(
        label=_("seconds before and after"), min_value=0, max_value=LONGEST_MARGIN_S, initial=5
    )

    class Meta:
        model = EvidencePackage
        fields = ["reason", "margin_s", "has_originals"]
