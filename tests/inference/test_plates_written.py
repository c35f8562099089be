"""Plates that an analysis leaves: once, with their sightings, and with their pictures or not at all."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError, transaction

from cameras.models import Camera, Recording
from inference import engine, ingest
from inference.core.detections import Kind
from inference.core.errors import ModelError
from inference.core.pipeline import AnalysisResult, Models, TrackResult
from inference.core.plates import Character, PlateRead
from inference.core.plates.track import TrackPlate
from inference.models import Analysis, Plate, Sighting
from inference.services.analyses import request_analysis
from inference.signals import sightings_written
from investigations.models import Candidate, SearchRequest
from portal import jobs
from portal.accounts.models import User
from tests.conftest import make_recording, make_search
from tests.inference.test_ingest import result, track
from tests.investigations.plating import READER, drawn_plate


def read_of(text: str = "12가3456", confidence: float = 0.97) -> PlateRead:
    others = Character(((text[-1], 0.97123), ("0", 0.0211), ("8", 0.0002)))
    return PlateRead(text, confidence, (*(Character(((one, 0.99),)) for one in text[:-1]), others))


def car(number: int, read: PlateRead | None = None, *, reads: int = 4, **values: Any) -> TrackResult:
    plate = TrackPlate(read, reads, drawn_plate(), number * 10 + 1, number + 0.5) if read else None
    return replace(track(number), kind=Kind.VEHICLE, plate=plate, **values)


@pytest.fixture
def recording(camera: Camera) -> Recording:
    return make_recording(camera)


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What listeners are told of, with the sightings that they find then."""
    heard: list[dict[str, Any]] = []

    def listen(sender: object, analysis_id: int, **kwargs: Any) -> None:
        seen = Sighting.objects.filter(analysis_id=analysis_id)
        heard.append({"sender": sender, "analysis": analysis_id, "sightings": seen.count()})

    sightings_written.connect(listen)
    yield heard
    sightings_written.disconnect(listen)


def run(
    recording: Recording,
    outcome: AnalysisResult,
    monkeypatch: pytest.MonkeyPatch,
    *,
    reader: str = READER,
) -> Analysis:
    """Run the job with the pipeline's outcome given."""
    monkeypatch.setattr(ingest, "run_pipeline", lambda analysis: outcome)
    models = {"detector": "d", "embedder": settings.EMBEDDER_MODEL, "vehicle_embedder": "v"}
    analysis = Analysis.objects.create(recording=recording, **models, plate_reader=reader, fps=5)
    ingest.analyse(analysis.pk)
    analysis.refresh_from_db()
    return analysis


def pictures(recording: Recording) -> set[str]:
    folder = Path(settings.MEDIA_ROOT) / "plates" / str(recording.pk)
    return {f"plates/{recording.pk}/{path.name}" for path in folder.glob("*")}


def rows() -> list[tuple[Any, ...]]:
    return list(Plate.objects.order_by("pk").values_list("pk", "text", "image"))


# ── What is written ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_plate_is_kept_with_its_sighting_as_it_was_read(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(recording, result(car(1, read_of()), car(2), track(3)), monkeypatch)
    plate = Plate.objects.get()
    assert plate.sighting.track_number == 1
    assert (plate.reader, plate.text, plate.confidence, plate.reads) == (READER, "12가3456", 0.97, 4)
    assert plate.seen_at == recording.time_at(1.5)
    assert plate.image.read() == drawn_plate()
    assert plate.characters[-1] == [["6", 0.9712], ["0", 0.0211]]  # what is hardly possible is not kept
    assert plate.read == PlateRead(
        "12가3456",
        0.97,
        (*(Character(((one, 0.99),)) for one in "12가345"), Character((("6", 0.9712), ("0", 0.0211)))),
    )


