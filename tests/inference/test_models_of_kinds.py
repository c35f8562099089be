"""Each kind has models of its own: what an analysis names, uses, writes and shows, and what is refused."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import run_checks
from django.db import connection
from django.test import Client
from django.urls import reverse
from numpy.typing import NDArray

from cameras.models import Camera, Recording
from inference import engine, ingest
from inference.core.attributes import answers, pack, unpack
from inference.core.detections import Detections, Kind
from inference.core.errors import ModelError
from inference.core.images import decode_jpeg
from inference.core.pipeline import Models
from inference.descriptions import answers_of, known_of
from inference.models import Analysis, Description, Sighting
from inference.services.analyses import request_analysis
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.jobs import JobStatus
from tests.conftest import make_recording, make_sighting
from tests.core.drawing import write_video
from tests.investigations.plating import add_plate

TINY = {
    "embedder": "tiny-person",
    "vehicle_embedder": "tiny-vehicle",
    "person_describer": "tiny-person-looks",
    "vehicle_describer": "tiny-vehicle-looks",
}
LOOKS = np.array([0.1, 0.2, 0.7, 0.3, 0.7], np.float32)


class Squares:
    """A detector by colour: red squares are persons, blue ones vehicles."""

    id = "squares"

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        return [self._one(image) for image in images]

    def _one(self, image: NDArray[np.uint8]) -> Detections:
        boxes, classes = [], []
        for channel, class_id in ((2, 0), (0, 2)):
            rows, columns = np.nonzero((image[..., channel] > 150) & (image[..., 1] < 100))
            if len(rows):
                boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
                classes.append(class_id)
        return Detections(
            np.asarray(boxes, np.float32).reshape(-1, 4),
            np.full(len(boxes), 0.9, np.float32),
            np.asarray(classes, np.int64),
        )


def squares(number: int) -> NDArray[np.uint8]:
    image = np.full((128, 320, 3), 110, np.uint8)
    image[20:84, 20 + number : 52 + number] = (20, 30, 240)
    image[30:94, 200 + number : 264 + number] = (240, 30, 20)
    return image


@pytest.fixture
def recording(camera: Camera, tmp_path: Path) -> Recording:
    name = "recordings/squares.mp4"
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True)
    write_video(path, [squares(number) for number in range(20)])
    return make_recording(camera, file=name)


@pytest.fixture
def _tiny(tiny_models: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "get_detector", lambda model_id: Squares())


def analyse(recording: Recording, **models: str) -> Analysis:
    analysis = Analysis.objects.create(recording=recording, detector="squares", fps=10, **(TINY | models))
    ingest.analyse(analysis.pk)
    analysis.refresh_from_db()
    return analysis


# ── The job ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("_tiny")
def test_each_sighting_gets_the_feature_and_description_of_its_kinds_models(recording: Recording) -> None:
    assert analyse(recording).error == ""
    assert {row.kind for row in Sighting.objects.all()} == {"person", "vehicle"}
    for row in Sighting.objects.all():
        assert row.features.get().embedder == f"tiny-{row.kind}"
        description = row.descriptions.get()
        assert description.describer == f"tiny-{row.kind}-looks"
        # It is that of the stored picture.
        describer = engine.get_describer(description.describer)
        (again,) = describer.describe([decode_jpeg(row.image.read())])
        assert np.abs(unpack(bytes(description.probabilities)) - again).max() <= 0.5 / 255 + 1e-6
        assert answers_of(description)["colour"][0][0] == ("red" if row.kind == "person" else "blue")


@pytest.mark.usefixtures("_tiny")
def test_a_second_analysis_leaves_unchanged_descriptions_alone(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyse(recording)
    before = list(Description.objects.order_by("pk").values_list("pk", "probabilities"))
    writes: list[int] = []
    write = Description.save

    def count(description: Description, **values: Any) -> None:
        writes.append(description.pk)
        write(description, **values)

    monkeypatch.setattr(Description, "save", count)
    analyse(recording)
    assert (list(Description.objects.order_by("pk").values_list("pk", "probabilities")), writes) == (before, [])
    changed = Description.objects.order_by("pk")[0]
    Description.objects.filter(pk=changed.pk).update(probabilities=pack(LOOKS))
    analyse(recording)
    assert list(Description.objects.order_by("pk").values_list("pk", "probabilities")) == before
    assert writes == [changed.pk]


@pytest.mark.usefixtures("_tiny")
def test_where_a_model_is_blank_nothing_of_it_is_made(recording: Recording) -> None:
    analyse(recording, vehicle_embedder="", person_describer="", vehicle_describer="")
    assert Description.objects.count() == 0
    assert {row.kind: row.features.count() for row in Sighting.objects.all()} == {"person": 1, "vehicle": 0}


@pytest.mark.usefixtures("_tiny")
def test_sightings_and_descriptions_are_written_together_or_not_at_all(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ingest, "_write_description", fail)
    assert analyse(recording).status == JobStatus.FAILED
    assert Sighting.objects.count() == Description.objects.count() == 0


@pytest.mark.usefixtures("_tiny")
@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({"vehicle_embedder": "tiny-person"}, "tiny-person is made for person, not for vehicle."),
        ({"person_describer": "tiny-vehicle-looks"}, "tiny-vehicle-looks is made for vehicle, not for person."),
        ({"person_describer": "tiny-person"}, "tiny-person is a model for reid, not for describer."),
        ({"embedder": "nothing"}, "There is no model 'nothing'"),
    ],
)
def test_a_model_made_for_something_else_fails_the_analysis_with_a_clear_word(
    recording: Recording, models: dict[str, str], message: str
) -> None:
    analysis = analyse(recording, **models)
    assert analysis.status == JobStatus.FAILED
    assert message in analysis.error
    assert not Sighting.objects.exists()


@pytest.mark.usefixtures("tiny_models")
def test_a_model_of_both_kinds_is_loaded_once(camera: Camera) -> None:
    both = "tiny-both"
    models = ingest.models_of(Analysis(recording=make_recording(camera), embedder=both, vehicle_embedder=both))
    assert models == Models({Kind.PERSON: engine.get_embedder(both), Kind.VEHICLE: engine.get_embedder(both)}, {})
    assert models.embedders[Kind.PERSON] is models.embedders[Kind.VEHICLE]


# ── What is asked, and what is written down about it ────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("tiny_models")
def test_an_analysis_names_all_its_models_and_so_does_the_trail(
    recording: Recording, operator: User, settings: Any
) -> None:
    settings.EMBEDDER_MODEL, settings.VEHICLE_EMBEDDER_MODEL = "tiny-person", "tiny-vehicle"
    settings.PERSON_DESCRIBER_MODEL, settings.VEHICLE_DESCRIBER_MODEL = "tiny-person-looks", ""
    settings.PLATE_READER_MODEL = ""
    analysis = request_analysis(recording, actor=operator)
    named = {key: value for key, value in TINY.items() if key != "vehicle_describer"}
    assert analysis.models == {"detector": settings.DETECTOR_MODEL, **named}
    assert [analysis.embedder_of(kind) for kind in Kind] == ["tiny-person", "tiny-vehicle"]
    assert [analysis.describer_of(kind) for kind in Kind] == ["tiny-person-looks", ""]
    entry = AuditEntry.objects.get(action="analysis.requested")
    assert entry.details == {**analysis.models, "fps": settings.ANALYSIS_FPS}


def test_analyses_from_before_say_that_one_model_served_both_kinds(camera: Camera) -> None:
    old = Analysis.objects.create(recording=make_recording(camera), detector="d", embedder="e", fps=5)
    migration = importlib.import_module("inference.migrations.0004_descriptions")
    migration.say_what_served_vehicles(apps, SimpleNamespace(connection=connection))
    old.refresh_from_db()
    assert old.models == {"detector": "d", "embedder": "e", "vehicle_embedder": "e"}


@pytest.mark.usefixtures("tiny_models")
@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("DETECTOR_MODEL", "tiny-person", "dongseon.E001"),
        ("EMBEDDER_MODEL", "", "dongseon.E002"),
        ("EMBEDDER_MODEL", "tiny-vehicle", "dongseon.E002"),
        ("EMBEDDER_MODEL", "tiny-person+0123abcd", ""),
        ("VEHICLE_EMBEDDER_MODEL", "", "dongseon.E005"),
        ("VEHICLE_EMBEDDER_MODEL", "tiny-person", "dongseon.E005"),
        ("VEHICLE_EMBEDDER_MODEL", "tiny-vehicle", ""),
        ("PERSON_DESCRIBER_MODEL", "tiny-person", "dongseon.E006"),
        ("PERSON_DESCRIBER_MODEL", "tiny-vehicle-looks", "dongseon.E006"),
        ("PERSON_DESCRIBER_MODEL", "", ""),
        ("VEHICLE_DESCRIBER_MODEL", "nothing", "dongseon.E007"),
        ("VEHICLE_DESCRIBER_MODEL", "tiny-vehicle-looks", ""),
        ("PLATE_FINDER_MODEL", "tiny-plate-reader", "dongseon.E008"),
        ("PLATE_FINDER_MODEL", "tiny-plate-finder", ""),
        ("PLATE_READER_MODEL", "tiny-vehicle", "dongseon.E009"),
        ("PLATE_READER_MODEL", "", ""),
    ],
)
def test_a_setting_that_names_a_wrong_model_is_an_error_at_the_start(
    name: str, value: str, problem: str, settings: Any
) -> None:
    setattr(settings, name, value)
    found = [message for message in run_checks() if str(message.id).startswith("dongseon.E00")]
    assert [message.id for message in found] == [problem] * bool(problem)
    assert all(name in message.msg and str(message.hint).startswith(f"Set {name} to ") for message in found)


def test_the_settings_as_they_come_are_right() -> None:
    assert [message for message in run_checks() if str(message.id).startswith("dongseon.E00")] == []


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def shown(client: Client, user: User, row: Any) -> str:
    client.force_login(user)
    address = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    response = client.get(address, follow=True)
    return response.content.decode()


@pytest.mark.usefixtures("tiny_models")
def test_a_sighting_shows_what_it_looks_like(client: Client, camera: Camera, supervisor: User, stranger: User) -> None:
    row = make_sighting(make_recording(camera))
    row.descriptions.create(describer="tiny-person-looks", probabilities=pack(LOOKS))
    text = shown(client, supervisor, row)
    assert "Colour: blue 70%" in text
    assert "bright: yes 70%" in text
    assert "tiny-person-looks" in text
    assert "Colour: blue" not in shown(client, stranger, row)


def test_a_sighting_and_a_list_show_what_was_read_of_plates(
    client: Client, camera: Camera, supervisor: User, stranger: User
) -> None:
    row = make_sighting(make_recording(camera), kind="vehicle")
    plate = add_plate(row, "12가3456", confidence=0.934)
    assert "12가3456 93% <small>made-up-reader</small>" in shown(client, supervisor, row)
    assert "12가3456" in shown(client, supervisor, plate)
    assert "12가3456" not in shown(client, stranger, row) + shown(client, stranger, plate)
    listed = reverse("admin:inference_plate_changelist")
    client.force_login(supervisor)
    text = client.get(listed).content.decode()
    assert all(said in text for said in ("12가3456", "93%", reverse("plate-picture", args=[plate.pk])))
    assert "12가3456" not in client.get(listed, {"q": "3456"}).content.decode()  # that is a search's to do
    assert "12가3456" in client.get(listed, {"q": camera.code}).content.decode()
    client.force_login(stranger)
    assert "12가3456" not in client.get(listed).content.decode()


@pytest.mark.parametrize("typed", ["12가3456", "12가 3456", "12가-3456"])
def test_a_list_of_plates_says_what_is_searched_there_and_where_plates_are(
    client: Client, camera: Camera, supervisor: User, typed: str
) -> None:
    add_plate(make_sighting(make_recording(camera), kind="vehicle"), "12가3456")
    listed = reverse("admin:inference_plate_changelist")
    client.force_login(supervisor)
    elsewhere = "Number plates are not looked up in this list."
    text = client.get(listed, {"q": typed}).content.decode()
    assert ('placeholder="Number or name of the camera"' in text, elsewhere in text) == (True, True)
    assert elsewhere not in client.get(listed, {"q": camera.code}).content.decode()


@pytest.mark.usefixtures("tiny_models")
def test_what_the_model_is_not_sure_of_is_not_shown(client: Client, camera: Camera, supervisor: User) -> None:
    row = make_sighting(make_recording(camera))
    weak = np.array([0.3, 0.3, 0.4, 0.4, 0.6], np.float32)
    description = row.descriptions.create(describer="tiny-person-looks", probabilities=pack(weak))
    assert [name for name, _value, _probability in known_of(description)] == ["bright"]
    text = shown(client, supervisor, row)
    assert "bright: yes 60%" in text
    assert "Colour:" not in text


@pytest.mark.usefixtures("tiny_models")
def test_looks_are_said_in_the_language_of_who_reads(client: Client, camera: Camera, supervisor: User) -> None:
    row = make_sighting(make_recording(camera))
    row.descriptions.create(describer="tiny-person-looks", probabilities=pack(LOOKS))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ko"
    assert "색상: 파란색 70%" in shown(client, supervisor, row)


@pytest.mark.usefixtures("tiny_models")
@pytest.mark.parametrize(
    ("describer", "blob", "why"),
    [
        ("one-of-last-year", pack(LOOKS), "There is no model"),
        ("tiny-person-looks", b"\x00", "A description of 1 numbers is none of 5 values."),
    ],
)
def test_a_description_that_cannot_be_read_says_why(
    client: Client, camera: Camera, supervisor: User, describer: str, blob: bytes, why: str
) -> None:
    row = make_sighting(make_recording(camera))
    description = row.descriptions.create(describer=describer, probabilities=blob)
    assert why in shown(client, supervisor, row)
    with pytest.raises(ModelError):
        answers_of(description)


def test_an_analysis_and_its_recording_show_its_models(client: Client, camera: Camera, supervisor: User) -> None:
    analysis = Analysis.objects.create(recording=make_recording(camera), detector="seer", fps=5, **TINY)
    for row in (analysis, analysis.recording):
        text = shown(client, supervisor, row)
        assert all(model_id in text for model_id in ("seer", *TINY.values()))


@pytest.mark.usefixtures("tiny_models")
def test_what_is_stored_says_the_same_as_what_was_seen() -> None:
    heads = engine.model_store().entry("tiny-person-looks").heads
    stored = answers(heads, unpack(pack(LOOKS)))
    for name, pairs in answers(heads, LOOKS).items():
        assert [value for value, _ in pairs] == [value for value, _ in stored[name]]
