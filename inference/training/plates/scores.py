"""Compare a read with what stands on the plate. Needs no torch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from inference.core.plates.confusions import FRONT
from inference.core.plates.formats import LETTERS
from inference.core.plates.marks import Mark, State, mark_plate
from inference.core.plates.pattern import parse_pattern
from inference.core.plates.reads import LEAST
from inference.core.plates.text import PlateRead
from inference.training.plates.texts import without_region


@dataclass(frozen=True)
class Score:
    """How one plate was read.

    `letters` is the true and the read letter where both have one. `characters` says, where a read has as many as there
    are, with what chances each true character was taken for which: that a reader nearly took an 8 for a 3 tells of the
    two as a wrong read does, and there are many more of the former. Otherwise it says which were missed or added; and
    of each plate whether its beginning was (`FRONT`). Regions are left aside: readers overlook them whole.
    """

    is_right: bool
    is_bare_right: bool
    confidence: float
    letters: tuple[str, str] | None
    characters: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def is_wrong_at(self, confidence: float) -> bool:
        return not self.is_right and self.confidence >= confidence


def score_of(text: str, read: PlateRead | None) -> Score:
    """Score a read; no read is wrong, with no confidence."""
    if read is None:
        return Score(False, False, 0.0, None)  # noqa: FBT003 — fields in their order
    truth, found = letter_of(text), letter_of(read.text)
    letters = (truth, found) if truth and found else None
    is_bare_right = without_region(read.text) == without_region(text)
    characters = _taken_for(text, read)
    if read.confidence >= LEAST:  # what is below is never kept, and mostly no read of the plate
        characters |= _missed_and_added(without_region(text), without_region(read.text))
    return Score(read.text == text, is_bare_right, read.confidence, letters, characters)


def _taken_for(text: str, read: PlateRead) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    if len(text) == len(read.characters):
        for true, character in zip(text, read.characters, strict=True):
            for one, chance in character.choices:
                found[true, one] = found.get((true, one), 0.0) + chance
    return found


def _missed_and_added(text: str, read: str) -> dict[tuple[str, str], float]:
    """Count the characters that only one of the two has; with which both begin is counted as FRONT."""
    first, *others = mark_plate(parse_pattern(text), read)
    gaps = (mark for mark in others if mark.state in (State.MISSING, State.ADDED))
    return {pair: float(count) for pair, count in Counter(map(_pair, [Mark(FRONT, first.state), *gaps])).items()}


def _pair(mark: Mark) -> tuple[str, str]:
    """What is true and what was read of a marked character."""
    return "" if mark.state == State.ADDED else mark.character, "" if mark.state == State.MISSING else mark.character


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


def confusion_table(characters: Mapping[tuple[str, str], float]) -> str:
    """Return how often each true character was taken for which, in the form that `load_confusions` reads."""
    lines = [
        f"{true}\t{read}\t{count:.2f}" for (true, read), count in sorted(characters.items()) if round(count, 2) > 0
    ]
    return "\n".join(["true\tread\tcount", *lines]) + "\n"
