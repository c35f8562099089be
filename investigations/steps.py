"""The life of a request as steps: who took each and when, and by when the next is due. Reads what it is handed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from investigations import workflow
from investigations.models import RequestStatusChange, SearchRequest

Status = SearchRequest.Status
STEPS = (
    Status.SUBMITTED,
    Status.RECEIVED,
    Status.APPROVED,
    Status.SEARCHING,
    Status.REVIEW,
    Status.ANSWERED,
    Status.CLOSED,
)
# What is done again after a request was reopened.
REPEATED = frozenset({Status.SEARCHING, Status.REVIEW, Status.ANSWERED, Status.CLOSED})
LABELS: Mapping[str, StrOrPromise] = {
    Status.SUBMITTED: _("Request"),
    Status.RETURNED: _("Returned"),
    Status.RECEIVED: _("Receipt"),
    Status.APPROVED: _("Approval"),
    Status.SEARCHING: _("Search"),
    Status.REVIEW: _("Review"),
    Status.ANSWERED: _("Answer"),
    Status.CLOSED: _("Closing"),
}
STEP_OF_VERB: Mapping[str, Status] = {
    "submit": Status.SUBMITTED,
    "receive": Status.RECEIVED,
    "approve": Status.APPROVED,
    "search": Status.SEARCHING,
    "search_in_emergency": Status.SEARCHING,
    "review": Status.REVIEW,
    "close": Status.CLOSED,
}


@dataclass(frozen=True)
class Step:
    """`owed`: the next one, or an emergency's approval that the search did not wait for."""

    status: str
    label: StrOrPromise
    state: Literal["done", "current", "returned", "owed", "todo"]
    at: datetime | None = None
    by: str = ""
    due_at: datetime | None = None


def steps_of(request: SearchRequest, changes: Sequence[RequestStatusChange]) -> list[Step]:
    """Return the steps of a request; `changes` are its history in time order."""
    taken = _taken(changes)
    if Status.RECEIVED not in taken and _is_received(request, taken):
        taken[Status.RECEIVED] = (request.received_at, str(request.received_by))  # type: ignore[assignment]  # asked
    return [_step(request, status, taken, changes) for status in STEPS]


def _is_received(request: SearchRequest, taken: Mapping[str, tuple[datetime, str]]) -> bool:
    """Whoever approves or searches without confirming the receipt first has received the request by that."""
    sent, received_at = taken.get(Status.SUBMITTED), request.received_at
    return sent is not None and received_at is not None and received_at >= sent[0]


def _taken(changes: Iterable[RequestStatusChange]) -> dict[str, tuple[datetime, str]]:
    """When and by whom each step was taken in the present round: sent again or reopened, later steps begin anew."""
    taken: dict[str, tuple[datetime, str]] = {}
    for change in changes:
        step = _step_of(change)
        if step == Status.SUBMITTED:
            taken.clear()
        elif change.new == Status.REOPENED:
            taken = {status: entry for status, entry in taken.items() if status not in REPEATED}
        if step:
            taken[step] = (change.at, str(change.actor or ""))
    return taken


def _step_of(change: RequestStatusChange) -> str:
    if change.verb in STEP_OF_VERB:
        return STEP_OF_VERB[change.verb]
    # A provisional answer leaves the state as it is; rows of before there were verbs have a state only.
    return change.new if change.new in STEPS and change.old != change.new else ""


def _step(
    request: SearchRequest,
    status: Status,
    taken: Mapping[str, tuple[datetime, str]],
    changes: Sequence[RequestStatusChange],
) -> Step:
    if status == Status.SUBMITTED and request.status == Status.RETURNED:
        back = next((change for change in reversed(changes) if change.new == Status.RETURNED), None)
        by = str(back.actor or "") if back else ""
        return Step(Status.RETURNED, LABELS[Status.RETURNED], "returned", back.at if back else None, by)
    at, by = taken.get(status, (None, ""))
    due_at = None if at else _due(request, status)
    if request.status == status:
        return Step(status, LABELS[status], "current", at, by)
    if at:
        return Step(status, LABELS[status], "done", at, by)
    is_next = request.status == Status.REOPENED and status == Status.SEARCHING
    is_late_approval = status == Status.APPROVED and Status.SEARCHING in taken and request.waits_for_approval
    return Step(status, LABELS[status], "owed" if is_next or is_late_approval else "todo", due_at=due_at)


def _due(request: SearchRequest, status: Status) -> datetime | None:
    if request.status not in workflow.AT_CENTRE:
        return None
    return {
        Status.RECEIVED: request.receipt_due_at,
        Status.APPROVED: request.approval_due_at,
        Status.ANSWERED: request.answer_due_at,
    }.get(status)
