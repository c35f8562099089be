"""How alike strangers look in two cameras: who counts as certain strangers, and what is kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from cameras.models import Camera
from inference.background import backgrounds_of, measure_backgrounds, pair_background
from inference.models import PairBackground
from inference.tasks import measure_pair_backgrounds
from tests.conftest import add_feature, make_recording, make_sighting, unit_vector

MakeCamera = Callable[..., Camera]
MODEL = settings.EMBEDDER_MODEL
FAR = 127.30  # a good kilometre east of the cameras of `make_camera`


@pytest.fixture
def pair(make_camera: MakeCamera) -> tuple[Camera, Camera]:
    return make_camera("A"), make_camera("B", longitude=FAR)


def watch(camera: Camera, count: int = 8, *, after_s: float = 0.0, lasts_s: float = 5.0, **values: Any) -> None:
    """`count` people in view at once, each with a feature leaning the way of this camera's code."""
    started_at = timezone.now() - timedelta(hours=1)
    recording = make_recording(camera, started_at=started_at)
    begins = started_at + timedelta(seconds=after_s)
    for number in range(count):
        times: dict[str, Any] = {"first_seen_at": begins, "last_seen_at": begins + timedelta(seconds=lasts_s)}
        row = make_sighting(recording, number, **(times | values))
        vector = unit_vector(1000 * camera.pk + number) + 0.5 * unit_vector(1)
        add_feature(row, vector / np.linalg.norm(vector))


def test_those_seen_at_once_in_both_are_the_background(pair: tuple[Camera, Camera]) -> None:
    for camera in pair:
        watch(camera)
    assert measure_backgrounds(MODEL, "person") == 1
    found = pair_background(MODEL, pair[0].pk, pair[1].pk)
    assert found is not None
    assert found.count == 64
    assert 0.1 < found.mean < 0.3  # 0.25 / 1.25: what all of them lean to
    assert 0.02 < found.deviation < 0.15
    assert pair_background(MODEL, pair[1].pk, pair[0].pk) == found
    assert pair_background("another", pair[0].pk, pair[1].pk) is None
    assert pair_background(MODEL, pair[0].pk, pair[1].pk, kind="vehicle") is None


@pytest.mark.parametrize(
    "values",
    [
        {"after_s": 60},  # at another time
        {"after_s": 4.5},  # together for half a second only
        {"count": 3},  # 24 pairs, too few
        {"kind": "vehicle"},
        {"is_small": True},
        {"is_superseded": True},
    ],
)
def test_others_say_nothing(pair: tuple[Camera, Camera], values: dict[str, Any]) -> None:
    watch(pair[0])
    watch(pair[1], **values)
    assert measure_backgrounds(MODEL, "person") == 0
    assert pair_background(MODEL, pair[0].pk, pair[1].pk) is None


@pytest.mark.parametrize("where", [{}, {"longitude": 127.2893}, {"longitude": FAR, "pole": "P1"}, {"longitude": 128.0}])
def test_cameras_that_may_show_one_at_once_have_none(make_camera: MakeCamera, where: dict[str, object]) -> None:
    """One place; 27 m apart; one pole (a list may give its cameras other positions); and one much too far away."""
    pair = make_camera("A", pole="P1"), make_camera("B", **where)
    for camera in pair:
        watch(camera)
    assert measure_backgrounds(MODEL, "person") == 0


def test_what_is_measured_again_replaces_what_was(pair: tuple[Camera, Camera]) -> None:
    for camera in pair:
        watch(camera)
    measure_backgrounds(MODEL, "person")
    assert measure_backgrounds(MODEL, "person") == PairBackground.objects.count() == 1
    pair[0].sightings.all().delete()
    assert measure_backgrounds(MODEL, "person") == PairBackground.objects.count() == 0


def test_days_limit_how_far_it_looks_back(pair: tuple[Camera, Camera]) -> None:
    for camera in pair:
        watch(camera)
        camera.sightings.update(
            first_seen_at=timezone.now() - timedelta(days=3), last_seen_at=timezone.now() - timedelta(days=2.9)
        )
    assert measure_backgrounds(MODEL, "person", days=2) == 0
    assert measure_backgrounds(MODEL, "person", days=4) == 1


def test_many_pairs_are_read_with_one_query(
    pair: tuple[Camera, Camera], make_camera: MakeCamera, django_assert_num_queries: Callable[[int], object]
) -> None:
    third = make_camera("C", longitude=127.31)
    for camera in (*pair, third):
        watch(camera)
    measure_backgrounds(MODEL, "person")
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        found = backgrounds_of(MODEL, [third.pk], [camera.pk for camera in pair])
    assert set(found) == {(third.pk, camera.pk) for camera in pair}


def test_a_pair_stands_once_in_the_order_of_its_keys(pair: tuple[Camera, Camera]) -> None:
    values = {"embedder": MODEL, "kind": "person", "mean": 0.1, "deviation": 0.1, "count": 40}
    with pytest.raises(IntegrityError), transaction.atomic():
        PairBackground.objects.create(camera_a=pair[1], camera_b=pair[0], **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        PairBackground.objects.create(camera_a=pair[0], camera_b=pair[1], **(values | {"count": 29}))


def test_the_task_and_the_command_measure_both_kinds(
    pair: tuple[Camera, Camera], capsys: pytest.CaptureFixture[str]
) -> None:
    for camera in pair:
        watch(camera)
    measure_pair_backgrounds()
    assert PairBackground.objects.count() == 1
    call_command("pair_backgrounds")
    said = capsys.readouterr().out
    assert f"person, {settings.EMBEDDER_MODEL}: 1 pairs" in said
    assert f"vehicle, {settings.VEHICLE_EMBEDDER_MODEL}: 0 pairs" in said
    with pytest.raises(CommandError, match="--days must be 1 or more"):
        call_command("pair_backgrounds", "--days", "0")
