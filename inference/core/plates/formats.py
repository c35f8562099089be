"""What is written on Korean number plates: the characters, the formats, and what each part of a plate says.

Knows nothing of pictures and readers. Formats help to decode and to explain a text; they never decide whether something
is a plate, because readers make well-formed texts out of anything. Left out: diplomatic, military and temporary plates
and those issued before 1996; their texts are stored and found like any other, they only have no parts.

Source: the standard of the Ministry of Land, Infrastructure and Transport for number plates (자동차 등록번호판 등의
기준에 관한 고시), as it stood in 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

DIGITS = "0123456789"
REGIONS = (
    "서울",
    "부산",
    "대구",
    "인천",
    "광주",
    "대전",
    "울산",
    "세종",
    "경기",
    "강원",
    "충북",
    "충남",
    "전북",
    "전남",
    "경북",
    "경남",
    "제주",
)
PRIVATE = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
COMMERCIAL = "바사아자"
DELIVERY = "배"
RENTAL = "하허호"
LETTERS = PRIVATE + COMMERCIAL + DELIVERY + RENTAL
REGION_SYLLABLES = "".join(sorted(set("".join(REGIONS))))
# Each character once; some syllables (부, 서, 주 …) are both a letter and part of a region's name.
ALPHABET = DIGITS + LETTERS + "".join(one for one in REGION_SYLLABLES if one not in LETTERS)
SERIAL_DIGITS = 4


class Use(StrEnum):
    """What the letter says a vehicle is used for."""

    PRIVATE = "private"
    COMMERCIAL = "commercial"
    DELIVERY = "delivery"
    RENTAL = "rental"


class VehicleClass(StrEnum):
    """What the first digits say a vehicle is, unless the plate is a construction machine's."""

    CAR = "car"
    VAN = "van"
    TRUCK = "truck"
    SPECIAL = "special"
    EMERGENCY = "emergency"


@dataclass(frozen=True)
class Format:
    """One way in which plates are written.

    Attributes:
        name: In texts of programs.
        has_region: Whether the region's name goes before.
        class_digits: How many digits stand before the letter; four follow it.
        letters: Letters that are issued in this format.
    """

    name: str
    has_region: bool
    class_digits: int
    letters: str


TWO = Format("two", has_region=False, class_digits=2, letters=PRIVATE + RENTAL)
THREE = Format("three", has_region=False, class_digits=3, letters=PRIVATE + RENTAL)
REGION_TWO = Format("region-two", has_region=True, class_digits=2, letters=LETTERS)
FORMATS = (TWO, THREE, REGION_TWO)

# First number of each class, by how many digits the number has.
_CLASSES = {
    2: ((98, VehicleClass.SPECIAL), (80, VehicleClass.TRUCK), (70, VehicleClass.VAN), (1, VehicleClass.CAR)),
    3: (
        (998, VehicleClass.EMERGENCY),
        (980, VehicleClass.SPECIAL),
        (800, VehicleClass.TRUCK),
        (700, VehicleClass.VAN),
        (100, VehicleClass.CAR),
    ),
}
_USES = (
    (PRIVATE, Use.PRIVATE),
    (COMMERCIAL, Use.COMMERCIAL),
    (DELIVERY, Use.DELIVERY),
    (RENTAL, Use.RENTAL),
)
_PLATE = re.compile(rf"({'|'.join(REGIONS)})?([0-9]{{2,3}})([{LETTERS}])([0-9]{{{SERIAL_DIGITS}}})")


@dataclass(frozen=True)
class PlateParts:
    """A well-formed plate, taken apart; an empty region is none."""

    region: str
    number: str
    letter: str
    serial: str
    format: Format

    @property
    def use(self) -> Use:
        return next(use for letters, use in _USES if self.letter in letters)

    @property
    def vehicle_class(self) -> VehicleClass | None:
        """None for numbers that only construction machines carry (012, say)."""
        number = int(self.number)
        return next((kind for first, kind in _CLASSES[len(self.number)] if number >= first), None)


def parse_plate(text: str) -> PlateParts | None:
    """Take a normalised text apart; None if it is in none of the formats.

    Letters are not held to those issued in the format: a misread 바 still stands where a letter stands.
    """
    found = _PLATE.fullmatch(text)
    if not found:
        return None
    region, number, letter, serial = found.group(1) or "", found[2], found[3], found[4]
    for one in FORMATS:
        if one.has_region == bool(region) and one.class_digits == len(number) and int(number) > 0:
            return PlateParts(region, number, letter, serial, one)
    return None
