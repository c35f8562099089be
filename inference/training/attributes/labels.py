"""What the sets say of people and vehicles, brought to one vocabulary.

A label is the set of values that may be true: one value when it is known, several when the set only narrows it down
(two colours named for one shirt), none when nothing is said. Nothing here needs torch.

Market-1501's attributes are those of Lin et al. (Pattern Recognition 2019), PETA's of Deng et al. (ACM MM 2014).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

Label = tuple[str, ...]
Labels = dict[str, Label]

UPPER_COLOURS = ("black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
# Orange and purple trousers are worn by 3 and 13 people of all sets: too few to learn or to measure.
LOWER_COLOURS = ("black", "white", "grey", "red", "yellow", "green", "blue", "pink", "brown")
PERSON: dict[str, tuple[str, ...]] = {
    "upper_colour": UPPER_COLOURS,
    "lower_colour": LOWER_COLOURS,
    "upper_kind": ("tshirt", "jacket", "suit", "sweater"),
    "lower_kind": ("trousers", "jeans", "shorts", "skirt"),
    "sleeve": ("short", "long"),
    "lower_length": ("short", "long"),
    "backpack": ("no", "yes"),
    "bag": ("no", "yes"),
    "hat": ("no", "yes"),
    "hair": ("short", "long"),
    "gender": ("male", "female"),
    "age": ("child", "young", "adult", "old"),
}
VEHICLE: dict[str, tuple[str, ...]] = {
    "colour": ("black", "white", "silver", "grey", "red", "orange", "yellow", "green", "blue", "pink", "brown"),
    "type": ("motorcycle", "car", "van", "pickup", "truck", "bus"),
    "body": ("sedan", "hatchback", "suv", "coupe", "wagon", "minivan"),
}
HEADS = {"person": PERSON, "vehicle": VEHICLE}
# Values that are taught apart and answered as one: silver paint under another sky is grey, and witnesses say either.
MERGED = {"colour": {"silver": "grey"}}

MARKET_UPPER = ("black", "white", "red", "purple", "yellow", "gray", "blue", "green")
MARKET_LOWER = ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown")
MARKET_TWO = {  # column -> head, value for 1, value for 2
    "up": ("sleeve", "long", "short"),
    "down": ("lower_length", "long", "short"),
    "backpack": ("backpack", "no", "yes"),
    "hat": ("hat", "no", "yes"),
    "hair": ("hair", "short", "long"),
    "gender": ("gender", "male", "female"),
}
MARKET_AGE = {"1": "child", "2": "young", "3": "adult", "4": "old"}

PETA_ONE = {  # label -> head, value
    "upperBodyLongSleeve": ("sleeve", "long"),
    "upperBodyShortSleeve": ("sleeve", "short"),
    "upperBodyNoSleeve": ("sleeve", "short"),
    "upperBodyTshirt": ("upper_kind", "tshirt"),
    "upperBodyJacket": ("upper_kind", "jacket"),
    "upperBodySuit": ("upper_kind", "suit"),
    "upperBodySweater": ("upper_kind", "sweater"),
    "lowerBodyTrousers": ("lower_kind", "trousers"),
    "lowerBodySuits": ("lower_kind", "trousers"),
    "lowerBodyJeans": ("lower_kind", "jeans"),
    "lowerBodyShorts": ("lower_kind", "shorts"),
    "lowerBodyHotPants": ("lower_kind", "shorts"),
    "lowerBodyShortSkirt": ("lower_kind", "skirt"),
    "lowerBodyLongSkirt": ("lower_kind", "skirt"),
    "hairShort": ("hair", "short"),
    "hairBald": ("hair", "short"),
    "hairLong": ("hair", "long"),
    "personalMale": ("gender", "male"),
    "personalFemale": ("gender", "female"),
    "personalLess15": ("age", "child"),
    "personalLess30": ("age", "young"),
    "personalLess45": ("age", "adult"),
    "personalLess60": ("age", "adult"),
    "personalLarger60": ("age", "old"),
}
PETA_LONG = {"lowerBodyTrousers", "lowerBodySuits", "lowerBodyJeans", "lowerBodyLongSkirt"}
PETA_SHORT = {"lowerBodyShorts", "lowerBodyHotPants", "lowerBodyShortSkirt"}
PETA_BAGS = {"carryingMessengerBag", "carryingPlasticBags", "carryingSuitcase", "carryingLuggageCase"}
# What else is carried may or may not be called a bag: no answer then.
PETA_UNCLEAR = {"carryingOther", "carryingFolder", "carryingShoppingTro", "carryingBabyBuggy"}

STANFORD_BODIES = {"sedan", "hatchback", "suv", "coupe", "wagon", "minivan"}
# Models whose name in the set says another body than their look: one car under two names (TT), crossovers, a coupe with
# a hatch, an estate, a hatchback.
STANFORD_LOOKS = {
    "Acura ZDX Hatchback 2012": "suv",
    "Audi TT Hatchback 2011": "coupe",
    "Dodge Caliber Wagon 2007": "hatchback",
    "Dodge Caliber Wagon 2012": "hatchback",
    "Eagle Talon Hatchback 1998": "coupe",
    "Hyundai Elantra Touring Hatchback 2012": "wagon",
    "Nissan Juke Hatchback 2012": "suv",
}
STANFORD_TYPES = {
    "sedan": "car",
    "hatchback": "car",
    "suv": "car",
    "coupe": "car",
    "convertible": "car",
    "wagon": "car",
    "minivan": "van",
    "van": "van",
    "pickup": "pickup",
}
TINY_TYPES = {
    "bike": "motorcycle",
    "car": "car",
    "juggernaut": "truck",
    "minibus": "van",
    "pickup": "pickup",
    "truck": "truck",
}


def read_market(paths: Iterable[Path]) -> dict[str, Labels]:
    """Labels by identity of Market-1501's attribute tables.

    Raises:
        ValueError: A value is not one of those that the set uses.
    """
    people: dict[str, Labels] = {}
    for path in paths:
        with path.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                try:
                    people[row["id"]] = market_labels(row)
                except (KeyError, IndexError) as error:
                    raise ValueError(f"{path.name}, identity {row.get('id')}: {error!r} is not understood.") from error
    return people


def market_labels(row: Mapping[str, str]) -> Labels:
    """One person's labels; values in the table are 1-based, 1 means no where it is a question."""
    labels: Labels = {
        head: ({"1": first, "2": second}[row[column]],) for column, (head, first, second) in MARKET_TWO.items()
    }
    labels["age"] = (MARKET_AGE[row["age"]],)
    labels["bag"] = ("yes" if "2" in (row["bag"], row["handbag"]) else "no",)
    labels["upper_colour"] = _colours((colour for colour in MARKET_UPPER if row[f"up{colour}"] == "2"), UPPER_COLOURS)
    labels["lower_colour"] = _colours((colour for colour in MARKET_LOWER if row[f"down{colour}"] == "2"), LOWER_COLOURS)
    is_skirt = {"1": True, "2": False}[row["clothes"]]
    is_short = labels["lower_length"] == ("short",)
    labels["lower_kind"] = ("skirt",) if is_skirt else ("shorts",) if is_short else ("trousers", "jeans")
    return labels


