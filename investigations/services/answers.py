"""Verbs on answers."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from investigations.certificate import build_certificate
from investigations.models import Answer, AnswerItem, Candidate, CandidateDecision, Notification, SearchRequest
from investigations.reads import note_plates_of_items, read_of
from investigations.services.moves import lock_request, make_move, note_change
from investigations.services.notices import announce
from investigations.services.paths import order_sightings
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action

Status = SearchRequest.Status


@transaction.atomic
def send_answer(
    request: SearchRequest, candidates: Sequence[Candidate], text: str, *, is_provisional: bool = False, actor: User
) -> Answer:
    """Answer the station with chosen confirmed candidates, or with none: then the certificate says where was looked.

    Each candidate needs the agreeing second opinion. In an emergency a provisional answer may go out before that,
    marked as such; the request then stays where it is.
    """
    require_right(actor, Right.ANSWER_REQUEST)
    row = lock_request(request, actor=actor)
    if not text.strip():
        raise ValidationError(_("Write what the station should know."))
    _check_state(row, is_provisional=is_provisional)
    chosen = _check_candidates(row, candidates, is_provisional=is_provisional, actor=actor)
    number = row.answers.count() + 1
    details = {"answer": number, "candidates": [candidate.pk for candidate in chosen], "provisional": is_provisional}
    if is_provisional:
        entry = note_change(row, "answer", row.status, Action.REQUEST_ANSWERED, reason=text, actor=actor, **details)
    else:
        entry = make_move(row, "answer", Action.REQUEST_ANSWERED, actor=actor, reason=text, details=details)
    answer = Answer.objects.create(
        request=row,
        number=number,
        text=text.strip(),
        is_provisional=is_provisional,
        certificate=build_certificate(row),
        audit_sequence=entry.sequence,
        audit_root=entry.hash,
        sent_by=actor,
    )
    AnswerItem.objects.bulk_create(_items(answer, chosen))
    request.refresh_from_db()
    announce(request, Notification.Kind.ANSWERED, actor=actor)
    return answer


def _check_state(request: SearchRequest, *, is_provisional: bool) -> None:
    if not is_provisional:
        if request.waits_for_approval:
            raise ValidationError(_("A supervisor has to approve this emergency before it is answered for good."))
        return  # make_move says whether the state is right
    if not request.is_emergency:
        raise ValidationError(_("Only an emergency is answered before a second person has looked."))
    if request.status not in {Status.SEARCHING, Status.REVIEW}:
        raise ValidationError(_("This request is not being searched."))


def _check_candidates(
    request: SearchRequest, candidates: Sequence[Candidate], *, is_provisional: bool, actor: User
) -> list[Candidate]:
    """Return the candidates that keep the decisions about these sightings, or say which cannot be answered with."""
    wanted = {candidate.pk for candidate in candidates}
    named = Candidate.objects.filter(pk__in=wanted, search__request=request)
    rows = Candidate.objects.filter(sighting__in=named.values("sighting"), search__request=request)
    rows = rows.select_related("sighting__camera", "search")
    # Not all that is confirmed: trying out numbers must not tell somebody how candidates were decided.
    standing = rows.shown_on_path_to(actor) if is_provisional else rows.agreed()
    chosen = {row.sighting_id: row for row in standing.order_by(F("score").asc(nulls_first=True))}
    if missing := wanted - set(named.filter(sighting__in=list(chosen)).values_list("pk", flat=True)):
        said = _("%(count)d of the chosen candidates are not confirmed by two people who looked independently.")
        raise ValidationError(said % {"count": len(missing)})
    return list(chosen.values())


def _items(answer: Answer, candidates: Sequence[Candidate]) -> list[AnswerItem]:
    by_sighting = {candidate.sighting_id: candidate for candidate in candidates}
    ordered = order_sightings(candidate.sighting for candidate in candidates)
    items = [
        AnswerItem(
            answer=answer,
            number=number,
            sighting=sighting,
            camera_code=sighting.camera.code,
            camera_name=sighting.camera.name,
            latitude=sighting.camera.latitude,
            longitude=sighting.camera.longitude,
            first_seen_at=sighting.first_seen_at,
            last_seen_at=sighting.last_seen_at,
            seen_at=sighting.seen_at,
            hop_m=hop.distance_m if hop else None,
            hop_s=hop.duration_s if hop else None,
            speed_mps=hop.speed_mps if hop else None,
            is_impossible=hop.is_impossible if hop else False,
            **_evidence(by_sighting[sighting.pk]),
        )
        for number, (sighting, hop) in enumerate(ordered, start=1)
    ]
    note_plates_of_items(items)
    return items


def _evidence(candidate: Candidate) -> dict[str, Any]:
    """Why this one: how alike, at which place in the list, what was read of its plate, and who looked."""
    first = CandidateDecision.objects.filter(candidate=candidate).select_related("actor").last()
    second = candidate.second_reviews.standing().select_related("reviewer").first()
    better = candidate.search.candidates.filter(order__gt=candidate.order).count()
    plate = read_of(candidate.sighting, candidate.plate)
    return {
        "plate": plate.text if plate else "",
        "plate_confidence": plate.confidence if plate else None,
        "score": candidate.score,
        "rank": better + 1,
        "compared": candidate.search.sightings_compared,
        "confirmed_by": str(first.actor) if first else "",
        "confirmed_at": first.at if first else candidate.sighting.seen_at,
        "agreed_by": str(second.reviewer) if second else "",
        "agreed_at": second.at if second else None,
    }
