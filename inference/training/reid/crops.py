"""The packed crops on the GPU: pictures, identities, cameras, and the batches that are drawn from them."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

Size = tuple[int, int]


class Crops:
    """Every picture of some sets as N×3×H×W uint8, with set, identity (-1: unknown) and camera by number."""

    def __init__(
        self, packs: Path, sources: Collection[str] | None, *, size: Size, without: Collection[str] = ()
    ) -> None:
        blobs: list[bytes] = []
        rows: list[tuple[str, str | None, str]] = []
        for table in sorted(packs.glob("crops-*.json")):
            data, start = table.with_suffix(".bin").read_bytes(), 0
            for source, identity, camera, length in json.loads(table.read_text()):
                if (sources is None or source in sources) and source not in without:
                    blobs.append(data[start : start + length])
                    rows.append((source, identity, camera))
                start += length
        if not blobs:
            raise ValueError(f"{packs} holds no picture of {sorted(sources) if sources else 'any set'}.")
        with ThreadPoolExecutor() as threads:
            self.pictures = torch.stack(list(threads.map(lambda blob: _decode(blob, size), blobs)))
        self.sources = _numbered([source for source, _identity, _camera in rows])
        self.identities = _identities([(source, identity) for source, identity, _camera in rows])
        self.cameras = _numbered([f"{source}/{camera}" for source, _identity, camera in rows])

    def __len__(self) -> int:
        return len(self.pictures)

    def to(self, device: str) -> Crops:
        self.pictures = self.pictures.to(device)
        return self

    def only(self, rows: NDArray[np.int64]) -> Crops:
        """Return some of the crops; sets, identities and cameras keep their numbers."""
        part = copy.copy(self)
        part.pictures = self.pictures[torch.from_numpy(rows).to(self.pictures.device)]
        part.sources, part.identities, part.cameras = self.sources[rows], self.identities[rows], self.cameras[rows]
        return part


class Sampler:
    """Draws batches: identities × pictures for telling people apart, and any pictures for the teacher's view."""

    def __init__(self, crops: Crops, *, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._count = len(crops)
        self._members: dict[int, NDArray[np.int64]] = {}
        order = np.argsort(crops.identities, kind="stable")
        labels, starts = np.unique(crops.identities[order], return_index=True)
        for label, rows in zip(labels, np.split(order, starts[1:]), strict=True):
            if label >= 0 and len(rows) > 1:
                self._members[int(label)] = rows
        self._cameras = crops.cameras
        sets: dict[int, list[int]] = {}
        for label, rows in self._members.items():
            sets.setdefault(int(crops.sources[rows[0]]), []).append(label)
        self._sets = list(sets.values())
        sizes = np.sqrt([len(labels) for labels in self._sets])
        self._shares = sizes / sizes.sum()

    def by_identity(self, people: int, pictures: int) -> NDArray[np.int64]:
        """Rows of `people` identities of one set, `pictures` each, of different cameras where there are."""
        labels = self._sets[self._random.choice(len(self._sets), p=self._shares)]
        chosen = self._random.choice(labels, people, replace=len(labels) < people)
        return np.concatenate([self._pictures_of(int(label), pictures) for label in chosen])

    def any(self, count: int) -> NDArray[np.int64]:
        return self._random.integers(0, self._count, count)

    def _pictures_of(self, label: int, count: int) -> NDArray[np.int64]:
        rows = self._random.permutation(self._members[label])
        # One of each camera first: a match across cameras is what is to be learnt.
        _cameras, first = np.unique(self._cameras[rows], return_index=True)
        rows = np.concatenate([rows[np.sort(first)], np.delete(rows, first)])
        return np.resize(rows[:count], count)


def _decode(blob: bytes, size: Size) -> Tensor:
    picture = _rgb(blob)
    resized = F.interpolate(picture[None].float(), size, mode="bilinear", align_corners=False)
    return resized[0].round().clamp(0, 255).to(torch.uint8)


def _rgb(blob: bytes) -> Tensor:
    try:
        from torchvision.io import ImageReadMode, decode_jpeg
    except ImportError:  # a torch for the CPU alone comes without
        import cv2

        bgr = cv2.imdecode(np.frombuffer(blob, np.uint8), cv2.IMREAD_COLOR)
        if bgr is None:
            raise ValueError("A picture of the pack cannot be decoded.") from None
        return torch.from_numpy(bgr[:, :, ::-1].copy()).permute(2, 0, 1)
    return decode_jpeg(torch.frombuffer(bytearray(blob), dtype=torch.uint8), mode=ImageReadMode.RGB)


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def _identities(names: Sequence[tuple[str, str | None]]) -> NDArray[np.int64]:
    known: dict[tuple[str, str], int] = {}
    return np.array(
        [-1 if identity is None else known.setdefault((source, identity), len(known)) for source, identity in names],
        np.int64,
    )
