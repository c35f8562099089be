"""Plates found by pattern and by likeness; the index against a plain look at every plate."""

import random
import threading
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.errors import PlateError
from inference.core.plates import (
    Character,
    Found,
    Part,
    PlateIndex,
    PlateRead,
    confusions_from_counts,
    default_confusions,
    parse_pattern,
)
from inference.core.plates.asked import take_apart
from inference.core.plates.distance import coded, distances
from inference.core.plates.index import MOST_DISTANCE
from tests.bench.plates import made_up

PRIOR = default_confusions()
TEXTS = made_up(3_000, random.Random(5))
# What readers also make: no letter, cut off, two letters, letters among digits, only a region, characters of no plate.
STRANGE = [
    "123456",
    "12가34",
    "가3456",
    "1",
    "12가가3456",
    "12가3나56",
    "서울",
    "울12가3456",
    "외교123456",
    "12뷁3456",
    "ABC123",
]


@pytest.fixture(scope="module")
def index() -> PlateIndex:
    """Filled in uneven portions, so that it has several segments."""
    filled, texts, start = PlateIndex(), [*TEXTS, *STRANGE], 0
    for size in (2_000, 400, 500, 70, 3, 1, len(texts)):
        portion = texts[start : start + size]
        filled.add(range(start, start + len(portion)), portion)
        start += len(portion)
    assert len(filled) == len(texts)
    return filled


def texts_of(found: Found) -> list[str]:
    return [hit.text for hit in found.hits]


def read(text: str, **choices: tuple[str, float]) -> PlateRead:
    """A read with other choices: read("12가3456", at5=("9", 0.3))."""
    characters = [
        ((one, 0.6), choices[f"at{at}"]) if f"at{at}" in choices else ((one, 0.9),) for at, one in enumerate(text)
    ]
    return PlateRead(text, 0.6, tuple(Character(one) for one in characters))


PATTERNS = (
    *(
        "{0}",
        "{0:.3}*",
        "*{1}",
        "*{1}*",
        "{0:.2}*",
        "?{2}",
        "*7*",
        "1*6",
        "1?3?5?7",
        "12ㄱ*",
        "?*7?",
        "*가?3*",
        "서울*",
        "*ㅜ1*",
    ),
    *("가*가", "9?9", "뷁*", "*뷁*", "12?3456", "*?1?2*"),
)


@pytest.mark.parametrize("form", PATTERNS)
def test_a_pattern_finds_exactly_what_a_look_at_every_plate_finds(index: PlateIndex, form: str) -> None:
    text = TEXTS[17]
    pattern = parse_pattern(form.format(text, text[-4:], text[1:]))
    found = index.find(pattern, limit=10_000)
    expected = {one for one in [*TEXTS, *STRANGE] if pattern.matches(one) and ("뷁" not in one or "뷁" not in form)}
    assert set(texts_of(found)) == expected
    assert found.total == len(expected)
    assert found.is_total_exact


@pytest.mark.parametrize("wrong", [1, 2])
def test_a_whole_plate_with_mistakes_is_ranked_as_a_look_at_every_plate_ranks(index: PlateIndex, wrong: int) -> None:
    rng = random.Random(wrong)
    for text in rng.sample(TEXTS, 8):
        asked = text
        for at in rng.sample(range(len(text) - 4, len(text)), wrong):
            asked = asked[:at] + rng.choice("0123456789") + asked[at + 1 :]
        pattern = parse_pattern(asked)
        every = distances(take_apart(pattern), coded(TEXTS), PRIOR).tolist()
        hits = index.rank(pattern, limit=1_000).hits
        # All within the costs of two mistakes; what is farther may be left unseen.
        near = sorted(one for one in every if one <= 2 * PRIOR.region_missing + 1.0)
        assert [round(hit.distance, 3) for hit in hits if hit.text in TEXTS][: len(near)] == [
            round(one, 3) for one in near
        ]
        assert text in [hit.text for hit in hits]


@pytest.mark.parametrize(
    "asked",
    [
        "12거3456",
        "12가3465",
        "12가345",
        "12가34567",
        "123456",
        "2가3456",
        "17고3456",
        "12?3486",
        "12가34??",
        "*3486",
        "서울12가3456",
        "12가8466",
    ],
)
def test_a_plate_is_found_by_what_is_left_of_it(index: PlateIndex, asked: str) -> None:
    index.add([900_001], ["12가3456"])
    try:
        assert "12가3456" in texts_of(index.rank(parse_pattern(asked), limit=10))
    finally:
        index.remove([900_001])


def without_each(text: str) -> list[str]:
    return [text[:at] + text[at + 1 :] for at in range(len(text))]


