"""Another embedder in place of the shipped one: fetched from the mirror folder, features anew, no model mixed."""

import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from cameras.models import Camera
from inference import engine
from inference.core.errors import ModelError
from inference.core.images import decode_jpeg
from inference.core.manifest import ModelStore
from inference.gallery import FaissGallery
from inference.models import Feature, Sighting
from investigations.models import SearchRequest
from investigations.search import search
from portal.accounts.models import User
from tests.conftest import drawn_person, make_recording, make_search, make_sighting

OTHER = "person-reidentification-retail-0277"
COLOURS = [(40, 40, 200), (200, 60, 40), (40, 160, 60), (30, 30, 30)]


@pytest.fixture
def other(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The model is in the mirror folder that the tests are told of, or already in the cache; else this is skipped."""
    mirror = os.environ.get("DONGSEON_MODEL_MIRROR") or None
    store = ModelStore(tmp_path if mirror else settings.MODEL_CACHE_DIR, mirror=mirror)
    try:
        store.path(OTHER)
    except ModelError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(engine, "model_store", lambda: store)
    settings.EMBEDDER_MODEL = OTHER
    engine._embedder.cache_clear()
    yield OTHER
    engine._embedder.cache_clear()


@pytest.fixture
def sightings(camera: Camera) -> list[Sighting]:
    """People in four colours, with features of the shipped model that would lead anywhere else."""
    recording = make_recording(camera)
    rows = []
    for number, colour in enumerate(COLOURS):
        row = make_sighting(recording, number, after_s=10 * number)
        row.image.save("t.jpg", ContentFile(drawn_person(colour)), save=True)
        Feature.objects.create(sighting=row, embedder="person-reid-2", vector=bytes(512))
        rows.append(row)
    return rows


def test_reembed_makes_its_features_beside_the_old_ones(other: str, sightings: list[Sighting]) -> None:
    said = StringIO()
    call_command("reembed", "--what", "features", "--kind", "person", stdout=said, stderr=StringIO())
    assert f"person, {other}: 4 features made, 0 pictures could not be read." in said.getvalue()
    assert Feature.objects.of_model("person-reid-2").count() == 4
    for row in Feature.objects.of_model(other):
        assert np.linalg.norm(np.frombuffer(bytes(row.vector), "<f2").astype(float)) == pytest.approx(1, abs=1e-2)


def test_a_search_compares_its_features_only(
    other: str, sightings: list[Sighting], approved: SearchRequest, operator: User, camera: Camera
) -> None:
    call_command("reembed", "--what", "features", "--kind", "person", stdout=StringIO(), stderr=StringIO())
    row = make_search(approved, [camera], operator)
    assert row.embedder == other
    picture = row.pictures.create(original_name="q.jpg", x1=0, y1=0, x2=64, y2=128)
    picture.image.save("q.jpg", ContentFile(drawn_person(COLOURS[1])), save=True)
    search(row.pk)
    row.refresh_from_db()
    assert row.status == "done", row.error
    assert row.sightings_compared == 4
    found = list(row.candidates.order_by("-score"))
    assert found[0].sighting == sightings[1]
    assert found[0].score == pytest.approx(1, abs=0.02)


def test_a_sighting_without_its_feature_is_not_found(other: str, sightings: list[Sighting], tmp_path: Path) -> None:
    call_command("reembed", "--what", "features", "--kind", "person", stdout=StringIO(), stderr=StringIO())
    sightings[1].features.filter(embedder=other).delete()
    query = engine.get_embedder(other).embed([decode_jpeg(drawn_person(COLOURS[1]))])
    matches = FaissGallery(tmp_path / "gallery").search(query, Feature.objects.of_model(other), limit=10)
    assert {match.sighting_id for match in matches} == {row.pk for row in sightings} - {sightings[1].pk}
