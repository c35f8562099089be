"""Train the vehicle network: pictures of one vehicle in two cameras, or of one track, belong together.

    python -m inference.training.vehicles.train PACKS --start base.pt --out DIR --fold 0    measure on a fifth
    python -m inference.training.vehicles.train PACKS --start base.pt --out DIR             all data, ONNX

The run ends after `--steps`, or after `--seconds` where that comes first; the learning rate falls along whichever is
further. `inference.training.vehicles.folds` puts the folds' figures together.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from inference.training.loop import Average, decay_groups, set_rate
from inference.training.reid.augment import augment
from inference.training.reid.crops import Crops
from inference.training.reid.evaluate import embed
from inference.training.reid.export import write
from inference.training.reid.ir import IrNetwork
from inference.training.reid.network import channels_last, load_student, origin_of
from inference.training.vehicles.folds import FOUR_WHEELERS, LABELLED, answer, deal, describe, kind_of
from inference.training.vehicles.negatives import may_be_one

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """How much of what is in a batch, and how its losses are weighed.

    `cars`, `bikes`, `tracks` are identities, each in `pictures` pictures; `others` unlabelled pictures are each seen in
    two views. `scale` and `margin` are those of CosFace (Wang et al. 2018), `temperature` that of the contrastive loss.
    `anchor` draws every picture to the teacher's view of it, if a teacher is given.
    """

    cars: int = 14
    bikes: int = 9
    tracks: int = 9
    pictures: int = 4
    others: int = 24
    rate: float = 8e-4
    identity: float = 1.0
    contrast: float = 1.0
    anchor: float = 1.0
    scale: float = 24.0
    margin: float = 0.25
    temperature: float = 0.07
    warm_up_steps: int = 40
    ema: float = 0.99


class Vehicles:
    """The packed crops, the names in their table, and which of them may be trained on.

    Attributes:
        labels: N class numbers; unlabelled and held-out pictures have -1.
        held: N booleans: crops of the fold that is measured.
        unsure: (C+1)×(C+1) booleans: two classes that may be one vehicle; the last stands for no class.
    """

    def __init__(self, packs: Path, *, size: int, fold: int | None) -> None:
        self.crops = Crops(packs, None, size=(size, size))
        rows = [row for table in sorted(packs.glob("crops-*.json")) for row in json.loads(table.read_text())]
        self.source, self.identity, self.camera = (np.array([row[place] or "" for row in rows]) for place in range(3))
        fold_of = deal(self.identity[self.source == LABELLED].tolist())
        self.held = (self.source == LABELLED) & np.array([fold_of.get(name) == fold for name in self.identity])
        names = np.char.add(np.char.add(self.source, "/"), self.identity)
        known = (self.identity != "") & ~self.held
        self.classes, numbers = np.unique(names[known], return_inverse=True)
        self.labels = np.full(len(names), -1)
        self.labels[known] = numbers
        self.unsure = torch.from_numpy(
            may_be_one(self.classes.tolist(), json.loads((packs / "apart.json").read_text()))
        )

    @property
    def measured(self) -> Rows:
        """Rows of all two-camera crops, held out or not."""
        return np.flatnonzero(self.source == LABELLED)


class Batches:
    """Draws rows: identities of each group with pictures of both cameras, and pictures for variety, twice each."""

    def __init__(self, vehicles: Vehicles, recipe: Recipe, *, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._pictures = recipe.pictures
        self._camera = vehicles.camera
        self._others, self._other_count = np.flatnonzero(vehicles.identity == ""), recipe.others
        self._members = [np.flatnonzero(vehicles.labels == label) for label in range(len(vehicles.classes))]
        groups = np.array([_group(name) for name in vehicles.classes])
        wanted = {"cars": recipe.cars, "bikes": recipe.bikes, "tracks": recipe.tracks}
        self._groups = [(np.flatnonzero(groups == name), count) for name, count in wanted.items()]

    def draw(self) -> Rows:
        """Return the rows of one batch, in random order, so that neighbours (which cover each other) are strangers."""
        parts = []
        for labels, count in self._groups:
            chosen = self._random.choice(labels, min(count, len(labels)), replace=False)
            parts += [self._of(self._members[label]) for label in chosen]
        if len(self._others):
            chosen = self._random.choice(self._others, min(self._other_count, len(self._others)), replace=False)
            parts += [chosen, chosen]
        return self._random.permutation(np.concatenate(parts))

    def _of(self, members: Rows) -> Rows:
        rows = self._random.permutation(members)
        # One of each camera first: a match across cameras is what is to be learnt.
        _cameras, first = np.unique(self._camera[rows], return_index=True)
        rows = np.concatenate([rows[np.sort(first)], np.delete(rows, first)])
        return np.resize(rows[: self._pictures], self._pictures)


def _group(name: str) -> str:
    source, identity = name.split("/")
    if source != LABELLED:
        return "tracks"
    return "cars" if kind_of(identity) in FOUR_WHEELERS else "bikes"


def contrast(features: Tensor, rows: Tensor, labels: Tensor, unsure: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive loss (Khosla et al. 2020) in which uncertain pairs count neither way.

    A labelled picture's own other view is left out, so that what is drawn together is another picture, of the other
    camera where there is one. An unlabelled picture has nothing but its own other view.

    Args:
        features: N×D of unit length.
        rows: N numbers of the pictures.
        labels: N classes; -1 for none.
        unsure: (C+1)×(C+1) booleans.
    """
    same_picture = rows[:, None] == rows[None, :]
    itself = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    is_labelled = labels >= 0
    left_out = itself | (same_picture & is_labelled[:, None]) | unsure[labels][:, labels]
    same_label = (labels[:, None] == labels[None, :]) & is_labelled[:, None]
    same = (same_label | same_picture) & ~left_out
    chances = (features @ features.T / temperature).masked_fill(left_out, -1e4).log_softmax(1)
    each = -(chances * same).sum(1) / same.sum(1).clamp(min=1)
    return each.sum() / same.any(1).sum().clamp(min=1)


