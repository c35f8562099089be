"""A search compares with the model of its kind, and asks of the footage no more than that."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cameras.models import Camera
from inference.models import Analysis, Sighting
from investigations.certificate import build_certificate
from investigations.models import SearchRequest
from investigations.search import unanalysed_warning
from investigations.services.searches import SearchTerms, Upload, start_search
from portal.accounts.models import User
from tests.conftest import NOON, add_feature, drawn_person, make_recording, make_search, make_sighting, unit_vector

MODELS = {"person": "model-for-people", "vehicle": "model-for-cars"}


@pytest.fixture(autouse=True)
def _models(settings: Any) -> None:
    settings.EMBEDDER_MODEL, settings.VEHICLE_EMBEDDER_MODEL = MODELS["person"], MODELS["vehicle"]


@pytest.fixture
def both(camera: Camera) -> list[Sighting]:
    """A recording with a person and a vehicle, each with the feature of its own model alone."""
    recording = make_recording(camera, started_at=NOON, minutes=10)
    ended_at = NOON + timedelta(minutes=20)
    Analysis.objects.create(recording=recording, status="done", detector="d", embedder="e", fps=5, ended_at=ended_at)
    rows = [make_sighting(recording, number, kind=kind) for number, kind in enumerate(MODELS)]
    for row in rows:
        add_feature(row, unit_vector(row.pk))
    return rows


@pytest.mark.parametrize("kind", MODELS)
def test_a_search_takes_the_embedder_of_its_kind(
    kind: str, approved: SearchRequest, camera: Camera, operator: User
) -> None:
    terms = SearchTerms(
        cameras=[camera],
        starts_at=NOON - timedelta(hours=1),
        ends_at=NOON + timedelta(hours=1),
        kind=kind,
        uploads=[Upload("a.jpg", drawn_person())],
    )
    assert start_search(approved, terms, actor=operator).embedder == MODELS[kind]


@pytest.mark.parametrize("kind", MODELS)
def test_sightings_of_the_other_kind_do_not_make_a_recording_unread(
    kind: str, approved: SearchRequest, both: list[Sighting], camera: Camera, operator: User
) -> None:
    search = make_search(approved, [camera], operator, kind=kind, status="done", started_at=timezone.now())
    assert unanalysed_warning(search, [camera.pk]) == ""
    assert build_certificate(approved)["searched_s"] == 600


@pytest.mark.parametrize("kind", MODELS)
def test_sightings_of_the_kind_without_a_feature_do(
    kind: str, approved: SearchRequest, both: list[Sighting], camera: Camera, operator: User
) -> None:
    make_sighting(both[0].recording, 9, kind=kind)
    search = make_search(approved, [camera], operator, kind=kind, status="done", started_at=timezone.now())
    assert unanalysed_warning(search, [camera.pk]) == "Not analysed yet: C1."
    assert build_certificate(approved)["searched_s"] == 0
