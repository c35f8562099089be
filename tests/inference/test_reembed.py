"""Features of a new model, from the stored pictures."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.models import Camera
from inference.models import Feature, Sighting
from inference.reembed import reembed
from tests.conftest import make_recording, make_sighting


class Brightness:
    """An embedder that anybody can check: the mean of each channel."""

    id, dimension = "brightness", 3

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        means = np.array([crop.mean(axis=(0, 1)) for crop in crops], np.float32)
        unit: NDArray[np.float32] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return unit


@pytest.fixture
def sightings(camera: Camera) -> list[Sighting]:
    recording = make_recording(camera)
    return [make_sighting(recording, number, seed=number) for number in range(3)]


def test_every_sighting_gets_one_beside_the_old_one(sightings: list[Sighting]) -> None:
    seen: list[tuple[int, int]] = []
    assert reembed(Brightness(), lambda done, total: seen.append((done, total))) == (3, 0)
    assert Feature.objects.of_model("brightness").count() == 3
    assert Feature.objects.count() == 6
    assert seen == [(3, 3)]
    assert reembed(Brightness(), lambda done, total: None) == (0, 0)


def test_a_picture_that_is_gone_is_counted_and_the_rest_goes_on(sightings: list[Sighting]) -> None:
    sightings[1].image.storage.delete(str(sightings[1].image.name))
    assert reembed(Brightness(), lambda done, total: None) == (2, 1)
