"""What a verb or a worker wrote in one language is read in the other, wherever it is shown."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from cameras.models import Camera
from inference.models import Plate
from inference.plates import PlateMatch
from investigations import clock, events
from investigations import search as search_job
from investigations.models import Candidate, Hold, LookBack, QueryPicture, Search, SearchRequest
from investigations.services import sharing
from investigations.services.candidates import decide_candidate
from investigations.services.paths import points_of
from investigations.services.searches import Upload, start_search
from investigations.services.sharing import share_path
from investigations.services.watch_lists import check_watch_list, import_watch_list
from investigations.services.watch_rows import Defaults
from investigations.watch import job as watch_job
from investigations.watch.sentences import sentence_of
from portal.accounts.models import User
from tests.conftest import NOON, drawn_person, make_answer, make_recording, make_search, make_sighting, unit_vector
from tests.investigations.conftest import entries
from tests.investigations.destroying import expire, old_recording
from tests.investigations.test_searches import terms
from tests.investigations.watching import basis, make_analysis, make_entry, make_plate

KOREAN = {"Accept-Language": "ko"}


def is_korean(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


def read(row: Any, field: str) -> str:
    """The field as an English reader has it; a Korean one has Korean."""
    with override("ko"):
        assert is_korean(getattr(type(row).objects.get(pk=row.pk), field))
    with override("en"):
        return str(getattr(type(row).objects.get(pk=row.pk), field))


@pytest.fixture(autouse=True, params=["en", "ko"])
def written_in(request: pytest.FixtureRequest, operator: User, supervisor: User, settings: Any) -> Iterator[None]:
    """Everybody who writes, the clock included, has this language."""
    settings.LANGUAGE_CODE = request.param
    User.objects.update(language=request.param)
    for user in (operator, supervisor):
        user.refresh_from_db()
    with override(request.param):
        yield


def searched(request: SearchRequest, operator: User, **values: Any) -> Search:
    search = make_search(request, list(Camera.objects.all()), operator, **values)
    search_job.search(search.pk)
    return search


def test_the_warnings_of_a_search(
    approved: SearchRequest, operator: User, make_camera: Callable[..., Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_job, "query_features", lambda row: unit_vector(2)[None])
    make_camera("C7")
    recording = make_recording(make_camera("C8"))
    make_sighting(recording, 1, kind="vehicle")
    search = searched(approved, operator, kind="vehicle", plate="12가3456", plate_reader="r")
    assert read(search, "warning").splitlines() == [
        "No recording in these hours: C7.",
        "Not analysed yet: C8.",
        "In 1 recording number plates were not looked for: it was analysed without a reader of plates.",
        "No plate was read of 1 of 1 vehicle: it may be there all the same.",
    ]
    with override("ko"):
        assert all(map(is_korean, Search.objects.get().warning.splitlines()))


def test_why_a_search_failed(client: Client, approved: SearchRequest, camera: Camera, operator: User) -> None:
    search = searched(approved, operator)
    assert read(search, "error") == "Add a picture to search by."
    client.force_login(operator)
    address = reverse("api-search", args=[search.pk])
    assert client.get(address, headers={"Accept-Language": "en"}).json()["error"] == "Add a picture to search by."
    assert is_korean(client.get(address, headers=KOREAN).json()["error"])


def test_what_is_wrong_with_a_query_picture(approved: SearchRequest, camera: Camera, operator: User) -> None:
    uploads = [Upload("bad.jpg", b""), Upload("good.jpg", drawn_person())]
    start_search(approved, terms([camera], uploads=uploads), actor=operator)
    assert read(QueryPicture.objects.exclude(error="").get(), "error") == "bad.jpg: The picture is empty (0 bytes)."


def test_pictures_that_show_nobody_and_the_search_that_they_fail(
    approved: SearchRequest, camera: Camera, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("investigations.querying.get_detector", lambda name: None)
    monkeypatch.setattr("investigations.querying.propose_box", lambda *given, **named: None)
    search = start_search(approved, terms([camera]), actor=operator)
    search_job.search(search.pk)
    said = "photo.jpg: no person was found in this picture. Draw a box around the one you mean."
    assert (read(search.pictures.get(), "error"), read(search, "error")) == (said, said)


def test_pushes_have_no_texts(
    approved: SearchRequest,
    camera: Camera,
    operator: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    pushed: list[Any] = []
    monkeypatch.setattr(events, "_send", lambda group, event: pushed.append(event))
    search = make_search(approved, [camera], operator, status="failed", error="photo.jpg: …")
    package = make_answer(approved, operator).packages.create(reason="court", status="failed", error="No font.")
    with django_capture_on_commit_callbacks(execute=True):
        events.push_search_progress(search)
        events.push_package_progress(package)
    assert [event["status"] for event in pushed] == ["failed", "failed"]
    assert not any(text in str(pushed) for text in (search.error, package.error))


# ── Holds, deadlines, and their audit entries ───────────────────────────────────────────────────────────────────────


@pytest.fixture
def held(approved: SearchRequest, camera: Camera, supervisor: User) -> Hold:
    """What a confirmed candidate holds by itself."""
    search = make_search(approved, [camera], supervisor)
    row = Candidate.objects.create(search=search, sighting=make_sighting(make_recording(camera)), score=0.9)
    decide_candidate(row, "confirmed", actor=supervisor)
    return Hold.objects.get()


HELD = "Confirmed sighting: C1 2026-11-20 12:00:00 #1"


def test_why_footage_is_held(client: Client, held: Hold, supervisor: User) -> None:
    assert read(held, "reason") == HELD
    client.force_login(supervisor)
    state, listed = reverse("request-state", args=[held.request_id]), reverse("admin:investigations_hold_changelist")
    for address in (state, listed):
        assert HELD in client.get(address, headers={"Accept-Language": "en"}).content.decode()
        assert "확정된 포착 기록: C1" in client.get(address, headers=KOREAN).content.decode()


def test_the_reason_in_the_audit_trail_and_in_the_access_log(client: Client, held: Hold, supervisor: User) -> None:
    (entry,) = entries("hold.placed")
    assert read(entry, "reason") == HELD
    client.force_login(supervisor)
    for language, words in (("en", HELD), ("ko", "확정된 포착 기록: C1")):
        headers = {"Accept-Language": language}
        page = client.get(reverse("admin:audit_auditentry_change", args=[entry.pk]), headers=headers)
        assert words in page.content.decode()
        answer = client.post(
            reverse("admin:audit_auditentry_export"), {"month": f"{timezone.now():%Y-%m}"}, headers=headers
        )
        with override("en" if language == "ko" else "ko"):  # rows are read while the file is sent
            assert words in b"".join(answer).decode()


def test_why_the_clock_stopped_a_search(request_: SearchRequest, camera: Camera, operator: User) -> None:
    past = timezone.now() - timedelta(minutes=1)
    SearchRequest.objects.update(is_emergency=True, approval_due_at=past, status="searching")
    make_search(request_, [camera], operator)
    clock.watch_deadlines()
    (entry,) = entries("search.cancelled")
    assert read(entry, "reason") == "The time for approving this emergency afterwards is over."


def test_what_could_not_be_destroyed(camera: Camera) -> None:
    old_recording(camera, name="stuck.mp4")
    default_storage.delete("recordings/stuck.mp4")
    default_storage.save("recordings/stuck.mp4/inner", ContentFile(b"x"))  # a folder: no one can delete it as a file
    old_recording(camera, days=41, name="b.mp4")
    ((done,), (failed,)) = expire(), expire()
    said = read(done, "warning")
    assert said.startswith("1 recording could not be deleted and is tried again: ")
    assert read(failed, "error") == said


# ── The path in words ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_path_that_was_shared(
    client: Client, held: Hold, officer: User, operator: User, supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sighting = Candidate.objects.get().sighting
    later = make_sighting(make_recording(sighting.camera, started_at=NOON + timedelta(minutes=20)), 2)
    monkeypatch.setattr(sharing, "_shareable", lambda request: (None, points_of([sighting, later])))
    comment = share_path(held.request, reason="북쪽", actor=operator)
    lines = read(comment, "text").splitlines()
    assert lines[:2] == ["북쪽", "Path with 2 stops, each confirmed by two people independently:"]
    assert lines[3] == "   ↓ 19 min 55 s later at the same place"
    client.force_login(officer)
    talk = reverse("request-talk", args=[held.request_id])
    assert "later at the same place" in client.get(talk, headers={"Accept-Language": "en"}).content.decode()
    assert "later at the same place" not in client.get(talk, headers=KOREAN).content.decode()


# ── The watch list ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stored(camera: Camera) -> Plate:
    return make_plate(make_analysis(camera))


def test_that_a_look_back_was_cut(supervisor: User, stored: Plate, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = make_entry(supervisor)
    found = [PlateMatch(stored.pk, stored.sighting_id, stored.text, 0.0)]
    monkeypatch.setattr(watch_job, "find_plates", lambda *given, **named: found)
    monkeypatch.setattr(watch_job, "MOST_LOOKED_BACK", 1)
    now = timezone.now()
    look = LookBack.objects.create(
        entry=entry, starts_at=now - timedelta(hours=1), ends_at=now, reason="x", requested_by=supervisor
    )
    watch_job.run_look_back(look.pk)
    assert read(look, "warning").startswith("Only the likest 1 plate was looked at.")


ROWS = """plate,legal basis,document,reason,valid until
12가34567890123456789012,,7,x,
12漢3456,,7,x,
*1*,,7,x,
O1나3456,,,x,
34나5678,,7,,
56다7890,,7,x,2020-01-01
78라1234,,7,x,2099-01-01
"""
REFUSED = [
    "“12가34567890123456789012” is longer than a plate.",
    "“漢” in “12漢3456” is on no plate.",
    "Too many plates look like “1”. Give more of its characters.",
    "This legal basis needs the number of the letter or warrant.",
    "Say why this plate is wanted; it is kept in the audit trail.",
    "The end lies in the past.",
    "By this legal basis a plate is watched for at most 30 days, until ",
]


def said_of(problems: list[dict[str, Any]]) -> list[str]:
    """Each problem as an English reader has it; a Korean one has Korean."""
    with override("ko"):
        assert all(is_korean(sentence_of(problem)) for problem in problems)
    with override("en"):
        return [sentence_of(problem) for problem in problems]


def test_what_verbs_said_of_rows_of_a_watch_list(supervisor: User, settings: Any) -> None:
    settings.WATCH_DAYS = 30
    held = basis(needs_document=True)
    row = check_watch_list(ContentFile(ROWS.encode(), "list.csv"), Defaults(basis=held), actor=supervisor)
    row.refresh_from_db()
    said = said_of(row.problems)
    assert len(said) == len(REFUSED)
    assert all(text.startswith(words) for text, words in zip(said, REFUSED, strict=True))


def test_what_was_said_when_the_list_was_taken_over(supervisor: User) -> None:
    held = basis()
    content = ContentFile("plate\n12가3456\n34나5678\n".encode(), "list.csv")
    row = check_watch_list(content, Defaults(basis=held, reason="stolen"), actor=supervisor)
    row.rows[1]["valid_until"] = (timezone.now() - timedelta(days=1)).isoformat()
    row.save()
    import_watch_list(row, actor=supervisor)
    assert said_of(row.problems) == ["The end lies in the past."]


def test_a_list_of_before_keeps_its_words() -> None:
    old = {"kind": "said", "value": "", "details": {"sentence": "기한이 지났습니다."}}
    assert sentence_of(old) == "기한이 지났습니다."
