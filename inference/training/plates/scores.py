"""Compare a read with what stands on the plate. Needs no torch."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from inference.core.plates.formats import LETTERS
from inference.core.plates.text import PlateRead
from inference.training.plates.texts import without_region


@dataclass(frozen=True)
class Score:
    """How one plate was read.

    `letters` is the true and the read letter where both have one, `characters` all pairs of true and read ones where a
    read has as many as there are.
    """

    is_right: bool
    is_bare_right: bool
    confidence: float
    letters: tuple[str, str] | None
    characters: tuple[tuple[str, str], ...] = ()

    def is_wrong_at(self, confidence: float) -> bool:
        return not self.is_right and self.confidence >= confidence


def score_of(text: str, read: PlateRead | None) -> Score:
    """Score a read; no read is wrong, with no confidence."""
    if read is None:
        return Score(False, False, 0.0, None)  # noqa: FBT003 — fields in their order
    truth, found = letter_of(text), letter_of(read.text)
    letters = (truth, found) if truth and found else None
    is_bare_right = without_region(read.text) == without_region(text)
    characters = tuple(zip(text, read.text, strict=True)) if len(text) == len(read.text) else ()
    return Score(read.text == text, is_bare_right, read.confidence, letters, characters)


def letter_of(text: str) -> str | None:
    """Return the letter before the last four digits, None where there is none."""
    found = re.search(r"([가-힣])[0-9]{4}$", without_region(text))
    return found[1] if found else None


def letter_table(letters: Counter[tuple[str, str]]) -> str:
    """Return which letter (rows) was read as which (columns) as tab-separated lines with a header."""
    read = [*LETTERS, *sorted({found for _truth, found in letters} - set(LETTERS))]
    lines = ["\t".join(["", *read])]
    for truth in LETTERS:
        lines.append("\t".join([truth, *(str(letters[truth, found]) for found in read)]))
    return "\n".join(lines) + "\n"


def confusion_table(characters: Counter[tuple[str, str]]) -> str:
    """Return how often each true character was read as which, in the form that `load_confusions` reads."""
    lines = [f"{true}\t{read}\t{count}" for (true, read), count in sorted(characters.items())]
    return "\n".join(["true\tread\tcount", *lines]) + "\n"
