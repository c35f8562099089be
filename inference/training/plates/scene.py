"""Look at plates as a crop shows them: in perspective before something else. On the GPU, a batch at a time."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.training.plates.compose import CANVAS, MARGIN, Composer, Plates, placed

READER_SIZE = (64, 192)
# Corners of the unit square: left top, right top, right bottom, left bottom.
SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def seen_in_crops(plates: Plates, grounds: Tensor, *, loose: float = 0.3) -> tuple[Tensor, Tensor, Tensor]:
    """Show each plate in a crop before one of the grounds.

    Args:
        plates: As the composer makes them.
        grounds: N×3×64×192, 0–1.
        loose: The share of crops with much around the plate, as a coarse finder cuts them; the rest is rectified.

    Returns:
        N×3×64×192 crops, 0–1; N×10×2 where each character's middle is, as shares of the crop; N×4×2 the corners.
    """
    count, device = len(plates.places), grounds.device
    is_loose = torch.rand(count, 1, 1, device=device) < loose
    corners = torch.where(is_loose, loose_corners(count, device), tight_corners(count, device))
    pictures, matrices = warped(plates.pictures, corners, READER_SIZE)
    crops = grounds * (1 - pictures[:, 3:]) + pictures[:, :3]
    return crops, project(plates.centres, torch.linalg.inv(matrices)), corners


def tight_corners(count: int, device: torch.device) -> Tensor:
    """N×4×2 corners of a plate that was rectified by a finder with some error, as shares of the crop."""
    corners = torch.tensor(SQUARE, device=device).expand(count, 4, 2)
    grow = torch.empty(count, 1, 2, device=device).uniform_(0.84, 1.08)
    shift = torch.empty(count, 1, 2, device=device).normal_(0, 0.015)
    return 0.5 + (corners - 0.5) * grow + shift + torch.empty_like(corners).normal_(0, 0.018)


def loose_corners(count: int, device: torch.device) -> Tensor:
    """N×4×2 corners of a plate within a wider crop, turned by up to 25° and leaning."""
    x, y = (torch.tensor(SQUARE, device=device) - 0.5).unbind(1)
    wide = torch.empty(count, 1, device=device).uniform_(0.3, 0.98)
    tall = torch.empty(count, 1, device=device).uniform_(0.25, 0.98)
    near = torch.empty(count, 2, 1, device=device).uniform_(-0.25, 0.25)
    angle = torch.empty(count, 1, device=device).normal_(0, 8).clamp(-25, 25) * (math.pi / 180)
    depth = 1 + near[:, 0] * x * 2 + near[:, 1] * y
    x, y = x * wide / depth, y * tall / depth
    y = y + x * torch.empty(count, 1, device=device).normal_(0, 0.12)
    # The crop is stretched to 3:1, so a turn moves y by three times as much of the height as of the width.
    turned = torch.stack([x * angle.cos() - y * angle.sin() / 3, y * angle.cos() + 3 * x * angle.sin()], 2)
    low, high = turned.amin(1, keepdim=True), turned.amax(1, keepdim=True)
    turned = turned / (high - low).clamp(min=1.0)
    low, high = turned.amin(1, keepdim=True), turned.amax(1, keepdim=True)
    place = torch.rand(count, 1, 2, device=device)
    return turned - low + (1 - (high - low)) * place


def warped(pictures: Tensor, corners: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Sample N×4×H×W canvases so that their plates' corners come to lie at `corners`, colours times their cover.

    Returns the N×4×h×w pictures and the N×3×3 matrices from shares of the crop to shares of the canvas.
    """
    plate = torch.tensor(SQUARE, device=corners.device).expand_as(corners) * (1 - 2 * MARGIN) + MARGIN
    matrices = homography(corners, plate)
    y, x = torch.meshgrid(
        (torch.arange(size[0], device=corners.device) + 0.5) / size[0],
        (torch.arange(size[1], device=corners.device) + 0.5) / size[1],
        indexing="ij",
    )
    points = torch.stack([x, y], -1).reshape(1, -1, 2).expand(len(corners), -1, -1)
    grid = project(points, matrices).view(len(corners), *size, 2) * 2 - 1
    covered = torch.cat([pictures[:, :3] * pictures[:, 3:], pictures[:, 3:]], 1)
    return F.grid_sample(covered, grid.clamp(-3, 3), align_corners=False), matrices


