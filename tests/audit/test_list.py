"""The trail in the admin: its list and filters, an entry, and the page where it is checked and proven."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cameras.models import Camera
from investigations.models import Case, SearchRequest
from portal.accounts.models import User
from portal.audit.checks import continue_check, open_check
from portal.audit.models import Action, AuditEntry
from portal.audit.services import current_root, record, write_root
from portal.trail import admin as trail_admin
from portal.trail import filters
from portal.trail.details import show_details
from tests.audit.conftest import run_sql
from tests.conftest import drop_triggers, make_user

SEOUL = ZoneInfo("Asia/Seoul")
LIST = reverse("admin:audit_auditentry_changelist")
PAGE = reverse("admin:audit_auditentry_trail")


@pytest.fixture
def reviewer(client: Client, supervisor: User) -> Client:
    client.force_login(supervisor)
    return client


def listed(client: Client, **query: str) -> list[str]:
    """The reasons of the entries that the list shows; the client's own log-in has none."""
    response: Any = client.get(LIST, query)
    assert response.status_code == 200
    return [entry.reason for entry in response.context_data["cl"].result_list if entry.reason]


def test_every_kind_of_action_has_its_name() -> None:
    assert {action.value.partition(".")[0] for action in Action} == set(filters.NOUNS)


def test_the_newest_stand_first_and_only_those_of_the_own_agency(
    reviewer: Client, operator: User, stranger: User
) -> None:
    for number, actor in enumerate([operator, stranger, operator, None]):
        record(Action.CASE_VIEWED, actor=actor, reason=f"look {number}")
    assert listed(reviewer) == ["look 2", "look 0"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"at_from_0": "2026-11-02"}, ["c", "b"]),
        ({"at_to_0": "2026-11-02"}, ["b", "a"]),
        ({"at_from_0": "2026-11-02", "at_to_0": "2026-11-02"}, ["b"]),
        ({"at_from_0": "2026-11-02", "at_from_1": "23:59:59"}, ["c", "b"]),
        ({"at_from_0": "2026-11-03", "at_from_1": "00:00"}, ["c"]),
        ({"at_from_0": "2026-12-01"}, []),
        ({"at_from_0": ""}, ["c", "b", "a"]),
    ],
)
def test_a_time_range_is_one_of_seoul_and_of_whole_days(
    reviewer: Client, operator: User, monkeypatch: pytest.MonkeyPatch, query: dict[str, str], shown: list[str]
) -> None:
    moments: dict[str, tuple[int, ...]] = {
        "a": (2026, 11, 1, 12),
        "b": (2026, 11, 2, 23, 59, 59, 500000),
        "c": (2026, 11, 3),
    }
    with monkeypatch.context() as patched:
        for name, moment in moments.items():
            patched.setattr(timezone, "now", lambda moment=moment: datetime(*moment, tzinfo=SEOUL))  # type: ignore[misc]
            record(Action.CASE_VIEWED, actor=operator, reason=name)
    assert listed(reviewer, **query) == shown


def test_a_time_that_is_none_is_refused_without_an_error(reviewer: Client) -> None:
    assert reviewer.get(LIST, {"at_from_0": "yesterday"}).status_code == 302


def test_actions_are_chosen_one_by_one_or_by_what_they_are_about(reviewer: Client, operator: User) -> None:
    for action in (Action.CASE_OPENED, Action.CASE_VIEWED, Action.CANDIDATE_CONFIRMED):
        record(action, actor=operator, reason=action.value)
    assert listed(reviewer, what="case.") == ["case.viewed", "case.opened"]
    assert listed(reviewer, what="case.viewed") == ["case.viewed"]
    assert listed(reviewer, what="path.") == []
    assert listed(reviewer, what="nonsense") == []


def test_administrators_are_offered_what_they_may_see(client: Client, administrator: User) -> None:
    record(Action.CASE_VIEWED, actor=administrator, reason="case")
    record(Action.USER_CHANGED, actor=administrator, reason="user")
    client.force_login(administrator)
    assert listed(client) == ["user"]
    assert listed(client, what="case.") == []
    page = client.get(LIST).content.decode()
    assert 'value="user.changed"' in page
    assert 'value="case.viewed"' not in page


