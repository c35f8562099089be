"""Search among a million plates: those that match a pattern, and those that are like it.

Held in memory and derived from rows that the caller keeps: it can be thrown away and filled again at any time. What is
added is sealed into segments; small ones are merged into larger ones (the way of log-structured stores), so that adding
costs little and a search looks into few. Nothing is scanned but for patterns without two fixed characters near each
other: those match so many that the newest blocks hold enough.

One thread may add and remove while others search; a search sees the segments that there were when it began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from inference.core.errors import PlateError, say
from inference.core.plates.asked import Asked, meant
from inference.core.plates.codes import OTHER
from inference.core.plates.confusions import Confusions, default_confusions
from inference.core.plates.distance import Coded, matching, nearest
from inference.core.plates.pattern import Pattern
from inference.core.plates.postings import PAIRS, Postings, pair_key, part_span, part_values, pattern_grams
from inference.core.plates.segment import Plates, Rows, Segment, merge, read_plates, seal
from inference.core.plates.text import MOST_CHARACTERS, PlateRead, shown

Allowed = Callable[[NDArray[np.int64]], NDArray[np.bool_]]

# So many plates of one segment are compared at most when ranking; the rarest keys are taken first.
MOST_COMPARED = 30_000
# Of so many it is asked first whether they may be seen.
MOST_ASKED = 200_000
# A list of rows this short is not worth crossing with another.
FEW_ROWS = 4_000
MOST_DISTANCE = 2.5
# A newer segment is merged into the one before it once it is this large in comparison.
_MERGE_SHARE = 0.25
_BLOCK = 8_192
# So many times the wanted texts are looked at before all that was found is sorted out.
_HEAD = 10
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


@dataclass(frozen=True)
class PlateHit:
    """A text that was found: how unlike what was asked, and the ids of the plates with it, newest (largest) first."""

    text: str
    distance: float
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """What a search found: best first; how many plates in all, at least so many if not all were looked at."""

    hits: tuple[PlateHit, ...]
    total: int
    is_total_exact: bool = True


@dataclass(frozen=True)
class _Scored:
    """Rows of one segment with their distances."""

    plates: Plates
    rows: Rows
    distances: NDArray[np.float32]

    def where(self, kept: NDArray[np.bool_]) -> _Scored:
        return _Scored(self.plates, self.rows[kept], self.distances[kept])


@dataclass(frozen=True)
class _Matches:
    """What of one segment matches; `is_all` says whether every row was looked at."""

    scored: _Scored
    is_all: bool


class PlateIndex:
    """Plates by id, found by pattern or by likeness."""

    def __init__(self, confusions: Confusions | None = None) -> None:
        self.confusions = confusions or default_confusions()
        self._segments: tuple[Segment, ...] = ()

    def __len__(self) -> int:
        return sum(int(one.alive.sum()) for one in self._segments)

    def add(self, ids: Sequence[int], reads: Sequence[PlateRead | str]) -> None:
        """Take plates in; they can be found when this returns.

        Args:
            ids: Any whole numbers, larger ones counting as newer, none that is there already. Where many
                rows have one text, give the text once and look its rows up afterwards.
            reads: As many, normalised texts or reads.

        Raises:
            PlateError: A text is empty or longer than a plate; nothing was added then.
        """
        if len(ids) != len(reads):
            raise PlateError(say("There are {ids} ids for {reads} plates.", ids=len(ids), reads=len(reads)))
        if not len(ids):
            return
        taken = [PlateRead(one) if isinstance(one, str) else one for one in reads]
        for one in taken:
            if not 0 < len(one.text) <= MOST_CHARACTERS or "\0" in one.text:
                raise PlateError(say("“{typed}” cannot be a plate.", typed=shown(one.text)))
        self._segments = _merged((*self._segments, seal(read_plates(ids, taken))))

    def remove(self, ids: Iterable[int]) -> None:
        """Strike plates out; unknown ids are passed over. Their memory is given back at the next merge."""
        gone = np.fromiter(ids, np.int64)
        kept = [
            Segment(one.plates, one.alive & ~np.isin(one.plates.ids, gone), one.pairs, one.grams)
            for one in self._segments
        ]
        self._segments = tuple(one for one in kept if one.alive.any())

    def compact(self) -> None:
        """Merge all into one segment: the fastest to search, some seconds for a million."""
        if self._segments:
            self._segments = (merge(self._segments),)

    def find(self, pattern: Pattern, *, limit: int = 100, allowed: Allowed | None = None) -> Found:
        """Find the plates that match, character for character.

        Those that match by a reader's other choice come after those that match as read, by what the choice costs; of
        equals the newest first.

        Args:
            pattern: See parse_pattern.
            limit: Different texts in the answer.
            allowed: Asked with ids, often with many thousands, which of them may be seen; others leave no trace, in the
                total neither.
        """
        return _found([_newest_matches(pattern, one, limit, allowed) for one in self._segments], limit)

    def rank(
        self,
        pattern: Pattern,
        *,
        limit: int = 10,
        most_distance: float = MOST_DISTANCE,
        allowed: Allowed | None = None,
    ) -> Found:
        """Find the plates most like what was asked, the likest first.

        Where enough match as they are, they are the answer. Otherwise, beside those that match, every plate within two
        mistakes of a whole plate is looked at: digits taken for other digits, letters for other letters, neighbours
        turned round, one character too many or too few; the region aside. A part that lacks one character of a plate is
        also taken for that plate. Of a pattern that leaves one part open (the
        letter, say) those within one mistake are looked at, of one that leaves more open as many as MOST_COMPARED
        allows, the rarest parts first.

        Args:
            pattern: See parse_pattern; * and ? cost nothing.
            limit: Different texts in the answer.
            most_distance: What is farther is left out; 1 is one unrelated character.
            allowed: As in find.
        """
        segments = self._segments
        sure = [_newest_matches(pattern, one, limit, allowed) for one in segments]
        enough = _found(sure, limit)
        if len(enough.hits) >= limit and enough.hits[-1].distance == 0.0:
            return enough
        ways = meant(pattern)
        found, total = [one.scored for one in sure], 0
        for segment, matches in zip(segments, sure, strict=True):
            rows = _union([_candidates(pattern, asked, segment, allowed) for asked in ways])
            scored = _scored(segment, rows, lambda plates: nearest(ways, plates, self.confusions))
            found.append(scored.where(scored.distances <= most_distance))
            total += len(_union((found[-1].rows, matches.scored.rows)))
        return Found(_grouped(found, limit), total)


def _merged(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Merge from the newest back as long as what has gathered is large beside what comes before it."""
    at, size = len(segments) - 1, len(segments[-1])
    while at and size >= _MERGE_SHARE * len(segments[at - 1]):
        at -= 1
        size += len(segments[at])
    return segments if at == len(segments) - 1 else (*segments[:at], merge(segments[at:]))


