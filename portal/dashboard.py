"""The admin's front page: what waits for the person who opens it."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from inference.models import OPEN_JOB_STATUSES, Analysis, JobStatus
from investigations.models import Candidate, Search, SearchRequest
from portal.accounts.rights import Right, has_right

MOST_WAITING = 10


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what templates/admin/index.html shows; each count is over what this person may see."""
    context["is_reviewer"] = has_right(request.user, Right.SEARCH)
    context["cards"] = _analysis_cards(request)
    if context["is_reviewer"]:
        context["cards"] = _review_cards(request) + context["cards"]
        context["waiting_requests"] = _waiting_requests(request)
    return context


def _review_cards(request: HttpRequest) -> list[dict[str, Any]]:
    waiting = SearchRequest.objects.visible_to(request.user).filter(status=SearchRequest.Status.SUBMITTED)
    running = Search.objects.visible_to(request.user).filter(status__in=OPEN_JOB_STATUSES)
    undecided = Candidate.objects.visible_to(request.user).filter(decision=Candidate.Decision.PENDING)
    return [
        _card(_("Requests waiting for approval"), waiting.count(), "investigations_searchrequest", "submitted"),
        _card(_("Searches running"), running.count(), "investigations_search", "running"),
        _card(_("Candidates to decide"), undecided.count(), "investigations_candidate", "pending", field="decision"),
    ]


def _analysis_cards(request: HttpRequest) -> list[dict[str, Any]]:
    failed = Analysis.objects.visible_to(request.user).filter(status=JobStatus.FAILED)
    return [_card(_("Analyses failed"), failed.count(), "inference_analysis", "failed")]


def _card(title: str, count: int, model: str, value: str, *, field: str = "status") -> dict[str, Any]:
    return {"title": title, "count": count, "url": f"{reverse(f'admin:{model}_changelist')}?{field}__exact={value}"}


def _waiting_requests(request: HttpRequest) -> dict[str, Any] | None:
    waiting = SearchRequest.objects.visible_to(request.user).filter(status=SearchRequest.Status.SUBMITTED)
    rows = waiting.select_related("case__agency").order_by("submitted_at")[:MOST_WAITING]
    if not rows:
        return None
    return {
        "headers": [_("request"), _("case"), _("kind"), _("police station"), _("submitted")],
        "rows": [
            [
                format_html('<a href="{}">{}</a>', reverse("workspace", args=[row.pk]), row),
                row.case.title,
                row.case.get_kind_display(),
                str(row.case.agency),
                localtime(row.submitted_at).strftime("%Y-%m-%d %H:%M"),
            ]
            for row in rows
        ],
    }
