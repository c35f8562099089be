"""Cases and requests: who may open, submit, approve and return."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from investigations.models import Case, SearchRequest
from investigations.services.cases import close_case, open_case
from investigations.services.requests import approve_request, return_request, submit_request
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry


def test_an_officer_opens_a_case_of_the_own_station(officer: User, station: Agency) -> None:
    case = open_case(number=" 2026-7 ", title="Missing", kind="missing_child", actor=officer)
    assert (case.number, case.agency) == ("2026-7", station)
    assert AuditEntry.objects.get().action == "case.opened"


@pytest.mark.parametrize("values", [{"number": ""}, {"title": ""}, {"kind": "unknown"}])
def test_an_incomplete_case_is_refused(officer: User, values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        open_case(**({"number": "1", "title": "T", "kind": "suspect"} | values), actor=officer)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("who", ["operator", "supervisor", "administrator"])
def test_only_police_open_cases(who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        open_case(number="1", title="T", kind="suspect", actor=request.getfixturevalue(who))


def test_two_stations_may_use_the_same_number(officer: User, outsider: User) -> None:
    for person in (officer, outsider):
        open_case(number="2026-7", title="T", kind="suspect", actor=person)
    with pytest.raises(ValidationError, match="already has a case"):
        open_case(number="2026-7", title="T", kind="suspect", actor=officer)


def test_a_case_is_closed_once_and_with_its_end(case: Case, officer: User, outsider: User) -> None:
    for person, reason in ((officer, " "), (outsider, "found")):
        with pytest.raises(ValidationError):
            close_case(case, reason=reason, actor=person)
    assert close_case(case, reason="found", actor=officer).status == "closed"
    assert AuditEntry.objects.get(action="case.closed").reason == "found"
    with pytest.raises(ValidationError):
        close_case(case, reason="again", actor=officer)


def submit(case: Case, centre: Agency, actor: User, **values: Any) -> SearchRequest:
    defaults: dict[str, Any] = {"centre": centre, "purpose": "law", "wanted": "red coat"}
    return submit_request(case, **(defaults | values), actor=actor)


def test_a_submitted_request_has_its_first_status_row_and_entry(case: Case, centre: Agency, officer: User) -> None:
    request = submit(case, centre, officer)
    assert [(row.old, row.new) for row in request.changes.all()] == [("", "submitted")]
    assert AuditEntry.objects.get(action="request.submitted").reason == "law"


def test_a_request_needs_a_purpose(case: Case, centre: Agency, officer: User) -> None:
    with pytest.raises(ValidationError):
        submit(case, centre, officer, purpose="  ")


def test_another_station_cannot_submit_for_the_case(case: Case, centre: Agency, outsider: User) -> None:
    with pytest.raises(PermissionDenied):
        submit(case, centre, outsider)


def test_a_request_goes_to_a_control_centre_only(case: Case, other_station: Agency, officer: User) -> None:
    with pytest.raises(ValidationError):
        submit(case, other_station, officer)


def test_a_supervisor_approves_once(request_: SearchRequest, supervisor: User) -> None:
    assert approve_request(request_, actor=supervisor).status == "approved"
    with pytest.raises(ValidationError, match="already been decided"):
        approve_request(request_, actor=supervisor)
    with pytest.raises(ValidationError, match="already been decided"):
        return_request(request_, reason="late", actor=supervisor)
    assert AuditEntry.objects.filter(target_type="investigations.searchrequest").count() == 1


def test_a_returned_request_says_what_is_missing(request_: SearchRequest, supervisor: User) -> None:
    with pytest.raises(ValidationError, match="what is missing"):
        return_request(request_, reason=" ", actor=supervisor)
    returned = return_request(request_, reason="A photo, please.", actor=supervisor)
    assert returned.status == "returned"
    change = returned.changes.last()
    assert change is not None
    assert change.reason == "A photo, please."


@pytest.mark.parametrize("who", ["officer", "operator", "stranger", "administrator"])
def test_nobody_else_approves(who: str, request_: SearchRequest, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        approve_request(request_, actor=request.getfixturevalue(who))
    request_.refresh_from_db()
    assert request_.status == "submitted"
