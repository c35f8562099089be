"""Print how fast plates are found among a million, and how often the right one is among the first ten.

    python -m tests.bench.plates [--plates N] [--queries N]

Recall is printed with the prior table of costs, with one learned from the counts of 100,000 made-up reads in which
characters are confused as here, and with that of the shipped reader, which knows only its own confusions. Plates are
made up in the shares in which they are on the road. Every twentieth was misread by its reader, which holds the right
character as its second choice. Mistakes are drawn from two tables that the prior does not know: `alike`, how much the
drawings of the characters look like each other at 12 × 14 px, and `any`, every other character of the kind with the
same chance. A character too few or too many is wrong in what is asked for, or in what was read and is stored. A search
counts if the plate that was meant is among the first ten; where two characters may be any others, so many stored plates
are as near as the right one that no order can help (docs/measurements.md has how many).
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np

from inference.core.manifest import MANIFEST
from inference.core.plates import (
    Character,
    Confusions,
    PlateIndex,
    PlateRead,
    confusions_from_counts,
    default_confusions,
    load_confusions,
    parse_pattern,
)
from inference.core.plates.formats import COMMERCIAL, DELIVERY, DIGITS, LETTERS, PRIVATE, REGIONS, RENTAL

PLATES, QUERIES, FIRST = 1_000_000, 300, 10
BAR_MS = 100.0
MISREAD_EVERY = 20
# Characters of the shortest plate.
SHORTEST = 7
SHIPPED = MANIFEST.with_name("plate-reader.tsv")

# For each character the three likest of its kind with their correlation in per cent, over the drawings of the MIT
# glyph set yakhyo/korean-license-plate-generator, cut to the strokes, scaled to 12 × 14 px and blurred (sigma 1.2).
_ALIKE = """
0:8 74 5 49 1 21|1:3 48 4 30 0 21|2:7 61 9 31 3 27|3:1 48 5 36 2 27
4:6 38 1 30 3 24|5:8 57 0 49 6 39|6:5 39 4 38 8 29|7:9 64 2 61 3 20
8:0 74 5 57 6 29|9:7 64 2 31 8 9|가:거 77 자 61 저 57|나:다 89 너 82 더 72
다:나 89 더 80 너 71|라:러 66 마 46 다 43|마:아 77 바 66 하 58|거:가 77 저 75 서 61
너:더 92 나 82 다 71|더:너 92 다 80 나 72|러:더 68 라 66 머 63|머:어 89 버 84 허 73
버:머 84 어 78 바 75|서:저 88 사 87 자 67|어:머 89 허 83 버 78|저:서 88 자 84 사 76
고:자 51 모 43 배 42|노:도 69 보 50 오 50|도:모 81 오 71 노 69|로:모 76 호 71 오 70
모:오 82 도 81 로 76|보:모 72 로 57 오 56|소:조 69 호 44 노 32|오:모 82 도 71 호 70
조:소 69 호 61 로 57|구:무 69 우 66 부 64|누:두 62 부 58 우 56|두:무 87 우 84 루 80
루:무 89 우 85 부 84|무:부 92 우 89 루 89|부:무 92 루 84 우 80|수:주 74 우 53 루 48
우:무 89 루 85 두 84|주:루 76 수 74 두 73|바:버 75 마 66 아 63|사:서 87 자 82 저 76
아:마 77 어 74 머 66|자:저 84 사 82 서 67|배:도 51 조 43 고 42|하:마 58 아 56 바 35
허:어 83 머 73 아 60|호:로 71 오 70 조 61
"""

Change = Callable[[str, random.Random], str]


def _likest() -> dict[str, tuple[list[str], list[int]]]:
    """Give the likest characters of each with their weights."""
    table = {}
    for line in _ALIKE.replace("\n", "|").split("|"):
        if line:
            character, others = line.split(":")
            words = others.split()
            table[character] = (words[::2], [int(one) for one in words[1::2]])
    return table


_LIKEST = _likest()


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=int, default=PLATES)
    parser.add_argument("--queries", type=int, default=QUERIES)
    asked = parser.parse_args(arguments)
    rng = random.Random(13)
    texts = made_up(asked.plates, rng)
    index = _filled(texts, rng)
    reads = _add_misread(index, texts, 3 * asked.queries, random.Random(17))
    print(f"  {'kind of query':<34}{'p50 ms':>8}{'p95 ms':>8}{'worst':>8}")
    for name, kind in _kinds().items():
        _time(index, name, kind, _some(texts, asked.queries, rng), rng)
    print(f"\n  {'true plate in the first ten':<52}{'recall':>8}{'p50 ms':>8}{'p95 ms':>8}")
    for table, confusions in _tables().items():
        index.confusions = confusions
        print(f"  costs of mistakes: {table}")
        for name, change in mistakes().items():
            _recall(index, name, change, _some(texts, 3 * asked.queries, rng), rng)
        for name, own in reads.items():
            for way in ("nothing wrong", "one wrong, alike"):
                _recall(index, f"{name}; {way}", mistakes()[way], own, rng)


def _tables() -> dict[str, Confusions]:
    return {
        "prior": default_confusions(),
        "learned": _learned(random.Random(31)),
        "the shipped reader's": load_confusions(SHIPPED),
    }


def made_up(count: int, rng: random.Random) -> list[str]:
    """Make different plates: two-digit private, three-digit private, rented, commercial with region, delivery."""
    texts: dict[str, None] = {}
    while len(texts) < count:
        texts[_plate(rng)] = None
    return list(texts)


def _plate(rng: random.Random) -> str:
    kind, serial = rng.random(), rng.randint(1000, 9999)
    if kind < 0.48:
        number = rng.choices((rng.randint(1, 69), rng.randint(70, 79), rng.randint(80, 97)), (80, 5, 15))[0]
        return f"{number:02d}{rng.choice(PRIVATE)}{serial}"
    if kind < 0.85:
        number = rng.choices((rng.randint(100, 399), rng.randint(700, 719), rng.randint(800, 899)), (85, 3, 12))[0]
        return f"{number}{rng.choice(PRIVATE)}{serial}"
    if kind < 0.93:
        number = rng.choices((rng.randint(1, 69), rng.randint(100, 250)), (40, 60))[0]
        return f"{number:02d}{rng.choice(RENTAL)}{serial}"
    letter = rng.choice(COMMERCIAL) if kind < 0.99 else DELIVERY
    return f"{rng.choice(REGIONS)}{rng.randint(30, 99)}{letter}{serial}"


def _filled(texts: Sequence[str], rng: random.Random) -> PlateIndex:
    stored: list[str | PlateRead] = list(texts)
    for at in range(0, len(texts), MISREAD_EVERY):
        stored[at] = _misread(texts[at], rng)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    index, start = PlateIndex(), time.perf_counter()
    index.add(range(len(stored)), stored)
    took, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"  {len(index):,} plates, {len(texts[::MISREAD_EVERY]):,} of them misread with the truth as second choice")
    print(f"  filled in {took:.1f} s; at most {(peak - before) / 1024:.0f} MiB more than before while filling")
    start = time.perf_counter()
    for new in range(100):
        index.add([len(stored) + new], [_plate(rng)])
    print(f"  one more plate: {(time.perf_counter() - start) * 10:.1f} ms on average of 100")
    return index


def _add_misread(index: PlateIndex, texts: Sequence[str], count: int, rng: random.Random) -> dict[str, dict[int, str]]:
    """Store plates with a character too few or too many, so many of each kind; give what stands on them, by number."""
    known = set(texts)
    others = (one for one in made_up(40 * count, rng) if one not in known)
    reads: dict[str, dict[int, str]] = {}
    start = 2 * len(texts)
    for name, (change, can_be) in _misreadings().items():
        own = list(islice((one for one in others if can_be(one)), count))
        index.add(range(start, start + len(own)), [change(one, rng) for one in own])
        reads[name] = dict(enumerate(own, start))
        start += len(own)
    return reads


def _misreadings() -> dict[str, tuple[Change, Callable[[str], bool]]]:
    """Name, what is read of a plate, and which plates can be read so."""
    return {
        "one left out by the reader": (_lost, lambda _: True),
        "one too many by the reader": (_gained, lambda _: True),
        "first of three digits not read": (lambda text, _: text[1:], lambda text: text[:3].isdigit()),
    }


def _learned(rng: random.Random) -> Confusions:
    """Count the reads of a reader that errs in 2 % of characters: nine times in ten as `alike`, else as `any`."""
    counts: Counter[tuple[str, str]] = Counter()
    for _ in range(100_000):
        for character in _without_region(_plate(rng)):
            way = _other if rng.random() < 0.9 else _any
            counts[character, way(character, rng) if rng.random() < 0.02 else character] += 1
    return confusions_from_counts(counts)


def _misread(text: str, rng: random.Random) -> PlateRead:
    """One character is read as one like it, and holds the right one with half its chance."""
    at = rng.randrange(len(text) - 7 if len(text) > 8 else 0, len(text))
    wrong = _other(text[at], rng)
    read = text[:at] + wrong + text[at + 1 :]
    choices = [Character(((one, 0.95),)) for one in read]
    choices[at] = Character(((wrong, 0.6), (text[at], 0.3)))
    return PlateRead(read, 0.6, tuple(choices))


def _kinds() -> dict[str, tuple[bool, Change]]:
    """Name, whether it is ranked, and what is asked for a plate's text."""
    return {
        "exact": (False, lambda text, _: text),
        "prefix 12가*": (False, lambda text, _: text[: _letter(text) + 1] + "*"),
        "prefix 12*": (False, lambda text, _: text[:2] + "*"),
        "any part *가34*": (False, lambda text, _: f"*{text[_letter(text) : _letter(text) + 3]}*"),
        "any part *34*": (False, lambda text, _: f"*{text[-4:-2]}*"),
        "last four *3456": (False, lambda text, _: f"*{text[-4:]}"),
        "unknown digit 12가345?": (False, lambda text, _: text[:-1] + "?"),
        "unknown hangul 12?3456": (False, _hide_letter),
        "initial 12ㄱ3456": (False, _initial),
        "wildcards ??나12*": (False, lambda text, _: "??" + text[_letter(text) : -2] + "*"),
        "wildcards 1*6": (False, lambda text, _: f"{text[0]}*{text[-1]}"),
        "far apart *7*": (False, lambda text, _: f"*{text[-1]}*"),
        "nothing matches 가*7*가": (False, lambda text, _: f"{text[_letter(text)]}*{text[-1]}*{text[_letter(text)]}"),
        "ranked, whole": (True, lambda text, _: text),
        "ranked, two wrong": (True, lambda text, rng: _wrong(text, 2, rng, _any)),
        "ranked, 12가34??": (True, lambda text, _: text[:-2] + "??"),
        "ranked, 12?3456, one wrong": (True, lambda text, rng: _hide_letter(_wrong_digit(text, rng), rng)),
        "ranked, a character left out": (True, lambda text, rng: _typed(_lost(text, rng))),
        "ranked, letter left out": (True, lambda text, _: text[: _letter(text)] + text[_letter(text) + 1 :]),
        "ranked, *3456, one wrong": (True, lambda text, rng: "*" + _wrong_digit(text, rng)[-4:]),
        "ranked, *가34*": (True, lambda text, _: f"*{text[_letter(text) : _letter(text) + 3]}*"),
        "ranked, 1?가?4?6": (True, lambda text, _: f"{text[: _letter(text) - 1]}?{text[-5]}?{text[-3]}?{text[-1]}"),
    }


