"""What Market-1501, PETA and the vehicle sets say, in the one vocabulary."""

from pathlib import Path

import pytest

from inference.training.attributes.labels import (
    HEADS,
    market_labels,
    peta_labels,
    read_market,
    read_peta,
    stanford_labels,
)

NO = "1"
COLUMNS = (
    "age backpack bag handbag clothes down up hair hat gender "
    "downblack downblue downbrown downgray downgreen downpink downpurple downwhite downyellow "
    "upblack upblue upgreen upgray uppurple upred upwhite upyellow"
)
MARKET = dict.fromkeys(COLUMNS.split(), NO)


def test_market_counts_from_one_and_one_means_no_long_short_male_and_dress() -> None:
    labels = market_labels(MARKET)
    assert labels["backpack"] == labels["hat"] == labels["bag"] == ("no",)
    assert (labels["sleeve"], labels["lower_length"], labels["hair"]) == (("long",), ("long",), ("short",))
    assert (labels["gender"], labels["age"], labels["lower_kind"]) == (("male",), ("child",), ("skirt",))


def test_market_twos_are_the_other_answers() -> None:
    labels = market_labels({**MARKET, "up": "2", "down": "2", "hair": "2", "gender": "2", "hat": "2", "backpack": "2"})
    assert (labels["sleeve"], labels["lower_length"], labels["hair"]) == (("short",), ("short",), ("long",))
    assert (labels["gender"], labels["hat"], labels["backpack"]) == (("female",), ("yes",), ("yes",))


@pytest.mark.parametrize("column", ["bag", "handbag"])
def test_either_bag_of_market_is_a_bag(column: str) -> None:
    assert market_labels({**MARKET, column: "2"})["bag"] == ("yes",)


def test_market_pants_are_shorts_when_short_and_one_of_two_kinds_when_long() -> None:
    assert market_labels({**MARKET, "clothes": "2", "down": "2"})["lower_kind"] == ("shorts",)
    assert market_labels({**MARKET, "clothes": "2"})["lower_kind"] == ("trousers", "jeans")


def test_market_gray_is_grey_and_no_colour_is_unknown() -> None:
    labels = market_labels({**MARKET, "upgray": "2"})
    assert labels["upper_colour"] == ("grey",)
    assert labels["lower_colour"] == ()


def test_a_market_table_with_another_value_is_refused_with_its_person(tmp_path: Path) -> None:
    table = tmp_path / "attributes.csv"
    row = {"id": "0042", **MARKET, "hat": "3"}
    table.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    with pytest.raises(ValueError, match="0042"):
        read_market([table])


def test_peta_reads_people_by_number_without_zeros(tmp_path: Path) -> None:
    file = tmp_path / "Label.txt"
    file.write_text("0053 upperBodyBrown carryingBackpack accessoryHat\n\n")
    labels = read_peta(file)["53"]
    assert labels["upper_colour"] == ("brown",)
    assert (labels["backpack"], labels["hat"]) == (("yes",), ("yes",))


@pytest.mark.parametrize(
    ("words", "head", "expected"),
    [
        ({"upperBodyBlack", "upperBodyWhite"}, "upper_colour", ("black", "white")),  # either may be meant
        ({"upperBodyCasual"}, "upper_colour", ()),
        ({"lowerBodyOrange"}, "lower_colour", ()),  # not among the values
        ({"upperBodyNoSleeve"}, "sleeve", ("short",)),
        ({"lowerBodyCapri"}, "lower_length", None),  # neither long nor short
        ({"lowerBodyLongSkirt"}, "lower_length", ("long",)),
        ({"lowerBodyLongSkirt"}, "lower_kind", ("skirt",)),
        ({"carryingMessengerBag"}, "backpack", ("no",)),
        ({"carryingBackpack"}, "bag", ("no",)),
        ({"carryingOther"}, "bag", None),
        ({"carryingOther", "carryingPlasticBags"}, "bag", ("yes",)),
        ({"hairBald"}, "hair", ("short",)),
        ({"accessoryNothing"}, "hat", ("no",)),
        (set(), "hat", None),
        ({"personalLess60"}, "age", ("adult",)),
    ],
)
def test_peta_words(words: set[str], head: str, expected: tuple[str, ...] | None) -> None:
    assert peta_labels(words).get(head) == expected


def test_a_convertible_is_a_car_of_no_named_body_and_a_minivan_a_van() -> None:
    assert stanford_labels("FIAT 500 Convertible 2012", "convertible") == {
        "type": ("car",),
        "_model": ("FIAT 500 Convertible 2012",),
    }
    labels = stanford_labels("Honda Odyssey Minivan 2007", "minivan")
    assert (labels["type"], labels["body"]) == (("van",), ("minivan",))


def test_one_car_under_two_names_has_one_body() -> None:
    bodies = {
        stanford_labels(name, body)["body"]
        for name, body in (("Audi TT Hatchback 2011", "hatchback"), ("Audi TTS Coupe 2012", "coupe"))
    }
    assert bodies == {("coupe",)}


def test_every_head_names_each_value_once() -> None:
    for heads in HEADS.values():
        for values in heads.values():
            assert len(set(values)) == len(values) >= 2
