"""The list of cases and a case's page: what needs whom, what happened, sharing, reported sightings, the end."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from investigations.models import Candidate, Case, CaseShare, SearchRequest, Tip
from investigations.services.cases import add_tip, share_case
from investigations.services.requests import (
    RequestTerms,
    approve_request,
    change_scope,
    draft_request,
    receive_request,
    return_request,
    submit_request,
)
from investigations.timeline import timeline_of
from portal.accounts.models import Agency, User
from tests.conftest import legal_basis, make_request
from tests.investigations.conftest import as_person


@pytest.fixture
def cases(case: Case, officer: User, station: Agency, centre: Agency) -> dict[str, Case]:
    """One case of each kind of need, named by it."""
    now = timezone.now()
    needs: dict[str, dict[str, Any]] = {
        "calm": {"status": "searching", "approved_at": now, "answer_due_at": now + timedelta(hours=5)},
        "late": {"status": "submitted", "receipt_due_at": now - timedelta(minutes=5)},
        "emergency": {"status": "received", "is_emergency": True, "approval_due_at": now + timedelta(hours=1)},
        "returned": {"status": "returned"},
        "draft": {"status": "draft"},
        "over": {"status": "closed", "outcome": "found", "is_emergency": True},
    }
    rows = {}
    for number, (name, values) in enumerate(needs.items()):
        rows[name] = Case.objects.create(
            number=f"N-{number}", title=name, kind="missing_child", agency=station, opened_by=officer
        )
        make_request(rows[name], centre, officer, **values)
    return rows


def titles(client: Client, **query: str) -> list[str]:
    return [row.title for row in client.get(reverse("case-list"), query).context["page"]]


@pytest.mark.parametrize(
    ("who", "status", "shown"),
    [
        ("officer", "waiting", {"returned", "draft"}),
        ("operator", "waiting", {"late"}),
        ("supervisor", "waiting", {"late", "emergency"}),
        ("officer", "overdue", {"late"}),
        ("operator", "overdue", {"late"}),
        ("operator", "emergency", {"emergency"}),
        ("outsider", "waiting", set()),
        ("stranger", "overdue", set()),
    ],
)
def test_the_list_is_filtered_by_what_needs_somebody(
    client: Client, request: pytest.FixtureRequest, cases: dict[str, Case], who: str, status: str, shown: set[str]
) -> None:
    as_person(client, request, who)
    assert set(titles(client, status=status)) == shown


def test_who_handles_a_request_finds_it_waiting(client: Client, cases: dict[str, Case], operator: User) -> None:
    SearchRequest.objects.filter(case=cases["calm"]).update(handler=operator)
    client.force_login(operator)
    assert set(titles(client, status="waiting")) == {"late", "calm"}


def test_the_next_deadline_comes_first_and_cases_without_one_last(
    client: Client, cases: dict[str, Case], officer: User
) -> None:
    client.force_login(officer)
    ordered = titles(client, sort="due")
    assert ordered[:3] == ["late", "emergency", "calm"]
    assert titles(client)[0] == "over"  # otherwise the newest


def test_the_last_change_comes_first(client: Client, cases: dict[str, Case], officer: User, supervisor: User) -> None:
    return_request(cases["emergency"].requests.get(), reason="A photo, please.", actor=supervisor)
    client.force_login(officer)
    assert titles(client, sort="changed")[0] == "emergency"


def test_a_chip_says_state_deadline_and_what_is_urgent(client: Client, cases: dict[str, Case], officer: User) -> None:
    client.force_login(officer)
    page = client.get(reverse("case-list"), {"status": "overdue"}).content.decode()
    assert "late" in page.split('class="request-chip')[1].split(">")[0]
    assert "data-due=" in page
    page = client.get(reverse("case-list"), {"status": "emergency"}).content.decode()
    assert "not yet approved" in page


def test_the_pages_of_the_list_keep_the_filter(client: Client, station: Agency, officer: User) -> None:
    for number in range(30):
        Case.objects.create(number=f"M-{number}", title="m", kind="suspect", agency=station, opened_by=officer)
    client.force_login(officer)
    page = client.get(reverse("case-list"), {"q": "M-", "sort": "due"}).content.decode()
    assert "?q=M-&amp;sort=due&amp;page=2" in page


@pytest.mark.parametrize("query", ["status=nonsense", "sort=nonsense", "page=zebra", "q=" + "x" * 500])
def test_nonsense_in_the_address_shows_the_list(
    client: Client, cases: dict[str, Case], officer: User, query: str
) -> None:
    client.force_login(officer)
    assert client.get(f"{reverse('case-list')}?{query}").status_code == 200


# ── What happened ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def told(case: Case, centre: Agency, officer: User, operator: User, supervisor: User) -> SearchRequest:
    """A case with a history: shared, a sighting reported, a request sent, received, approved, its scope widened."""
    share_case(case, centre, note="Watch the buses.", actor=officer)
    add_tip(case, source="citizen", text="Seen at the lake.", seen_at=timezone.now(), place="lake", actor=officer)
    terms = RequestTerms(centre=centre, basis=legal_basis(), purpose="law", wanted="red coat")
    row = submit_request(draft_request(case, terms, actor=officer), actor=officer)
    receive_request(row, actor=operator)
    approve_request(row, reason="go", actor=supervisor)
    return change_scope(row, {"radius_m": 12_000}, reason="by train", actor=supervisor)


def test_the_history_is_one_list_with_who_and_why(told: SearchRequest, officer: User) -> None:
    events = timeline_of(told.case, officer)
    assert [(event.text, event.who, event.why) for event in reversed(events)] == [
        ("Case opened", "officer", ""),
        ("Shared with City Centre", "officer", "Watch the buses."),
        ("Reported sighting: citizen's report", "officer", "Seen at the lake."),
        ("Request sent to the control centre", "officer", "law"),
        ("Received by the control centre", "operator", ""),
        ("Approved", "supervisor", "go"),
        ("Scope changed: radius (m), 10000 → 12000", "supervisor", "by train"),
    ]


def test_a_centre_learns_nothing_of_requests_to_another(
    told: SearchRequest, other_centre: Agency, officer: User, stranger: User
) -> None:
    share_case(told.case, other_centre, actor=officer)
    texts = [event.text for event in timeline_of(told.case, stranger)]
    assert texts == ["Shared with Other City Centre", "Reported sighting: citizen's report", "Case opened"]


def test_why_the_centre_reviews_is_its_own_matter(told: SearchRequest, officer: User, operator: User) -> None:
    told.changes.create(verb="review", old="searching", new="review", reason="Candidate 7 of camera C1", actor=operator)
    assert next(event.why for event in timeline_of(told.case, officer)) == ""
    assert next(event.why for event in timeline_of(told.case, operator)) == "Candidate 7 of camera C1"


def test_a_draft_is_for_the_station_alone(
    client: Client, case: Case, centre: Agency, officer: User, operator: User
) -> None:
    share_case(case, centre, actor=officer)
    draft = make_request(case, centre, officer, status="draft", wanted="SECRET DRAFT")
    for who, is_shown in ((officer, True), (operator, False)):
        client.force_login(who)
        page = client.get(reverse("case-detail", args=[case.pk])).content.decode()
        assert ("SECRET DRAFT" in page) == is_shown
        assert client.get(reverse("workspace", args=[draft.pk])).status_code == (200 if is_shown else 404)
        for name in ("request-parts", "request-talk"):
            assert client.get(reverse(name, args=[draft.pk])).status_code == (200 if is_shown else 404)


def test_counts_tell_a_second_reviewer_nothing_of_the_first_opinion(
    client: Client, confirmed: Candidate, officer: User, operator: User, supervisor: User
) -> None:
    for who, counted in ((officer, 1), (operator, 1), (supervisor, 0)):
        client.force_login(who)
        (card,) = client.get(reverse("case-detail", args=[confirmed.search.request.case_id])).context["requests"]
        assert card["progress"] == {"searches": 1, "candidates": 1, "decided": counted, "confirmed": counted}


# ── Sharing, reported sightings, the end ────────────────────────────────────────────────────────────────────────────


def test_a_case_is_shared_once(client: Client, case: Case, centre: Agency, officer: User, operator: User) -> None:
    client.force_login(officer)
    address = reverse("case-share", args=[case.pk])
    client.post(address, {"centre": centre.pk, "note": "Watch the buses."})
    again = client.post(address, {"centre": centre.pk})
    assert again.status_code == 200  # the centre is not among the choices any more, and the page says so
    assert CaseShare.objects.get().note == "Watch the buses."
    client.force_login(operator)
    assert b"Watch the buses." in client.get(reverse("case-detail", args=[case.pk])).content


def test_a_reported_sighting_is_added_with_its_place(client: Client, case: Case, officer: User) -> None:
    client.force_login(officer)
    values = {
        "source": "citizen",
        "text": "Alone at the lake",
        "seen_at": "2020-01-31 14:05",
        "place": "lake",
        "latitude": "36.499",
        "longitude": "127.2716",
    }
    answer = client.post(reverse("tip-add", args=[case.pk]), values)
    assert answer.headers["Location"] == reverse("case-detail", args=[case.pk])
    tip = Tip.objects.get()
    assert (tip.latitude, tip.seen_at.isoformat()) == (36.499, "2020-01-31T05:05:00+00:00")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"seen_at": "2999-01-01 00:00"}, "seen_at"),
        ({"seen_at": "noon"}, "seen_at"),
        ({"latitude": "91", "longitude": "0"}, "latitude"),
        ({"source": "neighbour"}, "source"),
    ],
)
def test_a_wrong_sighting_is_refused_beside_its_field_and_what_was_typed_stays(
    client: Client, case: Case, officer: User, change: dict[str, str], field: str
) -> None:
    client.force_login(officer)
    values = {"source": "police", "text": "Seen", "seen_at": "2020-01-31 14:05", "place": "corner shop"} | change
    answer = client.post(reverse("tip-add", args=[case.pk]), values)
    assert list(answer.context["tip_form"].errors) == [field]
    assert b"corner shop" in answer.content
    assert not Tip.objects.exists()


def test_the_page_says_before_closing_what_is_destroyed_when(
    client: Client, case: Case, centre: Agency, officer: User
) -> None:
    make_request(case, centre, officer, basis=legal_basis("danger-to-life"), retention_days=7)
    client.force_login(officer)
    page = client.get(reverse("case-detail", args=[case.pk]))
    (found, not_found, withdrawn) = page.context["endings"]
    assert [ending["fates"][0]["days"] for ending in (found, not_found, withdrawn)] == [0, 7, 7]
    date = timezone.localdate() + timedelta(days=7)
    assert f"kept for 7 days, destroyed on {date}" in page.content.decode()


def test_requests_that_are_kept_for_different_times_are_told_apart(
    client: Client, case: Case, centre: Agency, officer: User
) -> None:
    rows = [make_request(case, centre, officer, retention_days=days) for days in (7, 30, 7)]
    client.force_login(officer)
    page = client.get(reverse("case-detail", args=[case.pk]))
    not_found = page.context["endings"][1]
    assert [(fate["requests"], fate["days"]) for fate in not_found["fates"]] == [
        (f"{rows[0]}, {rows[2]}", 7),
        (str(rows[1]), 30),
    ]
    assert f"{rows[1]}: kept for 30 days" in page.content.decode()


def test_a_case_is_closed_with_an_outcome(client: Client, case: Case, request_: SearchRequest, officer: User) -> None:
    client.force_login(officer)
    address = reverse("case-close", args=[case.pk])
    client.post(address, {"reason": "came home"})
    case.refresh_from_db()
    assert case.status == "open"
    client.post(address, {"outcome": "found", "reason": "came home"})
    case.refresh_from_db()
    request_.refresh_from_db()
    assert (case.outcome, request_.status, request_.outcome) == ("found", "closed", "found")
