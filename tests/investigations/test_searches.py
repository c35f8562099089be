"""Starting a search, the job that runs it, and what it says when something is wrong."""

import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from time import sleep
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from inference.models import Analysis, Sighting
from investigations import search as search_job
from investigations.models import Attachment, Candidate, Search, SearchRequest
from investigations.services.candidates import decide_candidate
from investigations.services.searches import SearchTerms, Upload, cancel_search, start_search
from investigations.services.talk import add_attachment
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, drawn_person, make_recording, make_request, make_search, make_sighting, unit_vector


def terms(cameras: list[Camera], **values: Any) -> SearchTerms:
    defaults: dict[str, Any] = {
        "starts_at": NOON - timedelta(hours=1),
        "ends_at": NOON + timedelta(hours=1),
        "uploads": [Upload("photo.jpg", drawn_person())],
    }
    return SearchTerms(cameras=cameras, **(defaults | values))


def huge_png(side: int = 20_000) -> bytes:
    """A valid PNG of 20,000 × 20,000 grey pixels: small as a file, 400 megapixels when decoded."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\x00" * (side + 1)) for _row in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_search_keeps_its_terms_and_is_audited(approved: SearchRequest, camera: Camera, operator: User) -> None:
    search = start_search(approved, terms([camera], reason="case 1"), actor=operator)
    assert (search.status, search.pictures.count(), list(search.cameras.all())) == ("queued", 1, [camera])
    entry = AuditEntry.objects.get(action="search.started")
    assert (entry.reason, entry.details["cameras"]) == ("case 1", ["C1"])


def test_the_stored_picture_is_encoded_anew(approved: SearchRequest, camera: Camera, operator: User) -> None:
    content = drawn_person() + b"<script>alert(1)</script>"
    search = start_search(approved, terms([camera], uploads=[Upload("a.jpg", content)]), actor=operator)
    assert b"<script>" not in search.pictures.get().image.read()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"this is not a picture", "picture"),
        (cv2.imencode(".png", np.zeros((1, 1, 3), np.uint8))[1].tobytes(), "small"),
        (drawn_person()[:200], "picture"),
    ],
    ids=["zero bytes", "text", "1×1", "cut off"],
)
def test_a_picture_that_cannot_be_used_is_refused_with_its_name(
    approved: SearchRequest, camera: Camera, operator: User, content: bytes, words: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        start_search(approved, terms([camera], uploads=[Upload("bad.jpg", content)]), actor=operator)
    message = " ".join(refusal.value.messages)
    assert message.startswith("bad.jpg: ")
    assert words in message
    assert not Search.objects.exists()


def test_a_picture_of_400_megapixels_is_refused_unread(approved: SearchRequest, camera: Camera, operator: User) -> None:
    with pytest.raises(ValidationError, match="at most 50 megapixels"):
        start_search(approved, terms([camera], uploads=[Upload("huge.png", huge_png())]), actor=operator)


def test_one_bad_picture_keeps_its_error_and_the_rest_goes_on(
    approved: SearchRequest, camera: Camera, operator: User
) -> None:
    uploads = [Upload("bad.jpg", b""), Upload("good.jpg", drawn_person())]
    search = start_search(approved, terms([camera], uploads=uploads), actor=operator)
    bad, good = search.pictures.all()
    assert "bad.jpg" in bad.error
    assert not bad.image
    assert good.error == ""


def test_searches_that_make_no_sense_are_refused(approved: SearchRequest, camera: Camera, operator: User) -> None:
    for wrong, words in [
        (terms([]), "at least one camera"),
        (terms([camera], uploads=[]), "Add a picture"),
        (terms([camera], ends_at=NOON - timedelta(days=1)), "before its start"),
        (terms([camera], uploads=[Upload("x", drawn_person())] * 11), "At most 10"),
    ]:
        with pytest.raises(ValidationError, match=words):
            start_search(approved, wrong, actor=operator)
    assert not Search.objects.exists()
    assert not AuditEntry.objects.exists()


def test_only_an_approved_request_is_searched(request_: SearchRequest, camera: Camera, operator: User) -> None:
    with pytest.raises(ValidationError, match="approve"):
        start_search(request_, terms([camera]), actor=operator)


@pytest.mark.parametrize("who", ["officer", "outsider", "stranger", "administrator"])
def test_nobody_else_searches(
    who: str, approved: SearchRequest, camera: Camera, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(PermissionDenied):
        start_search(approved, terms([camera]), actor=request.getfixturevalue(who))


def test_cameras_of_another_centre_are_refused(
    approved: SearchRequest, make_camera: Callable[..., Camera], operator: User, other_centre: Any
) -> None:
    foreign = make_camera("X1", centre=other_centre)
    with pytest.raises(PermissionDenied, match="another control centre"):
        start_search(approved, terms([foreign]), actor=operator)


# ── The job ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stored(make_camera: Callable[..., Camera]) -> list[Sighting]:
    """Six sightings over three cameras, at 12:00, 12:01, …, with features of seeds 0 to 5; the last is small."""
    rows = []
    for number in range(6):
        camera = Camera.objects.filter(code=f"C{number % 3}").first() or make_camera(f"C{number % 3}")
        recording = make_recording(camera, started_at=NOON + timedelta(minutes=number), minutes=1)
        Analysis.objects.create(recording=recording, status="done", detector="d", embedder="e", fps=5)
        rows.append(make_sighting(recording, number, seed=number, is_small=number == 5))
    return rows


@pytest.fixture
def query(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Queries embed as the vector of seed 2; everything else of the job is as it is."""
    monkeypatch.setattr(search_job, "query_features", lambda row: unit_vector(2)[None])


