"""The state of a request in the workspace, and the steps that each person can take from there."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cameras.models import Camera
from investigations.models import Candidate, Hold, SearchRequest
from investigations.services.candidates import decide_candidate
from investigations.services.holds import place_hold
from investigations.services.reviews import review_candidate
from investigations.services.talk import add_attachment
from portal.accounts.models import User
from tests.conftest import NOON, drawn_person
from tests.investigations.conftest import as_person, entries

JSON = {"Accept": "application/json"}
STEPS = (
    "can_receive",
    "can_approve",
    "can_return",
    "can_review",
    "can_answer",
    "handler_form",
    "scope_form",
    "hold_form",
)


def state(client: Client, row: SearchRequest) -> Any:
    return client.get(reverse("request-state", args=[row.pk]))


def offered(client: Client, row: SearchRequest) -> set[str]:
    context = state(client, row).context
    return {name for name in STEPS if context[name]}


OPERATOR = {"handler_form", "hold_form"}
SUPERVISOR = OPERATOR | {"scope_form"}


@pytest.mark.parametrize(
    ("status", "operators", "supervisors"),
    [
        ("submitted", {"can_receive"}, {"can_receive", "can_approve", "can_return"}),
        ("received", set(), {"can_approve", "can_return"}),
        ("approved", set(), {"can_return"}),
        ("searching", {"can_review"}, {"can_review"}),
        ("review", {"can_answer"}, {"can_answer"}),
        ("reopened", set(), set()),
    ],
)
def test_the_steps_offered_are_those_the_state_and_the_right_allow(
    client: Client,
    request_: SearchRequest,
    operator: User,
    supervisor: User,
    status: str,
    operators: set[str],
    supervisors: set[str],
) -> None:
    is_approved = status not in {"submitted", "received"}
    SearchRequest.objects.update(status=status, approved_at=NOON if is_approved else None)
    client.force_login(operator)
    assert offered(client, request_) == operators | OPERATOR
    client.force_login(supervisor)
    assert offered(client, request_) == supervisors | SUPERVISOR


@pytest.mark.parametrize(
    ("status", "left"), [("returned", {"hold_form"}), ("answered", {"hold_form"}), ("closed", set())]
)
def test_what_is_not_with_the_centre_offers_no_steps(
    client: Client, request_: SearchRequest, supervisor: User, status: str, left: set[str]
) -> None:
    outcome = "found" if status == "closed" else ""
    SearchRequest.objects.update(status=status, outcome=outcome, approved_at=NOON)
    client.force_login(supervisor)
    assert offered(client, request_) == left


def test_an_emergency_that_is_searched_offers_its_approval_its_refusal_and_a_provisional_answer(
    client: Client, request_: SearchRequest, supervisor: User
) -> None:
    soon = timezone.now() + timedelta(minutes=30)
    SearchRequest.objects.update(status="searching", is_emergency=True, approval_due_at=soon)
    client.force_login(supervisor)
    assert offered(client, request_) >= {"can_approve", "can_return", "can_answer"}
    page = state(client, request_).content.decode()
    assert "Emergency, not yet approved" in page
    assert "Answer provisionally" in page


def test_an_emergency_whose_approval_is_overdue_says_that_nothing_more_is_searched(
    client: Client, request_: SearchRequest, operator: User
) -> None:
    SearchRequest.objects.update(
        status="searching", is_emergency=True, approval_due_at=timezone.now() - timedelta(minutes=1)
    )
    client.force_login(operator)
    page = state(client, request_)
    assert b"Nothing more is searched until a supervisor" in page.content
    assert page.context["scope_data"]["isSearchable"] is False


def test_deadlines_are_shown_with_what_was_done_and_what_is_late(
    client: Client, request_: SearchRequest, operator: User
) -> None:
    now = timezone.now()
    SearchRequest.objects.update(
        received_at=now,
        receipt_due_at=now,
        approval_due_at=now - timedelta(hours=2),
        answer_due_at=now + timedelta(hours=3),
    )
    client.force_login(operator)
    page = state(client, request_)
    receipt, approval, answer = page.context["deadlines"]
    assert [row.is_overdue for row in (receipt, approval, answer)] == [False, True, False]
    assert 'class="due late"' in page.content.decode()


@pytest.mark.parametrize("who", ["officer", "colleague", "outsider", "stranger", "administrator"])
def test_the_panel_is_the_centres_own(
    client: Client, request: pytest.FixtureRequest, approved: SearchRequest, who: str
) -> None:
    as_person(client, request, who)
    assert state(client, approved).status_code == (404 if who == "stranger" else 403)


def test_an_open_page_that_refreshes_its_panel_is_one_look(
    client: Client, approved: SearchRequest, operator: User
) -> None:
    client.force_login(operator)
    client.get(reverse("workspace", args=[approved.pk]))
    for _time in range(3):
        assert state(client, approved).status_code == 200
    assert len(entries("case.viewed")) == 1


# ── The steps ───────────────────────────────────────────────────────────────────────────────────────────────────────


def act(client: Client, name: str, pk: int, **values: Any) -> tuple[int, str]:
    """Take a step as the page's script does; the status and the sentence that it shows."""
    answer = client.post(reverse(name, args=[pk]), values, headers=JSON)
    return answer.status_code, " ".join(answer.json().values())


