"""What happened in a case, as one list: opened, shared, reported sightings, and each step of its requests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from investigations.models import Case, CaseShare, RequestStatusChange, ScopeChange, SearchRequest, Tip
from portal.accounts.models import User

STEPS: Mapping[str, StrOrPromise] = {
    "submit": gettext_lazy("Request sent to the control centre"),
    "receive": gettext_lazy("Received by the control centre"),
    "return": gettext_lazy("Returned for more information"),
    "refuse": gettext_lazy("Emergency not approved: search stopped, request returned"),
    "approve": gettext_lazy("Approved"),
    "search": gettext_lazy("Search begun"),
    "search_in_emergency": gettext_lazy("Search begun before the approval (emergency)"),
    "review": gettext_lazy("Search done, under review by a second person"),
    "answer": gettext_lazy("Answered"),
    "reopen": gettext_lazy("Reopened"),
    "close": gettext_lazy("Request closed"),
}
# Why the centre takes these steps is its own matter.
INNER_STEPS = frozenset({"search", "search_in_emergency", "review"})


@dataclass(frozen=True)
class Event:
    at: datetime
    kind: str
    text: str
    who: str = ""
    why: str = ""
    request: SearchRequest | None = None
    tip: Tip | None = None
    is_emergency: bool = False


def timeline_of(case: Case, user: User) -> list[Event]:
    """Return what `user` may know of the case's history, the newest first."""
    events = [*_case(case), *_shares(case, user), *_tips(case), *_steps(case, user), *_scope_changes(case, user)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _case(case: Case) -> Iterator[Event]:
    yield Event(case.opened_at, "case", _("Case opened"), str(case.opened_by))
    if case.closed_at:
        yield Event(case.closed_at, "case", _("Case closed: %(outcome)s") % {"outcome": case.get_outcome_display()})


def _shares(case: Case, user: User) -> Iterator[Event]:
    """A centre does not learn which others were told."""
    shares = CaseShare.objects.filter(case=case).select_related("centre", "shared_by")
    for share in shares.filter(centre_id=user.agency_id) if user.is_centre_member else shares:
        text = _("Shared with %(centre)s") % {"centre": share.centre}
        yield Event(share.at, "share", text, str(share.shared_by), share.note)


def _tips(case: Case) -> Iterator[Event]:
    for tip in case.tips.select_related("added_by"):
        text = _("Reported sighting: %(source)s") % {"source": tip.get_source_display()}
        yield Event(tip.added_at, "tip", text, str(tip.added_by), tip.text, tip=tip)


def _steps(case: Case, user: User) -> Iterator[Event]:
    requests = SearchRequest.objects.visible_to(user).filter(case=case)
    for change in RequestStatusChange.objects.filter(request__in=requests).select_related("request__centre", "actor"):
        is_inner = change.verb in INNER_STEPS and not user.is_centre_member
        why = "" if is_inner else change.reason
        is_emergency = change.verb == "submit" and change.request.is_emergency
        yield Event(
            change.at,
            f"move {change.new}",
            step_text(change),
            str(change.actor or ""),
            why,
            change.request,
            is_emergency=is_emergency,
        )


def step_text(change: RequestStatusChange) -> str:
    """Name a step of a request's history."""
    if change.verb == "answer" and change.new != SearchRequest.Status.ANSWERED:
        return _("Answered provisionally")
    return str(STEPS.get(change.verb) or change.get_new_display())


def _scope_changes(case: Case, user: User) -> Iterator[Event]:
    requests = SearchRequest.objects.visible_to(user).filter(case=case)
    for change in ScopeChange.objects.filter(request__in=requests).select_related("request__centre", "actor"):
        values = {
            "limit": change.get_limit_display(),
            "old": _("none") if change.old is None else change.old,
            "new": _("none") if change.new is None else change.new,
        }
        text = _("Scope changed: %(limit)s, %(old)s → %(new)s") % values
        yield Event(change.at, "scope", text, str(change.actor), change.reason, change.request)
