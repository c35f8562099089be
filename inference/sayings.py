"""What the models say of a person or a vehicle, in words of the language in force."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_COLOURS: dict[str, str | Promise] = {
    "black": _("black"),
    "white": _("white"),
    "grey": _("grey"),
    "red": _("red"),
    "orange": _("orange"),
    "yellow": _("yellow"),
    "green": _("green"),
    "blue": _("blue"),
    "purple": _("purple"),
    "pink": _("pink"),
    "brown": _("brown"),
}
# Of an attribute: what its values are said of (nothing where they speak for themselves), and each value.
SAYINGS: dict[str, tuple[str | Promise, dict[str, str | Promise]]] = {
    "upper_colour": (_("Top"), _COLOURS),
    "upper_kind": (
        _("Top"),
        {
            "tshirt": _("T-shirt"),
            "shirt": _("shirt"),
            "sweater": _("sweater"),
            "hoodie": _("hoodie"),
            "jacket": _("jacket"),
            "coat": _("coat"),
            "suit": _("suit jacket"),
            "vest": _("waistcoat"),
        },
    ),
    "sleeve": ("", {"short": _("short sleeves"), "long": _("long sleeves")}),
    "lower_colour": (_("Bottom"), _COLOURS),
    "lower_kind": (
        _("Bottom"),
        {
            "trousers": _("trousers"),
            "jeans": _("jeans"),
            "shorts": _("shorts"),
            "skirt": _("skirt"),
            "dress": _("dress"),
        },
    ),
    "lower_length": (_("Bottom"), {"short": _("short"), "long": _("long")}),
    "backpack": ("", {"yes": _("backpack"), "no": _("no backpack")}),
    "bag": ("", {"yes": _("bag"), "no": _("no bag")}),
    "hat": ("", {"yes": _("hat"), "no": _("no hat")}),
    "hair": ("", {"short": _("short hair"), "long": _("long hair")}),
    "gender": ("", {"male": _("male"), "female": _("female")}),
    "age": (
        _("Age"),
        {
            "child": _("child"),
            "teenager": _("teenager"),
            "young": _("15 to 29"),
            "adult": _("30 to 59"),
            "old": _("60 or older"),
        },
    ),
    "colour": (_("Colour"), _COLOURS | {"silver": _("silver")}),
    "type": (
        _("Type"),
        {
            "motorcycle": _("motorcycle"),
            "car": _("car"),
            "van": _("van or minibus"),
            "pickup": _("pickup"),
            "truck": _("truck"),
            "bus": _("bus"),
        },
    ),
    "body": (
        _("Body"),
        {
            "sedan": _("saloon"),
            "hatchback": _("hatchback"),
            "suv": _("SUV"),
            "coupe": _("coupé"),
            "wagon": _("estate car"),
            "minivan": _("minivan"),
        },
    ),
}


def word_of(group: str | Promise, word: str | Promise) -> str:
    """A word as it is kept and shown: it says what it is about."""
    return f"{group}: {word}"


def say(attribute: str, value: str) -> str:
    """Say one answer of a model; what there are no words for is said by its name."""
    name, values = SAYINGS.get(attribute, (attribute.replace("_", " "), {}))
    word = values.get(value, value.replace("_", " "))
    return word_of(name, word) if name else str(word)