def test_people_are_found_by_number_and_by_the_names_of_their_accounts(
    reviewer: Client, operator: User, supervisor: User
) -> None:
    operator.last_name, operator.first_name = "김", "하늘"
    operator.save()
    record(Action.CASE_VIEWED, actor=operator, reason="operator's")
    record(Action.CASE_VIEWED, actor=supervisor, reason="supervisor's")
    for words in (str(operator.pk), "operat", "하늘", "김 하늘"):
        assert listed(reviewer, person=words) == ["operator's"]
    assert listed(reviewer, person="nobody") == []
    assert listed(reviewer, person="9" * 40) == []


def test_objects_are_found_by_kind_and_number(
    reviewer: Client, operator: User, case: Case, request_: SearchRequest
) -> None:
    for target in (case, request_):
        record(Action.RECORD_VIEWED, actor=operator, target=target, reason=target._meta.label_lower)
    assert listed(reviewer, kind="investigations.case") == ["investigations.case"]
    assert "investigations.case" in listed(reviewer, object=str(case.pk))
    assert listed(reviewer, kind="investigations.case", object=str(case.pk)) == ["investigations.case"]
    assert listed(reviewer, object="x") == []


def test_who_answers_for_the_site_chooses_an_agency(client: Client, officer: User, operator: User) -> None:
    site = make_user("site", "administrator", None)
    for actor in (officer, operator):
        record(Action.USER_CHANGED, actor=actor, reason=actor.username)
    client.force_login(site)
    assert listed(client, agency=str(officer.agency_id)) == ["officer"]
    assert listed(client, agency="x") == []


def test_a_search_finds_texts_and_numbers(reviewer: Client, operator: User) -> None:
    entry = record(Action.CASE_VIEWED, actor=operator, reason="붉은 외투")
    record(Action.CASE_VIEWED, actor=operator, reason="other")
    assert listed(reviewer, q="외투") == ["붉은 외투"]
    assert listed(reviewer, q=f"#{entry.sequence}") == ["붉은 외투"]
    assert listed(reviewer, q=str(entry.sequence)) == ["붉은 외투"]


def test_a_search_without_a_time_looks_at_the_newest_and_says_so(
    reviewer: Client, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail_admin, "MOST_SEARCHED", 3)
    for number in range(6):
        record(Action.CASE_VIEWED, actor=operator, reason=f"look {number}")
    assert listed(reviewer, q="look") == ["look 5", "look 4", "look 3", "look 2"]
    assert "entries were searched" in reviewer.get(LIST, {"q": "look"}).content.decode()
    assert len(listed(reviewer, q="look", at_from_0="2026-01-01")) == 6
    assert len(listed(reviewer, q="look", person="operator")) == 6


def test_a_long_list_is_cut_and_says_so(reviewer: Client, operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "MOST_LISTED", 3)
    monkeypatch.setattr(trail_admin.AuditEntryAdmin, "list_per_page", 2)
    for number in range(5):
        record(Action.CASE_VIEWED, actor=operator, reason=f"look {number}")
    assert listed(reviewer) == ["look 4", "look 3"]
    assert listed(reviewer, p="2") == ["look 2"]
    assert "The newest 3 entries are listed" in reviewer.get(LIST).content.decode()
    assert "are listed" not in reviewer.get(LIST, {"q": "look 4"}).content.decode()


def test_the_list_never_counts_all_entries(reviewer: Client, operator: User) -> None:
    record(Action.CASE_VIEWED, actor=operator)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        reviewer.get(LIST, {"what": "case.", "person": "operator"})
    statements = [query["sql"] for query in queries if "audit_auditentry" in query["sql"]]
    assert statements
    assert not [statement for statement in statements if "COUNT(" in statement]


