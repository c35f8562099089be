"""Change pictures as other cameras would without changing what they are described by: on the GPU, a batch at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)


def augment(tiles: Tensor, size: tuple[int, int], *, strength: float = 1.0) -> Tensor:
    """N×3×h×w uint8 tiles to N×3×H×W float 0–255 of `size`, each placed, lit, blurred and covered on its own.

    `strength` is how far pictures are turned, sheared and stretched, 1 being what suits upright people.
    """
    pictures = _place(tiles.float(), size, strength)
    pictures = _lower_resolution(pictures)
    pictures = _light(pictures)
    pictures = _cover(pictures)
    noise = torch.randn_like(pictures) * _uniform(pictures, 0, 8) * _chance(pictures, 0.3)
    return (pictures + noise).clamp(0, 255)


def resize(tiles: Tensor, size: tuple[int, int]) -> Tensor:
    """N×3×h×w uint8 tiles to float 0–255 of `size`, unchanged otherwise."""
    return F.interpolate(tiles.float(), size, mode="bilinear", align_corners=False)


def _uniform(pictures: Tensor, low: float, high: float, *, channels: int = 1) -> Tensor:
    return torch.empty(len(pictures), channels, 1, 1, device=pictures.device).uniform_(low, high)


def _chance(pictures: Tensor, share: float) -> Tensor:
    return (torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < share).float()


def _place(pictures: Tensor, size: tuple[int, int], strength: float) -> Tensor:
    """Turn by up to 7°, shear, stretch, shift and mirror, sampled straight at the size that is wanted."""
    turn = math.radians(7) * strength
    angle = _uniform(pictures, -turn, turn).flatten()
    shear = _uniform(pictures, -0.1 * strength, 0.1 * strength).flatten()
    across, down = (_uniform(pictures, 1 - 0.18 * strength, 1 + 0.15 * strength).flatten() for _ in range(2))
    flip = 1 - 2 * _chance(pictures, 0.5).flatten()
    ratio = size[0] / size[1]
    theta = torch.zeros(len(pictures), 2, 3, device=pictures.device)
    theta[:, 0, 0] = angle.cos() * across * flip
    theta[:, 0, 1] = (shear - angle.sin()) * down * ratio
    theta[:, 1, 0] = angle.sin() * across / ratio
    theta[:, 1, 1] = angle.cos() * down
    theta[:, :, 2] = torch.empty(len(pictures), 2, device=pictures.device).uniform_(-0.1, 0.1)
    grid = F.affine_grid(theta, [len(pictures), 3, *size], align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _lower_resolution(pictures: Tensor) -> Tensor:
    """Bring three in ten down to a half, a third or a quarter and up again."""
    result = pictures.clone()
    height, width = pictures.shape[2:]
    parts = torch.randperm(len(pictures), device=pictures.device).split(max(1, len(pictures) // 10))
    for divisor, rows in zip((2.0, 3.0, 4.0), parts, strict=False):
        small = F.interpolate(pictures[rows], (int(height / divisor), int(width / divisor)), mode="area")
        result[rows] = F.interpolate(small, (height, width), mode="bilinear", align_corners=False)
    return result


def _light(pictures: Tensor) -> Tensor:
    """Brightness, contrast, gamma and a slight cast: less than what would make another colour of a colour.

    One picture in twenty-five loses its colour altogether, as at night: the network is to learn what may still be
    said then.
    """
    unit = pictures / 255
    unit = unit * _uniform(unit, 0.95, 1.05, channels=3) * _uniform(unit, 0.78, 1.25)
    mean = unit.mean((1, 2, 3), keepdim=True)
    unit = (unit - mean) * _uniform(unit, 0.75, 1.25) + mean
    grey = (unit * unit.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    colourful = _uniform(unit, 0.75, 1.25) * (1 - _chance(unit, 0.04))
    unit = grey + (unit - grey) * colourful
    return unit.clamp(1e-3, 1) ** _uniform(unit, 0.8, 1.25) * 255


def _cover(pictures: Tensor) -> Tensor:
    """Cover a rectangle of four in ten with the same place of another picture, dimmed, as things in the way do."""
    others = pictures.roll(1, 0) * _uniform(pictures, 0.5, 1.0)
    top, left = _uniform(pictures, 0, 0.9), _uniform(pictures, 0, 0.9)
    tall, wide = _uniform(pictures, 0.08, 0.3), _uniform(pictures, 0.15, 0.5)
    y = torch.linspace(0, 1, pictures.shape[2], device=pictures.device).view(1, 1, -1, 1)
    x = torch.linspace(0, 1, pictures.shape[3], device=pictures.device).view(1, 1, 1, -1)
    inside = (y >= top) & (y < top + tall) & (x >= left) & (x < left + wide) & (_chance(pictures, 0.4) > 0)
    return torch.where(inside, others, pictures)
