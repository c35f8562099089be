"""A path leaves the centre with what two people agree about, in words and places; and each time is in the trail."""

import json
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from investigations.models import Candidate, Comment, SearchRequest
from investigations.sentences import LONGEST_MESSAGE, describe_path
from investigations.services.paths import build_path, points_of
from investigations.services.reviews import review_candidate
from investigations.services.sharing import share_path
from portal.accounts.models import User
from tests.conftest import make_recording, make_search, make_sighting
from tests.investigations.conftest import entries


@pytest.fixture
def stops(
    approved: SearchRequest, make_camera: Callable[..., Camera], operator: User, supervisor: User
) -> list[Candidate]:
    """Three confirmed stops on a path; two people agree about the first and the last."""
    SearchRequest.objects.update(status="review")
    approved.refresh_from_db()
    rows = []
    for number in range(3):
        camera = make_camera(f"P{number}", name=f"Gate {number}", latitude=36.48 + number * 0.0009)
        search = make_search(approved, [camera], operator)
        sighting = make_sighting(make_recording(camera), 1, after_s=100 * number)
        rows.append(Candidate.objects.create(search=search, sighting=sighting, score=0.9, decision="confirmed"))
    build_path(approved, actor=operator)
    for row in (rows[0], rows[2]):
        review_candidate(row, "confirmed", actor=supervisor)
    return rows


def test_the_station_reads_the_agreed_stops_with_times_places_and_hops(
    client: Client, approved: SearchRequest, stops: list[Candidate], operator: User, officer: User
) -> None:
    client.force_login(operator)
    address = reverse("api-path-share", args=[approved.pk])
    answer = client.post(address, {"reason": "He goes north."}, content_type="application/json")
    assert answer.status_code == 201
    comment = Comment.objects.get(pk=answer.json()["comment"])
    assert comment.is_internal is False
    assert comment.text.splitlines() == [
        "He goes north.",
        "Path with 2 stops, each confirmed by two people independently:",
        "1. Gate 0 (P0) · 2026-11-20 12:00:00 – 12:00:05 · 36.48000, 127.28900",
        "   ↓ 200 m · 3 min 15 s · 3.7 km/h",
        "2. Gate 2 (P2) · 2026-11-20 12:03:20 – 12:03:25 · 36.48180, 127.28900",
    ]
    client.force_login(officer)
    page = client.get(reverse("request-talk", args=[approved.pk])).content.decode()
    assert "Gate 0" in page
    assert "Gate 1" not in page
    assert "/pictures/" not in page


def test_sharing_is_in_the_trail_with_its_word_and_its_stops(
    approved: SearchRequest, stops: list[Candidate], operator: User
) -> None:
    comment = share_path(approved, reason="North.", actor=operator)
    (entry,) = entries("path.shared")
    assert entry.reason == "North."
    assert entry.details == {"sightings": [stops[0].sighting_id, stops[2].sighting_id], "comment": comment.pk}


def test_what_one_person_alone_confirmed_is_shared_by_nobody(
    approved: SearchRequest, stops: list[Candidate], operator: User
) -> None:
    for row in stops:
        row.second_reviews.update(is_void=True)
    with pytest.raises(ValidationError, match="two people who looked independently"):
        share_path(approved, actor=operator)
    assert (Comment.objects.count(), entries("path.shared")) == (0, [])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"status": "closed", "outcome": "found"}, "closed"),
        ({"is_emergency": True, "approved_at": None, "approved_by": None}, "approve this emergency"),
    ],
)
def test_closed_requests_and_unapproved_emergencies_share_nothing(
    approved: SearchRequest, stops: list[Candidate], operator: User, values: dict[str, object], said: str
) -> None:
    SearchRequest.objects.update(**values)
    with pytest.raises(ValidationError, match=said):
        share_path(approved, actor=operator)


def test_without_a_path_there_is_nothing_to_share(approved: SearchRequest, operator: User) -> None:
    with pytest.raises(ValidationError, match="Build the path first"):
        share_path(approved, actor=operator)


