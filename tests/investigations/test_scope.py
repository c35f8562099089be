"""What a legal basis allows to be searched."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cameras.models import Camera
from inference.models import Sighting
from investigations.models import Search, SearchRequest
from investigations.scope import Scope, find_breaches, reach_m, span_hours
from investigations.services.requests import change_scope
from investigations.services.scopes import OutOfScope
from investigations.services.searches import SearchTerms, start_search
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON

HERE, NEAR, FAR = (36.48, 127.289), (36.489, 127.289), (36.57, 127.289)  # 0, 1,001 and 10,008 m apart
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("limits", "count", "positions", "from_h", "until_h", "rules"),
    [
        ({}, 10_000, [HERE, FAR], -1000, 1000, []),  # no limits bind nobody
        ({"most_cameras": 2}, 2, [HERE], -1, 1, []),
        ({"most_cameras": 2}, 3, [HERE], -1, 1, ["cameras"]),
        ({"radius_m": 1002}, 1, [HERE, NEAR], -1, 1, []),
        ({"radius_m": 1000}, 1, [HERE, NEAR], -1, 1, ["radius"]),
        ({"hours": 2}, 1, [HERE], -2, 2, []),
        ({"hours": 2}, 1, [HERE], -2.1, 1, ["hours"]),  # too far back, however short
        ({"hours": 2}, 1, [HERE], 2, 2.1, ["hours"]),  # too late, however short
        ({"most_cameras": 0, "radius_m": 0, "hours": 0}, 1, [NEAR], -1, 1, ["cameras", "radius", "hours"]),
    ],
)
def test_each_limit_binds_at_its_border(
    limits: dict[str, int], count: int, positions: list[Any], from_h: float, until_h: float, rules: list[str]
) -> None:
    scope = Scope(**({"most_cameras": None, "radius_m": None, "hours": None} | limits), place=HERE, moment=NOON)
    breaches = find_breaches(scope, positions, NOON + from_h * HOUR, NOON + until_h * HOUR, camera_count=count)
    assert [breach.rule for breach in breaches] == rules


def test_without_a_place_the_radius_is_measured_from_the_cameras_middle() -> None:
    assert reach_m([HERE, FAR], None) == pytest.approx(5004, abs=2)
    assert reach_m([], None) == 0


def test_without_a_moment_the_hours_are_counted() -> None:
    assert span_hours(NOON, NOON + 3 * HOUR, None) == 3


def start(
    request: SearchRequest, camera: Camera, sighting: Sighting, actor: User, until: datetime = NOON + HOUR
) -> Search:
    terms = SearchTerms(cameras=[camera], starts_at=NOON, ends_at=until, sightings=[sighting], reason="look")
    return start_search(request, terms, actor=actor)


def test_a_search_outside_the_scope_is_refused_by_the_rules_name_and_kept_in_the_trail(
    approved: SearchRequest, camera: Camera, sighting: Sighting, operator: User, supervisor: User
) -> None:
    SearchRequest.objects.update(last_seen_latitude=FAR[0], last_seen_longitude=FAR[1], radius_m=5000, hours=2)
    approved.refresh_from_db()
    with pytest.raises(OutOfScope) as caught:
        start(approved, camera, sighting, operator, NOON + 3 * HOUR)
    radius, hours = caught.value.messages
    assert radius.startswith("Rule “radius” of “Finding a missing child")
    assert "10007 m" in radius
    assert "5000 m" in radius
    assert "supervisor of City Centre" in radius
    assert "3.0 h" in hours
    refused = AuditEntry.objects.get(action="search.refused")
    assert [rule["rule"] for rule in refused.details["rules"]] == ["radius", "hours"]
    assert not Search.objects.exists()
    change_scope(approved, {"radius_m": 11_000, "hours": 3}, reason="bus line", actor=supervisor)
    assert start(approved, camera, sighting, operator, NOON + 3 * HOUR).pk


def test_cameras_are_counted_over_all_searches_of_the_request(
    approved: SearchRequest, camera: Camera, sighting: Sighting, operator: User, make_camera: Any
) -> None:
    SearchRequest.objects.update(most_cameras=1)
    approved.refresh_from_db()
    start(approved, camera, sighting, operator)
    start(approved, camera, sighting, operator)  # the same camera again
    with pytest.raises(OutOfScope, match="2 cameras were asked for, 1 are allowed"):
        start(approved, make_camera("C2"), sighting, operator)


def test_the_first_search_moves_the_request_on(
    approved: SearchRequest, camera: Camera, sighting: Sighting, operator: User
) -> None:
    search = start(approved, camera, sighting, operator)
    approved.refresh_from_db()
    assert (approved.status, approved.handler) == ("searching", operator)
    assert search.is_known_to(operator)
