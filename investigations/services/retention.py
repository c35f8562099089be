"""Verbs on destructions: begin what is due, and account for a look at the certificate. Nobody orders a destruction:
the law's times do, so that those that begin one have no actor."""

from django.db import transaction
from django.utils import timezone

from investigations.expiry import cameras_with_expired
from investigations.models import Destruction, SearchRequest, WatchEntry
from portal.accounts.models import Agency, User
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import OPEN_JOB_STATUSES, JobStatus, soon

Rule = Destruction.Rule


def begin_expiries() -> list[int]:
    """Begin the destruction of what is past its camera's retention, one for each centre that has any; return them."""
    now, centres = timezone.now(), Agency.objects.filter(kind=Agency.Kind.CENTRE)
    due = [centre for centre in centres if next(cameras_with_expired(centre, now), None)]
    return [pk for centre in due for pk in _begin(centre, Rule.EXPIRED, None)]


def begin_purges() -> list[int]:
    """Begin the destruction of what closed requests had gathered and whose time has come; return them."""
    due = SearchRequest.objects.filter(
        status=SearchRequest.Status.CLOSED, purged_at=None, purge_at__lte=timezone.now()
    ).select_related("centre", "basis")
    return [pk for request in due for pk in _begin(request.centre, _rule_of(request), request)]


def begin_watch_purges() -> list[int]:
    """Begin the destruction of ended entries of watch lists whose time has come, one for each centre; return them."""
    due = WatchEntry.objects.to_purge(timezone.now()).order_by().values("centre")
    return [pk for centre in Agency.objects.filter(pk__in=due) for pk in _begin(centre, Rule.WATCHED, None)]


def view_destruction(destruction: Destruction, *, actor: User) -> None:
    """Account for a look at a certificate."""
    record(Action.DESTRUCTION_VIEWED, actor=actor, target=destruction)


def _rule_of(request: SearchRequest) -> Rule:
    is_found = request.outcome == SearchRequest.Outcome.FOUND and request.basis.purges_on_found
    return Rule.FOUND if is_found else Rule.CLOSED


@transaction.atomic
def _begin(centre: Agency, rule: Rule, request: SearchRequest | None) -> list[int]:
    """Make the row, or take up again the one that failed; nothing if one is under way."""
    Agency.objects.select_for_update(no_key=True).get(pk=centre.pk)  # of two clocks, one finds the other's row
    rows = Destruction.objects.filter(centre=centre, request=request)
    if request is None:  # a centre's footage and its watch list do not wait for each other
        rows = rows.filter(rule=rule)
    if rows.filter(status__in=OPEN_JOB_STATUSES).exists():
        return []
    failed = rows.filter(status=JobStatus.FAILED, rule=rule).first()
    if failed is None:
        return [Destruction.objects.create(centre=centre, request=request, rule=rule).pk]
    rows.filter(pk=failed.pk).update(status=JobStatus.QUEUED, ended_at=None, send_again_at=soon())
    return [failed.pk]
