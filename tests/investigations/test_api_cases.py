"""The API of cases and requests, used as a police station's system would use it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inference.models import Sighting
from investigations.models import Candidate, Case, Notification, SearchRequest
from investigations.services.reviews import review_candidate
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from portal.exchange.models import Webhook
from tests.conftest import drawn_person, legal_basis, make_request


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def post(person: User, address: str, said: dict[str, Any] | None = None, **headers: str) -> Any:
    return as_(person).post(address, said or {}, content_type="application/json", headers=headers)


def terms(centre: Agency, **values: Any) -> dict[str, Any]:
    legal_basis()
    return {"centre": centre.pk, "basis": "missing-child", "purpose": "law", "wanted": "red coat", **values}


def test_a_request_goes_its_whole_way(
    case: Case, centre: Agency, officer: User, operator: User, supervisor: User, confirmed: Candidate
) -> None:
    made = post(officer, f"/api/cases/{case.pk}/requests/", terms(centre, submit=True))
    assert made.status_code == 201, made.content
    address = f"/api/requests/{made.json()['id']}/"
    SearchRequest.objects.filter(pk=made.json()["id"])
    for person, said, status in (
        (operator, {"step": "receive"}, "received"),
        (supervisor, {"step": "return", "reason": "Which shoes?"}, "returned"),
        (officer, {"step": "submit"}, "submitted"),
        (supervisor, {"step": "approve"}, "approved"),
    ):
        answer = post(person, f"{address}steps/", said)
        assert (answer.status_code, answer.json().get("status")) == (200, status), answer.content
    assert [change["verb"] for change in answer.json()["changes"]] == [
        "submit",
        "receive",
        "return",
        "submit",
        "approve",
    ]
    assert answer.json()["approved_by"] == "supervisor"
    assert post(officer, f"{address}steps/", {"step": "close", "outcome": "found", "reason": "home"}).status_code == 200


def test_a_draft_is_revised_sent_or_discarded(case: Case, centre: Agency, officer: User, operator: User) -> None:
    pk = post(officer, f"/api/cases/{case.pk}/requests/", terms(centre)).json()["id"]
    assert as_(operator).get(f"/api/requests/{pk}/").status_code == 404
    revised = as_(officer).put(
        f"/api/requests/{pk}/", terms(centre, wanted="blue coat", submit=True), content_type="application/json"
    )
    assert (revised.json()["wanted"], revised.json()["status"]) == ("blue coat", "submitted")
    other = post(officer, f"/api/cases/{case.pk}/requests/", terms(centre)).json()["id"]
    assert post(officer, f"/api/requests/{other}/steps/", {"step": "discard"}).status_code == 204
    assert as_(officer).get(f"/api/requests/{other}/").status_code == 404


def test_a_key_makes_one_case_of_two_requests(officer: User) -> None:
    said = {"number": "2026-9", "title": "T", "kind": "suspect"}
    first = post(officer, "/api/cases/", said, idempotency_key="abc")
    again = post(officer, "/api/cases/", said, idempotency_key="abc")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert Case.objects.count() == 1
    assert post(officer, "/api/cases/", said).status_code == 400


def test_a_refusal_is_a_sentence(case: Case, centre: Agency, officer: User, request_: SearchRequest) -> None:
    wrong = post(officer, f"/api/requests/{request_.pk}/steps/", {"step": "close", "outcome": "found"})
    assert (wrong.status_code, wrong.json()["detail"]) == (
        400,
        "Say why: the other side reads it, and it is kept in the audit trail.",
    )
    early = post(officer, f"/api/requests/{request_.pk}/steps/", {"step": "reopen", "reason": "x"})
    assert "“submitted”" in early.json()["detail"]


def test_requests_are_filtered(case: Case, centre: Agency, officer: User, operator: User) -> None:
    plain = make_request(case, centre, officer)
    late = make_request(case, centre, officer, answer_due_at=timezone.now() - timedelta(minutes=1))
    urgent = make_request(case, centre, officer, is_emergency=True, status="searching")
    make_request(case, centre, officer, status="draft")

    def found(person: User, query: str) -> set[int]:
        answer = as_(person).get(f"/api/requests/?{query}").json()
        assert answer["count"] == len(answer["results"])
        return {row["id"] for row in answer["results"]}

    assert found(operator, "") == {plain.pk, late.pk, urgent.pk}
    assert len(found(officer, "")) == 4
    assert found(operator, "is_overdue=true") == {late.pk}
    assert found(operator, "waits_for_approval=true") == {plain.pk, late.pk, urgent.pk}
    assert found(operator, "is_emergency=true&status=searching") == {urgent.pk}
    assert found(operator, "search=nobody") == set()


def test_comments_and_attachments_have_two_sides(
    request_: SearchRequest, officer: User, operator: User, outsider: User
) -> None:
    address = f"/api/requests/{request_.pk}/"
    assert post(operator, f"{address}comments/", {"text": "Camera 7?", "is_internal": True}).status_code == 201
    assert post(officer, f"{address}comments/", {"text": "Red boots"}).status_code == 201
    assert [row["text"] for row in as_(officer).get(f"{address}comments/").json()["results"]] == ["Red boots"]
    file = SimpleUploadedFile("아이.jpg", drawn_person(), content_type="text/html")
    added = as_(officer).post(f"{address}attachments/", {"file": file})
    assert (added.status_code, added.json()["kind"], added.json()["name"]) == (201, "picture", "아이.jpg")
    for part in ("comments", "attachments"):
        assert as_(outsider).get(f"{address}{part}/").status_code == 404


def test_an_answer_is_sent_and_read(
    approved: SearchRequest, confirmed: Candidate, operator: User, supervisor: User, officer: User, outsider: User
) -> None:
    SearchRequest.objects.update(status="review")
    address, said = f"/api/requests/{approved.pk}/answers/", {"candidates": [confirmed.pk], "text": "At the lake."}
    assert "not confirmed by two people" in post(operator, address, said).json()["detail"]
    review_candidate(confirmed, "confirmed", actor=supervisor)
    sent = post(operator, address, said)
    assert sent.status_code == 201, sent.content
    answer = as_(officer).get(f"/api/answers/{sent.json()['id']}/").json()
    assert [item["camera_code"] for item in answer["items"]] == ["C1"]
    assert answer["audit_root"] == AuditEntry.objects.get(action="request.answered").hash
    assert as_(officer).get(answer["items"][0]["picture"]).status_code == 200
    assert AuditEntry.objects.filter(action="answer.viewed", actor_id=officer.pk).count() == 1
    assert as_(outsider).get(f"/api/answers/{sent.json()['id']}/").status_code == 404
    assert as_(officer).get(f"/api/requests/{approved.pk}/certificate/").status_code == 403


def test_candidates_of_others_are_no_answer(approved: SearchRequest, confirmed: Candidate, stranger: User) -> None:
    said = {"candidates": [confirmed.pk], "text": "x"}
    assert post(stranger, f"/api/requests/{approved.pk}/answers/", said).status_code == 404


def test_the_scope_is_widened_by_supervisors(approved: SearchRequest, operator: User, supervisor: User) -> None:
    address = f"/api/requests/{approved.pk}/scope/"
    assert post(operator, address, {"radius_m": 10, "reason": "x"}).status_code == 403
    changed = post(supervisor, address, {"radius_m": 10, "hours": None, "reason": "bus"})
    assert (changed.json()["radius_m"], changed.json()["hours"]) == (10, None)


def test_notifications_are_read(request_: SearchRequest, officer: User, operator: User) -> None:
    post(operator, f"/api/requests/{request_.pk}/steps/", {"step": "receive"})
    rows = as_(officer).get("/api/notifications/?read_at__isnull=true").json()["results"]
    assert [(row["kind"], row["text"]) for row in rows] == [
        ("received", "The control centre has received the request.")
    ]
    assert post(officer, "/api/notifications/read/").json() == {"read": 1}
    assert not Notification.objects.unread().filter(user=officer).exists()


def test_the_stations_system_is_told_of_each_step_and_of_nothing_else(
    request_: SearchRequest, station: Agency, other_station: Agency, operator: User
) -> None:
    for agency in (station, other_station):
        Webhook.objects.create(
            agency=agency, name="CAD", url="https://10.0.0.1/", secret="s", events=["request.received"]
        )
    post(operator, f"/api/requests/{request_.pk}/steps/", {"step": "receive"})
    post(operator, f"/api/requests/{request_.pk}/comments/", {"text": "hello"})
    [delivery] = [row for hook in Webhook.objects.all() for row in hook.deliveries.all()]
    assert delivery.webhook.agency == station
    assert delivery.payload == {
        "request": request_.pk,
        "case": request_.case_id,
        "status": "received",
        "is_emergency": False,
    }


@pytest.mark.parametrize("pk", ["0", "999999999", "9223372036854775808"])
def test_a_guessed_number_is_not_found(pk: str, officer: User, sighting: Sighting) -> None:
    for address in (f"/api/requests/{pk}/", f"/api/answers/{pk}/", f"/api/cases/{pk}/"):
        assert as_(officer).get(address).status_code == 404
