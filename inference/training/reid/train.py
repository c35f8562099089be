"""Train the student: drawn to its teacher's view of strongly changed pictures, and to tell identities apart.

    python -m inference.training.reid.train PACKS --teacher 0277.xml --state RUN.pt --minutes 40 [--stop-after 8]

`--minutes` is the whole run's length, along which the learning rate falls; `--stop-after` ends this call earlier, and
the same command goes on from RUN.pt. One process uses one GPU; under `torchrun` several share the batches.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F

from inference.training.loop import Average, TimedRun, decay_groups, set_rate
from inference.training.reid.augment import augment, mix
from inference.training.reid.crops import Crops, Sampler
from inference.training.reid.evaluate import embed, score_across, score_all
from inference.training.reid.ir import IrNetwork
from inference.training.reid.network import DIMENSION, channels_last, load_student, origin_of


@dataclass(frozen=True)
class Recipe:
    """What is weighed how: factors of the losses; `scale` and `margin` are those of CosFace (Wang et al. 2018).

    Identities count from the share `identity_from` of the run on: learnt before the teacher's view they do not carry
    over to other cameras. `centre` draws each picture to the mean of what the teacher sees in all of its identity's: a
    target in the teacher's own space, without what a single camera adds.
    """

    rate: float = 1.5e-3
    people: int = 48
    pictures: int = 4
    others: int = 192
    anchor: float = 4.0
    relations: float = 40.0
    identity: float = 1.0
    contrast: float = 0.5
    centre: float = 0.0
    identity_from: float = 0.0
    scale: float = 24.0
    margin: float = 0.25
    temperature: float = 0.07
    warm_up_steps: int = 200
    ema: float = 0.999


def main() -> None:
    options = _options()
    recipe = Recipe(**{name: getattr(options, name) for name in Recipe.__dataclass_fields__})
    rank, device = _join()
    torch.manual_seed(options.seed + rank)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    size = (options.height, options.height // 2)
    left_out = {"cuhk03-val", *options.leave_out}
    crops = Crops(options.packs, None, size=size, without=left_out).to(device)
    tests = {name: Crops(options.packs, {name}, size=size).to(device) for name in ("cuhk03-val", *options.leave_out)}
    run = Run(crops, tests, recipe, options, device, seed=options.seed + rank)
    run.restore(options.state)
    run.go(options.minutes * 60, options.stop_after * 60, options.state)
    if dist.is_initialized():
        dist.destroy_process_group()


class Run(TimedRun):
    """A student in training, with all that its state file keeps."""

    def __init__(
        self, crops: Crops, tests: dict[str, Crops], recipe: Recipe, options: Any, device: str, *, seed: int
    ) -> None:
        super().__init__(device)
        self.recipe = recipe
        self.crops, self.tests = crops, tests
        self.sampler = Sampler(crops, seed=seed + int(time.time()))  # other batches when gone on with
        self.labels = torch.from_numpy(crops.identities).to(device)
        self.student = channels_last(load_student(options.start).to(device))
        self.moving = Average(self.student, recipe.ema)
        self.average = self.moving.network
        self.centres = nn.Parameter(F.normalize(torch.randn(int(crops.identities.max()) + 1, DIMENSION)).to(device))
        self.teacher = Target(options.teacher, device, with_flip=options.teacher_flip)
        self.means = self.teacher.means_of(crops, self.labels) if recipe.centre else None
        groups = [*decay_groups(self.student), {"params": [self.centres], "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.rate, fused=True)
        self.forward = torch.compile(self.student) if options.compile else self.student

    def train_once(self, progress: float) -> dict[str, Tensor]:
        recipe = self.recipe
        set_rate(self.optimiser, recipe.rate, step=self.step, warm_up_steps=recipe.warm_up_steps, progress=progress)
        labelled = self.sampler.by_identity(recipe.people, recipe.pictures)
        rows = torch.from_numpy(labelled).to(self.device)
        others = torch.from_numpy(self.sampler.any(recipe.others)).to(self.device)
        pictures = _changed(self.crops.pictures[rows], self.crops.pictures[others])
        wanted = self.teacher(pictures)
        with torch.autocast("cuda", torch.bfloat16, enabled=pictures.is_cuda):
            seen = self.forward(pictures.contiguous(memory_format=torch.channels_last))
        losses = self._losses(seen, wanted, self.labels[rows], progress)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        _share_gradients([*self.student.parameters(), self.centres])
        nn.utils.clip_grad_norm_(self.student.parameters(), 2.0)
        self.optimiser.step()
        self.step += 1
        self.moving.follow(self.step)
        return {name: loss.detach() for name, loss in losses.items()}

    def _losses(self, seen: Tensor, wanted: Tensor, labels: Tensor, progress: float) -> dict[str, Tensor]:
        recipe = self.recipe
        late = min(1.0, max(0.0, (progress - recipe.identity_from) * 20 + 0.02))
        known = seen[: len(labels)]
        difference = seen @ seen.T - wanted @ wanted.T
        cosines = known @ F.normalize(self.centres, dim=1).T
        target = F.one_hot(labels, cosines.shape[1])
        identity = F.cross_entropy(recipe.scale * (cosines - recipe.margin * target), labels)
        drawn = (1 - (known * self.means[labels]).sum(1)).mean() if self.means is not None else seen.new_zeros(())
        return {
            "centre": late * recipe.centre * drawn,
            "anchor": recipe.anchor * (1 - (seen * wanted).sum(1)).mean(),
            "relations": recipe.relations * difference.square().mean(),
            "identity": late * recipe.identity * identity,
            "contrast": late * recipe.contrast * _contrast(known, labels, recipe.temperature),
        }

    def tell(self, losses: Mapping[str, Tensor]) -> None:
        if _is_first():
            super().tell(losses)

    def findings(self) -> list[str]:
        words = []
        for name, crops in self.tests.items():
            score = score_all if name == "cuhk03-val" else score_across
            words.append(f"{name} {score(embed(self.average, crops), crops)}")
        return words

    def parts(self) -> dict[str, Any]:
        return {"student": self.student, "ema": self.average, "optimiser": self.optimiser}

    def notes(self) -> dict[str, Any]:
        return {"centres": self.centres.data, **origin_of(self.student)}

    def take(self, state: dict[str, Any], path: Path) -> None:
        self.centres.data.copy_(state["centres"])

    def save(self, path: Path) -> None:
        if _is_first():
            super().save(path)


class Target:
    """What the teacher sees in a batch, from one CUDA graph made for its size: its many small steps start at once."""

    def __init__(self, path: Path, device: str, *, with_flip: bool) -> None:
        self._teacher = IrNetwork(path).to(device, torch.half if device.startswith("cuda") else torch.float).eval()
        self._with_flip = with_flip
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, pictures: Tensor) -> Tensor:
        if not pictures.is_cuda:
            return self._see(pictures)
        if self._graph is None:
            self._graph = self._captured(pictures)
        self._given.copy_(pictures)
        self._graph.replay()
        return self._found.clone()

    @torch.no_grad()
    def means_of(self, crops: Crops, labels: Tensor, *, batch: int = 512) -> Tensor:
        """Return one unit vector an identity: the mean of its pictures' and their mirror images' features."""
        total = torch.zeros(int(labels.max()) + 1, DIMENSION, device=labels.device)
        for rows in torch.arange(len(crops), device=labels.device).split(batch):
            pictures = self._fitted(crops.pictures[rows].float())
            found = self._teacher(pictures) + self._teacher(pictures.flip(3))
            known = labels[rows] >= 0
            total.index_add_(0, labels[rows][known], found[known])
        return F.normalize(total, dim=1)

    @torch.no_grad()
    def _captured(self, pictures: Tensor) -> torch.cuda.CUDAGraph:
        self._given = pictures.clone()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):
                self._see(self._given)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._found = self._see(self._given)
        return graph

    @torch.no_grad()
    def _see(self, pictures: Tensor) -> Tensor:
        given = self._fitted(pictures)
        found = self._teacher(given)
        return F.normalize(found + self._teacher(given.flip(3)), dim=1) if self._with_flip else found

    def _fitted(self, pictures: Tensor) -> Tensor:
        fitted = F.interpolate(pictures, (256, 128), mode="bilinear", align_corners=False)
        return fitted.half() if fitted.is_cuda else fitted


def _changed(labelled: Tensor, others: Tensor) -> Tensor:
    """Augment both parts of a batch, and mix the second."""
    return torch.cat([augment(labelled.float()), mix(augment(others.float()))])


def _contrast(features: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive loss (Khosla et al. 2020) within the batch."""
    logits = features @ features.T / temperature
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    same = (labels[:, None] == labels[None, :]) & ~itself
    chances = logits.masked_fill(itself, -1e4).log_softmax(1)
    return -((chances * same).sum(1) / same.sum(1).clamp(min=1)).mean()


