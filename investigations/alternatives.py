"""Other paths: the best ways of joining what is confirmed with candidates that nobody has decided about yet.

Pure. The leads are the nodes of a graph in the order of time, and an edge leads from one to a later one if somebody
could have gone there in that time. A path visits every confirmed lead; its score is the sum of its undecided leads'
evidence, less what is odd about its hops. The best `count` paths are found exactly by dynamic programming: each node
keeps its best `count` ways of being reached, each a predecessor and which of that one's ways (the parallel list
Viterbi algorithm: N. Seshadri and C.-E. W. Sundberg, "List Viterbi Decoding Algorithms with Applications", IEEE
Transactions on Communications 42, 1994). Since a way names its predecessor's way, no two are the same path.

Evidence is like log-odds, log(p / (1 - p)): nothing at `midpoint`, rising with the similarity. It is no probability
that anybody has measured; where a model is calibrated, `midpoint` and `scale` are what the calibration says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from cameras.gis import EARTH_RADIUS_M
from investigations.paths import ADULT, VIEW_RANGE_M, Hop, Pace, Stop, measure_hop

Floats: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
# Two tracks in one picture at once are two targets; a track that was lost and found again may overlap by a moment.
OVERLAP_S = 1.0


@dataclass(frozen=True)
class Lead:
    """A sighting that is on the path, or may be."""

    stop: Stop
    similarity: float
    is_confirmed: bool = False


@dataclass(frozen=True)
class Weights:
    """What counts how much, in the unit of log-odds.

    Attributes:
        pace: How fast the target goes.
        midpoint: The similarity at which a lead counts neither for nor against a path.
        scale: How much more similar a lead must be to count by one more.
        most_evidence: What a lead counts at most, either way: no picture proves anything.
        haste_mps: How far beyond a brisk pace a hop lies that costs a half; twice as far costs four times as much.
        unseen_per_hour: The cost of each hour in which nobody saw the target.
        impossible: The cost of a hop between two confirmed leads that nobody could have made.
    """

    pace: Pace = ADULT
    midpoint: float = 0.6
    scale: float = 0.08
    most_evidence: float = 6.0
    haste_mps: float = 1.0
    unseen_per_hour: float = 1.0
    impossible: float = 20.0

    def evidence(self, similarity: float) -> float:
        return min(self.most_evidence, max(-self.most_evidence, (similarity - self.midpoint) / self.scale))

    def oddness(self, beyond_views_m: Any, seconds: Any) -> tuple[Any, Any]:
        """Return what a hop costs for its haste and for its time unseen; numbers, or arrays of them."""
        needed_mps = np.divide(beyond_views_m, seconds, out=np.zeros_like(beyond_views_m), where=seconds > 0)
        haste = 0.5 * (np.maximum(0.0, needed_mps - self.pace.brisk_mps) / self.haste_mps) ** 2
        return haste, self.unseen_per_hour * seconds / 3600


@dataclass(frozen=True)
class Step:
    """A lead on a path, the hop that led to it, and what each adds to the path's score."""

    lead: Lead
    hop: Hop | None = None
    evidence: float = 0.0
    haste_cost: float = 0.0
    unseen_cost: float = 0.0
    impossible_cost: float = 0.0

    @property
    def score(self) -> float:
        return self.evidence - self.haste_cost - self.unseen_cost - self.impossible_cost


@dataclass(frozen=True)
class FoundPath:
    steps: tuple[Step, ...]

    @property
    def score(self) -> float:
        return sum(step.score for step in self.steps)

    @property
    def added(self) -> tuple[Step, ...]:
        """The steps to leads that nobody has decided about."""
        return tuple(step for step in self.steps if not step.lead.is_confirmed)


def find_paths(leads: Sequence[Lead], *, weights: Weights = Weights(), count: int = 3) -> list[FoundPath]:
    """Return the best `count` paths through the leads, the best first; fewer where there are no more."""
    ordered = sorted(leads, key=_when)
    if not ordered:
        return []
    graph = _Graph(ordered, weights)
    scores = np.full((len(ordered), count), -np.inf)
    origins = np.full((len(ordered), count, 2), -1)
    for node in range(len(ordered)):
        _reach(graph, node, scores, origins)
    ends = range(graph.last_confirmed if graph.last_confirmed >= 0 else 0, len(ordered))
    ways = [(float(scores[node, way]), node, way) for node in ends for way in range(count)]
    best = sorted((row for row in ways if row[0] > -np.inf), key=lambda row: (-row[0], row[1], row[2]))[:count]
    return [measure_path([ordered[at] for at in _trace(origins, node, way)], weights) for _score, node, way in best]


def measure_path(leads: Sequence[Lead], weights: Weights) -> FoundPath:
    """Return the leads, which are in the order of time, as a path with its hops and what each step counts."""
    steps = []
    for at, lead in enumerate(leads):
        evidence = 0.0 if lead.is_confirmed else weights.evidence(lead.similarity)
        if at == 0:
            steps.append(Step(lead, evidence=evidence))
            continue
        hop = measure_hop(leads[at - 1].stop, lead.stop, limit_mps=weights.pace.limit_mps)
        beyond_m = np.asarray(max(0.0, hop.distance_m - 2 * VIEW_RANGE_M))
        haste, unseen = (0.0, 0.0) if hop.is_impossible else weights.oddness(beyond_m, np.asarray(hop.duration_s))
        cost = weights.impossible if hop.is_impossible else 0.0
        steps.append(Step(lead, hop, evidence, float(haste), float(unseen), cost))
    return FoundPath(tuple(steps))


