"""Whether two reads contradict each other, or one of them may be wrong or a part."""

import pytest

from inference.core.plates import PlateRead, default_confusions
from inference.core.plates.agreement import are_of_two_plates

SURE, LIKELY, DOUBTFUL = 0.98, 0.9, 0.3


@pytest.mark.parametrize(
    ("one", "other", "doubt", "expected"),
    [
        ("12가3456", "34나5678", SURE, True),
        ("12가3456", "34나5678", DOUBTFUL, True),  # nothing is alike
        ("12가3456", "12가3458", SURE, True),  # one character, but both are sure
        ("12가3456", "12가3458", LIKELY, False),  # 6 is taken for 8
        ("12가3456", "12거3456", LIKELY, False),
        ("12가3456", "12호3456", LIKELY, True),  # nothing like each other
        ("12가3456", "12가3886", LIKELY, True),  # two mistakes at once
        ("12가3456", "12가3886", DOUBTFUL, False),
        ("12가3456", "12가3546", LIKELY, False),  # neighbours turned round
        ("12가3456", "12가345", SURE, False),  # a part of it
        ("12가3456", "가34", SURE, False),
        ("123가4567", "23가4567", SURE, False),
        ("12가3456", "서울12가3456", SURE, False),  # the region is often overlooked
        ("부산12바3456", "서울12바3456", SURE, True),
        ("서울12바3456", "312바3456", SURE, False),  # overlooked, and a digit lost or added
        ("서울2바3456", "12바3456", SURE, False),
        ("서울12바3456", "12바3458", SURE, True),
        ("12가3456", "34나56", LIKELY, True),  # a part of another
        ("12가3456", "12가3456", SURE, False),
    ],
)
def test_reads_contradict_each_other_where_no_doubt_explains_it(
    one: str, other: str, doubt: float, expected: bool
) -> None:
    confusions = default_confusions()
    first, second = PlateRead(one, doubt), PlateRead(other, SURE)
    assert are_of_two_plates(first, second, confusions) is expected
    assert are_of_two_plates(second, first, confusions) is expected
