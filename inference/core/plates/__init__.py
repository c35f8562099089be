"""Plates as texts: what stands on them, how they are asked for, and which stored ones are alike."""

from inference.core.plates.confusions import (
    Confusions,
    confusions_from_counts,
    default_confusions,
    load_confusions,
)
from inference.core.plates.distance import plate_distance
from inference.core.plates.formats import ALPHABET, FORMATS, LETTERS, REGIONS, PlateParts, parse_plate
from inference.core.plates.index import Found, PlateHit, PlateIndex
from inference.core.plates.pattern import Part, Pattern, parse_pattern
from inference.core.plates.text import Character, PlateRead, normalise_plate

__all__ = [
    "ALPHABET",
    "FORMATS",
    "LETTERS",
    "REGIONS",
    "Character",
    "Confusions",
    "Found",
    "Part",
    "Pattern",
    "PlateHit",
    "PlateIndex",
    "PlateParts",
    "PlateRead",
    "confusions_from_counts",
    "default_confusions",
    "load_confusions",
    "normalise_plate",
    "parse_pattern",
    "parse_plate",
    "plate_distance",
]
