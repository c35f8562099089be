"""Train a describer of people or vehicles on all pictures, or on all but one fold, which it is then measured on.

    python -m inference.training.attributes.train PACKS person --start STUDENT.pt --state RUN.pt --seconds 300 \
        [--fold 0 --logits FOLD0.npz] [--stop-after 120]

`--seconds` is the whole run's length, along which the learning rate falls; `--stop-after` ends this call earlier, and
the same command goes on from RUN.pt. With a fold, `pool` makes figures and temperatures of all folds' logits.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inference.training.attributes.augment import augment, resize
from inference.training.attributes.network import BothSides, Network, begin
from inference.training.attributes.pictures import Pictures
from inference.training.loop import Average, TimedRun, set_rate

FOLDS = 5


@dataclass(frozen=True)
class Recipe:
    """Of one kind: the network's trunk, height and width, how strongly pictures are changed, the share of mixed ones.

    With `both_sides` the describer answers with the mean of a picture's and its mirror image's logits.
    """

    trunk: str
    size: tuple[int, int]
    strength: float
    mixed: float
    rate: float = 1.2e-3
    trunk_share: float = 0.5
    decay: float = 0.05
    batch: int = 256
    smoothing: float = 0.05
    hidden_weight: float = 0.5
    warm_up_steps: int = 100
    ema: float = 0.998
    both_sides: bool = False


RECIPES = {
    "person": Recipe("osnet", (256, 128), strength=1.0, mixed=0.3, both_sides=True),
    "vehicle": Recipe("lite", (224, 224), strength=1.5, mixed=0.5, both_sides=True),
}


class Run(TimedRun):
    """A network in training, with all that its state file keeps."""

    def __init__(self, pictures: Pictures, rows: Tensor, recipe: Recipe, *, device: str, start: Path | None) -> None:
        super().__init__(device)
        self.pictures, self.rows, self.recipe = pictures, rows, recipe
        network = Network(pictures.heads, recipe.size, recipe.trunk)
        if start is not None:
            begin(network, start)
        self.network = network.to(device, memory_format=torch.channels_last)
        self.moving = Average(self.network, recipe.ema)
        self.average = self.moving.network
        self.weights = pictures.drawing(rows)
        self.priors = pictures.priors(rows, self.weights)
        self.optimiser = torch.optim.AdamW(self._groups(), weight_decay=recipe.decay, fused=device != "cpu")

    def parts(self) -> dict[str, Any]:
        return {"network": self.network, "ema": self.average, "optimiser": self.optimiser}

    def _groups(self) -> list[dict[str, object]]:
        trunk = {id(parameter) for parameter in self.network.trunk()}
        groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
        for parameter in self.network.parameters():
            groups.setdefault((id(parameter) in trunk, parameter.dim() > 1), []).append(parameter)
        return [
            {
                "params": parameters,
                "share": self.recipe.trunk_share if is_trunk else 1.0,
                **({} if is_matrix else {"weight_decay": 0.0}),
            }
            for (is_trunk, is_matrix), parameters in groups.items()
        ]

    def train_once(self, progress: float) -> dict[str, Tensor]:
        recipe = self.recipe
        set_rate(self.optimiser, recipe.rate, step=self.step, warm_up_steps=recipe.warm_up_steps, progress=progress)
        rows = self.rows[torch.multinomial(self.weights, recipe.batch, replacement=True)]
        others = rows.roll(1)
        changed = augment(self.pictures.tiles[rows], recipe.size, strength=recipe.strength)
        share = self._shares(len(rows))
        changed = changed * share.view(-1, 1, 1, 1) + changed.roll(1, 0) * (1 - share).view(-1, 1, 1, 1)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device != "cpu"):
            logits = self.network(changed.contiguous(memory_format=torch.channels_last))
        both = torch.cat([share, 1 - share])
        loss = self._loss(torch.cat([logits, logits]), torch.cat([rows, others]), both)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self.moving.follow(self.step)
        return {"loss": loss.detach()}

    def _shares(self, count: int) -> Tensor:
        """How much of each picture is its own: all, or, of those that are mixed, a part (Zhang et al., ICLR 2018)."""
        part = torch.distributions.Beta(0.4, 0.4).sample((count,)).to(self.device)
        part = torch.maximum(part, 1 - part)
        return torch.where(torch.rand(count, device=self.device) < self.recipe.mixed, part, torch.ones_like(part))

    def _loss(self, logits: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
        """Sum over heads of the mean over pictures whose label is known of −log p(one of the values it may be)."""
        allowed, priors = self.pictures.allowed[rows], self.priors[self.pictures.sources[rows]]
        total = logits.new_zeros(())
        for head, span in self.pictures.spans().items():
            may, prior = allowed[:, span], priors[:, span]
            known = may.any(1).float() * weights
            chances = (logits[:, span] + prior).log_softmax(1)
            hit = chances.masked_fill(~may, -1e4).logsumexp(1).clamp(min=-50)
            even = (prior.softmax(1) * chances).sum(1)
            loss = -(1 - self.recipe.smoothing) * hit - self.recipe.smoothing * even
            weight = self.recipe.hidden_weight if head.startswith("_") else 1.0
            # Not below a tenth of the batch: heads that are seldom known do not shout.
            total = total + weight * (loss * known).sum() / known.sum().clamp(min=0.1 * self.recipe.batch)
        return total


@torch.no_grad()
def describe(network: Network, pictures: Pictures, rows: Tensor, recipe: Recipe) -> Tensor:
    """Logits N×V of the pictures as they are."""
    answer = describer(network, recipe)
    return torch.cat([answer(resize(pictures.tiles[part], recipe.size)).cpu() for part in rows.split(256)])


def describer(network: Network, recipe: Recipe) -> nn.Module:
    """The network as it is measured and shipped."""
    return (BothSides(network) if recipe.both_sides else network).eval()


def main() -> None:
    options = _options()
    torch.manual_seed(options.seed)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    recipe = replace(RECIPES[options.kind], batch=options.batch)
    pictures = Pictures(options.packs, options.kind, device=options.device, most=options.most)
    train, test = pictures.split(options.fold, FOLDS)
    run = Run(pictures, train, recipe, device=options.device, start=options.start)
    run.restore(options.state)
    run.go(options.seconds, options.stop_after, options.state)
    if options.logits is not None and run.seconds >= options.seconds:
        logits = describe(run.average, pictures, test, recipe).numpy().astype(np.float16)
        np.savez_compressed(options.logits, rows=pictures.numbers[test.cpu().numpy()], logits=logits)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packs", type=Path)
    parser.add_argument("kind", choices=sorted(RECIPES))
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights of the trunk to begin with; random ones without")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="left out of training; none without")
    parser.add_argument("--logits", type=Path, help="where the answers on the fold go")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--stop-after", type=float, default=math.inf)
    parser.add_argument("--batch", type=int, default=Recipe.batch)
    parser.add_argument("--most", type=int, help="use this many pictures only, to try things out")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