def _gram_rows(pattern: Pattern, grams: Postings) -> Rows | None:
    """Give the rows that have the pattern's rarest grams; None if it has no grams."""
    wanted = [grams.lists(keys) for keys in pattern_grams(pattern)]
    if not wanted:
        return None
    wanted.sort(key=lambda lists: sum(map(len, lists)))
    rows = _union(wanted[0])
    for lists in wanted[1:]:
        if len(rows) <= FEW_ROWS:
            break
        rows = np.intersect1d(rows, _union(lists), assume_unique=True)
    return rows


def _candidates(pattern: Pattern, asked: Asked, segment: Segment, allowed: Allowed | None) -> Rows:
    """Give the rows that share most with what was asked: a pair of parts, then a part, then a gram."""
    values = part_values(asked)
    lists: list[Rows] = []
    for (one, other), postings in zip(PAIRS, segment.pairs, strict=True):
        first, second = values[one], values[other]
        if first is not None and second is not None:
            lists += postings.lists(pair_key(a, b) for a, b in product(first, second))
    known = [part for part, one in enumerate(values) if one is not None]
    if len(known) < len(values) - 1:
        lists += sorted(_part_rows(values, known, segment), key=len)
    if len(known) < 2:
        lists += sorted((rows for keys in pattern_grams(pattern) for rows in segment.grams.lists(keys)), key=len)
    if not lists:
        lists = [np.arange(len(segment), dtype=np.uint32)]
    return _union(_within(lists, segment, allowed))


def _part_rows(values: Sequence[Sequence[int] | None], known: Sequence[int], segment: Segment) -> Iterator[Rows]:
    """Give the rows of each known part by itself, which lie together in the postings where it stands first."""
    for part in known:
        postings = segment.pairs[next(at for at, (one, _other) in enumerate(PAIRS) if one == part)]
        for value in values[part] or ():
            yield postings.span(*part_span(value))


def _within(lists: Sequence[Rows], segment: Segment, allowed: Allowed | None) -> Iterator[Rows]:
    """Take what may be seen of lists, in their order, as long as it fits; of one that does not, its newest rows."""
    to_compare, to_ask = MOST_COMPARED, MOST_ASKED
    for one in lists:
        if to_compare <= 0 or to_ask <= 0:
            return
        seen = _seen(segment, one[-to_ask:], allowed)
        yield seen[-to_compare:]
        to_compare -= len(seen)
        to_ask -= len(one)


