"""Evidence packages: who has one made, whom it shows, who stops it, and who gets the file."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from inference.models import Sighting
from investigations.models import Answer, EvidencePackage, SearchRequest, Unmasking
from investigations.services.packages import bystanders, cancel_package, request_package
from investigations.tasks import requeue_abandoned, run_package
from portal import middleware
from portal.accounts.models import User
from tests.conftest import make_answer, make_recording, make_sighting
from tests.investigations.conftest import as_person, entries
from tests.streaming import stream


@pytest.fixture
def answer(approved: SearchRequest, sighting: Sighting, operator: User) -> Answer:
    return make_answer(approved, operator, sighting)


@pytest.fixture
def bystander(sighting: Sighting) -> Sighting:
    """Somebody in the same recording, 3 s after the one looked for has left."""
    return make_sighting(sighting.recording, 2, after_s=8)


@pytest.fixture
def package(answer: Answer) -> EvidencePackage:
    """One that is ready."""
    made = EvidencePackage(answer=answer, reason="court", status="done", sha256="ab" * 32, key_fingerprint="12 34")
    made.file.save("p.zip", ContentFile(b"PK-zip"))
    return made


# ── Having one made ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_package_is_asked_for_with_a_reason_and_queued(
    answer: Answer, operator: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    queued: list[int] = []
    monkeypatch.setattr(run_package, "delay", queued.append)
    with pytest.raises(ValidationError, match="what the package is for"):
        request_package(answer, reason=" ", actor=operator)
    with django_capture_on_commit_callbacks(execute=True):
        package = request_package(answer, reason="court", margin_s=10, actor=operator)
    assert (package.status, package.requested_by, package.margin_s, queued) == ("queued", operator, 10, [package.pk])
    (entry,) = entries("package.requested")
    assert (entry.reason, entry.details["originals"], entry.details["unmasked"]) == ("court", False, 0)
    assert entries("track.unmasked") == []


@pytest.mark.parametrize("who", ["officer", "outsider", "stranger", "administrator"])
def test_nobody_else_has_one_made(answer: Answer, request: pytest.FixtureRequest, who: str) -> None:
    with pytest.raises(PermissionDenied):
        request_package(answer, reason="court", actor=request.getfixturevalue(who))
    assert not EvidencePackage.objects.exists()


def test_one_is_made_at_a_time(answer: Answer, operator: User) -> None:
    first = request_package(answer, reason="court", actor=operator)
    with pytest.raises(ValidationError, match="already being made"):
        request_package(answer, reason="court", actor=operator)
    cancel_package(first, actor=operator)
    assert request_package(answer, reason="court", actor=operator).pk != first.pk


def test_nothing_is_made_of_what_was_destroyed(answer: Answer, operator: User) -> None:
    SearchRequest.objects.update(purged_at=timezone.now())
    with pytest.raises(ValidationError, match="was destroyed"):
        request_package(Answer.objects.get(), reason="court", actor=operator)


@pytest.mark.parametrize("margin_s", [-1, 121])
def test_clips_have_a_sane_length(answer: Answer, operator: User, margin_s: int) -> None:
    with pytest.raises(ValidationError):
        request_package(answer, reason="court", margin_s=margin_s, actor=operator)


# ── Who is shown ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_bystanders_are_those_in_the_same_footage_at_the_same_time(
    answer: Answer, sighting: Sighting, bystander: Sighting, make_camera: Any
) -> None:
    make_sighting(sighting.recording, 3, after_s=300)
    make_sighting(make_recording(make_camera("C2")), 1, after_s=8)
    make_sighting(sighting.recording, 4, after_s=8, is_superseded=True)
    assert list(bystanders(answer, margin_s=5)) == [bystander]
    assert list(bystanders(answer, margin_s=2)) == []


def test_unmasking_is_a_supervisors_and_each_track_is_accounted_for(
    answer: Answer, bystander: Sighting, operator: User, supervisor: User
) -> None:
    unmasked = [(bystander, "the accomplice")]
    with pytest.raises(PermissionDenied):
        request_package(answer, reason="court", unmasked=unmasked, actor=operator)
    package = request_package(answer, reason="court", unmasked=unmasked, actor=supervisor)
    row = Unmasking.objects.get()
    assert (row.package, row.sighting, row.reason, row.actor) == (package, bystander, "the accomplice", supervisor)
    (entry,) = entries("track.unmasked")
    assert (entry.target_type, entry.target_id, entry.reason) == (
        "inference.sighting",
        str(bystander.pk),
        "the accomplice",
    )


def test_clips_as_recorded_are_a_supervisors_and_accounted_for(
    answer: Answer, operator: User, supervisor: User
) -> None:
    with pytest.raises(PermissionDenied):
        request_package(answer, reason="court", has_originals=True, actor=operator)
    package = request_package(answer, reason="warrant 7", has_originals=True, actor=supervisor)
    (entry,) = entries("track.unmasked")
    assert (entry.target_id, entry.reason, entry.details) == (str(package.pk), "warrant 7", {"tracks": "all"})


def test_unmasking_needs_a_reason_and_somebody_who_is_in_the_clips(
    answer: Answer, sighting: Sighting, bystander: Sighting, supervisor: User
) -> None:
    with pytest.raises(ValidationError, match="each bystander why"):
        request_package(answer, reason="court", unmasked=[(bystander, " ")], actor=supervisor)
    elsewhere = make_sighting(sighting.recording, 3, after_s=500)
    for track in (elsewhere, sighting):
        with pytest.raises(ValidationError, match="not in the clips"):
            request_package(answer, reason="court", unmasked=[(track, "why")], actor=supervisor)
    assert not EvidencePackage.objects.exists()
    assert entries("track.unmasked") == []


# ── Stopping, and starting again ────────────────────────────────────────────────────────────────────────────────────


def test_a_package_is_cancelled_once(answer: Answer, operator: User) -> None:
    package = request_package(answer, reason="court", actor=operator)
    assert cancel_package(package, actor=operator).status == "cancelled"
    with pytest.raises(ValidationError, match="no longer being made"):
        cancel_package(package, actor=operator)
    assert len(entries("package.cancelled")) == 1


@pytest.mark.parametrize("who", ["officer", "stranger", "administrator"])
def test_nobody_else_cancels(answer: Answer, operator: User, request: pytest.FixtureRequest, who: str) -> None:
    package = request_package(answer, reason="court", actor=operator)
    with pytest.raises(PermissionDenied):
        cancel_package(package, actor=request.getfixturevalue(who))


def test_a_lost_message_is_sent_again(answer: Answer, operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    package = request_package(answer, reason="court", actor=operator)
    queued: list[int] = []
    monkeypatch.setattr(run_package, "delay", queued.append)
    EvidencePackage.objects.update(send_again_at=timezone.now() - timedelta(seconds=1))
    requeue_abandoned()
    assert queued == [package.pk]


# ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("operator", 200),
        ("supervisor", 200),
        ("officer", 200),
        ("colleague", 200),
        ("outsider", 404),
        ("stranger", 404),
        ("administrator", 404),
    ],
)
def test_both_sides_download_it_and_that_is_accounted_for(
    client: Client, package: EvidencePackage, request: pytest.FixtureRequest, who: str, status: int
) -> None:
    person = as_person(client, request, who)
    answer: Any = client.get(reverse("package-download", args=[package.pk]))
    assert answer.status_code == status
    assert [entry.actor_id for entry in entries("package.downloaded")] == ([person.pk] if status == 200 else [])
    if status == 200:
        assert b"".join(answer.streaming_content) == b"PK-zip"
        name = f"{package.answer.request}-1-{package.pk}.zip"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert entries("package.downloaded")[0].details == {"sha256": "ab" * 32}


def test_a_download_goes_out_piece_by_piece(
    committing_db: None, answer: Answer, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "PIECE_BYTES", 1)
    package = EvidencePackage(answer=answer, reason="court", status="done")
    package.file.save("p.zip", ContentFile(bytes(9000)))
    client = AsyncClient()
    client.force_login(operator)
    response, pieces = stream(client, "get", reverse("package-download", args=[package.pk]))
    assert response["Content-Length"] == "9000"
    assert [len(piece) for piece in pieces] == [4096, 4096, 808]


@pytest.mark.parametrize("values", [{"file": ""}, {"file": "packages/gone.zip"}, {"status": "failed"}])
def test_what_is_not_there_is_not_found_and_not_accounted_for(
    client: Client, package: EvidencePackage, operator: User, values: dict[str, str]
) -> None:
    EvidencePackage.objects.update(**values)
    client.force_login(operator)
    assert client.get(reverse("package-download", args=[package.pk])).status_code == 404
    assert entries("package.downloaded") == []


# ── The pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_answers_page_shows_how_a_package_goes_and_what_is_in_it(
    client: Client, answer: Answer, package: EvidencePackage, bystander: Sighting, supervisor: User
) -> None:
    Unmasking.objects.create(
        package=package, sighting=bystander, sighting_name="C1 #2", reason="accomplice", actor=supervisor
    )
    failed = EvidencePackage.objects.create(answer=answer, reason="court", status="failed", error="No font was found.")
    running = EvidencePackage.objects.create(answer=answer, reason="court", status="running", progress=0.25)
    client.force_login(supervisor)
    page = client.get(reverse("request-answers", args=[answer.request_id])).content.decode()
    for shown in (
        reverse("package-download", args=[package.pk]),
        "ab" * 32,
        "12 34",
        "C1 #2: accomplice",
        failed.error,
        f'value="0.250" data-package="{running.pk}"',
        reverse("package-cancel", args=[running.pk]),
        reverse("package-new", args=[answer.pk]),
    ):
        assert shown in page


def test_a_supervisor_chooses_whom_to_show_on_the_page(
    client: Client, answer: Answer, bystander: Sighting, supervisor: User
) -> None:
    client.force_login(supervisor)
    address = reverse("package-new", args=[answer.pk])
    (row,) = client.get(address).context["people"]
    assert row["sighting"] == bystander
    assert client.get(row["picture"]).status_code == 200
    assert client.get(address, {"margin_s": "1"}).context["people"] == []
    assert [entry.details["sightings"] for entry in entries("sightings.viewed")] == [[bystander.pk]]

    values = {"reason": "court", "margin_s": "5", "unmasked": bystander.pk}
    assert b"each bystander why" in client.post(address, values).content
    values[f"reason-{bystander.pk}"] = "accomplice"
    done = client.post(address, values)
    assert done.headers["Location"] == f"{reverse('request-answers', args=[answer.request_id])}#answer-1"
    assert EvidencePackage.objects.get().unmaskings.get().reason == "accomplice"


def test_an_operator_is_offered_no_unmasking_and_gets_none_by_asking(
    client: Client, answer: Answer, bystander: Sighting, operator: User
) -> None:
    client.force_login(operator)
    address = reverse("package-new", args=[answer.pk])
    page = client.get(address)
    assert (page.context["people"], "has_originals" in page.context["form"].fields) == ([], False)
    values = {"reason": "court", "margin_s": "5", "has_originals": "on"}
    named = {"unmasked": bystander.pk, f"reason-{bystander.pk}": "why"}
    assert b"does not allow this" in client.post(address, values | named).content
    client.post(address, values)
    assert EvidencePackage.objects.get().has_originals is False


@pytest.mark.parametrize(("who", "status"), [("officer", 403), ("outsider", 404), ("stranger", 404)])
def test_others_get_no_form(
    client: Client, answer: Answer, request: pytest.FixtureRequest, who: str, status: int
) -> None:
    as_person(client, request, who)
    assert client.get(reverse("package-new", args=[answer.pk])).status_code == status


def test_a_package_is_cancelled_on_the_page(client: Client, answer: Answer, operator: User) -> None:
    package = request_package(answer, reason="court", actor=operator)
    client.force_login(operator)
    client.post(reverse("package-cancel", args=[package.pk]))
    package.refresh_from_db()
    assert package.status == "cancelled"
