"""Where the characters of each kind of Korean plate stand, and in what colours. Plain tables; needs no torch.

Sizes in millimetres, read off the standard's drawings and pictures of plates. Diplomatic and military plates and those
for temporary permits are left out: there are few of them, and no licensed glyphs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.core.plates.formats import ALPHABET, COMMERCIAL, DELIVERY, PRIVATE, RENTAL
from inference.training.plates.texts import PLACES

Rect = tuple[float, float, float, float]
# Two more things are painted that are not read: the circled use mark and the dash of old construction plates.
MARK, DASH = PLACES, PLACES + 1
PAINTED = PLACES + 2
MARKS = ("영", "자", "관")

WHITE, YELLOW, GREEN = (222, 224, 220), (238, 184, 36), (24, 122, 82)
BLUE, ORANGE, LIME, AMBER = (122, 184, 224), (222, 84, 34), (150, 196, 66), (240, 150, 40)
BLACK, PAINT, NAVY = (28, 28, 32), (236, 240, 234), (22, 34, 74)
STRIP_BLUE = (28, 62, 150)


@dataclass(frozen=True)
class Layout:
    """One kind of plate.

    `places` gives left, top, width and height of each painted character in mm. `top` says which of them are set in the
    small upper line's glyphs. `bolts` are x, y in mm. `strip_mm` is the width of the blue strip at the left.
    """

    name: str
    size: tuple[float, float]
    places: dict[int, Rect]
    ground: tuple[int, int, int]
    ink: tuple[int, int, int]
    letters: str
    weight: float
    bolts: tuple[tuple[float, float], ...]
    top: frozenset[int] = frozenset()
    strip_mm: float = 0.0
    emblem: bool = False
    border: bool = False


def _row(first: int, xs: list[float], y: float, width: float, height: float) -> dict[int, Rect]:
    return {first + step: (x, y, width, height) for step, x in enumerate(xs)}


def _steps(start: float, pitch: float, count: int) -> list[float]:
    return [start + pitch * step for step in range(count)]


LONG, MIDDLE, SHORT = (520.0, 110.0), (335.0, 155.0), (335.0, 170.0)
LONG_BOLTS = ((22.0, 55.0), (498.0, 55.0))
MIDDLE_BOLTS = ((84.0, 17.0), (251.0, 17.0))
SHORT_BOLTS = ((72.0, 28.0), (263.0, 28.0))

LONG_TWO = {**_row(3, [58, 112], 14, 48, 82), 5: (168, 20, 54, 72), **_row(6, _steps(246, 54, 4), 14, 48, 82)}
LONG_THREE = {**_row(2, _steps(44, 50, 3), 14, 45, 82), 5: (196, 20, 52, 72), **_row(6, _steps(272, 51, 4), 14, 45, 82)}
STRIPPED_THREE = {
    **_row(2, _steps(58, 49, 3), 14, 44, 82),
    5: (206, 20, 52, 72),
    **_row(6, _steps(276, 50, 4), 14, 44, 82),
}
MIDDLE_TWO = {**_row(3, [20, 62], 34, 40, 104), 5: (106, 54, 44, 76), **_row(6, _steps(154, 41.5, 4), 34, 40, 104)}
MIDDLE_THREE = {
    **_row(2, _steps(12, 37, 3), 34, 35, 104),
    5: (124, 52, 42, 78),
    **_row(6, _steps(168, 38.5, 4), 34, 36, 104),
}
REGION_TWO_LINES = {
    **_row(0, [96, 140], 12, 42, 42),
    **_row(3, [194, 226], 13, 28, 40),
    5: (18, 82, 56, 66),
    **_row(6, _steps(84, 60, 4), 64, 54, 92),
}
PLAIN_TWO_LINES = {**_row(3, [102, 146], 12, 36, 40), 5: (192, 12, 42, 40), **_row(6, _steps(20, 77, 4), 62, 64, 94)}
STACKED_LONG = {
    0: (32, 14, 50, 39),
    1: (32, 56, 50, 39),
    **_row(3, [92, 142], 14, 45, 82),
    5: (194, 18, 58, 74),
    **_row(6, _steps(262, 53, 4), 14, 47, 82),
}
CONSTRUCTION = {
    **_row(0, [84, 208], 18, 52, 52),
    **_row(3, [26, 64], 84, 34, 66),
    5: (110, 94, 36, 46),
    **_row(6, _steps(160, 39, 4), 84, 35, 66),
    MARK: (30, 26, 34, 34),
}
CONSTRUCTION_DASH = {
    **_row(0, [84, 208], 18, 52, 52),
    **_row(3, [40, 82], 84, 36, 66),
    **_row(6, _steps(142, 43, 4), 84, 37, 66),
    MARK: (30, 26, 34, 34),
    DASH: (120, 108, 18, 18),
}
UPPER_REGION, UPPER_PLAIN, UPPER_CONSTRUCTION = frozenset({0, 1, 3, 4}), frozenset({3, 4}), frozenset({0, 1})

LAYOUTS = (
    Layout("white two digits, long", LONG, LONG_TWO, WHITE, BLACK, PRIVATE + RENTAL, 5, LONG_BOLTS),
    Layout("white three digits, long", LONG, LONG_THREE, WHITE, BLACK, PRIVATE + RENTAL, 4, LONG_BOLTS),
    Layout(
        "white three digits, strip", LONG, STRIPPED_THREE, WHITE, BLACK, PRIVATE + RENTAL, 4, LONG_BOLTS, strip_mm=46
    ),
    Layout("white two digits, short", MIDDLE, MIDDLE_TWO, WHITE, BLACK, PRIVATE + RENTAL, 4, MIDDLE_BOLTS),
    Layout("white three digits, short", MIDDLE, MIDDLE_THREE, WHITE, BLACK, PRIVATE + RENTAL, 1, MIDDLE_BOLTS),
    Layout(
        "yellow, two lines", SHORT, REGION_TWO_LINES, YELLOW, BLACK, COMMERCIAL + DELIVERY, 5, SHORT_BOLTS, UPPER_REGION
    ),
    Layout("yellow, long", LONG, STACKED_LONG, YELLOW, BLACK, COMMERCIAL + DELIVERY, 4, LONG_BOLTS, frozenset({0, 1})),
    Layout(
        "green, region",
        SHORT,
        REGION_TWO_LINES,
        GREEN,
        PAINT,
        PRIVATE + RENTAL,
        3,
        SHORT_BOLTS,
        UPPER_REGION,
        border=True,
    ),
    Layout(
        "green, no region",
        SHORT,
        PLAIN_TWO_LINES,
        GREEN,
        PAINT,
        PRIVATE + RENTAL,
        3,
        SHORT_BOLTS,
        UPPER_PLAIN,
        border=True,
    ),
    Layout("blue two digits", LONG, LONG_TWO, BLUE, BLACK, PRIVATE + RENTAL, 1.5, LONG_BOLTS, emblem=True),
    Layout("blue three digits", LONG, LONG_THREE, BLUE, BLACK, PRIVATE + RENTAL, 1.5, LONG_BOLTS, emblem=True),
    Layout("blue three digits, strip", LONG, STRIPPED_THREE, BLUE, BLACK, PRIVATE + RENTAL, 1, LONG_BOLTS, strip_mm=46),
    Layout("blue, short", MIDDLE, MIDDLE_TWO, BLUE, BLACK, PRIVATE + RENTAL, 0.7, MIDDLE_BOLTS, emblem=True),
    Layout("lime three digits", LONG, LONG_THREE, LIME, BLACK, PRIVATE + RENTAL, 0.7, LONG_BOLTS),
    Layout(
        "orange, letter",
        SHORT,
        CONSTRUCTION,
        ORANGE,
        PAINT,
        PRIVATE + COMMERCIAL,
        2,
        SHORT_BOLTS,
        UPPER_CONSTRUCTION,
        border=True,
    ),
    Layout(
        "orange, dash", SHORT, CONSTRUCTION_DASH, ORANGE, PAINT, "", 2, SHORT_BOLTS, UPPER_CONSTRUCTION, border=True
    ),
    Layout("amber three digits", LONG, LONG_THREE, AMBER, BLACK, PRIVATE + COMMERCIAL, 0.7, LONG_BOLTS),
)


def tables(layouts: tuple[Layout, ...] = LAYOUTS) -> dict[str, NDArray[np.float32]]:
    """Return the layouts as arrays for the GPU.

    `rects` L×P×4 (left, top, right, bottom, as shares of the plate; all zero where nothing stands), `top` L×P,
    `letters` L×A (which letters may stand), `sizes` L×2 in mm, `ground` and `ink` L×3, `bolts` L×2×2 as shares,
    `strip` L as a share of the width, `flags` L×2 (emblem, border), `weights` L, summing to 1.
    """
    count = len(layouts)
    made = {
        "rects": np.zeros((count, PAINTED, 4), np.float32),
        "top": np.zeros((count, PAINTED), np.float32),
        "letters": np.zeros((count, len(ALPHABET)), np.float32),
    }
    for row, layout in enumerate(layouts):
        width, height = layout.size
        for place, (x, y, wide, tall) in layout.places.items():
            made["rects"][row, place] = (x / width, y / height, (x + wide) / width, (y + tall) / height)
        made["top"][row, sorted(layout.top)] = 1
        for letter in layout.letters:
            made["letters"][row, ALPHABET.index(letter)] = 1
    made["sizes"] = np.array([layout.size for layout in layouts], np.float32)
    made["ground"] = np.array([layout.ground for layout in layouts], np.float32)
    made["ink"] = np.array([layout.ink for layout in layouts], np.float32)
    made["bolts"] = np.array([layout.bolts for layout in layouts], np.float32) / made["sizes"][:, None, :]
    made["strip"] = np.array([layout.strip_mm / layout.size[0] for layout in layouts], np.float32)
    made["flags"] = np.array([(layout.emblem, layout.border) for layout in layouts], np.float32)
    weights = np.array([layout.weight for layout in layouts], np.float32)
    made["weights"] = weights / weights.sum()
    return made
