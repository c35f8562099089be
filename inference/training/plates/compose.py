"""Make plates out of glyphs and layouts: on the GPU, a batch at a time, each with its own text, colours and wear.

Characters are placed by two small matrix products a plate (rows, then columns, of a hat function), so that no sampling
grid is needed for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.core.plates.formats import ALPHABET, REGIONS
from inference.training.plates.layouts import DASH, MARK, PAINTED
from inference.training.plates.texts import EMPTY, LETTER, PLACES

CANVAS = (96, 288)
# How much oftener plates in two lines are trained on than they come: their writing is half as high.
CROWDED = 1.6
# How much of the canvas is around the plate on each side: room for a frame.
MARGIN = 0.06


@dataclass
class Plates:
    """A batch of plates seen from the front.

    `pictures` N×4×96×288, red, green, blue and cover (0 or 1, soft at the edges), 0–1; `places` N×10 numbers of
    `ALPHABET` or `EMPTY`; `centres` N×10×2, x and y as shares of the canvas, of use where a place is not empty;
    `layouts` N.
    """

    pictures: Tensor
    places: Tensor
    centres: Tensor
    layouts: Tensor


class Composer:
    """The glyph atlas and the layouts on one device; `is_training` adds the hands that are for training alone."""

    def __init__(self, pack: Path, device: str, *, is_training: bool = False) -> None:
        with np.load(pack / "glyphs.npz") as file:
            arrays = {name: torch.from_numpy(file[name]).to(device) for name in file.files}
        self.atlas, self.signs, more = (arrays.pop(name) for name in ("atlas", "signs", "letters_atlas"))
        self.atlas = torch.cat([self.atlas, more]) if is_training else self.atlas
        self.names = self.atlas.shape[0]
        self.tables = arrays
        if is_training:
            wide, tall = arrays["sizes"].unbind(1)
            arrays["weights"] = arrays["weights"] * torch.where(tall > wide / 2, CROWDED, 1.0)
        self.regions = torch.tensor([[ALPHABET.index(part) for part in region] for region in REGIONS], device=device)
        self.device = device
        self.dash = self.atlas.shape[2] - 1

    def compose(self, count: int, *, layout: int | None = None) -> Plates:
        """Make `count` plates, of one layout if it is given."""
        weights = self.tables["weights"]
        kinds = torch.multinomial(weights, count, replacement=True)
        if layout is not None:
            kinds = torch.full_like(kinds, layout)
        places = self._texts(kinds)
        rects = self._rects(kinds)
        ink = self._ink(kinds, places, rects)
        pictures = self._paint(kinds, ink, rects)
        centres = (rects[:, :PLACES, :2] + rects[:, :PLACES, 2:]) / 2
        return Plates(pictures, places[:, :PLACES], MARGIN + centres * (1 - 2 * MARGIN), kinds)

    def _texts(self, kinds: Tensor) -> Tensor:
        """N×12 character numbers of the atlas; `EMPTY` where the layout has no place."""
        count, table = len(kinds), self.tables
        places = torch.randint(0, 10, (count, PAINTED), device=self.device)
        places[:, :2] = self.regions[torch.randint(0, len(self.regions), (count,), device=self.device)]
        letters = table["letters"][kinds]
        empty = letters.sum(1, keepdim=True) == 0
        places[:, LETTER] = torch.multinomial(letters + empty, 1)[:, 0]
        marks = self.tables["marks"]
        places[:, MARK] = marks[torch.randint(0, len(marks), (count,), device=self.device)]
        places[:, DASH] = self.dash
        # Numbers of passenger cars begin at 01 and 100: a leading zero with three digits is for construction alone.
        is_three = table["rects"][kinds, 2, 2] > 0
        first = torch.randint(1, 10, (count,), device=self.device)
        rare = torch.rand(count, device=self.device) < 0.03
        places[:, 2] = torch.where(is_three & ~rare, first, places[:, 2])
        return torch.where(table["rects"][kinds, :, 2] > 0, places, EMPTY)

    def _rects(self, kinds: Tensor) -> Tensor:
        """N×12×4 shares of the plate, each plate's writing shifted and stretched a little, each character less so."""
        rects = self.tables["rects"][kinds].clone()
        count = len(rects)
        middle = (rects[..., :2] + rects[..., 2:]) / 2
        half = (rects[..., 2:] - rects[..., :2]) / 2
        scale = _uniform(count, (1, 2), 0.92, 1.05, self.device)
        middle = 0.5 + (middle - 0.5) * scale + _uniform(count, (1, 2), -0.012, 0.012, self.device)
        middle = middle + _uniform(count, (PAINTED, 2), -0.003, 0.003, self.device)
        half = half * _uniform(count, (1, 2), 0.88, 1.1, self.device)
        half[:, LETTER] *= _uniform(count, (2,), 0.92, 1.08, self.device)
        return torch.cat([middle - half, middle + half], 2) * (rects[..., 2:3] > 0)

    def _ink(self, kinds: Tensor, places: Tensor, rects: Tensor) -> Tensor:
        """N×1×H×W, 1 where paint is; stroke and sharpness differ from plate to plate."""
        count = len(kinds)
        style = torch.randint(0, self.names, (count, 1), device=self.device).expand(-1, PAINTED)
        line = self.tables["top"][kinds].long()
        glyphs = self.atlas[style, line, places.clamp(max=self.dash)].float() / 255
        glyphs = glyphs * (rects[..., 2] > 0)[..., None, None]
        ink = placed(glyphs, _on_canvas(rects))
        thinner = -F.max_pool2d(-ink, 3, 1, 1)
        thin = _uniform(count, (1, 1, 1), -0.4, 0.9, self.device).clamp(min=0)
        ink = ink * (1 - thin) + thinner * thin
        thick = _uniform(count, (1, 1, 1), -1.2, 0.8, self.device).clamp(min=0)
        ink = ink * (1 - thick) + F.max_pool2d(ink, 3, 1, 1) * thick
        sharp = _uniform(count, (1, 1, 1), 5, 14, self.device)
        return torch.sigmoid((ink - _uniform(count, (1, 1, 1), 0.36, 0.56, self.device)) * sharp) * (ink > 0.02)

    def _paint(self, kinds: Tensor, ink: Tensor, rects: Tensor) -> Tensor:
        count, table = len(kinds), self.tables
        size = table["sizes"][kinds]
        distance = _to_edge(size, self.device)
        ground = (table["ground"][kinds] / 255)[..., None, None]
        ground = ground * _uniform(count, (3, 1, 1), 0.95, 1.04, self.device) * _soft(count, 0.82, 1.12, self.device)
        paint = (table["ink"][kinds] / 255)[..., None, None] + _uniform(count, (3, 1, 1), -0.08, 0.16, self.device)
        ground = self._decorate(kinds, ground, distance)
        ground = self._marked(ground, paint, rects, size)
        worn = ink * (1 - _speckle(count, self.device) * _chance(count, 0.15, self.device))
        fade = _uniform(count, (1, 1, 1), 0.75, 1.0, self.device)
        picture = ground * (1 - worn * fade) + paint * worn * fade
        picture = picture + _emboss(ink) * _uniform(count, (1, 1, 1), -0.18, 0.18, self.device)
        picture = self._border(kinds, picture, paint, distance)
        picture = self._bolted(kinds, picture, size)
        return _framed(picture.clamp(0, 1), distance, self.device)

    def _decorate(self, kinds: Tensor, ground: Tensor, distance: Tensor) -> Tensor:
        """Paint the blue strip, and the emblem and the sign of electric cars."""
        count = len(kinds)
        x, y = _plate_axes(self.device)
        strip = self.tables["strip"][kinds].view(-1, 1, 1, 1)
        blue = ground.new_tensor([0.11, 0.24, 0.6]).view(1, 3, 1, 1) * _uniform(count, (1, 1, 1), 0.6, 1.5, self.device)
        marks = (_patches(count, (24, 96), 0.55, self.device) * 0.5).clamp(max=0.6)
        ground = torch.where((x < strip) & (distance > 0), blue + marks * (y > 0.2), ground)
        emblem = self.tables["flags"][kinds, 0].view(-1, 1, 1, 1)
        there = ((x > 0.02) & (x < 0.085) | (x > 0.925) & (x < 0.985)) & (y > 0.2) & (y < 0.85)
        drawn = (
            _patches(count, (24, 96), 0.5, self.device)
            * there
            * emblem
            * _uniform(count, (1, 1, 1), 0.1, 0.6, self.device)
        )
        return ground * (1 - drawn) + blue * 0.6 * drawn

    def _marked(self, ground: Tensor, paint: Tensor, rects: Tensor, size: Tensor) -> Tensor:
        """Draw the ring around the use mark."""
        x, y = _plate_axes(self.device)
        rect = rects[:, MARK]
        middle = ((rect[:, :2] + rect[:, 2:]) / 2)[..., None, None]
        wide, tall = size[:, :1, None, None], size[:, 1:, None, None]
        far = (((x - middle[:, :1]) * wide) ** 2 + ((y - middle[:, 1:]) * tall) ** 2).sqrt()
        radius = (rect[:, 2] - rect[:, 0])[:, None, None, None] * wide * 0.72
        ring = ((far - radius).abs() < 2.2) & (radius > 0)
        return torch.where(ring, paint, ground)

    def _border(self, kinds: Tensor, picture: Tensor, paint: Tensor, distance: Tensor) -> Tensor:
        count = len(kinds)
        always = self.tables["flags"][kinds, 1].view(-1, 1, 1, 1)
        at = _uniform(count, (1, 1, 1), 4, 8, self.device)
        line = torch.sigmoid((_uniform(count, (1, 1, 1), 0.8, 2.2, self.device) - (distance - at).abs()) * 2)
        seen = torch.maximum(
            always * 0.9, _chance(count, 0.45, self.device) * _uniform(count, (1, 1, 1), 0.1, 0.7, self.device)
        )
        return picture * (1 - line * seen) + paint * line * seen

    def _bolted(self, kinds: Tensor, picture: Tensor, size: Tensor) -> Tensor:
        count = len(kinds)
        x, y = _plate_axes(self.device)
        wide, tall = size[:, :1, None, None], size[:, 1:, None, None]
        for side in range(2):
            at = self.tables["bolts"][kinds, side] + _uniform(count, (2,), -0.01, 0.01, self.device)
            far = (((x - at[:, :1, None, None]) * wide) ** 2 + ((y - at[:, 1:, None, None]) * tall) ** 2).sqrt()
            radius = _uniform(count, (1, 1, 1), 4, 8, self.device)
            there = torch.sigmoid((radius - far) * 1.5) * _chance(count, 0.75, self.device)
            ring = torch.exp(-(((far - radius) / 1.5) ** 2)) * there * 0.5
            shade = _uniform(count, (1, 1, 1), 0.05, 0.85, self.device)
            shine = shade + 0.2 * ((y - at[:, 1:, None, None]) * tall / radius).clamp(-1, 1)
            picture = (picture * (1 - there) + shine * there) * (1 - ring)
        return picture


