"""What a timeline draws: hours recorded, their states, until when they are kept; and having them analysed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client

from cameras.models import Camera, Recording
from inference.coverage import Held, coverage_of
from inference.models import Analysis
from investigations.models import Candidate, Hold, SearchRequest
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, make_recording, make_search, make_sighting

# Ten minutes each; recorders need a moment for the next file.
MINUTES, PAUSE_S = 10, 1


def make_row(camera: Camera, *states: str | None, at: datetime = NOON) -> list[Recording]:
    """Recordings one after the other, whose analysis is in these states; None for none."""
    rows = []
    for number, state in enumerate(states):
        started_at = at + timedelta(minutes=MINUTES * number)
        seconds = MINUTES * 60 - PAUSE_S
        row = make_recording(camera, started_at=started_at, minutes=seconds / 60)
        if state:
            Analysis.objects.create(recording=row, detector="d", embedder="e", fps=5, status=state, progress=0.25)
        rows.append(row)
    return rows


def spans_of(camera: Camera, *, now: datetime = NOON, **options: Any) -> list[dict[str, Any]]:
    rows = coverage_of(Recording.objects.filter(camera=camera), {camera.pk: 30}, now=now, **options)
    return list(rows[0]["spans"])


def test_each_recording_says_how_far_it_is_analysed(camera: Camera) -> None:
    rows = make_row(camera, "done", "failed", "queued", "running", None, "cancelled")
    spans = spans_of(camera)
    assert [span["recording"] for span in spans] == [row.pk for row in rows]
    states = ["analysed", "failed", "analysing", "analysing", "recorded", "recorded"]
    assert [span["state"] for span in spans] == states
    assert [span["progress"] for span in spans] == [None, None, 0.0, 0.25, None, None]
    assert (spans[0]["from"], spans[0]["until"]) == ("2026-11-20T03:00:00.000Z", "2026-11-20T03:09:59.000Z")


def test_what_was_analysed_once_stays_so_when_a_later_analysis_fails_or_runs(camera: Camera) -> None:
    first, second = make_row(camera, "done", "done")
    for row, status in ((first, "failed"), (second, "running")):
        Analysis.objects.create(recording=row, detector="d", embedder="e", fps=5, status=status)
    assert [span["state"] for span in spans_of(camera)] == ["analysed", "analysed"]


def test_neighbours_in_one_state_become_one_span_that_says_how_many_it_holds(camera: Camera) -> None:
    rows = make_row(camera, "done", "done", None, None, None)
    spans = spans_of(camera, is_merged=True)
    assert [(span["recording"], span["recordings"], span["state"]) for span in spans] == [
        (rows[0].pk, 2, "analysed"),
        (rows[2].pk, 3, "recorded"),
    ]
    assert spans[0]["until"] == "2026-11-20T03:19:59.000Z"


def test_a_gap_stays_a_gap_and_a_running_analysis_a_span_of_its_own(camera: Camera) -> None:
    make_row(camera, None)
    make_row(camera, None, at=NOON + timedelta(minutes=MINUTES, seconds=5))
    make_row(camera, "running", "running", at=NOON + timedelta(hours=2))
    assert [span["recordings"] for span in spans_of(camera, is_merged=True)] == [1, 1, 1, 1]


def test_overlapping_recordings_become_one_span_up_to_the_later_end(camera: Camera) -> None:
    make_recording(camera, minutes=30)
    make_recording(camera, started_at=NOON + timedelta(minutes=5), minutes=5)
    make_recording(camera, started_at=NOON + timedelta(minutes=30), minutes=5)
    (span,) = spans_of(camera, is_merged=True)
    assert (span["recordings"], span["until"]) == (3, "2026-11-20T03:35:00.000Z")


def test_a_span_says_when_it_is_destroyed_and_what_goes_soon_is_a_span_of_its_own(camera: Camera) -> None:
    make_row(camera, None, None, None)
    second_goes_in_three_days = NOON + timedelta(days=27, minutes=2 * MINUTES)
    spans = spans_of(camera, now=second_goes_in_three_days, is_merged=True)
    assert [span["recordings"] for span in spans] == [2, 1]
    assert [span["kept_until"] for span in spans] == ["2026-12-20T03:09:59.000Z", "2026-12-20T03:29:59.000Z"]


def test_what_is_held_is_kept_without_end_and_apart(camera: Camera) -> None:
    make_row(camera, None, None, None)
    second = NOON + timedelta(minutes=MINUTES)
    other = Held(camera.pk + 1, NOON, NOON + timedelta(days=1))
    spans = spans_of(camera, held=[Held(camera.pk, second, second), other], is_merged=True)
    assert [span["kept_until"] is None for span in spans] == [False, True, False]


def test_cameras_without_recordings_come_with_no_spans_and_in_the_order_asked_for(
    make_camera: Callable[..., Camera],
) -> None:
    silent, busy, late = make_camera("A"), make_camera("B"), make_camera("C")
    make_row(late, None)
    make_row(busy, None, None)
    days = {camera.pk: 30 for camera in (silent, busy, late)}
    rows = coverage_of(Recording.objects.all(), days, now=NOON)
    assert [(row["camera"], len(row["spans"])) for row in rows] == [(silent.pk, 0), (busy.pk, 2), (late.pk, 1)]
    assert coverage_of(Recording.objects.none(), {silent.pk: 30}, now=NOON) == [{"camera": silent.pk, "spans": []}]


def test_states_that_change_too_often_are_joined_and_the_least_is_said(
    camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_row(camera, *["done", None] * 6)
    monkeypatch.setattr("inference.coverage.MOST_SPANS", 4)
    spans = spans_of(camera)
    assert [(span["state"], span["recordings"]) for span in spans] == [("recorded", 3)] * 4


# ── The API ─────────────────────────────────────────────────────────────────────────────────────────────────────────


HOURS = {"from": "2026-11-20T11:00:00+09:00", "until": "2026-11-20T13:00:00+09:00"}


@pytest.fixture
def at_the_desk(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


def test_the_api_answers_for_the_cameras_and_hours_asked_for(
    at_the_desk: Client, make_camera: Callable[..., Camera]
) -> None:
    near, far = make_camera("A"), make_camera("B")
    make_row(near, "done")
    make_row(near, None, at=NOON + timedelta(days=1))
    make_row(far, None)
    (row,) = at_the_desk.get("/api/coverage/", HOURS | {"cameras": str(near.pk)}).json()
    assert (row["camera"], [span["state"] for span in row["spans"]]) == (near.pk, ["analysed"])
    assert len(at_the_desk.get("/api/coverage/", HOURS).json()) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"cameras": "one"},
        {"cameras": "0"},
        {"cameras": "99999"},
        {"cameras": "²"},
        {"from": "yesterday"},
        {"until": "2026-11-20T11:00:00+09:00"},
        {"from": "1900-01-01T00:00:00Z"},
        {"merge": "perhaps"},
    ],
)
def test_a_senseless_question_is_refused_with_a_sentence(
    at_the_desk: Client, camera: Camera, wrong: dict[str, str]
) -> None:
    answer = at_the_desk.get("/api/coverage/", HOURS | wrong)
    assert answer.status_code == 400
    assert "." in str(answer.json())


def test_another_centres_cameras_are_not_answered_for(client: Client, camera: Camera, stranger: User) -> None:
    make_row(camera, "done")
    client.force_login(stranger)
    assert client.get("/api/coverage/", HOURS).json() == []
    assert client.get("/api/coverage/", HOURS | {"cameras": str(camera.pk)}).status_code == 400


def test_a_hold_that_would_tell_a_hidden_decision_does_not_show(
    client: Client, camera: Camera, approved: SearchRequest, operator: User, supervisor: User
) -> None:
    """Whoever is to give the second opinion must not learn from the footage's end that somebody confirmed."""
    (recording,) = make_row(camera, "done")
    search = make_search(approved, [camera], operator)
    Candidate.objects.create(search=search, sighting=make_sighting(recording), score=0.9, decision="confirmed")
    Hold.objects.create(
        request=approved, camera=camera, starts_at=NOON, ends_at=NOON, reason="confirmed", placed_by=operator
    )
    kept = {}
    for person in (operator, supervisor):
        client.force_login(person)
        kept[person] = client.get("/api/coverage/", HOURS).json()[0]["spans"][0]["kept_until"]
    assert kept[operator] is None
    assert kept[supervisor] is not None