def _share_gradients(parameters: list[nn.Parameter]) -> None:
    if not dist.is_initialized():
        return
    grads = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([grad.flatten() for grad in grads])
    dist.all_reduce(flat, op=dist.ReduceOp.AVG)
    for grad, part in zip(grads, flat.split([grad.numel() for grad in grads]), strict=True):
        grad.copy_(part.view_as(grad))


def _join() -> tuple[int, str]:
    """Join the other processes of torchrun, if there are any; return this one's number and device."""
    if "LOCAL_RANK" not in os.environ:
        return 0, "cuda" if torch.cuda.is_available() else "cpu"
    dist.init_process_group("nccl")
    device = f"cuda:{os.environ['LOCAL_RANK']}"
    torch.cuda.set_device(device)
    return dist.get_rank(), device


def _is_first() -> bool:
    """Is this the process that speaks and writes for all?"""
    return not dist.is_initialized() or dist.get_rank() == 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packs", type=Path)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to begin with; random ones without")
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--stop-after", type=float, default=math.inf)
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--leave-out", nargs="*", default=[], help="sets to measure on instead of training on them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--teacher-flip", action="store_true", help="take the mean of both mirror images as target")
    for name, field in Recipe.__dataclass_fields__.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(field.default), default=field.default)
    return parser.parse_args()


if __name__ == "__main__":
    main()
