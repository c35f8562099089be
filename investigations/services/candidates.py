"""Verbs on candidates: confirm, reject, take a decision back; one or several at once.

A decision is about a sighting and holds for the whole request. Where several searches found it, one of their candidates
keeps it, so that it is counted, reviewed and changed once.
"""

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from investigations import events, workflow
from investigations.models import Candidate, CandidateDecision, Participant, Search
from investigations.services.holds import hold_sighting
from investigations.services.paths import take_from_path
from investigations.services.reviews import join_search, review_candidate, void_second_review
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


class _Place(NamedTuple):
    """The candidate that keeps the decision about a sighting, and what stands there now."""

    row: Candidate
    stands: str


def decide_candidate(candidate: Candidate, decision: str, *, reason: str = "", actor: User) -> Candidate:
    """Confirm or reject a candidate, or take such a decision back (`pending`).

    `candidate` carries the decision that the actor saw: if somebody has decided since, ValidationError says so.
    Whoever does not know the search's decisions decides about what is undecided only, and knows them from then on.
    What others have decided in a search that the actor does not know is undecided to them: their decision is then the
    second opinion.
    """
    return decide_candidates([candidate], decision, reason=reason, actor=actor)[0]


@transaction.atomic
def decide_candidates(
    candidates: Sequence[Candidate], decision: str, *, reason: str = "", actor: User
) -> Sequence[Candidate]:
    """Decide about several candidates alike, as `decide_candidate` does about one: about all of them, or none."""
    require_right(actor, Right.DECIDE_CANDIDATE)
    places = _lock_places(candidates, actor)
    kept_in = [place.row.pk for place in places.values()]
    hidden = set(Candidate.objects.decided().hidden_from(actor).filter(pk__in=kept_in).values_list("pk", flat=True))
    # Of all before any: the first decision makes the actor one who knows, and whether the call goes through must not
    # tell what was decided.
    _require_decidable(places, hidden)
    new = Decision(decision)
    stand = all(
        one.decision == new == places[one.pk].stands and places[one.pk].row.pk not in hidden for one in candidates
    )
    if new == Decision.REJECTED and not reason.strip() and not stand:
        raise ValidationError(_("Say in a word why this is not the person."))
    changed = []
    for candidate in sorted(candidates, key=lambda row: row.pk):
        place = places[candidate.pk]
        if candidate.decision != (Decision.PENDING if place.row.pk in hidden else place.stands):
            raise ValidationError(_("Somebody else has decided about this candidate meanwhile. Look again."))
        if new == candidate.decision:
            continue
        if place.row.pk in hidden:
            _give_opinion(candidate, place, new, reason, actor)
        else:
            _change(candidate, place, new, reason, actor)
            changed.append((candidate, place))
    _follow(changed, actor)
    return candidates


def _require_decidable(places: Mapping[int, _Place], hidden: Set[int]) -> None:
    """ValidationError where a request has left the centre, or only the second opinion is open to the actor."""
    if any(place.row.search.request.status not in workflow.AT_CENTRE for place in places.values()):
        raise ValidationError(
            _("The request is no longer with the control centre. Decisions can be made once it is opened again.")
        )
    if hidden & places.keys():
        raise ValidationError(
            _("Somebody else has decided about this candidate. Give the second opinion, or have the decisions shown.")
        )


