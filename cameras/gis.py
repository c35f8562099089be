"""Distances and directions on the globe. Pure functions; degrees in, metres and degrees out."""

from math import asin, atan2, cos, degrees, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance in metres between two (latitude, longitude) points (haversine)."""
    latitude_a, longitude_a, latitude_b, longitude_b = map(radians, (*a, *b))
    half = (
        sin((latitude_b - latitude_a) / 2) ** 2
        + cos(latitude_a) * cos(latitude_b) * sin((longitude_b - longitude_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))


def bearing_deg(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the initial direction from a to b in degrees: 0 is north, 90 east."""
    latitude_a, longitude_a, latitude_b, longitude_b = map(radians, (*a, *b))
    east = sin(longitude_b - longitude_a) * cos(latitude_b)
    north = cos(latitude_a) * sin(latitude_b) - sin(latitude_a) * cos(latitude_b) * cos(longitude_b - longitude_a)
    return degrees(atan2(east, north)) % 360
