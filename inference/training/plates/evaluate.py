"""Measure readers: on a fixed made test set, on real plates by fold, and on what is no plate.

    python -m inference.training.plates.evaluate PACK --made MADE.pt
    python -m inference.training.plates.evaluate PACK --made MADE.pt --state ALL.pt [--folds 0.pt 1.pt …] --out DIR

The made set is drawn on the CPU from one seed, so that it is the same everywhere, and kept in MADE.pt; the first form
does no more than that. It never was in a training batch, whose texts and looks are drawn anew each time. Each real
plate is read by the state that left its fold out. DIR gets `figures.json`, `reads.json` (every real plate: text, read,
confidence, next-best characters) and, over the made set's hard levels, `letters.tsv` (which letter was read as which)
and `confusions.tsv` (the same of all characters, by the reader's chances, as the search of plates takes it).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inference.core.plates.reads import decode_plate
from inference.core.plates.text import PlateRead
from inference.training.plates.compose import Composer
from inference.training.plates.crops import read_pack
from inference.training.plates.distort import CLEAN, Weather, distort
from inference.training.plates.layouts import LAYOUTS
from inference.training.plates.network import READER_SIZE, Reader
from inference.training.plates.scene import seen_in_crops
from inference.training.plates.scores import Score, confusion_table, letter_table, score_of
from inference.training.plates.texts import FOLDS, text_of

SEED, COUNT, CHUNK = 20_261_128, 11_250, 250
SURE = 0.7
Pairs = Counter[tuple[str, str]]
TakenFor = defaultdict[tuple[str, str], float]
Part = tuple[str, Tensor, list[str], list[str]]
SOFT = replace(CLEAN, blur=0.3, noise=0.6, codec=0.6, grey=0.5)
LEVELS: dict[str, Weather] = {
    "clean": CLEAN,
    "24 px": replace(SOFT, heights=((24, 1.0),)),
    "16 px": replace(SOFT, heights=((16, 1.0),)),
    "12 px": replace(SOFT, heights=((12, 1.0),)),
    "night": replace(SOFT, grey=1.0, dark=0.7, glare=0.5, low_contrast=0.5, noise=1.0, heights=((64, 0.5), (32, 0.5))),
    "dirt, rain, movement": replace(SOFT, dirt=1.0, rain=0.3, blur=0.8, shadow=0.4, heights=((64, 0.5), (32, 0.5))),
    "as in training": Weather(),
    "16 px alone": replace(CLEAN, heights=((16, 1.0),)),
    "far away": CLEAN,
}
# At this level each plate has as many pixels as where a long one, 110 mm high, is 16 px high.
FAR, FAR_PX_PER_MM = "far away", 16 / 110
HARD = ("24 px", "16 px", "12 px", "night", "dirt, rain, movement")


@torch.no_grad()
def answers(reader: Reader, pictures: Tensor, device: str, *, batch: int = 512) -> list[PlateRead | None]:
    """Read N×3×64×192 pictures, 0–255."""
    reads: list[PlateRead | None] = []
    for part in pictures.split(batch):
        characters, plate, _looks = reader(part.to(device).float())
        pairs = zip(characters.float().cpu().numpy(), plate.float().cpu().tolist(), strict=True)
        reads += [decode_plate(logits, chance) for logits, chance in pairs]
    return reads


def made_set(pack: Path, *, count: int = COUNT, seed: int = SEED) -> Iterator[Part]:
    """Yield level, N×3×64×192 pictures 0–255, texts and layouts' names, `count` in all, always the same."""
    composer = Composer(pack, "cpu")
    grounds = read_pack(pack, "ground", READER_SIZE, "cpu").pictures
    for number, (level, weather) in enumerate(LEVELS.items()):
        generator = torch.manual_seed(seed + number)
        left = count // len(LEVELS) + (number < count % len(LEVELS))
        while left > 0:
            plates = composer.compose(min(CHUNK, left))
            rows = torch.randint(0, len(grounds), (len(plates.places),), generator=generator)
            crops, _centres, _corners = seen_in_crops(plates, grounds[rows].float() / 255, loose=0.0)
            texts = [text_of(places) for places in plates.places.tolist()]
            seen = far_away(crops, plates.layouts, weather) if level == FAR else distort(crops, weather)
            yield level, seen * 255, texts, [LAYOUTS[kind].name for kind in plates.layouts.tolist()]
            left -= len(texts)


def far_away(crops: Tensor, layouts: Tensor, weather: Weather) -> Tensor:
    """Spoil crops of plates that are as far from the camera as each other, whatever their size."""
    seen = torch.empty_like(crops)
    sizes = [LAYOUTS[kind].size for kind in layouts.tolist()]
    for wide, tall in sorted(set(sizes)):
        rows = torch.tensor([size == (wide, tall) for size in sizes], device=crops.device)
        seen[rows] = distort(crops[rows], weather, pixels=(round(tall * FAR_PX_PER_MM), round(wide * FAR_PX_PER_MM)))
    return seen


