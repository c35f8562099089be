"""Rights as a table: role × right, and who sees which rows."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from cameras.models import Camera
from inference.models import Sighting
from investigations.models import Case, Path, PathPoint, Search, SearchRequest
from investigations.pictures import sightings_visible_to
from portal.accounts.models import User
from portal.accounts.rights import Right, has_right, require_right
from tests.conftest import make_answer, make_recording, make_search, make_sighting

HOLDERS = {
    Right.OPEN_CASE: {"officer"},
    Right.SUBMIT_REQUEST: {"officer"},
    Right.RECEIVE_REQUEST: {"operator", "supervisor"},
    Right.APPROVE_REQUEST: {"supervisor"},
    Right.ANSWER_REQUEST: {"operator", "supervisor"},
    Right.COMMENT: {"officer", "operator", "supervisor"},
    Right.EXPORT_EVIDENCE: {"operator", "supervisor"},
    Right.UNMASK: {"supervisor"},
    Right.HOLD_FOOTAGE: {"operator", "supervisor"},
    Right.MANAGE_BASES: {"administrator"},
    Right.SEARCH: {"operator", "supervisor"},
    Right.DECIDE_CANDIDATE: {"operator", "supervisor"},
    Right.BUILD_PATH: {"operator", "supervisor"},
    Right.VIEW_FOOTAGE: {"operator", "supervisor"},
    Right.REQUEST_ANALYSIS: {"operator", "supervisor", "administrator"},
    Right.WATCH_PLATES: {"operator", "supervisor"},
    Right.MANAGE_WATCH: {"supervisor"},
    Right.MANAGE_CAMERAS: {"administrator"},
    Right.MANAGE_PEOPLE: {"administrator"},
    Right.MANAGE_EXCHANGE: {"administrator"},
    Right.VIEW_AUDIT: {"supervisor", "administrator"},
}


@pytest.mark.parametrize("role", list(User.Role))
@pytest.mark.parametrize("right", list(Right))
def test_each_role_holds_its_rights_and_no_other(role: str, right: Right) -> None:
    user = User(username="x", role=role)
    assert has_right(user, right) == (role in HOLDERS[right])


@pytest.mark.parametrize("right", list(Right))
def test_nobody_logged_out_or_disabled_holds_any(right: Right) -> None:
    disabled = User(username="x", role="supervisor", is_active=False)
    assert not has_right(AnonymousUser(), right)
    assert not has_right(disabled, right)
    with pytest.raises(PermissionDenied):
        require_right(disabled, right)


@pytest.fixture
def rows(
    case: Case, approved: SearchRequest, camera: Camera, make_camera: Callable[..., Camera], operator: User
) -> dict[str, int]:
    """One of everything: a sighting of the answer, and one that is on the centre's own path only."""
    recording = make_recording(camera)
    answered, other = make_sighting(recording, 1), make_sighting(recording, 2)
    search = make_search(approved, [camera], operator)
    path = Path.objects.create(request=approved, built_by=operator)
    PathPoint.objects.create(path=path, number=1, sighting=other)
    make_answer(approved, operator, answered)
    make_camera("C9", status="retired")
    return {"search": search.pk, "answered": answered.pk, "other": other.pk}


#            cameras, cases, requests, searches, paths, sightings of the answer, other sightings
VISIBLE = {
    "officer": (1, 1, 1, 0, 0, True, False),
    "colleague": (1, 1, 1, 0, 0, True, False),
    "outsider": (1, 0, 0, 0, 0, False, False),
    "operator": (2, 1, 1, 1, 1, True, True),
    "supervisor": (2, 1, 1, 1, 1, True, True),
    "stranger": (0, 0, 0, 0, 0, False, False),
    "administrator": (2, 0, 0, 0, 0, False, False),
}


@pytest.mark.parametrize("who", list(VISIBLE))
def test_each_person_sees_their_own_rows(who: str, rows: dict[str, int], request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(who)
    assert seen_by(user, rows) == VISIBLE[who]
    user.is_active = False
    assert seen_by(user, rows)[1:] == (0, 0, 0, 0, False, False)


def seen_by(user: User, rows: dict[str, int]) -> tuple[int | bool, ...]:
    sightings = sightings_visible_to(user)
    return (
        Camera.objects.visible_to(user).count(),
        Case.objects.visible_to(user).count(),
        SearchRequest.objects.visible_to(user).count(),
        Search.objects.visible_to(user).count(),
        Path.objects.visible_to(user).count(),
        sightings.filter(pk=rows["answered"]).exists(),
        sightings.filter(pk=rows["other"]).exists(),
    )


def test_an_anonymous_visitor_sees_nothing(rows: dict[str, int]) -> None:
    anyone = AnonymousUser()
    assert not Camera.objects.visible_to(anyone)
    assert not Case.objects.visible_to(anyone)
    assert not SearchRequest.objects.visible_to(anyone)
    assert not Sighting.objects.visible_to(anyone)
