"""What every training run does besides its losses: the clock, the rate, the moving average, the state file."""

from __future__ import annotations

import copy
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


class TimedRun(ABC):
    """A run whose length is a time: a call may end it early, and the next goes on from its state file.

    Attributes:
        device: Where it trains.
        seconds: How long it has trained, in all calls.
        step: Steps made so far.
        tell_every_s: Seconds between two times at which it says how far it is and writes its state.
    """

    tell_every_s = 60.0

    def __init__(self, device: str) -> None:
        self.device = device
        self.seconds, self.step = 0.0, 0

    @abstractmethod
    def train_once(self, progress: float) -> Mapping[str, Tensor]:
        """Make one step at `progress` (0–1) of the whole run; return its losses by name, detached."""

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """What has a state of its own (networks, the optimiser), by the names it is kept under."""

    def notes(self) -> dict[str, Any]:
        """Plain values and tensors that the state file keeps besides."""
        return {}

    def findings(self) -> list[str]:
        """How good the average is now, as words for the line that is printed."""
        return []

    def go(self, length_s: float, stop_after_s: float, state: Path) -> None:
        """Train until the whole run's `length_s` are spent, or `stop_after_s` of them in this call."""
        started = said = time.monotonic()
        before = self.seconds
        until = min(length_s - before, stop_after_s)
        if until <= 0:
            print(f"{state} has had its {length_s / 60:g} minutes.")
            return
        losses: Mapping[str, Tensor] = {}
        while (spent := time.monotonic() - started) < until:
            self.seconds = before + spent
            losses = self.train_once(self.seconds / length_s)
            if time.monotonic() - said > self.tell_every_s:
                said = time.monotonic()
                self.tell(losses)
                self.save(state)
        self.seconds = before + until
        self.tell(losses)
        self.save(state)

    def tell(self, losses: Mapping[str, Tensor]) -> None:
        """Print how far the run is and how good.

        Raises:
            FloatingPointError: A loss is no number any more: nothing good can come of going on.
        """
        words = [f"{self.seconds / 60:6.2f} min", f"step {self.step}"]
        words += [f"{name} {float(value):.4f}" for name, value in losses.items()]
        print(*words, *self.findings(), sep=", ", flush=True)
        if lost := [name for name, value in losses.items() if not value.isfinite()]:
            raise FloatingPointError(f"No number any more: {', '.join(lost)}.")

    def save(self, path: Path) -> None:
        """Write the state: a run that is killed meanwhile finds the one before."""
        state = {name: part.state_dict() for name, part in self.parts().items()}
        torch.save({"seconds": self.seconds, "step": self.step, **self.notes(), **state}, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a state, if there is one.

        Raises:
            ValueError: It belongs to another run.
        """
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.take(state, path)
        self.seconds, self.step = state["seconds"], state["step"]
        for name, part in self.parts().items():
            part.load_state_dict(state[name])

    def take(self, state: dict[str, Any], path: Path) -> None:  # noqa: B027 -- most runs keep no notes
        """Check or take back what `notes` had kept."""


class Average:
    """The moving average of a network's weights, nearer to it in the first steps than later.

    Attributes:
        network: A copy with the averaged weights; whole numbers, such as counts of batches, are the last ones.
    """

    def __init__(self, followed: nn.Module, share: float) -> None:
        self.network = copy.deepcopy(followed)
        self._share = share
        pairs = list(zip(self.network.state_dict().values(), followed.state_dict().values(), strict=True))
        floats = [pair for pair in pairs if pair[0].is_floating_point()]
        self._old, self._new = [old for old, _new in floats], [new for _old, new in floats]
        self._counts = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Come nearer to the network after its step number `step`."""
        share = min(self._share, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._old, self._new, 1 - share)
        for old, new in self._counts:
            old.copy_(new)


def set_rate(
    optimiser: Any, rate: float, *, step: int, warm_up_steps: int, progress: float, last: float = 0.02
) -> None:
    """Set the learning rate: it rises over the first steps and falls along a cosine to the share `last` of itself.

    A group of the optimiser may have a `share` of the rate.
    """
    warm = min(1.0, (step + 1) / warm_up_steps)
    now = rate * warm * (last + (1 - last) * (1 + math.cos(math.pi * min(progress, 1.0))) / 2)
    for group in optimiser.param_groups:
        group["lr"] = now * group.get("share", 1.0)


def decay_groups(network: nn.Module) -> list[dict[str, Any]]:
    """Let matrices and kernels shrink, but not scales and shifts, however many dimensions of one these have."""
    wide: list[nn.Parameter] = []
    narrow: list[nn.Parameter] = []
    for weight in network.parameters():
        (wide if sum(size > 1 for size in weight.shape) > 1 else narrow).append(weight)
    return [{"params": wide, "weight_decay": 0.02}, {"params": narrow, "weight_decay": 0.0}]
