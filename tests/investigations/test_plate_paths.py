"""A path on which number plates contradict each other says so: it may have joined two vehicles."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cameras.models import Camera
from inference.core.plates.text import PlateRead
from inference.models import Plate
from investigations import reads
from investigations.contents import content_of
from investigations.models import Answer, Candidate, Comment, EvidencePackage, SearchRequest
from investigations.reads import other_plates
from investigations.sentences import path_destroyed
from investigations.services.answers import send_answer
from investigations.services.paths import build_path, shown_points
from investigations.services.requests import close_request
from investigations.services.reviews import review_candidate
from investigations.services.sharing import export_path, share_path
from investigations.services.talk import add_comment
from portal.accounts.models import User
from tests.conftest import NOON, make_recording, make_search, make_sighting
from tests.investigations.destroying import purge
from tests.investigations.plating import READER, add_plate
from tests.investigations.watching import client_of

# One vehicle misread at the second stop; another at the third, in view of the same camera.
READS = ("12가3456", "12거3456", "34나5678", "")
DOUBT = "Another number plate than before (12가3456): check whether it is the same vehicle."


@pytest.fixture
def walked(
    approved: SearchRequest, make_camera: Callable[..., Camera], operator: User, supervisor: User, settings: Any
) -> SearchRequest:
    """Four stops that two people agree about."""
    settings.PLATE_READER_MODEL = READER
    SearchRequest.objects.update(status="review", plate="12가3456")
    cameras = [make_camera("C1"), make_camera("C2", latitude=36.482)]
    search = make_search(approved, cameras, operator, kind="vehicle", plate="12가3456", status="done")
    for at, text in enumerate(READS):
        recording = make_recording(cameras[at == 0], started_at=NOON + timedelta(minutes=10 * at))
        sighting = make_sighting(recording, kind="vehicle")
        if text:
            add_plate(sighting, text, confidence=0.9)
        row = Candidate.objects.create(search=search, sighting=sighting, decision="confirmed", order=-at)
        row.decisions.create(old="pending", new="confirmed", actor=operator)
        review_candidate(row, "confirmed", actor=supervisor)
    approved.refresh_from_db()
    return approved


@pytest.fixture
def answered(walked: SearchRequest, operator: User) -> Answer:
    return send_answer(walked, list(Candidate.objects.all()), "Seen.", actor=operator)


def test_each_read_is_held_against_the_surest_of_the_vehicle_before(walked: SearchRequest) -> None:
    rows = {plate.text: plate.read for plate in Plate.objects.all()}
    first, misread, other = rows["12가3456"], rows["12거3456"], rows["34나5678"]
    assert other_plates([first, misread, None, other, None]) == ["", "", "", "12가3456", ""]
    assert other_plates([first, other, misread]) == ["", "12가3456", "34나5678"]
    assert other_plates([None, first, first]) == ["", "", ""]
    unlikely = PlateRead("99너9999", 0.02)
    assert other_plates([first, unlikely, first]) == ["", "12가3456", ""]


def test_the_path_says_at_which_stop_the_plate_contradicts_the_one_before(
    client: Client, walked: SearchRequest, operator: User
) -> None:
    client.force_login(operator)
    points = client.post(f"/api/requests/{walked.pk}/path/").json()["points"]
    assert [point["other_plate"] for point in points] == ["", "", "12가3456", ""]
    assert client.get(f"/api/requests/{walked.pk}/path/").json()["points"][2]["other_plate"] == "12가3456"
    chosen = list(Candidate.objects.values_list("pk", flat=True))
    preview = client.get(reverse("answer-preview", args=[walked.pk]), {"candidate": chosen}).json()
    assert [point["other_plate"] for point in preview["points"]] == ["", "", "12가3456", ""]


def test_plates_are_read_at_once_however_long_the_path(walked: SearchRequest, operator: User) -> None:
    path = build_path(walked, actor=operator)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        shown_points(path, operator)
    assert sum('FROM "inference_plate"' in query["sql"] for query in queries) == 1


def test_what_leaves_of_the_path_names_both_plates_and_the_doubt(walked: SearchRequest, operator: User) -> None:
    build_path(walked, actor=operator)
    said = share_path(walked, actor=operator).text.splitlines()
    assert f"plate as read: 34나5678, confidence 90% · ⚠ {DOUBT}" in said[-3]
    assert sum("⚠" in line for line in said) == 1
    features = json.loads(export_path(walked, "geojson", actor=operator))["features"]
    plates = [(one["properties"]["plate"], one["properties"]["other_plate"]) for one in features[:4]]
    assert plates == [("12가3456", None), ("12거3456", None), ("34나5678", "12가3456"), (None, None)]


def test_an_answer_says_it_to_the_station_and_goes_on_when_the_reads_are_gone(
    client: Client, answered: Answer, officer: User, operator: User
) -> None:
    Plate.objects.all().delete()
    client.force_login(officer)
    page = client.get(reverse("workspace", args=[answered.request_id])).content.decode()
    assert page.count(DOUBT) == 1
    assert "34나5678" in page
    for url, key in (
        (f"/api/requests/{answered.request_id}/path/", "points"),
        (f"/api/answers/{answered.pk}/", "items"),
    ):
        rows = client.get(url).json()[key]
        assert [row["other_plate"] for row in rows] == ["", "", "12가3456", ""]
    content = content_of(EvidencePackage(answer=answered, requested_by=operator), {})
    assert [point.other_plate for point in content.path] == ["", "", "12가3456", ""]


def test_an_answer_that_was_sent_says_the_same_whatever_the_reader_is_by_then(
    answered: Answer, officer: User, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "are_of_two_plates", lambda one, other, confusions: False)
    client = client_of(officer)
    items = client.get(f"/api/answers/{answered.pk}/").json()["items"]
    assert [item["other_plate"] for item in items] == ["", "", "12가3456", ""]
    assert DOUBT in client.get(reverse("workspace", args=[answered.request_id])).content.decode()
    content = content_of(EvidencePackage(answer=answered, requested_by=operator), {})
    assert [point.other_plate for point in content.path] == ["", "", "12가3456", ""]


def test_a_path_that_was_shared_goes_with_the_request_s_data_but_for_the_fact(
    walked: SearchRequest, operator: User, officer: User
) -> None:
    build_path(walked, actor=operator)
    shared = share_path(walked, reason="He goes north.", actor=operator)
    plain = add_comment(walked, "Thank you.", actor=officer)
    SearchRequest.objects.update(status="answered")
    walked.refresh_from_db()
    close_request(walked, "found", reason="at home", actor=officer)
    (done,) = purge()
    kept = Comment.objects.get(pk=shared.pk)
    assert kept.text == path_destroyed()
    assert (kept.author, kept.at, kept.has_path) == (operator, shared.at, False)
    assert Comment.objects.get(pk=plain.pk).text == "Thank you."
    assert done.counts["investigations.comment"] == 1
    assert {"kind": "investigations.comment", "id": shared.pk, "sha256": ""} in done.items
    stored = str(list(Comment.objects.values()))
    assert not any(text and text in stored for text in READS)


def test_the_admin_s_table_of_stops_says_it_too(client: Client, walked: SearchRequest, supervisor: User) -> None:
    path = build_path(walked, actor=supervisor)
    client.force_login(supervisor)
    page = client.get(reverse("admin:investigations_path_change", args=[path.pk])).content.decode()
    assert "34나5678" in page
    assert page.count(DOUBT) == 1