def test_recordings_are_analysed_on_request_once(at_the_desk: Client, camera: Camera) -> None:
    rows = make_row(camera, None, "failed", "queued")
    numbers = [row.pk for row in rows]
    answers = [
        at_the_desk.post("/api/coverage/analyses/", {"recordings": numbers}, content_type="application/json")
        for _time in range(2)
    ]
    assert [(answer.status_code, answer.json()["queued"]) for answer in answers] == [(201, 2), (201, 0)]
    assert [row.analyses.filter(status="queued").count() for row in rows] == [1, 1, 1]
    assert AuditEntry.objects.filter(action="analysis.requested").count() == 2


@pytest.mark.parametrize("recordings", [[], ["1"], [True], [99999], None, list(range(1, 202))])
def test_senseless_recordings_are_not_analysed(at_the_desk: Client, recordings: Any) -> None:
    answer = at_the_desk.post("/api/coverage/analyses/", {"recordings": recordings}, content_type="application/json")
    assert answer.status_code == 400


# ── How fast ────────────────────────────────────────────────────────────────────────────────────────────────────────


CAMERAS, EACH = 2700, 144
MIDNIGHT = datetime(2026, 11, 19, 15, tzinfo=UTC)
DAY = {"from": MIDNIGHT.isoformat(), "until": (MIDNIGHT + timedelta(days=1)).isoformat()}


