"""Verbs on candidates: confirm, reject, take a decision back."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from investigations import events
from investigations.models import Candidate, CandidateDecision
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


@transaction.atomic
def decide_candidate(candidate: Candidate, decision: str, *, reason: str = "", actor: User) -> Candidate:
    """Confirm or reject a candidate, or take such a decision back (`pending`).

    `candidate` carries the decision that the actor saw: if somebody has decided since, ValidationError says so.
    Whoever does not know the search's decisions decides about what is undecided only, and knows them from then on.
    """
    require_right(actor, Right.DECIDE_CANDIDATE)
    visible = Candidate.objects.visible_to(actor).filter(pk=candidate.pk)
    if not visible.exists():
        raise PermissionDenied(_("This candidate belongs to another control centre."))
    # Asked first: whether the call goes through must not tell what was decided.
    if visible.hidden_from(actor).exclude(decision=Decision.PENDING).exists():
        raise ValidationError(
            _("Somebody else has decided about this candidate. Give the second opinion, or have the decisions shown.")
        )
    new, old = Decision(decision), Decision(candidate.decision)
    if new == old and visible.filter(decision=old).exists():
        return candidate
    if new == Decision.REJECTED and not reason.strip():
        raise ValidationError(_("Say in a word why this is not the person."))
    if not visible.filter(decision=old).update(decision=new):
        raise ValidationError(_("Somebody else has decided about this candidate meanwhile. Look again."))
    CandidateDecision.objects.create(candidate=candidate, old=old, new=new, reason=reason, actor=actor)
    details = {"old": old.value, "new": new.value, "score": round(candidate.score, 4)}
    record(_ACTIONS[new], actor=actor, target=candidate, reason=reason, details=details)
    candidate.decision = new
    search = candidate.search
    join_search(search, actor)
    void_second_review(candidate)
    if new == Decision.CONFIRMED:
        hold_sighting(search.request, candidate.sighting, actor=actor)
    if old == Decision.CONFIRMED:
        take_from_path(search.request, actor=actor)
    events.push(search.request_id, {"type": "candidates.changed", "search": search.pk})
    return candidate