def can_follow(a: Lead, b: Lead, weights: Weights) -> bool:
    """Could the target of lead a be the one of the later lead b? Confirmed by people, both are, come what may."""
    if a.is_confirmed and b.is_confirmed:
        return True
    overlap_s = (a.stop.last_seen_at - b.stop.first_seen_at).total_seconds()
    is_same_picture = a.stop.camera is not None and a.stop.camera == b.stop.camera
    if (is_same_picture and overlap_s > OVERLAP_S) or a.stop.last_seen_at > b.stop.last_seen_at:
        return False
    return not measure_hop(a.stop, b.stop, limit_mps=weights.pace.limit_mps).is_impossible


def find_rivals(path: FoundPath, leads: Sequence[Lead], *, weights: Weights, count: int = 3) -> list[Lead]:
    """Return the most similar undecided leads that speak for themselves and yet cannot be on this path."""
    on_path = [step.lead for step in path.steps]
    left_out = [lead for lead in leads if not lead.is_confirmed and lead not in on_path]
    rivals = [lead for lead in left_out if weights.evidence(lead.similarity) > 0 and not _fits(lead, on_path, weights)]
    return sorted(rivals, key=lambda lead: (-lead.similarity, lead.stop.key))[:count]


def _fits(lead: Lead, on_path: Sequence[Lead], weights: Weights) -> bool:
    before = [other for other in on_path if _when(other) <= _when(lead)]
    after = on_path[len(before)] if len(before) < len(on_path) else None
    return (not before or can_follow(before[-1], lead, weights)) and (after is None or can_follow(lead, after, weights))


def _when(lead: Lead) -> tuple[Any, ...]:
    stop = lead.stop
    return stop.first_seen_at, stop.last_seen_at, stop.key


class _Graph:
    """The leads as arrays: seconds since the first, radians, cameras."""

    def __init__(self, leads: Sequence[Lead], weights: Weights) -> None:
        start = leads[0].stop.first_seen_at
        stops = [lead.stop for lead in leads]
        self.weights = weights
        self.first_s = np.array([(stop.first_seen_at - start).total_seconds() for stop in stops])
        self.last_s = np.array([(stop.last_seen_at - start).total_seconds() for stop in stops])
        self.places = np.radians([stop.position for stop in stops])
        self.cameras = np.array([-1 if stop.camera is None else stop.camera for stop in stops])
        self.is_confirmed = np.array([lead.is_confirmed for lead in leads])
        self.gains = np.array([0.0 if x.is_confirmed else weights.evidence(x.similarity) for x in leads])
        confirmed = np.flatnonzero(self.is_confirmed)
        self.last_confirmed = int(confirmed[-1]) if len(confirmed) else -1

    def confirmed_before(self, node: int) -> int:
        """The confirmed node that every path to `node` comes through; -1 if there is none."""
        before = np.flatnonzero(self.is_confirmed[:node])
        return int(before[-1]) if len(before) else -1

    def costs(self, node: int, start: int) -> tuple[Floats, Any]:
        """Return for the nodes from `start` to before `node` what the hop to `node` costs, and whether it may be."""
        before = slice(start, node)
        seconds = np.maximum(0.0, self.first_s[node] - self.last_s[before])
        beyond_m = np.maximum(0.0, self._metres(node, before) - 2 * VIEW_RANGE_M)
        haste, unseen = self.weights.oddness(beyond_m, seconds)
        is_possible = beyond_m <= self.weights.pace.limit_mps * seconds
        is_same_picture = (self.cameras[before] == self.cameras[node]) & (self.cameras[node] >= 0)
        overlap_s = self.last_s[before] - self.first_s[node]
        may_be = is_possible & ~(is_same_picture & (overlap_s > OVERLAP_S)) & (self.last_s[before] <= self.last_s[node])
        is_given = self.is_confirmed[before] & self.is_confirmed[node]
        costs = np.where(is_possible, haste + unseen, self.weights.impossible)
        return costs, may_be | is_given

    def _metres(self, node: int, before: slice) -> Floats:
        latitude, longitude = self.places[node]
        others = self.places[before]
        half = (
            np.sin((others[:, 0] - latitude) / 2) ** 2
            + np.cos(others[:, 0]) * np.cos(latitude) * np.sin((others[:, 1] - longitude) / 2) ** 2
        )
        metres: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(half)))
        return metres


def _reach(graph: _Graph, node: int, scores: Floats, origins: Any) -> None:
    """Fill in the best ways to `node`: from each node before it, none of which leaves a confirmed one out."""
    count = scores.shape[1]
    first = graph.confirmed_before(node)
    start = max(0, first)
    costs, may_be = graph.costs(node, start)
    ways = np.where(may_be[:, None], scores[start:node] - costs[:, None], -np.inf).ravel()
    if first < 0:
        ways = np.append(ways, 0.0)  # the path begins here
    for place, way in enumerate(np.argsort(-ways, kind="stable")[:count]):
        if ways[way] == -np.inf:
            break
        scores[node, place] = ways[way] + graph.gains[node]
        if way < (node - start) * count:
            origins[node, place] = start + way // count, way % count


def _trace(origins: Any, node: int, way: int) -> list[int]:
    """Follow a way back to where it begins."""
    nodes = [node]
    while origins[node, way, 0] >= 0:
        node, way = (int(number) for number in origins[node, way])
        nodes.append(node)
    return nodes[::-1]