def run(request: SearchRequest, operator: User, **values: Any) -> Search:
    search = make_search(request, list(Camera.objects.filter(code__startswith="C")), operator, **values)
    search_job.search(search.pk)
    search.refresh_from_db()
    return search


def found(search: Search) -> list[int]:
    return list(search.candidates.values_list("sighting__track_number", flat=True))


def test_candidates_are_ranked_by_similarity(approved: SearchRequest, operator: User, stored: Any, query: Any) -> None:
    search = run(approved, operator)
    assert (search.status, search.progress, search.sightings_compared) == ("done", 1.0, 6)
    expected = np.argsort([-float(unit_vector(2) @ unit_vector(seed)) for seed in range(6)])
    assert found(search) == expected.tolist()
    best = search.candidates.first()
    assert best is not None
    assert best.score == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ({"limit": 1}, {2}),
        ({"includes_small": False}, {0, 1, 2, 3, 4}),
        ({"ends_at": NOON + timedelta(minutes=2, seconds=1)}, {0, 1, 2}),
        ({"starts_at": NOON + timedelta(minutes=4)}, {4, 5}),
        ({"kind": "vehicle"}, set()),
        ({"embedder": "another"}, set()),
    ],
)
def test_a_search_keeps_within_its_terms(
    approved: SearchRequest, operator: User, stored: Any, query: Any, values: dict[str, Any], numbers: set[int]
) -> None:
    search = run(approved, operator, **values)
    assert search.status == "done"
    assert set(found(search)) == numbers


def test_a_search_sees_no_more_than_who_asked(
    approved: SearchRequest, stored: Any, query: Any, stranger: User, officer: User
) -> None:
    assert found(run(approved, stranger)) == []
    assert found(run(approved, officer)) == []


def test_running_a_search_again_keeps_decisions_and_doubles_nothing(
    approved: SearchRequest, operator: User, stored: Any, query: Any
) -> None:
    search = run(approved, operator)
    Candidate.objects.filter(search=search, sighting=stored[0]).update(decision="confirmed")
    Search.objects.filter(pk=search.pk).update(status="queued", limit=2)
    search_job.search(search.pk)
    assert search.candidates.count() == 3  # the two best, and the confirmed one
    assert search.candidates.get(sighting=stored[0]).decision == "confirmed"


def test_cameras_without_footage_or_analysis_are_named(
    approved: SearchRequest, operator: User, stored: Any, query: Any, make_camera: Callable[..., Camera]
) -> None:
    make_camera("C7")
    make_recording(make_camera("C8"))
    search = run(approved, operator)
    assert search.warning.splitlines() == ["No recording in these hours: C7.", "Not analysed yet: C8."]


def test_recordings_without_features_of_the_model_count_as_not_analysed(
    approved: SearchRequest, operator: User, stored: Any, query: Any
) -> None:
    assert run(approved, operator).warning == ""
    search = run(approved, operator, embedder="another")
    assert search.warning == "Not analysed yet: C0, C1, C2."


