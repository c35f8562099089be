"""Features and descriptions of a new model, from the stored pictures."""

from collections.abc import Sequence
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from numpy.typing import NDArray

from cameras.models import Camera
from inference import reembed as job
from inference.core.attributes import Head, pack, unpack
from inference.core.detections import Kind
from inference.core.images import decode_jpeg
from inference.models import Description, Feature, Sighting
from inference.reembed import redescribe, reembed
from tests.conftest import make_recording, make_sighting


class Brightness:
    """An embedder that anybody can check: the mean of each channel."""

    id, dimension = "brightness", 3

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        means = np.array([crop.mean(axis=(0, 1)) for crop in crops], np.float32)
        unit: NDArray[np.float32] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return unit


class Redness:
    """A describer that anybody can check: how much of the picture is red."""

    id = "redness"
    heads = (Head("red", ("no", "yes"), (0.5, 0.5)),)

    def describe(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        share = [float((crop[..., 2] > crop[..., 0]).mean()) for crop in crops]
        return np.array([[1 - red, red] for red in share], np.float32)


def say_nothing(done: int, total: int) -> None:
    pass


@pytest.fixture
def sightings(camera: Camera) -> list[Sighting]:
    recording = make_recording(camera)
    return [make_sighting(recording, number, seed=number) for number in range(3)]


def test_every_sighting_gets_one_beside_the_old_one(sightings: list[Sighting]) -> None:
    seen: list[tuple[int, int]] = []
    assert reembed(Brightness(), Kind.PERSON, lambda done, total: seen.append((done, total))) == (3, 0)
    assert Feature.objects.of_model("brightness").count() == 3
    assert Feature.objects.count() == 6
    assert seen == [(3, 3)]
    assert reembed(Brightness(), Kind.PERSON, say_nothing) == (0, 0)


def test_a_picture_that_is_gone_is_counted_and_the_rest_goes_on(sightings: list[Sighting]) -> None:
    sightings[1].image.storage.delete(str(sightings[1].image.name))
    assert reembed(Brightness(), Kind.PERSON, say_nothing) == (2, 1)


def test_descriptions_are_made_as_features_are(sightings: list[Sighting]) -> None:
    seen: list[tuple[int, int]] = []
    sightings[2].image.storage.delete(str(sightings[2].image.name))
    assert redescribe(Redness(), Kind.PERSON, lambda done, total: seen.append((done, total))) == (2, 1)
    assert seen == [(3, 3)]
    (blob,) = {bytes(row.probabilities) for row in Description.objects.of_model("redness")}
    no, yes = unpack(blob)
    assert 0.1 < yes < 0.9
    assert no + yes == pytest.approx(1, abs=0.01)
    assert redescribe(Redness(), Kind.PERSON, say_nothing) == (0, 1)


def test_only_sightings_of_the_kind_are_looked_at(sightings: list[Sighting]) -> None:
    Sighting.objects.filter(pk=sightings[1].pk).update(kind="vehicle")
    assert reembed(Brightness(), Kind.VEHICLE, say_nothing) == (1, 0)
    assert redescribe(Redness(), Kind.VEHICLE, say_nothing) == (1, 0)
    for model in (Feature.objects.of_model("brightness"), Description.objects.of_model("redness")):
        assert [row.sighting_id for row in model] == [sightings[1].pk]


def test_it_goes_on_where_it_was_stopped(sightings: list[Sighting], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "BATCH", 2)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        redescribe(Redness(), Kind.PERSON, stop)
    first = list(Description.objects.values_list("pk", flat=True))
    assert len(first) == 2
    seen: list[tuple[int, int]] = []
    assert redescribe(Redness(), Kind.PERSON, lambda done, total: seen.append((done, total))) == (1, 0)
    assert seen == [(1, 1)]
    assert set(first) < set(Description.objects.values_list("pk", flat=True))


def test_pictures_that_cannot_be_read_do_not_hold_up_the_batches_after_them(
    sightings: list[Sighting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BATCH", 1)
    sightings[0].image.storage.delete(str(sightings[0].image.name))
    assert redescribe(Redness(), Kind.PERSON, say_nothing) == (2, 1)


def test_what_an_analysis_wrote_or_deleted_meanwhile_is_respected(sightings: list[Sighting]) -> None:
    class Meanwhile(Redness):
        def describe(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
            sightings[0].delete()
            sightings[1].descriptions.create(describer=self.id, probabilities=b"\x01\x02")
            return super().describe(crops)

    redescribe(Meanwhile(), Kind.PERSON, say_nothing)
    assert {row.sighting_id: bytes(row.probabilities) for row in Description.objects.all()} == {
        sightings[1].pk: b"\x01\x02",
        sightings[2].pk: pack(Redness().describe([_picture(sightings[2])])[0]),
    }


def _picture(sighting: Sighting) -> NDArray[np.uint8]:
    return decode_jpeg(sighting.image.read())


# ── The command ─────────────────────────────────────────────────────────────────────────────────────────────────────


def run(**options: Any) -> list[str]:
    out = StringIO()
    call_command("reembed", stdout=out, stderr=StringIO(), **options)
    return out.getvalue().splitlines()


@pytest.fixture
def _named(tiny_models: None, settings: Any, sightings: list[Sighting]) -> None:
    Sighting.objects.filter(pk=sightings[1].pk).update(kind="vehicle")
    settings.EMBEDDER_MODEL, settings.VEHICLE_EMBEDDER_MODEL = "tiny-person", "tiny-vehicle"
    settings.PERSON_DESCRIBER_MODEL, settings.VEHICLE_DESCRIBER_MODEL = "tiny-person-looks", ""


@pytest.mark.usefixtures("_named")
def test_the_command_makes_all_that_the_settings_name() -> None:
    assert run() == [
        "person, tiny-person: 2 features made, 0 pictures could not be read.",
        "vehicle, tiny-vehicle: 1 features made, 0 pictures could not be read.",
        "person, tiny-person-looks: 2 descriptions made, 0 pictures could not be read.",
        "vehicle: no describer is set, no descriptions made.",
    ]
    assert [line.split(": ")[1].split()[0] for line in run()[:3]] == ["0", "0", "0"]


@pytest.mark.usefixtures("_named")
@pytest.mark.parametrize(
    ("options", "beginnings"),
    [
        ({"what": "features", "kind": Kind.VEHICLE}, ["vehicle, tiny-vehicle: 1 features"]),
        ({"what": "descriptions", "kind": Kind.PERSON}, ["person, tiny-person-looks: 2 descriptions"]),
        (
            {"what": "features", "embedder": "tiny-both"},
            ["person, tiny-both: 2 features", "vehicle, tiny-both: 1 features"],
        ),
        # Without a kind, a named model serves what it is made for.
        ({"what": "descriptions", "describer": "tiny-vehicle-looks"}, ["vehicle, tiny-vehicle-looks: 1 descriptions"]),
    ],
)
def test_the_command_makes_what_is_named(options: dict[str, Any], beginnings: list[str]) -> None:
    Feature.objects.all().delete()
    lines = run(**options)
    assert len(lines) == len(beginnings)
    assert all(line.startswith(beginning) for line, beginning in zip(lines, beginnings, strict=True))


@pytest.mark.usefixtures("_named")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": Kind.VEHICLE, "embedder": "tiny-person"}, "tiny-person is made for person, not for vehicle"),
        ({"embedder": "tiny-person-looks"}, "a model for describer, not for reid"),
        ({"describer": "nothing"}, "There is no model 'nothing'"),
    ],
)
def test_the_command_refuses_a_model_made_for_something_else(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(**options)
    assert not Description.objects.filter(sighting__kind="vehicle").exists()