def test_an_operator_receives_and_hands_over(
    client: Client, request_: SearchRequest, operator: User, supervisor: User
) -> None:
    client.force_login(operator)
    assert act(client, "request-receive", request_.pk)[0] == 200
    request_.refresh_from_db()
    assert (request_.status, request_.handler) == ("received", operator)
    assert act(client, "request-assign", request_.pk, handler=supervisor.pk)[0] == 200
    request_.refresh_from_db()
    assert request_.handler == supervisor


def test_only_people_of_the_centre_are_offered_as_handlers(
    client: Client, approved: SearchRequest, operator: User, supervisor: User, stranger: User, administrator: User
) -> None:
    client.force_login(operator)
    form = state(client, approved).context["handler_form"]
    assert set(form.fields["handler"].queryset) == {operator, supervisor}
    status, said = act(client, "request-assign", approved.pk, handler=stranger.pk)
    assert (status, said.startswith("Handled by: ")) == (400, True)
    approved.refresh_from_db()
    assert approved.handler is None


def test_a_refusal_is_said_where_the_step_was_taken(client: Client, request_: SearchRequest, supervisor: User) -> None:
    client.force_login(supervisor)
    status, said = act(client, "request-decide", request_.pk, decision="return", reason=" ")
    assert (status, said) == (400, "Say what is missing, so that the station can add it.")
    assert act(client, "request-decide", request_.pk, decision="burn")[0] == 400
    assert act(client, "request-decide", request_.pk, decision="approve") == (200, "The request is approved.")
    assert act(client, "request-decide", request_.pk, decision="approve")[0] == 400


def test_without_scripts_a_step_leads_back_with_its_sentence(
    client: Client, request_: SearchRequest, operator: User
) -> None:
    client.force_login(operator)
    page = client.post(reverse("request-receive", args=[request_.pk]), follow=True)
    assert page.redirect_chain == [(reverse("workspace", args=[request_.pk]), 302)]
    assert b"The station was told" in page.content


def test_the_search_is_sent_to_review(client: Client, approved: SearchRequest, operator: User) -> None:
    SearchRequest.objects.update(status="searching")
    client.force_login(operator)
    assert act(client, "request-review", approved.pk)[0] == 200
    approved.refresh_from_db()
    assert approved.status == "review"


# ── Scope ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_scope_is_shown_beside_what_the_basis_sets(
    client: Client, approved: SearchRequest, supervisor: User
) -> None:
    SearchRequest.objects.update(radius_m=12_000, most_cameras=500, hours=None)
    client.force_login(supervisor)
    page = state(client, approved)
    assert [(value, of_basis) for _label, value, of_basis in page.context["scope"]] == [
        (500, 500),
        (12_000, 10_000),
        (None, 72),
    ]
    assert [row["of_basis"] for row in page.context["scope_form"].rows()] == [500, 10_000, 72]


def test_a_supervisor_widens_the_scope_with_a_reason_and_the_history_tells(
    client: Client, approved: SearchRequest, supervisor: User
) -> None:
    SearchRequest.objects.update(most_cameras=10, radius_m=100, hours=5)
    client.force_login(supervisor)
    wider = {"most_cameras": "10", "radius_m": "2000", "hours": ""}
    assert act(client, "request-scope", approved.pk, **wider) == (
        400,
        "Say why the scope has to change: it departs from what the legal basis sets.",
    )
    assert act(client, "request-scope", approved.pk, reason="snow", **wider)[0] == 200
    approved.refresh_from_db()
    assert (approved.most_cameras, approved.radius_m, approved.hours) == (10, 2000, None)
    texts = [event["text"] for event in state(client, approved).context["history"]]
    assert set(texts) == {"Radius (m): 100 → 2000", "Hours before and after: 5 → no limit"}


