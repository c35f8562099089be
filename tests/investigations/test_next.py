"""Where next: how the cameras around the last stop are ranked, and what is said of each."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import cos, radians, sin
from time import perf_counter
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cameras.gis import distance_m
from cameras.models import Camera
from inference.core.detections import Box
from inference.core.trajectory import Trajectory, encode
from inference.models import Sighting
from investigations.models import Candidate, SearchRequest
from investigations.paths import ADULT, PACES
from investigations.reach import (
    Watcher,
    between,
    direction_factor,
    hop_heading,
    rank_cameras,
    rings,
    share_in_time,
    track_heading,
)
from portal.accounts.models import User
from tests.conftest import NOON, make_recording, make_search, make_sighting

HERE = (36.48, 127.289)
DEGREE_M = 111_195
# Asked of 2,700 cameras: under 150 ms where nothing else runs; the bar leaves room for a busy machine.
SLOWEST_S = 0.6


def place(metres: float, towards_deg: float) -> tuple[float, float]:
    north, east = metres * cos(radians(towards_deg)), metres * sin(radians(towards_deg))
    return HERE[0] + north / DEGREE_M, HERE[1] + east / DEGREE_M / cos(radians(HERE[0]))


def order(cameras: list[Watcher], **values: Any) -> list[int]:
    asked: dict[str, Any] = {"seconds": 600, "pace": ADULT} | values
    return [row.key for row in rank_cameras(cameras, HERE, **asked)]


def test_the_nearer_of_two_comes_first_and_what_is_out_of_reach_not_at_all() -> None:
    cameras = [Watcher(1, place(500, 90)), Watcher(2, place(200, 90)), Watcher(3, place(5000, 90))]
    assert order(cameras) == [2, 1]


def test_ahead_comes_before_behind() -> None:
    cameras = [Watcher(1, place(300, 270)), Watcher(2, place(300, 90)), Watcher(3, place(300, 0))]
    assert order(cameras, heading_deg=90) == [2, 3, 1]


def test_a_camera_that_looks_at_who_comes_sees_a_face_one_that_looks_after_them_a_back() -> None:
    cameras = [Watcher(1, place(300, 90), 0), Watcher(2, place(300, 90), 90), Watcher(3, place(300, 90), 270)]
    assert order(cameras) == [3, 2, 1]


def test_more_time_makes_both_rings_wider_and_old_people_go_less_far() -> None:
    assert rings(ADULT, 600).likely_m == pytest.approx(30 + 1.34 * 600 / 1.3)
    assert rings(ADULT, 1200).possible_m > rings(ADULT, 600).possible_m > rings(PACES["dementia"], 600).possible_m
    assert rings(PACES["vehicle"], 600).likely_m > rings(ADULT, 600).possible_m


def test_half_of_all_people_go_at_the_usual_pace_or_faster() -> None:
    assert share_in_time(1.34 * 600, 600, ADULT) == pytest.approx(0.5)
    assert share_in_time(1.86 * 600, 600, ADULT) == pytest.approx(0.02275, abs=1e-4)
    assert (share_in_time(0, 0, ADULT), share_in_time(10, 0, ADULT)) == (1.0, 0.0)


def test_directions() -> None:
    assert direction_factor(0) == pytest.approx(1)
    assert direction_factor(180) == pytest.approx(0.25)
    assert (between(350, 10), between(10, 350), between(0, 180)) == (20, 20, 180)
    assert hop_heading(HERE, place(300, 90)) == pytest.approx(90, abs=0.1)
    assert hop_heading(HERE, place(10, 90)) is None


def box(middle: float, height: float) -> tuple[float, float, float, float]:
    return middle - 20, 400 - height, middle + 20, 400


@pytest.mark.parametrize(
    ("boxes", "heading"),
    [
        ([box(320, 200), box(320, 50)], 90.0),  # it shrinks: away from a camera that looks east
        ([box(320, 50), box(320, 200)], 270.0),  # it grows: towards the camera
        ([box(100, 100), box(540, 100)], 180.0),  # to the right of the picture: south
        ([box(540, 100), box(100, 100)], 0.0),
        ([box(320, 100), box(325, 100)], None),  # hardly moved
        ([box(320, 100)], None),
    ],
)
def test_a_track_says_where_it_went_over_the_ground(boxes: list[Any], heading: float | None) -> None:
    found = track_heading(boxes, Watcher(1, HERE, bearing_deg=90, field_of_view_deg=70), 640)
    if heading is None:
        assert found is None
    else:
        assert found is not None
        assert between(found, heading) < 1


def test_a_camera_that_nobody_knows_the_direction_of_says_nothing_about_the_tracks() -> None:
    assert track_heading([box(100, 100), box(540, 100)], Watcher(1, HERE), 640) is None


# ── What the API says ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def last(approved: SearchRequest, make_camera: Callable[..., Camera], operator: User) -> Candidate:
    """Two confirmed stops, from west to east."""
    rows = []
    for number, position in enumerate([place(300, 270), HERE]):
        camera = make_camera(f"S{number}", latitude=position[0], longitude=position[1])
        search = make_search(approved, [camera], operator, status="done")
        sighting = make_sighting(make_recording(camera), 1, after_s=240 * number)
        rows.append(Candidate.objects.create(search=search, sighting=sighting, score=0.9, decision="confirmed"))
    return rows[-1]


@pytest.fixture
def around(make_camera: Callable[..., Camera], last: Candidate) -> dict[str, Camera]:
    """Cameras at 200 m: ahead and behind, recorded; to the north without a recording; far away."""
    cameras = {}
    for name, metres, towards in [("ahead", 200, 90), ("behind", 200, 270), ("dark", 200, 0), ("far", 9000, 90)]:
        latitude, longitude = place(metres, towards)
        cameras[name] = make_camera(name, latitude=latitude, longitude=longitude)
        if name != "dark":
            make_recording(cameras[name], started_at=NOON - timedelta(hours=1), minutes=180)
    return cameras


def asked(client: Client, request: SearchRequest, **values: Any) -> dict[str, Any]:
    response = client.get(reverse("api-request-next", args=[request.pk]), {"minutes": 10} | values)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def codes(answer: dict[str, Any]) -> list[str]:
    return [row["code"] for row in answer["cameras"]]


def test_the_last_stop_the_way_there_and_the_cameras_within_reach(
    client: Client, approved: SearchRequest, last: Candidate, around: dict[str, Camera], operator: User
) -> None:
    client.force_login(operator)
    answer = asked(client, approved)
    assert answer["origin"]["sighting"] == last.sighting_id
    assert (answer["origin"]["heading_source"], round(answer["origin"]["heading_deg"])) == ("hop", 90)
    assert codes(answer) == ["ahead", "behind", "S0", "dark"]  # S0 was searched; nothing was recorded at "dark"
    assert [row["is_ahead"] for row in answer["cameras"]] == [True, False, False, False]
    assert answer["cameras"][0]["recorded"] == pytest.approx(1.0)
    assert answer["cameras"][0]["distance_m"] == pytest.approx(distance_m(HERE, around["ahead"].position))
    assert answer["rings"]["likely_m"] < answer["rings"]["possible_m"]


def test_what_was_searched_comes_after_what_was_not(
    client: Client, approved: SearchRequest, around: dict[str, Camera], operator: User
) -> None:
    make_search(approved, [around["ahead"]], operator, status="running")
    make_search(approved, [around["behind"]], operator, status="failed")
    client.force_login(operator)
    answer = asked(client, approved)
    marks = {row["code"]: row["is_searched"] for row in answer["cameras"]}
    assert codes(answer)[:2] == ["behind", "ahead"]
    assert (marks["ahead"], marks["behind"]) == (True, False)


def test_the_track_says_better_than_the_hop_where_it_was_going(
    client: Client, approved: SearchRequest, last: Candidate, around: dict[str, Camera], operator: User
) -> None:
    Camera.objects.filter(pk=last.sighting.camera_id).update(bearing_deg=270)
    track = Trajectory((0.0, 5.0), (Box(*box(320, 200)), Box(*box(320, 50))))
    Sighting.objects.filter(pk=last.sighting_id).update(trajectory=encode(track))
    client.force_login(operator)
    answer = asked(client, approved)
    assert (answer["origin"]["heading_source"], answer["origin"]["heading_deg"]) == ("track", 270)
    assert codes(answer)[0] == "behind"


def test_a_damaged_track_is_as_none(
    client: Client, approved: SearchRequest, last: Candidate, around: dict[str, Camera], operator: User
) -> None:
    Sighting.objects.filter(pk=last.sighting_id).update(trajectory=b"nonsense")
    client.force_login(operator)
    assert asked(client, approved)["origin"]["heading_source"] == "hop"


def test_cameras_out_of_scope_are_shown_last_and_marked(
    client: Client, approved: SearchRequest, around: dict[str, Camera], operator: User
) -> None:
    latitude, longitude = place(100, 270)
    SearchRequest.objects.update(
        radius_m=250, last_seen_latitude=latitude, last_seen_longitude=longitude, hours=1, last_seen_at=NOON
    )
    client.force_login(operator)
    answer = asked(client, approved)
    scope = {row["code"]: row["is_in_scope"] for row in answer["cameras"]}
    assert scope == {"behind": True, "ahead": False, "S0": True, "dark": True}
    assert codes(answer)[-1] == "ahead"
    assert answer["is_within_hours"] is True
    assert asked(client, approved, minutes=90)["is_within_hours"] is False


def test_when_no_further_camera_may_be_searched_only_the_searched_ones_are_in_scope(
    client: Client, approved: SearchRequest, around: dict[str, Camera], operator: User
) -> None:
    SearchRequest.objects.update(most_cameras=2)
    client.force_login(operator)
    answer = asked(client, approved)
    assert answer["cameras_left"] == 0
    assert [row["code"] for row in answer["cameras"] if row["is_in_scope"]] == ["S0"]


def test_from_any_candidate_and_from_where_the_station_says(
    client: Client, approved: SearchRequest, last: Candidate, around: dict[str, Camera], operator: User
) -> None:
    client.force_login(operator)
    first = Candidate.objects.order_by("pk")[0]
    answer = asked(client, approved, **{"from": first.sighting_id})
    assert (answer["origin"]["sighting"], answer["origin"]["heading_source"]) == (first.sighting_id, "")
    Candidate.objects.update(decision="pending")
    address = reverse("api-request-next", args=[approved.pk])
    assert "confirm a candidate" in str(client.get(address).json())
    SearchRequest.objects.update(last_seen_latitude=HERE[0], last_seen_longitude=HERE[1], last_seen_at=NOON)
    answer = asked(client, approved)
    assert (answer["origin"]["sighting"], answer["origin"]["heading_source"]) == (None, "request")


def test_without_minutes_it_is_until_now_but_a_day_at_most(
    client: Client, approved: SearchRequest, last: Candidate, operator: User
) -> None:
    client.force_login(operator)
    address = reverse("api-request-next", args=[approved.pk])
    for ago, least_s in ((timedelta(minutes=7), 7 * 60), (timedelta(days=7), 24 * 3600)):
        seen_at = timezone.now() - ago
        Sighting.objects.filter(pk=last.sighting_id).update(first_seen_at=seen_at, last_seen_at=seen_at)
        Candidate.objects.exclude(pk=last.pk).update(decision="pending")
        assert least_s <= span_s(client.get(address).json()) < least_s + 60


def span_s(answer: dict[str, Any]) -> float:
    start, end = (datetime.fromisoformat(answer[name]) for name in ("starts_at", "ends_at"))
    return float((end - start).total_seconds())


@pytest.mark.parametrize(
    "values", [{"minutes": 0}, {"minutes": 9999}, {"minutes": "soon"}, {"from": "x"}, {"from": -1}]
)
def test_senseless_questions_are_refused(
    client: Client, approved: SearchRequest, last: Candidate, operator: User, values: dict[str, Any]
) -> None:
    client.force_login(operator)
    assert client.get(reverse("api-request-next", args=[approved.pk]), values).status_code == 400


def test_a_sighting_of_another_request_is_not_found(
    client: Client, approved: SearchRequest, last: Candidate, operator: User
) -> None:
    other = make_sighting(last.sighting.recording, 7)
    client.force_login(operator)
    assert client.get(reverse("api-request-next", args=[approved.pk]), {"from": other.pk}).status_code == 404


def test_who_may_give_the_second_opinion_is_not_told_the_last_stop(
    client: Client, approved: SearchRequest, last: Candidate, around: dict[str, Camera], supervisor: User
) -> None:
    client.force_login(supervisor)
    address = reverse("api-request-next", args=[approved.pk])
    before = client.get(address)
    assert before.status_code == 400
    Candidate.objects.update(decision="rejected")
    assert client.get(address).content == before.content


@pytest.mark.parametrize("who", ["officer", "outsider", "administrator", "stranger"])
def test_others_have_no_cameras_ranked(
    client: Client, approved: SearchRequest, last: Candidate, request: pytest.FixtureRequest, who: str
) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("api-request-next", args=[approved.pk])).status_code in {403, 404}


def test_a_citys_cameras_are_ranked_at_once(
    client: Client, approved: SearchRequest, last: Candidate, operator: User
) -> None:
    positions = [place(40 + 2 * number, 137.5 * number) for number in range(2700)]
    centre = last.sighting.camera.centre
    Camera.objects.bulk_create(
        Camera(code=f"N{at}", name=f"Camera {at}", latitude=lat, longitude=lon, bearing_deg=at % 360, centre=centre)
        for at, (lat, lon) in enumerate(positions)
    )
    client.force_login(operator)
    asked(client, approved, minutes=60)
    start = perf_counter()
    answer = asked(client, approved, minutes=60)
    took_s = perf_counter() - start
    assert answer["total"] > 2500
    assert len(answer["cameras"]) == 200
    assert took_s < SLOWEST_S, f"{took_s:.3f} s"
