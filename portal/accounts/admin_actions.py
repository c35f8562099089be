"""What the admin's actions share: a line for the reason, and one verb for each chosen row."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget


class ReasonActionForm(ActionForm):  # type: ignore[misc]
    """An admin action with a line for the reason beside it."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": _("Reason"), "aria-label": _("Reason")}),
    )


def apply_to_each(request: HttpRequest, rows: QuerySet[Any], verb: Any) -> int:
    """Call `verb` on each row; what one refuses is shown, and the rest goes on. Return how many went well."""
    done = 0
    for row in rows:
        try:
            verb(row)
            done += 1
        except (ValidationError, PermissionDenied) as error:
            reasons = error.messages if isinstance(error, ValidationError) else [str(error)]
            messages.error(request, f"{row}: {' '.join(reasons)}")
    return done
