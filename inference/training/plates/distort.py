"""Spoil pictures of plates as cameras, weather and night do: on the GPU, a batch at a time.

Order as in a camera: dirt and light on the plate, colour or infra-red grey, focus and movement, the sensor's few pixels
and its noise, the codec's blocks, then the exposure that is seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)
# Heights in pixels to which pictures are brought, and what share of a batch each gets.
HEIGHTS = ((64, 0.34), (48, 0.14), (40, 0.1), (32, 0.12), (24, 0.12), (20, 0.07), (16, 0.07), (12, 0.04))
KERNELS, REACH = 32, 13
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55), (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62), (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)  # fmt: skip


@dataclass(frozen=True)
class Weather:
    """How often what happens; the shares of pictures for training, made gentler or harsher by the test set."""

    dirt: float = 0.2
    shadow: float = 0.2
    glare: float = 0.2
    rain: float = 0.06
    grey: float = 0.5
    blur: float = 0.5
    dark: float = 0.18
    bright: float = 0.08
    low_contrast: float = 0.15
    cover: float = 0.04
    noise: float = 0.6
    codec: float = 0.6
    heights: tuple[tuple[int, float], ...] = HEIGHTS


CLEAN = Weather(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.3, 0.3, ((64, 1.0),))


def distort(pictures: Tensor, weather: Weather | None = None, *, pixels: tuple[int, int] | None = None) -> Tensor:
    """N×3×H×W float 0–1 in and out, each picture spoilt on its own.

    `pixels`: rows and columns that the sensor has for each, instead of the weather's heights.
    """
    weather = weather or Weather()
    pictures = _dirt(pictures, weather.dirt)
    pictures = _shadow(pictures, weather.shadow)
    pictures = _glare(pictures, weather.glare)
    pictures = _cover(pictures, weather.cover)
    pictures = _grey(pictures, weather.grey)
    pictures = _expose(pictures, weather)
    pictures = _rain(pictures, weather.rain)
    if weather.blur:
        pictures = _blur(pictures, weather.blur)
    if pixels is not None:
        return _through(pictures, pixels, weather)
    return _sensor(pictures, weather)


def _dirt(pictures: Tensor, share: float) -> Tensor:
    """Mud and dust: brownish patches, denser towards the lower edge."""
    height, width = pictures.shape[2:]
    fine = _noise(pictures, (height // 3, width // 3))
    coarse = _noise(pictures, (4, 8))
    down = torch.linspace(0, 0.35, height, device=pictures.device).view(1, 1, -1, 1)
    level = _uniform(pictures, 0.55, 0.95)
    mud = torch.sigmoid((0.5 * fine + 0.7 * coarse + down - level) * 14) * _uniform(pictures, 0.2, 0.85)
    mud = mud * _chance(pictures, share)
    colour = pictures.new_tensor([0.45, 0.4, 0.33]).view(1, 3, 1, 1) * _uniform(pictures, 0.3, 1.4)
    return pictures * (1 - mud) + colour * mud


def _shadow(pictures: Tensor, share: float) -> Tensor:
    """A shadow's edge, hard or soft, across the picture."""
    along = _along(pictures)
    edge = torch.sigmoid((along - _uniform(pictures, -0.4, 0.4)) * _uniform(pictures, 4, 60))
    return pictures * (1 - edge * _uniform(pictures, 0.2, 0.75) * _chance(pictures, share))


def _glare(pictures: Tensor, share: float) -> Tensor:
    """Headlights and sun: a round glow, a bright band, or the straight line that a sensor smears."""
    y, x = _axes(pictures)
    far = ((x - _uniform(pictures, -0.6, 0.6)) * 3) ** 2 + (y - _uniform(pictures, -0.6, 0.6)) ** 2
    glow = torch.exp(-far / (2 * _uniform(pictures, 0.15, 0.9) ** 2))
    band = torch.exp(-(((_along(pictures) - _uniform(pictures, -0.4, 0.4)) / _uniform(pictures, 0.01, 0.2)) ** 2))
    smear = torch.exp(-(((x - _uniform(pictures, -0.5, 0.5)) / _uniform(pictures, 0.004, 0.02)) ** 2))
    kind = torch.rand(len(pictures), 1, 1, 1, device=pictures.device)
    light = torch.where(kind < 0.5, glow, torch.where(kind < 0.85, band, smear.expand_as(glow)))
    return pictures + light * _uniform(pictures, 0.2, 1.1) * _chance(pictures, share)


