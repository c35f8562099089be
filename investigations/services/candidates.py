"""Verbs on candidates: confirm, reject, take a decision back; one or several at once."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from investigations import events
from investigations.models import Candidate, CandidateDecision, Search
from investigations.models.search import CandidateQuerySet
from investigations.services.holds import hold_sighting
from investigations.services.paths import take_from_path
from investigations.services.reviews import join_search, void_second_review
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record

Decision = Candidate.Decision
_ACTIONS = {
    Decision.CONFIRMED: Action.CANDIDATE_CONFIRMED,
    Decision.REJECTED: Action.CANDIDATE_REJECTED,
    Decision.PENDING: Action.CANDIDATE_REOPENED,
}


def decide_candidate(candidate: Candidate, decision: str, *, reason: str = "", actor: User) -> Candidate:
    """Confirm or reject a candidate, or take such a decision back (`pending`).

    `candidate` carries the decision that the actor saw: if somebody has decided since, ValidationError says so.
    Whoever does not know the search's decisions decides about what is undecided only, and knows them from then on.
    """
    return decide_candidates([candidate], decision, reason=reason, actor=actor)[0]


@transaction.atomic
def decide_candidates(
    candidates: Sequence[Candidate], decision: str, *, reason: str = "", actor: User
) -> Sequence[Candidate]:
    """Decide about several candidates alike, as `decide_candidate` does about one: about all of them, or none."""
    require_right(actor, Right.DECIDE_CANDIDATE)
    visible = Candidate.objects.visible_to(actor).filter(pk__in=[candidate.pk for candidate in candidates])
    if visible.count() != len({candidate.pk for candidate in candidates}):
        raise _refusal(candidates, actor)
    # Of all before any: the first decision makes the actor one who knows, and whether the call goes through must not
    # tell what was decided.
    if visible.hidden_from(actor).exclude(decision=Decision.PENDING).exists():
        raise ValidationError(
            _("Somebody else has decided about this candidate. Give the second opinion, or have the decisions shown.")
        )
    new = Decision(decision)
    if new == Decision.REJECTED and not reason.strip() and not _stand(candidates, new, visible):
        raise ValidationError(_("Say in a word why this is not the person."))
    was = {candidate.pk: candidate.decision for candidate in candidates}
    # In one order, so that two who decide about the same ones wait for each other instead of blocking each other.
    changed = [row for row in sorted(candidates, key=lambda row: row.pk) if _change(row, new, visible, reason, actor)]
    for search in {row.search_id: row.search for row in changed}.values():
        _follow(search, [row for row in changed if row.search_id == search.pk], was, actor)
    return candidates


def _refusal(candidates: Sequence[Candidate], actor: User) -> PermissionDenied | ValidationError:
    """Why not all of these are there for the actor: of a search that they may see, the rest was replaced or destroyed
    since it was looked at."""
    searches = {candidate.search_id for candidate in candidates}
    if Search.objects.visible_to(actor).filter(pk__in=searches).count() == len(searches):
        return ValidationError(_("Some of these candidates are no longer in the list. Look again."))
    return PermissionDenied(_("This candidate belongs to another control centre."))


def _stand(candidates: Sequence[Candidate], new: str, visible: CandidateQuerySet) -> bool:
    """True where everything is decided like this already."""
    return all(row.decision == new for row in candidates) and not visible.exclude(decision=new).exists()


def _change(candidate: Candidate, new: Decision, visible: CandidateQuerySet, reason: str, actor: User) -> bool:
    """Decide about one candidate, unless it is decided so already; False then."""
    old = Decision(candidate.decision)
    rows = visible.filter(pk=candidate.pk, decision=old)
    if new == old and rows.exists():
        return False
    if not rows.update(decision=new):
        raise ValidationError(_("Somebody else has decided about this candidate meanwhile. Look again."))
    CandidateDecision.objects.create(candidate=candidate, old=old, new=new, reason=reason, actor=actor)
    details = {
        "old": old.value,
        "new": new.value,
        "score": None if candidate.score is None else round(candidate.score, 4),
    }
    record(_ACTIONS[new], actor=actor, target=candidate, reason=reason, details=details)
    candidate.decision = new
    void_second_review(candidate)
    return True


def _follow(search: Search, changed: Sequence[Candidate], was: dict[int, str], actor: User) -> None:
    """What the decisions bring with them: footage is kept, the path loses a stop, everybody who watches hears of it."""
    join_search(search, actor)
    for candidate in changed:
        if candidate.decision == Decision.CONFIRMED:
            hold_sighting(search.request, candidate.sighting, actor=actor)
    if any(was[candidate.pk] == Decision.CONFIRMED for candidate in changed):
        take_from_path(search.request, actor=actor)
    events.push(search.request_id, {"type": "candidates.changed", "search": search.pk})
