"""Tuning to a site: kept where it helps on what was held back, refused where not, and used like any other model."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from io import StringIO
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from numpy.typing import NDArray

from cameras.models import Camera, Recording
from inference import engine, tuning
from inference.core.detections import Box, Kind
from inference.core.errors import ModelError
from inference.core.images import decode_jpeg
from inference.core.manifest import Match
from inference.core.reid import unit_length
from inference.core.trajectory import Trajectory, encode
from inference.core.tuning import digest_of, fit_map, pack_map
from inference.models import Feature, Sighting, TunedModel
from inference.reembed import reembed
from inference.tuning import (
    TunedEmbedder,
    TuningRefused,
    fragment_views,
    in_other_light,
    match_of,
    tune,
    tuned_embedder,
)
from portal.audit.models import AuditEntry
from tests.conftest import drawn_person, make_recording

D = 48
PEOPLE = 600
MakeCamera = Callable[..., Camera]


class Mean:
    """An embedder that anybody can check: means of 16 stripes, each channel."""

    id, dimension = "stripes", D

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return unit_length(np.array([cv2.resize(crop, (1, 16)).ravel() for crop in crops], np.float32))


def say_nothing(done: int, total: int) -> None:
    pass


def fill(cameras: Sequence[Camera], *, tint: float, people: int = PEOPLE, walk: bool = True) -> list[Recording]:
    """The same people pass one camera, and some seconds later the other, which colours everybody its own way."""
    random = np.random.default_rng(0)
    faces = random.standard_normal((people, D))
    came_s = random.uniform(0, 240, people)
    started_at = timezone.now() - timedelta(hours=1)
    recordings = [make_recording(camera, started_at=started_at) for camera in cameras]
    sightings, vectors = [], []
    for place, recording in enumerate(recordings):
        own = tint * random.standard_normal(D)
        for number in range(people):
            begins = started_at + timedelta(seconds=came_s[number] + place * random.uniform(15, 30))
            sightings.append(a_sighting(recording, number, begins))
            face = faces[number] if walk else random.standard_normal(D)
            vectors.append(face + 0.4 * random.standard_normal(D) + own)
    rows = Sighting.objects.bulk_create(sightings)
    units = unit_length(np.array(vectors, np.float32)).astype("<f2")
    Feature.objects.bulk_create(
        Feature(sighting=row, embedder=Mean.id, vector=vector.tobytes())
        for row, vector in zip(rows, units, strict=True)
    )
    return recordings


def a_sighting(recording: Recording, number: int, begins: Any, **values: Any) -> Sighting:
    defaults = {
        "kind": "person",
        "first_seen_at": begins,
        "last_seen_at": begins + timedelta(seconds=8),
        "seen_at": begins,
        **{"frame": number, "x1": 0.0, "y1": 0.0, "x2": 64.0, "y2": 128.0, "score": 0.9, "observations": 5},
    }
    return Sighting(recording=recording, camera=recording.camera, track_number=number, **(defaults | values))


@pytest.fixture
def pair(make_camera: MakeCamera) -> tuple[Camera, Camera]:
    return make_camera("A"), make_camera("B", longitude=127.30)


def test_a_map_that_helps_is_kept_with_its_figures_and_an_entry(pair: tuple[Camera, Camera]) -> None:
    fill(pair, tint=1.5)
    said: list[str] = []
    row, verdict = tune(Mean(), "person", views=0, on_step=said.append)
    assert verdict.gain > 0.1
    assert (row.base, row.kind, row.figures["cameras"]) == ("stripes", "person", 2)
    assert row.name == f"stripes+{digest_of(bytes(row.weights))}"
    assert row.figures["after"] > row.figures["before"]
    entry = AuditEntry.objects.get(action="model.tuned")
    assert (entry.target_name, entry.details["map"]) == (row.name, row.figures["map"])
    assert said[0] == f"{2 * PEOPLE} sightings of 2 cameras"


def test_the_same_again_is_the_same_row_and_no_second_entry(pair: tuple[Camera, Camera]) -> None:
    fill(pair, tint=1.5)
    first, second = (tune(Mean(), "person", views=0).row for _time in range(2))
    assert first == second
    assert AuditEntry.objects.filter(action="model.tuned").count() == 1


def test_where_cameras_colour_nobody_it_does_not_help_and_is_refused(pair: tuple[Camera, Camera]) -> None:
    fill(pair, tint=0.0)
    with pytest.raises(TuningRefused, match=r"does not help enough|may be chance"):
        tune(Mean(), "person", views=0)
    assert not TunedModel.objects.exists()
    assert not AuditEntry.objects.filter(action="model.tuned").exists()


def test_where_nobody_passes_both_cameras_there_is_nothing_to_judge_by(pair: tuple[Camera, Camera]) -> None:
    fill(pair, tint=0.5, walk=False)
    with pytest.raises(TuningRefused, match="too few pass several of these cameras to judge by"):
        tune(Mean(), "person", views=0)
    assert not TunedModel.objects.exists()


def test_a_larger_margin_refuses_what_a_smaller_one_keeps(pair: tuple[Camera, Camera]) -> None:
    fill(pair, tint=1.5)
    gain = tune(Mean(), "person", views=0).verdict.gain
    with pytest.raises(TuningRefused, match="does not help enough"):
        tune(Mean(), "person", views=0, margin=gain + 0.01)


def test_too_little_is_refused_with_what_is_missing(pair: tuple[Camera, Camera], make_camera: MakeCamera) -> None:
    with pytest.raises(TuningRefused, match=r"Two cameras with 20 sightings each .* there are 0"):
        tune(Mean(), "person")
    fill(pair, tint=1.5, people=30)
    with pytest.raises(TuningRefused, match="300 sightings are needed, there are 60"):
        tune(Mean(), "person", views=0)
    with pytest.raises(TuningRefused, match="there are 0"):
        tune(Mean(), "vehicle", views=0)


def test_cameras_of_one_pole_have_no_certain_strangers(make_camera: MakeCamera) -> None:
    fill([make_camera("A", pole="P"), make_camera("B", pole="P", longitude=127.30)], tint=1.5)
    with pytest.raises(TuningRefused, match="0 pairs were seen at the same time in cameras apart"):
        tune(Mean(), "person", views=0)


def test_features_that_are_older_than_the_days_asked_for_are_left_aside(pair: tuple[Camera, Camera]) -> None:
    fill(pair, tint=1.5, people=30)
    Sighting.objects.update(
        first_seen_at=timezone.now() - timedelta(days=5), last_seen_at=timezone.now() - timedelta(4)
    )
    with pytest.raises(TuningRefused, match="there are 0"):
        tune(Mean(), "person", days=3, views=0)


# ── Several views of one track ──────────────────────────────────────────────────────────────────────────────────────


def trajectory(from_s: float, until_s: float, left: float) -> bytes:
    times = np.linspace(from_s, until_s, 4)
    return encode(Trajectory.of((float(time_s), Box(left, 0, left + 60, 120)) for time_s in times))


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([(5.5, 9.0, 10.0)], 1),
        ([(5.5, 9.0, 200.0)], 0),  # elsewhere
        ([(7.0, 9.0, 10.0)], 0),  # too late
        ([(4.0, 9.0, 10.0)], 0),  # while the first was still there
        ([(5.5, 9.0, 10.0), (5.6, 9.0, 5.0)], 0),  # two go on from it: nobody knows which
    ],
)
def test_a_track_broken_in_two_gives_two_views(
    camera: Camera, others: list[tuple[float, float, float]], expected: int
) -> None:
    recording = make_recording(camera)
    rows = [
        a_sighting(recording, number, recording.started_at, trajectory=trajectory(*track))
        for number, track in enumerate([(0.0, 5.0, 0.0), *others])
    ]
    rows.append(a_sighting(recording, 9, recording.started_at, trajectory=b"damaged"))
    rows.append(a_sighting(recording, 10, recording.started_at))
    features = [
        Feature.objects.create(sighting=row, embedder="stripes", vector=b"")
        for row in Sighting.objects.bulk_create(rows)
    ]
    keys = np.array([row.key for row in features])
    vectors = np.arange(len(keys) * 2, dtype=np.float32).reshape(-1, 2)
    first, second = fragment_views("stripes", keys, vectors)
    assert len(first) == len(second) == expected
    if expected:
        np.testing.assert_array_equal(np.concatenate([first, second]), vectors[:2])


def test_synthetic_views_are_made_of_pictures_that_can_be_read(pair: tuple[Camera, Camera]) -> None:
    fill(pair, tint=1.0, people=5)
    rows = list(Sighting.objects.order_by("pk"))
    for row in rows[:6]:
        row.image.save("t.jpg", ContentFile(drawn_person()), save=True)
    rows[5].image.save("t.jpg", ContentFile(b"no picture"), save=True)
    keys = np.array([row.features.get().key for row in rows])
    vectors = np.arange(len(keys) * D, dtype=np.float32).reshape(-1, D)
    stored, changed = tuning.synthetic_views(Mean(), keys, vectors, 100)
    np.testing.assert_array_equal(stored, vectors[:5])
    assert changed.shape == (5, D)
    assert not np.allclose(changed[0], changed[1])


def test_another_light_changes_a_picture_a_little() -> None:
    picture = decode_jpeg(drawn_person())
    other = in_other_light(picture, np.random.default_rng(3))
    assert other.shape == picture.shape
    assert 1 < np.abs(other.astype(int) - picture).mean() < 60


# ── Using it ────────────────────────────────────────────────────────────────────────────────────────────────────────


def keep_map(base: str = "stripes", dimension: int = D, **values: Any) -> TunedModel:
    random = np.random.default_rng(0)
    features = unit_length(random.standard_normal((80, dimension)).astype(np.float32))
    cameras = np.resize(list(Camera.objects.values_list("pk", flat=True)), 80)
    blob = pack_map(fit_map(features, cameras))
    defaults = {"base": base, "kind": "person", "weights": blob, "mean": 0.02, "deviation": 0.2}
    return TunedModel.objects.create(name=f"{base}+{digest_of(blob)}", **(defaults | values))


def test_tuned_features_are_made_from_the_stored_ones_without_pictures(pair: tuple[Camera, Camera]) -> None:
    fill(pair, tint=1.0, people=10)
    embedder = tuned_embedder(keep_map().name, Mean())
    assert reembed(embedder, Kind.PERSON, say_nothing) == (20, 0)
    for row in Sighting.objects.all():
        base = np.frombuffer(bytes(row.features.get(embedder="stripes").vector), "<f2").astype(np.float32)[None]
        tuned = np.frombuffer(bytes(row.features.get(embedder=embedder.id).vector), "<f2")
        expected = embedder.site_map.apply(base, np.array([row.camera_id]))[0]
        np.testing.assert_allclose(tuned, expected, atol=1e-3)
    assert reembed(embedder, Kind.PERSON, say_nothing) == (0, 0)


def test_where_the_base_has_no_feature_it_is_made_first(pair: tuple[Camera, Camera]) -> None:
    fill(pair, tint=1.0, people=3)
    row = Sighting.objects.first()
    assert row is not None
    row.features.all().delete()
    row.image.save("t.jpg", ContentFile(drawn_person()), save=True)
    embedder = tuned_embedder(keep_map().name, Mean())
    assert reembed(embedder, Kind.PERSON, say_nothing) == (6, 0)
    assert row.features.count() == 2


def test_crops_of_a_camera_get_its_offset_and_others_the_centre(pair: tuple[Camera, Camera]) -> None:
    name = keep_map().name
    crop = [decode_jpeg(drawn_person())]
    here, there, nowhere = (
        tuned_embedder(name, Mean(), camera).embed(crop) for camera in (pair[0].pk, pair[1].pk, None)
    )
    assert not np.allclose(here, there)
    assert not np.allclose(here, nowhere)
    site_map = tuned_embedder(name, Mean()).site_map
    np.testing.assert_allclose(here, site_map.apply(Mean().embed(crop), np.array([pair[0].pk])), atol=1e-6)


def test_a_name_that_is_not_there_is_refused_with_those_that_are(camera: Camera) -> None:
    row = keep_map()
    with pytest.raises(ModelError, match=r"no tuned model 'stripes\+00000000' here; there is " + row.base):
        tuned_embedder("stripes+00000000", Mean())


def test_a_map_that_is_damaged_is_refused(camera: Camera) -> None:
    row = keep_map(dimension=D - 1)
    TunedModel.objects.update(weights=bytes(row.weights)[:-1])
    with pytest.raises(ModelError, match="is damaged"):
        tuned_embedder(row.name, Mean())


def test_a_map_for_another_length_is_refused(camera: Camera) -> None:
    """As after the base's file was replaced by a network with longer features under the same name."""
    with pytest.raises(ModelError, match="was made for 12 numbers, stripes gives 48: tune it again"):
        tuned_embedder(keep_map(dimension=12).name, Mean())