def _cover(pictures: Tensor, share: float) -> Tensor:
    """Something in the way: a rectangle of another picture."""
    y, x = _axes(pictures)
    wide, tall = _uniform(pictures, 0.02, 0.12), _uniform(pictures, 0.1, 0.6)
    inside = ((x - _uniform(pictures, -0.5, 0.5)).abs() < wide) & ((y - _uniform(pictures, -0.5, 0.5)).abs() < tall)
    return torch.where(inside & (_chance(pictures, share) > 0), pictures.roll(1, 0), pictures)


def _grey(pictures: Tensor, share: float) -> Tensor:
    """Lose the colours; an infra-red camera weighs them as it likes, and paint may lose most of its contrast."""
    weights = torch.rand(len(pictures), 3, 1, 1, device=pictures.device) + 0.05
    weights = weights / weights.sum(1, keepdim=True)
    grey = (pictures * weights).sum(1, keepdim=True).expand_as(pictures)
    return torch.where(_chance(pictures, share) > 0, grey, pictures)


def _expose(pictures: Tensor, weather: Weather) -> Tensor:
    mean = pictures.mean((1, 2, 3), keepdim=True)
    flat = _chance(pictures, weather.low_contrast)
    contrast = _uniform(pictures, 0.75, 1.3) * (1 - flat) + _uniform(pictures, 0.2, 0.7) * flat
    pictures = (pictures - mean) * contrast + mean
    dark, bright = _chance(pictures, weather.dark), _chance(pictures, weather.bright)
    gain = _uniform(pictures, 0.75, 1.2) * (1 - dark) + _uniform(pictures, 0.1, 0.55) * dark
    gain = gain * (1 - bright) + _uniform(pictures, 1.3, 2.0) * bright
    cast = torch.empty(len(pictures), 3, 1, 1, device=pictures.device).uniform_(0.93, 1.07)
    cast = torch.where(pictures.std(1, keepdim=True).amax((2, 3), keepdim=True) < 1e-3, torch.ones_like(cast), cast)
    return (pictures * gain * cast).clamp(1e-4, 1.3) ** _uniform(pictures, 0.7, 1.4)


