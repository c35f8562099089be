"""Verbs of the second look: somebody who does not know the first verdict gives a second one."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from investigations import events
from investigations.models import Candidate, Notification, Participant, Search, SecondReview
from investigations.services.notices import announce
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record


@transaction.atomic
def review_candidate(candidate: Candidate, verdict: str, *, reason: str = "", actor: User) -> SecondReview:
    """Give the second opinion about a candidate that somebody else has decided about."""
    require_right(actor, Right.DECIDE_CANDIDATE)
    require_visible(candidate, actor, _("This candidate belongs to another control centre."))
    search = candidate.search
    if search.is_known_to(actor) or candidate.second_reviews.by(actor).filter(is_void=True).exists():
        raise PermissionDenied(_("You know the first decision. The second opinion has to come from somebody else."))
    if verdict not in SecondReview.Verdict.values:
        raise ValidationError(_("Confirm or reject the candidate."))
    if verdict == SecondReview.Verdict.REJECTED and not reason.strip():
        raise ValidationError(_("Say in a word why this is not the person."))
    row = Candidate.objects.select_for_update().get(pk=candidate.pk)
    if row.decision == Candidate.Decision.PENDING:
        raise ValidationError(_("There is no first decision about this candidate now. Look again later."))
    review = SecondReview(candidate=row, verdict=verdict, reason=reason, reviewer=actor)
    try:
        with transaction.atomic():
            review.save()
    except IntegrityError:
        raise ValidationError(_("Somebody else has given the second opinion meanwhile.")) from None
    agrees = verdict == row.decision
    action = Action.CANDIDATE_AGREED if agrees else Action.CANDIDATE_DISPUTED
    details = {"first": row.decision, "second": verdict}
    record(action, actor=actor, target=row, reason=reason, details=details)
    if not agrees:
        announce(search.request, Notification.Kind.DISPUTED, actor=actor)
    events.push_candidates(search.request_id, [row.sighting_id])
    return review


@transaction.atomic
def show_decisions(search: Search, *, actor: User) -> None:
    """Let somebody see how a search's candidates were decided, who then gives no second opinion about them."""
    require_right(actor, Right.DECIDE_CANDIDATE)
    require_visible(search, actor, _("This search belongs to another control centre."))
    if joined := join_search(search, actor):
        record(Action.DECISIONS_SHOWN, actor=actor, target=search, details={"searches": joined})


def join_search(search: Search, user: User) -> list[int]:
    """Note that `user` works on the search, and knows the decisions of those that it was refined by, which its list
    tells of; return the numbers of the searches of which that is new."""
    telling = Candidate.objects.hidden_from(user).filter(pk__in=search.pictures.values("candidate"))
    known = sorted({search.pk, *telling.order_by().values_list("search_id", flat=True)})
    return [pk for pk in known if Participant.objects.get_or_create(search_id=pk, user=user)[1]]


def void_second_review(candidate: Candidate) -> None:
    """The first decision has changed: the second one was about something else."""
    candidate.second_reviews.standing().update(is_void=True)
