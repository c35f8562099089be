"""What is wrong with a watch list, in sentences of the reader's language: what it is, and what to do."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cameras import import_sentences

# A verb's own refusal, in the language of who had the list checked.
SAID = "said"
THERE_ALREADY, LEFT_DUBIOUS = "there_already", "left_dubious"
# Nothing is wrong with these rows: they are left as they are.
LEFT_ALONE = frozenset({THERE_ALREADY, LEFT_DUBIOUS})
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
    "unknown_word": gettext_lazy("This is none of the colours or types that are known; it was left out."),
    "bad_date": gettext_lazy("This is no date, as in 2026-12-31 or 2026-12-31 18:00. Correct it."),
    "no_basis": gettext_lazy("The row names no legal basis. Choose one for all rows that name none."),
    "unknown_basis": gettext_lazy("There is no such legal basis in force. Write its code, as in the administration."),
    "unknown_request": gettext_lazy("Your control centre has no such open search request."),
    "same_plate": gettext_lazy("This plate already stands in row %(earlier)d."),
    "request_over": gettext_lazy("Its search request was closed or returned after the check."),
    LEFT_DUBIOUS: gettext_lazy("It was left out as it may be mistyped."),
    THERE_ALREADY: gettext_lazy("This plate is on the list already, until %(until)s."),
}


def sentence_of(problem: Mapping[str, Any]) -> str:
    """The problem, as an import keeps it, in one or two sentences."""
    kind, values = problem["kind"], {"value": problem["value"], **problem["details"]}
    if kind == SAID:
        return str(values["sentence"])
    shared = import_sentences.TEXTS.get(kind)
    text = TEXTS.get(kind) or (shared[1] if shared else None)
    return str(text) % values if text else _("Something is wrong with this row.")