def placed(glyphs: Tensor, rects: Tensor) -> Tensor:
    """Put N×K×h×w glyphs into N×K×4 rectangles (in canvas pixels) of one N×1×H×W plane."""
    count, places, high, wide = glyphs.shape
    rows = _hats(rects[..., 1], rects[..., 3], high, CANVAS[0])
    columns = _hats(rects[..., 0], rects[..., 2], wide, CANVAS[1])
    lines = rows @ glyphs
    lines = lines.permute(0, 2, 1, 3).reshape(count, CANVAS[0], places * wide)
    return (lines @ columns.transpose(2, 3).reshape(count, places * wide, CANVAS[1]))[:, None].clamp(0, 1)


def _hats(start: Tensor, end: Tensor, length: int, canvas: int) -> Tensor:
    """N×K×canvas×length: how much each glyph pixel gives to each canvas pixel; rows sum to 1 within the glyph."""
    pixels = torch.arange(canvas, device=start.device).float() + 0.5
    step = ((end - start) / length).clamp(min=1e-4)[..., None]
    at = (pixels - start[..., None]) / step
    cells = torch.arange(length, device=start.device).float() + 0.5
    reach = (1 / step).clamp(min=1.0)[..., None]
    hats = (1 - (at[..., None] - cells).abs() / reach).clamp(min=0) / reach
    return hats * ((at > -0.5) & (at < length + 0.5))[..., None]


