"""Print how often the right plate is among the first ten of a million where stored plates hold what a reader said.

    python -m tests.bench.plates_read READS.json [--plates N] [--queries N] [--sure SHARE]

READS.json is what `inference.training.plates.calibrate --keep` writes: reads of made plates, hard to read, and of real
ones, with each character's chances. They are stored among a million made-up plates. Of these so many as --sure says are
stored as they are; the others are misread in the way of the reads: each character with the chances that some such
character had in a read of the same level. It is asked for what stands on the plates, rightly or with mistakes as in
`tests.bench.plates`, whatever was read. Reads that the portal would not store are left out.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inference.core.plates import Character, PlateIndex, PlateRead, load_confusions
from inference.core.plates.reads import LEAST
from tests.bench.plates import PLATES, SHIPPED, made_up, mistakes, recall

QUERIES = 400
ASKED = ("nothing wrong", "one wrong, alike", "one wrong, any", "two wrong, alike", "two wrong, any")
# Level and true character → what a reader said of such characters.
Pool = dict[tuple[str, str], list[Character]]


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reads", type=Path)
    parser.add_argument("--plates", type=int, default=PLATES)
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument(
        "--sure", type=float, default=0.7, help="share of the made-up plates that are stored as they are"
    )
    asked = parser.parse_args(arguments)
    reads = [row for row in json.loads(asked.reads.read_text()) if row["read"] and row["confidence"] >= LEAST]
    rng, own = random.Random(13), {row["text"] for row in reads}
    pool = _pool(reads)
    levels = sorted({level for level, _true in pool})
    stored = [
        text if rng.random() < asked.sure else _misread(text, pool, levels, rng)
        for text in made_up(asked.plates, rng)
        if text not in own
    ]
    index = PlateIndex(load_confusions(SHIPPED))
    index.add(range(len(stored) + len(reads)), [*stored, *map(_read, reads)])
    print(f"  {len(index):,} plates, {len(reads):,} of them with reads of their own")
    print(f"  {'in the first ten':<64}{'recall':>8}{'p95 ms':>8}")
    for name, rows in _groups(reads).items():
        for change in ASKED:
            _recall(index, f"{name}; {change}", change, {len(stored) + at: reads[at]["text"] for at in rows}, asked)


def _groups(reads: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    """Numbers of the reads of each kind, by how they were read."""
    found: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(reads):
        kind = "made" if row["is_made"] else "real"
        found[f"{kind}, all"].append(at)
        found[f"{kind}, {_how(row['text'], row['read'])}"].append(at)
    return dict(sorted(found.items()))


def _how(text: str, read: str) -> str:
    if len(text) != len(read):
        return "a character too many or too few"
    wrong = sum(one != other for one, other in zip(text, read, strict=True))
    return ("read rightly", "one misread", "two misread")[wrong] if wrong < 3 else "more misread"


def _recall(index: PlateIndex, name: str, change: str, texts: dict[int, str], asked: argparse.Namespace) -> None:
    rng = random.Random(1)
    chosen = {number: texts[number] for number in rng.sample(sorted(texts), min(asked.queries, len(texts)))}
    share, took = recall(index, mistakes()[change], chosen, rng)
    label = f"{name} ({len(chosen)})"
    print(f"  {label:<64}{100 * share:7.1f}%{np.percentile(took, 95):8.1f}", flush=True)


def _pool(reads: Sequence[dict[str, Any]]) -> Pool:
    pool: Pool = defaultdict(list)
    for row in reads:
        if row["is_made"] and len(row["text"]) == len(row["read"]):
            for true, character in zip(row["text"], _characters(row), strict=True):
                pool[row["set"], true].append(character)
    return pool


def _misread(text: str, pool: Pool, levels: Sequence[str], rng: random.Random) -> PlateRead:
    level = rng.choice(levels)
    said = [rng.choice(pool.get((level, one)) or [Character(((one, 1.0),))]) for one in text]
    return PlateRead("".join(one.choices[0][0] for one in said), 1.0, tuple(said))


def _read(row: dict[str, Any]) -> PlateRead:
    return PlateRead(row["read"], row["confidence"], tuple(_characters(row)))


def _characters(row: dict[str, Any]) -> Iterator[Character]:
    """A chance of float's rounding above 1 is 1."""
    for choices in row["characters"]:
        yield Character(tuple((one, min(1.0, chance)) for one, chance in choices))


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
