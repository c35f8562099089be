"""Searching by number plate: alone, with words, with pictures; in which order, and what the search says of gaps."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from cameras.models import Camera
from inference.core.attributes import pack
from inference.core.manifest import Match, ModelStore
from inference.core.odds import MatchCalibration
from inference.models import Analysis, Description, Sighting
from inference.plates import forget_plates
from investigations import ordering, querying
from investigations import search as search_job
from investigations.certificate import build_certificate
from investigations.models import Search, SearchRequest
from investigations.services.candidates import decide_candidate
from investigations.services.refining import refine_search
from investigations.services.scopes import OutOfScope
from investigations.services.searches import SearchTerms, start_search
from portal.accounts.models import User
from tests.conftest import NOON, make_recording, make_search, make_sighting, unit_vector
from tests.investigations.conftest import entries
from tests.investigations.describers import HEADS, write_manifest
from tests.investigations.plating import READER, add_plate

HOURS = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
LOOKS = "made-up-vehicle-looks"
RED = {"attribute": "colour", "value": "red", "required": False}
TABLE = MatchCalibration(Match(((0.1, -5.0), (0.5, 5.0), (0.9, 9.0)), mean=0.1, deviation=0.1))


@pytest.fixture(autouse=True)
def models_of_tests(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    store = ModelStore(tmp_path, manifest=write_manifest(tmp_path))
    monkeypatch.setattr(querying, "model_store", lambda: store)
    settings.VEHICLE_DESCRIBER_MODEL = LOOKS
    settings.PLATE_READER_MODEL = READER
    forget_plates()
    yield
    forget_plates()


def describe(sighting: Sighting, colour: str, chance: float = 0.95) -> None:
    columns: list[float] = []
    for name, values in HEADS["vehicle"].items():
        best, share = (colour, chance) if name == "colour" else (values[0], 1 / len(values))
        rest = (1 - share) / (len(values) - 1)
        columns += [share if one == best else rest for one in values]
    blob = pack(np.array(columns, np.float32))
    Description.objects.create(sighting=sighting, describer=LOOKS, probabilities=blob)


@pytest.fixture
def stored(make_camera: Callable[..., Camera]) -> list[Sighting]:
    """Seven vehicles in one camera, analysed with a reader of plates; of the last two no plate could be read."""
    recording = make_recording(make_camera("D1"), minutes=20)
    analysis = Analysis.objects.create(
        recording=recording, status="done", detector="d", embedder="e", fps=5, plate_reader=READER
    )
    values: dict[str, Any] = {"kind": "vehicle", "analysis": analysis, "plate_reader": READER}
    rows = [make_sighting(recording, number, seed=number, after_s=60 * number, **values) for number in range(7)]
    texts = ("12가3456", "12거3456", "12가3458", "12가7890", "98하7654")
    for row, text in zip(rows, texts, strict=False):
        add_plate(row, text)
    return rows


@pytest.fixture
def out_of_reach(stored: list[Sighting], make_camera: Callable[..., Camera], other_centre: Any) -> list[Sighting]:
    """Vehicles in another centre's camera, and after the hours of the search."""
    later = make_recording(stored[0].camera, started_at=NOON + timedelta(hours=5))
    recordings = [make_recording(make_camera("F1", centre=other_centre)), later]
    return [make_sighting(recording, kind="vehicle") for recording in recordings]


def run(request: SearchRequest, operator: User, **values: Any) -> Search:
    defaults = {"kind": "vehicle", "plate": "12가3456", "describer": LOOKS}
    search = make_search(request, list(Camera.objects.all()), operator, **(defaults | values))
    search_job.search(search.pk)
    search.refresh_from_db()
    assert search.status == "done", search.error
    return search


def numbers(search: Search) -> list[int]:
    return list(search.candidates.values_list("sighting__track_number", flat=True))


def plates(search: Search) -> list[tuple[str, float | None]]:
    return list(search.candidates.values_list("plate", "plate_distance"))