def kept_set(pack: Path, path: Path, *, count: int) -> list[Part]:
    """Return the made set from its file, which is written first if it is not there.

    Raises:
        ValueError: The file holds another number of pictures.
    """
    if not path.exists():
        made = [
            (level, (pictures + 0.5).byte(), texts, names)
            for level, pictures, texts, names in made_set(pack, count=count)
        ]
        torch.save(made, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)
    kept: list[Part] = torch.load(path, weights_only=True)
    if (found := sum(len(texts) for _level, _pictures, texts, _names in kept)) != count:
        raise ValueError(f"{path} holds {found} pictures, not {count}.")
    return kept


def measure_made(reader: Reader, made: list[Part], device: str) -> tuple[dict[str, Any], Pairs, TakenFor]:
    """Give the shares, and of the hard levels the pairs of true and read letters, and what all characters were taken
    for."""
    by_level: dict[str, list[Score]] = defaultdict(list)
    by_layout: dict[str, list[Score]] = defaultdict(list)
    letters, characters = Pairs(), TakenFor(float)
    for level, pictures, texts, layouts in made:
        reads = answers(reader, pictures, device)
        for text, read, layout in zip(texts, reads, layouts, strict=True):
            score = score_of(text, read)
            by_level[level].append(score)
            by_layout[f"{layout} | {level}"].append(score)
            if level in HARD:
                letters.update([score.letters] if score.letters else [])
                for pair, chance in score.characters.items():
                    characters[pair] += chance
    return {"levels": _shares(by_level), "layouts": _shares(by_layout)}, letters, characters


def measure_real(readers: dict[int, Reader], pack: Path, device: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read each real plate by the reader of its fold."""
    scores: dict[str, list[Score]] = defaultdict(list)
    lines = []
    for fold, reader in readers.items():
        real = read_pack(pack, "real", READER_SIZE, device, keep=lambda row, fold=fold: row["fold"] == fold)  # type: ignore[misc]
        for row, read in zip(real.rows, answers(reader, real.pictures, device), strict=True):
            scores[row["set"]].append(score_of(row["text"], read))
            lines.append({**row, "read": read and read.text, "confidence": read and round(read.confidence, 4)})
            lines[-1]["characters"] = [character.choices for character in read.characters] if read else []
    return _shares(scores), lines


def measure_nothing(reader: Reader, pack: Path, device: str) -> dict[str, Any]:
    nothing = read_pack(pack, "nothing", READER_SIZE, device)
    reads = answers(reader, nothing.pictures, device)
    sure = [read is not None and read.confidence >= SURE for read in reads]
    by_set = Counter(row["set"] for row, is_sure in zip(nothing.rows, sure, strict=True) if is_sure)
    return {
        "pictures": len(reads),
        "read as plates": sum(read is not None for read in reads),
        f"with confidence from {SURE}": sum(sure),
        "of them, by set": by_set,
    }


def load_reader(path: Path, device: str) -> tuple[Reader, str]:
    """Return the averaged reader of a state file, and the fold that it left out."""
    state = torch.load(path, map_location=device, weights_only=True)
    reader = Reader().to(device).eval()
    reader.load_state_dict(state["ema"])
    return reader, state["fold"]


def _shares(scores: dict[str, list[Score]]) -> dict[str, Any]:
    return {
        name: {
            "plates": len(found),
            "right": float(np.mean([score.is_right for score in found])),
            "right without region": float(np.mean([score.is_bare_right for score in found])),
            "sure but wrong": float(np.mean([score.is_wrong_at(SURE) for score in found])),
            "sure": float(np.mean([score.confidence >= SURE for score in found])),
        }
        for name, found in sorted(scores.items())
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--made", type=Path, required=True, help="where the made set is kept")
    parser.add_argument("--state", type=Path, help="the reader for the made set and for no plates")
    parser.add_argument("--folds", type=Path, nargs="*", default=[], help="readers that left one fold out each")
    parser.add_argument("--out", type=Path, default=Path("figures"))
    parser.add_argument("--count", type=int, default=COUNT, help="pictures of the made set")
    options = parser.parse_args()
    made = kept_set(options.pack, options.made, count=options.count)
    if options.state is not None:
        report(made, options)


def report(made: list[Part], options: argparse.Namespace) -> None:
    """Measure, write the four files, and print the figures without those of single layouts."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.out.mkdir(parents=True, exist_ok=True)
    reader, fold = load_reader(options.state, device)
    on_made, letters, characters = measure_made(reader, made, device)
    figures = {"made": on_made, "nothing": measure_nothing(reader, options.pack, device)}
    readers = {int(left_out): found for found, left_out in (load_reader(path, device) for path in options.folds)}
    if fold == "none":
        readers = readers or dict.fromkeys(range(FOLDS), reader)
    figures["real"], lines = measure_real(readers, options.pack, device)
    (options.out / "figures.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1))
    (options.out / "reads.json").write_text(json.dumps(lines, ensure_ascii=False))
    (options.out / "letters.tsv").write_text(letter_table(letters))
    (options.out / "confusions.tsv").write_text(confusion_table(characters))
    shown = {"levels": on_made["levels"], "nothing": figures["nothing"], "real": figures["real"]}
    for part, rows in shown.items():
        print(part, *(f"  {name}: {_said(row)}" for name, row in rows.items()), sep="\n")


def _said(row: Any) -> str:
    if not isinstance(row, dict):
        return str(row)
    return ", ".join(f"{name} {value:.4g}" for name, value in row.items())


if __name__ == "__main__":
    main()