@pytest.fixture
def city(centre: Agency) -> None:
    """A day of a city in ten-minute files: two thirds of the cameras analysed until the evening, a tenth with gaps."""
    cameras = Camera.objects.bulk_create(
        Camera(code=f"C{number}", name="C", latitude=36.5, longitude=127.3, centre=centre) for number in range(CAMERAS)
    )
    starts = [MIDNIGHT + timedelta(minutes=MINUTES * at) for at in range(EACH)]
    rows = [make_recording(cameras[1], started_at=start, minutes=MINUTES, sha256="0" * 64) for start in starts]
    _copy(Recording, "camera_id", "SELECT c.id, {} FROM {} t JOIN cameras_camera c ON c.id <> t.camera_id")
    Recording.objects.filter(camera__in=cameras[::10], started_at__in=starts[::24])._raw_delete("default")
    Analysis.objects.create(recording=rows[0], detector="d", embedder="e", fps=5, status="done")
    evening = starts[108].strftime("%Y-%m-%d %H:%M:%S")
    recordings = f"cameras_recording r ON r.camera_id % 3 <> 0 AND r.started_at < '{evening}'"
    _copy(Analysis, "recording_id", f"SELECT r.id, {{}} FROM {{}} t JOIN {recordings} AND r.id <> t.recording_id")


def _copy(model: type[Model], owner: str, rows: str) -> None:
    """Give each owner the rows of the first one: half a million objects would take a minute."""
    names = [str(field.column) for field in model._meta.concrete_fields if field.column not in {"id", owner}]
    table, columns = model._meta.db_table, ", ".join(names)
    chosen = rows.format(", ".join(f"t.{name}" for name in names), table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({owner}, {columns}) {chosen}")
        if connection.vendor == "postgresql":
            cursor.execute(f"ANALYZE {table}")  # what was planned for an empty table takes minutes on a full one


def test_a_citys_day_is_answered_at_once(
    at_the_desk: Client, city: None, django_assert_max_num_queries: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Recording.objects.count() > 380_000
    with django_assert_max_num_queries(12):
        rows = at_the_desk.get("/api/coverage/", DAY | {"merge": "true"}).json()
    assert len(rows) == CAMERAS
    assert sum(span["recordings"] for row in rows for span in row["spans"]) == Recording.objects.count()
    best_s = min(_seconds(lambda: at_the_desk.get("/api/coverage/", DAY | {"merge": "true"})) for _time in range(3))
    with capsys.disabled():
        print(f"\ncoverage of {CAMERAS} cameras × {EACH} recordings: {best_s * 1000:.0f} ms")
    assert best_s < 5.0  # half a second on two free cores


def _seconds(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start
