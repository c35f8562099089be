"""The verb that searches again with what people have decided: confirmed candidates join the query, rejected ones push
away what is like them."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from inference.engine import describer_id
from investigations import events
from investigations.models import Candidate, CandidateDecision, QueryPicture, Search
from investigations.models.search import CandidateQuerySet
from investigations.querying import known_heads_of, knows_any, wanted_of
from investigations.services.requests import begin_search
from investigations.services.reviews import join_search
from investigations.services.searches import (
    SearchTerms,
    check_scope,
    check_terms,
    create_search,
    describe_terms,
    goes_by_plate,
)
from investigations.tasks import run_search
from portal.accounts.models import User
from portal.audit.models import Action
from portal.audit.services import record

Decision = Candidate.Decision

# Of each kind, the last ones decided: more pictures of one person add nothing, and each costs time.
MOST_OF_A_KIND = 30


def known_decisions(search: Search, actor: User) -> CandidateQuerySet:
    """What was decided about the sightings that this search found, in whichever search of the request, as far as the
    actor knows."""
    found = search.candidates.order_by().values("sighting")
    same = Candidate.objects.filter(search__request=search.request_id, sighting__in=found)
    return same.decided().known_to(actor)


def unused_decisions(search: Search, actor: User) -> CandidateQuerySet:
    """Candidates decided about, or decided otherwise, since this search was last refined."""
    decided = known_decisions(search, actor)
    last = search.refinements.aggregate(at=Max("requested_at"))["at"]
    if last is None:
        return decided
    return decided.filter(pk__in=CandidateDecision.objects.filter(at__gt=last).values("candidate_id"))


def usable_decisions(search: Search, actor: User) -> dict[str, int]:
    """How many of them a refinement would take, by kind: they are the last ones that were decided."""
    counts = dict(unused_decisions(search, actor).order_by().values_list("decision").annotate(Count("pk")))
    return {kind.value: min(counts.get(kind, 0), MOST_OF_A_KIND) for kind in (Decision.CONFIRMED, Decision.REJECTED)}


def refine_search(search: Search, *, actor: User) -> Search:
    """Queue a search like this one that also goes by the decisions made about its candidates.

    Only who knows the decisions may: the pictures would tell. What is searched stays within the request's scope as it
    is now. ValidationError if nothing was decided since, or if the request may not be searched.
    """
    terms = _terms_of(search)
    check_terms(search.request, terms, actor)
    if not search.is_known_to(actor):
        raise PermissionDenied(_("Have the decisions of this search shown to you first."))
    check_scope(search.request, terms, actor)
    if not unused_decisions(search, actor).exists():
        raise ValidationError(_("Decide about a candidate first: nothing new is known since the last search."))
    _check_query(search, terms, actor)
    with transaction.atomic():
        begin_search(search.request, actor=actor)
        refined = create_search(search.request, terms, actor, parent=search)
        # Read only now: a decision that falls in between then counts as unused, rather than as used and is not.
        decided = _decided(search, actor)
        _copy_pictures(search, refined)
        for candidate in decided:
            _add_candidate(refined, candidate)
        join_search(refined, actor)
        record(Action.SEARCH_REFINED, actor=actor, target=refined, details=_details(search, terms, decided))
        run_search.delay_on_commit(refined.pk)  # type: ignore[attr-defined]  # Celery's task for Django
        events.push_search_progress(refined)
    return refined


def _terms_of(search: Search) -> SearchTerms:
    return SearchTerms(
        cameras=list(search.cameras.all()),
        starts_at=search.starts_at,
        ends_at=search.ends_at,
        kind=search.kind,
        description=search.description,
        plate=search.plate,
        includes_small=search.includes_small,
        limit=search.limit,
    )


def _decided(search: Search, actor: User) -> list[Candidate]:
    """The last decided ones of each kind."""
    rows = known_decisions(search, actor).select_related("sighting").order_by("-decisions__at", "-pk")
    last: dict[int, Candidate] = {}
    for decision in (Decision.CONFIRMED, Decision.REJECTED):
        of_kind: dict[int, Candidate] = {}
        for row in rows.filter(decision=decision):
            if len(of_kind) < MOST_OF_A_KIND:
                of_kind.setdefault(row.pk, row)
        last |= of_kind
    return list(last.values())


def _check_query(search: Search, terms: SearchTerms, actor: User) -> None:
    """Refuse where nothing is left to search by: no picture of the target, and models that were changed since."""
    own = search.pictures.usable().exclude(image="").select_related("candidate")
    if any(map(_still_stands, own)) or goes_by_plate(terms) or known_decisions(search, actor).confirmed().exists():
        return
    if knows_any(known_heads_of(describer_id(search.kind)), wanted_of(search)):
        return
    raise ValidationError(
        _(
            "This search cannot be ranked again: it has no picture to go by, and the model for its words or its plate "
            "is not in use any more. Confirm a candidate first, or start a new search with a picture."
        )
    )


def _copy_pictures(search: Search, refined: Search) -> None:
    """The pictures that the search had, its own and those of earlier decisions that still stand."""
    for picture in search.pictures.filter(error="").exclude(image="").select_related("candidate"):
        if not _still_stands(picture):
            continue
        with picture.image.open("rb") as file:
            content = file.read()
        picture.pk, picture.search = None, refined
        picture._state.adding = True
        picture.image.save("query.jpg", ContentFile(content), save=False)
        picture.save()


def _still_stands(picture: QueryPicture) -> bool:
    """False of a decision that was taken back or changed since: whoever was confirmed by mistake does not stay in."""
    if picture.candidate is None:
        return not picture.is_against
    return picture.candidate.decision == (Decision.REJECTED if picture.is_against else Decision.CONFIRMED)


def _add_candidate(refined: Search, candidate: Candidate) -> None:
    sighting = candidate.sighting
    is_against = candidate.decision == Decision.REJECTED
    picture = QueryPicture(
        search=refined,
        sighting=sighting,
        candidate=candidate,
        is_against=is_against,
        original_name=str(sighting)[:255],
    )
    with sighting.image.open("rb") as file:
        picture.image.save("query.jpg", ContentFile(file.read()), save=False)
    picture.save()


def _details(search: Search, terms: SearchTerms, decided: Sequence[Candidate]) -> dict[str, object]:
    def of(decision: str) -> list[int]:
        return sorted(row.sighting_id for row in decided if row.decision == decision)

    names = ("cameras", "from", "until", "kind", *(("plate",) if terms.plate else ()))
    described = describe_terms(terms)
    return {name: described[name] for name in names} | {
        "search": search.pk,
        "confirmed": of(Decision.CONFIRMED),
        "rejected": of(Decision.REJECTED),
    }
