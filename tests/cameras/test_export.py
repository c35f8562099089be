"""The list of cameras as it is taken away: the standard's columns, filters, harmless cells; read again, no change."""

import csv
import hashlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from cameras import imports
from cameras.models import Camera, CameraImport
from cameras.services.imports import check_list, export_list
from cameras.standard_list.columns import Column
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from tests.conftest import make_user

Export = Callable[..., list[dict[str, str]]]


@pytest.fixture
def exported(centre: Agency, administrator: User) -> Export:
    def export(encoding: str = "utf-8", **choice: Any) -> list[dict[str, str]]:
        options: dict[str, Any] = {"centre": centre, "as_of": timezone.localdate(), "actor": administrator}
        _name, content = export_list(encoding=encoding, **options, **choice)
        text = content.decode("cp949" if encoding == "cp949" else "utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    return export


@pytest.fixture
def city(make_camera: Callable[..., Camera]) -> None:
    """Poles from a list, cameras registered by hand, one moved, one retired, texts of every kind."""
    listed = {"pole": "SJ-1", "purpose": "생활방범", "direction": "북·남", "address": "세종특별자치시 한누리대로 2130"}
    for number, bearing in ((1, 0.0), (2, 180.0)):
        make_camera(f"SJ-1-{number}", bearing_deg=bearing, megapixels=2.0, installed_on="2015-03", **listed)
    for number in range(1, 12):
        make_camera(f"SJ-2-{number}", pole="SJ-2", longitude=127.3, bearing_deg=None)
    Camera.objects.filter(code="SJ-2-4").update(latitude=36.4812345678, status="maintenance")
    Camera.objects.filter(code="SJ-2-5").update(status="retired")
    make_camera("HAND", bearing_deg=93.0, retention_days=90, latitude=36.5)
    make_camera("ROUND", field_of_view_deg=360, address="보람동 721-3", phone="+82-44-300", latitude=36.51)
    make_camera("ODD", address='=HYPERLINK("http://x")', purpose="@SUM(A1)", direction="-1+1", latitude=36.52)
    make_camera("'QUOTED", address="'=x", purpose=" 두  칸 ", phone="＝1", latitude=36.53, megapixels=0.05)


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
@pytest.mark.parametrize("choice", [{}, {"status": "active"}, {"purpose": "생활방범"}])
def test_a_list_that_is_exported_and_imported_again_changes_nothing(
    encoding: str, choice: dict[str, Any], city: None, centre: Agency, administrator: User
) -> None:
    options: dict[str, Any] = {"centre": centre, "as_of": timezone.localdate(), "actor": administrator}
    name, content = export_list(encoding=encoding, **options, **choice)
    job = check_list(ContentFile(content, name), centre=centre, actor=administrator)
    imports.run_import(job.pk)
    job.refresh_from_db()
    assert list(job.changes.exclude(kind="missing").values_list("code", "values")) == []
    assert (job.counts["refused"], job.counts["new"], job.counts["changed"]) == (0, 0, 0)
    wanted = Camera.objects.filter(**choice)
    assert job.counts["unchanged"] == wanted.count() > 0
    missing = Camera.objects.exclude(status="retired").exclude(pk__in=wanted)
    assert job.counts["missing"] == missing.count()


def test_the_cameras_of_a_pole_share_a_row_and_one_that_differs_has_its_own(city: None, exported: Export) -> None:
    rows = {line[Column.NUMBER]: line for line in exported()}
    assert list(next(iter(rows.values()))) == [column.value for column in Column]
    assert {number: line[Column.COUNT] for number, line in rows.items() if number.startswith("SJ")} == {
        "SJ-1": "2",
        "SJ-2": "10",
        "SJ-2-4": "1",
    }
    first = rows["SJ-1"]
    expected = {
        Column.AGENCY: "City Centre",
        Column.ROAD_ADDRESS: "세종특별자치시 한누리대로 2130",
        Column.LOT_ADDRESS: "",
        Column.PIXELS: "200",
        Column.DIRECTION: "북·남",
        Column.RETENTION: "30",
        Column.INSTALLED: "2015-03",
        Column.LATITUDE: "36.48",
        Column.AS_OF: timezone.localdate().isoformat(),
    }
    assert {column: first[column] for column in expected} == expected
    assert rows["HAND"][Column.DIRECTION] == "동"
    assert (rows["ROUND"][Column.DIRECTION], rows["ROUND"][Column.LOT_ADDRESS]) == ("360도전방면", "보람동 721-3")


def test_no_cell_of_a_list_is_a_formula(city: None, exported: Export) -> None:
    cells = [cell for line in exported() for cell in line.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "＝", "\t", "\r"))]
    assert '\'=HYPERLINK("http://x")' in cells


def test_status_and_purpose_choose_what_is_counted(city: None, exported: Export) -> None:
    assert [line[Column.NUMBER] for line in exported(status="maintenance")] == ["SJ-2-4"]
    active = {line[Column.NUMBER]: line[Column.COUNT] for line in exported(status="active")}
    assert (active["SJ-2"], "SJ-2-4" in active) == ("9", False)
    assert [line[Column.NUMBER] for line in exported(purpose="생활방범")] == ["SJ-1"]
    with pytest.raises(ValidationError, match="No camera"):
        exported(status="retired", purpose="생활방범")


def test_a_sign_that_cp949_lacks_is_named(make_camera: Callable[..., Camera], exported: Export) -> None:
    make_camera("C1", address="café 🎥")
    with pytest.raises(ValidationError, match="Choose UTF-8"):
        exported(encoding="cp949")
    assert exported()[0][Column.LOT_ADDRESS] == "café 🎥"


def test_an_export_leaves_an_entry(city: None, client: Client, centre: Agency, administrator: User) -> None:
    client.force_login(administrator)
    assert "Export cameras" in client.get("/cameras/export/").content.decode()
    assert not AuditEntry.objects.filter(action="cameras.exported").exists()
    response = client.post("/cameras/export/", {"encoding": "cp949", "status": "active", "centre": centre.pk})
    assert response["Content-Disposition"].endswith(".csv")
    details = AuditEntry.objects.get(action="cameras.exported").details
    assert details["sha256"] == hashlib.sha256(response.content).hexdigest()
    assert (details["cameras"], details["status"], details["encoding"]) == (15, "active", "cp949")


@pytest.mark.parametrize("choice", [{"encoding": "ebcdic"}, {"status": "x"}, {"purpose": "x"}, {"centre": "x"}])
def test_a_choice_that_is_none_is_refused(
    choice: dict[str, str], city: None, client: Client, centre: Agency, administrator: User
) -> None:
    client.force_login(administrator)
    response = client.post("/cameras/export/", {"encoding": "utf-8", "centre": centre.pk} | choice)
    assert response.status_code == 400
    assert not AuditEntry.objects.filter(action="cameras.exported").exists()


def test_a_centre_hands_out_its_own_cameras_only(
    city: None, client: Client, centre: Agency, other_centre: Agency, exported: Export
) -> None:
    Camera.objects.filter(code="HAND").update(centre=other_centre)
    assert "HAND" not in [line[Column.NUMBER] for line in exported()]
    other = make_user("elsewhere", "administrator", other_centre)
    with pytest.raises(PermissionDenied):
        export_list(centre=centre, encoding="utf-8", as_of=timezone.localdate(), actor=other)
    client.force_login(other)
    assert client.post("/cameras/export/", {"encoding": "utf-8", "centre": centre.pk}).status_code == 400
    assert client.get(f"/cameras/import/{CameraImport.objects.count() + 1}/").status_code == 404
