"""What a search compares: its own pictures from both mirror sides, stored sightings as they are stored."""

from collections.abc import Sequence

import numpy as np
import pytest
from django.core.files.base import ContentFile
from numpy.typing import NDArray

from cameras.models import Camera
from inference.core.reid import unit_length
from investigations import querying
from investigations.models import QueryPicture, Search, SearchRequest
from portal.accounts.models import User
from tests.conftest import add_feature, drawn_person, make_recording, make_search, make_sighting, unit_vector

WHOLE = (0, 0, 64, 128)
LEFT = (0, 0, 32, 128)


class Sides:
    """A feature of two numbers: how bright the left and the right half are."""

    id = "sides"
    dimension = 2

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        halves = [[crop[:, : crop.shape[1] // 2].mean(), crop[:, crop.shape[1] // 2 :].mean()] for crop in crops]
        return unit_length(np.asarray(halves, np.float32))


@pytest.fixture(autouse=True)
def sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(querying, "get_embedder", lambda model_id, camera=None: Sides())


def make_picture(search: Search, box: tuple[float, float, float, float] | None, **values: object) -> QueryPicture:
    x1, y1, x2, y2 = box or (None,) * 4
    picture = QueryPicture(search=search, original_name="photo.jpg", x1=x1, y1=y1, x2=x2, y2=y2, **values)
    picture.image.save("query.jpg", ContentFile(drawn_person()))
    return picture


@pytest.mark.parametrize(("kind", "is_mirrored"), [("person", True), ("vehicle", False)])
def test_an_uploaded_person_is_seen_from_both_sides_and_a_vehicle_from_one(
    approved: SearchRequest, camera: Camera, operator: User, kind: str, is_mirrored: bool
) -> None:
    search = make_search(approved, [camera], operator, kind=kind)
    make_picture(search, LEFT)  # bright background left, dark coat right
    ((left, right),) = querying.features_of(search)
    assert (abs(left - right) < 1e-5) == is_mirrored
    assert np.hypot(left, right) == pytest.approx(1.0)


def test_a_stored_sighting_is_searched_by_as_it_is_stored(
    approved: SearchRequest, camera: Camera, operator: User
) -> None:
    sighting = make_sighting(make_recording(camera), 1)
    add_feature(sighting, unit_vector(1))
    search = make_search(approved, [camera], operator)
    make_picture(search, None, sighting=sighting)
    (feature,) = querying.features_of(search)
    assert feature == pytest.approx(unit_vector(1), abs=1e-3)


@pytest.mark.parametrize("box", [None, WHOLE])
def test_a_sighting_whose_picture_is_embedded_anyway_is_seen_from_both_sides(
    approved: SearchRequest, camera: Camera, operator: User, box: tuple[float, float, float, float] | None
) -> None:
    sighting = make_sighting(make_recording(camera), 1)
    if box:
        add_feature(sighting, unit_vector(1))  # of the whole picture; a box was drawn in it
    search = make_search(approved, [camera], operator)
    make_picture(search, box, sighting=sighting)
    ((left, right),) = querying.features_of(search)
    assert left == pytest.approx(right)