def _on_canvas(rects: Tensor) -> Tensor:
    size = rects.new_tensor([CANVAS[1], CANVAS[0], CANVAS[1], CANVAS[0]])
    return (MARGIN + rects * (1 - 2 * MARGIN)) * size


def _plate_axes(device: str) -> tuple[Tensor, Tensor]:
    """x 1×1×1×W and y 1×1×H×1 as shares of the plate: below 0 and above 1 in the margin."""
    axes = [((torch.arange(side, device=device) + 0.5) / side - MARGIN) / (1 - 2 * MARGIN) for side in CANVAS]
    return axes[1].view(1, 1, 1, -1), axes[0].view(1, 1, -1, 1)


def _to_edge(size: Tensor, device: str) -> Tensor:
    """N×1×H×W mm to the plate's rounded edge, positive inside."""
    x, y = _plate_axes(device)
    wide, tall = size[:, :1, None, None], size[:, 1:, None, None]
    radius = 12.0
    across = ((x - 0.5).abs() * wide - (wide / 2 - radius)).expand(-1, -1, CANVAS[0], -1)
    down = ((y - 0.5).abs() * tall - (tall / 2 - radius)).expand(-1, -1, -1, CANVAS[1])
    outside = (across.clamp(min=0) ** 2 + down.clamp(min=0) ** 2).sqrt()
    return radius - outside - torch.maximum(across, down).clamp(max=0)


