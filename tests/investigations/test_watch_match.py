"""Which wanted plates a read may be: as they are, by pattern, by jamo, and what is like them."""

import pytest

from inference.core.plates import Character, Pattern, PlateRead
from investigations.plates import pattern_of, read_plate
from investigations.watch.match import Match, Wanted, can_match, covers, distance_of, find_matches, is_too_open


def pattern(typed: str) -> Pattern:
    return pattern_of(read_plate(typed))


@pytest.mark.parametrize(
    ("typed", "read", "distance"),
    [
        ("12가3456", "12가3456", 0),
        ("１２ 가 ３４５６", "12가3456", 0),  # full-width, with gaps
        ("12ㄱㅏ3456", "12가3456", 0),  # typed apart
        ("12ㄱ3456", "12거3456", 0),  # any letter that begins so
        ("12ㄱ3456", "12육3456", None),
        ("12가345?", "12가3450", 0),
        ("12가34??", "12가3499", 0),
        ("12가34??", "12가349", 0.5),  # one is lost: no plate has so few
        ("12가*", "12가9999", 0),
        ("*3456", "서울12가3456", 0),
        ("3456", "12가3456", 0),  # a part stands anywhere
        ("12가3456", "12가3458", 0.675),  # 6 and 8 are taken for each other
        ("12가3456", "12거3456", 0.65),
        ("12가3456", "12가3465", 0.8),  # neighbours turned round
        ("12가3456", "서울12가3456", 0.25),  # the region overlooked
        ("12가3456", "12가3457", None),  # 6 and 7 are not
        ("12가3456", "13가3458", None),  # two mistakes
        ("12가3456", "12가345", 0.5),
        ("12가3456", "12가34561", 0.5),
        ("12가3456", "12가34", None),  # two are lost
        ("12가3456", "2가3458", None),  # one is lost and one is another
        ("123가4567", "23가4567", 0.8),  # the first of three is lost
        ("123가4567", "13가4567", None),  # another of them: that is another car's
        ("12가34567", "12가34567", 0),  # no plate, and wanted as it is written
        ("12가34567", "12가3456", None),
        ("12가346", "12가3468", 0),  # a part
        ("12가346", "12가3416", None),  # no whole plate of which one character was left out
        ("12가*", "12거9999", None),  # of a wide pattern only what matches
    ],
)
def test_a_read_is_as_was_asked_for_or_like_it_or_neither(typed: str, read: str, distance: float | None) -> None:
    found = distance_of(pattern(typed), PlateRead(read))
    assert found == (pytest.approx(distance, abs=0.001) if distance is not None else None)


def test_what_the_reader_thought_of_second_counts_as_like_it() -> None:
    sure = [Character(((one, 0.99),)) for one in "12가345"]
    read = PlateRead("12가3457", 0.6, (*sure, Character((("7", 0.6), ("6", 0.38)))))
    found = distance_of(pattern("12가3456"), read)
    assert found is not None
    assert 0 < found < 0.2


def test_each_read_is_compared_with_each_wanted_plate() -> None:
    wanted = [Wanted(7, pattern("12가3456")), Wanted(9, pattern("99하*"))]
    reads = [PlateRead("99하0001"), PlateRead("12가3456"), PlateRead("33나3333")]
    assert list(find_matches(wanted, reads)) == [Match(7, 1, 0.0), Match(9, 0, 0.0)]
    assert list(find_matches(wanted, [])) == []


@pytest.mark.parametrize(
    ("typed", "is_open"),
    [
        ("12가3456", False),
        ("12가*", False),
        ("??나12*", False),
        ("3456", False),
        ("345", True),
        ("가", True),
        ("1*", True),
    ],
)
def test_a_pattern_that_fits_too_many_plates_is_known(typed: str, is_open: bool) -> None:
    assert is_too_open(pattern(typed)) is is_open


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("O1가3456", "01가3456"),  # the letter may be the digit
        ("12갸3456", "123456"),  # the letter is overlooked: no plate is what was read
        ("A12가3456", "12가3456"),  # the first character is
        ("서뷁12바3456", "12바3456"),  # the whole region is
        ("국123456", "123456"),
        ("1234가5678", "1234가5678"),
        ("?2가345*", "02가345"),
        ("ABC", ""),
        ("ABCD1234", ""),
        ("OI가3456", ""),  # two mistakes
        ("A*", ""),
        ("쀍12*", ""),  # of a wide pattern only what matches
    ],
)
def test_what_no_read_can_match_is_known(typed: str, read: str) -> None:
    asked = pattern(typed)
    assert can_match(asked) is bool(read)
    assert (distance_of(asked, PlateRead(read)) is not None) if read else True


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ("12가34??", "12가3456", True),
        ("12가3456", "12가34??", False),
        ("12가3456", "12가3456", True),
        ("12가*", "12가34??", True),
        ("12가34??", "12가*", False),
        ("3456", "12가3456", True),
        ("12ㄱ3456", "12가3456", True),
        ("12가3456", "12ㄱ3456", False),
        ("12?3456", "12ㄱ3456", True),
        ("12가3457", "12가3456", False),
        ("*3456", "서울12가3456", True),
    ],
)
def test_a_pattern_covers_what_leaves_less_open(wide: str, narrow: str, is_covered: bool) -> None:
    assert covers(pattern(wide), pattern(narrow)) is is_covered