def _rain(pictures: Tensor, share: float) -> Tensor:
    """Streaks: noise sheared and stretched along the fall."""
    count, _channels, height, width = pictures.shape
    drops = torch.rand(count, 1, max(2, height // 12), width // 2, device=pictures.device)
    streaks = F.interpolate(drops, (height, width), mode="bilinear", align_corners=False)
    theta = torch.zeros(count, 2, 3, device=pictures.device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1
    theta[:, 0, 1] = torch.empty(count, device=pictures.device).uniform_(-0.3, 0.3)
    grid = F.affine_grid(theta, [count, 1, height, width], align_corners=False)
    streaks = F.grid_sample(streaks, grid, padding_mode="reflection", align_corners=False)
    light = torch.sigmoid((streaks - 0.9) * 40) * _uniform(pictures, 0.1, 0.5) * _chance(pictures, share)
    return pictures * (1 - light) + light * 0.8


def _blur(pictures: Tensor, share: float) -> Tensor:
    """Out of focus or moving: one of 32 random kernels for each picture, dealt anew every time."""
    count, channels, height, width = pictures.shape
    rows = torch.arange(count, device=pictures.device)
    padded = -count % KERNELS
    taken = torch.cat([pictures, pictures[rows[:1].expand(padded)]]) if padded else pictures
    kernels = _kernels(pictures.device, share)
    lanes = taken.view(KERNELS, -1, channels, height, width).permute(1, 2, 0, 3, 4)
    lanes = lanes.reshape(-1, KERNELS, height, width)
    half = REACH // 2
    lanes = F.conv2d(F.pad(lanes, (half, half, half, half), mode="replicate"), kernels[:, None], groups=KERNELS)
    lanes = lanes.view(-1, channels, KERNELS, height, width).permute(2, 0, 1, 3, 4)
    return lanes.reshape(-1, channels, height, width)[:count]


def _kernels(device: torch.device, share: float) -> Tensor:
    """32×13×13 kernels that sum to 1: stretched Gaussians in any direction, and some that change nothing."""
    at = torch.arange(REACH, device=device) - REACH // 2
    y, x = at.view(1, -1, 1).float(), at.view(1, 1, -1).float()
    angle = torch.rand(KERNELS, 1, 1, device=device) * math.pi
    wide = torch.empty(KERNELS, 1, 1, device=device).uniform_(0.4, 2.2)
    long = wide + torch.empty(KERNELS, 1, 1, device=device).uniform_(0, 3.5) * (
        torch.rand(KERNELS, 1, 1, device=device) < 0.4
    )
    along, across = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
    kernels = torch.exp(-0.5 * ((along / long) ** 2 + (across / wide) ** 2))
    sharp = ((x == 0) & (y == 0)).float()
    kernels = torch.where(torch.rand(KERNELS, 1, 1, device=device) < share, kernels, sharp)
    return kernels / kernels.sum((1, 2), keepdim=True)


def _sensor(pictures: Tensor, weather: Weather) -> Tensor:
    """Bring parts of the batch to few pixels, add noise and the codec's blocks there, and bring them back."""
    size = tuple(pictures.shape[2:])
    result = torch.empty_like(pictures)
    order = torch.randperm(len(pictures), device=pictures.device)
    start, total = 0.0, sum(share for _height, share in weather.heights)
    for height, share in weather.heights:
        rows = order[round(start * len(order)) : round((start + share / total) * len(order))]
        start += share / total
        if len(rows):
            few = round(height * size[0] / 64)
            result[rows] = _through(pictures[rows], (few, round(few * size[1] / size[0])), weather)
    return result


def _through(pictures: Tensor, pixels: tuple[int, int], weather: Weather) -> Tensor:
    small, size = pictures, tuple(pictures.shape[2:])
    is_smaller = pixels[0] < size[0]
    if is_smaller:
        small = F.interpolate(pictures, pixels, mode="area")
    grain = torch.randn_like(small[:, :1]) + 0.4 * torch.randn_like(small)
    # Shot noise grows with the light; a dark picture's noise must not bury it.
    light = 0.3 + small.mean((1, 2, 3), keepdim=True)
    small = small + grain * light * _uniform(small, 0, 0.09) * _chance(small, weather.noise)
    if weather.codec:
        small = _codec(small.clamp(0, 1), weather.codec)
    if is_smaller:
        how = ("bilinear", "bicubic")[int(torch.randint(0, 2, ()))]
        small = F.interpolate(small, size, mode=how, align_corners=False)
    return small.clamp(0, 1)


def _codec(pictures: Tensor, share: float) -> Tensor:
    """Quantise 8×8 blocks as JPEG does, at a quality of 15 to 90; H.264's blocks look alike at this size."""
    count, channels, height, width = pictures.shape
    padded = F.pad(pictures, (0, -width % 8, 0, -height % 8), mode="replicate") * 255 - 128
    blocks = padded.unfold(2, 8, 8).unfold(3, 8, 8)
    cosine = _cosines(pictures.device)
    table = pictures.new_tensor(_LUMINANCE)
    quality = _uniform(pictures, 18, 90)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    steps = (table * scale.view(-1, 1, 1, 1, 1, 1)).clamp(min=1)
    waves = (cosine @ blocks @ cosine.T / steps).round() * steps
    back = cosine.T @ waves @ cosine
    back = back.permute(0, 1, 2, 4, 3, 5).reshape(count, channels, *padded.shape[2:])[:, :, :height, :width]
    return torch.where(_chance(pictures, share) > 0, (back + 128) / 255, pictures)


def _cosines(device: torch.device) -> Tensor:
    """The 8×8 orthonormal matrix of the discrete cosine transform (type II)."""
    at = torch.arange(8, device=device).float()
    matrix = torch.cos(math.pi * at[:, None] * (2 * at[None, :] + 1) / 16) / 2
    matrix[0] /= math.sqrt(2)
    return matrix


def _axes(pictures: Tensor) -> tuple[Tensor, Tensor]:
    height, width = pictures.shape[2:]
    y = torch.linspace(-0.5, 0.5, height, device=pictures.device).view(1, 1, -1, 1)
    x = torch.linspace(-0.5, 0.5, width, device=pictures.device).view(1, 1, 1, -1)
    return y, x


def _along(pictures: Tensor) -> Tensor:
    """N×1×H×W: how far each pixel is along a direction of each picture's own."""
    y, x = _axes(pictures)
    angle = _uniform(pictures, 0, 2 * math.pi)
    return x * angle.cos() + y * angle.sin()


def _noise(pictures: Tensor, cells: tuple[int, int]) -> Tensor:
    noise = torch.rand(len(pictures), 1, *cells, device=pictures.device)
    return F.interpolate(noise, tuple(pictures.shape[2:]), mode="bilinear", align_corners=False)


def _uniform(pictures: Tensor, low: float, high: float) -> Tensor:
    return torch.empty(len(pictures), 1, 1, 1, device=pictures.device).uniform_(low, high)


def _chance(pictures: Tensor, share: float) -> Tensor:
    return (torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < share).float()