def test_it_is_written_down_at_which_vehicles_the_reader_looked(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(recording, result(car(1), track(2)), monkeypatch, reader="")
    assert [row.track_number for row in Sighting.objects.unread_by(READER)] == [1]
    assert [row.track_number for row in Sighting.objects.unread_by("")] == [1]
    run(recording, result(car(1), track(2)), monkeypatch)
    assert not Sighting.objects.unread_by(READER).exists()
    assert list(Sighting.objects.order_by("track_number").values_list("plate_reader", flat=True)) == [READER, ""]
    assert [row.track_number for row in Sighting.objects.unread_by("")] == [1]  # nobody looks: nowhere was looked
    run(recording, result(car(1), track(2)), monkeypatch, reader="")
    assert not Sighting.objects.unread_by(READER).exists()  # nobody looked anew


def test_a_car_that_stands_in_view_all_day_is_read_often(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = run(recording, result(car(1, read_of(), reads=400_000)), monkeypatch)
    assert analysis.error == ""
    assert Plate.objects.get().reads == 32_767


# ── Again ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_analysis_keeps_the_same_rows_and_pictures(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    outcome = result(car(1, read_of()), car(2, read_of("34나5678")))
    run(recording, outcome, monkeypatch)
    before = rows()
    with django_capture_on_commit_callbacks(execute=True):
        run(recording, outcome, monkeypatch)
    assert rows() == before
    assert pictures(recording) == {image for _pk, _text, image in before}


@pytest.mark.parametrize(
    "again",
    [
        car(1, read_of("12가3458")),
        car(1, read_of(confidence=0.5)),
        car(1, read_of(), reads=9),
        car(1, read_of(), last_s=9.0),  # seen for longer: in other searches' hours
        car(1, read_of(), is_small=True),
    ],
    ids=["text", "confidence", "reads", "times", "size"],
)
def test_what_has_changed_is_a_new_row_with_a_higher_id(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any, again: TrackResult
) -> None:
    run(recording, result(car(1, read_of())), monkeypatch)
    (old,), sighting = rows(), Sighting.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        run(recording, result(again), monkeypatch)
    (new,) = rows()
    assert new[0] > old[0]
    assert Sighting.objects.get() == sighting
    assert pictures(recording) == {new[2]}
    assert again.plate is not None
    assert new[1] == again.plate.read.text


def test_what_is_no_longer_read_goes_with_its_picture(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    run(recording, result(car(1, read_of())), monkeypatch)
    with django_capture_on_commit_callbacks(execute=True):
        run(recording, result(car(1)), monkeypatch)
    assert (rows(), pictures(recording)) == ([], set())


@pytest.mark.parametrize("reader", ["", "another"])
def test_reads_of_another_reader_stay_beside(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any, reader: str
) -> None:
    run(recording, result(car(1, read_of())), monkeypatch)
    before = rows()
    with django_capture_on_commit_callbacks(execute=True):
        run(recording, result(car(1, read_of("12가3458") if reader else None)), monkeypatch, reader=reader)
    assert rows()[:1] == before
    assert Plate.objects.count() == (2 if reader else 1)
    assert pictures(recording) == {image for _pk, _text, image in rows()}


def test_plates_of_a_track_that_is_gone_go_with_it_unless_a_case_needs_it(
    recording: Recording,
    approved: SearchRequest,
    operator: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    run(recording, result(car(1, read_of()), car(2, read_of("34나5678"))), monkeypatch)
    needed = Sighting.objects.get(track_number=1)
    search = make_search(approved, [recording.camera], operator)
    Candidate.objects.create(search=search, sighting=needed, score=0.9)
    with django_capture_on_commit_callbacks(execute=True):
        run(recording, result(), monkeypatch)
    (kept,) = rows()
    assert kept[1] == "12가3456"
    assert pictures(recording) == {kept[2]}
    assert not Plate.objects.current().exists()


# ── Nothing is left behind ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_fails_leaves_no_plate_and_no_picture(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    save = FileSystemStorage._save  # type: ignore[attr-defined]

    def fill_the_disk(storage: FileSystemStorage, name: str, content: Any) -> str:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(save(storage, name, content))
        return written[-1]

    monkeypatch.setattr(FileSystemStorage, "_save", fill_the_disk)
    analysis = run(recording, result(car(1, read_of()), car(2, read_of("34나5678"))), monkeypatch)
    assert "No space left" in analysis.error
    assert [name.partition("/")[0] for name in written] == ["sightings", "plates", "sightings"]
    assert (rows(), pictures(recording), Sighting.objects.count()) == ([], set(), 0)


def test_a_run_that_fails_later_leaves_the_old_plate_as_it_was(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    run(recording, result(car(1, read_of())), monkeypatch)
    before = rows()

    def fail(*args: Any, **values: Any) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(jobs, "end_job", fail)
        with pytest.raises(OSError, match="Input"):
            run(recording, result(car(1, read_of("12가3458"))), patch)
    assert rows() == before
    assert pictures(recording) == {before[0][2]}


# ── Who is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_listeners_are_told_once_the_sightings_stand(
    recording: Recording,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    told: list[dict[str, Any]],
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        analysis = run(recording, result(car(1, read_of()), car(2)), monkeypatch)
    assert told == []
    for callback in callbacks:
        callback()
    assert told == [{"sender": Analysis, "analysis": analysis.pk, "sightings": 2}]


def test_of_a_run_that_fails_nobody_is_told(
    committing_db: None, recording: Recording, monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]
) -> None:
    def fail(*args: Any, **values: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "_write_feature", fail)
        assert run(recording, result(car(1)), patch).status == "failed"
    assert told == []
    run(recording, result(car(1)), monkeypatch)
    assert len(told) == 1


def test_a_listener_that_fails_spoils_nothing(
    committing_db: None, recording: Recording, monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]
) -> None:
    def stumble(**kwargs: Any) -> None:
        raise RuntimeError("boom")

    sightings_written.connect(stumble)
    try:
        analysis = run(recording, result(car(1, read_of())), monkeypatch)
    finally:
        sightings_written.disconnect(stumble)
    assert (analysis.status, len(told), Plate.objects.count()) == ("done", 1, 1)
    assert pictures(recording) == {Plate.objects.get().image.name}


# ── Which models ────────────────────────────────────────────────────────────────────────────────────────────────────

TINY = {"plate_finder": "tiny-plate-finder", "plate_reader": "tiny-plate-reader"}


@pytest.mark.usefixtures("tiny_models")
@pytest.mark.parametrize(
    ("finder", "reader", "named"),
    [("tiny-plate-finder", "tiny-plate-reader", TINY), ("tiny-plate-finder", "", {}), ("", "tiny-plate-reader", {})],
)
def test_an_analysis_names_both_models_of_plates_or_none(
    recording: Recording, operator: User, settings: Any, finder: str, reader: str, named: dict[str, str]
) -> None:
    settings.PLATE_FINDER_MODEL, settings.PLATE_READER_MODEL = finder, reader
    analysis = request_analysis(recording, actor=operator)
    assert {name: value for name, value in analysis.models.items() if name.startswith("plate")} == named
    assert set(named.values()) <= set(engine.models_in_use())


@pytest.mark.usefixtures("tiny_models")
def test_its_pipeline_gets_what_it_names(recording: Recording) -> None:
    models = {"embedder": "tiny-person", "vehicle_embedder": "tiny-vehicle"}
    spotter = ingest.models_of(Analysis(recording=recording, **models, **TINY)).plates
    assert spotter is engine.get_plate_spotter(*TINY.values())
    assert (spotter.finder.id, spotter.reader.id) == tuple(TINY.values())
    assert isinstance(ingest.models_of(Analysis(recording=recording, **models)), Models)
    assert ingest.models_of(Analysis(recording=recording, **models)).plates is None


@pytest.mark.usefixtures("tiny_models")
@pytest.mark.parametrize(
    ("field", "model", "why"),
    [
        ("plate_reader", "tiny-plate-finder", "a model for plate-finder, not for plate-reader"),
        ("plate_finder", "tiny-vehicle", "a model for reid, not for plate-finder"),
        ("plate_finder", "nothing", "There is no model"),
    ],
)
def test_a_model_for_something_else_is_refused(recording: Recording, field: str, model: str, why: str) -> None:
    named = {"embedder": "tiny-person", "vehicle_embedder": "tiny-vehicle", **TINY, field: model}
    with pytest.raises(ModelError, match=why):
        ingest.models_of(Analysis(recording=recording, **named))


# ── Rows that cannot be ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("values", [{"text": ""}, {"confidence": 1.5}, {"confidence": -0.1}])
def test_the_database_refuses_what_is_no_read(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    run(recording, result(car(1, read_of())), monkeypatch)
    with transaction.atomic(), pytest.raises(IntegrityError):
        Plate.objects.update(**values)


def test_a_sighting_has_one_plate_of_a_reader(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    run(recording, result(car(1, read_of())), monkeypatch)
    plate = Plate.objects.get()
    plate.pk = None
    with pytest.raises(ValidationError):
        plate.validate_constraints()
    assert "12가3456" not in str(plate)  # the audit trail keeps names


def test_who_sees_the_sighting_sees_the_plate(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    run(recording, result(car(1, read_of())), monkeypatch)
    people: Sequence[str] = ("operator", "supervisor", "stranger", "officer", "administrator")
    seeing = {who for who in people if Plate.objects.visible_to(request.getfixturevalue(who)).exists()}
    assert seeing == {"operator", "supervisor"}
