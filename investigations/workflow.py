"""The states of a search request and the moves between them. Pure: a table that verbs, pages and tests read.

    draft → submitted → received → approved → searching → review → answered → closed
               ↓ returned ↑                       ↑ reopened ← answered, closed
An emergency may be searched before it is approved; the approval then follows without a change of state.
"""

from collections.abc import Mapping
from dataclasses import dataclass

DRAFT, SUBMITTED, RETURNED, RECEIVED = "draft", "submitted", "returned", "received"
APPROVED, SEARCHING, REVIEW, ANSWERED = "approved", "searching", "review", "answered"
REOPENED, CLOSED = "reopened", "closed"

OPEN = frozenset({SUBMITTED, RETURNED, RECEIVED, APPROVED, SEARCHING, REVIEW, ANSWERED, REOPENED})
# In the hands of the control centre: it owes the next step.
AT_CENTRE = frozenset({SUBMITTED, RECEIVED, APPROVED, SEARCHING, REVIEW, REOPENED})
# In the hands of the station: to be sent, mended, or read and closed.
AT_STATION = frozenset({DRAFT, RETURNED, ANSWERED})
# A search may run in these once the request is approved …
SEARCHABLE = frozenset({APPROVED, SEARCHING, REVIEW, REOPENED})
# … and in these as well if it is an emergency, until its approval is overdue.
SEARCHABLE_IN_EMERGENCY = SEARCHABLE | {SUBMITTED, RECEIVED}
WAITS_FOR_APPROVAL = frozenset({SUBMITTED, RECEIVED})


@dataclass(frozen=True)
class Move:
    """From which states a verb leads to which; `needs_reason`: nobody makes it without saying why."""

    sources: frozenset[str]
    target: str
    needs_reason: bool = False


MOVES: Mapping[str, Move] = {
    "submit": Move(frozenset({DRAFT, RETURNED}), SUBMITTED),
    "receive": Move(frozenset({SUBMITTED}), RECEIVED),
    "return": Move(frozenset({SUBMITTED, RECEIVED, APPROVED}), RETURNED, needs_reason=True),
    # An emergency that is searched already, and that the supervisor does not approve.
    "refuse": Move(frozenset({SEARCHING}), RETURNED, needs_reason=True),
    "approve": Move(WAITS_FOR_APPROVAL, APPROVED),
    "search": Move(frozenset({APPROVED, REOPENED, REVIEW}), SEARCHING),
    "search_in_emergency": Move(WAITS_FOR_APPROVAL, SEARCHING),
    "review": Move(frozenset({SEARCHING}), REVIEW),
    "answer": Move(frozenset({REVIEW}), ANSWERED),
    "reopen": Move(frozenset({ANSWERED, CLOSED}), REOPENED, needs_reason=True),
    "close": Move(OPEN, CLOSED, needs_reason=True),
}


def moves_from(status: str) -> set[str]:
    """Return the names of the moves that start at `status`."""
    return {name for name, move in MOVES.items() if status in move.sources}
