"""What a closed request had gathered goes when the law says so, its facts stay, and both sides keep a certificate."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cameras.models import Camera, Recording
from inference.models import Sighting
from investigations import destruction
from investigations.models import (
    Answer,
    AnswerItem,
    Candidate,
    CandidateDecision,
    Case,
    Destruction,
    EvidencePackage,
    Hold,
    Notification,
    Path,
    PathPoint,
    QueryPicture,
    SearchRequest,
)
from investigations.services import retention
from investigations.services.candidates import decide_candidate
from investigations.services.paths import build_path
from investigations.services.requests import close_request, reopen_request
from investigations.services.talk import add_attachment
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from portal.audit.services import verify_chain
from portal.jobs import JobStatus
from tests.conftest import drawn_person, make_request, make_search
from tests.investigations.conftest import entries
from tests.investigations.destroying import (
    Killed,
    answer_with,
    at_once,
    expire,
    files,
    hold,
    kill_after,
    lead,
    old_recording,
    purge,
    stored,
)

pytestmark = pytest.mark.usefixtures("own_gallery")
WORDS = ["wanted", "plate", "vehicle_colour", "vehicle_type"]
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


# ── Purge ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def answered(approved: SearchRequest, camera: Camera, operator: User, officer: User) -> SearchRequest:
    """A request with all that one gathers, answered."""
    candidate = lead(old_recording(camera, days=1), approved, operator)
    decide_candidate(candidate, "confirmed", actor=operator)
    build_path(approved, actor=operator)
    picture = QueryPicture(search=candidate.search)
    picture.image.save("q.jpg", ContentFile(drawn_person()))
    picture.save()
    add_attachment(approved, "girl.jpg", drawn_person(), actor=officer)
    item = answer_with(candidate, operator)
    package = EvidencePackage(answer=item.answer, reason="court", status="done", sha256="5" * 64, size=3)
    package.file.save("p.zip", ContentFile(b"zip"))
    package.save()
    SearchRequest.objects.update(status="answered")
    approved.refresh_from_db()
    return approved


def test_a_purged_request_does_not_keep_whom_it_looked_for(answered: SearchRequest, officer: User) -> None:
    wanted = [{"attribute": "upper_colour", "value": "red", "required": True}]
    answered.searches.update(description=["red top"], wanted=wanted, plate="12가3456")
    SearchRequest.objects.update(plate="12가3456", vehicle_colour="red", vehicle_type="car")
    AnswerItem.objects.update(plate="12가3456")
    answered.refresh_from_db()
    close_request(answered, "found", reason="at home", actor=officer)
    purge()
    assert answered.searches.values_list("description", "wanted", "plate").get() == ([], [], "")
    answered.refresh_from_db()
    assert {name: getattr(answered, name) for name in WORDS} == dict.fromkeys(WORDS, "")
    (entry,) = entries("data.destroyed")
    assert entry.details["words_cleared"] == WORDS
    assert AnswerItem.objects.get().plate == "12가3456"  # what was seen was handed over, and stays a fact


@pytest.mark.parametrize("who", ["officer", "operator", "supervisor"])
def test_pages_of_a_purged_request_say_that_its_words_were_destroyed(
    client: Client, answered: SearchRequest, officer: User, request: pytest.FixtureRequest, who: str
) -> None:
    pages = [
        reverse("workspace", args=[answered.pk]),
        reverse("case-detail", args=[answered.case_id]),
        reverse("case-list"),
        reverse("api-request", args=[answered.pk]),
    ]
    client.force_login(request.getfixturevalue(who))
    assert "red coat" in client.get(pages[0]).content.decode()
    close_request(answered, "found", reason="at home", actor=officer)
    (done,) = purge()
    bodies = [client.get(address) for address in [*pages, reverse("destruction", args=[done.pk])]]
    assert [body.status_code for body in bodies] == [200] * 5
    assert not any("red coat" in body.content.decode() for body in bodies)
    assert '<span class="muted">destroyed</span>' in bodies[0].content.decode()
    assert "said whom they looked for were destroyed too" in bodies[-1].content.decode()


def test_a_purged_request_keeps_its_facts_and_no_picture(
    answered: SearchRequest, officer: User, camera: Camera
) -> None:
    close_request(answered, "found", reason="at home", actor=officer)
    (done,) = purge()
    assert (done.status, done.error, done.rule) == ("done", "", "found")
    assert done.counts == {
        "investigations.attachment": 1,
        "investigations.candidate": 1,
        "investigations.candidatedecision": 1,
        "investigations.evidencepackage": 1,
        "investigations.path": 1,
        "investigations.pathpoint": 1,
        "investigations.querypicture": 1,
    }
    assert all(row["sha256"] for row in done.items if "candidate" not in row["kind"] and "path" not in row["kind"])
    for model in (QueryPicture, Candidate, CandidateDecision, Path, PathPoint):
        assert not model._default_manager.exists()
    assert not answered.attachments.exists()
    assert answered.searches.count() == 1  # that it was searched, and where, stays
    item, package = AnswerItem.objects.get(), EvidencePackage.objects.get()
    assert (item.sighting, item.camera_code, item.latitude) == (None, camera.code, camera.latitude)
    assert (package.file.name, package.sha256) == ("", "5" * 64)
    assert {name.split("/")[0] for name in files() if name.count("/") > 0} == {"recordings", "sightings"}
    assert not Hold.objects.standing().exists()
    answered.refresh_from_db()
    assert answered.purged_at is not None
    assert set(Notification.objects.filter(kind="purged").values_list("user__username", flat=True)) == {"officer"}
    (entry,) = entries("data.destroyed")
    assert (entry.target_type, entry.target_id) == ("investigations.searchrequest", str(answered.pk))
    assert (entry.details["holds_released"], done.audit_root) == (1, entry.hash)


@pytest.mark.parametrize(
    ("outcome", "purges_on_found", "days", "rule"),
    [
        ("found", True, 0, "found"),
        ("found", False, 30, "closed"),
        ("not_found", True, 30, "closed"),
        ("withdrawn", True, 30, "closed"),
    ],
)
def test_the_law_says_when(
    answered: SearchRequest, officer: User, outcome: str, days: int, rule: str, *, purges_on_found: bool
) -> None:
    answered.basis.purges_on_found = purges_on_found
    answered.basis.save()
    close_request(answered, outcome, reason="over", actor=officer)
    if days:
        SearchRequest.objects.update(purge_at=timezone.now() + SECOND)
        assert purge() == []
        SearchRequest.objects.update(purge_at=timezone.now())
    (done,) = purge()
    assert (done.rule, done.status) == (rule, "done")
    assert purge() == []


def test_what_another_request_gathered_stays(
    answered: SearchRequest, officer: User, operator: User, case: Case, centre: Agency, camera: Camera
) -> None:
    other = make_request(case, centre, officer, status="approved")
    kept = Candidate.objects.create(
        search=make_search(other, [camera], operator), sighting=Sighting.objects.get(), score=0.7
    )
    held = hold(other, camera, timezone.now() - DAY, timezone.now())
    close_request(answered, "found", reason="at home", actor=officer)
    purge()
    assert list(Candidate.objects.all()) == [kept]
    assert list(Hold.objects.standing()) == [held]


def test_a_request_reopened_before_the_worker_comes_is_not_purged(answered: SearchRequest, officer: User) -> None:
    close_request(answered, "found", reason="at home", actor=officer)
    (pk,) = retention.begin_purges()
    reopen_request(answered, reason="it was another child", actor=officer)
    before = files()
    destruction.destroy(pk)
    assert Destruction.objects.get().status == JobStatus.CANCELLED
    assert files() == before
    assert Candidate.objects.exists()
    assert not entries("data.destroyed")
    close_request(answered, "found", reason="now", actor=officer)
    (again,) = purge()
    assert (again.status, again.pk != pk) == ("done", True)


@pytest.mark.parametrize("attempt", range(5))
def test_of_a_purge_and_a_reopening_in_the_same_moment_one_wins(
    committing_db: None, answered: SearchRequest, officer: User, attempt: int
) -> None:
    close_request(answered, "found", reason="at home", actor=officer)
    (pk,) = retention.begin_purges()
    reopen = lambda: reopen_request(SearchRequest.objects.get(), reason="another child", actor=officer)  # noqa: E731
    _done, reopened = at_once(lambda: destruction.destroy(pk), reopen)
    answered.refresh_from_db()
    is_purged = isinstance(reopened, ValidationError)
    assert Destruction.objects.get().status == (JobStatus.DONE if is_purged else JobStatus.CANCELLED)
    assert (answered.purged_at is not None) == is_purged
    assert (answered.status == "closed") == is_purged
    assert Candidate.objects.exists() != is_purged
    assert any(name.startswith("queries/") for name in files() if name.endswith(".jpg")) != is_purged
    assert verify_chain() == []


def test_a_purge_that_was_killed_or_met_a_bad_disk_is_done_later(
    answered: SearchRequest, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_request(answered, "found", reason="at home", actor=officer)
    (pk,) = retention.begin_purges()
    with monkeypatch.context() as patch:
        kill_after(1, patch)
        with pytest.raises(Killed):
            destruction.destroy(pk)
    answered.refresh_from_db()
    assert answered.purged_at is None
    Destruction.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    stuck = str(EvidencePackage.objects.get().file)
    default_storage.delete(stuck)
    inner = stored(f"{stuck}/inner")
    destruction.destroy(pk)
    assert Destruction.objects.get().status == JobStatus.FAILED
    answered.refresh_from_db()
    assert (answered.purged_at, Candidate.objects.count()) == (None, 1)
    default_storage.delete(inner)
    (done,) = purge()
    assert (done.pk, done.status) == (pk, JobStatus.DONE)
    assert all(row["sha256"] for row in done.items if row["kind"].endswith(("picture", "attachment", "package")))


def test_a_package_that_is_being_made_is_cancelled(answered: SearchRequest, officer: User) -> None:
    EvidencePackage.objects.create(answer=Answer.objects.get(), reason="court", status="running", claim="c")
    close_request(answered, "found", reason="at home", actor=officer)
    purge()
    assert set(EvidencePackage.objects.values_list("status", "file")) == {("done", ""), ("cancelled", "")}


# ── The certificate's page ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("officer", 200),
        ("colleague", 200),
        ("operator", 200),
        ("supervisor", 200),
        ("outsider", 404),
        ("stranger", 404),
        ("administrator", 404),
    ],
)
def test_both_sides_may_keep_the_certificate(
    client: Client, answered: SearchRequest, officer: User, who: str, status: int, request: pytest.FixtureRequest
) -> None:
    close_request(answered, "found", reason="at home", actor=officer)
    (done,) = purge()
    client.force_login(request.getfixturevalue(who))
    page = client.get(f"/destructions/{done.pk}/")
    assert page.status_code == status
    assert len(entries("destruction.viewed")) == (status == 200)
    if status == 200:
        for text in (f"{done.audit_sequence}:{done.audit_root}", destruction.digest_of(done.items), "5" * 64):
            assert text in page.content.decode()


def test_an_expiry_is_the_centres_own_matter(client: Client, camera: Camera, officer: User, operator: User) -> None:
    old_recording(camera)
    (done,) = expire()
    for user, status in ((officer, 404), (operator, 200)):
        client.force_login(user)
        assert client.get(f"/destructions/{done.pk}/").status_code == status


def test_a_destruction_leaves_entries_that_verify(camera: Camera, answered: SearchRequest, officer: User) -> None:
    close_request(answered, "found", reason="at home", actor=officer)
    purge()
    Recording.objects.update(started_at=timezone.now() - 50 * DAY, ends_at=timezone.now() - 49 * DAY)
    expire()
    assert AuditEntry.objects.filter(action="data.destroyed").count() == 2
    assert verify_chain() == []
    assert not Recording.objects.exists()
