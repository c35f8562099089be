"""Words for what a witness said of a person or a vehicle, to choose from.

They help whoever compares, and name only what clothes, things and habits show: skin colour, origin and the like are
left out on purpose.
"""

from dataclasses import dataclass

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from investigations.models import Case, SearchRequest

register = template.Library()
Words = list[tuple[str, str | Promise]]

# The key names the swatch beside the word.
COLOURS: Words = [
    ("white", _("white")),
    ("black", _("black")),
    ("grey", _("grey")),
    ("red", _("red")),
    ("orange", _("orange")),
    ("yellow", _("yellow")),
    ("green", _("green")),
    ("blue", _("blue")),
    ("navy", _("navy")),
    ("purple", _("purple")),
    ("pink", _("pink")),
    ("brown", _("brown")),
    ("beige", _("beige")),
]


@dataclass(frozen=True)
class Group:
    """What the words of a group say something about, and the words; of `colours` each has a swatch."""

    name: str | Promise
    words: tuple[str | Promise, ...]
    has_colours: bool = False

    @property
    def choices(self) -> Words:
        return [*(COLOURS if self.has_colours else []), *(("", word) for word in self.words)]


PERSON = (
    Group(
        _("Top"),
        (
            _("T-shirt"),
            _("shirt"),
            _("sweater"),
            _("hoodie"),
            _("jacket"),
            _("padded jacket"),
            _("coat"),
            _("suit jacket"),
            _("waistcoat"),
            _("uniform"),
            _("dress"),
            _("striped"),
            _("checked"),
        ),
        has_colours=True,
    ),
    Group(
        _("Bottom"),
        (_("trousers"), _("jeans"), _("tracksuit trousers"), _("shorts"), _("skirt"), _("long skirt")),
        has_colours=True,
    ),
    Group(_("Shoes"), (_("trainers"), _("dress shoes"), _("boots"), _("sandals"), _("slippers"))),
    Group(_("Hat"), (_("no hat"), _("cap"), _("woollen hat"), _("brimmed hat"), _("hood up"), _("helmet"))),
    Group(_("Face"), (_("glasses"), _("sunglasses"), _("mask"), _("beard"))),
    Group(
        _("Hair"),
        (
            _("short hair"),
            _("hair to the shoulders"),
            _("long hair"),
            _("tied hair"),
            _("permed"),
            _("grey hair"),
            _("bald"),
        ),
    ),
    Group(
        _("Bag"),
        (_("no bag"), _("backpack"), _("shoulder bag"), _("handbag"), _("shopping bag"), _("suitcase"), _("trolley")),
    ),
    Group(_("Age"), (_("child"), _("teenager"), _("20 to 39"), _("40 to 59"), _("60 or older"))),
    Group(_("Sex"), (_("male"), _("female"))),
    Group(_("Build"), (_("slim"), _("medium"), _("heavy"), _("short of stature"), _("tall"))),
    Group(
        _("Along"),
        (_("walking stick"), _("wheelchair"), _("umbrella"), _("bicycle"), _("pram"), _("dog"), _("another person")),
    ),
    Group(_("Gait"), (_("limps"), _("stoops"), _("walks slowly"), _("runs"))),
)
VEHICLE = (
    Group(_("Colour"), (), has_colours=True),
    Group(_("Type"), tuple(SearchRequest.VehicleType.labels)),
    Group(
        _("Marks"),
        (
            _("taxi"),
            _("delivery vehicle"),
            _("roof rack"),
            _("sticker or lettering"),
            _("dent or scratch"),
            _("trailer"),
        ),
    ),
)


def word_of(group: str | Promise, word: str | Promise) -> str:
    """The word as it is kept and shown: it says what it is about."""
    return f"{group}: {word}"


@register.simple_tag
def description_groups(request: SearchRequest) -> list[tuple[str | Promise, list[tuple[str, str | Promise, str]]]]:
    """The groups to choose from, of each word its swatch, how it reads, and how it is kept."""
    groups = VEHICLE if request.case.kind == Case.Kind.VEHICLE else PERSON
    return [(group.name, [(key, word, word_of(group.name, word)) for key, word in group.choices]) for group in groups]


@register.simple_tag
def known_words(request: SearchRequest) -> dict[str, object]:
    """What the station has said in fields of its request."""
    colour, kind = request.get_vehicle_colour_display(), request.get_vehicle_type_display()
    words = [word_of(name, word) for name, word in ((_("Colour"), colour), (_("Type"), kind)) if word]
    return {"words": words, "plate": request.plate}
