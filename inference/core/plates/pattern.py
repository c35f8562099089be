"""Patterns for plates: what somebody remembers of one, as a row of items.

? is one character that nobody knows, a syllable too; * is any number of them; a jamo by itself (ㄱ) is any letter that
begins with it or holds it; the rest stands for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inference.core.errors import PlateError, say
from inference.core.plates.text import MANY, ONE, is_jamo, letters_with, shown, spell_pattern


class Part(StrEnum):
    """Which part of a plate a text without * is."""

    WHOLE = "whole"
    START = "start"
    ANY = "any"


@dataclass(frozen=True)
class Pattern:
    """What a plate must look like.

    Attributes:
        items: Each ONE, MANY, or a string of the characters that may stand there.
    """

    items: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it is a plain text that leaves nothing open."""
        return all(len(one) == 1 and one not in (ONE, MANY) for one in self.items)

    @property
    def least_characters(self) -> int:
        return sum(one != MANY for one in self.items)

    def matches(self, text: str) -> bool:
        """Say whether a text matches, without an index: for a watch list's few patterns, and to check the index by."""
        reached = {0}
        for place in range(len(text) + 1):
            reached = self._over_many(reached)
            if place == len(text):
                break
            reached = {after for at in reached if (after := self._after(at, text[place])) is not None}
        return len(self.items) in reached

    def _over_many(self, reached: set[int]) -> set[int]:
        every = set(reached)
        for at in sorted(reached):
            while at < len(self.items) and self.items[at] == MANY:
                at += 1  # noqa: PLW2901 (walks on from where it stands)
                every.add(at)
        return every

    def _after(self, at: int, character: str) -> int | None:
        if at == len(self.items):
            return None
        if self.items[at] == MANY:
            return at
        return at + 1 if self.items[at] == ONE or character in self.items[at] else None


def parse_pattern(typed: str, part: Part = Part.WHOLE) -> Pattern:
    """Read a pattern as somebody types it.

    Args:
        typed: In any of the spellings normalise_plate understands, with ?, * and jamo.
        part: Adds * after the text or on both sides.

    Raises:
        PlateError: Empty, too long, nothing but wildcards, or a jamo that no letter has.
    """
    text = spell_pattern(typed)
    before, after = (MANY if part is Part.ANY else ""), (MANY if part is not Part.WHOLE else "")
    items: list[str] = []
    for one in f"{before}{text}{after}":
        if not (one == MANY and items and items[-1] == MANY):
            items.append(_item(one, typed))
    if all(one in (ONE, MANY) for one in items):
        raise PlateError(say("“{typed}” leaves everything open; give at least one character.", typed=shown(typed)))
    return Pattern(tuple(items))


def _item(character: str, typed: str) -> str:
    if not is_jamo(character):
        return character
    if letters := letters_with(character):
        return letters
    raise PlateError(say("“{one}” in “{typed}” is on no plate.", one=shown(character), typed=shown(typed)))
