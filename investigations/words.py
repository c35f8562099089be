"""Descriptions in words: what of "빨간 상의, 검은 바지" or "red top, no hat" the models can look for. Pure.

Reads Korean and English, chips ("Top: red") and free phrases alike. A phrase is cut into known words, the longest
first; colours and lengths belong to the next garment, or to the one before where none follows; what is denied becomes
"no" if it can be had or not (hat, bag), and is left out otherwise. What is not understood stays a reminder for whoever
compares.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inference.sayings import say as say
from investigations.lexicon import (
    HAIR,
    HAS,
    LOWER,
    NEXT_BEST,
    SLEEVE,
    UPPER,
    VEHICLE,
    WHOLE,
    Entry,
    Term,
)
from investigations.phrases import COLON, END, Item, ages, cut, plain

COLOUR_OF = {
    UPPER: ("upper_colour",),
    LOWER: ("lower_colour",),
    WHOLE: ("upper_colour", "lower_colour"),
    VEHICLE: ("colour",),
}
CLOTH = {"silver": "grey"}  # paint is silver, cloth is not
LENGTH_OF = {HAIR: "hair", SLEEVE: "sleeve", LOWER: "lower_length", WHOLE: "lower_length"}
# Nobody has two of these: where a phrase says both, it speaks of two people, or nothing is sure.
ONE_OF = {"gender", "age", "hat", "bag", "backpack", "hair", "sleeve", "lower_length"}
AGE_LABELS = ("age", "연령대", "나이", "연령")


@dataclass(frozen=True)
class Reading:
    """What one description means, and which of its words mean nothing to the models."""

    word: str
    terms: tuple[Term, ...]
    rest: tuple[str, ...]


def read_words(words: Sequence[str], *, heads: Mapping[str, Collection[str]] | None = None) -> list[dict[str, Any]]:
    """Return `{"attribute", "value", "required": False, "word", "words"}` for all that is said, each once, in order.

    `words` are all that say so, `word` the first of them. With `heads` (the values that a model knows of each
    attribute) only what it knows is returned, or the next best.
    """
    found: dict[Term, list[str]] = {}
    for reading in map(read_word, words):
        known = [term if heads is None else known_term(term, heads) for term in reading.terms]
        for term in dict.fromkeys(known):
            if term is not None:
                found.setdefault(term, []).append(reading.word)
    return [
        {"attribute": attribute, "value": value, "required": False, "word": sayers[0], "words": sayers}
        for (attribute, value), sayers in found.items()
    ]


def known_term(term: Term, heads: Mapping[str, Collection[str]]) -> Term | None:
    """Return the term if the model knows it, else the nearest that it knows; None if there is none."""
    at: Term | None = term
    while at is not None and at[1] not in heads.get(at[0], ()):
        at = NEXT_BEST.get(at)
    return at


def read_word(word: str) -> Reading:
    """Read one description; never fails, whatever is in it."""
    parts: list[list[Term]] = []
    rest: list[str] = []
    for sentence in _sentences(plain(word)):
        sentence.finish()
        parts += [part.terms() for part in sentence.parts]
        rest += sentence.rest
    terms = [term for part in parts for term in part]
    return Reading(word, tuple(dict.fromkeys(term for term in terms if _is_sure(term, parts))), tuple(rest))


def _is_sure(term: Term, parts: Sequence[Collection[Term]]) -> bool:
    """Nobody is both a child and old: a phrase that says so speaks of two people. What narrows an age down may."""
    attribute, _value = term
    about = [part for part in parts if any(name == attribute for name, _other in part)]
    return attribute not in ONE_OF or all(term in part for part in about)


@dataclass
class Part:
    """A garment, thing or person of a sentence, with what is said of it."""

    entry: Entry
    colours: list[str] = field(default_factory=list)
    length: str = ""
    is_denied: bool = False

    @property
    def slot(self) -> str:
        return self.entry.value

    def takes(self, modifier: Entry) -> bool:
        if modifier.role == "colour":
            return self.slot in COLOUR_OF and not self.colours
        return self.slot in LENGTH_OF and not self.length

    def terms(self) -> list[Term]:
        if self.is_denied:
            is_sure = self.slot in HAS and not self.colours
            return [(slot, "no") for slot in (("bag", "backpack") if self.slot == "bag" else (self.slot,)) if is_sure]
        own = list(self.entry.terms)
        if self.length == "short" and ("lower_kind", "trousers") in own:
            own.remove(("lower_kind", "trousers"))  # short trousers are shorts, whatever the model calls them
        shades = [value if self.slot == VEHICLE else CLOTH.get(value, value) for value in self.colours if value]
        colours = [(name, value) for value in shades for name in COLOUR_OF.get(self.slot, ())]
        lengths = [(LENGTH_OF[self.slot], self.length)] if self.length and self.slot in LENGTH_OF else []
        return colours + own + lengths


@dataclass
class Sentence:
    """What stands between two commas, word by word."""

    items: list[Item] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    waiting: list[Item] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    context: Part | None = None
    is_denying: bool = False

    def label(self) -> None:
        """What stood so far is a chip's heading ("Hat:"): it says nothing by itself, but what follows is about it."""
        parts = [entry for entry, _word in self.items if entry.role == "part"]
        self.context = Part(parts[-1]) if parts else None
        self.items = []
        self.rest = []

    def finish(self) -> None:
        is_after = self._names_first()
        for entry, word in self.items:
            if entry.role == "part":
                self._add_part(entry)
            elif entry.role in ("colour", "length"):
                last = self._last()
                if is_after and last and (last.takes(entry) or last.slot not in COLOUR_OF):
                    self._give(last, entry, word)
                else:
                    self.waiting.append((entry, word))
            elif entry.role in ("no", "none"):
                self._deny(entry)
            elif entry.role == "unknown":
                self.rest.append(word)
        self._settle()

    def _names_first(self) -> bool:
        """ "Top red, trousers black" rather than "red top, black trousers"."""
        order = [
            entry.role
            for entry, _word in self.items
            if entry.role == "colour" or (entry.role == "part" and entry.value in COLOUR_OF)
        ]
        return len(order) > 1 and order[0] == "part" and order[-1] == "colour"

    def _last(self) -> Part | None:
        return self.parts[-1] if self.parts else self.context

    def _add_part(self, entry: Entry) -> None:
        part, before = Part(entry, is_denied=self.is_denying), self._last()
        self.is_denying = False
        for modifier, word in self.waiting:
            is_foreign = part.slot not in (COLOUR_OF if modifier.role == "colour" else LENGTH_OF)
            if is_foreign and before and before.takes(modifier):  # "머리 긴 여자": the hair is long, not the woman
                self._give(before, modifier, word)
            else:
                self._give(part, modifier, word)
        self.waiting = []
        self.parts.append(part)

    def _give(self, part: Part, modifier: Entry, word: str) -> None:
        if part is self.context and part not in self.parts:
            self.parts.append(part)
        if modifier.role == "colour":
            part.colours.append(modifier.value)
            if not modifier.value or part.slot not in COLOUR_OF:
                self.rest.append(word)
        elif part.slot in LENGTH_OF:
            part.length = modifier.value
        else:
            self.rest.append(word)

    def _deny(self, entry: Entry) -> None:
        last = self._last()
        if entry.role == "none" and last and not self.waiting:
            self._deny_part(last)
        else:
            self.is_denying = True

    def _deny_part(self, part: Part) -> None:
        if part not in self.parts:
            self.parts.append(part)
        part.is_denied = True

    def _settle(self) -> None:
        """Nothing follows: what still waits belongs to the last part, or, without any, says a vehicle's colour."""
        last = self._last()
        if self.is_denying:
            if last:
                self._deny_part(last)
            self.rest += [word for _entry, word in self.waiting]
            return
        is_bare = last is None and not self.rest
        for modifier, word in self.waiting:
            if last and (last.takes(modifier) or last.slot not in COLOUR_OF):
                self._give(last, modifier, word)
            elif is_bare and modifier.role == "colour":
                self.parts.append(Part(Entry("part", VEHICLE), [modifier.value]))
            elif last and modifier.role == "colour" and self._is_second(modifier):
                self._give(last, modifier, word)
            else:
                self.rest.append(word)

    def _is_second(self, modifier: Entry) -> bool:
        """ "Top: red and white" has two colours, one after the other."""
        colours = [entry for entry, _word in self.waiting if entry.role == "colour"]
        return len(colours) > 1 and colours[0] is not modifier


def _sentences(text: str) -> Iterator[Sentence]:
    """What stands between commas and the like."""
    label, _colon, about = text.partition(":")
    if label.strip() in AGE_LABELS and (numbers := re.findall(r"\d+", about)):
        yield Sentence(ages(numbers))
        return
    sentence = Sentence()
    for item in cut(text):
        if item[0] is END:
            yield sentence
            sentence = Sentence()
        elif item[0] is COLON:
            sentence.label()
        else:
            sentence.items.append(item)
    yield sentence