class Run:
    """A network in training, its moving average, and the centres of the classes."""

    def __init__(self, vehicles: Vehicles, recipe: Recipe, options: argparse.Namespace) -> None:
        self.recipe, self.vehicles, self.device = recipe, vehicles, options.device
        self.batches = Batches(vehicles, recipe, seed=options.seed)
        self.labels = torch.from_numpy(vehicles.labels).to(self.device)
        self.unsure = vehicles.unsure.to(self.device)
        self.start = load_student(options.start, size=(options.size, options.size)).to(self.device)
        self.student = channels_last(copy.deepcopy(self.start))
        self.moving = Average(self.student, recipe.ema)
        self.average = self.moving.network
        self.centres = nn.Parameter(self._means())
        self.teacher = _teacher(options.teacher, self.device)
        groups = [*decay_groups(self.student), {"params": [self.centres], "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.rate, fused=self.device != "cpu")
        self.step = 0

    def _means(self) -> Tensor:
        """The starting network's mean of each class: centres that already lie where their pictures are."""
        rows = np.flatnonzero(self.vehicles.labels >= 0)
        found = torch.from_numpy(embed(self.start, self.vehicles.crops.only(rows))).to(self.device)
        sums = torch.zeros(len(self.vehicles.classes), found.shape[1], device=self.device)
        return F.normalize(sums.index_add_(0, self.labels[torch.from_numpy(rows).to(self.device)], found), dim=1)

    def train_once(self, progress: float) -> dict[str, Tensor]:
        recipe = self.recipe
        set_rate(self.optimiser, recipe.rate, step=self.step, warm_up_steps=recipe.warm_up_steps, progress=progress)
        rows = torch.from_numpy(self.batches.draw()).to(self.device)
        pictures = augment(self.vehicles.crops.pictures[rows].float()).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device != "cpu"):
            seen = self.student(pictures)
        losses = self._losses(seen, rows)
        if self.teacher is not None:
            losses["anchor"] = recipe.anchor * (1 - (seen * self._wanted(pictures)).sum(1)).mean()
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 2.0)
        self.optimiser.step()
        self.step += 1
        self.moving.follow(self.step)
        return losses

    def _losses(self, seen: Tensor, rows: Tensor) -> dict[str, Tensor]:
        recipe, labels = self.recipe, self.labels[rows]
        known = labels >= 0
        cosines = seen[known] @ F.normalize(self.centres, dim=1).T
        target = F.one_hot(labels[known], cosines.shape[1])
        logits = recipe.scale * (cosines - recipe.margin * target)
        logits = logits.masked_fill(self.unsure[labels[known]][:, :-1], -1e4)
        return {
            "identity": recipe.identity * F.cross_entropy(logits, labels[known]),
            "contrast": recipe.contrast * contrast(seen, rows, labels, self.unsure, recipe.temperature),
        }

    @torch.no_grad()
    def _wanted(self, pictures: Tensor) -> Tensor:
        assert self.teacher is not None
        upright = F.interpolate(pictures, (256, 128), mode="bilinear", align_corners=False)
        wanted: Tensor = self.teacher(upright if self.device == "cpu" else upright.half())
        return wanted

    def blend(self, share: float) -> nn.Module:
        """Mix the trained weights (`share`) with those it started from (Wortsman et al., CVPR 2022)."""
        mixed = copy.deepcopy(self.average)
        with torch.no_grad():
            for new, old in zip(mixed.state_dict().values(), self.start.state_dict().values(), strict=True):
                new.lerp_(old, 1 - share) if new.is_floating_point() else new.copy_(new)
        return mixed