def test_a_map_does_not_serve_another_base(camera: Camera) -> None:
    row = keep_map(base="other")
    TunedModel.objects.update(name=row.name.replace("other", "stripes"))
    with pytest.raises(ModelError, match="no tuned model"):
        tuned_embedder(row.name.replace("other", "stripes"), Mean())


def test_the_table_of_the_base_is_moved_to_where_the_maps_strangers_are(camera: Camera) -> None:
    row = keep_map()
    table = Match(points=((0.3, -2.0), (0.7, 5.0)), mean=0.3, deviation=0.1)
    moved = match_of(row.name, table)
    assert moved is not None
    assert (moved.mean, moved.deviation) == (0.02, 0.2)
    np.testing.assert_allclose(moved.points, [(0.02, -2.0), (0.82, 5.0)])
    assert match_of("stripes", table) is table
    assert match_of(row.name, None) is None


def test_the_engine_gives_the_map_behind_its_base(pair: tuple[Camera, Camera], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_embedder", {"stripes": Mean()}.__getitem__)
    row = keep_map()
    tuned = engine.get_embedder(row.name, pair[0].pk)
    assert isinstance(tuned, TunedEmbedder)
    assert (tuned.id, tuned.dimension) == (row.name, D)
    assert isinstance(engine.get_embedder("stripes", pair[0].pk), Mean)


def test_the_command_says_what_to_do_next(pair: tuple[Camera, Camera], monkeypatch: pytest.MonkeyPatch) -> None:
    fill(pair, tint=1.5)
    Feature.objects.update(embedder="person-reid-2")
    monkeypatch.setattr(engine, "_embedder", lambda model_id: Mean())
    monkeypatch.setattr(Mean, "id", "person-reid-2")
    out, errors = StringIO(), StringIO()
    call_command("tune_reid", views=0, embedder="person-reid-2", stdout=out, stderr=errors)
    name = TunedModel.objects.get().name
    assert f"--embedder {name}, then set EMBEDDER_MODEL={name}" in out.getvalue()
    assert "held part" in errors.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--days", "0"], "--days must be 1 or more"),
        (["--embedder", "nobody"], "There is no model 'nobody'"),
        (["--embedder", "yolo11n"], "is a model for detector"),
        ([], "Two cameras with 20 sightings each"),
    ],
)
def test_the_command_refuses_with_one_line(db: None, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("tune_reid", *arguments, stderr=StringIO())
