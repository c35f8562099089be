"""Keep made pictures for several steps: making one costs a GPU more than a step of so small a network on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

Batch = TypeVar("Batch")


class Deck(Generic[Batch]):
    """The batches drawn last, from which others are dealt, so that each picture comes about `reuse` times.

    `draw` gives an object of tensors alone, each with as many rows every time: enough for `at_once` batches, since many
    small operations keep a GPU waiting for the next. `pictures`, 0–255, are kept as bytes, `depth` draws of them.
    """

    def __init__(self, draw: Callable[[], Batch], *, reuse: int, at_once: int = 1, depth: int = 24) -> None:
        self._draw, self._reuse, self._at_once, self._depth = draw, reuse, at_once, depth
        self._dealt = self._drawn = 0
        self._kept: dict[str, Tensor] = {}

    @torch.no_grad()
    def deal(self) -> Batch:
        """Give rows of all batches that are kept; a draw lasts for `reuse` × `at_once` times."""
        if self._reuse == self._at_once == 1:
            return self._draw()
        if self._dealt % (self._reuse * self._at_once) == 0:
            batch = self._draw()
            self._kind: Any = type(batch)
            self._keep(vars(batch))
        self._dealt += 1
        pictures = self._kept["pictures"]
        drawn = len(pictures) // self._depth
        rows = torch.randint(
            0, drawn * min(self._drawn, self._depth), (drawn // self._at_once,), device=pictures.device
        )
        dealt = {name: field[rows] for name, field in self._kept.items()}
        made: Batch = self._kind(**{**dealt, "pictures": dealt["pictures"].float()})
        return made

    def _keep(self, fields: dict[str, Tensor]) -> None:
        fields = {**fields, "pictures": (fields["pictures"] + 0.5).clamp(0, 255).byte()}
        count = len(fields["pictures"])
        place = self._drawn % self._depth * count
        for name, field in fields.items():
            if name not in self._kept:
                self._kept[name] = field.new_empty(self._depth * count, *field.shape[1:])
            self._kept[name][place : place + count] = field
        self._drawn += 1