def mistakes() -> dict[str, Change]:
    return {
        "nothing wrong": lambda text, _: text,
        "one wrong, alike": lambda text, rng: _wrong(text, 1, rng, _other),
        "one wrong, any": lambda text, rng: _wrong(text, 1, rng, _any),
        "two wrong, alike": lambda text, rng: _wrong(text, 2, rng, _other),
        "two wrong, one alike and one any": lambda text, rng: _wrong(text, 2, rng, _other, _any),
        "two wrong, any": lambda text, rng: _wrong(text, 2, rng, _any),
        "two digits turned round": _turned,
        "a character left out, anywhere": lambda text, rng: _typed(_lost(text, rng)),
        "a digit too many, anywhere": _gained,
        "region left out, one wrong, alike": lambda text, rng: _wrong(_without_region(text), 1, rng, _other),
        "letter unknown, one wrong, alike": lambda text, rng: _hide_letter(_wrong_digit(text, rng), rng),
    }


def _time(index: PlateIndex, name: str, kind: tuple[bool, Change], texts: dict[int, str], rng: random.Random) -> None:
    is_ranked, ask = kind
    took = []
    for text in texts.values():
        pattern = ask(text, rng)
        start = time.perf_counter()
        asked = parse_pattern(pattern)
        if is_ranked:
            index.rank(asked, limit=FIRST)
        else:
            index.find(asked)
        took.append((time.perf_counter() - start) * 1000)
    p50, p95 = np.percentile(took, (50, 95))
    print(f"  {name:<34}{p50:8.1f}{p95:8.1f}{max(took):8.1f}{'' if p95 < BAR_MS else '   over the bar'}")


