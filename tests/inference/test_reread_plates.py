"""Plates of stored pictures, by a reader that has not looked at them."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from numpy.typing import NDArray

from cameras.models import Camera
from inference import reembed as job
from inference.core.images import encode_jpeg
from inference.core.plates import PlateRead
from inference.core.plates.finder import FoundPlate
from inference.core.plates.spotter import PlateSpotter
from inference.models import Plate, Sighting
from inference.reembed import reread_plates
from tests.conftest import make_recording, make_sighting
from tests.core.tiny_plates import SAYS, paint_board
from tests.investigations.plating import READER, add_plate

CORNERS = np.array([[40, 60], [104, 60], [104, 76], [40, 76]], np.float32)


def picture_of_car(*, has_plate: bool) -> NDArray[np.uint8]:
    """A grey car; its plate is a blue board."""
    picture = np.full((144, 144, 3), 120, np.uint8)
    if has_plate:
        paint_board(picture, 40, 60, 64, 16)
    return picture


class Boards:
    """A finder that anybody can check: blue boards are plates."""

    id = "boards"

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> list[list[FoundPlate]]:
        return [[FoundPlate(CORNERS, 0.9)] if (one[..., 0] > one[..., 2] + 100).any() else [] for one in pictures]


class Numbers:
    """A reader that numbers what it reads."""

    id = READER

    def __init__(self) -> None:
        self.count = 0

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[PlateRead | None]:
        self.count += len(crops)
        return [PlateRead(f"12가{number:04d}", 0.8) for number in range(self.count - len(crops), self.count)]


@pytest.fixture
def spotter() -> PlateSpotter:
    return PlateSpotter(Boards(), Numbers())


@pytest.fixture
def cars(camera: Camera) -> list[Sighting]:
    """Two vehicles with a plate in view, one without, and a person."""
    recording, rows = make_recording(camera), []
    for number, has_plate in enumerate((True, False, True)):
        row = make_sighting(recording, number, kind="vehicle", after_s=number)
        row.image.save("t.jpg", ContentFile(encode_jpeg(picture_of_car(has_plate=has_plate))))
        rows.append(row)
    make_sighting(recording, 9)
    return rows


def say_nothing(done: int, total: int) -> None:
    pass


def files() -> int:
    return len(list((Path(site.MEDIA_ROOT) / "plates").rglob("*.jpg")))


def test_each_vehicle_is_looked_at_once(cars: list[Sighting], spotter: PlateSpotter) -> None:
    seen: list[tuple[int, int]] = []
    assert reread_plates(spotter, lambda done, total: seen.append((done, total))) == (3, 2, 0)
    assert seen == [(3, 3)]
    rows = {row.sighting_id: row for row in Plate.objects.all()}
    assert set(rows) == {cars[0].pk, cars[2].pk}
    plate = rows[cars[2].pk]
    assert (plate.reader, plate.text, plate.confidence, plate.reads) == (READER, "12가0001", 0.8, 1)
    assert plate.seen_at == cars[2].seen_at
    shown = cv2.imdecode(np.frombuffer(plate.image.read(), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown[shown.shape[0] // 2, shown.shape[1] // 2, 0] > 200
    assert reread_plates(spotter, say_nothing) == (0, 0, 0)


def test_another_reader_looks_anew_and_leaves_the_old_reads(cars: list[Sighting], spotter: PlateSpotter) -> None:
    add_plate(cars[0], "34나5678", reader="another")
    assert reread_plates(spotter, say_nothing).read == 2
    assert set(cars[0].plates.values_list("reader", "text")) == {("another", "34나5678"), (READER, "12가0000")}


def test_what_was_read_from_footage_stays(cars: list[Sighting], spotter: PlateSpotter) -> None:
    add_plate(cars[0], "34나5678")
    Sighting.objects.update(plate_reader="another")
    assert reread_plates(spotter, say_nothing) == (3, 1, 0)
    assert cars[0].plates.get().text == "34나5678"
    assert not Sighting.objects.unread_by(READER).exists()


def test_a_picture_that_is_gone_is_counted_and_the_rest_goes_on(cars: list[Sighting], spotter: PlateSpotter) -> None:
    cars[0].image.storage.delete(str(cars[0].image.name))
    assert reread_plates(spotter, say_nothing) == (2, 1, 1)
    assert list(Sighting.objects.unread_by(READER)) == [cars[0]]


def test_it_goes_on_where_it_was_stopped(
    cars: list[Sighting], spotter: PlateSpotter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BATCH", 2)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reread_plates(spotter, stop)
    first = Plate.objects.get()
    assert reread_plates(spotter, say_nothing) == (1, 1, 0)  # not the one without a plate once more
    assert set(Plate.objects.values_list("sighting_id", flat=True)) == {first.sighting_id, cars[2].pk}


def test_what_an_analysis_wrote_or_deleted_meanwhile_is_respected(cars: list[Sighting]) -> None:
    class Meanwhile(Numbers):
        def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[PlateRead | None]:
            if cars[0].pk is not None:  # doubtful plates are read more than once
                cars[0].delete()
                add_plate(cars[2], "34나5678")
            return super().read(crops)

    assert reread_plates(PlateSpotter(Boards(), Meanwhile()), say_nothing).read == 0
    assert Plate.objects.get().text == "34나5678"
    assert files() == 1


def test_a_full_disk_leaves_neither_rows_nor_pictures(
    cars: list[Sighting], spotter: PlateSpotter, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, saved = Plate.save, list[Plate]()

    def fail(plate: Plate, *args: Any, **values: Any) -> None:
        if saved:
            raise OSError(28, "No space left on device")
        saved.append(plate)
        save(plate, *args, **values)

    monkeypatch.setattr(Plate, "save", fail)
    with pytest.raises(OSError, match="No space"):
        reread_plates(spotter, say_nothing)
    assert (Plate.objects.count(), files()) == (0, 0)
    assert Sighting.objects.unread_by(READER).count() == 3


# ── The command ─────────────────────────────────────────────────────────────────────────────────────────────────────


def run(**options: Any) -> list[str]:
    out = StringIO()
    call_command("reread_plates", stdout=out, stderr=StringIO(), **options)
    return out.getvalue().splitlines()


@pytest.mark.usefixtures("tiny_models")
def test_the_command_uses_the_models_of_the_settings(cars: list[Sighting], settings: Any) -> None:
    settings.PLATE_FINDER_MODEL, settings.PLATE_READER_MODEL = "tiny-plate-finder", "tiny-plate-reader"
    assert run() == ["tiny-plate-reader: 3 pictures looked at, 2 number plates read, 0 pictures could not be read."]
    assert set(Plate.objects.values_list("reader", "text")) == {("tiny-plate-reader", SAYS)}
    assert run()[0].startswith("tiny-plate-reader: 0 pictures looked at")


@pytest.mark.usefixtures("tiny_models")
def test_the_command_uses_the_models_that_are_named(cars: list[Sighting], settings: Any) -> None:
    settings.PLATE_FINDER_MODEL = settings.PLATE_READER_MODEL = ""
    assert run() == ["No finder and reader of number plates are set, none are read."]
    assert run(finder="tiny-plate-finder", reader="tiny-plate-reader")[0].startswith("tiny-plate-reader: 3 pictures")


@pytest.mark.usefixtures("tiny_models")
def test_the_command_refuses_a_model_made_for_something_else(settings: Any, db: None) -> None:
    settings.PLATE_FINDER_MODEL, settings.PLATE_READER_MODEL = "tiny-plate-finder", "tiny-plate-reader"
    with pytest.raises(CommandError, match="a model for plate-finder, not for plate-reader"):
        run(reader="tiny-plate-finder")
