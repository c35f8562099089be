"""The pages: who sees which, what they say when there is nothing."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from investigations.models import Candidate, Case, SearchRequest
from investigations.services.paths import build_path
from portal.accounts.models import Agency, User
from tests.conftest import make_recording, make_sighting
from tests.investigations.conftest import PEOPLE, as_person, entries

INSIDERS = {"officer", "colleague", "operator", "supervisor"}


# ── Every page, every role ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["case-list", "case-new"])
def test_without_a_log_in_pages_lead_to_it(client: Client, db: None, name: str) -> None:
    answer = client.get(reverse(name))
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, reverse("login"))


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", ["case-detail", "workspace"])
def test_case_and_workspace_are_there_for_those_concerned_only(
    client: Client, request: pytest.FixtureRequest, case: Case, approved: SearchRequest, who: str, name: str
) -> None:
    as_person(client, request, who)
    answer = client.get(reverse(name, args=[case.pk if name == "case-detail" else approved.pk]))
    assert answer.status_code == (200 if who in INSIDERS else 404)
    assert len(entries("case.viewed")) == (1 if who in INSIDERS else 0)


@pytest.mark.parametrize(
    ("who", "template"), [("operator", "workspace"), ("supervisor", "workspace"), ("officer", "request_detail")]
)
def test_only_the_centre_gets_the_tools_of_the_search(
    client: Client, request: pytest.FixtureRequest, approved: SearchRequest, who: str, template: str
) -> None:
    as_person(client, request, who)
    answer = client.get(reverse("workspace", args=[approved.pk]))
    assert f"investigations/{template}.html" in [used.name for used in answer.templates]
    for tool in (b'id="search-form"', b'id="path-strip"', b'id="candidates"'):
        assert (tool in answer.content) == (template == "workspace")


@pytest.mark.parametrize("who", ["officer", "operator"])
def test_no_page_has_scripts_of_its_own(
    client: Client, request: pytest.FixtureRequest, approved: SearchRequest, who: str
) -> None:
    as_person(client, request, who)
    for url in (
        reverse("workspace", args=[approved.pk]),
        reverse("case-detail", args=[approved.case_id]),
        reverse("notifications"),
        reverse("request-new", args=[approved.case_id]),
    ):
        page = client.get(url).content.decode()
        scripts = [tag.split(">")[0] for tag in page.split("<script")[1:]]
        assert all("src=" in tag or 'type="application/json"' in tag for tag in scripts)
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert " onclick=" not in page


# ── The list of cases ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("officer", "Open the first case"),
        ("operator", "as soon as a police station sends"),
        ("administrator", "Administrators see no cases"),
    ],
)
def test_an_empty_list_says_what_to_do(
    client: Client, db: None, request: pytest.FixtureRequest, who: str, says: str
) -> None:
    as_person(client, request, who)
    assert says in client.get(reverse("case-list")).content.decode()


def test_the_list_is_searched_by_number_and_title_and_filtered_by_status(
    client: Client, case: Case, officer: User, station: Agency
) -> None:
    Case.objects.create(
        number="2026-2", title="Stolen car", kind="vehicle", status="closed", agency=station, opened_by=officer
    )
    client.force_login(officer)

    def shown(**query: str) -> list[str]:
        return [row.number for row in client.get(reverse("case-list"), query).context["page"]]

    assert shown() == ["2026-2", "2026-1"]
    assert shown(q="missing") == shown(q="26-1 child") == shown(status="open") == ["2026-1"]
    assert shown(q="child", status="closed") == []
    assert b"No case matches" in client.get(reverse("case-list"), {"q": "zebra"}).content


def test_a_supervisor_is_told_what_waits(client: Client, request_: SearchRequest, supervisor: User) -> None:
    client.force_login(supervisor)
    answer = client.get(reverse("case-list"))
    assert answer.context["waiting"] == 1
    assert b"1 request waits for your decision" in answer.content


def test_titles_are_text_and_never_markup(client: Client, approved: SearchRequest, officer: User) -> None:
    Case.objects.update(title="<script>alert(1)</script>", description='<img src=x onerror="alert(2)">')
    client.force_login(officer)
    for url in [
        reverse("case-list"),
        reverse("case-detail", args=[approved.case_id]),
        reverse("workspace", args=[approved.pk]),
    ]:
        page = client.get(url).content.decode()
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page


# ── Opening and asking ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_officer_opens_a_case_on_the_page(client: Client, officer: User) -> None:
    client.force_login(officer)
    values = {"number": "2026-9", "title": "Missing", "kind": "missing_adult", "description": ""}
    answer = client.post(reverse("case-new"), values)
    assert answer.headers["Location"] == reverse("case-detail", args=[Case.objects.get(number="2026-9").pk])


def test_a_number_given_twice_is_refused_beside_its_field(client: Client, case: Case, officer: User) -> None:
    client.force_login(officer)
    answer = client.post(reverse("case-new"), {"number": " 2026-1 ", "title": "T", "kind": "suspect"})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["number"]


@pytest.mark.parametrize("who", ["operator", "supervisor", "administrator"])
def test_others_are_told_that_they_may_not_open_cases(
    client: Client, db: None, request: pytest.FixtureRequest, who: str
) -> None:
    as_person(client, request, who)
    answer = client.get(reverse("case-new"))
    assert answer.status_code == 403
    assert b"does not allow this" in answer.content


@pytest.mark.parametrize(("who", "status"), [("colleague", 200), ("outsider", 404), ("operator", 403)])
def test_who_may_write_a_request(
    client: Client, request: pytest.FixtureRequest, request_: SearchRequest, who: str, status: int
) -> None:
    as_person(client, request, who)
    assert client.get(reverse("request-new", args=[request_.case_id])).status_code == status


# ── Deciding about a request ────────────────────────────────────────────────────────────────────────────────────────


def decide(client: Client, row: SearchRequest, **values: str) -> tuple[str, str]:
    """The request's status afterwards, and what the page says."""
    page = client.post(reverse("request-decide", args=[row.pk]), values, follow=True)
    row.refresh_from_db()
    return row.status, page.content.decode()


