"""EfficientNet-Lite0 (Tan and Le, ICML 2019, and the Lite variants of TensorFlow's TPU models), without its head.

Its weights were trained on ImageNet's photos, so it knows a minivan from a sports car, which a network that was taught
to know somebody again had to unlearn. It levels out no brightness or contrast, so colours pass.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Of each stage: blocks, kernel, stride of the first block, how much wider it is inside, channels before and after.
STAGES = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
)
# The last stage whose map is a sixteenth of the picture; what follows has a thirty-second.
FINE = 5
MIXED = 192


class LiteTrunk(nn.Module):
    """N×3×H×W levelled pictures to N×304×H/16×W/16 by `featuremaps`: a fine map beside a coarse, mixed one.

    The original's last stage and its head of 1280 channels are left away: with them it would not fit into 5 MB.
    """

    channels = STAGES[FINE - 1][-1] + MIXED

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(*_convolution(3, STAGES[0][4], 3, stride=2), *_blocks(STAGES[:FINE]))
        self.coarse = nn.Sequential(*_blocks(STAGES[FINE:]))
        self.mix = nn.Sequential(*_convolution(STAGES[-1][-1], MIXED, 1))

    def featuremaps(self, level: Tensor) -> Tensor:
        fine = self.fine(level)
        coarse = self.mix(self.coarse(fine))
        return torch.cat([fine, F.interpolate(coarse, scale_factor=2.0, mode="nearest")], 1)

    def begin(self, path: Path) -> None:
        """Take the weights of `efficientnet-lite0-57934424.pth`, whose layers stand in the order of these.

        Raises:
            ValueError: The file's layers are others.
        """
        given = list(torch.load(path, map_location="cpu", weights_only=True).values())
        for own in (*self.fine.state_dict().values(), *self.coarse.state_dict().values()):
            value = given.pop(0)
            if value.shape != own.shape:
                raise ValueError(f"{path} is not EfficientNet-Lite0: {tuple(value.shape)} is not {tuple(own.shape)}.")
            own.copy_(value)


class _Block(nn.Module):
    def __init__(self, before: int, after: int, kernel: int, *, stride: int, wider: int) -> None:
        super().__init__()
        inside = before * wider
        self.layers = nn.Sequential(
            *(_convolution(before, inside, 1) if wider > 1 else ()),
            *_convolution(inside, inside, kernel, stride=stride, groups=inside),
            *_convolution(inside, after, 1)[:2],
        )
        self.is_added = before == after and stride == 1

    def forward(self, maps: Tensor) -> Tensor:
        changed: Tensor = self.layers(maps)
        return maps + changed if self.is_added else changed


def _blocks(stages: tuple[tuple[int, int, int, int, int, int], ...]) -> list[nn.Module]:
    return [
        _Block(after if place else before, after, kernel, stride=1 if place else stride, wider=wider)
        for blocks, kernel, stride, wider, before, after in stages
        for place in range(blocks)
    ]


def _convolution(before: int, after: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    # As TensorFlow does, which leaves the odd place at the right and bottom where the stride is 2.
    missing = kernel - stride
    sides = (missing // 2, missing - missing // 2) * 2
    padding: list[nn.Module] = [nn.ZeroPad2d(sides)] if missing % 2 else []
    return [
        *padding,
        nn.Conv2d(before, after, kernel, stride, 0 if padding else missing // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after, eps=1e-3),
        nn.ReLU6(inplace=True),
    ]
