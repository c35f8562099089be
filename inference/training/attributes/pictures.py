"""The packed pictures on the GPU: small tiles, allowed values, sets and how often each is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from inference.training.attributes.folds import Row, fold_of

# A set with fewer labels than this leans on how often values occur in all sets of its family.
PRIOR_PICTURES = 50.0
NEVER = -1e4
# Heads whose values are expected alike in all sets. Many sets hold cars alone, or three bodies, or know eight colours
# of tops, by how they were made; were only these expected there, nothing would speak against the others. A vehicle's
# colour is not shared: in one set only rare ones were read, and it would pay to recognise that set.
SHARED = {"type", "body", "upper_colour", "lower_colour"}


class Pictures:
    """Tiles N×3×H×W uint8, `allowed` N×V bool over all heads, `sources` N, and rows as the table has them."""

    def __init__(self, packs: Path, kind: str, *, device: str, most: int | None = None) -> None:
        table = json.loads((packs / f"{kind}.json").read_text())
        self.heads: dict[str, list[str]] = table["heads"]
        self.rows: list[Row] = [tuple(row) for row in table["rows"]]
        tiles = [_cut(packs / f"{kind}-{number}.webp", table) for number in range(_sheets(table))]
        self.tiles = torch.cat(tiles)[: len(self.rows)]
        # Numbers of the rows in the table: all, unless only some are asked for.
        self.numbers = (
            np.random.default_rng(0).permutation(len(self.rows))[:most] if most else np.arange(len(self.rows))
        )
        self.tiles = self.tiles[torch.from_numpy(self.numbers)].to(device)
        self.rows = [self.rows[number] for number in self.numbers]
        self.allowed = _allowed(self.heads, self.rows).to(device)
        names = sorted({row[0] for row in self.rows})
        self.families = [name.split("-")[0] for name in names] if kind == "person" else [kind] * len(names)
        self.sources = torch.tensor([names.index(row[0]) for row in self.rows], device=device)

    def __len__(self) -> int:
        return len(self.rows)

    def spans(self) -> dict[str, slice]:
        """Where each head's values lie in a row of logits."""
        spans, start = {}, 0
        for head, values in self.heads.items():
            spans[head] = slice(start, start + len(values))
            start += len(values)
        return spans

    def split(self, fold: int | None, folds: int) -> tuple[Tensor, Tensor]:
        """Numbers of the pictures to train and to test on; all and none without a fold."""
        places = fold_of(self.rows, folds)
        is_test = torch.from_numpy(places == fold) if fold is not None else torch.zeros(len(self), dtype=torch.bool)
        device = self.tiles.device
        return (~is_test).nonzero().flatten().to(device), is_test.nonzero().flatten().to(device)

    def drawing(self, rows: Tensor) -> Tensor:
        """How often each of `rows` is to be drawn: more for what is rare, less for one of a person's many pictures."""
        weights, known = torch.zeros(2, len(rows), device=rows.device)
        for head, span in self.spans().items():
            if head.startswith("_"):
                continue
            allowed = self.allowed[rows, span].float()
            is_known = allowed.sum(1) == 1
            counts = allowed[is_known].sum(0).clamp(min=10)
            rarity = (counts.sum() / len(counts) / counts).sqrt().clamp(max=6)
            weights += torch.where(is_known, (allowed * rarity).sum(1), 0.0)
            known += is_known
        identities = [self.rows[row][1] for row in rows.tolist()]
        _names, places, counts = np.unique(identities, return_inverse=True, return_counts=True)
        return weights / known.clamp(min=1) / torch.from_numpy(np.sqrt(counts[places])).to(weights)

    def priors(self, rows: Tensor, weights: Tensor) -> Tensor:
        """Logarithms of how often each value is met in each set while drawing so, S×V; NEVER where it cannot occur.

        Added to the logits in training and left out afterwards, they make the network answer as if all values were
        equally frequent (Menon et al., "Long-tail learning via logit adjustment", ICLR 2021), in each set alike, so
        that it does not pay to recognise the set; heads of `SHARED` are so over all sets together.
        """
        known = self.allowed[rows].float()
        result = torch.full((len(self.families), known.shape[1]), NEVER, device=rows.device)
        for head, span in self.spans().items():
            shares = known[:, span] / known[:, span].sum(1, keepdim=True).clamp(min=1)
            shares = shares * (weights / weights.mean())[:, None]
            everywhere = shares.sum(0) / shares.sum().clamp(min=1e-6)
            for source, family in enumerate(self.families):
                related = [place for place, name in enumerate(self.families) if name == family]
                own = shares[self.sources[rows] == source].sum(0)
                whole = shares[torch.isin(self.sources[rows], torch.tensor(related, device=rows.device))].sum(0)
                whole = whole / whole.sum().clamp(min=1e-6)
                share = (own + PRIOR_PICTURES * whole) / (own.sum() + PRIOR_PICTURES)
                share = everywhere if head in SHARED else share
                result[source, span] = torch.where(share > 0, share.clamp(min=1e-6).log(), NEVER)
        return result


def _sheets(table: dict[str, list[object]]) -> int:
    return -(-len(table["rows"]) // int(str(table["columns"])) ** 2)


def _cut(path: Path, table: dict[str, list[int]]) -> Tensor:
    image = cv2.imread(str(path))
    if image is None:
        raise ValueError(f"{path} is no sheet of pictures.")
    sheet = torch.from_numpy(image).flip(2).permute(2, 0, 1)
    width, height = table["tile"]
    down, across = sheet.shape[1] // height, sheet.shape[2] // width
    tiles = sheet.reshape(3, down, height, across, width).permute(1, 3, 0, 2, 4)
    return tiles.reshape(down * across, 3, height, width).contiguous()


def _allowed(heads: dict[str, list[str]], rows: list[Row]) -> Tensor:
    allowed = torch.zeros(len(rows), sum(map(len, heads.values())), dtype=torch.bool)
    start = 0
    for head, values in heads.items():
        for place, row in enumerate(rows):
            for value in row[3].get(head, ()):
                allowed[place, start + value] = True
        start += len(values)
    return allowed
