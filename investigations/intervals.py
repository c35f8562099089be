"""Sets of times as sorted, disjoint intervals. Pure; half-open pairs (start, end) of aware datetimes."""

from collections.abc import Iterable
from datetime import datetime

Interval = tuple[datetime, datetime]


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the union as sorted intervals that neither touch nor overlap; empty ones are dropped."""
    merged: list[Interval] = []
    for start, end in sorted(pair for pair in intervals if pair[0] < pair[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def intersect(a: Iterable[Interval], b: Iterable[Interval]) -> list[Interval]:
    """Return what lies in both."""
    others = merge(b)
    return merge((max(s, t), min(e, f)) for s, e in merge(a) for t, f in others)


def subtract(a: Iterable[Interval], b: Iterable[Interval]) -> list[Interval]:
    """Return what lies in a and not in b."""
    left = merge(a)
    for start, end in merge(b):
        left = [part for s, e in left for part in ((s, min(e, start)), (max(s, end), e)) if part[0] < part[1]]
    return left


def total_s(intervals: Iterable[Interval]) -> float:
    """Return the length of the union in seconds."""
    return sum((end - start).total_seconds() for start, end in merge(intervals))