def _teacher(xml: Path | None, device: str) -> IrNetwork | None:
    if xml is None:
        return None
    teacher = IrNetwork(xml).to(device).eval()
    return teacher if device == "cpu" else teacher.half()


def go(run: Run, options: argparse.Namespace) -> None:
    """Train until the steps or the seconds are spent, whichever comes first; measure at each quarter of the way."""
    started, told = time.monotonic(), 0
    progress = 0.0
    while progress < 1:
        losses = run.train_once(progress)
        spent = time.monotonic() - started
        progress = max(run.step / options.steps, spent / options.seconds)
        if math.floor(4 * progress) > told:
            told = math.floor(4 * progress)
            words = [f"{name} {float(value.detach()):.3f}" for name, value in losses.items()]
            print(f"{options.name}: step {run.step}, {spent:.1f} s, {', '.join(words)}", flush=True)
            if told < 4:
                measure(f"{options.name} on the way", run.average, run.vehicles)


def measure(name: str, network: nn.Module, vehicles: Vehicles, *, with_flip: bool = False) -> NDArray[np.float32]:
    """Print how well the held-out vehicles are found; return features of all two-camera crops."""
    rows = vehicles.measured
    features = embed(network, vehicles.crops.only(rows), with_flip=with_flip)
    if vehicles.held.any():
        found = answer(features, vehicles.identity[rows], vehicles.camera[rows], vehicles.held[rows])
        print(f"{name}: {describe(found)}", flush=True)
    return features


def save(run: Run, features: NDArray[np.float32], options: argparse.Namespace) -> None:
    """Keep a fold's features, or the final weights as half-precision state and as ONNX."""
    rows = run.vehicles.measured
    identity, camera = run.vehicles.identity[rows], run.vehicles.camera[rows]
    path = options.out / f"{options.name}.npz"
    if options.fold is not None:
        np.savez_compressed(path, identity=identity, camera=camera, feature=features, fold=np.array(options.fold))
        return
    np.savez_compressed(path, identity=identity, camera=camera, feature=features)
    network = copy.deepcopy(run.average).cpu().float()
    halves = {key: value.half() if value.is_floating_point() else value for key, value in network.state_dict().items()}
    torch.save({"ema": halves, **origin_of(network)}, options.out / f"{options.name}.pt")
    write(network, options.out / options.name, height=options.size, width=options.size)


def main() -> None:
    options = _options()
    recipe = Recipe(**{name: getattr(options, name) for name in Recipe.__dataclass_fields__})
    options.name += "-final" if options.fold is None else f"-fold{options.fold}"
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    vehicles = Vehicles(options.packs, size=options.size, fold=options.fold)
    vehicles.crops.to(options.device)
    run = Run(vehicles, recipe, options)
    measure(f"{options.name} before", run.start, vehicles)
    go(run, options)
    features = measure(f"{options.name} after", run.average, vehicles)
    measure(f"{options.name} after, with flip", run.average, vehicles, with_flip=True)
    for share in options.blends:
        measure(f"{options.name} blend {share:g}", run.blend(share), vehicles)
    save(run, features, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packs", type=Path)
    parser.add_argument("--start", type=Path, help="weights to begin with; random ones without")
    parser.add_argument("--teacher", type=Path, help="0277's .xml; without it nothing anchors")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="vehicle", help="what the files' names begin with")
    parser.add_argument("--fold", type=int, help="held out and measured; without it all is trained on")
    parser.add_argument("--size", type=int, default=192, help="side of the square input, px")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--blends", type=float, nargs="*", default=[0.7, 0.85], help="shares to measure besides")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--seed", type=int, default=1)
    for name, field in Recipe.__dataclass_fields__.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(field.default), default=field.default)
    return parser.parse_args()


if __name__ == "__main__":
    main()
