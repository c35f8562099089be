"""What the clock does about deadlines: say once that one has passed, and stop what may not go on."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from investigations import events, workflow
from investigations.models import Notification, Search, SearchRequest
from investigations.services.notices import announce
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import OPEN_JOB_STATUSES, cancel_job
from portal.sentences import gettext as _


def passed_deadlines(request: SearchRequest, now: datetime) -> dict[str, datetime]:
    """The deadlines that the centre has missed and still owes, by name."""
    at_centre = request.status in workflow.AT_CENTRE
    owed = {
        "receipt": request.receipt_due_at if request.status == workflow.SUBMITTED else None,
        "approval": request.approval_due_at if at_centre and request.approved_at is None else None,
        "answer": request.answer_due_at if at_centre else None,
    }
    return {name: due for name, due in owed.items() if due is not None and due < now}


def remind() -> int:
    """Tell people of each deadline that has passed since they were last told; return of how many requests."""
    now = timezone.now()
    return sum(_remind(request, now) for request in SearchRequest.objects.overdue(now).select_related("case"))


def _remind(request: SearchRequest, now: datetime) -> bool:
    passed = passed_deadlines(request, now)
    told_at = request.reminded_at
    new = {name: due for name, due in passed.items() if told_at is None or due > told_at}
    if not new:
        return False
    with transaction.atomic():
        unchanged = SearchRequest.objects.filter(pk=request.pk, status=request.status, reminded_at=told_at)
        if not unchanged.filter(approved_at=request.approved_at).update(reminded_at=now):
            return False  # somebody acted, or another clock was quicker
        details = {"deadlines": {name: due.isoformat() for name, due in new.items()}}
        record(Action.REQUEST_OVERDUE, actor=None, target=request, details=details)
        announce(request, Notification.Kind.OVERDUE, actor=None)
    return True


def stop_unapproved() -> int:
    """Cancel the searches of emergencies whose approval is overdue; return how many. None can start until then."""
    late = SearchRequest.objects.filter(approved_at=None, approval_due_at__lte=timezone.now())
    open_searches = Search.objects.filter(status__in=OPEN_JOB_STATUSES, request__in=late)
    return sum(_stop(search) for search in open_searches.select_related("request"))


def _stop(search: Search) -> bool:
    with transaction.atomic():
        row = SearchRequest.objects.select_for_update().get(pk=search.request_id)
        if not row.is_approval_overdue or not cancel_job(search):
            return False  # approved, or ended, in this moment
        reason = _("The time for approving this emergency afterwards is over.")
        record(Action.SEARCH_CANCELLED, actor=None, target=search, reason=reason)
        events.push_search_progress(search)
    return True