def with_one_more(text: str) -> list[str]:
    return [text[:at] + "1" + text[at:] for at in range(len(text) + 1)]


@pytest.mark.parametrize("change", [without_each, with_one_more])
@pytest.mark.parametrize("text", ["58나7293", "158나7293", "서울58바7293"])
def test_a_character_too_few_or_too_many_hides_no_plate(
    index: PlateIndex, text: str, change: Callable[[str], list[str]]
) -> None:
    """Wherever it is, in what is asked or in what was read."""
    for at, other in enumerate(change(text)):
        for asked, stored in ((text, other), (other, text)):
            index.add([900_002], [stored])
            try:
                part = Part.ANY if len(asked) < 7 else Part.WHOLE
                hits = index.rank(parse_pattern(asked, part), limit=10).hits
                assert stored in [hit.text for hit in hits], (at, asked, stored)
            finally:
                index.remove([900_002])


def test_what_no_plate_has_is_nearer_than_two_characters_that_are_others() -> None:
    index = PlateIndex()
    index.add(range(4), ["12가8458", "2가3456", "123가456", "13가7456"])
    assert texts_of(index.rank(parse_pattern("12가3456")))[0] == "2가3456"
    found = index.rank(parse_pattern("123가3456"))
    assert texts_of(found)[0] == "123가456"


def test_a_part_that_lacks_one_character_finds_the_whole_plate_after_what_it_fits() -> None:
    index = PlateIndex()
    index.add(range(4), ["12가3456", "12가3468", "12가3846", "99나1111"])
    found = index.rank(parse_pattern("12가346", Part.ANY))
    assert texts_of(found)[0] == "12가3468"
    assert {hit.text: round(hit.distance, 3) for hit in found.hits} == {
        "12가3468": 0.0,
        "12가3456": PRIOR.broken_gap,
        "12가3846": PRIOR.broken_gap,
    }


def test_the_likest_come_first_and_far_ones_are_left_out() -> None:
    index = PlateIndex()
    index.add(range(4), ["12호3456", "12거3456", "12가3456", "99호9999"])
    found = index.rank(parse_pattern("12가3456"))
    assert texts_of(found) == ["12가3456", "12거3456", "12호3456"]
    assert found.hits[0].distance == 0.0
    assert all(hit.distance <= MOST_DISTANCE for hit in found.hits)
    assert texts_of(index.rank(parse_pattern("12가3456"), most_distance=0.7)) == ["12가3456", "12거3456"]


def test_a_readers_other_choice_is_a_partial_match() -> None:
    index = PlateIndex()
    index.add([1, 2, 3], [read("12가3456", at5=("6", 0.3)), "12가3466", read("12가3459", at6=("8", 0.3))])
    found = index.find(parse_pattern("12가3466"))
    assert texts_of(found) == ["12가3466", "12가3456"]
    assert found.hits[0].distance == 0.0 < found.hits[1].distance < 0.5
    # The choice 5 → 6 costs less than a mistake, and a far choice is none.
    assert [round(hit.distance, 2) for hit in index.rank(parse_pattern("12가3466")).hits[:2]] == [0.0, 0.09]
    index.add([4], [read("77가7777", at3=("1", 0.001))])
    assert not index.find(parse_pattern("77가1777")).hits


def test_other_choices_of_the_region_and_the_letter_count_too() -> None:
    index = PlateIndex()
    index.add([1], [read("서울12바3456", at0=("부", 0.3), at1=("산", 0.3), at4=("배", 0.4))])
    assert index.rank(parse_pattern("부산12배3456")).hits[0].distance < 0.3
    assert texts_of(index.find(parse_pattern("*배34*"))) == ["서울12바3456"]


def test_plates_with_one_text_are_one_hit_with_the_newest_id_first() -> None:
    index = PlateIndex()
    index.add([5, 9, 7, 6], ["12가3456", "12가3456", "12가3457", "12가3456"])
    found = index.find(parse_pattern("12가345?"))
    assert [(hit.text, hit.ids) for hit in found.hits] == [("12가3456", (9, 6, 5)), ("12가3457", (7,))]
    assert found.total == 4


def test_texts_with_characters_of_no_plate_are_kept_as_they_are() -> None:
    index = PlateIndex()
    index.add([1, 2, 3], ["12뷁3456", "12쀓3456", "12가3456"])
    index.add([4], ["99가9999"])
    index.remove([4])
    index.compact()
    found = index.find(parse_pattern("12?3456"))
    assert {hit.text: hit.ids for hit in found.hits} == {"12뷁3456": (1,), "12쀓3456": (2,), "12가3456": (3,)}