@pytest.mark.parametrize("who", ["officer", "administrator", "stranger"])
def test_only_who_answers_shares(
    approved: SearchRequest, stops: list[Candidate], request: pytest.FixtureRequest, who: str
) -> None:
    with pytest.raises(PermissionDenied):
        share_path(approved, actor=request.getfixturevalue(who))


def test_sharing_twice_by_one_key_says_it_once(
    client: Client, approved: SearchRequest, stops: list[Candidate], operator: User
) -> None:
    client.force_login(operator)
    for _time in range(2):
        client.post(
            reverse("api-path-share", args=[approved.pk]),
            {},
            content_type="application/json",
            headers={"Idempotency-Key": "share-1"},
        )
    assert Comment.objects.count() == 1


def test_a_long_path_ends_with_how_much_is_left_out(stops: list[Candidate]) -> None:
    recording = stops[0].sighting.recording
    sightings = [make_sighting(recording, 10 + at, after_s=10 * at) for at in range(60)]
    text = describe_path(points_of(sightings), note="n" * 500)
    assert len(text) <= LONGEST_MESSAGE
    shown = sum(line[0].isdigit() for line in text.splitlines())
    assert text.endswith(f"… and {60 - shown} more stops.")


def test_impossible_hops_say_so(stops: list[Candidate], make_camera: Callable[..., Camera]) -> None:
    far = make_sighting(make_recording(make_camera("FAR", latitude=36.7)), 1, after_s=20)
    assert "⚠ nobody could have gone this far" in describe_path(points_of([stops[0].sighting, far]))


# ── As a file ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "media_type", "start"),
    [
        ("geojson", "application/geo+json", b"{"),
        ("gpx", "application/gpx+xml", b"<?xml"),
        ("kml", "application/vnd.google-earth.kml+xml", b"<?xml"),
    ],
)
def test_the_path_as_a_file_for_maps(
    client: Client,
    approved: SearchRequest,
    stops: list[Candidate],
    operator: User,
    kind: str,
    media_type: str,
    start: bytes,
) -> None:
    client.force_login(operator)
    answer = client.get(reverse("api-path-file", args=[approved.pk, kind]))
    assert answer["Content-Type"] == media_type
    assert answer["Content-Disposition"] == f'attachment; filename="{approved}-path.{kind}"'
    assert answer.content.startswith(start)
    assert b"Gate 0" in answer.content
    assert b"Gate 1" not in answer.content
    (entry,) = entries("path.shared")
    assert entry.details == {"sightings": [stops[0].sighting_id, stops[2].sighting_id], "file": kind}


def test_the_files_points_are_numbered_anew_with_their_hops(
    client: Client, approved: SearchRequest, stops: list[Candidate], operator: User
) -> None:
    client.force_login(operator)
    features = json.loads(client.get(reverse("api-path-file", args=[approved.pk, "geojson"])).content)["features"]
    assert [row["properties"].get("number") for row in features] == [1, 2, None]
    assert features[1]["properties"]["hop_m"] == pytest.approx(200, abs=1)


@pytest.mark.parametrize(
    ("who", "kind", "status"),
    [
        ("officer", "gpx", 403),
        ("administrator", "gpx", 404),
        ("stranger", "gpx", 404),
        ("outsider", "gpx", 404),
        ("operator", "exe", 404),
    ],
)
def test_others_and_other_kinds_get_no_file(
    client: Client,
    approved: SearchRequest,
    stops: list[Candidate],
    request: pytest.FixtureRequest,
    who: str,
    kind: str,
    status: int,
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("api-path-file", args=[approved.pk, kind])).status_code == status
    assert entries("path.shared") == []


def test_the_path_says_which_stops_two_agree_about_and_by_which_candidate(
    client: Client, approved: SearchRequest, stops: list[Candidate], operator: User
) -> None:
    client.force_login(operator)
    points = client.get(reverse("api-request-path", args=[approved.pk])).json()["points"]
    assert [point["is_agreed"] for point in points] == [True, False, True]
    assert points[1]["confirmed_by"] == [{"candidate": stops[1].pk, "search": stops[1].search_id}]
