"""Verbs on watch lists as files: check one, take over what the check has shown, discard it, and hand one out."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
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
from investigations.models import LegalBasis, SearchRequest, WatchEntry, WatchImport
from investigations.services.watch import WatchTerms, build_entry, longest_days, open_requests, save_entry
from investigations.watch.columns import ENGLISH, Column
from investigations.watch.reading import Problem, Row, read_watch_list
from investigations.watch.writing import Sheet, write_sheet
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record

MOST_BYTES = 2 * 1024 * 1024
# A list that was checked and not taken over names plates that nobody has put on the list.
UNDECIDED_FOR = timedelta(days=1)
Status = WatchImport.Status
Twins = dict[tuple[str, int | None], WatchEntry]
# What of a row's terms is text, and is kept as it is.
TEXTS = ("reason", "document_number", "vehicle_colour", "vehicle_type")


@dataclass(frozen=True)
class Defaults:
    """What holds for rows that say nothing of it."""

    basis: LegalBasis | None = None
    document_number: str = ""
    reason: str = ""
    days: int | None = None


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
    digest = sha256_of(file)
    reading = read_watch_list(file.read())
    plan = _Plan(defaults, actor)
    rows = [planned for row in reading.rows if (planned := plan.take(row))] if reading.is_readable else []
    problems = sorted([*reading.problems, *plan.problems], key=lambda one: one.row)
    refused = {problem.row for problem in problems if problem.is_refused} - {0}
    counts = {"rows": reading.count, "new": len(rows), "there": len(plan.there), "refused": len(refused - plan.there)}
    row = WatchImport(
        centre=actor.agency,
        name=Path(file.name or "").name[:255] or "list.csv",
        sha256=digest,
        rows=rows,
        problems=[problem.as_json() for problem in problems],
        counts={**counts, "is_readable": reading.is_readable, "encoding": reading.encoding},
        uploaded_by=actor,
    )
    with transaction.atomic():
        row.save()
        record(Action.WATCH_CHECKED, actor=actor, target=row, details=_file_of(row) | counts)
    return row


@transaction.atomic
def import_watch_list(row: WatchImport, *, actor: User) -> WatchImport:
    """Put on the list what the check has shown, but for plates that came onto it meanwhile."""
    require_right(actor, Right.MANAGE_WATCH)
    require_visible(row, actor, _("This list belongs to another control centre."))
    planned = row.rows
    if not planned:
        raise ValidationError(_("There is nothing to import."))
    _end(row, Status.DONE)
    adding = _Adding(row, actor)
    entries = [entry for values in planned if (entry := adding.add(values))]
    counts = {**row.counts, "added": len(entries), "skipped": len(planned) - len(entries)}
    WatchImport.objects.filter(pk=row.pk).update(counts=counts)
    details = {name: counts.get(name, 0) for name in ("rows", "added", "skipped", "there", "refused")}
    named = {"entries": [entry.pk for entry in entries]}
    record(Action.WATCH_IMPORTED, actor=actor, target=row, details=_file_of(row) | details | named)
    if entries:
        events.push_watch(entries[0], "entry")
    row.refresh_from_db()
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


class _Plan:
    """What each row would become. `there`: the rows whose plate is on the list already."""

    def __init__(self, defaults: Defaults, actor: User) -> None:
        self.defaults, self.actor = defaults, actor
        self.problems: list[Problem] = []
        self.there: set[int] = set()
        self._seen: dict[tuple[str, int | None], int] = {}

    def take(self, row: Row) -> dict[str, Any] | None:
        """The row as it is kept until somebody decides; None if it is not taken over."""
        terms = self._terms(row)
        if terms is None:
            return None
        try:
            entry = build_entry(terms, self.actor, is_linked=True)
        except ValidationError as error:
            self._refuse_by_field(row, error)
            return None
        return None if self._is_twin(row, entry) else _kept(terms, entry.plate, row.row)

    def _is_twin(self, row: Row, entry: WatchEntry) -> bool:
        """The plate stands further up, or is on the list."""
        earlier = self._seen.setdefault((entry.plate, entry.request_id), row.row)
        twin = self._twins.get((entry.plate, entry.request_id))
        if earlier != row.row:
            self._refuse(row, "same_plate", Column.PLATE, row.plate, earlier=earlier)
        elif twin is not None and twin.is_active:
            self.there.add(row.row)
            until = f"{localtime(twin.valid_until):%Y-%m-%d %H:%M}"
            self._refuse(row, "there_already", Column.PLATE, row.plate, until=until)
        else:
            return False
        return True

    def _terms(self, row: Row) -> WatchTerms | None:
        basis = self._basis(row.basis) if row.basis else self.defaults.basis
        request = self._requests.get(row.request) if row.request else None
        if basis is None:
            self._refuse(row, "unknown_basis" if row.basis else "no_basis", Column.BASIS, row.basis)
        if row.request and request is None:
            self._refuse(row, "unknown_request", Column.REQUEST, row.request)
        if basis is None or (row.request and request is None):
            return None
        return WatchTerms(
            plate=row.plate,
            basis=basis,
            reason=row.reason or self.defaults.reason,
            valid_until=row.until or self._until(basis),
            document_number=row.document or self.defaults.document_number,
            request=request,
            vehicle_colour=row.colour,
            vehicle_type=row.type,
        )

    def _until(self, basis: LegalBasis) -> datetime:
        days = longest_days(basis)
        return timezone.now() + timedelta(days=days if self.defaults.days is None else self.defaults.days)

    def _basis(self, said: str) -> LegalBasis | None:
        plain = " ".join(said.lower().split())
        named = [basis for basis in self._bases if plain in {basis.code, basis.name.lower(), basis.name_en.lower()}]
        return named[0] if named else None

    @cached_property
    def _bases(self) -> list[LegalBasis]:
        return list(LegalBasis.objects.in_force())

    @cached_property
    def _requests(self) -> dict[str, SearchRequest]:
        return {str(request): request for request in open_requests(self.actor).select_related("case")}

    @cached_property
    def _twins(self) -> Twins:
        return _twins_of(self.actor)

    def _refuse(self, row: Row, kind: str, column: str, value: str, **details: str | int) -> None:
        self.problems.append(Problem(kind, row.row, column, value[:100], details))

    def _refuse_by_field(self, row: Row, error: ValidationError) -> None:
        columns = {
            "plate": (Column.PLATE, row.plate),
            "basis": (Column.BASIS, row.basis),
            "document_number": (Column.DOCUMENT, row.document),
            "reason": (Column.REASON, row.reason),
            "valid_until": (Column.UNTIL, f"{row.until:%Y-%m-%d %H:%M}" if row.until else ""),
            "request": (Column.REQUEST, row.request),
        }
        for name, sentences in error.message_dict.items():
            column, value = columns.get(name, ("", ""))
            self._refuse(row, "said", column, value, sentence=" ".join(sentences))


def _kept(terms: WatchTerms, plate: str, row: int) -> dict[str, Any]:
    """The row as JSON: ids for rows, ISO for times."""
    return {
        "row": row,
        "plate": plate,
        "basis": terms.basis.pk,
        "request": terms.request.pk if terms.request else None,
        "valid_until": terms.valid_until.isoformat(),
        **{name: getattr(terms, name) for name in TEXTS},
    }


class _Adding:
    """Saves planned rows; what they name, and what is on the list, is read once for all of them."""

    def __init__(self, source: WatchImport, actor: User) -> None:
        self._source, self._actor = source, actor
        self._bases = LegalBasis.objects.in_bulk({values["basis"] for values in source.rows})
        named = {values["request"] for values in source.rows} - {None}
        self._requests = open_requests(actor).in_bulk(named) if named else {}
        self._twins = _twins_of(actor)

    def add(self, values: dict[str, Any]) -> WatchEntry | None:
        """Save one row; None if its plate came onto the list, or its time or request went by, since the check."""
        request = self._requests.get(values["request"])
        if values["request"] is not None and request is None:
            return None
        terms = WatchTerms(
            plate=values["plate"],
            basis=self._bases[values["basis"]],
            request=request,
            valid_until=datetime.fromisoformat(values["valid_until"]),
            **{name: values[name] for name in TEXTS},
        )
        try:
            entry = build_entry(terms, self._actor, is_linked=True)
            entry.source = self._source
            save_entry(entry, self._twins.get((entry.plate, entry.request_id)))
        except ValidationError:
            return None
        return entry


def _twins_of(actor: User) -> Twins:
    """What of the centre's list an imported row may be already: rows name no case."""
    rows = WatchEntry.objects.visible_to(actor).filter(ended_at=None, case=None)
    return {(row.plate, row.request_id): row for row in rows.select_related("request", "case", "basis")}


def _file_of(row: WatchImport) -> dict[str, Any]:
    return {"file": row.name, "sha256": row.sha256}


@transaction.atomic
def _discard(row: WatchImport, actor: User | None) -> None:
    _end(row, Status.DISCARDED)
    record(Action.WATCH_DISCARDED, actor=actor, target=row, details=_file_of(row))


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