def homography(source: Tensor, target: Tensor) -> Tensor:
    """N×3×3 matrices that take N×4×2 points to N×4×2 others (four-point direct linear transform)."""
    x, y = source.unbind(2)
    u, v = target.unbind(2)
    one, none = torch.ones_like(x), torch.zeros_like(x)
    first = torch.stack([x, y, one, none, none, none, -u * x, -u * y], 2)
    second = torch.stack([none, none, none, x, y, one, -v * x, -v * y], 2)
    solved = torch.linalg.solve(torch.cat([first, second], 1), torch.cat([u, v], 1))
    return torch.cat([solved, torch.ones_like(solved[:, :1])], 1).view(-1, 3, 3)


def project(points: Tensor, matrices: Tensor) -> Tensor:
    """Take N×P×2 points through N×3×3 matrices; in full precision, whatever products of matrices are allowed."""
    x, y = points[..., 0], points[..., 1]
    across, down, depth = (row[:, 0, None] * x + row[:, 1, None] * y + row[:, 2, None] for row in matrices.unbind(1))
    depth = torch.where(depth.abs() < 1e-4, torch.full_like(depth, 1e-4), depth)
    return torch.stack([across / depth, down / depth], -1)


def signs(composer: Composer, count: int, grounds: Tensor) -> Tensor:
    """Show N things that are no plates: writing of signs, plates without writing or with other characters.

    N×3×64×192, 0–1. Half are lines of other characters on a plain board, a quarter empty plates, the rest the grounds
    themselves.
    """
    device = grounds.device
    board = composer.compose(count)
    kind = torch.rand(count, 1, 1, 1, device=device)
    lettered = _lettered(composer, count)
    plain = F.interpolate(torch.rand(count, 3, 1, 2, device=device), CANVAS, mode="bilinear", align_corners=True)
    ink = torch.rand(count, 3, 1, 1, device=device)
    sign = plain * (1 - lettered) + ink * lettered
    # An empty plate: the colours of its own rim and middle, smeared over what was written.
    coarse = F.avg_pool2d(F.avg_pool2d(board.pictures[:, :3], 8), 7, 1, 3, count_include_pad=False)
    empty = F.interpolate(coarse, CANVAS, mode="bilinear", align_corners=False)
    picture = torch.where(kind < 0.6, sign, empty * (1 - 0.7 * lettered * (kind < 0.7)))
    canvas = torch.cat([picture.clamp(0, 1), board.pictures[:, 3:]], 1)
    is_loose = torch.rand(count, 1, 1, device=device) < 0.5
    corners = torch.where(is_loose, loose_corners(count, device), tight_corners(count, device))
    seen, _matrices = warped(canvas, corners, READER_SIZE)
    return torch.where(kind < 0.85, grounds * (1 - seen[:, 3:]) + seen[:, :3], grounds)


def _lettered(composer: Composer, count: int) -> Tensor:
    """N×1×H×W of one or two lines of sign characters, in any number and size."""
    device, places = composer.signs.device, 10
    if not len(composer.signs):
        return torch.zeros(count, 1, *CANVAS, device=device)
    glyphs = composer.signs[torch.randint(0, len(composer.signs), (count, places), device=device)].float() / 255
    digits = composer.atlas[0, 0, torch.randint(0, 10, (count, places), device=device)].float() / 255
    is_digit = torch.rand(count, places, 1, 1, device=device) < torch.rand(count, 1, 1, 1, device=device) * 0.7
    is_digit[:, :2] = False  # never a plate by chance
    glyphs = torch.where(is_digit, digits, glyphs)
    per_line = torch.randint(3, 9, (count, 1), device=device).float()
    number = torch.arange(places, device=device).float()
    line, column = (number / per_line).floor(), number % per_line
    lines = torch.randint(1, 3, (count, 1), device=device).float()
    wide, tall = 0.9 / per_line, 0.8 / lines
    left, top = 0.05 + column * wide, 0.1 + line * tall
    rects = torch.stack([left, top, left + wide * 0.85, top + tall * 0.85], 2)
    size = rects.new_tensor([CANVAS[1], CANVAS[0], CANVAS[1], CANVAS[0]])
    glyphs = glyphs * (line < lines)[..., None, None]
    return placed(glyphs, rects * size)
