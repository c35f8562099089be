"""Train the plate finder: plates pasted into pictures of vehicles in perspective, and real frames with known corners.

    python -m inference.training.plates.finder PACK --state FINDER.pt --minutes 3 [--start W.pt] [--fold 0]

`--fold` is the fold of real frames that is left out and measured on, `none` trains on no real frame and measures on
all, `all` trains on all. A plate is a hill of heat
at its middle (Zhou et al. 2019, Objects as Points) and eight distances to its corners. Lane cameras' frames have a box
with a margin in place of corners: their heat alone is learnt.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.training.loop import Average, TimedRun, decay_groups, set_rate
from inference.training.plates.compose import Composer
from inference.training.plates.crops import Packed, is_trained_on, read_pack, refuse_another_fold
from inference.training.plates.deck import Deck
from inference.training.plates.distort import Weather, distort
from inference.training.plates.network import FINDER_MAP, FINDER_SIZE, Finder
from inference.training.plates.scene import SQUARE, warped

WEATHER = Weather(0.05, 0.2, 0.15, 0.05, 0.35, 0.3, 0.2, 0.08, 0.1, 0, 0.5, 0.5, ((64, 0.6), (48, 0.2), (32, 0.2)))
# How wide a plate is, as a share of the picture, and how much smaller its canvas is made first, against aliasing.
WIDTHS = ((0.09, 0.18, 6), (0.14, 0.35, 4), (0.3, 0.7, 2))


@dataclass(frozen=True)
class Recipe:
    rate: float = 2e-3
    made: int = 144
    plain: int = 24
    real: int = 24
    night: float = 0.3
    corners: float = 0.5
    warm_up_steps: int = 100
    ema: float = 0.998
    reuse: int = 3
    at_once: int = 4


@dataclass
class Scenes:
    """N×3×192×192 pictures 0–255; N×4×2 corners as shares, NaN where there is none; N whether they are exact."""

    pictures: Tensor
    corners: Tensor
    is_exact: Tensor


class Batches:
    """Makes batches on the device."""

    def __init__(self, pack: Path, recipe: Recipe, device: str, *, fold: str) -> None:
        self.recipe, self.device = recipe, device
        self.composer = Composer(pack, device)
        self.vehicles = read_pack(pack, "vehicle", FINDER_SIZE, device).pictures
        self.real = read_pack(pack, "framed", FINDER_SIZE, device, keep=lambda row: is_trained_on(row, fold))
        self.kept = read_pack(pack, "framed", FINDER_SIZE, device, keep=lambda row: not is_trained_on(row, fold))

    def draw(self) -> Scenes:
        times = self.recipe.at_once
        parts = [self.made(self.recipe.made * times), self.plain(self.recipe.plain * times)]
        if len(self.real):
            parts.append(self.real_ones(self.recipe.real * times))
        return Scenes(
            *(torch.cat(field) for field in zip(*((p.pictures, p.corners, p.is_exact) for p in parts), strict=True))
        )

    def made(self, count: int) -> Scenes:
        """Paste plates of three ranges of width: mostly low in the picture's middle, where cars carry them."""
        parts = [self._pasted(count // len(WIDTHS), *widths) for widths in WIDTHS]
        pictures, corners = (torch.cat(part) for part in zip(*parts, strict=True))
        pictures = distort(pictures, WEATHER) * 255
        return Scenes(pictures, corners, torch.ones(len(corners), dtype=torch.bool, device=self.device))

    def plain(self, count: int) -> Scenes:
        """Grounds without any plate: upper halves of vehicles, where foreign plates are not."""
        upper = self._vehicles(count)[:, :, : FINDER_SIZE[0] // 2]
        pictures = F.interpolate(upper, FINDER_SIZE, mode="bilinear", align_corners=False)
        none = torch.full((count, 4, 2), torch.nan, device=self.device)
        return Scenes(distort(pictures, WEATHER) * 255, none, torch.zeros(count, dtype=torch.bool, device=self.device))

    def real_ones(self, count: int) -> Scenes:
        """Real frames, cut a little differently each time."""
        rows = torch.randint(0, len(self.real), (count,), device=self.device)
        corners, is_exact = known_corners(self.real, self.device)
        scale = torch.empty(count, 1, 2, device=self.device).uniform_(0.6, 1.05)
        middle = corners[rows].mean(1, keepdim=True)
        start = (middle - scale * torch.empty_like(scale).uniform_(0.25, 0.75)).clamp(min=-0.05)
        start = torch.minimum(start, 1.05 - scale)
        y, x = torch.meshgrid(*(torch.linspace(0, 1, side, device=self.device) for side in FINDER_SIZE), indexing="ij")
        grid = (torch.stack([x, y], -1)[None] * scale[:, :, None] + start[:, :, None]) * 2 - 1
        pictures = F.grid_sample(
            self.real.pictures[rows].float() / 255, grid, align_corners=False, padding_mode="border"
        )
        return Scenes(distort(pictures, WEATHER) * 255, (corners[rows] - start) / scale, is_exact[rows])

    def _pasted(self, count: int, least: float, most: float, shrink: int) -> tuple[Tensor, Tensor]:
        plates = self.composer.compose(count)
        canvas = F.avg_pool2d(plates.pictures, shrink)
        size = self.composer.tables["sizes"][plates.layouts]
        corners = pasted_corners(size[:, 1] / size[:, 0], least, most)
        seen, _matrices = warped(canvas, corners, FINDER_SIZE)
        grounds = self._vehicles(count)
        light = 0.5 + grounds.mean((1, 2, 3), keepdim=True)
        # At night little but what the camera's own lamp meets is bright, and often not even that.
        is_night = torch.rand_like(light) < self.recipe.night
        grounds = torch.where(is_night, grounds * torch.empty_like(light).uniform_(0.02, 0.4), grounds)
        light = torch.where(is_night, torch.empty_like(light).uniform_(0.05, 1.0), light)
        return grounds * (1 - seen[:, 3:]) + (seen[:, :3] * light).clamp(max=1), corners

    def _vehicles(self, count: int) -> Tensor:
        rows = torch.randint(0, len(self.vehicles), (count,), device=self.device)
        pictures = self.vehicles[rows].float() / 255
        return torch.where(torch.rand(count, 1, 1, 1, device=self.device) < 0.5, pictures.flip(3), pictures)


def pasted_corners(ratio: Tensor, least: float, most: float) -> Tensor:
    """N×4×2 corners of plates whose height is `ratio` of their width, turned and seen from a side, as shares."""
    count, device = len(ratio), ratio.device
    wide = torch.empty(count, 1, device=device).uniform_(math.log(least), math.log(most)).exp()
    x, y = (torch.tensor(SQUARE, device=device) - 0.5).unbind(1)
    aside = torch.empty(count, 1, device=device).uniform_(0.55, 1.0)
    lean = torch.empty(count, 2, 1, device=device).uniform_(-0.3, 0.3)
    depth = 1 + lean[:, 0] * x + lean[:, 1] * y
    x, y = x * wide * aside / depth, y * wide * ratio[:, None] / depth
    y = y + x * torch.empty(count, 1, device=device).normal_(0, 0.15)
    angle = torch.empty(count, 1, device=device).normal_(0, math.radians(6))
    corners = torch.stack([x * angle.cos() - y * angle.sin(), y * angle.cos() + x * angle.sin()], 2)
    half = corners.abs().amax(1) + 0.01
    middle = torch.stack(
        [torch.empty(count, device=device).normal_(0.5, 0.18), torch.empty(count, device=device).normal_(0.68, 0.16)], 1
    )
    return corners + torch.minimum(torch.maximum(middle, half), 1 - half)[:, None]


def targets(scenes: Scenes) -> tuple[Tensor, Tensor, Tensor]:
    """N×48×48 heat (1 in the cell of the middle, a hill around it), and N flat numbers of that cell, N×8 corners."""
    height, width = FINDER_MAP
    cells = scenes.corners.nan_to_num(-9) * scenes.corners.new_tensor([width, height])
    middle = cells.mean(1)
    column, row = middle[:, 0].floor().clamp(0, width - 1), middle[:, 1].floor().clamp(0, height - 1)
    spread = (cells.amax(1) - cells.amin(1)).clamp(min=2) / 7
    y = torch.arange(height, device=cells.device).view(1, -1, 1)
    x = torch.arange(width, device=cells.device).view(1, 1, -1)
    far = ((x - column.view(-1, 1, 1)) / spread[:, 0].view(-1, 1, 1)) ** 2
    far = far + ((y - row.view(-1, 1, 1)) / spread[:, 1].view(-1, 1, 1)) ** 2
    heat = torch.exp(-far / 2) * (~scenes.corners[:, 0, 0].isnan()).view(-1, 1, 1)
    offsets = cells - torch.stack([column, row], 1)[:, None] - 0.5
    return heat, (row * width + column).long(), offsets.flatten(1)


def losses_of(seen: tuple[Tensor, Tensor], scenes: Scenes, recipe: Recipe) -> dict[str, Tensor]:
    heat, found = seen[0].float(), seen[1].float()
    wanted, cell, offsets = targets(scenes)
    is_there = wanted == 1
    chance = heat.sigmoid()
    hit = F.logsigmoid(heat) * (1 - chance) ** 2 * is_there
    miss = F.logsigmoid(-heat) * chance**2 * (1 - wanted) ** 4 * ~is_there
    at = found.flatten(2).gather(2, cell.view(-1, 1, 1).expand(-1, 8, 1))[..., 0]
    wide = (offsets.view(-1, 4, 2).amax(1) - offsets.view(-1, 4, 2).amin(1)).amax(1).clamp(min=2)
    off = (at - offsets).abs().mean(1) / wide * 10 * scenes.is_exact
    return {
        "heat": -(hit.sum() + miss.sum()) / is_there.sum().clamp(min=1),
        "corners": recipe.corners * off.sum() / scenes.is_exact.sum().clamp(min=1),
    }


def best_of(heat: Tensor, found: Tensor) -> tuple[Tensor, Tensor]:
    """N chances and N×4×2 corners as shares of the picture, of the hottest cell of each."""
    score, cell = heat.flatten(1).sigmoid().max(1)
    offsets = found.flatten(2).gather(2, cell.view(-1, 1, 1).expand(-1, 8, 1))[..., 0].view(-1, 4, 2)
    height, width = FINDER_MAP
    place = torch.stack([cell % width, cell // width], 1)[:, None] + 0.5
    return score, (offsets + place) / offsets.new_tensor([width, height])


def known_corners(real: Packed, device: str) -> tuple[Tensor, Tensor]:
    corners = torch.tensor([row["corners"] for row in real.rows], device=device)
    return corners, torch.tensor([row["exact"] for row in real.rows], device=device)


class Run(TimedRun):
    """A finder in training, with all that its state file keeps."""

    tell_every_s = 30.0

    def __init__(self, batches: Batches, options: Any) -> None:
        super().__init__(batches.device)
        self.batches, self.recipe, self.fold = batches, batches.recipe, options.fold
        self.deck = Deck(batches.draw, reuse=self.recipe.reuse, at_once=self.recipe.at_once)
        self.finder = Finder().to(batches.device, memory_format=torch.channels_last)
        if options.start is not None:
            state = torch.load(options.start, map_location=batches.device, weights_only=True)
            self.finder.load_state_dict(state["ema"])
        self.moving = Average(self.finder, self.recipe.ema)
        self.average = self.moving.network.eval()
        self.optimiser = torch.optim.AdamW(decay_groups(self.finder), lr=self.recipe.rate)

    def train_once(self, progress: float) -> dict[str, Tensor]:
        warm_up_steps = self.recipe.warm_up_steps
        set_rate(
            self.optimiser, self.recipe.rate, step=self.step, warm_up_steps=warm_up_steps, progress=progress, last=0.01
        )
        scenes = self.deck.deal()
        self.finder.train()
        pictures = scenes.pictures.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cuda", torch.bfloat16, enabled=pictures.is_cuda):
            seen = self.finder(pictures)
        losses = losses_of(seen, scenes, self.recipe)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(self.finder.parameters(), 2.0)
        self.optimiser.step()
        self.step += 1
        self.moving.follow(self.step)
        return {name: loss.detach() for name, loss in losses.items()}

    @torch.no_grad()
    def findings(self) -> list[str]:
        made = self.batches.made(144)
        words = [f"made: {measure(self.average, made)}"]
        for name, real in (("real", self.batches.kept), ("real, trained on", self.batches.real)):
            if len(real):
                corners, is_exact = known_corners(real, self.batches.device)
                words.append(f"{name}: {measure(self.average, Scenes(real.pictures.float(), corners, is_exact))}")
        return words

    def parts(self) -> dict[str, Any]:
        return {"finder": self.finder, "ema": self.average, "optimiser": self.optimiser}

    def notes(self) -> dict[str, Any]:
        return {"fold": self.fold}

    def take(self, state: dict[str, Any], path: Path) -> None:
        refuse_another_fold(state, self.fold, path)


@torch.no_grad()
def measure(finder: nn.Module, scenes: Scenes) -> str:
    """Say how often the hottest place is in the plate, and how far exact corners are off, in shares of the width."""
    score, corners = best_of(*finder(scenes.pictures))
    middle, low, high = corners.mean(1), scenes.corners.amin(1), scenes.corners.amax(1)
    is_in = ((middle > low) & (middle < high)).all(1)
    wide = (high - low)[:, 0]
    off = (corners - scenes.corners).norm(dim=2).mean(1) / wide
    exact = off[is_in & scenes.is_exact]
    middle_off = float(exact.median()) if len(exact) else math.nan
    return f"found {float(is_in.float().mean()):.3f} (score {float(score.mean()):.2f}), corners off by {middle_off:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--stop-after", type=float, default=math.inf)
    parser.add_argument("--start", type=Path, help="a state file whose weights to begin with")
    parser.add_argument("--fold", default="none", choices=["none", "all", *"01234"])
    parser.add_argument("--seed", type=int, default=1)
    for name, field in Recipe.__dataclass_fields__.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(field.default), default=field.default)
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(options.seed + int(time.time()) % 100_000)  # other batches when gone on with
    torch.backends.cudnn.allow_tf32 = True
    recipe = Recipe(**{name: getattr(options, name) for name in Recipe.__dataclass_fields__})
    run = Run(Batches(options.pack, recipe, device, fold=options.fold), options)
    run.restore(options.state)
    run.go(options.minutes * 60, options.stop_after * 60, options.state)


if __name__ == "__main__":
    main()
