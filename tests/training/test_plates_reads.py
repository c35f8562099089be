"""What the reader's numbers say, and how reads are scored."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from inference.core.plates.confusions import FRONT_GAP, confusions_from_counts, load_confusions
from inference.core.plates.formats import ALPHABET
from inference.core.plates.reads import EMPTY, PLACES, decode_plate
from inference.core.plates.text import Character, PlateRead
from inference.training.plates.scores import confusion_table, letter_of, letter_table, score_of
from inference.training.plates.texts import places_of


def logits(text: str, *, height: float = 12.0) -> np.ndarray:
    """Logits that say `text` with a chance of nearly 1."""
    made = np.zeros((PLACES, EMPTY + 1), np.float32)
    for place, character in enumerate(places_of(text)):
        made[place, character] = height
    return made


@pytest.mark.parametrize("text", ["12가3456", "123허4567", "서울12바3456", "대구141234"])
def test_a_sure_answer_is_read_as_it_stands(text: str) -> None:
    read = decode_plate(logits(text), 8.0)
    assert read is not None
    assert read.text == text
    assert read.confidence > 0.98
    assert "".join(character.choices[0][0] for character in read.characters) == text


def test_the_confidence_is_the_chance_that_all_characters_are_right() -> None:
    answer = logits("12가3456")
    answer[9, ALPHABET.index("8")] = 11.0
    read = decode_plate(answer, 8.0)
    assert read is not None
    assert [choice for choice, _chance in read.characters[-1].choices[:2]] == ["6", "8"]
    assert read.confidence == pytest.approx(read.characters[-1].choices[0][1], abs=0.005)
    assert read.confidence < 0.75
    answer[8, ALPHABET.index("8")] = 11.0
    twice = decode_plate(answer, 8.0)
    assert twice is not None
    assert twice.confidence == pytest.approx(read.confidence**2, abs=0.005)


def test_a_doubtful_plate_makes_a_doubtful_read_and_an_unlikely_one_none() -> None:
    read = decode_plate(logits("12가3456"), 0.2)
    assert read is not None
    assert read.confidence == pytest.approx(0.55, abs=0.01)
    assert decode_plate(logits("12가3456"), -0.2) is None


def test_both_syllables_of_a_region_are_chosen_together_and_stay_doubtful() -> None:
    answer = logits("서울12바3456")
    answer[1, ALPHABET.index("울")] = 10.0
    answer[1, ALPHABET.index("산")] = 10.5  # 서산 is no region
    read = decode_plate(answer, 8.0)
    assert read is not None
    assert read.text == "서울12바3456"
    assert read.confidence < 0.5


def test_a_place_is_read_as_what_can_stand_there_and_stays_doubtful() -> None:
    answer = logits("12가3456", height=9.0)
    answer[5, ALPHABET.index("8")] = 12.0
    read = decode_plate(answer, 8.0)
    assert read is not None
    assert read.text == "12가3456"
    assert read.confidence < 0.1
    assert "8" not in {choice for choice, _chance in read.characters[2].choices}


def test_empty_places_alone_are_no_plate() -> None:
    answer = np.zeros((PLACES, EMPTY + 1), np.float32)
    answer[:, EMPTY] = 9
    assert decode_plate(answer, 8.0) is None


@pytest.mark.parametrize(
    "answer", [np.zeros((PLACES, 3), np.float32), np.full((PLACES, EMPTY + 1), np.nan, np.float32)]
)
def test_an_answer_of_another_shape_or_without_numbers_is_refused(answer: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        decode_plate(answer, 1.0)


def test_scores_tell_the_region_from_the_rest() -> None:
    right = score_of("서울12바3456", PlateRead("서울12바3456", 0.9, ()))
    other_region = score_of("서울12바3456", PlateRead("부산12바3456", 0.9, ()))
    assert right.is_right
    assert not other_region.is_right
    assert other_region.is_bare_right
    assert other_region.is_wrong_at(0.7)
    assert not other_region.is_wrong_at(0.95)
    assert not score_of("12가3456", None).is_wrong_at(0.0 + 1e-9)


def test_letters_are_counted_by_what_they_were_read_as() -> None:
    assert letter_of("서울12바3456") == "바"
    assert letter_of("대구141234") is None
    score = score_of("12가3456", PlateRead("12거3456", 0.5, ()))
    assert score.letters == ("가", "거")
    lines = letter_table(Counter({("가", "거"): 3, ("가", "가"): 9})).splitlines()
    header, row = lines[0].split("\t"), lines[1].split("\t")
    assert row[0] == "가"
    assert row[header.index("거")] == "3"
    assert row[header.index("가")] == "9"


def test_what_a_character_was_nearly_taken_for_counts_with_its_chance(tmp_path: Path) -> None:
    choices = [(("1", 0.9), ("7", 0.08)), (("가", 1.0),), (("3", 0.55), ("8", 0.45)), (("3", 1.0),), (("8", 1.0),)]
    read = PlateRead("1가338", 0.5, tuple(map(Character, choices)))
    score = score_of("1가388", read)
    assert score.characters == {
        ("1", "1"): 0.9,
        ("1", "7"): 0.08,
        ("가", "가"): 1.0,
        ("3", "3"): 0.55,
        ("3", "8"): 0.45,
        ("8", "3"): 1.0,
        ("8", "8"): 1.0,
        ("^", "^"): 1.0,
    }
    table = tmp_path / "confusions.tsv"
    table.write_text(confusion_table({**score.characters, ("1", "4"): 0.001}), encoding="utf-8")
    assert "1\t4" not in table.read_text(encoding="utf-8")
    assert np.array_equal(load_confusions(table).swaps, confusions_from_counts(score.characters).swaps)


@pytest.mark.parametrize(
    ("text", "read", "counted"),
    [
        ("123가4567", "23가4567", {("^", ""): 1}),
        ("23가4567", "123가4567", {("", "^"): 1}),
        ("123가4567", "123가467", {("^", "^"): 1, ("5", ""): 1}),
        ("12가3456", "12가34566", {("^", "^"): 1, ("", "6"): 1}),
        ("12가3355", "12가5", {("^", "^"): 1, ("3", ""): 2, ("5", ""): 1}),
        ("12가3456", "123456", {("^", "^"): 1, ("가", ""): 1}),
        ("서울12바3456", "12바3456", {("^", "^"): 1}),  # a region is overlooked as a whole
        ("서울12바3456", "서울2바3456", {("^", ""): 1}),
    ],
)
def test_characters_that_were_missed_or_added_are_counted(
    text: str, read: str, counted: dict[tuple[str, str], float]
) -> None:
    sure = tuple(Character(((one, 1.0),)) for one in read)
    assert score_of(text, PlateRead(read, 0.9, sure)).characters == counted
    assert score_of(text, PlateRead(read, 0.005, sure)).characters == {}  # never kept


def test_the_search_learns_how_plates_begin_from_the_table(tmp_path: Path) -> None:
    counts = {("^", "^"): 5000.0, ("^", ""): 200.0, ("1", "1"): 9.0}
    table = tmp_path / "confusions.tsv"
    table.write_text(confusion_table(counts), encoding="utf-8")
    assert load_confusions(table).front_gap == confusions_from_counts(counts).front_gap < FRONT_GAP
