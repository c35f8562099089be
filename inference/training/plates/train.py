"""Train the plate reader on plates made as it goes, and on real ones.

    python -m inference.training.plates.train PACK --state RUN.pt --minutes 5 [--stop-after 2] [--start W.pt …]

`--minutes` is the whole run's length, along which the learning rate falls; `--stop-after` ends this call earlier, and
the same command goes on from RUN.pt. `--fold` is the fold of real plates that is left out, `all` leaves none out and
`none` trains on no real plate.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.training.loop import Average, TimedRun, decay_groups, set_rate
from inference.training.plates.compose import Composer
from inference.training.plates.crops import REAL_SIZE, is_trained_on, read_pack, refuse_another_fold
from inference.training.plates.deck import Deck
from inference.training.plates.distort import Weather, distort
from inference.training.plates.network import READER_MAP, READER_SIZE, Reader
from inference.training.plates.scene import SQUARE, homography, project, seen_in_crops, signs
from inference.training.plates.texts import EMPTY, PLACES, places_of

# What is small is mostly far away in fair weather, so half of the fair ones are.
FAR = ((64, 0.3), (48, 0.1), (32, 0.13), (24, 0.14), (20, 0.12), (16, 0.15), (12, 0.06))
GENTLE = Weather(0.05, 0.1, 0.1, 0.03, 0.4, 0.25, 0.08, 0.05, 0.1, 0.02, 0.3, 0.3, FAR)

# What is not fair: lane cameras' nights are darker and flatter than the test set's common weather.
HARSH = Weather(grey=0.55, dark=0.25, low_contrast=0.3)


@dataclass(frozen=True)
class Recipe:
    """How many of what are in a batch, and what is weighed how.

    `fair` is the share of made plates that are seen in fair weather, `loose` that of coarse crops: most real plates are
    far better to see than the worst that the others are spoilt to. `reuse` is how often each picture is trained on,
    `at_once` for how many batches pictures are drawn together.
    """

    rate: float = 2e-3
    plates: int = 768
    real: int = 64
    nothing: int = 192
    shows: int = 2
    fair: float = 0.5
    loose: float = 0.4
    looks: float = 0.3
    plate: float = 1.0
    warm_up_steps: int = 200
    ema: float = 0.999
    reuse: int = 3
    at_once: int = 4


@dataclass
class Batch:
    """N×3×64×192 pictures 0–255; N×10 places; N whether there is a plate; N×10×2 middles, NaN where not known."""

    pictures: Tensor
    places: Tensor
    is_plate: Tensor
    centres: Tensor


class Batches:
    """Makes batches on the device."""

    def __init__(self, pack: Path, recipe: Recipe, device: str, *, fold: str) -> None:
        self.recipe, self.device = recipe, device
        self.composer = Composer(pack, device, is_training=True)
        self.grounds = read_pack(pack, "ground", READER_SIZE, device).pictures
        self.real = read_pack(pack, "real", REAL_SIZE, device, keep=lambda row: is_trained_on(row, fold))
        self.texts = torch.tensor([places_of(row["text"]) for row in self.real.rows], device=device).view(-1, PLACES)

    def draw(self) -> Batch:
        times = self.recipe.at_once
        parts = [self.made(self.recipe.plates * times, self.recipe.shows), self.nothing(self.recipe.nothing * times)]
        if len(self.real) and self.recipe.real:
            parts.append(self.real_ones(self.recipe.real * times))
        fields = zip(*((part.pictures, part.places, part.is_plate, part.centres) for part in parts), strict=True)
        return Batch(*(torch.cat(field) for field in fields))

    def made(self, count: int, shows: int = 1) -> Batch:
        """`count` pictures of made plates, each plate shown in `shows` scenes."""
        plates = self.composer.compose(-(-count // shows))
        rows = torch.arange(count, device=self.device) % len(plates.places)
        for name in ("pictures", "places", "centres", "layouts"):
            setattr(plates, name, getattr(plates, name)[rows])
        crops, centres, _corners = seen_in_crops(plates, self._grounds(count), loose=self.recipe.loose)
        centres = torch.where((plates.places != EMPTY)[..., None], centres, torch.nan)
        fair = round(count * self.recipe.fair)
        spoilt = torch.cat([distort(crops[:fair], GENTLE), distort(crops[fair:], HARSH)])
        return Batch(spoilt * 255, plates.places, torch.ones_like(rows).bool(), centres)

    def nothing(self, count: int) -> Batch:
        pictures = distort(signs(self.composer, count, self._grounds(count))) * 255
        places = torch.full((count, PLACES), EMPTY, device=self.device)
        return Batch(pictures, places, places[:, 0] < 0, torch.full((count, PLACES, 2), torch.nan, device=self.device))

    def real_ones(self, count: int) -> Batch:
        rows = torch.randint(0, len(self.real), (count,), device=self.device)
        corners = torch.tensor(SQUARE, device=self.device).expand(count, 4, 2)
        moved = corners + torch.empty_like(corners).uniform_(-0.06, 0.06) + _shift(count, self.device)
        pictures = F.grid_sample(
            self.real.pictures[rows].float() / 255, _grid(corners, moved), align_corners=False, padding_mode="border"
        )
        unknown = torch.full((count, PLACES, 2), torch.nan, device=self.device)
        return Batch(distort(pictures, GENTLE) * 255, self.texts[rows], torch.ones_like(rows).bool(), unknown)

    def _grounds(self, count: int) -> Tensor:
        rows = torch.randint(0, len(self.grounds), (count,), device=self.device)
        pictures = self.grounds[rows].float() / 255
        return torch.where(torch.rand(count, 1, 1, 1, device=self.device) < 0.5, pictures.flip(3), pictures)


class Run(TimedRun):
    """A reader in training, with all that its state file keeps."""

    tell_every_s = 30.0

    def __init__(self, batches: Batches, options: Any) -> None:
        super().__init__(batches.device)
        self.batches, self.recipe, self.fold = batches, batches.recipe, options.fold
        self.deck = Deck(batches.draw, reuse=self.recipe.reuse, at_once=self.recipe.at_once, depth=12)
        self.reader = Reader().to(batches.device, memory_format=torch.channels_last)
        if options.start:
            self.reader.load_state_dict(mean_of(options.start))
        # A quarter less time a step on an H200: normalisation and activation in one pass.
        self.look = torch.compile(self.reader, dynamic=False) if batches.device == "cuda" else self.reader
        self.moving = Average(self.reader, self.recipe.ema)
        self.average = self.moving.network.eval()
        self.optimiser = torch.optim.AdamW(decay_groups(self.reader), lr=self.recipe.rate)

    def train_once(self, progress: float) -> dict[str, Tensor]:
        warm_up_steps = self.recipe.warm_up_steps
        set_rate(
            self.optimiser, self.recipe.rate, step=self.step, warm_up_steps=warm_up_steps, progress=progress, last=0.01
        )
        batch = self.deck.deal()
        self.reader.train()
        pictures = batch.pictures.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cuda", torch.bfloat16, enabled=pictures.is_cuda):
            seen = self.look(pictures)
        losses = losses_of(seen, batch, self.recipe)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(self.reader.parameters(), 2.0)
        self.optimiser.step()
        self.step += 1
        self.moving.follow(self.step)
        return {name: loss.detach() for name, loss in losses.items()}

    @torch.no_grad()
    def findings(self) -> list[str]:
        batch = self.batches.made(256)
        characters, plate, _looks = self.average(batch.pictures)
        right = ((characters.argmax(2) == batch.places).all(1) & (plate > 0)).float().mean()
        nothing = self.batches.nothing(256)
        false = (self.average(nothing.pictures)[1] > 0).float().mean()
        return [f"right {float(right):.3f}", f"false plates {float(false):.3f}"]

    def parts(self) -> dict[str, Any]:
        return {"reader": self.reader, "ema": self.average, "optimiser": self.optimiser}

    def notes(self) -> dict[str, Any]:
        return {"fold": self.fold}

    def take(self, state: dict[str, Any], path: Path) -> None:
        refuse_another_fold(state, self.fold, path)


def mean_of(paths: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of the averaged weights of state files; runs that began alike can be one network so (Wortsman et al.,
    "Model soups", ICML 2022)."""
    states = [torch.load(path, map_location="cpu", weights_only=True)["ema"] for path in paths]
    return {
        name: torch.stack([state[name].float() for state in states]).mean(0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }


def losses_of(seen: tuple[Tensor, Tensor, Tensor], batch: Batch, recipe: Recipe) -> dict[str, Tensor]:
    """Cross-entropy of the characters and of the plate, and how far each question looked beside its character."""
    characters, plate, looks = (part.float() for part in seen)
    by_place = F.cross_entropy(characters.transpose(1, 2), batch.places, reduction="none").mean(1)
    weights = torch.where(batch.is_plate, 1.0, 0.2)
    known = ~batch.centres[..., 0].isnan()
    aimed = -(aims(batch.centres) * (looks + 1e-6).log()).sum(2)
    return {
        "characters": (by_place * weights).mean(),
        "plate": recipe.plate * F.binary_cross_entropy_with_logits(plate, batch.is_plate.float()),
        "looks": recipe.looks * torch.where(known, aimed, 0).sum() / known.sum().clamp(min=1),
    }


def aims(centres: Tensor) -> Tensor:
    """N×10×384: where each question should look, a small round hill over its character's middle."""
    height, width = READER_MAP
    y = (torch.arange(height, device=centres.device) + 0.5).view(1, 1, -1, 1)
    x = (torch.arange(width, device=centres.device) + 0.5).view(1, 1, 1, -1)
    at = centres.nan_to_num(0.5)[..., None, None]
    far = ((x - at[:, :, 0] * width) / 1.5) ** 2 + (y - at[:, :, 1] * height) ** 2
    return (-far / 2).flatten(2).softmax(2)


def _shift(count: int, device: str) -> Tensor:
    return torch.empty(count, 1, 2, device=device).uniform_(-0.04, 0.04)


def _grid(source: Tensor, target: Tensor) -> Tensor:
    """Sample so that what lay at `target` comes to lie at `source`."""
    height, width = READER_SIZE
    y, x = torch.meshgrid(
        (torch.arange(height, device=source.device) + 0.5) / height,
        (torch.arange(width, device=source.device) + 0.5) / width,
        indexing="ij",
    )
    points = torch.stack([x, y], -1).reshape(1, -1, 2).expand(len(source), -1, -1)
    return project(points, homography(source, target)).view(-1, height, width, 2) * 2 - 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--start", type=Path, nargs="+", help="state files with whose weights, averaged, to begin")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--stop-after", type=float, default=math.inf)
    parser.add_argument("--fold", default="none", choices=["none", "all", *"01234"])
    parser.add_argument("--seed", type=int, default=1)
    for name, field in Recipe.__dataclass_fields__.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(field.default), default=field.default)
    return parser.parse_args()


def main() -> None:
    options = _options()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(options.seed + int(time.time()) % 100_000)  # other batches when gone on with
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    recipe = Recipe(**{name: getattr(options, name) for name in Recipe.__dataclass_fields__})
    run = Run(Batches(options.pack, recipe, device, fold=options.fold), options)
    run.restore(options.state)
    run.go(options.minutes * 60, options.stop_after * 60, options.state)


if __name__ == "__main__":
    main()