def test_a_limit_that_is_no_number_is_named(client: Client, approved: SearchRequest, supervisor: User) -> None:
    client.force_login(supervisor)
    status, said = act(client, "request-scope", approved.pk, radius_m="far", reason="x")
    assert (status, said.startswith("Radius (m): ")) == (400, True)


def test_an_operator_widens_nothing(client: Client, approved: SearchRequest, operator: User) -> None:
    client.force_login(operator)
    status, said = act(client, "request-scope", approved.pk, hours="9", reason="x")
    assert (status, "does not allow this" in said) == (400, True)


def test_the_map_gets_the_circle_and_what_was_searched_already(
    client: Client, confirmed: Candidate, operator: User
) -> None:
    SearchRequest.objects.update(last_seen_latitude=36.5, last_seen_longitude=127.3, radius_m=900, last_seen_at=NOON)
    client.force_login(operator)
    data = state(client, confirmed.search.request).context["scope_data"]
    assert (data["place"], data["radius"], data["searched"]) == ((36.5, 127.3), 900, [confirmed.sighting.camera_id])


# ── The station's pictures ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_stations_pictures_stand_ready_to_be_searched_by(
    client: Client, approved: SearchRequest, operator: User, officer: User
) -> None:
    photo = add_attachment(approved, "front.jpg", drawn_person(), actor=officer)
    add_attachment(approved, "letter.pdf", b"%PDF-1.4", actor=officer)
    client.force_login(operator)
    page = client.get(reverse("workspace", args=[approved.pk]))
    (card,) = page.context["photos"]
    assert card["row"] == photo
    assert f'data-attachment="{photo.pk}"' in page.content.decode()
    assert client.get(card["thumbnail"]).status_code == 200
    assert [entry.details["attachments"] for entry in entries("attachment.viewed")] == [[photo.pk]]


# ── Held footage ────────────────────────────────────────────────────────────────────────────────────────────────────

HOURS = {"starts_at": "2026-11-20 12:00", "ends_at": "2026-11-20 13:00"}


def test_footage_is_held_and_released_on_the_page(
    client: Client, approved: SearchRequest, camera: Camera, operator: User
) -> None:
    client.force_login(operator)
    assert act(client, "hold-place", approved.pk, camera="C1", reason="court", **HOURS)[0] == 200
    hold = Hold.objects.get()
    assert (hold.camera, hold.starts_at, hold.ends_at) == (camera, NOON, NOON + timedelta(hours=1))
    assert list(state(client, approved).context["holds"]) == [hold]
    assert act(client, "hold-release", hold.pk) == (400, "Say why the footage is no longer needed.")
    assert act(client, "hold-release", hold.pk, reason="over")[0] == 200
    assert list(state(client, approved).context["holds"]) == []


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"camera": "nowhere"}, "Camera: Your control centre has no camera"),
        ({"starts_at": "noon"}, "From: "),
        ({"ends_at": "2026-11-20 11:00"}, "before its start"),
        ({"reason": ""}, "Say why the footage has to be kept."),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused(
    client: Client, approved: SearchRequest, camera: Camera, operator: User, values: dict[str, str], says: str
) -> None:
    client.force_login(operator)
    status, said = act(client, "hold-place", approved.pk, **({"camera": "C1", "reason": "court"} | HOURS | values))
    assert (status, says in said) == (400, True), said
    assert not Hold.objects.exists()


def test_the_list_of_holds_does_not_tell_what_was_confirmed(
    client: Client, confirmed: Candidate, operator: User, supervisor: User
) -> None:
    """A confirmation holds its footage by itself."""
    Candidate.objects.update(decision="pending")
    confirmed.refresh_from_db()
    decide_candidate(confirmed, "confirmed", actor=operator)
    request = confirmed.search.request
    elsewhere = place_hold(
        request,
        confirmed.sighting.camera,
        starts_at=NOON + timedelta(days=1),
        ends_at=NOON + timedelta(days=2),
        reason="bus line",
        actor=operator,
    )
    client.force_login(supervisor)
    assert list(state(client, request).context["holds"]) == [elsewhere]
    assert b"Confirmed sighting" not in state(client, request).content
    review_candidate(confirmed, "confirmed", actor=supervisor)
    assert len(state(client, request).context["holds"]) == 2