def _recall(index: PlateIndex, name: str, change: Change, texts: dict[int, str], rng: random.Random) -> None:
    """Of a plate that was misread, the read must be found by the truth."""
    share, took = recall(index, change, texts, rng)
    p50, p95 = np.percentile(took, (50, 95))
    print(f"  {name:<52}{100 * share:7.1f}%{p50:8.1f}{p95:8.1f}")


def recall(index: PlateIndex, change: Change, texts: dict[int, str], rng: random.Random) -> tuple[float, list[float]]:
    """Ask for each of the numbered texts, changed; give the share found among the first, and the ms each took."""
    found, took = 0, []
    for number, text in texts.items():
        pattern = parse_pattern(change(text, rng))
        start = time.perf_counter()
        hits = index.rank(pattern, limit=FIRST).hits
        took.append((time.perf_counter() - start) * 1000)
        found += any(number in hit.ids for hit in hits)
    return found / len(texts), took


def _some(texts: Sequence[str], count: int, rng: random.Random) -> dict[int, str]:
    return {at: texts[at] for at in rng.sample(range(len(texts)), min(count, len(texts)))}


def _letter(text: str) -> int:
    return len(text) - 5


def _without_region(text: str) -> str:
    return text[2:] if text[:2] in REGIONS else text


def _other(character: str, rng: random.Random) -> str:
    others, weights = _LIKEST[character]
    return rng.choices(others, weights)[0]