def test_a_supervisor_approves_on_the_page(client: Client, request_: SearchRequest, supervisor: User) -> None:
    client.force_login(supervisor)
    assert b'id="decide-form"' in client.get(reverse("workspace", args=[request_.pk])).content
    status, page = decide(client, request_, decision="approve")
    assert status == "approved"
    assert 'value="approve"' not in page


def test_returning_needs_a_reason(client: Client, request_: SearchRequest, supervisor: User) -> None:
    client.force_login(supervisor)
    status, page = decide(client, request_, decision="return", reason=" ")
    assert (status, "Say what is missing" in page) == ("submitted", True)
    status, page = decide(client, request_, decision="return", reason="which hours?")
    assert (status, "which hours?" in page) == ("returned", True)


@pytest.mark.parametrize("who", ["officer", "operator"])
def test_others_do_not_decide(
    client: Client, request: pytest.FixtureRequest, request_: SearchRequest, who: str
) -> None:
    as_person(client, request, who)
    assert b'id="decide-form"' not in client.get(reverse("workspace", args=[request_.pk])).content
    status, page = decide(client, request_, decision="approve")
    assert (status, "does not allow this" in page) == ("submitted", True)


def test_a_supervisor_of_another_centre_finds_nothing(client: Client, request_: SearchRequest, stranger: User) -> None:
    client.force_login(stranger)
    assert client.post(reverse("request-decide", args=[request_.pk]), {"decision": "approve"}).status_code == 404


@pytest.mark.parametrize("decision", ["", "destroy"])
def test_nonsense_decides_nothing(client: Client, request_: SearchRequest, supervisor: User, decision: str) -> None:
    client.force_login(supervisor)
    assert decide(client, request_, decision=decision)[0] == "submitted"


def test_a_decision_is_posted(client: Client, request_: SearchRequest, supervisor: User) -> None:
    client.force_login(supervisor)
    assert client.get(reverse("request-decide", args=[request_.pk])).status_code == 405


# ── What the scripts start from ─────────────────────────────────────────────────────────────────────────────────────


def data_of(client: Client, row: SearchRequest) -> dict[str, Any]:
    data: dict[str, Any] = client.get(reverse("workspace", args=[row.pk])).context["workspace_data"]
    return data


def test_the_workspace_knows_what_is_confirmed(client: Client, confirmed: Candidate, operator: User) -> None:
    client.force_login(operator)
    data = data_of(client, confirmed.search.request)
    assert data["hasPath"] is False
    assert data["confirmed"] == [confirmed.sighting_id]


def test_the_station_learns_numbers_only(client: Client, confirmed: Candidate, operator: User, officer: User) -> None:
    build_path(confirmed.search.request, actor=operator)
    client.force_login(officer)
    answer = client.get(reverse("workspace", args=[confirmed.search.request_id]))
    assert answer.context["progress"] == {"searches": 1, "candidates": 1, "decided": 1, "confirmed": 1}
    assert answer.context["answers"] == []
    assert confirmed.sighting.camera.name not in answer.content.decode()


def test_stored_sightings_are_picked_by_camera_and_hour(
    client: Client, camera: Camera, make_camera: Any, operator: User
) -> None:
    here, other = make_sighting(make_recording(camera)), make_sighting(make_recording(make_camera("C2")))
    late = make_sighting(here.recording, 2, after_s=300)
    client.force_login(operator)

    def picked(**query: Any) -> list[int]:
        return [row["id"] for row in client.get(reverse("api-sightings"), query).json()["results"]]

    assert picked(camera=camera.pk) == [here.pk, late.pk]
    assert picked(camera=other.camera_id) == [other.pk]
    assert picked(camera=camera.pk, seen_at__lt=late.seen_at.isoformat()) == [here.pk]
