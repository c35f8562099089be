"""Other paths for a request, made of what a person may know: nothing here tells anybody a hidden decision.

Who may give the second opinion about a search does not know its decisions, so its candidates are no leads for them at
all: neither that one is undecided, nor that one is missing, tells them anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from inference.models import Sighting
from investigations.alternatives import FoundPath, Lead, Weights, find_paths, find_rivals, measure_path
from investigations.models import Candidate, SearchRequest
from investigations.paths import ADULT, PACES, Pace, Stop
from portal.accounts.models import User

Decision = Candidate.Decision
MOST_LEADS = 1000
COUNT = 3
# With fewer decisions of a kind than this, their mean similarity says little.
FEWEST_DECISIONS = 3


@dataclass(frozen=True)
class Outlook:
    """The path as it is, the best others, and for each of these the leads that speak against it."""

    now: FoundPath
    others: Sequence[FoundPath]
    rivals: Sequence[Sequence[Lead]]
    candidates: dict[int, Candidate]  # by sighting: the most similar one
    weights: Weights


def other_paths(request: SearchRequest, viewer: User) -> Outlook:
    """Return the best paths through what is confirmed that would add undecided candidates, as far as `viewer` knows."""
    candidates = _known_candidates(request, viewer)
    weights = weights_of(request, candidates)
    best = _best_by_sighting(candidates)
    leads = [_lead(row, weights) for row in best.values()]
    now = measure_path(sorted((x for x in leads if x.is_confirmed), key=lambda x: x.stop.first_seen_at), weights)
    # One more than is wanted: the path as it is may be among the best, and is no alternative to itself.
    found = [path for path in find_paths(leads, weights=weights, count=COUNT + 1) if path.added][:COUNT]
    rivals = [find_rivals(path, leads, weights=weights) for path in found]
    return Outlook(now, found, rivals, best, weights)


def pace_of(request: SearchRequest) -> Pace:
    return PACES.get(request.case.kind, ADULT)


def weights_of(request: SearchRequest, candidates: Iterable[Candidate]) -> Weights:
    """Where people have decided about enough candidates, halfway between those that were the target and the others."""
    rows = list(candidates)
    alike = [row.score for row in rows if row.decision == Decision.CONFIRMED and row.score is not None]
    others = [row.score for row in rows if row.decision == Decision.REJECTED and row.score is not None]
    pace = pace_of(request)
    weights = Weights(pace=pace, haste_mps=max(1.0, 2 * pace.spread_mps))
    if min(len(alike), len(others)) < FEWEST_DECISIONS or fmean(alike) <= fmean(others):
        return weights
    return replace(weights, midpoint=(fmean(alike) + fmean(others)) / 2)


def _known_candidates(request: SearchRequest, viewer: User) -> list[Candidate]:
    """Rows that the person knows, without what is neither confirmed for them nor undecided nor plainly rejected."""
    rows = Candidate.objects.visible_to(viewer).filter(search__request=request)
    shown = set(rows.shown_on_path_to(viewer).values_list("pk", flat=True))
    known = rows.known_to(viewer).select_related("sighting__camera").defer("sighting__trajectory")
    known = known.prefetch_related("sighting__plates")
    return [row for row in known if row.decision != Decision.CONFIRMED or row.pk in shown]


def _best_by_sighting(candidates: Sequence[Candidate]) -> dict[int, Candidate]:
    """One candidate for each sighting: a confirmed one before others; none where a person said no to it."""
    rejected = {row.sighting_id for row in candidates if row.decision == Decision.REJECTED}
    confirmed = {row.sighting_id for row in candidates if row.decision == Decision.CONFIRMED}
    best: dict[int, Candidate] = {}
    for row in sorted(candidates, key=lambda row: (row.decision == Decision.CONFIRMED, _known_score(row))):
        if row.sighting_id in confirmed or row.sighting_id not in rejected:
            best[row.sighting_id] = row
    undecided = sorted((row for key, row in best.items() if key not in confirmed), key=lambda row: -_known_score(row))
    for row in undecided[MOST_LEADS:]:
        del best[row.sighting_id]
    return best


def _lead(row: Candidate, weights: Weights) -> Lead:
    """What was found by words alone counts neither for a path nor against it: no picture has spoken."""
    similarity = weights.midpoint if row.score is None else row.score
    return Lead(stop_of(row.sighting), similarity, row.decision == Decision.CONFIRMED)


def _known_score(row: Candidate) -> float:
    return -1.0 if row.score is None else row.score


def stop_of(sighting: Sighting) -> Stop:
    position = sighting.camera.position
    return Stop(sighting.pk, position, sighting.first_seen_at, sighting.last_seen_at, sighting.camera_id)