def _any(character: str, rng: random.Random) -> str:
    kind = DIGITS if character in DIGITS else LETTERS
    return rng.choice([one for one in kind if one != character])


def _wrong(text: str, count: int, rng: random.Random, *ways: Callable[[str, random.Random], str]) -> str:
    """Make so many characters behind the region wrong, in the ways in turn."""
    start = len(text) - len(_without_region(text))
    for turn, at in enumerate(rng.sample(range(start, len(text)), count)):
        text = text[:at] + ways[turn % len(ways)](text[at], rng) + text[at + 1 :]
    return text


def _wrong_digit(text: str, rng: random.Random) -> str:
    at = len(text) - rng.randint(1, 4)
    return text[:at] + _other(text[at], rng) + text[at + 1 :]


def _hide_letter(text: str, _rng: random.Random) -> str:
    return text[: _letter(text)] + "?" + text[_letter(text) + 1 :]


def _initial(text: str, _rng: random.Random) -> str:
    return text[: _letter(text)] + "ㄱ" + text[_letter(text) + 1 :]


def _turned(text: str, rng: random.Random) -> str:
    at = len(text) - rng.randint(2, 4)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _lost(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]


def _typed(text: str) -> str:
    """Ask as the portal does: what is shorter than any plate is a part, which may stand anywhere."""
    return text if len(text) >= SHORTEST else f"*{text}*"


def _gained(text: str, rng: random.Random) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(DIGITS) + text[at:]


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