def read_peta(path: Path) -> dict[str, Labels]:
    """Labels by person of one of PETA's label files; leading zeros of the person's number are dropped."""
    people: dict[str, Labels] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if words := line.split():
            people[words[0].lstrip("0")] = peta_labels(set(words[1:]))
    return people


def peta_labels(words: set[str]) -> Labels:
    """One person's labels from PETA's words."""
    found: dict[str, set[str]] = {}
    for word in words & PETA_ONE.keys():
        head, value = PETA_ONE[word]
        found.setdefault(head, set()).add(value)
    labels: Labels = {head: _in_order(values, PERSON[head]) for head, values in found.items()}
    labels["upper_colour"] = _colours(_peta_colours(words, "upperBody"), UPPER_COLOURS)
    labels["lower_colour"] = _colours(_peta_colours(words, "lowerBody"), LOWER_COLOURS)
    is_long, is_short = bool(words & PETA_LONG), bool(words & PETA_SHORT)
    if is_long != is_short:
        labels["lower_length"] = ("long" if is_long else "short",)
    is_carrying_said = any(word.startswith("carrying") for word in words)
    if is_carrying_said:
        labels["backpack"] = ("yes" if "carryingBackpack" in words else "no",)
    if words & PETA_BAGS:
        labels["bag"] = ("yes",)
    elif is_carrying_said and not words & PETA_UNCLEAR:
        labels["bag"] = ("no",)
    if any(word.startswith("accessory") for word in words):
        labels["hat"] = ("yes" if "accessoryHat" in words else "no",)
    return labels


def stanford_labels(model: str, body: str) -> Labels:
    """Type, model (hidden) and, where it is one that we name, body of a Stanford Cars picture."""
    body = STANFORD_LOOKS.get(model, body)
    labels: Labels = {"type": (STANFORD_TYPES[body],), "_model": (model,)}
    if body in STANFORD_BODIES:
        labels["body"] = (body,)
    return labels


def _peta_colours(words: set[str], part: str) -> Iterable[str]:
    return (word.removeprefix(part).lower() for word in words if word.startswith(part))


def _colours(names: Iterable[str], values: tuple[str, ...]) -> Label:
    return _in_order({"grey" if name == "gray" else name for name in names}, values)


def _in_order(names: set[str], values: tuple[str, ...]) -> Label:
    return tuple(value for value in values if value in names)
