"""Cut a description into known words, in Korean and English: the longest first, with or without gaps. Pure."""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

from investigations.lexicon import ALONE, DECADES, ENTRIES, PARTICLES, Entry

LONGEST_READ = 400  # characters of one description; what comes after is not read
LONGEST_PHRASE = max(len(word.split()) for word in ENTRIES)
LONGEST_KOREAN = max(len(word) for word in ENTRIES)
# As the sets have it that the models are taught with.
AGES = (("child", 14), ("young", 29), ("adult", 59), ("old", 120))
AGE = re.compile(
    r"(?<!\d)(?:(?:aged|나이)\s*\d{1,3}(?!\d)"
    r"|\d{1,3}\s*(?:~|-|–|to|에서)\s*\d{1,3}\s*(?:세|살|대|years? old)"
    r"|[1-9]0(?:대|s\b)"
    r"|\d{1,3}\s*(?:세|살|years? old|year olds?|yo\b))"
)
TOKEN = re.compile(r"(?P<korean>[가-힣]+)|(?P<english>[a-zé]+(?:'[a-z]+)?)|(?P<end>[,;.\n!?])|(?P<colon>:)|\S")
_FILL, _PARTICLES = Entry("fill"), PARTICLES.split(",")
# What a sign between words is, where it is no word.
END, COLON = Entry("end"), Entry("colon")
Item = tuple[Entry, str]  # what a word means, and the word


def plain(word: str) -> str:
    """In one spelling: composed, small letters, no control characters, hyphens as gaps."""
    text = unicodedata.normalize("NFKC", word[:LONGEST_READ]).casefold().replace("’", "'")
    text = "".join(" " if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn") else sign for sign in text)
    return re.sub(r"(?<=[a-z])[-–](?=[a-z])", " ", text)[:LONGEST_READ]


def cut(text: str) -> Iterator[Item]:
    """Cut a text that `plain` has prepared; ends of sentences and colons are items too."""
    for kind, run in itertools.groupby(_tokens(text), key=lambda token: token[0]):
        words = [word for _kind, word in run]
        if kind == "english":
            yield from _english(words)
        elif kind == "korean":
            yield from _korean(words)
        elif kind == "age":
            yield from (item for word in words for item in ages(re.findall(r"\d+", word), is_decade="대" in word))
        elif kind in ("end", "colon"):
            yield from ((END if kind == "end" else COLON, word) for word in words)
        else:
            yield from ((Entry("unknown" if word.isalnum() else "fill"), word) for word in words)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Runs of one script, ages, and single signs, each with its kind; gaps are left out."""
    at = 0
    while at < len(text):
        found = AGE.match(text, at) or TOKEN.match(text, at)
        if found is None:
            at += 1
            continue
        yield ("age" if found.re is AGE else found.lastgroup or "sign"), found[0]
        at = found.end()


def _english(tokens: Sequence[str]) -> Iterator[Item]:
    """Cut a run of English words into known phrases, the longest first; a plural is read as its singular."""
    at = 0
    while at < len(tokens):
        for size in range(min(LONGEST_PHRASE, len(tokens) - at), 0, -1):
            phrase = " ".join(tokens[at : at + size])
            entry = ENTRIES.get(phrase) or ENTRIES.get(phrase.removesuffix("s")) or ENTRIES.get(phrase + "s")
            if entry:
                yield entry, phrase
                break
        else:
            size = 1
            if tokens[at] in DECADES:
                yield from ages([str(DECADES[tokens[at]])])
            else:
                yield Entry("unknown"), tokens[at]
        at += size


def _korean(runs: Sequence[str]) -> Iterator[Item]:
    """Cut Korean words into known ones; what is one word in the lexicon may be written with gaps ("여행 가방")."""
    at = 0
    while at < len(runs):
        for size in range(min(LONGEST_PHRASE, len(runs) - at), 1, -1):
            joined = "".join(runs[at : at + size])
            entry = ENTRIES.get(joined) or ENTRIES.get(_without_particle(joined))
            if entry:
                yield entry, " ".join(runs[at : at + size])
                break
        else:
            size = 1
            yield from _korean_run(runs[at])
        at += size


def _without_particle(word: str) -> str:
    return next((word.removesuffix(end) for end in _PARTICLES if word.endswith(end)), word)


def _korean_run(run: str) -> list[Item]:
    """Cut what is written without gaps ("빨간바지를") into known words; if that fails, all of it is unknown."""
    if run in ALONE:
        return [(Entry("part", "person", ALONE[run]), run)]
    return _cut_run(run, 0, set()) or [(Entry("unknown"), run)]


def _cut_run(run: str, at: int, dead: set[int]) -> list[Item] | None:
    """The rest of a run from `at` in known words; None if it has none, which `dead` remembers."""
    if at == len(run):
        return []
    if at in dead:
        return None
    for end in range(min(len(run), at + LONGEST_KOREAN), at, -1):
        piece = run[at:end]
        entry = ENTRIES.get(piece) or (_FILL if at and piece in _PARTICLES else None)
        if entry and (after := _cut_run(run, end, dead)) is not None:
            return [(entry, piece), *after]
    dead.add(at)
    return None


def ages(numbers: Sequence[str], *, is_decade: bool = False) -> list[Item]:
    """Say which ages years are, or both ends of a range. 10대, a decade, are the teens."""
    if not numbers:
        return []
    names = ["young"] if is_decade and numbers == ["10"] else list(dict.fromkeys(map(_age, numbers)))
    terms = tuple(("age", name) for name in names if name)
    return [(Entry("part", "person", terms) if terms else Entry("unknown"), " ".join(numbers))]


def _age(number: str) -> str:
    years = int(number[:4])  # that long, nobody lives
    return next((name for name, until in AGES if years <= until), "")
