"""The page in the admin where the audit trail is checked, proven and taken out."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, require_right
from portal.audit.models import AuditCheck, AuditEntry
from portal.audit.services import write_root
from portal.trail.services import check_root, export_access_log, request_check
from portal.trail.state import trail_state

MOST_CHECKS = 30


class RootForm(forms.Form):
    root = forms.CharField(label=_("root"), widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "1234:5e88…"}))


class MonthForm(forms.Form):
    def __init__(self, months: list[str]) -> None:
        super().__init__()
        self.fields["month"] = forms.ChoiceField(
            label=_("month"), choices=[(month, month) for month in months], widget=UnfoldAdminSelectWidget
        )


@require_GET
def trail_page(request: HttpRequest) -> HttpResponse:
    actor = acting_user(request)
    require_right(actor, Right.VIEW_AUDIT)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": gettext("Check and export the audit trail"),
        "opts": AuditEntry._meta,
        "state": trail_state(),
        "root_form": RootForm(),
        "month_form": MonthForm(_months(actor)),
        "checks": _checks_table(),
    }
    return TemplateResponse(request, "admin/audit/auditentry/trail.html", context)


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    request_check(actor=acting_user(request))
    messages.success(request, gettext("The audit trail is being checked. The result will stand here."))
    return _back()


@require_POST
def root(request: HttpRequest) -> HttpResponse:
    text = request.POST.get("root", "")
    try:
        is_proven = check_root(text, actor=acting_user(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _back()
    number = text.partition(":")[0].strip()
    if is_proven:
        messages.success(
            request, gettext("Entry %(number)s is as it was when this root was given.") % {"number": number}
        )
    else:
        messages.error(
            request,
            gettext("The trail does not hold this root: entry %(number)s is missing or was changed.")
            % {"number": number},
        )
    return _back()


@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    try:
        log = export_access_log(request.POST.get("month", ""), actor=acting_user(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _back()
    headers = {"Content-Disposition": f'attachment; filename="{log.name}"'}
    return StreamingHttpResponse(log.chunks, content_type="text/csv; charset=utf-8", headers=headers)


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:audit_auditentry_trail"))


def _months(actor: User) -> list[str]:
    """From this month back to that of the first entry that the actor may see."""
    first = AuditEntry.objects.visible_to(actor).order_by("at", "sequence").first()
    newest = localtime()
    oldest = localtime(first.at) if first else newest
    numbers = range(newest.year * 12 + newest.month - 1, oldest.year * 12 + oldest.month - 2, -1)
    return [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]


def _checks_table() -> dict[str, Any]:
    return {
        "headers": [gettext("started"), gettext("ended"), gettext("entries"), gettext("result"), gettext("root")],
        "rows": [_check_row(check) for check in AuditCheck.objects.order_by("-pk")[:MOST_CHECKS]],
    }


def _check_row(check: AuditCheck) -> list[str]:
    started, ended = (
        localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else "–" for at in (check.started_at, check.ended_at)
    )
    if check.ended_at is None:
        result = gettext("under way")
    elif check.is_intact:
        result = gettext("intact")
    else:
        result = gettext("broken in %(count)d place(s)") % {"count": check.break_count}
    return [started, ended, f"{check.entries:,}", result, write_root(check.head_sequence, check.head_hash)]
