"""The admin's front page for supervisors: what waits for them."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from inference.models import Analysis, JobStatus
from investigations.models import Candidate, Search, SearchRequest


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the counts that templates/admin/index.html shows, each over what this person may see."""
    requests = SearchRequest.objects.visible_to(request.user)
    waiting = requests.filter(status=SearchRequest.Status.SUBMITTED)
    running = Search.objects.visible_to(request.user).filter(status__in=[JobStatus.QUEUED, JobStatus.RUNNING])
    analyses = Analysis.objects.visible_to(request.user)
    context["cards"] = [
        _card(
            _("Requests waiting for approval"),
            waiting.count(),
            "admin:investigations_searchrequest_changelist",
        ),
        _card(_("Searches running"), running.count(), "admin:investigations_search_changelist"),
        _card(
            _("Candidates to decide"),
            Candidate.objects.visible_to(request.user).filter(decision=Candidate.Decision.PENDING).count(),
            "admin:investigations_candidate_changelist",
        ),
        _card(
            _("Analyses failed"),
            analyses.filter(status=JobStatus.FAILED).count(),
            "admin:inference_analysis_changelist",
        ),
    ]
    context["waiting_requests"] = waiting.select_related("case", "centre")[:10]
    return context


def _card(title: str, count: int, url_name: str) -> dict[str, Any]:
    return {"title": title, "count": count, "url_name": url_name}