def test_a_plate_alone_finds_what_matches_first_then_what_was_misread(
    approved: SearchRequest, operator: User, stored: Any
) -> None:
    search = run(approved, operator)
    assert numbers(search)[0] == 0
    assert set(numbers(search)) == {0, 1, 2}  # a plate with four other digits makes nobody a candidate
    assert plates(search)[0] == ("12가3456", 0.0)
    assert all(0 < (distance or 0) <= 1 for _text, distance in plates(search)[1:])
    assert {(row.score, row.odds, row.evidence) for row in search.candidates.all()} == {(None, None, None)}
    assert search.sightings_compared == 5


@pytest.mark.parametrize(
    ("plate", "found"),
    [
        ("12가345?", {0, 1, 2}),
        ("??하76*", {4}),
        ("7890", {3}),
        ("12ㄱ3456", {0, 1, 2}),
        ("*가78*", {3}),
        ("55소5555", set()),
    ],
)
def test_parts_and_patterns_find_what_matches(
    approved: SearchRequest, operator: User, stored: Any, plate: str, found: set[int]
) -> None:
    assert set(numbers(run(approved, operator, plate=plate))) == found


def test_a_plate_joins_words_and_lifts_whom_words_alone_leave_below(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    for row, colour in zip(stored, ("blue", "red", "red", "red", "red", "red"), strict=False):
        describe(row, colour)
    worded = run(approved, operator, plate="", wanted=[RED])
    assert numbers(worded)[-1] == 0
    both = run(approved, operator, wanted=[RED])
    assert numbers(both)[0] == 0  # blue it may be to the model: the plate is the one
    rows = {row.sighting.track_number: row for row in both.candidates.all()}
    assert rows[5].order > rows[4].order  # both red; of the one no plate was read, the other has another plate
    assert rows[5].plate_distance is None
    assert rows[4].plate == "98하7654"
    assert (rows[4].plate_distance or 0) > 2
    assert rows[0].evidence is not None
    assert rows[0].evidence < 0  # what the description says stays what it says
    assert {row.odds for row in rows.values()} == {None}


def test_required_words_leave_out_also_whose_plate_matches(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    describe(stored[0], "blue")
    describe(stored[1], "red")
    assert 0 not in numbers(run(approved, operator, wanted=[RED | {"required": True}]))


def test_a_plate_joins_pictures(
    approved: SearchRequest, operator: User, stored: list[Sighting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_job, "query_features", lambda row: unit_vector(4)[None])
    monkeypatch.setattr(ordering, "calibration_of", lambda embedder, kind: TABLE)
    assert numbers(run(approved, operator, plate=""))[0] == 4
    search = run(approved, operator)
    rows = {row.sighting.track_number: row for row in search.candidates.all()}
    assert numbers(search)[0] == 0  # nothing like the picture, but the very plate
    assert rows[4].score == pytest.approx(1.0, abs=0.01)
    assert rows[0].score is not None
    assert {row.odds for row in rows.values()} == {None}  # no chance is made of what is not measured
    assert {row.odds is None for row in run(approved, operator, plate="").candidates.all()} == {False}


def test_who_has_the_plate_is_listed_beside_many_that_are_more_alike(
    approved: SearchRequest, operator: User, stored: list[Sighting], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the head by likeness, and one of them without any feature."""
    monkeypatch.setattr(search_job, "query_features", lambda row: unit_vector(4)[None])
    monkeypatch.setattr(search_job, "HEAD", 2)
    stored[1].features.all().delete()
    search = run(approved, operator, limit=3)
    assert set(numbers(search)[:2]) == {0, 1}
    rows = {row.sighting.track_number: row for row in search.candidates.all()}
    assert rows[0].score is not None
    assert rows[1].score is None


def test_of_a_person_a_plate_is_a_reminder(approved: SearchRequest, operator: User, stored: list[Sighting]) -> None:
    search = make_search(approved, list(Camera.objects.all()), operator, plate="12가3456")
    search_job.search(search.pk)
    search.refresh_from_db()
    assert (search.status, search.error) == ("failed", "Add a picture to search by.")


def test_only_its_cameras_hours_and_centre_are_searched(
    approved: SearchRequest,
    operator: User,
    stored: list[Sighting],
    out_of_reach: list[Sighting],
    make_camera: Callable[..., Camera],
) -> None:
    elsewhere = make_sighting(make_recording(make_camera("E1")), kind="vehicle")
    person = make_sighting(make_recording(stored[0].camera, started_at=NOON + timedelta(minutes=30)))
    for row in (elsewhere, person, *out_of_reach):
        add_plate(row, "12가3456")
    cameras = [stored[0].camera, out_of_reach[0].camera]
    search = make_search(approved, cameras, operator, kind="vehicle", plate="12가3456")
    search_job.search(search.pk)
    found = set(search.candidates.values_list("sighting_id", flat=True))
    assert found == {stored[0].pk, stored[1].pk, stored[2].pk}


def test_a_superseded_or_deleted_plate_is_not_found(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    assert 0 in numbers(run(approved, operator))
    stored[0].plates.all().delete()
    Sighting.objects.filter(pk=stored[1].pk).update(is_superseded=True)
    assert set(numbers(run(approved, operator))) == {2}


def test_the_reader_s_other_choices_count(approved: SearchRequest, operator: User, stored: list[Sighting]) -> None:
    add_plate(stored[5], "12가3496", others={5: ("5", 0.4)})
    search = run(approved, operator)
    (row,) = search.candidates.filter(sighting=stored[5])
    assert row.plate == "12가3496"
    assert 0 < (row.plate_distance or 0) < 0.5


def test_the_search_says_of_whom_no_plate_was_read(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    assert run(approved, operator).warning == "No plate was read of 2 of 7 vehicles: it may be among them."
    Sighting.objects.filter(pk=stored[6].pk).update(plate_reader="")
    assert run(approved, operator).warning.splitlines() == [
        "In 1 recording number plates were not looked for: it was analysed without a reader of plates.",
        "No plate was read of 2 of 7 vehicles: it may be among them.",
    ]
    describe(stored[0], "red")
    warning = run(approved, operator, wanted=[RED]).warning
    assert "number plates were not looked for" in warning
    assert "No plate was read of 2 of 7 vehicles: these were compared by the rest alone." in warning


def test_of_whom_no_plate_was_read_counts_who_may_be_compared_alone(
    approved: SearchRequest, operator: User, stored: list[Sighting], out_of_reach: list[Sighting]
) -> None:
    describe(stored[0], "red")
    assert "of 2 of 7 vehicles" in run(approved, operator, wanted=[RED]).warning


def test_hours_without_a_reader_are_not_certified_as_searched(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    Analysis.objects.update(ended_at=NOON)
    run(approved, operator)
    assert build_certificate(approved)["searched_s"] > 0
    Sighting.objects.filter(pk=stored[6].pk).update(plate_reader="")
    assert build_certificate(approved)["searched_s"] == 0


def test_a_search_keeps_the_reader_that_it_was_begun_with(
    approved: SearchRequest, operator: User, stored: list[Sighting], settings: Any
) -> None:
    Analysis.objects.update(ended_at=NOON)
    terms = SearchTerms([stored[0].camera], *HOURS, kind="vehicle", plate="12가3456")
    search = start_search(approved, terms, actor=operator)
    settings.PLATE_READER_MODEL = "newer"
    add_plate(stored[5], "12가3456", reader="newer")
    search_job.search(search.pk)
    search.refresh_from_db()
    assert (search.plate_reader, search.status) == (READER, "done")
    assert set(numbers(search)) == {0, 1, 2}
    assert search.sightings_compared == 5
    assert search.warning == "No plate was read of 2 of 7 vehicles: it may be among them."
    assert build_certificate(approved)["searched_s"] > 0
    decide_candidate(search.candidates.get(sighting=stored[0]), "confirmed", actor=operator)
    assert refine_search(search, actor=operator).plate_reader == "newer"


def test_hours_that_were_searched_stay_so_when_another_reader_looks(
    approved: SearchRequest, operator: User, stored: list[Sighting], settings: Any
) -> None:
    """Also where it is the last that looked; but what an analysis with that one wrote anew was not searched."""
    Analysis.objects.update(ended_at=NOON)
    run(approved, operator)
    settings.PLATE_READER_MODEL = "newer"
    Sighting.objects.update(plate_reader="newer")
    assert build_certificate(approved)["searched_s"] > 0
    other = Analysis.objects.create(
        recording=stored[6].recording, status="done", detector="d", embedder="e", fps=5, plate_reader="newer"
    )
    Sighting.objects.filter(pk=stored[6].pk).update(analysis=other)
    assert build_certificate(approved)["searched_s"] == 0


def test_a_search_that_compares_no_plates_names_no_reader(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    person = SearchTerms([stored[0].camera], *HOURS, sightings=stored[:1], plate="12가3456")
    assert start_search(approved, person, actor=operator).plate_reader == ""
    looks = SearchTerms([stored[0].camera], *HOURS, kind="vehicle", sightings=stored[:1])
    assert start_search(approved, looks, actor=operator).plate_reader == ""


def test_without_a_reader_a_plate_alone_is_refused_and_with_words_it_is_said(
    approved: SearchRequest, operator: User, stored: list[Sighting], settings: Any
) -> None:
    settings.PLATE_READER_MODEL = ""
    terms = SearchTerms([stored[0].camera], *HOURS, kind="vehicle", plate="12가3456")
    with pytest.raises(ValidationError, match="no model reads number plates here"):
        start_search(approved, terms, actor=operator)
    describe(stored[0], "red")
    search = run(approved, operator, wanted=[RED])
    assert "No model reads number plates here: they were not compared." in search.warning
    assert {row.plate for row in search.candidates.all()} == {""}


def test_a_search_by_plate_starts_without_a_picture_and_the_trail_names_the_plate(
    client: Client, operator: User, approved: SearchRequest, stored: list[Sighting]
) -> None:
    client.force_login(operator)
    asked = {"cameras": [stored[0].camera_id], "kind": "vehicle", "plate": "12 가-３４５６"}
    asked |= {"starts_at": "2026-11-20T02:00:00Z", "ends_at": "2026-11-20T04:00:00Z"}
    url = f"/api/requests/{approved.pk}/searches/"
    response = client.post(url, asked, content_type="application/json")
    assert response.status_code == 201, response.content
    assert response.json()["plate"] == "12가3456"
    (entry,) = entries("search.started")
    assert entry.details["plate"] == "12가3456"
    response = client.post(url, asked | {"plate": "???"}, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["plate"] == ["“???” leaves everything open; give at least one character."]
    response = client.post(url, asked | {"kind": "person"}, content_type="application/json")
    assert response.status_code == 400


def test_a_search_by_plate_outside_the_scope_is_refused_and_the_trail_names_the_plate(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    SearchRequest.objects.update(most_cameras=0)
    approved.refresh_from_db()
    terms = SearchTerms([stored[0].camera], *HOURS, kind="vehicle", plate="12가 3456")
    with pytest.raises(OutOfScope):
        start_search(approved, terms, actor=operator)
    (entry,) = entries("search.refused")
    assert entry.details["plate"] == "12가3456"
    assert Search.objects.count() == 0


def test_a_search_by_plate_is_refined_by_what_was_confirmed(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    search = run(approved, operator)
    (best,) = search.candidates.filter(sighting=stored[0])
    decide_candidate(best, "confirmed", actor=operator)
    refined = refine_search(search, actor=operator)
    assert (refined.plate, refined.kind) == ("12가3456", "vehicle")
    (entry,) = entries("search.refined")
    assert entry.details["plate"] == "12가3456"
    search_job.search(refined.pk)
    refined.refresh_from_db()
    assert (refined.status, refined.error) == ("done", "")
    assert numbers(refined)[0] in {1, 2}  # the confirmed one is what is searched by
    assert 0 not in numbers(refined)
