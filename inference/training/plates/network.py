"""The reader and the finder: small convolutional networks that run on a CPU in milliseconds.

The reader looks at a crop as a map of 8×48 places. Ten questions, one for each place of a plate's text, each look for
their character in the whole map at once (attention in two dimensions), so one line, two lines and stacked regions need
no telling apart. What a question looks for also depends on the whole crop.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.training.plates.texts import EMPTY, PLACES

LUMA = (0.299, 0.587, 0.114)
READER_SIZE, READER_MAP = (64, 192), (8, 48)
FINDER_SIZE, FINDER_MAP = (192, 192), (48, 48)


class Mix(nn.Module):
    """A residual block: each channel over its neighbourhood, then all channels of a place."""

    def __init__(self, channels: int, *, widen: int = 2, reach: int = 3) -> None:
        super().__init__()
        self.steps = nn.Sequential(
            nn.Conv2d(channels, channels, reach, padding=reach // 2, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, channels * widen, 1, bias=False),
            nn.BatchNorm2d(channels * widen),
            nn.SiLU(),
            nn.Conv2d(channels * widen, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, given: Tensor) -> Tensor:
        return given + self.steps(given)


def shrinking(before: int, after: int, stride: int | tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.SiLU())


class Reader(nn.Module):
    """N×3×64×192 RGB 0–255 → `characters` N×10×(A+1) logits, `plate` N logit, `looks` N×10×384 where each looked."""

    def __init__(self, width: int = 144, depth: int = 5) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            shrinking(2, 32, 2),
            shrinking(32, 64, 2),
            *(Mix(64) for _ in range(2)),
            shrinking(64, width, (2, 1)),
            *(Mix(width, reach=5 if number % 2 else 3) for number in range(depth)),
        )
        self.position = nn.Parameter(torch.randn(1, width, *READER_MAP) * 0.02)
        self.questions = nn.Parameter(torch.randn(1, PLACES, width) * 0.5)
        self.whole = nn.Linear(width, PLACES * width)
        self.keys, self.values = nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)
        self.answer = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.SiLU(), nn.Dropout(0.1))
        self.characters = nn.Linear(2 * width, EMPTY + 1)
        self.plate = nn.Sequential(nn.Linear(3 * width, width), nn.SiLU(), nn.Linear(width, 1))
        self.sharpness = 1 / math.sqrt(width)
        nn.init.zeros_(self.whole.weight)
        nn.init.zeros_(self.whole.bias)

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.trunk(normalised(rgb))
        mean = features.mean((2, 3))
        questions = self.questions + self.whole(mean).view(-1, PLACES, mean.shape[1])
        placed = features + self.position
        looks = (questions @ self.keys(placed).flatten(2) * self.sharpness).softmax(2)
        found = looks @ self.values(placed).flatten(2).transpose(1, 2)
        characters = self.characters(self.answer(found + self.questions))
        # Not `amax`: its gradient divides by how many equal the maximum, and a compiled pass may find none.
        most = F.adaptive_max_pool2d(features, 1).flatten(1)
        plate = self.plate(torch.cat([mean, most, found.mean(1)], 1))[:, 0]
        return characters, plate, looks


class Finder(nn.Module):
    """N×3×192×192 RGB 0–255 → `heat` N×48×48 logits of a plate's middle, `corners` N×8×48×48.

    Corners are x and y of left top, right top, right bottom and left bottom, from the cell's middle, in cells.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.near = nn.Sequential(shrinking(5, 24, 2), shrinking(24, 2 * width, 2), Mix(2 * width), Mix(2 * width))
        self.middle = nn.Sequential(shrinking(2 * width, 3 * width, 2), Mix(3 * width), Mix(3 * width, reach=5))
        self.far = nn.Sequential(shrinking(3 * width, 4 * width, 2), Mix(4 * width, reach=5), Mix(4 * width, reach=5))
        self.from_far, self.from_middle = nn.Conv2d(4 * width, 3 * width, 1), nn.Conv2d(3 * width, 2 * width, 1)
        self.joined = nn.Sequential(Mix(2 * width, reach=5), Mix(2 * width))
        self.out = nn.Sequential(nn.Conv2d(2 * width, 2 * width, 3, padding=1), nn.SiLU(), nn.Conv2d(2 * width, 9, 1))
        nn.init.constant_(self.out[-1].bias, 0.0)
        with torch.no_grad():
            self.out[-1].bias[0] = -4.0

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        # Colours as they are, and what a lane camera's night hides: brightness against the surroundings'.
        near = self.near(torch.cat([(rgb - 114) / 58, normalised(rgb)], 1))
        middle = self.middle(near)
        far = self.far(middle)
        middle = middle + F.interpolate(self.from_far(far), scale_factor=2.0, mode="nearest")
        near = near + F.interpolate(self.from_middle(middle), scale_factor=2.0, mode="nearest")
        found = self.out(self.joined(near))
        return found[:, 0], found[:, 1:]


def normalised(rgb: Tensor) -> Tensor:
    """N×2×H×W: brightness against the whole picture's, and against its surroundings' (so that glare matters less)."""
    grey = (rgb * rgb.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    mean = grey.mean((2, 3), keepdim=True)
    centred = grey - mean
    whole = centred / (centred.square().mean((2, 3), keepdim=True).sqrt() + 2)
    around = _smoothed(centred)
    local = centred - around
    return torch.cat([whole, local / (_smoothed(local.abs()) * 1.25 + 3)], 1)


def _smoothed(plane: Tensor) -> Tensor:
    """The mean around each pixel, over about 24 pixels: from cells of 8, which costs a CPU next to nothing."""
    cells = F.avg_pool2d(F.avg_pool2d(plane, 8), 3, 1, 1, count_include_pad=False)
    return F.interpolate(cells, scale_factor=8.0, mode="bilinear", align_corners=False)
