"""Verbs on watch lists as files: check one, take over what the check has shown, discard it, and hand one out."""

import hashlib
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cameras.services.files import sha256_of
from investigations import events
from investigations.models import WatchEntry, WatchImport
from investigations.services.watch_rows import Adding, Defaults, Plan, left_out
from investigations.watch.columns import ENGLISH, Column
from investigations.watch.reading import Problem, Reading, read_watch_list
from investigations.watch.sentences import LEFT_DUBIOUS, TOLD_ELSEWHERE
from investigations.watch.writing import Sheet, write_sheet
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record

MOST_BYTES = 2 * 1024 * 1024
# A list that was checked and not taken over names plates that nobody has put on the list.
UNDECIDED_FOR = timedelta(days=1)
# What was said of rows that were not taken over names such plates, too: so long is there to correct the list.
RESULT_KEPT_FOR = timedelta(days=7)
Status = WatchImport.Status


def check_watch_list(
    file: File,  # type: ignore[type-arg]  # bytes in every case that Django hands us
    defaults: Defaults,
    *,
    actor: User,
) -> WatchImport:
    """Read a list and write down what its import would do; no plate is watched yet."""
    require_right(actor, Right.MANAGE_WATCH)
    if (file.size or 0) > MOST_BYTES:
        most = {"size": MOST_BYTES // 1024**2}
        raise ValidationError(_("The file is too large: at most %(size)d MB are read. Divide it.") % most)
    row = WatchImport(
        centre=actor.agency,
        name=Path(file.name or "").name[:255] or "list.csv",
        sha256=sha256_of(file),
        uploaded_by=actor,
    )
    counts = _plan(row, read_watch_list(file.read()), Plan(defaults, actor))
    with transaction.atomic():
        row.save()
        record(Action.WATCH_CHECKED, actor=actor, target=row, details=_file_of(row) | counts)
    return row


def _plan(row: WatchImport, reading: Reading, plan: Plan) -> dict[str, int]:
    """Write down what would become of each row; return how many of each kind there are."""
    row.rows = [planned for one in reading.rows if (planned := plan.take(one))] if reading.is_readable else []
    problems = sorted([*reading.problems, *plan.problems], key=lambda one: one.row)
    row.problems = _without_plates([problem.as_json() for problem in problems], plan.there)
    refused = {problem.row for problem in problems if problem.is_refused} - {0}
    counts = {
        "rows": reading.count,
        "new": len(row.rows),
        "dubious": sum(planned["is_dubious"] for planned in row.rows),
        "there": len(plan.there),
        "refused": len(refused - plan.there),
    }
    row.counts = {**counts, "is_readable": reading.is_readable, "encoding": reading.encoding}
    return counts


@transaction.atomic
def import_watch_list(row: WatchImport, *, leaves_dubious: bool = False, actor: User) -> WatchImport:
    """Put on the list what the check has shown, but for plates that came onto it meanwhile and, if that is wanted, for
    dubious rows. What became of each row is kept: of those that were added their entries, of others why not."""
    require_right(actor, Right.MANAGE_WATCH)
    require_visible(row, actor, _("This list belongs to another control centre."))
    left: list[dict[str, Any]] = []
    taken: list[dict[str, Any]] = []
    for values in row.rows:
        (left if leaves_dubious and values.get("is_dubious") else taken).append(values)
    if not taken:
        raise ValidationError(_("There is nothing to import."))
    _end(row, Status.DONE)
    adding = Adding(row, actor)
    came = [(values, adding.add(values)) for values in taken]
    added = [(values, one) for values, one in came if isinstance(one, WatchEntry)]
    skipped = [one for _values, one in came if isinstance(one, Problem)]
    became = [*skipped, *(left_out(values, LEFT_DUBIOUS, Column.PLATE) for values in left)]
    problems = [*row.problems, *(one.as_json() for one in became)]
    watched = {values["row"] for values, _entry in added}
    watched |= {problem["row"] for problem in problems if problem["kind"] in TOLD_ELSEWHERE}
    WatchImport.objects.filter(pk=row.pk).update(
        rows=[_became(values, entry) for values, entry in added],
        problems=sorted(_without_plates(problems, watched), key=lambda one: one["row"]),
        counts={**row.counts, "added": len(added), "skipped": len(skipped), "left": len(left)},
    )
    row.refresh_from_db()
    details = {name: row.counts.get(name, 0) for name in ("rows", "added", "skipped", "left", "there", "refused")}
    named = {"entries": [entry.pk for _values, entry in added]}
    record(Action.WATCH_IMPORTED, actor=actor, target=row, details=_file_of(row) | details | named)
    if added:
        events.push_watch(added[0][1], "entry")
    return row


def discard_watch_list(row: WatchImport, *, actor: User) -> None:
    """Forget a list that was checked."""
    require_right(actor, Right.MANAGE_WATCH)
    require_visible(row, actor, _("This list belongs to another control centre."))
    _discard(row, actor)


def forget_undecided() -> int:
    """Discard the lists that nobody has taken over within a day; return how many."""
    forgotten = 0
    for row in WatchImport.objects.filter(status=Status.CHECKED, uploaded_at__lt=timezone.now() - UNDECIDED_FOR):
        with suppress(ValidationError):  # somebody has decided meanwhile
            _discard(row, None)
            forgotten += 1
    return forgotten


def forget_results() -> int:
    """Forget what was said of rows that were not taken over, a while after the others were; return of how many lists.

    What was taken over is told by its entries, as long as those are kept."""
    ended = WatchImport.objects.filter(status=Status.DONE, ended_at__lt=timezone.now() - RESULT_KEPT_FOR)
    return sum(map(_forget_result, ended.exclude(problems=[])))


@transaction.atomic
def export_watch_list(*, includes_ended: bool, actor: User) -> tuple[str, bytes]:
    """Return name and contents of the centre's list, in the columns that an import reads and a few more."""
    require_right(actor, Right.MANAGE_WATCH)
    now = timezone.now()
    rows = WatchEntry.objects.visible_to(actor)
    entries = list((rows if includes_ended else rows.active(now)).select_related("basis", "request__case", "case"))
    if not entries:
        raise ValidationError(_("There is no plate on the list."))
    content = write_sheet(Sheet(_titles(), [_cells(entry) for entry in entries]))
    name = f"watch_list_{localtime(now):%Y%m%d}.csv"
    details = {
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "entries": len(entries),
        "ended too": includes_ended,
    }
    record(Action.WATCH_EXPORTED, actor=actor, target=actor.agency, details=details)
    return name, content


def _without_plates(problems: Iterable[dict[str, Any]], rows: Collection[int]) -> list[dict[str, Any]]:
    """The problems, those of these rows without the plate: that is an entry's, and goes with it."""
    return [_without_plate(problem) if problem["row"] in rows else problem for problem in problems]


def _without_plate(problem: dict[str, Any]) -> dict[str, Any]:
    return {**problem, "plate": "", "value": "" if problem["column"] == Column.PLATE else problem["value"]}


def _became(values: dict[str, Any], entry: WatchEntry) -> dict[str, Any]:
    """Which entry a row became; without the plate, as `_without_plates`."""
    return {"row": values["row"], "entry": entry.pk, "is_dubious": values.get("is_dubious", False)}


def _file_of(row: WatchImport) -> dict[str, Any]:
    return {"file": row.name, "sha256": row.sha256}


@transaction.atomic
def _discard(row: WatchImport, actor: User | None) -> None:
    _end(row, Status.DISCARDED)
    record(Action.WATCH_DISCARDED, actor=actor, target=row, details=_file_of(row))


@transaction.atomic
def _forget_result(row: WatchImport) -> bool:
    """False if another clock was quicker."""
    if not WatchImport.objects.filter(pk=row.pk).exclude(problems=[]).update(problems=[]):
        return False
    details = {"rule": "result", "kept days": RESULT_KEPT_FOR.days, "counts": {"problems": len(row.problems)}}
    record(Action.DATA_DESTROYED, actor=None, target=row, details=_file_of(row) | details)
    return True


def _end(row: WatchImport, status: str) -> None:
    values = {"status": status, "ended_at": timezone.now(), "rows": [], "problems": []}
    if not WatchImport.objects.filter(pk=row.pk, status=Status.CHECKED).update(**values):
        raise ValidationError(_("This list was imported or discarded already."))


def _titles() -> list[str]:
    is_korean = (get_language() or "ko").startswith("ko")
    titles = [column.value if is_korean else ENGLISH[column] for column in Column]
    return [*titles, _("case"), _("added"), _("ended")]


def _cells(entry: WatchEntry) -> list[str]:
    times = [f"{localtime(at):%Y-%m-%d %H:%M}" if at else "" for at in (entry.added_at, entry.ended_at)]
    return [
        entry.plate,
        entry.basis.code,
        entry.document_number,
        entry.reason,
        entry.get_vehicle_colour_display(),
        entry.get_vehicle_type_display(),
        f"{localtime(entry.valid_until):%Y-%m-%d %H:%M}",
        str(entry.request or ""),
        entry.case.number if entry.case else "",
        *times,
    ]