def _framed(picture: Tensor, distance: Tensor, device: str) -> Tensor:
    """Add what is around the plate: a dark or shining frame for half of them; and the cover as a fourth channel."""
    count = len(picture)
    width = _uniform(count, (1, 1, 1), 2, 9, device) * _chance(count, 0.5, device)
    colour = _uniform(count, (1, 1, 1), 0.02, 0.8, device) ** 2 * _soft(count, 0.6, 1.3, device)
    inside = (distance + 0.5).clamp(0, 1)
    picture = picture * inside + colour * (1 - inside)
    return torch.cat([picture.clamp(0, 1), (distance + width + 0.5).clamp(0, 1)], 1)


def _emboss(ink: Tensor) -> Tensor:
    return F.pad(ink, (2, 0, 2, 0))[:, :, :-2, :-2] - ink


def _soft(count: int, low: float, high: float, device: str) -> Tensor:
    """N×1×H×W of slow changes between `low` and `high`."""
    coarse = torch.empty(count, 1, 3, 5, device=device).uniform_(low, high)
    return F.interpolate(coarse, CANVAS, mode="bilinear", align_corners=True)


def _speckle(count: int, device: str) -> Tensor:
    return _patches(count, (32, 96), 0.72, device)


def _patches(count: int, cells: tuple[int, int], level: float, device: str) -> Tensor:
    """N×1×H×W soft-edged patches that cover about 1 − `level` of the canvas."""
    noise = F.interpolate(torch.rand(count, 1, *cells, device=device), CANVAS, mode="bilinear", align_corners=False)
    return torch.sigmoid((noise - level) * 18)


def _uniform(count: int, shape: tuple[int, ...], low: float, high: float, device: str) -> Tensor:
    return torch.empty(count, *shape, device=device).uniform_(low, high)


def _chance(count: int, share: float, device: str) -> Tensor:
    return (torch.rand(count, 1, 1, 1, device=device) < share).float()
