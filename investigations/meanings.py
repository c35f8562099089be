"""Which descriptions the models in use can look for."""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.engine import describer_id
from inference.sayings import say
from investigations import querying
from investigations.words import known_term, read_word


@dataclass(frozen=True)
class Meaning:
    """What a word means to the model in use: attribute, value and how that reads; nothing if it is a reminder."""

    word: str
    terms: tuple[tuple[str, str, str], ...]


def heads_of(kind: str) -> dict[str, tuple[str, ...]]:
    """The attributes that the describer of the settings knows, and their values; empty where none is named."""
    return {head.name: head.values for head in querying.known_heads_of(describer_id(kind))}


def meanings_of(words: Sequence[str], kind: str) -> list[Meaning]:
    """Say of each word what the model will look for, in the order of the words."""
    heads = heads_of(kind)
    return [Meaning(word, tuple(_known(word, heads))) for word in words]


def _known(word: str, heads: dict[str, tuple[str, ...]]) -> list[tuple[str, str, str]]:
    found = (known_term(term, heads) for term in read_word(word).terms)
    return [(*term, say(*term)) for term in dict.fromkeys(found) if term]
