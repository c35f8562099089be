"""Words for what a witness said of a person or a vehicle, to choose from, and for what the models say of candidates.

They name only what clothes, things and habits show: skin colour, origin and the like are left out on purpose. Those
that the model in use knows count in the ranking; the others help whoever compares.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django import template
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.sayings import SAYINGS, say, word_of
from investigations.meanings import heads_of
from investigations.models import Case, SearchRequest
from investigations.words import read_words

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


@dataclass(frozen=True)
class Choice:
    """A word to choose: its swatch ("" for none), how it reads, how it is kept, and whether the model looks for it."""

    swatch: str
    name: str | Promise
    kept: str
    is_searchable: bool


def kind_of(request: SearchRequest) -> str:
    """What the request looks for, as the models call it."""
    return "vehicle" if request.case.kind == Case.Kind.VEHICLE else "person"


@register.simple_tag
def description_groups(request: SearchRequest) -> list[tuple[str | Promise, list[Choice]]]:
    """The groups to choose from, each with its words."""
    heads = heads_of(kind_of(request))
    return [
        (group.name, [_choice(group, swatch, name, heads) for swatch, name in group.choices])
        for group in (VEHICLE if kind_of(request) == "vehicle" else PERSON)
    ]


def _choice(group: Group, swatch: str, name: str | Promise, heads: Mapping[str, Collection[str]]) -> Choice:
    kept = word_of(group.name, name)
    return Choice(swatch, name, kept, bool(read_words([kept], heads=heads)))


@register.simple_tag
def has_describer(request: SearchRequest) -> bool:
    """Does a model read descriptions of what this request looks for?"""
    return bool(heads_of(kind_of(request)))


@register.simple_tag
def compares_plates(request: SearchRequest) -> bool:
    """Is a plate searched for, rather than a reminder for whoever compares?"""
    return kind_of(request) == "vehicle" and bool(settings.PLATE_READER_MODEL)


@register.simple_tag
def sayings(request: SearchRequest) -> dict[str, dict[str, str]]:
    """All that may be said of a candidate, in words: by attribute and value. Also what only an earlier model knew."""
    said = {attribute: list(values) for attribute, (_name, values) in SAYINGS.items()}
    for attribute, values in heads_of(kind_of(request)).items():
        said[attribute] = list(dict.fromkeys([*said.get(attribute, []), *values]))
    return {attribute: {value: say(attribute, value) for value in values} for attribute, values in said.items()}


@register.simple_tag
def known_words(request: SearchRequest) -> dict[str, object]:
    """What the station has said in fields of its request."""
    colour, kind = request.get_vehicle_colour_display(), request.get_vehicle_type_display()
    words = [word_of(name, word) for name, word in ((_("Colour"), colour), (_("Type"), kind)) if word]
    return {"words": words, "plate": request.plate}
