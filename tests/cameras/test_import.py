"""Import of a list of cameras: the dry run, the import of exactly that, who may, and what happens on the way."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from cameras import imports, tasks
from cameras.import_sentences import TEXTS, sentence_of
from cameras.models import Camera, CameraImport, ImportChange, ImportProblem
from cameras.services.imports import cancel_import, check_again, check_list, import_list
from cameras.standard_list import Kind
from cameras.standard_list.columns import Column
from portal import jobs
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from portal.audit.services import verify_chain
from tests.cameras.listing import city, row, write
from tests.conftest import make_user


@pytest.fixture
def check(centre: Agency, administrator: User) -> Callable[..., CameraImport]:
    """Have a list checked, here and now."""

    def run(*rows: dict[Column, Any], content: bytes | None = None) -> CameraImport:
        written = write(list(rows)).encode("cp949") if content is None else content
        job = check_list(ContentFile(written, "세종_CCTV.csv"), centre=centre, actor=administrator)
        imports.run_import(job.pk)
        job.refresh_from_db()
        return job

    return run


def carry_out(job: CameraImport, actor: User) -> CameraImport:
    import_list(job, actor=actor)
    imports.run_import(job.pk)
    job.refresh_from_db()
    return job


def test_the_dry_run_changes_nothing_and_the_import_does_what_it_showed(
    check: Callable[..., CameraImport], administrator: User
) -> None:
    job = check(row(), row(number="SJ-2", latitude="0", longitude="0"))
    assert (job.status, job.progress, job.error, Camera.objects.count()) == ("done", 1.0, "", 0)
    counts = {name: job.counts[name] for name in ("rows", "new", "changed", "unchanged", "missing", "refused")}
    assert counts == {"rows": 2, "new": 2, "changed": 0, "unchanged": 0, "missing": 0, "refused": 1}
    planned = {change.code: change.values for change in job.changes.all()}

    carry_out(job, administrator)
    assert (job.status, job.applied, job.is_dry_run) == ("done", "done", False)
    assert [camera.code for camera in Camera.objects.all()] == ["SJ-1-1", "SJ-1-2"]
    for camera in Camera.objects.all():
        assert {name: getattr(camera, name) for name in planned[camera.code]} == planned[camera.code]
        camera.full_clean()
    assert set(Camera.objects.values_list("pole", "status", "centre__name")) == {("SJ-1", "active", "City Centre")}


def test_a_changed_list_changes_only_what_it_says_and_never_deletes(
    check: Callable[..., CameraImport], administrator: User, make_camera: Callable[..., Camera]
) -> None:
    make_camera("HAND", name="By hand")
    carry_out(check(row(), row(number="SJ-2", latitude="36.5")), administrator)
    Camera.objects.filter(code="SJ-1-1").update(name="City hall", bearing_deg=3.5)
    job = check(row(retention="60", installed="2020-01"))
    assert {name: job.counts[name] for name in ("new", "changed", "missing")} == {"new": 0, "changed": 2, "missing": 3}
    carry_out(job, administrator)
    camera = Camera.objects.get(code="SJ-1-1")
    assert (camera.name, camera.bearing_deg, camera.retention_days, camera.installed_on) == (
        *("City hall", 3.5, 60),
        "2020-01",
    )
    assert Camera.objects.count() == 5
    missing = job.changes.filter(kind="missing").values_list("code", flat=True)
    assert sorted(missing) == ["HAND", "SJ-2-1", "SJ-2-2"]


def test_one_entry_stands_for_the_import_and_the_changes_of_each_camera_are_kept(
    check: Callable[..., CameraImport], administrator: User
) -> None:
    job = carry_out(check(*city(20)), administrator)
    (entry,) = AuditEntry.objects.filter(action="cameras.imported")
    with job.file.open("rb") as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    assert (entry.actor_id, entry.target_id) == (administrator.pk, str(job.pk))
    expected = {"file": "세종_CCTV.csv", "sha256": sha256, "new": 50, "changed": 0, "rows": 20, "refused": 0}
    assert {name: entry.details[name] for name in expected} == expected
    assert entry.details["changes_sha256"] == imports.digest_of_changes(job)
    assert verify_chain() == []

    camera = Camera.objects.get(code="SJ-00001-2")
    change = camera.imported.get()
    assert (change.source, change.source.requested_by, change.kind) == (job, administrator, "new")
    ImportChange.objects.filter(pk=change.pk).update(values={"purpose": "forged"})
    assert entry.details["changes_sha256"] != imports.digest_of_changes(job)


@pytest.mark.parametrize("what", ["changed", "added", "removed"])
def test_a_plan_for_other_cameras_is_not_carried_out(
    what: str, check: Callable[..., CameraImport], administrator: User, make_camera: Callable[..., Camera]
) -> None:
    carry_out(check(row()), administrator)
    job = check(row(retention="60"), row(number="NEW", latitude="36.5"))
    if what == "changed":
        Camera.objects.filter(code="SJ-1-1").update(phone="119")
    elif what == "added":
        make_camera("NEW-1")
    else:
        Camera.objects.filter(code="SJ-1-1").delete()
    before = list(Camera.objects.values())
    carry_out(job, administrator)
    assert (job.status, job.applied) == ("failed", "stale")
    assert "run the check again" in job.error
    assert list(Camera.objects.values()) == before

    check_again(job, actor=administrator)
    imports.run_import(job.pk)
    job.refresh_from_db()
    assert carry_out(job, administrator).applied == "done"
    assert AuditEntry.objects.filter(action="cameras.imported").count() == 2


def test_a_code_taken_by_another_centre_meanwhile_stops_the_import(
    check: Callable[..., CameraImport], administrator: User, make_camera: Callable[..., Camera], other_centre: Agency
) -> None:
    job = check(row())
    make_camera("SJ-1-2", centre=other_centre)
    carry_out(job, administrator)
    assert (job.applied, Camera.objects.count()) == ("stale", 1)
    check_again(job, actor=administrator)
    imports.run_import(job.pk)
    assert job.problems.get().kind == "other_centre"


def test_an_import_whose_worker_was_killed_happens_once(
    check: Callable[..., CameraImport], administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **values: Any) -> None:
        raise Killed

    job = check(*city(8))
    import_list(job, actor=administrator)
    with monkeypatch.context() as patched:
        patched.setattr(imports, "record", die)
        with pytest.raises(Killed):
            imports.run_import(job.pk)
    job.refresh_from_db()
    assert (job.status, Camera.objects.count()) == ("running", 0)
    imports.run_import(job.pk)  # handed out while that worker may still live: nothing happens
    assert Camera.objects.count() == 0

    sent: list[int] = []
    monkeypatch.setattr(tasks.run_import, "delay", sent.append)
    long_ago = timezone.now() - timedelta(minutes=5)
    CameraImport.objects.update(seen_at=long_ago, send_again_at=long_ago)
    tasks.requeue_abandoned()
    assert sent == [job.pk]
    for _ in range(2):
        imports.run_import(job.pk)
    job.refresh_from_db()
    assert (job.applied, Camera.objects.count()) == ("done", 20)
    assert AuditEntry.objects.filter(action="cameras.imported").count() == 1


def test_a_dry_run_begun_again_leaves_nothing_twice(check: Callable[..., CameraImport], administrator: User) -> None:
    job = check(*city(8), row(latitude="0"))
    before = (job.changes.count(), job.problems.count())
    check_again(job, actor=administrator)
    imports.run_import(job.pk)
    assert (job.changes.count(), job.problems.count()) == before == (20, 1)


def test_a_cancelled_import_changes_nothing(
    check: Callable[..., CameraImport], administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = check(*city(8))
    import_list(job, actor=administrator)
    prepare = imports._prepare

    def cancelled_meanwhile(*args: Any) -> Any:
        cancel_import(CameraImport.objects.get(pk=job.pk), actor=administrator)
        return prepare(*args)

    monkeypatch.setattr(imports, "_prepare", cancelled_meanwhile)
    imports.run_import(job.pk)
    job.refresh_from_db()
    assert (job.status, Camera.objects.count()) == ("cancelled", 0)
    with pytest.raises(ValidationError, match="already ended"):
        cancel_import(job, actor=administrator)
    assert not AuditEntry.objects.filter(action="cameras.imported").exists()


def test_progress_grows_while_a_list_is_checked(
    check: Callable[..., CameraImport], administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    renew = jobs.renew_claim

    def note(job: CameraImport, **values: Any) -> None:
        seen.append(values["progress"])
        renew(job, **values)

    monkeypatch.setattr(imports, "renew_claim", note)
    monkeypatch.setattr(jobs, "RENEW_EVERY_S", 0)
    check(*city(1500))
    assert seen == sorted(seen)
    assert len(set(seen)) >= 6


def test_a_city_is_imported_with_few_statements(check: Callable[..., CameraImport], administrator: User) -> None:
    carry_out(check(*city(800)), administrator)
    later = [values | {Column.PHONE: "119"} for values in city(800)]
    job = check(*later)
    import_list(job, actor=administrator)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        imports.run_import(job.pk)
    assert Camera.objects.filter(phone="119").count() == 2000
    assert len(queries) < 60


def test_nobody_imports_twice_at_once_nor_what_was_imported(
    check: Callable[..., CameraImport], centre: Agency, administrator: User
) -> None:
    job = check(row())
    open_one = check_list(ContentFile(write([row()]).encode(), "b.csv"), centre=centre, actor=administrator)
    with pytest.raises(ValidationError, match="already being read"):
        check_list(ContentFile(b"x", "c.csv"), centre=centre, actor=administrator)
    with pytest.raises(ValidationError, match="already being read"):
        import_list(job, actor=administrator)
    cancel_import(open_one, actor=administrator)
    carry_out(job, administrator)
    for verb in (import_list, check_again):
        with pytest.raises(ValidationError):
            verb(job, actor=administrator)
    empty = check(row())
    with pytest.raises(ValidationError, match="nothing to import"):
        import_list(empty, actor=administrator)


@pytest.mark.parametrize("who", ["officer", "operator", "supervisor", "stranger"])
def test_only_who_manages_the_centres_cameras_may(
    who: str, check: Callable[..., CameraImport], centre: Agency, request: pytest.FixtureRequest
) -> None:
    job, user = check(row()), request.getfixturevalue(who)
    assert not CameraImport.objects.visible_to(user).exists()
    with pytest.raises(PermissionDenied):
        check_list(ContentFile(b"x", "x.csv"), centre=centre, actor=user)
    for verb in (import_list, check_again, cancel_import):
        with pytest.raises(PermissionDenied):
            verb(job, actor=user)


def test_an_administrator_stays_within_the_own_centre(
    check: Callable[..., CameraImport], centre: Agency, other_centre: Agency, station: Agency
) -> None:
    job = check(row())
    other = make_user("elsewhere", "administrator", other_centre)
    with pytest.raises(PermissionDenied):
        import_list(job, actor=other)
    with pytest.raises(PermissionDenied):
        check_list(ContentFile(b"x", "x.csv"), centre=centre, actor=other)
    everywhere = make_user("everywhere", "administrator", None)
    assert CameraImport.objects.visible_to(everywhere).get() == job
    with pytest.raises(ValidationError, match="control centres"):
        check_list(ContentFile(b"x", "x.csv"), centre=station, actor=everywhere)


def test_a_file_that_is_no_list_is_told_and_can_not_be_imported(check: Callable[..., CameraImport]) -> None:
    job = check(content=b"PK\x03\x04" + b"\0" * 300)
    assert (job.status, job.counts["is_readable"]) == ("done", False)
    assert "no CSV text (ZIP, XLSX)" in sentence_of(job.problems.get())


@pytest.mark.parametrize("written_in", ["ko", "en"])
def test_a_file_that_is_gone_is_told_in_the_language_of_the_reader(
    centre: Agency, administrator: User, written_in: str
) -> None:
    User.objects.filter(pk=administrator.pk).update(language=written_in)
    job = check_list(ContentFile(b"x", "x.csv"), centre=centre, actor=administrator)
    job.file.storage.delete(job.file.name or "")
    imports.run_import(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == ("failed", "The stored file can no longer be read. Upload it again.")
    with translation.override("ko"):
        job.refresh_from_db()
    assert job.error.startswith("저장된 파일")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_kind_of_problem_has_its_sentence(language: str) -> None:
    assert set(TEXTS) == set(Kind)
    numbers = ["size", "megabytes", "most", "count", "length", "cells", "titles", "earlier", "old", "new"]
    with translation.override(language):
        for kind in Kind:
            sentence = sentence_of(
                ImportProblem(kind=kind, value="x", details=dict.fromkeys([*numbers, "format", "code"], 7))
            )
            assert "%" not in sentence
            assert len(sentence) > 10


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def page(client: Client, administrator: User) -> Callable[[str], str]:
    client.force_login(administrator)

    def get(address: str) -> str:
        response = client.get(address)
        assert response.status_code == 200
        return response.content.decode()

    return get


def test_a_list_is_uploaded_checked_and_imported_on_its_page(
    page: Callable[[str], str], client: Client, centre: Agency
) -> None:
    assert "No list yet" in page("/cameras/import/")
    upload = {"file": SimpleUploadedFile("list.csv", write([row()]).encode()), "centre": centre.pk}
    address = client.post("/cameras/import/", upload)["Location"]
    job = CameraImport.objects.get()
    assert address == f"/cameras/import/{job.pk}/"
    waiting = page(address)
    assert "Waiting for a worker" in waiting
    assert "data-open" in waiting
    assert "<progress" in waiting

    imports.run_import(job.pk)
    checked = page(address)
    assert "Import: 2 new, 0 changed" in checked
    assert "data-open" not in checked
    assert "SJ-1-2" in checked
    client.post(f"{address}apply/")
    imports.run_import(job.pk)
    assert "Imported: 2 cameras added, 0 changed" in page(address)
    assert "list.csv" in page("/cameras/import/")


@pytest.mark.parametrize("who", ["officer", "operator", "supervisor", "stranger"])
def test_the_pages_are_closed_to_everybody_else(
    who: str, client: Client, check: Callable[..., CameraImport], centre: Agency, request: pytest.FixtureRequest
) -> None:
    job = check(row())
    client.force_login(request.getfixturevalue(who))
    upload = {"file": SimpleUploadedFile("list.csv", b"x"), "centre": centre.pk}
    assert client.post("/cameras/import/", upload).status_code == 403
    for verb in ("apply", "check", "cancel"):
        assert client.post(f"/cameras/import/{job.pk}/{verb}/").status_code == 403
    job.refresh_from_db()
    assert (job.status, job.is_dry_run, CameraImport.objects.count()) == ("done", True, 1)


def test_the_admin_says_which_list_gave_a_camera_its_values(
    page: Callable[[str], str], check: Callable[..., CameraImport], administrator: User
) -> None:
    carry_out(check(row()), administrator)
    check(row(retention="60"))  # never imported
    camera = Camera.objects.get(code="SJ-1-2")
    assert CameraImport.objects.that_changed(camera).count() == 1
    assert page(f"/admin/cameras/camera/{camera.pk}/change/").count("세종_CCTV.csv (administrator)") == 1
    listed = page("/admin/cameras/camera/?purpose=생활방범")
    assert "/admin/cameras/camera/import-list" in listed
    assert "/admin/cameras/camera/export-list" in listed


def test_an_empty_file_or_none_is_answered_with_a_sentence(
    page: Callable[[str], str], client: Client, centre: Agency
) -> None:
    response = client.post("/cameras/import/", {"centre": centre.pk})
    assert response.status_code == 400
    assert "field-error" in response.content.decode()
    response = client.post("/cameras/import/", {"file": SimpleUploadedFile("e.csv", b""), "centre": centre.pk})
    imports.run_import(CameraImport.objects.get().pk)
    assert "The file is empty (0 bytes)" in page(response["Location"])


def test_problems_are_filtered_sorted_paged_and_downloaded(
    page: Callable[[str], str], client: Client, check: Callable[..., CameraImport]
) -> None:
    bad = [row(number=f"N{number}", latitude="0", purpose=f"=cmd{number}") for number in range(60)]
    job = check(*bad, row(count="-1"), row(number="SJ-9", installed="never"))
    address = f"/cameras/import/{job.pk}/"
    first = page(address)
    assert first.count("no position</td>") == 50
    assert "1 / 2" in first
    assert page(f"{address}?page=2").count("no position</td>") == 10
    assert "impossible number" not in page(f"{address}?kind=bad_date")
    filtered = page(f"{address}?kind=bad_date")
    assert filtered.count('<td class="number">') == 1
    assert "never" in filtered
    assert page(f"{address}?q=62").count('<td class="number">') == 1
    assert page(f"{address}?level=notice").count('<td class="number">') == 1
    last = page(f"{address}?page=2")
    assert last.rindex("impossible count") < last.rindex("unreadable date</td>")  # what is refused comes first
    backwards = page(f"{address}?sort=-row")
    assert backwards.index('<td class="number">63<') < backwards.index('<td class="number">62<')
    assert "Nothing matches this filter" in page(f"{address}?q=nowhere")
    for odd in ("?kind=none&level=x&sort=drop&page=abc&show=all", "?q=%00", "?page=-1", "?show=missing&sort=kind"):
        page(address + odd)

    response = client.get(f"{address}problems.csv")
    lines = response.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 63
    assert lines[1].startswith('2,refused,no position,WGS84위도,0 / 127.289021,"Latitude')


def test_changes_are_shown_with_the_old_value_and_the_new_one(
    page: Callable[[str], str], check: Callable[..., CameraImport], administrator: User
) -> None:
    carry_out(check(row()), administrator)
    job = check(row(retention="7"))
    shown = page(f"/cameras/import/{job.pk}/?show=changed")
    assert "<del>30</del>" in shown
    assert "<ins>7</ins>" in shown
    assert "2 cameras would keep their recordings for a shorter time" in shown


def test_what_a_list_says_is_text_and_never_html(
    page: Callable[[str], str], check: Callable[..., CameraImport]
) -> None:
    job = check(row(road_address="<script>alert(1)</script>"), row(number="<b>", latitude="<i>x</i>"))
    for show in ("problems", "new"):
        shown = page(f"/cameras/import/{job.pk}/?show={show}")
        assert "<script>alert" not in shown
        assert "<i>x" not in shown
