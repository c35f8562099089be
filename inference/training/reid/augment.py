"""Change pictures the way other cameras would: on the GPU, a batch at a time.

Lower resolution, placement, colour, blur, noise, and parts covered with another picture's pixels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def augment(pictures: Tensor) -> Tensor:
    """N×3×H×W float 0–255 in and out, each picture changed on its own."""
    pictures = _place(pictures)
    pictures = _lower_resolution(pictures)
    pictures = _colour(pictures)
    pictures = _blur(pictures)
    pictures = _cover(pictures)
    noise = torch.randn_like(pictures) * _uniform(pictures, 0, 10) * _chance(pictures, 0.3)
    return (pictures + noise).clamp(0, 255)


def mix(pictures: Tensor) -> Tensor:
    """Mix with others of the batch: mixup for 40 %, a vertical cut for 30 %, a horizontal one for 10 %."""
    others = pictures[torch.randperm(len(pictures), device=pictures.device)]
    kind = torch.rand(len(pictures), device=pictures.device).view(-1, 1, 1, 1)
    share = torch.distributions.Beta(0.8, 0.8).sample((len(pictures), 1, 1, 1)).to(pictures)
    height, width = pictures.shape[2:]
    rows = torch.arange(height, device=pictures.device).view(1, 1, -1, 1) < share * height
    columns = torch.arange(width, device=pictures.device).view(1, 1, 1, -1) < share * width
    blended = pictures * share + others * (1 - share)
    stacked = torch.where(rows, pictures, others)
    beside = torch.where(columns, pictures, others)
    mixed = torch.where(kind < 0.4, blended, torch.where(kind < 0.7, stacked, beside))
    return torch.where(kind < 0.8, mixed, pictures)


def _uniform(pictures: Tensor, low: float, high: float, *, channels: int = 1) -> Tensor:
    return torch.empty(len(pictures), channels, 1, 1, device=pictures.device).uniform_(low, high)


def _chance(pictures: Tensor, share: float) -> Tensor:
    return (torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < share).float()


def _place(pictures: Tensor) -> Tensor:
    count = len(pictures)
    angle = _uniform(pictures, -math.radians(8), math.radians(8)).flatten()
    shear = _uniform(pictures, -0.12, 0.12).flatten()
    scale_x, scale_y = (_uniform(pictures, 0.82, 1.15).flatten() for _ in range(2))
    flip = 1 - 2 * _chance(pictures, 0.5).flatten()
    ratio = pictures.shape[2] / pictures.shape[3]
    theta = torch.zeros(count, 2, 3, device=pictures.device)
    theta[:, 0, 0] = angle.cos() * scale_x * flip
    theta[:, 0, 1] = (shear - angle.sin()) * scale_y * ratio
    theta[:, 1, 0] = angle.sin() * scale_x / ratio
    theta[:, 1, 1] = angle.cos() * scale_y
    theta[:, :, 2] = torch.empty(count, 2, device=pictures.device).uniform_(-0.1, 0.1)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _lower_resolution(pictures: Tensor) -> Tensor:
    """Half of the pictures lose detail: an eighth each is brought to 1/2, 1/3, 1/4 and 1/6 of its size, and back."""
    order = torch.randperm(len(pictures), device=pictures.device)
    result = pictures[order]
    size, share = pictures.shape[2:], max(1, len(pictures) // 8)
    for at, divisor in enumerate((2, 3, 4, 6)):
        rows = slice(at * share, (at + 1) * share)
        small = F.interpolate(result[rows], (size[0] // divisor, size[1] // divisor), mode="area")
        result[rows] = F.interpolate(small, size, mode="bilinear", align_corners=False)
    return result[order.argsort()]


def _colour(pictures: Tensor) -> Tensor:
    unit = pictures / 255
    unit = unit * _uniform(pictures, 0.85, 1.18, channels=3) * _uniform(pictures, 0.6, 1.4)
    mean = unit.mean((1, 2, 3), keepdim=True)
    unit = (unit - mean) * _uniform(pictures, 0.6, 1.4) + mean
    grey = (unit * unit.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    unit = grey + (_turn_hue(unit) - grey) * _uniform(pictures, 0.4, 1.5)
    unit = unit.clamp(1e-3, 1) ** _uniform(pictures, 0.7, 1.4)
    return unit * 255


def _turn_hue(unit: Tensor) -> Tensor:
    """Turn the colours around the grey axis by up to 15 degrees (Rodrigues' formula, one matrix a picture)."""
    angle = _uniform(unit, -math.radians(15), math.radians(15)).flatten()
    cosine, sine = angle.cos().view(-1, 1, 1), angle.sin().view(-1, 1, 1) / math.sqrt(3)
    identity = torch.eye(3, device=unit.device).unsqueeze(0)
    cross = unit.new_tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]).unsqueeze(0)
    matrix = identity * cosine + cross * sine + (1 - cosine) / 3
    return torch.einsum("nij,njhw->nihw", matrix, unit)


def _blur(pictures: Tensor) -> Tensor:
    kernel = pictures.new_tensor([1, 4, 6, 4, 1]) / 16
    weight = (kernel[:, None] * kernel[None, :]).expand(3, 1, 5, 5).contiguous()
    blurred = F.conv2d(F.pad(pictures, (2, 2, 2, 2), mode="reflect"), weight, groups=3)
    return torch.where(_chance(pictures, 0.25) > 0, blurred, pictures)


def _cover(pictures: Tensor) -> Tensor:
    """Cover a rectangle of half of the pictures with the same place of another picture."""
    height, width = pictures.shape[2:]
    others = pictures.roll(1, 0)
    top, left = _uniform(pictures, 0, 0.85), _uniform(pictures, 0, 0.85)
    tall, wide = _uniform(pictures, 0.1, 0.5), _uniform(pictures, 0.15, 0.7)
    y = torch.linspace(0, 1, height, device=pictures.device).view(1, 1, -1, 1)
    x = torch.linspace(0, 1, width, device=pictures.device).view(1, 1, 1, -1)
    inside = (y >= top) & (y < top + tall) & (x >= left) & (x < left + wide) & (_chance(pictures, 0.5) > 0)
    return torch.where(inside, others, pictures)