def test_a_decision_made_while_the_search_runs_is_not_deleted(
    committing_db: None, request: pytest.FixtureRequest
) -> None:
    """A person confirms a candidate in the very moment in which the search drops it from its list."""
    approved, operator = request.getfixturevalue("approved"), request.getfixturevalue("operator")
    camera = request.getfixturevalue("camera")
    search = make_search(approved, [camera], operator)
    sighting = make_sighting(make_recording(camera))
    candidate = Candidate.objects.create(search=search, sighting=sighting, score=0.1)
    outcome: list[str] = []
    dropping = Event()

    def decide() -> None:
        dropping.wait(5)
        try:
            decide_candidate(candidate, "confirmed", actor=operator)
            outcome.append("confirmed")
        except (ValidationError, PermissionDenied):
            outcome.append("refused")
        connection.close()

    person = Thread(target=decide)
    person.start()
    with transaction.atomic():
        search_job.write_candidates(search, [])
        dropping.set()
        sleep(0.3)  # the person's verb now waits for this transaction
    person.join()
    kept = Candidate.objects.filter(pk=candidate.pk).values_list("decision", flat=True)
    assert (outcome, list(kept)) in [(["confirmed"], ["confirmed"]), (["refused"], [])]


def test_a_closed_case_is_not_searched(approved: SearchRequest, camera: Camera, operator: User) -> None:
    approved.case.status = "closed"
    approved.case.save()
    with pytest.raises(ValidationError, match="closed"):
        start_search(approved, terms([camera]), actor=operator)


def test_a_failing_search_says_why_on_its_row(
    approved: SearchRequest, operator: User, stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(row: Search) -> None:
        raise search_job.NoQuery("photo.jpg: no person was found in this picture.")

    monkeypatch.setattr(search_job, "query_features", fail)
    search = run(approved, operator)
    assert (search.status, search.error) == ("failed", "photo.jpg: no person was found in this picture.")


def test_a_cancelled_search_stays_cancelled(approved: SearchRequest, operator: User, stored: Any, query: Any) -> None:
    search = make_search(approved, list(Camera.objects.all()), operator)
    cancel_search(search, actor=operator)
    search_job.search(search.pk)
    search.refresh_from_db()
    assert (search.status, search.candidates.count()) == ("cancelled", 0)
    with pytest.raises(ValidationError, match="already ended"):
        cancel_search(search, actor=operator)


@pytest.mark.footage
def test_a_picture_without_a_person_says_so(
    approved: SearchRequest, camera: Camera, operator: User, models: Any
) -> None:
    meadow = np.full((480, 640, 3), (60, 140, 70), np.uint8)
    upload = Upload("meadow.png", cv2.imencode(".png", meadow)[1].tobytes())
    search = start_search(approved, terms([camera], uploads=[upload]), actor=operator)
    search_job.search(search.pk)
    search.refresh_from_db()
    assert search.status == "failed"
    assert "meadow.png: no person was found" in search.error
    assert "no person was found" in search.pictures.get().error


# ── By the API ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def photo(approved: SearchRequest, officer: User) -> Attachment:
    return add_attachment(approved, "front.jpg", drawn_person(), actor=officer)


def start(client: Client, request: SearchRequest, camera: Camera, **values: Any) -> Any:
    data = {"cameras": [camera.pk], "starts_at": NOON - timedelta(hours=1), "ends_at": NOON + timedelta(hours=1)}
    address = reverse("api-request-searches", args=[request.pk])
    return client.post(address, data | values, content_type="application/json")


def test_the_stations_pictures_are_searched_by(
    client: Client, approved: SearchRequest, camera: Camera, operator: User, photo: Attachment
) -> None:
    client.force_login(operator)
    assert start(client, approved, camera, attachments=[photo.pk]).status_code == 201
    picture = Search.objects.get().pictures.get()
    assert (picture.original_name, picture.box) == ("front.jpg", None)
    assert picture.image.read() == photo.file.read()


def test_pictures_of_another_request_and_documents_are_not_searched_by(
    client: Client, approved: SearchRequest, camera: Camera, operator: User, officer: User, photo: Attachment
) -> None:
    document = add_attachment(approved, "letter.pdf", b"%PDF-1.4", actor=officer)
    other = make_request(approved.case, approved.centre, officer, status="approved", approved_at=NOON)
    client.force_login(operator)
    for request, attachment in ((other, photo), (approved, document)):
        answer = start(client, request, camera, attachments=[attachment.pk])
        assert (answer.status_code, "attachments" in answer.json()) == (400, True)
    assert not Search.objects.exists()


def test_a_search_out_of_scope_is_refused_with_its_rules_in_figures(
    client: Client, approved: SearchRequest, camera: Camera, operator: User, photo: Attachment
) -> None:
    SearchRequest.objects.update(hours=1, last_seen_at=NOON)
    client.force_login(operator)
    answer = start(client, approved, camera, attachments=[photo.pk], ends_at=NOON + timedelta(hours=3))
    assert answer.status_code == 400
    assert "have a supervisor of City Centre widen the scope" in answer.json()["detail"]
    assert answer.json()["rules"] == [{"rule": "hours", "asked": 3.0, "allowed": 1.0}]
