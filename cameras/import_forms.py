"""What people choose for an import or export. The rules stand in the verbs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cameras.import_sentences import TEXTS
from cameras.models import Camera, ImportChange, ImportProblem
from portal.accounts.models import Agency, User


def centres_of(user: User) -> Any:
    return Agency.objects.visible_to(user).filter(kind=Agency.Kind.CENTRE)


class CentreField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """The own centre without asking; one of all for an administrator of the whole site."""

    def __init__(self, user: User) -> None:
        super().__init__(centres_of(user), label=_("control centre"), empty_label=None)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("list as CSV"),
        allow_empty_file=True,  # what is wrong with it is said where all problems are
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text=_("CP949 or UTF-8; the standard's 18 columns, or the older 12 to 13."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["centre"] = CentreField(user)


class ExportForm(forms.Form):
    encoding = forms.ChoiceField(
        label=_("encoding"),
        choices=[("utf-8", _("UTF-8 (with byte order mark)")), ("cp949", _("CP949 (for older programs)"))],
        widget=forms.RadioSelect,
        initial="utf-8",
    )
    status = forms.ChoiceField(label=_("status"), required=False, choices=[("", _("all")), *Camera.Status.choices])
    purpose = forms.ChoiceField(label=_("purpose"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["centre"] = CentreField(user)
        purposes = Camera.objects.visible_to(user).exclude(purpose="").order_by("purpose")
        names = purposes.values_list("purpose", flat=True).distinct()
        self.fields["purpose"].choices = [("", _("all")), *((name, name) for name in names)]  # type: ignore[attr-defined]


class ShownForm(forms.Form):
    """Which part of a plan is shown, and how. Words that mean nothing here count as none."""

    SORTS = ["row", "-row", "kind", "-kind", "column", "-column", "level", "-level", "code", "-code"]
    show = forms.ChoiceField(required=False, choices=[("problems", ""), *ImportChange.Kind.choices])
    level = forms.ChoiceField(required=False, choices=[("", _("all")), *ImportProblem.Level.choices])
    kind = forms.ChoiceField(required=False, choices=[("", ""), *((kind, kind) for kind in TEXTS)])
    q = forms.CharField(required=False, max_length=100)
    sort = forms.ChoiceField(required=False, choices=[("", ""), *((sort, sort) for sort in SORTS)])

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}