def _union(lists: Iterable[Rows]) -> Rows:
    held = list(lists)
    if len(held) == 1:
        return held[0]
    return np.unique(np.concatenate(held)) if held else np.zeros(0, np.uint32)


def _seen(segment: Segment, rows: Rows, allowed: Allowed | None) -> Rows:
    """Give those of the rows that were not struck out and may be seen."""
    living = rows[segment.alive[rows]]
    if allowed is None or not len(living):
        return living
    return living[np.asarray(allowed(segment.plates.ids[living]), np.bool_)]


def _matched(pattern: Pattern, segment: Segment, rows: Rows) -> _Scored:
    scored = _scored(segment, rows, lambda plates: matching(pattern, plates))
    return scored.where(np.isfinite(scored.distances))


def _newest_matches(pattern: Pattern, segment: Segment, limit: int, allowed: Allowed | None) -> _Matches:
    """Go back from the newest in blocks until enough texts match as read."""
    rows = _gram_rows(pattern, segment.grams)
    rows = np.arange(len(segment), dtype=np.uint32) if rows is None else rows
    parts = [_Scored(segment.plates, rows[:0], np.zeros(0, np.float32))]
    end, texts = len(rows), 0
    while end > 0 and texts < limit:
        start = max(0, end - _BLOCK)
        parts.append(_matched(pattern, segment, _seen(segment, rows[start:end], allowed)))
        texts += len(np.unique(_text_keys(parts[-1].where(parts[-1].distances == 0.0))))
        end = start
    joined = _Scored(
        segment.plates,
        np.concatenate([one.rows for one in parts]),
        np.concatenate([one.distances for one in parts]),
    )
    return _Matches(joined, end == 0)


def _scored(segment: Segment, rows: Rows, score: Callable[[Coded], NDArray[np.float32]]) -> _Scored:
    """Score rows block by block, so that memory stays bounded."""
    blocks = [rows[at : at + _BLOCK] for at in range(0, len(rows), _BLOCK)]
    found = [score(segment.plates.coded(one)) for one in blocks]
    return _Scored(segment.plates, rows, np.concatenate(found) if found else np.zeros(0, np.float32))


def _found(matches: Sequence[_Matches], limit: int) -> Found:
    scored = [one.scored for one in matches]
    total = sum(len(one.rows) for one in scored)
    return Found(_grouped(scored, limit), total, all(one.is_all for one in matches))


def _text_keys(scored: _Scored) -> NDArray[np.uint64]:
    """Give a number for each row that is the same for the same text (and for others by a chance in 2^64)."""
    codes = scored.plates.codes[scored.rows]
    keys: NDArray[np.uint64] = (np.ascontiguousarray(codes).view(np.uint32).astype(np.uint64) * _MIX).sum(axis=1)
    strange = np.flatnonzero((codes == OTHER).any(axis=1))
    for at in strange.tolist():
        keys[at] = hash(scored.plates.text(int(scored.rows[at]))) & 0xFFFFFFFFFFFFFFFF
    return keys


def _grouped(found: Sequence[_Scored], limit: int) -> tuple[PlateHit, ...]:
    """Put plates of one text together, best first; of equals that with the newest plate."""
    held = [one for one in found if len(one.rows)]
    if not held or limit <= 0:
        return ()
    keys = np.concatenate([_text_keys(one) for one in held])
    ids = np.concatenate([one.plates.ids[one.rows] for one in held])
    costs = np.round(np.concatenate([one.distances for one in held]), 4)
    order = np.lexsort((-ids, costs))
    owner = np.repeat(np.arange(len(held)), [len(one.rows) for one in held])
    rows = np.concatenate([one.rows for one in held])
    hits = []
    for place in _first_of_each(order, keys, limit):
        same = np.unique(ids[keys == keys[place]])[::-1]
        text = held[owner[place]].plates.text(int(rows[place]))
        hits.append(PlateHit(text, float(costs[place]), tuple(same.tolist())))
    return tuple(hits)


def _first_of_each(order: NDArray[np.intp], keys: NDArray[np.uint64], limit: int) -> NDArray[np.intp]:
    """Give the first place of each of the first `limit` keys in an order; its head alone where that has enough."""
    head = order[: limit * _HEAD]
    _distinct, first = np.unique(keys[head], return_index=True)
    if len(first) < limit and len(head) < len(order):
        head = order
        _distinct, first = np.unique(keys[head], return_index=True)
    return head[np.sort(first)[:limit]]
