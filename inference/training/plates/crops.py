"""The packed pictures on one device: real plates with their texts, things that are no plates, vehicles."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from inference.training.reid.crops import Size, _decode

REAL_SIZE = (96, 288)


@dataclass
class Packed:
    """N×3×H×W uint8 pictures and the table's rows that describe them."""

    pictures: Tensor
    rows: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.rows)


def read_pack(
    pack: Path, kind: str, size: Size, device: str, *, keep: Callable[[dict[str, Any]], bool] | None = None
) -> Packed:
    """Read the pictures of one kind, brought to `size`; those alone that `keep` says, if it is given."""
    rows, blobs, start = [], [], 0
    data = (pack / "pictures.bin").read_bytes()
    for row in json.loads((pack / "pictures.json").read_text()):
        blob = data[start : start + row["bytes"]]
        start += row["bytes"]
        if row["kind"] == kind and (keep is None or keep(row)):
            rows.append(row)
            blobs.append(blob)
    with ThreadPoolExecutor() as threads:
        pictures = list(threads.map(lambda blob: _decode(blob, size), blobs))
    stacked = torch.stack(pictures) if pictures else torch.zeros(0, 3, *size, dtype=torch.uint8)
    return Packed(stacked.to(device), rows)


def is_trained_on(row: dict[str, Any], fold: str) -> bool:
    """Say whether a real picture is trained on while `fold` (a number, `all` or `none`) is left out."""
    return fold == "all" or (fold != "none" and row["fold"] != int(fold))


def refuse_another_fold(state: dict[str, Any], fold: str, path: Path) -> None:
    """Raises ValueError where a state file left another fold out."""
    if state["fold"] != fold:
        raise ValueError(f"{path} is of fold {state['fold']}, not {fold}.")
