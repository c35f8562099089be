"""Cases and requests: each step of the workflow, by whom, in which state, and what it leaves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from cameras.models import Camera
from investigations import workflow
from investigations.models import Case, LegalBasis, Notification, SearchRequest
from investigations.services.answers import send_answer
from investigations.services.cases import close_case, open_case
from investigations.services.requests import (
    RequestTerms,
    approve_request,
    assign_request,
    begin_search,
    change_scope,
    close_request,
    discard_draft,
    draft_request,
    file_request,
    receive_request,
    reopen_request,
    return_request,
    review_request,
    revise_request,
    submit_request,
)
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, legal_basis, make_search


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
    for person, outcome, reason in (
        (officer, "found", " "),
        (officer, "", "at the station"),
        (outsider, "found", "at the station"),
    ):
        with pytest.raises(ValidationError):
            close_case(case, outcome, reason=reason, actor=person)
    closed = close_case(case, "found", reason="at the station", actor=officer)
    assert (closed.status, closed.outcome) == ("closed", "found")
    assert AuditEntry.objects.get(action="case.closed").reason == "at the station"
    with pytest.raises(ValidationError):
        close_case(case, "found", reason="again", actor=officer)


def test_closing_a_case_closes_its_requests_and_throws_its_drafts_away(
    case: Case, centre: Agency, approved: SearchRequest, officer: User
) -> None:
    draft_request(case, terms(centre), actor=officer)
    close_case(case, "not_found", reason="given up", actor=officer)
    assert [(row.status, row.outcome) for row in case.requests.all()] == [("closed", "not_found")]


def terms(centre: Agency, **values: Any) -> RequestTerms:
    defaults: dict[str, Any] = {"basis": legal_basis(), "purpose": "law", "wanted": "red coat"}
    return RequestTerms(centre=centre, **(defaults | values))


def submit(case: Case, centre: Agency, actor: User, **values: Any) -> SearchRequest:
    return file_request(case, terms(centre, **values), actor=actor)


# ── Writing and sending ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_is_the_stations_own(case: Case, centre: Agency, officer: User, operator: User) -> None:
    draft = draft_request(case, terms(centre), actor=officer)
    assert not SearchRequest.objects.visible_to(operator).exists()
    revised = revise_request(draft, terms(centre, wanted="blue coat"), actor=officer)
    assert submit_request(revised, actor=officer).status == "submitted"
    assert SearchRequest.objects.visible_to(operator).get().wanted == "blue coat"


def test_a_sent_request_is_changed_only_after_its_return(
    case: Case, centre: Agency, officer: User, supervisor: User
) -> None:
    request = submit(case, centre, officer)
    with pytest.raises(ValidationError, match="only while it is a draft"):
        revise_request(request, terms(centre, wanted="blue"), actor=officer)
    return_request(request, reason="Which colour?", actor=supervisor)
    revise_request(request, terms(centre, wanted="blue"), actor=officer)
    again = submit_request(SearchRequest.objects.get(pk=request.pk), actor=officer)
    assert (again.status, again.wanted) == ("submitted", "blue")
    assert [change.verb for change in again.changes.all()] == ["submit", "return", "submit"]


def test_only_a_draft_that_was_never_sent_is_discarded(
    case: Case, centre: Agency, officer: User, request_: SearchRequest
) -> None:
    draft = draft_request(case, terms(centre), actor=officer)
    discard_draft(draft, actor=officer)
    assert not SearchRequest.objects.filter(pk=draft.pk).exists()
    with pytest.raises(ValidationError, match="Withdraw"):
        discard_draft(request_, actor=officer)


def test_a_submitted_request_has_its_status_row_its_entry_and_its_deadlines(
    case: Case, centre: Agency, officer: User
) -> None:
    request = submit(case, centre, officer)
    assert [(row.old, row.new) for row in request.changes.all()] == [("draft", "submitted")]
    assert AuditEntry.objects.get(action="request.submitted").reason == "law"
    assert request.receipt_due_at
    assert request.approval_due_at
    assert request.receipt_due_at < request.approval_due_at
    assert request.due_at == request.receipt_due_at


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"purpose": "  "}, "purpose"),
        ({"basis": "crime"}, "basis"),  # a missing child is no crime
        ({"basis": "warrant"}, "basis"),
        ({"last_seen_at": NOON + timedelta(days=3650)}, "last_seen_at"),
        ({"plate": "12가<b>"}, "plate"),
        ({"plate": "???"}, "plate"),
        ({"last_seen_latitude": 36.5}, "last_seen_longitude"),
        ({"last_seen_longitude": 127.0}, "last_seen_latitude"),
        ({"last_seen_latitude": 136.5, "last_seen_longitude": 127.0}, "last_seen_latitude"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_at_its_field(
    case: Case, centre: Agency, officer: User, values: dict[str, Any], field: str
) -> None:
    if "basis" in values:
        values = {"basis": legal_basis(values["basis"])}
    with pytest.raises(ValidationError) as caught:
        submit(case, centre, officer, **values)
    assert field in caught.value.message_dict
    assert not SearchRequest.objects.exists()


def test_a_crime_needs_the_letters_number_and_is_no_emergency(centre: Agency, officer: User) -> None:
    theft = open_case(number="T-1", title="Stolen car", kind="vehicle", actor=officer)
    with pytest.raises(ValidationError) as caught:
        submit(theft, centre, officer, basis=legal_basis("crime"), is_emergency=True)
    assert set(caught.value.message_dict) == {"document_number", "is_emergency"}
    sent = submit(theft, centre, officer, basis=legal_basis("crime"), document_number="2026-12", plate="12가 3456")
    assert (sent.most_cameras, sent.hours, sent.plate) == (200, 48, "12가3456")


def test_another_station_cannot_submit_for_the_case(case: Case, centre: Agency, outsider: User) -> None:
    with pytest.raises(PermissionDenied):
        submit(case, centre, outsider)


def test_a_request_goes_to_a_control_centre_only(case: Case, other_station: Agency, officer: User) -> None:
    with pytest.raises(ValidationError):
        submit(case, other_station, officer)


def test_a_later_change_of_the_basis_alters_no_request_under_way(case: Case, centre: Agency, officer: User) -> None:
    request = submit(case, centre, officer)
    LegalBasis.objects.update(most_cameras=1)
    request.refresh_from_db()
    assert request.scope.most_cameras == 500


# ── Receipt, approval, return ───────────────────────────────────────────────────────────────────────────────────────


def test_an_operator_who_receives_a_request_handles_it(request_: SearchRequest, operator: User) -> None:
    received = receive_request(request_, actor=operator)
    assert (received.status, received.handler, received.received_by) == ("received", operator, operator)
    with pytest.raises(ValidationError, match="cannot be done now"):
        receive_request(request_, actor=operator)


def test_a_request_is_given_to_people_of_the_centre_only(
    request_: SearchRequest, supervisor: User, operator: User, stranger: User, officer: User
) -> None:
    for nobody in (stranger, officer):
        with pytest.raises(ValidationError, match="Only an operator or supervisor"):
            assign_request(request_, nobody, actor=supervisor)
    assert assign_request(request_, operator, actor=supervisor).handler == operator
    assert [row.kind for row in Notification.objects.filter(user=operator)] == ["assigned"]


def test_a_supervisor_approves_once(request_: SearchRequest, supervisor: User) -> None:
    approved = approve_request(request_, actor=supervisor)
    assert (approved.status, approved.approved_by, approved.received_by) == ("approved", supervisor, supervisor)
    with pytest.raises(ValidationError, match="already been decided"):
        approve_request(request_, actor=supervisor)
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


def test_nobody_approves_the_own_request_whatever_role_they_get(
    request_: SearchRequest, officer: User, centre: Agency
) -> None:
    officer.role, officer.agency = "supervisor", centre
    officer.save()
    with pytest.raises(PermissionDenied, match="own request"):
        approve_request(request_, actor=officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        SearchRequest.objects.update(approved_by=officer)


# ── Emergencies ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def emergency(case: Case, centre: Agency, officer: User) -> SearchRequest:
    return submit(case, centre, officer, is_emergency=True)


def test_an_emergency_is_searched_before_it_is_approved(
    emergency: SearchRequest, operator: User, supervisor: User
) -> None:
    assert emergency.is_searchable
    begin_search(emergency, actor=operator)
    emergency.refresh_from_db()
    assert (emergency.status, emergency.approved_at, emergency.handler) == ("searching", None, operator)
    assert list(SearchRequest.objects.waiting_for_approval()) == [emergency]
    approved = approve_request(emergency, actor=supervisor)
    assert (approved.status, approved.approved_by) == ("searching", supervisor)
    assert [change.verb for change in approved.changes.all()] == ["submit", "search_in_emergency", "approve"]
    assert AuditEntry.objects.get(action="request.approved").details["is_late"] is False


def test_an_emergency_whose_approval_is_overdue_is_not_searched_on(
    emergency: SearchRequest, operator: User, supervisor: User
) -> None:
    begin_search(emergency, actor=operator)
    SearchRequest.objects.update(approval_due_at=timezone.now() - timedelta(minutes=1))
    emergency.refresh_from_db()
    with pytest.raises(ValidationError, match="time for approving this emergency"):
        begin_search(emergency, actor=operator)
    assert list(SearchRequest.objects.overdue(timezone.now())) == [emergency]
    assert approve_request(emergency, actor=supervisor).is_searchable
    assert AuditEntry.objects.get(action="request.approved").details["is_late"] is True


def test_an_emergency_that_is_not_approved_stops_its_searches(
    emergency: SearchRequest, operator: User, supervisor: User, camera: Camera
) -> None:
    begin_search(emergency, actor=operator)
    search = make_search(emergency, [camera], operator)
    returned = return_request(emergency, reason="The child is at home.", actor=supervisor)
    search.refresh_from_db()
    assert (returned.status, search.status) == ("returned", "cancelled")


def test_an_ordinary_request_is_not_searched_before_its_approval(request_: SearchRequest, operator: User) -> None:
    with pytest.raises(ValidationError, match="not approved"):
        begin_search(request_, actor=operator)


# ── Scope ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_scope_is_widened_with_a_reason_and_its_history(
    approved: SearchRequest, supervisor: User, operator: User
) -> None:
    with pytest.raises(ValidationError, match="Say why"):
        change_scope(approved, {"radius_m": 20_000}, reason="", actor=supervisor)
    with pytest.raises(PermissionDenied):
        change_scope(approved, {"radius_m": 20_000}, reason="bus line", actor=operator)
    wider = change_scope(approved, {"radius_m": 20_000, "status": 1}, reason="bus line", actor=supervisor)
    assert (wider.radius_m, wider.status) == (20_000, "approved")
    row = wider.scope_changes.get()
    assert (row.limit, row.old, row.new, row.actor) == ("radius_m", None, 20_000, supervisor)
    with pytest.raises(ValidationError, match="Nothing of the scope"):
        change_scope(approved, {"radius_m": 20_000}, reason="again", actor=supervisor)


# ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("outcome", "days"), [("found", 0), ("not_found", 5), ("withdrawn", 5)])
def test_a_closed_request_says_how_it_ended_and_when_its_data_goes(
    approved: SearchRequest, officer: User, outcome: str, days: int
) -> None:
    SearchRequest.objects.update(retention_days=5)
    approved.refresh_from_db()
    closed = close_request(approved, outcome, reason="phone call", actor=officer)
    assert (closed.status, closed.outcome) == ("closed", outcome)
    assert closed.purge_at is not None
    assert closed.closed_at is not None
    assert (closed.purge_at - closed.closed_at) == timedelta(days=days)


def test_a_reopened_request_is_searchable_again_and_keeps_its_data(
    approved: SearchRequest, officer: User, operator: User
) -> None:
    close_request(approved, "not_found", reason="given up", actor=officer)
    with pytest.raises(ValidationError, match="Say why"):
        reopen_request(approved, reason="", actor=officer)
    again = reopen_request(approved, reason="A new hint.", actor=officer)
    assert (again.status, again.outcome, again.purge_at) == ("reopened", "", None)
    assert again.is_searchable
    begin_search(again, actor=operator)
    SearchRequest.objects.update(status="closed", outcome="found", purged_at=timezone.now())
    with pytest.raises(ValidationError, match="destroyed"):
        reopen_request(again, reason="Once more.", actor=officer)


# ── The table ───────────────────────────────────────────────────────────────────────────────────────────────────────

STEPS: dict[str, tuple[set[str], Callable[[SearchRequest, User], Any]]] = {
    "submit": ({"officer", "colleague"}, lambda row, actor: submit_request(row, actor=actor)),
    "receive": ({"operator", "supervisor"}, lambda row, actor: receive_request(row, actor=actor)),
    "approve": ({"supervisor"}, lambda row, actor: approve_request(row, actor=actor)),
    "return": ({"supervisor"}, lambda row, actor: return_request(row, reason="why", actor=actor)),
    "review": ({"operator", "supervisor"}, lambda row, actor: review_request(row, actor=actor)),
    "answer": ({"operator", "supervisor"}, lambda row, actor: send_answer(row, [], "not seen", actor=actor)),
    "reopen": ({"officer", "colleague"}, lambda row, actor: reopen_request(row, reason="why", actor=actor)),
    "close": ({"officer", "colleague"}, lambda row, actor: close_request(row, "found", reason="why", actor=actor)),
}


@pytest.mark.parametrize("status", list(SearchRequest.Status.values))
@pytest.mark.parametrize("verb", list(STEPS))
def test_each_step_is_possible_in_its_states_and_leaves_one_row_and_one_entry(
    verb: str, status: str, approved: SearchRequest, request: pytest.FixtureRequest
) -> None:
    put_into(approved, status)
    who = sorted(STEPS[verb][0])[0]
    before = AuditEntry.objects.count()
    if status in workflow.MOVES[verb].sources and not (verb == "approve" and approved.approved_at):
        STEPS[verb][1](approved, request.getfixturevalue(who))
        approved.refresh_from_db()
        assert approved.status == workflow.MOVES[verb].target
        assert approved.changes.count() == 1
        assert AuditEntry.objects.count() == before + 1
    else:
        with pytest.raises((ValidationError, PermissionDenied)):
            STEPS[verb][1](approved, request.getfixturevalue(who))
        approved.refresh_from_db()
        assert approved.status == status
        assert (approved.changes.count(), AuditEntry.objects.count()) == (0, before)


@pytest.mark.parametrize(
    "who", ["officer", "colleague", "outsider", "operator", "supervisor", "stranger", "administrator"]
)
@pytest.mark.parametrize("verb", list(STEPS))
def test_each_step_is_made_by_its_people_and_by_nobody_else(
    verb: str, who: str, approved: SearchRequest, request: pytest.FixtureRequest
) -> None:
    put_into(approved, sorted(workflow.MOVES[verb].sources)[0])
    actor = request.getfixturevalue(who)
    if who in STEPS[verb][0]:
        STEPS[verb][1](approved, actor)
    else:
        with pytest.raises(PermissionDenied):
            STEPS[verb][1](approved, actor)
    approved.refresh_from_db()
    assert (approved.status == workflow.MOVES[verb].target) == (who in STEPS[verb][0])


def put_into(request: SearchRequest, status: str) -> None:
    values: dict[str, Any] = {"status": status, "outcome": "found" if status == "closed" else ""}
    if status in {"draft", "submitted", "returned", "received"}:
        values |= {"approved_at": None, "approved_by": None}
    SearchRequest.objects.filter(pk=request.pk).update(**values)
    request.refresh_from_db()


def test_every_move_is_in_the_table_or_belongs_to_a_search() -> None:
    assert set(workflow.MOVES) - set(STEPS) == {"search", "search_in_emergency", "refuse"}
