"""The FAISS gallery: exact, limited to the rows it is given, and healed from them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from numpy.typing import NDArray

from cameras.models import Camera
from inference.gallery import FaissGallery
from inference.models import Feature, Sighting
from tests.conftest import NOON, add_feature, make_recording, make_sighting, unit_vector


@pytest.fixture
def gallery(tmp_path: Path) -> FaissGallery:
    return FaissGallery(tmp_path / "gallery")


@pytest.fixture
def sightings(make_camera: Callable[..., Camera]) -> list[Sighting]:
    """Twelve sightings over two cameras and two days, with features of seeds 0 to 11."""
    rows = []
    for number in range(12):
        camera = Camera.objects.filter(code=f"C{number % 2}").first() or make_camera(f"C{number % 2}")
        recording = make_recording(camera, started_at=NOON + timedelta(days=number // 6, minutes=number))
        rows.append(make_sighting(recording, number, seed=number))
    return rows


def ranked(gallery: FaissGallery, query: NDArray[np.float32], limit: int = 20) -> list[int]:
    return [match.sighting_id for match in gallery.search(query, Feature.objects.all(), limit=limit)]


def expected(query: NDArray[np.float32], sightings: list[Sighting]) -> list[int]:
    scores = [float(query @ unit_vector(number)) for number in range(len(sightings))]
    return [sightings[number].pk for number in np.argsort(scores)[::-1]]


def test_the_order_is_that_of_the_cosines(gallery: FaissGallery, sightings: list[Sighting]) -> None:
    query = (unit_vector(3) + 0.5 * unit_vector(8)).astype(np.float32)
    query /= np.linalg.norm(query)
    assert ranked(gallery, query) == expected(query, sightings)
    assert ranked(gallery, query, limit=2) == expected(query, sightings)[:2]


def test_only_the_rows_asked_for_are_compared(gallery: FaissGallery, sightings: list[Sighting]) -> None:
    ranked(gallery, unit_vector(3))  # everything is in the index now
    allowed = Feature.objects.filter(sighting__camera__code="C0")
    found = gallery.search(unit_vector(3), allowed, limit=20)
    assert {match.sighting_id for match in found} == {row.pk for row in sightings if row.camera.code == "C0"}


def test_new_rows_are_found_without_rebuilding(gallery: FaissGallery, sightings: list[Sighting]) -> None:
    ranked(gallery, unit_vector(3))
    added = make_sighting(sightings[3].recording, 99, seed=99)
    assert ranked(gallery, unit_vector(99))[0] == added.pk


def test_a_replaced_vector_no_longer_counts(gallery: FaissGallery, sightings: list[Sighting]) -> None:
    ranked(gallery, unit_vector(3))
    sightings[3].features.all().delete()
    add_feature(sightings[3], unit_vector(500))
    match = next(
        m for m in gallery.search(unit_vector(3), Feature.objects.all(), limit=20) if m.sighting_id == sightings[3].pk
    )
    assert match.score == pytest.approx(float(unit_vector(3) @ unit_vector(500)), abs=2e-3)


def test_damaged_and_deleted_files_are_made_again(
    gallery: FaissGallery, sightings: list[Sighting], tmp_path: Path
) -> None:
    query = unit_vector(3)
    first = ranked(gallery, query)
    files = sorted((tmp_path / "gallery").rglob("*.faiss"))
    assert len(files) == 4
    files[0].unlink()
    files[1].write_bytes(b"not an index")
    assert ranked(FaissGallery(tmp_path / "gallery"), query) == first


def test_another_process_reads_what_one_has_written(
    gallery: FaissGallery, sightings: list[Sighting], tmp_path: Path
) -> None:
    other = FaissGallery(tmp_path / "gallery")
    ranked(other, unit_vector(3))
    added = make_sighting(sightings[0].recording, 99, seed=99)
    ranked(gallery, unit_vector(3))
    assert ranked(other, unit_vector(99))[0] == added.pk


def test_an_index_that_outlived_its_database_matches_nothing(gallery: FaissGallery, sightings: list[Sighting]) -> None:
    ranked(gallery, unit_vector(3))
    old = Feature.objects.get(sighting=sightings[3])
    Feature.objects.filter(pk=old.pk).delete()
    # The same row number with another vector, as a database made anew would deal it out.
    blob = unit_vector(500).astype("<f2").tobytes()
    Feature.objects.create(pk=old.pk, sighting=sightings[3], embedder=old.embedder, vector=blob)
    found = gallery.search(unit_vector(3), Feature.objects.filter(pk=old.pk), limit=20)
    assert found[0].score == pytest.approx(float(unit_vector(3) @ unit_vector(500)), abs=2e-3)


def test_a_row_that_vanishes_during_the_search_is_passed_over(
    gallery: FaissGallery, sightings: list[Sighting], monkeypatch: pytest.MonkeyPatch
) -> None:
    load = gallery._load

    def delete_first(place: Any, needed: Any) -> Any:
        Feature.objects.filter(sighting=sightings[3]).delete()
        return load(place, needed)

    monkeypatch.setattr(gallery, "_load", delete_first)
    assert sightings[3].pk not in ranked(gallery, unit_vector(3))
    only = FaissGallery(gallery._folder / "other")
    monkeypatch.setattr(only, "_load", lambda place, needed: None)
    assert only.search(unit_vector(3), Feature.objects.all(), limit=20) == []


def test_rebuild_makes_the_index_anew_from_the_rows(gallery: FaissGallery, sightings: list[Sighting]) -> None:
    first = ranked(gallery, unit_vector(3))
    Feature.objects.filter(sighting=sightings[0]).delete()
    assert gallery.rebuild(settings.EMBEDDER_MODEL) == 11
    assert ranked(gallery, unit_vector(3)) == [pk for pk in first if pk != sightings[0].pk]


def test_features_of_two_models_are_never_compared(gallery: FaissGallery, sightings: list[Sighting]) -> None:
    Feature.objects.create(sighting=sightings[0], embedder="other", vector=unit_vector(3, 128).astype("<f2").tobytes())
    found = gallery.search(unit_vector(3), Feature.objects.of_model(settings.EMBEDDER_MODEL), limit=20)
    assert len(found) == 12


def test_how_alike_everybody_is_is_said_by_camera(gallery: FaissGallery, sightings: list[Sighting]) -> None:
    query = unit_vector(3)
    found = gallery.compare(query, Feature.objects.all(), limit=2)
    assert len(found.matches) == 2
    assert found.compared == sum(len(cosines) for cosines in found.cosines.values()) == Feature.objects.count()
    assert set(found.cosines) == set(Sighting.objects.values_list("camera_id", flat=True))
    assert max(cosines.max() for cosines in found.cosines.values()) == pytest.approx(found.matches[0].score)
    assert Sighting.objects.get(pk=found.matches[0].sighting_id).camera_id == found.matches[0].camera_id


def test_of_many_a_fair_sample_stands_for_all(
    gallery: FaissGallery, sightings: list[Sighting], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = unit_vector(3)
    all_of_them = gallery.compare(query, Feature.objects.all(), limit=3)
    monkeypatch.setattr("inference.gallery.faiss.SAMPLE", 2)
    sampled = gallery.compare(query, Feature.objects.all(), limit=3)
    assert sampled.matches == all_of_them.matches
    for camera_id, cosines in sampled.cosines.items():
        assert 1 <= len(cosines) <= len(all_of_them.cosines[camera_id])
    assert sum(map(len, sampled.cosines.values())) < sampled.compared


def test_a_feature_found_by_two_query_vectors_counts_once_with_its_best(
    gallery: FaissGallery, sightings: list[Sighting]
) -> None:
    query = np.stack([unit_vector(3), unit_vector(4)])
    found = gallery.compare(query, Feature.objects.all(), limit=50)
    assert len({match.sighting_id for match in found.matches}) == len(found.matches) == found.compared
    assert sum(map(len, found.cosines.values())) == found.compared


def test_sightings_that_are_left_out_are_not_compared(gallery: FaissGallery, sightings: list[Sighting]) -> None:
    gone = sightings[0].pk
    found = gallery.compare(unit_vector(3), Feature.objects.all(), limit=50, without={gone})
    assert gone not in {match.sighting_id for match in found.matches}
    assert found.compared == Feature.objects.count() - 1