def test_what_may_not_be_seen_leaves_no_trace(index: PlateIndex) -> None:
    def even(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(ids % 2 == 0)

    found = index.find(parse_pattern("*7*"), limit=10_000, allowed=even)
    assert found.hits
    assert all(one % 2 == 0 for hit in found.hits for one in hit.ids)
    assert found.total == sum(len(hit.ids) for hit in found.hits)
    odd = next(at for at in range(1, 99, 2))
    assert TEXTS[odd] not in texts_of(index.rank(parse_pattern(TEXTS[odd]), allowed=even))


def test_what_may_not_be_seen_takes_nobodys_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.core.plates.index.MOST_COMPARED", 50)
    index = PlateIndex()
    index.add(range(1_000), [f"{at // 10_000 + 10}가{at % 10_000:04d}" for at in range(1_000)])

    def oldest(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(ids < 5)

    expected = ["10가0004", "10가0003", "10가0002", "10가0001", "10가0000"]
    assert texts_of(index.rank(parse_pattern("10가*"), allowed=oldest)) == expected
    assert set(texts_of(index.rank(parse_pattern("10거*"), allowed=oldest))) == set(expected)
    monkeypatch.setattr("inference.core.plates.index.MOST_ASKED", 900)
    assert index.rank(parse_pattern("10거*"), allowed=oldest).total == 0


def test_what_matches_is_at_no_distance_though_its_parts_are_taken_for_others() -> None:
    index = PlateIndex()
    index.add([1, 2], ["서울12가3456", "서12가3456"])
    found = index.rank(parse_pattern("서*"))
    assert [(hit.text, hit.distance) for hit in found.hits] == [("서12가3456", 0.0), ("서울12가3456", 0.0)]
    assert found.total == 2


def test_a_long_list_ends_at_the_limit_with_the_newest() -> None:
    index, texts = PlateIndex(), [f"{at // 10_000 + 10}가{at % 10_000:04d}" for at in range(20_000)]
    index.add(range(len(texts)), texts)
    found = index.find(parse_pattern("*가*"), limit=5)
    assert texts_of(found) == texts[:-6:-1]
    assert not found.is_total_exact
    assert 5 <= found.total < len(texts)
    assert texts_of(index.rank(parse_pattern("*가*"), limit=5)) == texts[:-6:-1]


def test_what_is_removed_is_gone_before_and_after_merging() -> None:
    index = PlateIndex()
    index.add([1, 2], [read("12가3456", at5=("6", 0.3)), read("12나3456", at5=("6", 0.3))])
    index.remove([1, 77])
    assert texts_of(index.find(parse_pattern("12?3466"))) == ["12나3456"]
    index.compact()
    assert texts_of(index.find(parse_pattern("12?3466"))) == ["12나3456"]
    index.remove([2])
    index.compact()
    assert len(index) == 0
    assert not index.find(parse_pattern("12?3456")).hits


def test_an_empty_index_answers_with_nothing() -> None:
    index = PlateIndex()
    index.add([], [])
    index.compact()
    assert index.find(parse_pattern("*1*")) == index.rank(parse_pattern("12가3456")) == Found((), 0)


def test_added_one_by_one_they_are_found_at_once_and_segments_stay_few() -> None:
    index = PlateIndex()
    for at, text in enumerate(TEXTS[:200]):
        index.add([at], [text])
        assert index.find(parse_pattern(text)).hits[0].ids == (at,)
    assert len(index._segments) < 8


@pytest.mark.parametrize("bad", ["", "1" * 13, "12가\x003456"])
def test_a_text_that_cannot_be_a_plate_is_refused_and_nothing_is_added(bad: str) -> None:
    index = PlateIndex()
    with pytest.raises(PlateError):
        index.add([1, 2], ["12가3456", bad])
    with pytest.raises(PlateError):
        index.add([1, 2], ["12가3456"])
    assert len(index) == 0


def test_one_thread_adds_while_others_search() -> None:
    index, errors = PlateIndex(), list[str]()
    index.add([0], ["12가3456"])
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            if texts_of(index.rank(parse_pattern("12가3456"), limit=1)) != ["12가3456"]:
                errors.append("lost")

    thread = threading.Thread(target=search)
    thread.start()
    for at in range(1, 100):
        index.add([at], [TEXTS[at]])
    done.set()
    thread.join()
    assert not errors


def test_costs_learned_from_a_reader_change_the_order() -> None:
    index = PlateIndex()
    index.add([1, 2], ["12가3456", "12가3451"])
    assert texts_of(index.rank(parse_pattern("12가3459")))[0] == "12가3456"
    index.confusions = confusions_from_counts({("9", "9"): 10_000, ("9", "1"): 2_000})
    assert texts_of(index.rank(parse_pattern("12가3459")))[0] == "12가3451"