def test_the_list_says_how_the_chain_stands(trail: list[AuditEntry], reviewer: Client) -> None:
    assert "has not been checked yet" in reviewer.get(LIST).content.decode()
    open_check()
    continue_check()
    assert "The audit trail holds: 6 entries" in reviewer.get(LIST).content.decode()
    drop_triggers()
    run_sql("UPDATE audit_auditentry SET reason = 'other' WHERE sequence = 3")
    open_check()
    continue_check()
    assert "broken in 1 place(s)" in reviewer.get(LIST).content.decode()
    assert "Entry 3 was changed" in reviewer.get(PAGE).content.decode()


def entry_page(client: Client, entry: AuditEntry) -> str:
    return client.get(reverse("admin:audit_auditentry_change", args=[entry.pk])).content.decode()


def test_an_entry_links_to_its_object_for_who_may_open_it(
    reviewer: Client, operator: User, request_: SearchRequest, camera: Camera, supervisor: User
) -> None:
    about_request = record(Action.RECORD_VIEWED, actor=operator, target=request_)
    about_person = record(Action.USER_CHANGED, actor=operator, target=operator)
    about_session = record(Action.RECORD_VIEWED, actor=operator)
    assert reverse("admin:investigations_searchrequest_change", args=[request_.pk]) in entry_page(
        reviewer, about_request
    )
    assert reverse("admin:accounts_user_change", args=[operator.pk]) not in entry_page(reviewer, about_person)
    assert entry_page(reviewer, about_session)


def test_an_entry_about_what_is_gone_can_still_be_read(reviewer: Client, operator: User, camera: Camera) -> None:
    gone = record(Action.CAMERA_CHANGED, actor=operator, target=camera)
    camera.delete()
    assert "Camera C1" in entry_page(reviewer, gone)


def test_an_entry_leads_to_the_others_of_its_person_and_object(reviewer: Client, operator: User, case: Case) -> None:
    page = entry_page(reviewer, record(Action.CASE_VIEWED, actor=operator, target=case))
    assert f"?person={operator.pk}" in page
    assert f"?kind=investigations.case&amp;object={case.pk}" in page


@pytest.mark.parametrize(
    ("details", "texts"),
    [
        ({}, ["–"]),
        ({"old": "pending", "new": "confirmed", "score": 0.5}, ["pending → <b>confirmed</b>", "score", "0.5"]),
        ({"name": {"old": "A", "new": None}}, ["name", "A → <b>–</b>"]),
        ({"is_proven": True, "query pictures": []}, ["is proven", "yes", "query pictures", "–"]),
        ({"sightings": list(range(150))}, ["0, 1, 2", "and 50 more"]),
        ({"<b>": "<script>"}, ["&lt;b&gt;", "&lt;script&gt;"]),
        ({"scope": {"cameras": [1, 2], "hours": {"from": 1, "to": 2}}}, ["cameras", "1, 2", "1 → <b>2</b>"]),
    ],
)
def test_details_are_shown_as_a_table(details: dict[str, Any], texts: list[str]) -> None:
    shown = str(show_details(details))
    assert [text for text in texts if text not in shown] == []


def test_the_page_has_the_trail_checked_and_shows_the_result(reviewer: Client, trail: list[AuditEntry]) -> None:
    root = write_root(*current_root())
    assert root in reviewer.get(PAGE).content.decode()
    response = reviewer.post(reverse("admin:audit_auditentry_verify"), follow=True)
    assert "A check is under way" in response.content.decode()
    continue_check()
    assert "intact" in reviewer.get(PAGE).content.decode()


def test_the_page_proves_a_root(trail: list[AuditEntry], reviewer: Client) -> None:
    def answer(root: str) -> str:
        return reviewer.post(reverse("admin:audit_auditentry_root"), {"root": root}, follow=True).content.decode()

    assert "Entry 3 is as it was" in answer(write_root(3, trail[2].hash))
    assert "does not hold this root" in answer(write_root(3, "0" * 64))
    assert "1234:5e88" in answer("nonsense")


@pytest.mark.parametrize("verb", ["verify", "root", "export"])
def test_verbs_of_the_page_are_posts_with_the_csrf_token(supervisor: User, verb: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(supervisor)
    address = reverse(f"admin:audit_auditentry_{verb}")
    assert client.post(address).status_code == 403
    assert client.get(address).status_code == 405
    assert not AuditEntry.objects.filter(action__startswith="audit.").exists()
