import itertools

import pytest

from inference.core.plates.text import Character, PlateRead
from inference.core.plates.votes import vote


def read(text: str, confidence: float = 0.9, **choices: str) -> PlateRead:
    """A read whose characters are all as sure as it is itself; `at3="8"` names a second choice in place 3."""
    characters = []
    for place, one in enumerate(text):
        other = choices.get(f"at{place}", "")
        characters.append(Character(((one, confidence), *((c, 0.9 * (1 - confidence)) for c in other))))
    return PlateRead(text, confidence, tuple(characters))


def test_a_single_read_is_returned_as_it_is() -> None:
    one = read("12가3456", 0.7, at2="거")
    assert vote([one]) is one


def test_there_is_no_vote_without_reads() -> None:
    with pytest.raises(ValueError, match="needs a read"):
        vote([])


@pytest.mark.parametrize("confidence", [0.05, 0.5, 0.9, 0.99])
def test_reads_that_agree_make_it_surer_the_more_of_them_the_surer(confidence: float) -> None:
    said = [vote([read("12가3456", confidence)] * count) for count in range(1, 7)]
    assert {one.text for one in said} == {"12가3456"}
    sure = [one.confidence for one in said]
    assert sure == sorted(set(sure))
    # Frames of a track err alike: six of them are worth less than three that know nothing of each other.
    assert sure[-1] < 1 - (1 - confidence) ** 3


@pytest.mark.parametrize("other", ["12가3457", "12거3456", "12가345", "112가3456", "77너8899"])
def test_reads_that_disagree_make_it_less_sure(other: str) -> None:
    assert vote([read("12가3456", 0.9), read(other, 0.8)]).confidence < 0.75
    assert vote([read("12가3456", 0.9), read(other, 0.9)]).confidence <= 0.5
    both = vote([read("12가3456"), read("12가3456"), read(other)])
    assert both.text == "12가3456"
    assert 0.6 < both.confidence < vote([read("12가3456")] * 2).confidence


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (("12가3456", "12가3458", "12거3456"), "12가3456"),  # each is wrong in another place
        (("92가3456", "12거3456", "12가3956"), "12가3456"),  # none is right
        (("12가3456", "12가346", "12가3456"), "12가3456"),  # a digit missed in the middle
        (("123가4567", "23가4567", "123가4567"), "123가4567"),  # the first digit missed
        (("23가4567", "123가4567", "23가4567"), "23가4567"),  # a digit too many
        (("12가3456", "123456", "12가3456"), "12가3456"),  # the letter missed
        (("서울12가3456", "12가3456", "서울12가3456"), "서울12가3456"),
        (("서울12가3456", "12가3456"), "서울12가3456"),  # a region is overlooked more often than made up
        (("서울12가3456", "부산12가3456", "서울12가3456"), "서울12가3456"),
        (("12가3456", "12가3456", "12가3456", "12가3456", "서울12가3456"), "12가3456"),
        (("12가3456", "77너8899", "12가3456"), "12가3456"),  # the car beside it
    ],
)
def test_the_text_with_the_most_evidence_in_each_place_wins(texts: tuple[str, ...], wanted: str) -> None:
    for order in itertools.permutations(texts):
        assert vote([read(text) for text in order]).text == wanted


def test_a_region_is_never_put_together_of_two() -> None:
    """서울 and 부산 of equal weight: one of them, not 서산."""
    said = vote([read("서울12가3456", 0.9), read("부산12가3456", 0.9), read("경북12가3456", 0.85)])
    assert said.text[:2] in ("서울", "부산")


def test_plates_of_two_cars_are_not_mixed() -> None:
    said = vote([read("12가3456", 0.9), read("98호7610", 0.9), read("98호7610", 0.9), read("12가3456", 0.88)])
    assert said.text == "98호7610"
    assert said.confidence < 0.55


def test_a_sure_read_outweighs_unsure_ones() -> None:
    said = vote([read("12가3456", 0.97), read("12가3458", 0.4), read("12가3458", 0.4)])
    assert said.text == "12가3456"
    assert 0.9 < said.confidence < 0.97


def test_no_single_read_outweighs_three_sure_ones() -> None:
    said = vote([read("12가3456", 0.97)] * 3 + [read("12가3458", 1.0)])
    assert said.text == "12가3456"


def test_a_second_choice_counts_for_what_another_read_says() -> None:
    without = vote([read("12가3456", 0.6), read("12가3458", 0.55)])
    with_it = vote([read("12가3456", 0.6), read("12가3458", 0.55, at6="6")])
    assert without.text == with_it.text == "12가3456"
    assert with_it.confidence > without.confidence


def test_the_vote_keeps_other_choices_for_the_search() -> None:
    said = vote([read("12가3456", 0.9, at6="8"), read("12가3458", 0.7), read("12가3456", 0.8)])
    assert said.text == "".join(character.choices[0][0] for character in said.characters)
    (best, chance), (second, other) = said.characters[-1].choices
    assert (best, second) == ("6", "8")
    assert chance == said.confidence
    assert 0.05 < other < chance
    for character in said.characters:
        assert sum(chance for _one, chance in character.choices) <= 1 + 1e-9


def test_confidence_counts_where_a_reader_brought_it_down_from_its_raw_chances() -> None:
    """Two reads whose raw chances are the same: the one that its reader trusts less is outvoted."""
    sure = PlateRead("12가3456", 0.9, read("12가3456", 0.95).characters)
    doubtful = PlateRead("12가3458", 0.3, read("12가3458", 0.95).characters)
    assert vote([doubtful, sure]).text == "12가3456"
    assert vote([sure, sure]).confidence == pytest.approx(vote([read("12가3456", 0.9)] * 2).confidence)


def test_reads_without_characters_are_voted_on_too() -> None:
    said = vote([PlateRead("12가3456", 0.9), PlateRead("12가3456", 0.8), PlateRead("12가3457", 0.5)])
    assert said.text == "12가3456"
    assert len(said.characters) == len(said.text)
