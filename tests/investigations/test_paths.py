"""Paths: the order of stops, the hops between them, and the verb that stores them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from investigations.models import Candidate, Path, SearchRequest
from investigations.paths import Stop, build_path
from investigations.pictures import sightings_visible_to
from investigations.services.candidates import decide_candidate
from investigations.services.paths import build_path as build_path_verb
from investigations.services.paths import shown_points
from investigations.services.reviews import review_candidate, show_decisions
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, make_answer, make_recording, make_search, make_sighting

HERE, NEAR, FAR = (36.4800, 127.2890), (36.4809, 127.2890), (36.6010, 127.2960)  # 100 m and 13.5 km away


def stop(key: int, position: tuple[float, float], start_s: float, end_s: float) -> Stop:
    return Stop(key, position, NOON + timedelta(seconds=start_s), NOON + timedelta(seconds=end_s))


def test_stops_are_put_in_time_order_and_the_first_has_no_hop() -> None:
    points = build_path([stop(2, NEAR, 100, 110), stop(1, HERE, 0, 10)])
    assert [point.key for point, _hop in points] == [1, 2]
    assert points[0][1] is None


def test_a_hop_is_measured_from_the_last_look_to_the_next_first_look() -> None:
    (_, _), (_, hop) = build_path([stop(1, HERE, 0, 10), stop(2, NEAR, 110, 120)])
    assert hop is not None
    assert hop.distance_m == pytest.approx(100, abs=0.2)
    assert (hop.duration_s, hop.is_impossible) == (100, False)
    assert hop.speed_mps == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("there", "gap_s", "limit_mps", "impossible"),
    [
        (NEAR, 10, 6.0, False),  # 100 m less two views of 30 m leaves 40 m: 4 m/s
        (NEAR, 5, 6.0, True),  # 8 m/s
        (FAR, 600, 6.0, True),  # 13.5 km in ten minutes on foot
        (FAR, 600, 56.0, False),  # by car
        (FAR, 3600, 6.0, False),
    ],
)
def test_hops_that_nobody_could_make_are_flagged(
    there: tuple[float, float], gap_s: float, limit_mps: float, impossible: bool
) -> None:
    (_, _), (_, hop) = build_path([stop(1, HERE, 0, 10), stop(2, there, 10 + gap_s, 20 + gap_s)], limit_mps=limit_mps)
    assert hop is not None
    assert hop.is_impossible == impossible


def test_two_places_at_once_are_impossible_unless_the_views_may_overlap() -> None:
    (_, _), (_, far) = build_path([stop(1, HERE, 0, 60), stop(2, FAR, 30, 90)])
    assert far is not None
    assert (far.is_impossible, far.speed_mps, far.duration_s) == (True, None, 0)
    (_, _), (_, meeting) = build_path([stop(1, HERE, 0, 10), stop(2, (36.4804, 127.2890), 10.4, 20)])
    assert meeting is not None
    assert (meeting.speed_mps, meeting.is_impossible) == (None, False)  # 44 m in 0.4 s, out of one view into the other
    (_, _), (_, same) = build_path([stop(1, HERE, 0, 60), stop(2, HERE, 30, 90)])
    assert same is not None
    assert not same.is_impossible


def test_nothing_makes_an_empty_path() -> None:
    assert build_path([]) == []


@pytest.fixture
def confirmed(approved: SearchRequest, make_camera: Callable[..., Camera], operator: User) -> list[Candidate]:
    """Three confirmed candidates, the second in time first in rank, and one rejected."""
    cameras = [make_camera(f"C{number}", latitude=36.48 + number * 0.001) for number in range(4)]
    search = make_search(approved, cameras, operator)
    rows = []
    for number, (camera, after_s) in enumerate(zip(cameras, [300, 100, 200, 250], strict=True)):
        sighting = make_sighting(make_recording(camera), 1, after_s=after_s)
        decision = "rejected" if number == 3 else "confirmed"
        rows.append(
            Candidate.objects.create(search=search, sighting=sighting, score=0.9 - number / 10, decision=decision)
        )
    return rows


def test_the_verb_numbers_what_is_confirmed_and_is_audited(
    approved: SearchRequest, confirmed: list[Candidate], operator: User
) -> None:
    path = build_path_verb(approved, actor=operator)
    points = list(path.points.all())
    assert [point.sighting_id for point in points] == [confirmed[at].sighting_id for at in (1, 2, 0)]
    assert [point.number for point in points] == [1, 2, 3]
    assert points[0].hop_m is None
    assert points[1].hop_m == pytest.approx(111.2, abs=0.5)
    assert AuditEntry.objects.get(action="path.built").details["sightings"] == [p.sighting_id for p in points]


def test_building_again_replaces_the_points(
    approved: SearchRequest, confirmed: list[Candidate], operator: User
) -> None:
    first = build_path_verb(approved, actor=operator)
    Candidate.objects.filter(pk=confirmed[0].pk).update(decision="rejected")
    second = build_path_verb(approved, actor=operator)
    assert first.pk == second.pk
    assert second.points.count() == 2


def test_one_sighting_confirmed_in_two_searches_is_one_stop(
    approved: SearchRequest, confirmed: list[Candidate], operator: User
) -> None:
    again = make_search(approved, [], operator)
    Candidate.objects.create(search=again, sighting=confirmed[0].sighting, score=0.5, decision="confirmed")
    assert build_path_verb(approved, actor=operator).points.count() == 3


def test_without_confirmed_candidates_there_is_no_path(approved: SearchRequest, operator: User) -> None:
    with pytest.raises(ValidationError, match="Confirm at least one"):
        build_path_verb(approved, actor=operator)
    assert not Path.objects.exists()


def test_police_and_other_centres_may_not_build_one(
    approved: SearchRequest, confirmed: list[Candidate], officer: User, stranger: User
) -> None:
    for person in (officer, stranger):
        with pytest.raises(PermissionDenied):
            build_path_verb(approved, actor=person)


def test_a_withdrawn_confirmation_leaves_the_path_at_once(
    approved: SearchRequest, confirmed: list[Candidate], operator: User, officer: User
) -> None:
    path = build_path_verb(approved, actor=operator)
    added = make_search(approved, [], operator)
    later = make_sighting(confirmed[0].sighting.recording, 9)
    Candidate.objects.create(search=added, sighting=later, score=0.4, decision="confirmed")  # not yet on the path
    for candidate in confirmed[:3]:
        decide_candidate(candidate, "rejected", reason="somebody else", actor=operator)
        assert not sightings_visible_to(officer).filter(pk=candidate.sighting_id).exists()
        assert later.pk not in path.points.values_list("sighting_id", flat=True)
    assert path.points.count() == 0


def test_a_sighting_confirmed_elsewhere_stays_on_the_path(
    approved: SearchRequest, confirmed: list[Candidate], operator: User
) -> None:
    again = make_search(approved, [], operator)
    Candidate.objects.create(search=again, sighting=confirmed[0].sighting, score=0.5, decision="confirmed")
    path = build_path_verb(approved, actor=operator)
    decide_candidate(confirmed[0], "pending", actor=operator)
    assert path.points.count() == 3


# ── Who sees which points ───────────────────────────────────────────────────────────────────────────────────────────


def test_who_may_give_the_second_opinion_sees_agreed_points_only_measured_anew(
    approved: SearchRequest, confirmed: list[Candidate], operator: User, supervisor: User
) -> None:
    path = build_path_verb(approved, actor=operator)
    assert shown_points(path, supervisor) == []
    for candidate in (confirmed[0], confirmed[1]):
        review_candidate(candidate, "confirmed", actor=supervisor)
    review_candidate(confirmed[2], "rejected", reason="other shoes", actor=supervisor)
    points = shown_points(path, supervisor)
    assert [(point.number, point.sighting_id) for point in points] == [
        (1, confirmed[1].sighting_id),
        (2, confirmed[0].sighting_id),
    ]
    assert points[1].hop_s == pytest.approx(195)  # from 105 s to 300 s, past the stop that is left out


def test_who_works_on_the_search_sees_the_whole_path(
    approved: SearchRequest, confirmed: list[Candidate], operator: User, supervisor: User
) -> None:
    path = build_path_verb(approved, actor=operator)
    assert len(shown_points(path, operator)) == 3
    show_decisions(confirmed[0].search, actor=supervisor)
    assert shown_points(path, supervisor) == shown_points(path, operator)


def test_the_api_gives_each_person_their_path_and_accounts_for_what_it_showed(
    client: Client, approved: SearchRequest, confirmed: list[Candidate], operator: User, supervisor: User
) -> None:
    address = reverse("api-request-path", args=[approved.pk])
    client.force_login(supervisor)
    assert client.post(address).json()["points"] == []  # built, but none of it is for them to know
    assert AuditEntry.objects.filter(action="sightings.viewed", actor_id=supervisor.pk).get().details["sightings"] == []
    client.force_login(operator)
    assert [point["number"] for point in client.get(address).json()["points"]] == [1, 2, 3]


def test_police_get_the_path_of_the_latest_answer_and_never_the_working_one(
    client: Client, approved: SearchRequest, confirmed: list[Candidate], operator: User, officer: User
) -> None:
    address = reverse("api-request-path", args=[approved.pk])
    build_path_verb(approved, actor=operator)
    client.force_login(officer)
    assert client.get(address).json()["points"] == []
    make_answer(approved, operator, confirmed[0].sighting)
    make_answer(approved, operator, confirmed[1].sighting, confirmed[0].sighting, number=2)
    points = client.get(address).json()["points"]
    assert [point["sighting"]["id"] for point in points] == [confirmed[1].sighting_id, confirmed[0].sighting_id]
    assert client.get(points[0]["sighting"]["picture"]).status_code == 200
    entry = AuditEntry.objects.get(action="answer.viewed", actor_id=officer.pk)
    assert entry.details["sightings"] == [confirmed[1].sighting_id, confirmed[0].sighting_id]


def test_a_point_whose_footage_was_destroyed_stays_on_the_answered_path(
    client: Client, approved: SearchRequest, confirmed: list[Candidate], operator: User, officer: User
) -> None:
    make_answer(approved, operator, confirmed[0].sighting).items.update(sighting=None)
    client.force_login(officer)
    (point,) = client.get(reverse("api-request-path", args=[approved.pk])).json()["points"]
    assert (point["sighting"]["id"], point["sighting"]["picture"]) == (None, None)
    assert point["sighting"]["camera_code"] == "C0"
