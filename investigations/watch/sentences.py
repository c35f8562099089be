"""What is wrong with a watch list, in sentences of the reader's language: what it is, and what to do."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cameras import import_sentences
from portal.sentences import read_kept

# A verb's own refusal, kept as its sentence.
SAID = "said"
THERE_ALREADY, LEFT_DUBIOUS, SAME_PLATE = "there_already", "left_dubious", "same_plate"
# Nothing is wrong with these rows: they are left as they are.
LEFT_ALONE = frozenset({THERE_ALREADY, LEFT_DUBIOUS})
# The plate of these rows is told by an entry of the list, or by another row.
TOLD_ELSEWHERE = frozenset({THERE_ALREADY, SAME_PLATE})
# What can be wrong with any file or row is said as of lists of cameras. Names in %(…)s are details of the problem.
TEXTS: dict[str, Promise] = {
    "no_plate_column": gettext_lazy(
        "No line with the names of the columns was found in the first 20 lines. One of them must be 차량번호 or plate."
    ),
    "no_rows": gettext_lazy("Below the names of the columns stands no row."),
    "too_many": gettext_lazy("The list has more than %(most)d rows. Divide it."),
    "unknown_columns": gettext_lazy("These columns are not of a watch list, and were left out."),
    "column_twice": gettext_lazy("This column is there twice; the first one was read."),
    "no_plate": gettext_lazy("The row has no number plate."),
    "formula": gettext_lazy("This cell holds a formula, which is not run. Type its value."),
    "long_text": gettext_lazy("The text has %(length)d characters; at most %(most)d fit."),
    "unknown_word": gettext_lazy("This is none of the colours or types that are known."),
    "bad_date": gettext_lazy("This is no date, as in 2026-12-31 or 2026-12-31 18:00. Correct it."),
    "no_basis": gettext_lazy("The row names no legal basis. Choose one for all rows that name none."),
    "unknown_basis": gettext_lazy(
        "There is no such legal basis in force. Write its code or name as the page of the import lists them."
    ),
    "unknown_request": gettext_lazy("Your control centre has no such open search request."),
    SAME_PLATE: gettext_lazy("This plate already stands in row %(earlier)d."),
    "request_over": gettext_lazy("Its search request was closed or returned after the check."),
    LEFT_DUBIOUS: gettext_lazy("It was left out as it may be mistyped."),
    THERE_ALREADY: gettext_lazy("This plate is on the list already, until %(until)s."),
}


def sentence_of(problem: Mapping[str, Any], *, is_watched: bool = False) -> str:
    """The problem, as an import keeps it, in one or two sentences. `is_watched`: the row's plate is, or would be, all
    the same."""
    said = _sentence_of(problem)
    return f"{said} {_('It is left out.')}" if is_watched and not problem["is_refused"] else said


def _sentence_of(problem: Mapping[str, Any]) -> str:
    kind, values = problem["kind"], {"value": problem["value"], **problem["details"]}
    if kind == SAID:
        return str(read_kept(values["sentence"]))
    shared = import_sentences.TEXTS.get(kind)
    text = TEXTS.get(kind) or (shared[1] if shared else None)
    return str(text) % values if text else _("Something is wrong with this row.")
