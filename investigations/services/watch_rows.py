"""What each row of a watch list becomes: when the list is checked, and when it is taken over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.timezone import localtime

from investigations.models import LegalBasis, SearchRequest, WatchEntry, WatchImport
from investigations.services.watch import WatchTerms, build_entry, longest_days, open_requests, save_entry
from investigations.watch.columns import Column
from investigations.watch.meaning import is_dubious
from investigations.watch.reading import Problem, Row
from investigations.watch.sentences import SAID, SAME_PLATE, THERE_ALREADY
from portal.accounts.models import User
from portal.sentences import kept, refusal

Twins = dict[tuple[str, int | None], WatchEntry]
LONGEST_SHOWN = 100
# What of a row's terms is text, and is kept as it is.
TEXTS = ("reason", "document_number", "vehicle_colour", "vehicle_type")


@dataclass(frozen=True)
class Defaults:
    """What holds for rows that say nothing of it."""

    basis: LegalBasis | None = None
    document_number: str = ""
    reason: str = ""
    days: int | None = None


class Plan:
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
            self._refuse(row, SAME_PLATE, Column.PLATE, row.plate, earlier=earlier)
        elif twin is not None and twin.is_active:
            self.there.add(row.row)
            self.problems.append(_there(twin, row.row))
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
        plate = row.plate[:LONGEST_SHOWN]
        self.problems.append(Problem(kind, row.row, column, value[:LONGEST_SHOWN], details, plate=plate))

    def _refuse_by_field(self, row: Row, error: ValidationError) -> None:
        columns = {
            "plate": (Column.PLATE, row.plate),
            "basis": (Column.BASIS, row.basis),
            "document_number": (Column.DOCUMENT, row.document),
            "reason": (Column.REASON, row.reason),
            "valid_until": (Column.UNTIL, f"{row.until:%Y-%m-%d %H:%M}" if row.until else ""),
            "request": (Column.REQUEST, row.request),
        }
        for name, errors in error.error_dict.items():
            column, value = columns.get(name, ("", ""))
            self._refuse(row, SAID, column, value, sentence=kept(refusal(ValidationError(errors))))


def _kept(terms: WatchTerms, plate: str, row: int) -> dict[str, Any]:
    """The row as JSON: ids for rows, ISO for times. `is_dubious`: its plate may be mistyped."""
    return {
        "row": row,
        "plate": plate,
        "is_dubious": is_dubious(terms.plate),
        "basis": terms.basis.pk,
        "request": terms.request.pk if terms.request else None,
        "valid_until": terms.valid_until.isoformat(),
        **{name: getattr(terms, name) for name in TEXTS},
    }


class Adding:
    """Saves planned rows; what they name, and what is on the list, is read once for all of them."""

    def __init__(self, source: WatchImport, actor: User) -> None:
        self._source, self._actor = source, actor
        self._bases = LegalBasis.objects.in_bulk({values["basis"] for values in source.rows})
        named = {values["request"] for values in source.rows} - {None}
        self._requests = open_requests(actor).in_bulk(named) if named else {}
        self._twins = _twins_of(actor)

    def add(self, values: dict[str, Any]) -> WatchEntry | Problem:
        """Save one row, or say why not: its plate came onto the list, or its time or request went by, since the
        check."""
        request = self._requests.get(values["request"])
        if values["request"] is not None and request is None:
            return left_out(values, "request_over", Column.REQUEST)
        terms = WatchTerms(
            plate=values["plate"],
            basis=self._bases[values["basis"]],
            request=request,
            valid_until=datetime.fromisoformat(values["valid_until"]),
            **{name: values[name] for name in TEXTS},
        )
        twin = self._twins.get((terms.plate, values["request"]))
        if twin is not None and twin.is_active:
            return _there(twin, values["row"])
        try:
            entry = build_entry(terms, self._actor, is_linked=True)
            entry.source = self._source
            save_entry(entry, twin)
        except ValidationError as error:
            return left_out(values, SAID, sentence=kept(refusal(error)))
        return entry


def left_out(values: dict[str, Any], kind: str, column: str = "", **details: str | int) -> Problem:
    """What is said of a planned row that is not taken over after all."""
    return Problem(kind, values["row"], column, "", details, plate=values["plate"])


def _there(twin: WatchEntry, row: int) -> Problem:
    """Without the plate: that is the entry's, and goes with it."""
    until = f"{localtime(twin.valid_until):%Y-%m-%d %H:%M}"
    return Problem(THERE_ALREADY, row, Column.PLATE, details={"until": until, "entry": twin.pk})


def _twins_of(actor: User) -> Twins:
    """What of the centre's list an imported row may be already: rows name no case."""
    rows = WatchEntry.objects.visible_to(actor).filter(ended_at=None, case=None)
    return {(row.plate, row.request_id): row for row in rows.select_related("request", "case", "basis")}
