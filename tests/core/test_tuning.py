"""A site's linear map: what it takes away, how it is judged, and what is refused."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.errors import ModelError
from inference.core.reid import unit_length
from inference.core.tuning import (
    Pairs,
    SiteMap,
    choose_blocks,
    cosines_of,
    differences_of,
    digest_of,
    evening_matrix,
    fit_map,
    judge,
    pack_map,
    unpack_map,
)

D = 32
Floats = NDArray[np.float32]


def people(count: int, *, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((count, D)).astype(np.float32)


def two_cameras(count: int, *, shift: float, noise: float = 0.8) -> tuple[Floats, NDArray[np.int64]]:
    """The same people in cameras 3 and 7, which colour all they see; row i and row count + i are one person."""
    random = np.random.default_rng(1)
    tints = shift * random.standard_normal((2, D))
    seen = [people(count) + noise * random.standard_normal((count, D)) + tint for tint in tints]
    return unit_length(np.concatenate(seen).astype(np.float32)), np.repeat([3, 7], count)


def all_pairs(count: int) -> Pairs:
    """Everybody of the one camera against everybody of the other; half of the strangers are known to be."""
    first, second = (part.ravel() for part in np.indices((count, count)))
    is_stranger = (first != second) & (np.random.default_rng(2).random(len(first)) < 0.5)
    return Pairs(first, second + count, is_stranger, np.ones(len(first), bool))


def rank1(features: Floats, count: int) -> float:
    return float(np.mean(np.argmax(features[:count] @ features[count:].T, axis=1) == np.arange(count)))


def test_what_a_camera_adds_to_all_is_taken_away_and_people_are_found_again() -> None:
    features, cameras = two_cameras(200, shift=2.0)
    mapped = fit_map(features, cameras).apply(features, cameras)
    np.testing.assert_allclose(np.linalg.norm(mapped, axis=1), 1, atol=1e-5)
    assert rank1(mapped, 200) > rank1(features, 200) + 0.2


def test_strength_says_how_much_is_taken_away() -> None:
    features, cameras = two_cameras(300, shift=1.0)
    gaps = []
    for strength in (0.0, 0.5, 1.0):
        site_map = fit_map(features, cameras, strength=strength)
        gaps.append(float(np.linalg.norm(site_map.offsets[0] - site_map.offsets[1])))
    assert gaps[0] == 0
    assert gaps[1] == pytest.approx(gaps[2] / 2, rel=1e-4)


def test_a_camera_that_saw_few_is_taken_for_one_like_the_others() -> None:
    features = np.concatenate([people(2000), people(2, seed=5) + 10])
    site_map = fit_map(features, np.repeat([1, 2], [2000, 2]))
    own = features[2000:].mean(axis=0)
    assert np.linalg.norm(site_map.offsets[1] - site_map.centre) < 0.1 * np.linalg.norm(own - site_map.centre) * 1.01


def test_features_of_no_camera_and_of_an_unknown_one_get_the_centre() -> None:
    features, cameras = two_cameras(50, shift=1.0)
    site_map = fit_map(features, cameras)
    expected = unit_length(features - site_map.centre)
    np.testing.assert_allclose(site_map.apply(features), expected, atol=1e-6)
    for unknown in (1, 5, 99):
        np.testing.assert_allclose(site_map.apply(features, np.full(100, unknown)), expected, atol=1e-6)


def test_directions_in_which_views_of_one_track_differ_count_less() -> None:
    random = np.random.default_rng(0)
    differences = (random.standard_normal((500, D)) * np.r_[10.0, np.ones(D - 1)]).astype(np.float32)
    matrix = evening_matrix(differences)
    assert matrix[0, 0] < 0.6 * matrix[1, 1]
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)


def test_too_few_differences_are_not_learnt_from() -> None:
    few = people(10), people(10, seed=1)
    assert differences_of([few]) is None
    many = differences_of([few, (people(300), people(300, seed=1))])
    assert many is not None
    assert many.shape == (310, D)


def test_a_good_map_finds_more_and_a_bad_one_less() -> None:
    features, cameras = two_cameras(150, shift=2.0)
    pairs = all_pairs(150)
    before = cosines_of(features, pairs)
    good = fit_map(features, cameras).apply(features, cameras)
    verdict = judge(before, cosines_of(good, pairs), pairs)
    assert verdict.gain > 0.1
    assert verdict.after - verdict.before > 2 * verdict.error > 0
    scrambled = unit_length(good + 0.5 * people(300, seed=9))
    assert judge(cosines_of(good, pairs), cosines_of(scrambled, pairs), pairs).gain < -0.1


def test_a_map_that_changes_nothing_gains_nothing() -> None:
    features, _cameras = two_cameras(80, shift=0.5)
    pairs = all_pairs(80)
    cosines = cosines_of(features, pairs)
    verdict = judge(cosines, cosines, pairs)
    assert (verdict.gain, verdict.error) == (0, 0)
    assert verdict.strangers == int(pairs.is_stranger.sum())


@pytest.mark.parametrize("is_stranger", [True, False])
def test_pairs_of_one_kind_alone_are_no_measure(is_stranger: bool) -> None:
    pairs = all_pairs(10)._replace(is_stranger=np.full(100, is_stranger))
    with pytest.raises(ValueError, match="both kinds"):
        judge(np.zeros(100, np.float32), np.zeros(100, np.float32), pairs)


def test_a_map_is_the_same_after_writing_and_reading() -> None:
    site_map = fit_map(*two_cameras(50, shift=1.0))
    blob = pack_map(site_map)
    assert pack_map(site_map) == blob
    again = unpack_map(blob, digest_of(blob))
    for name in ("cameras", "offsets", "centre", "matrix"):
        np.testing.assert_array_equal(getattr(again, name), getattr(site_map, name))


def test_a_damaged_map_is_refused() -> None:
    blob = pack_map(fit_map(*two_cameras(50, shift=1.0)))
    damaged = blob[:200] + bytes([blob[200] ^ 1]) + blob[201:]
    with pytest.raises(ModelError, match="is damaged"):
        unpack_map(damaged, digest_of(blob))


@pytest.mark.parametrize("cut", [0, 60, 4000])
def test_a_map_cut_short_is_refused(cut: int) -> None:
    short = pack_map(fit_map(*two_cameras(50, shift=1.0)))[:cut]
    with pytest.raises(ModelError, match="cannot be read"):
        unpack_map(short, digest_of(short))


def test_parts_that_do_not_fit_together_are_refused() -> None:
    site_map = fit_map(*two_cameras(50, shift=1.0))
    wrong = SiteMap(site_map.cameras, site_map.offsets[:, :5], site_map.centre, site_map.matrix)
    blob = pack_map(wrong)
    with pytest.raises(ModelError, match="do not fit together"):
        unpack_map(blob, digest_of(blob))


def test_features_of_another_length_are_refused() -> None:
    site_map = fit_map(*two_cameras(50, shift=1.0))
    with pytest.raises(ModelError, match="for 32 numbers, features have 31"):
        site_map.apply(np.zeros((2, 31), np.float32))


def test_every_third_run_of_time_is_held_back() -> None:
    is_held = choose_blocks(np.arange(120, dtype=float)[::-1])
    assert is_held.sum() == 40
    assert is_held[::-1][40:60].all()
    assert not is_held[::-1][:40].any()
    assert not len(choose_blocks(np.zeros(0)))