def _lock_places(candidates: Sequence[Candidate], actor: User) -> dict[int, _Place]:
    """By candidate, where the decision about its sighting is kept: in the row that is decided; else in the one that
    was, if the actor knows that search, so that who saw the first decision is not asked for the second opinion; else
    in its own.

    All rows of a sighting are locked, in one order, so that two who decide about it in two searches wait for each
    other instead of deciding twice, or blocking each other.
    """
    visible = Candidate.objects.visible_to(actor).filter(pk__in=[candidate.pk for candidate in candidates])
    asked = Search.objects.filter(candidates__in=visible.values("pk")).values("request")
    requests = dict(Search.objects.filter(request__in=asked).values_list("pk", "request"))
    same = Candidate.objects.filter(search__in=list(requests), sighting__in=visible.values("sighting")).order_by("pk")
    locked = list(same.select_for_update().values_list("pk", "search", "sighting", "decision"))
    known = Participant.objects.filter(user=actor).values("search")
    before = CandidateDecision.objects.filter(candidate__in=[pk for pk, *_rest in locked], candidate__search__in=known)
    were_decided = set(before.values_list("candidate", flat=True))
    stands = {pk: decision for pk, _search, _sighting, decision in locked}
    about = {pk: (requests[search], sighting) for pk, search, sighting, _decision in locked}
    keeps: dict[tuple[int, int], int] = {}
    for is_kept in (lambda pk: stands[pk] != Decision.PENDING, lambda pk: pk in were_decided):
        for pk in filter(is_kept, stands):
            keeps.setdefault(about[pk], pk)
    if any(candidate.pk not in stands for candidate in candidates):
        raise _refusal(candidates, actor)
    kept_in = {candidate.pk: keeps.get(about[candidate.pk], candidate.pk) for candidate in candidates}
    rows = Candidate.objects.select_related("search__request__case", "sighting__camera")
    others = rows.in_bulk([pk for own, pk in kept_in.items() if own != pk])
    return {
        candidate.pk: _Place(others.get(kept_in[candidate.pk], candidate), stands[kept_in[candidate.pk]])
        for candidate in candidates
    }


def _refusal(candidates: Sequence[Candidate], actor: User) -> PermissionDenied | ValidationError:
    """Why not all of these are there for the actor: of a search that they may see, the rest was replaced or destroyed
    since it was looked at."""
    searches = {candidate.search_id for candidate in candidates}
    if Search.objects.visible_to(actor).filter(pk__in=searches).count() == len(searches):
        return ValidationError(_("Some of these candidates are no longer in the list. Look again."))
    return PermissionDenied(_("This candidate belongs to another control centre."))


def _change(candidate: Candidate, place: _Place, new: Decision, reason: str, actor: User) -> None:
    row, old = place.row, Decision(place.stands)
    Candidate.objects.filter(pk=row.pk).update(decision=new)
    CandidateDecision.objects.create(candidate=row, old=old, new=new, reason=reason, actor=actor)
    details = {
        "old": old.value,
        "new": new.value,
        "score": None if row.score is None else round(row.score, 4),
        **({"search": candidate.search_id} if row.pk != candidate.pk else {}),
    }
    record(_ACTIONS[new], actor=actor, target=row, reason=reason, details=details)
    row.decision = candidate.decision = new
    void_second_review(row)


def _give_opinion(candidate: Candidate, place: _Place, verdict: Decision, reason: str, actor: User) -> None:
    """Somebody else decided about the sighting in a search that the actor does not know: two have looked now."""
    review_candidate(place.row, verdict, reason=reason, actor=actor)
    join_search(candidate.search, actor)
    candidate.decision = place.stands


def _follow(changed: Sequence[tuple[Candidate, _Place]], actor: User) -> None:
    """What the decisions bring with them: footage is kept, the path loses a stop, everybody who watches hears of it."""
    rows = [row for candidate, place in changed for row in (candidate, place.row)]
    for search in {row.search_id: row.search for row in rows}.values():
        join_search(search, actor)
    for request in {row.search.request_id: row.search.request for row in rows}.values():
        places = [place for _candidate, place in changed if place.row.search.request_id == request.pk]
        for place in places:
            if place.row.decision == Decision.CONFIRMED:
                hold_sighting(request, place.row.sighting, actor=actor)
        if any(place.stands == Decision.CONFIRMED for place in places):
            take_from_path(request, actor=actor)
        events.push_candidates(request.pk, [place.row.sighting_id for place in places])
