"""Which hours the recordings of cameras cover, and how far these are analysed: what a timeline draws.

A city's day is several hundred thousand recordings: the database packs each camera's into one text, and numpy merges
what touches, so that neither makes an object of each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Aggregate, BigIntegerField, TextField
from django.db.models.expressions import Func
from numpy.typing import NDArray

from cameras.models import RecordingQuerySet
from inference.models import Analysis
from portal.jobs import OPEN_JOB_STATUSES, JobStatus

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Recorders begin their next file a moment after the last one: no gap that somebody could hide in.
TOUCHING_MS = 2000
SOON = timedelta(days=3)
MOST_SPANS = 20_000
DAY_MS = 86_400_000
RECORDED, FAILED, ANALYSING, ANALYSED = range(4)
STATES = ("recorded", "failed", "analysing", "analysed")
STATE_OF: dict[JobStatus, int] = dict.fromkeys(OPEN_JOB_STATUSES, ANALYSING) | {
    JobStatus.FAILED: FAILED,
    JobStatus.DONE: ANALYSED,
}
# The columns of a table of recordings, one row each.
ID, CAMERA, START, END, STATE, KEPT, SOON_GONE, PARTS = range(8)
FAR_APART_MS = 10**14  # beyond any date: keeps one camera's times below the next one's
FOR_EVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Held:
    """Hours of a camera that a request keeps from destruction."""

    camera: int
    starts_at: datetime
    ends_at: datetime


class Milliseconds(Func):
    """A time as whole milliseconds since 1970."""

    arity = 1
    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST((julianday(%(expressions)s) - 2440587.5) * 86400000 + 0.5 AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(EXTRACT(EPOCH FROM %(expressions)s) * 1000 AS BIGINT)"
        return self.as_sql(compiler, connection, template=template, **context)


class Packed(Aggregate):
    """A whole number of all rows of a group in one text, with commas between, in the order of the rows: the same for
    several of these in one query."""

    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="group_concat(%(expressions)s)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="string_agg((%(expressions)s)::text, ',')", **context)


def coverage_of(
    recordings: RecordingQuerySet,
    retention_days: Mapping[int, int],
    *,
    now: datetime,
    held: Iterable[Held] = (),
    is_merged: bool = False,
) -> list[dict[str, Any]]:
    """Return the spans of each camera in time order.

    Args:
        recordings: those that the person may see, of the hours asked for.
        retention_days: which cameras are asked for, and how long each keeps its recordings.
        now: what counts as soon destroyed is counted from here.
        held: what is kept past its time; its `kept_until` is null.
        is_merged: one span for what touches and is in the same state, named by its first recording; so it is at any
            rate where there are more than MOST_SPANS. Where that is still too many, spans of different states are
            joined, and the least of these is said: "recorded" before "analysed".
    """
    table = _read(recordings)
    _write_states(table)
    _write_ends(table, retention_days, held, now)
    if len(table) and (is_merged or len(table) > MOST_SPANS):
        table = _merge(table, _are_alike(table))
    if len(table) > MOST_SPANS:
        table = _merge(table, _are_near(table, max(1, MOST_SPANS // len(retention_days))))
    starts = np.searchsorted(table[:, CAMERA], list(retention_days))
    ends = np.searchsorted(table[:, CAMERA], list(retention_days), side="right")
    spans = _spans(table)
    return [
        {"camera": camera, "spans": spans[start:end]}
        for camera, start, end in zip(retention_days, starts, ends, strict=True)
    ]


def _read(recordings: RecordingQuerySet) -> Numbers:
    """Return one row for each recording, by camera and start."""
    columns = {
        "ids": Packed("pk"),
        "starts": Packed(Milliseconds("started_at")),
        "ends": Packed(Milliseconds("ends_at")),
    }
    groups = recordings.order_by().values("camera_id").annotate(**columns).order_by("camera_id")
    rows = list(groups.values_list("camera_id", *columns))
    cameras, *packed = zip(*rows, strict=True) if rows else ((), (), (), ())
    counts = [text.count(",") + 1 for text in packed[0]]
    table = np.zeros((sum(counts), PARTS + 1), np.int64)
    table[:, CAMERA], table[:, PARTS] = np.repeat(np.array(cameras, np.int64), counts), 1
    for column, texts in zip((ID, START, END), packed, strict=True):
        table[:, column] = _numbers(",".join(texts))
    return _sorted(table)


def _sorted(table: Numbers) -> Numbers:
    """Sort by camera and start. Rows that were read along an index are so already, and sorting takes longer to find
    that out."""
    left, right = table[:-1], table[1:]
    is_next = (left[:, CAMERA] < right[:, CAMERA]) | (left[:, START] <= right[:, START])
    return table if is_next.all() else table[np.lexsort((table[:, START], table[:, CAMERA]))]


def _numbers(text: str | None) -> Numbers:
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def _write_states(table: Numbers) -> None:
    """Write how far each recording is analysed; what was analysed once stays searchable whatever came later."""
    if not len(table):
        return
    first, last = int(table[:, ID].min()), int(table[:, ID].max())
    near = Analysis.objects.filter(recording__gte=first, recording__lte=last).order_by()
    packed = dict(near.values("status").annotate(ids=Packed("recording_id")).values_list("status", "ids"))
    for status in (JobStatus.FAILED, *OPEN_JOB_STATUSES, JobStatus.DONE):
        table[np.isin(table[:, ID], _numbers(packed.get(status))), STATE] = STATE_OF[status]


def _write_ends(table: Numbers, retention_days: Mapping[int, int], held: Iterable[Held], now: datetime) -> None:
    """Write until when each is kept, and whether that is soon."""
    if not len(table):
        return
    cameras, at = np.unique(table[:, CAMERA], return_inverse=True)
    days = np.array([retention_days[int(camera)] for camera in cameras], np.int64)
    table[:, KEPT] = table[:, END] + days[at] * DAY_MS
    for hold in held:
        starts, ends = _ms(hold.starts_at), _ms(hold.ends_at)
        reaches = (table[:, START] < ends) & (table[:, END] > starts) | (table[:, START] == starts)
        table[(table[:, CAMERA] == hold.camera) & reaches, KEPT] = FOR_EVER
    table[:, SOON_GONE] = table[:, KEPT] <= _ms(now + SOON)


def _are_alike(table: Numbers) -> Flags:
    """True of each recording but the first that goes on where the one before ends: same camera, state and end. What is
    being analysed stays by itself, so that each shows its progress."""
    left, right = table[:-1], table[1:]
    are_kept = (left[:, KEPT] == FOR_EVER) == (right[:, KEPT] == FOR_EVER)
    are_same: Flags = np.all(left[:, [CAMERA, STATE, SOON_GONE]] == right[:, [CAMERA, STATE, SOON_GONE]], axis=1)
    goes_on: Flags = are_kept & are_same & _touch(table) & (left[:, STATE] != ANALYSING)
    return goes_on


def _are_near(table: Numbers, parts: int) -> Flags:
    """True of each span but the first that touches the one before within the same of `parts` equal parts of the time:
    for where states change so often that nobody could see each."""
    first, last = table[:, START].min(), table[:, END].max()
    part = (table[:, START] - first) * parts // (last - first + 1)
    goes_on: Flags = (table[:-1, CAMERA] == table[1:, CAMERA]) & (part[:-1] == part[1:]) & _touch(table)
    return goes_on


def _touch(table: Numbers) -> Flags:
    """True of each recording but the first that begins before all earlier ones have ended, or at once after."""
    camera = np.unique(table[:, CAMERA], return_inverse=True)[1] * FAR_APART_MS
    reached = np.maximum.accumulate(table[:, END] + camera) - camera
    touch: Flags = table[1:, START] - reached[:-1] <= TOUCHING_MS
    return touch


def _merge(table: Numbers, goes_on: Flags) -> Numbers:
    """Join each row with those after it that go on; of several states the least counts, of several ends the first."""
    starts = np.flatnonzero(np.concatenate([[True], ~goes_on]))
    merged = table[starts]
    merged[:, END] = np.maximum.reduceat(table[:, END], starts)
    for column, least in ((STATE, np.minimum), (KEPT, np.minimum), (SOON_GONE, np.maximum), (PARTS, np.add)):
        merged[:, column] = least.reduceat(table[:, column], starts)
    return merged


def _shares_done(table: Numbers) -> dict[int, float]:
    """How far the analyses that run are."""
    ids = table[table[:, STATE] == ANALYSING, ID].tolist()
    running = Analysis.objects.filter(status=JobStatus.RUNNING).order_by()  # a handful: as many as there are workers
    shares = dict(running.values_list("recording_id", "progress")) if ids else {}
    return {recording: shares.get(recording, 0.0) for recording in ids}


def _spans(table: Numbers) -> list[dict[str, Any]]:
    shares = _shares_done(table)
    has_end = table[:, KEPT] != FOR_EVER
    ends = _texts(np.where(has_end, table[:, KEPT], 0))
    columns = (_texts(table[:, START]), _texts(table[:, END]), ends, has_end.tolist(), table.tolist())
    return [
        {
            "recording": row[ID],
            "recordings": row[PARTS],
            "from": start,
            "until": end,
            "state": STATES[row[STATE]],
            "progress": shares.get(row[ID]),
            "kept_until": kept if is_kept else None,
        }
        for start, end, kept, is_kept, row in zip(*columns, strict=True)
    ]


def _texts(times: Numbers) -> list[str]:
    """Write times as the API does; all at once, which takes an eighth of the time."""
    texts: list[str] = np.datetime_as_string(times.astype("datetime64[ms]"), timezone="UTC").tolist()
    return texts


def _ms(when: datetime) -> int:
    return round(when.timestamp() * 1000)
