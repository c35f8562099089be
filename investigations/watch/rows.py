"""A watch list as a file, row by row, as its page shows it: what each row would become, or became, and why."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from investigations.models import LegalBasis, SearchRequest, WatchEntry, WatchImport
from investigations.plates import PlateMeaning
from investigations.watch.meaning import watched_meaning_of
from investigations.watch.sentences import LEFT_ALONE, LEFT_DUBIOUS, sentence_of
from portal.accounts.models import User

_COLOURS: Mapping[str, Any] = dict(SearchRequest.Colour.choices)
_TYPES: Mapping[str, Any] = dict(SearchRequest.VehicleType.choices)


class State(StrEnum):
    """What a row would become, or became."""

    NEW = "new"
    ADDED = "added"
    LEFT = "left"
    REFUSED = "refused"


@dataclass(frozen=True)
class Line:
    """A row of the file as the import keeps it: `kept` is what would be added or names what was, and may be empty."""

    row: int
    state: State
    kept: Mapping[str, Any]
    problems: Sequence[Mapping[str, Any]]

    @property
    def is_dubious(self) -> bool:
        return bool(self.kept.get("is_dubious")) or any(problem["kind"] == LEFT_DUBIOUS for problem in self.problems)

    @property
    def entry_id(self) -> int | None:
        """The entry that it became, or that was there before."""
        named = [problem["details"].get("entry") for problem in self.problems]
        return self.kept.get("entry") or next(filter(None, named), None)


@dataclass(frozen=True)
class Terms:
    """What a row says, in words; empty where nothing is known of it any more."""

    plate: str = ""
    vehicle: str = ""
    reason: str = ""
    basis: str = ""
    document: str = ""
    about: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class ShownLine:
    """A row as it is shown. `entry` is empty where there is none to go to, `is_destroyed` where there was one;
    `meaning` says what is looked for."""

    row: int
    state: State
    is_dubious: bool
    terms: Terms
    meaning: PlateMeaning
    entry: int | None
    is_destroyed: bool
    problems: Sequence[Mapping[str, Any]]


def lines_of(source: WatchImport) -> list[Line]:
    """All rows of which something is kept, in the order of the file."""
    said: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for problem in source.problems:
        if problem["row"]:
            said[problem["row"]].append(problem)
    taken = State.NEW if source.status == WatchImport.Status.CHECKED else State.ADDED
    lines = [Line(kept["row"], taken, kept, said.pop(kept["row"], ())) for kept in source.rows]
    lines += [Line(row, _state_of(problems), {}, problems) for row, problems in said.items()]
    return sorted(lines, key=lambda line: line.row)


def shown_lines(lines: Sequence[Line], viewer: User) -> list[ShownLine]:
    """The rows of a page in words, with the entries that the viewer may see."""
    named = {pk for line in lines if (pk := line.entry_id)}
    rows = WatchEntry.objects.visible_to(viewer).select_related("basis", "request__case", "case")
    entries, words = rows.in_bulk(named), _Words([line.kept for line in lines if line.state == State.NEW], viewer)
    return [_shown(line, entries.get(line.entry_id or 0), words) for line in lines]


def entries_shown(lines: Iterable[ShownLine]) -> list[int]:
    return [line.entry for line in lines if line.entry]


def _state_of(problems: Sequence[Mapping[str, Any]]) -> State:
    return State.LEFT if any(problem["kind"] in LEFT_ALONE for problem in problems) else State.REFUSED


def _shown(line: Line, entry: WatchEntry | None, words: "_Words") -> ShownLine:
    if line.state == State.NEW:
        terms = words.of(line.kept)
    elif line.state == State.ADDED:
        terms = _terms_of(entry) if entry else Terms()
    else:
        terms = Terms(entry.plate if entry else next((problem.get("plate", "") for problem in line.problems), ""))
    is_watched = line.state in (State.NEW, State.ADDED)
    return ShownLine(
        row=line.row,
        state=line.state,
        is_dubious=line.is_dubious,
        terms=terms,
        meaning=watched_meaning_of(terms.plate) if is_watched else PlateMeaning(),
        entry=entry.pk if entry else None,
        is_destroyed=line.entry_id is not None and entry is None,
        problems=[{**problem, "sentence": sentence_of(problem, is_watched=is_watched)} for problem in line.problems],
    )


def _terms_of(entry: WatchEntry) -> Terms:
    return Terms(
        plate=entry.plate,
        vehicle=_vehicle_of(entry.vehicle_colour, entry.vehicle_type),
        reason=entry.reason,
        basis=str(entry.basis),
        document=entry.document_number,
        about=entry.about,
        until=entry.valid_until,
    )


class _Words:
    """Puts planned rows into words; what they name is read once for all of them."""

    def __init__(self, planned: Sequence[Mapping[str, Any]], viewer: User) -> None:
        self._bases = LegalBasis.objects.in_bulk({kept["basis"] for kept in planned})
        requests = SearchRequest.objects.visible_to(viewer).select_related("case")
        self._requests = requests.in_bulk({kept["request"] for kept in planned} - {None})

    def of(self, kept: Mapping[str, Any]) -> Terms:
        return Terms(
            plate=kept["plate"],
            vehicle=_vehicle_of(kept["vehicle_colour"], kept["vehicle_type"]),
            reason=kept["reason"],
            basis=str(self._bases.get(kept["basis"]) or ""),
            document=kept["document_number"],
            about=str(self._requests.get(kept["request"]) or ""),
            until=datetime.fromisoformat(kept["valid_until"]),
        )


def _vehicle_of(colour: str, kind: str) -> str:
    return " ".join(str(word) for word in (_COLOURS.get(colour), _TYPES.get(kind)) if word)
