"""Legal bases: what the law allows, as administrators set it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from investigations.models import Case, LegalBasis
from investigations.services.bases import save_basis
from portal.accounts.admin import RoleAdmin
from portal.accounts.rights import Right, acting_user


class LegalBasisForm(forms.ModelForm[LegalBasis]):
    kinds = forms.MultipleChoiceField(
        label=capfirst(_("kinds of case")), choices=Case.Kind.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Why the basis is added or changed; kept in the audit trail."),
    )

    class Meta:
        model = LegalBasis
        exclude: tuple[str, ...] = ()


@admin.register(LegalBasis)
class LegalBasisAdmin(RoleAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.APPROVE_REQUEST})
    change_rights = frozenset({Right.MANAGE_BASES})
    form = LegalBasisForm
    list_display = [
        "code",
        "named",
        "shown_kinds",
        "most_cameras",
        "radius_m",
        "hours",
        "retention_days",
        "purges_on_found",
        "is_active",
    ]
    list_filter = ["is_active", "allows_emergency", "needs_document", "purges_on_found"]
    readonly_fields = ["shown_kinds"]
    search_fields = ["code", "name", "name_en", "law"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_change = self.has_change_permission(request, obj)
        kinds = "kinds" if may_change else "shown_kinds"
        sets: list[Any] = [
            (None, {"fields": ["code", ("name", "name_en"), "law", kinds, "is_active"]}),
            (_("Limits of a search"), {"fields": [("most_cameras", "radius_m", "hours")]}),
            (_("Conditions"), {"fields": ["needs_document", "allows_emergency"]}),
            (_("Watch list"), {"fields": ["watch_days"]}),
            (_("Deadlines"), {"fields": [("receipt_minutes", "approval_minutes", "answer_minutes")]}),
            (_("Destruction"), {"fields": ["retention_days", "purges_on_found"]}),
        ]
        if may_change:
            return [*sets, (_("Change"), {"fields": ["reason"]})]
        return sets

    @admin.display(description=_("legal basis"))
    def named(self, row: LegalBasis) -> str:
        return str(row)

    @admin.display(description=_("kinds of case"))
    def shown_kinds(self, row: LegalBasis) -> str:
        labels = dict(Case.Kind.choices)
        return ", ".join(str(labels.get(kind, kind)) for kind in row.kinds)

    def save_model(self, request: HttpRequest, obj: LegalBasis, form: Any, change: bool) -> None:
        save_basis(obj, reason=form.cleaned_data["reason"], actor=acting_user(request))
