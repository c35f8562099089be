"""A station writes, sends, follows and ends its requests on its pages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from investigations.models import Attachment, Candidate, Case, LegalBasis, SearchRequest
from investigations.services.answers import send_answer
from investigations.services.requests import (
    RequestTerms,
    approve_request,
    draft_request,
    receive_request,
    reopen_request,
    return_request,
    review_request,
    submit_request,
)
from investigations.services.reviews import review_candidate
from investigations.steps import steps_of
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from tests.conftest import drawn_person, legal_basis
from tests.investigations.conftest import entries

JSON = {"Accept": "application/json"}


def words(to: Agency, **values: Any) -> dict[str, Any]:
    return {"centre": to.pk, "basis": legal_basis().pk, "wanted": "red coat", "purpose": "law"} | values


def picture(name: str = "p.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, drawn_person(), "image/jpeg")


@pytest.fixture
def draft(case: Case, centre: Agency, officer: User) -> SearchRequest:
    terms = RequestTerms(centre=centre, basis=legal_basis(), purpose="law", wanted="red coat")
    return draft_request(case, terms, actor=officer)


# ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "codes", "has_vehicle"),
    [
        ("missing_child", {"danger-to-life", "missing-child"}, False),
        ("missing_adult", {"danger-to-life", "warrant"}, False),
        ("vehicle", {"crime", "warrant"}, True),
    ],
)
def test_the_form_asks_for_what_the_kind_of_case_needs(
    client: Client, case: Case, officer: User, kind: str, codes: set[str], has_vehicle: bool
) -> None:
    Case.objects.update(kind=kind)
    client.force_login(officer)
    page = client.get(reverse("request-new", args=[case.pk]))
    form = page.context["form"]
    assert {basis.code for basis in form.bases} == codes
    assert ("plate" in form.fields) == has_vehicle
    assert (b'name="plate"' in page.content) == has_vehicle
    assert b"---</option>" not in page.content.split(b"part-wanted")[1]
    for basis in form.bases:
        assert basis.law in page.content.decode()


def test_a_basis_out_of_force_is_not_offered_and_not_taken(
    client: Client, case: Case, centre: Agency, officer: User
) -> None:
    LegalBasis.objects.update(is_active=False)
    client.force_login(officer)
    address = reverse("request-new", args=[case.pk])
    assert b"No legal basis in force" in client.get(address).content
    assert list(client.post(address, words(centre)).context["form"].errors) == ["basis"]
    assert not SearchRequest.objects.exists()


def test_the_limits_stand_beside_the_basis(client: Client, case: Case, officer: User) -> None:
    client.force_login(officer)
    page = client.get(reverse("request-new", args=[case.pk])).content.decode()
    for limit in ("500 cameras", "within 10 km", "± 72 hours", "emergency possible", "kept 7 days after closing"):
        assert limit in page
    assert "within 2 hours; after that no further search starts" in page


def test_a_draft_is_saved_with_its_files(client: Client, case: Case, centre: Agency, officer: User) -> None:
    client.force_login(officer)
    values = words(centre, save="1", files=[picture(), SimpleUploadedFile("letter.pdf", b"%PDF-1.4 x")])
    answer = client.post(reverse("request-new", args=[case.pk]), values)
    row = SearchRequest.objects.get()
    assert answer.headers["Location"] == reverse("request-edit", args=[row.pk])
    assert row.status == "draft"
    assert list(row.attachments.values_list("name", "kind")) == [("p.jpg", "picture"), ("letter.pdf", "document")]


def test_a_request_is_sent_as_it_was_typed(client: Client, case: Case, centre: Agency, officer: User) -> None:
    client.force_login(officer)
    values = words(
        centre,
        send="1",
        is_emergency="on",
        last_seen_at="2026-11-20 12:00",
        last_seen_place="library",
        last_seen_latitude="36.4984",
        last_seen_longitude="127.268",
    )
    answer = client.post(reverse("request-new", args=[case.pk]), values)
    row = SearchRequest.objects.get()
    assert answer.headers["Location"] == reverse("workspace", args=[row.pk])
    assert (row.status, row.is_emergency, row.place) == ("submitted", True, (36.4984, 127.268))
    assert row.last_seen_at is not None
    assert row.last_seen_at.isoformat() == "2026-11-20T03:00:00+00:00"  # typed in Korean time


def test_a_refused_file_says_why_and_the_rest_stays_unsent(
    client: Client, case: Case, centre: Agency, officer: User
) -> None:
    client.force_login(officer)
    files = [picture("good.jpg"), SimpleUploadedFile("bad.jpg", b"no picture"), SimpleUploadedFile("run.exe", b"MZ")]
    page = client.post(
        reverse("request-new", args=[case.pk]), words(centre, send="1", files=files), follow=True
    ).content.decode()
    row = SearchRequest.objects.get()
    assert (row.status, list(row.attachments.values_list("name", flat=True))) == ("draft", ["good.jpg"])
    assert "bad.jpg is neither a picture nor a PDF document" in page
    assert "run.exe is neither a picture nor a PDF document" in page
    assert "kept but not sent" in page


def test_a_file_that_is_too_large_is_refused_by_name(
    client: Client, draft: SearchRequest, centre: Agency, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("investigations.services.talk", "investigations.views.talk"):
        monkeypatch.setattr(f"{module}.LARGEST_BYTES", 100)
    client.force_login(officer)
    values = words(centre, save="1", files=[SimpleUploadedFile("huge.pdf", b"%PDF-" + b"x" * 500)])
    page = client.post(reverse("request-edit", args=[draft.pk]), values, follow=True).content.decode()
    assert "huge.pdf is larger than" in page
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"wanted": " "}, "wanted"),
        ({"basis": ""}, "basis"),
        ({"centre": "999999"}, "centre"),
        ({"last_seen_at": "noon"}, "last_seen_at"),
        ({"last_seen_at": "2999-01-01 00:00"}, "last_seen_at"),
        ({"last_seen_latitude": "91", "last_seen_longitude": "0"}, "last_seen_latitude"),
        ({"last_seen_latitude": "36.4"}, "last_seen_longitude"),
        ({"last_seen_longitude": "127"}, "last_seen_latitude"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    client: Client, case: Case, centre: Agency, officer: User, change: dict[str, str], field: str
) -> None:
    client.force_login(officer)
    address = reverse("request-new", args=[case.pk])
    assert list(client.post(address, words(centre, **change)).context["form"].errors) == [field]
    answer = client.post(address, words(centre, **change), headers=JSON)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not SearchRequest.objects.exists()


def test_the_verb_decides_about_documents_and_emergencies(
    client: Client, case: Case, centre: Agency, officer: User
) -> None:
    Case.objects.update(kind="suspect")
    client.force_login(officer)
    values = words(centre, basis=legal_basis("crime").pk, is_emergency="on")
    form = client.post(reverse("request-new", args=[case.pk]), values).context["form"]
    assert set(form.errors) == {"document_number", "is_emergency"}


def test_all_that_is_wrong_is_said_at_once(client: Client, case: Case, centre: Agency, officer: User) -> None:
    Case.objects.update(kind="vehicle")
    client.force_login(officer)
    address = reverse("request-new", args=[case.pk])
    wrong = {"plate": "12<3456", "wanted": "", "is_emergency": "on", "last_seen_at": "2999-01-01 00:00"}
    values = words(centre, basis=legal_basis("crime").pk, **wrong)
    said = client.post(address, values, headers=JSON).json()["errors"]
    assert {name: len(sentences) for name, sentences in said.items()} == dict.fromkeys(
        ("plate", "wanted", "document_number", "is_emergency", "last_seen_at"), 1
    )
    too_long = client.post(address, values | {"document_number": "7" * 61}, headers=JSON).json()["errors"]
    assert len(too_long["document_number"]) == 1


def test_the_verb_says_all_at_once_too(case: Case, centre: Agency, officer: User) -> None:
    Case.objects.update(kind="vehicle")
    case.refresh_from_db()
    terms = RequestTerms(centre=centre, basis=legal_basis("crime"), purpose="", wanted="x", plate="12<3456")
    with pytest.raises(ValidationError) as refusal:
        draft_request(case, terms, actor=officer)
    assert set(refusal.value.message_dict) == {"plate", "document_number", "purpose"}


def test_a_closed_case_takes_no_request(client: Client, case: Case, centre: Agency, officer: User) -> None:
    Case.objects.update(status="closed")
    client.force_login(officer)
    answer = client.post(reverse("request-new", args=[case.pk]), words(centre))
    assert b"This case is not open" in answer.content
    assert not SearchRequest.objects.exists()


def test_a_draft_is_changed_sent_and_not_changed_after_that(
    client: Client, draft: SearchRequest, centre: Agency, colleague: User
) -> None:
    client.force_login(colleague)
    address = reverse("request-edit", args=[draft.pk])
    assert b"red coat" in client.get(address).content
    client.post(address, words(centre, wanted="blue coat", save="1"))
    client.post(reverse("request-send", args=[draft.pk]))
    draft.refresh_from_db()
    assert (draft.wanted, draft.status, draft.submitted_by) == ("blue coat", "submitted", colleague)
    assert client.get(address).headers["Location"] == reverse("workspace", args=[draft.pk])
    late = client.post(address, words(centre, wanted="green coat"))
    assert b"can be changed only while" in late.content
    draft.refresh_from_db()
    assert draft.wanted == "blue coat"


def test_a_returned_request_is_mended_and_sent_again_to_the_same_centre(
    client: Client, request_: SearchRequest, centre: Agency, other_centre: Agency, officer: User, supervisor: User
) -> None:
    return_request(request_, reason="A photo, please.", actor=supervisor)
    client.force_login(officer)
    address = reverse("request-edit", args=[request_.pk])
    assert b"A photo, please." in client.get(address).content
    client.post(address, words(other_centre, wanted="red coat, see the photo", files=[picture()], send="1"))
    request_.refresh_from_db()
    assert (request_.status, request_.centre, request_.attachments.count()) == ("submitted", centre, 1)


def test_a_draft_is_discarded_with_its_files(client: Client, draft: SearchRequest, officer: User) -> None:
    client.force_login(officer)
    client.post(reverse("attachment-add", args=[draft.pk]), {"files": [picture()]})
    answer = client.post(reverse("request-discard", args=[draft.pk]), follow=True)
    assert b"The draft was discarded" in answer.content
    assert not SearchRequest.objects.exists()
    assert len(entries("request.discarded")) == 1


def test_what_was_sent_is_not_discarded(client: Client, request_: SearchRequest, officer: User) -> None:
    client.force_login(officer)
    page = client.post(reverse("request-discard", args=[request_.pk]), follow=True)
    assert b"Only a draft that was never sent" in page.content
    assert SearchRequest.objects.exists()


def test_a_file_of_a_draft_is_taken_out_and_one_that_was_sent_is_not(
    client: Client, draft: SearchRequest, officer: User
) -> None:
    client.force_login(officer)
    client.post(reverse("attachment-add", args=[draft.pk]), {"files": [picture("a.jpg"), picture("b.jpg")]})
    first, second = draft.attachments.all()
    client.post(reverse("attachment-remove", args=[first.pk]))
    submit_request(draft, actor=officer)
    refused = client.post(reverse("attachment-remove", args=[second.pk]), headers=JSON)
    assert (refused.status_code, "draft" in refused.json()["detail"]) == (400, True)
    assert list(draft.attachments.all()) == [second]
    assert len(entries("attachment.removed")) == 1


# ── Following ───────────────────────────────────────────────────────────────────────────────────────────────────────


def states(row: SearchRequest) -> dict[str, str]:
    row.refresh_from_db()
    return {str(step.status): step.state for step in steps_of(row, list(row.changes.select_related("actor")))}


def test_the_steps_name_who_took_them_and_when_the_next_are_due(
    draft: SearchRequest, officer: User, operator: User
) -> None:
    submit_request(draft, actor=officer)
    receive_request(draft, actor=operator)
    draft.refresh_from_db()
    submitted, received, approved, *_rest = steps_of(draft, list(draft.changes.all()))
    assert (submitted.state, submitted.by) == ("done", "officer")
    assert (received.state, received.by, received.due_at) == ("current", "operator", None)
    assert (approved.state, approved.due_at) == ("todo", draft.approval_due_at)


def test_returned_and_sent_again_the_steps_begin_anew(
    draft: SearchRequest, officer: User, operator: User, supervisor: User
) -> None:
    submit_request(draft, actor=officer)
    receive_request(draft, actor=operator)
    return_request(draft, reason="A photo.", actor=supervisor)
    assert states(draft)["returned"] == "returned"
    submit_request(draft, actor=officer)
    assert (states(draft)["submitted"], states(draft)["received"]) == ("current", "todo")


def test_an_approval_without_a_receipt_is_one(draft: SearchRequest, officer: User, supervisor: User) -> None:
    submit_request(draft, actor=officer)
    approve_request(draft, actor=supervisor)
    assert (states(draft)["received"], states(draft)["approved"]) == ("done", "current")


def test_an_emergency_owes_its_approval(draft: SearchRequest, officer: User) -> None:
    now = timezone.now()
    SearchRequest.objects.filter(pk=draft.pk).update(
        status="searching", is_emergency=True, approval_due_at=now + timedelta(hours=1)
    )
    draft.changes.create(verb="submit", old="draft", new="submitted", actor=officer)
    draft.changes.create(verb="search_in_emergency", old="submitted", new="searching", actor=officer)
    assert (states(draft)["approved"], states(draft)["searching"]) == ("owed", "current")


def test_reopened_it_is_to_be_searched_again(answered: SearchRequest, officer: User) -> None:
    assert states(answered)["answered"] == "current"
    reopen_request(answered, reason="Look further north.", actor=officer)
    again = states(answered)
    assert (again["approved"], again["searching"], again["review"], again["answered"]) == (
        "done",
        "owed",
        "todo",
        "todo",
    )


@pytest.fixture
def answered(confirmed: Candidate, operator: User, supervisor: User) -> SearchRequest:
    """Searched, reviewed by two, and answered with one sighting."""
    row = confirmed.search.request
    row.changes.create(verb="submit", old="draft", new="submitted", actor=row.submitted_by)
    row.changes.create(verb="approve", old="submitted", new="approved", actor=supervisor)
    confirmed.search.status = "done"
    confirmed.search.sightings_compared = 340
    confirmed.search.save()
    confirmed.decisions.create(old="pending", new="confirmed", actor=operator)
    SearchRequest.objects.filter(pk=row.pk).update(status="searching", answer_due_at=timezone.now())
    row.changes.create(verb="search", old="approved", new="searching", actor=operator)
    review_candidate(confirmed, "confirmed", actor=supervisor)
    review_request(row, reason="Candidate 1 looks right", actor=operator)
    send_answer(row, [confirmed], "Walks east along the lake.", actor=operator)
    row.refresh_from_db()
    return row


def test_the_answer_shows_its_sighting_reviewers_and_certificate(
    client: Client, answered: SearchRequest, officer: User
) -> None:
    client.force_login(officer)
    page = client.get(reverse("workspace", args=[answered.pk])).content.decode()
    for text in ("Walks east along the lake.", "Camera C1", "rank 1 of 340 compared", "operator", "supervisor"):
        assert text in page
    assert "recorded, but not analysed when the search ran" in page
    assert "nothing was recorded" in page
    answer = answered.answers.get()
    assert f"{answer.audit_sequence}:{answer.audit_root}" in page
    assert "Candidate 1 looks right" not in page


def test_looking_at_an_answer_is_one_entry_and_opens_its_picture(
    client: Client, answered: SearchRequest, officer: User
) -> None:
    client.force_login(officer)
    page = client.get(reverse("workspace", args=[answered.pk])).content.decode()
    client.get(reverse("workspace", args=[answered.pk]))
    client.get(reverse("request-parts", args=[answered.pk]))
    (entry,) = entries("answer.viewed")
    sighting = answered.answers.get().items.get().sighting_id
    assert (entry.actor_id, entry.details) == (officer.pk, {"sightings": [sighting]})
    address = re.search(r'src="(/pictures/sightings/[^"]+)"', page)
    assert address is not None
    assert client.get(address[1]).status_code == 200
    assert entries("picture.viewed") == []


def test_destroyed_footage_leaves_the_answer_readable(client: Client, answered: SearchRequest, officer: User) -> None:
    answered.answers.get().items.update(sighting=None)
    client.force_login(officer)
    page = client.get(reverse("workspace", args=[answered.pk])).content.decode()
    assert "The footage was destroyed." in page
    assert "Camera C1" in page


def test_the_parts_are_refreshed_without_a_new_look_each_time(
    client: Client, approved: SearchRequest, officer: User
) -> None:
    client.force_login(officer)
    for _time in range(3):
        page = client.get(reverse("request-parts", args=[approved.pk])).content.decode()
    assert 'data-part="state"' in page
    assert "<html" not in page
    assert len(entries("case.viewed")) == 1


def test_ending_and_going_on(client: Client, answered: SearchRequest, officer: User) -> None:
    client.force_login(officer)
    page = client.post(reverse("request-close", args=[answered.pk]), {"outcome": "", "reason": "x"}, follow=True)
    assert b"Say how it ended" in page.content
    client.post(reverse("request-close", args=[answered.pk]), {"outcome": "not_found", "reason": "no trace"})
    answered.refresh_from_db()
    assert (answered.status, answered.outcome) == ("closed", "not_found")
    page = client.post(reverse("request-reopen", args=[answered.pk]), {"reason": " "}, follow=True)
    assert b"Say why" in page.content
    client.post(reverse("request-reopen", args=[answered.pk]), {"reason": "seen up north"})
    answered.refresh_from_db()
    assert answered.status == "reopened"


def test_what_was_destroyed_is_not_reopened(client: Client, answered: SearchRequest, officer: User) -> None:
    now = timezone.now()
    SearchRequest.objects.filter(pk=answered.pk).update(status="closed", outcome="found", closed_at=now, purged_at=now)
    client.force_login(officer)
    page = client.get(reverse("workspace", args=[answered.pk]))
    assert not page.context["can_reopen"]
    assert b"The data was destroyed on" in page.content


EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'


def test_text_of_every_field_is_text(client: Client, answered: SearchRequest, officer: User, operator: User) -> None:
    """Whatever somebody types, in any field, comes out as it was typed."""
    texts = ["wanted", "purpose", "last_seen_place", "document_number", "plate"]
    SearchRequest.objects.filter(pk=answered.pk).update(
        **{name: EVIL[: 60 if name == "document_number" else 20] for name in texts}
    )
    Case.objects.update(title=EVIL, number="<b>1</b>x", description=EVIL)
    LegalBasis.objects.update(name=EVIL, name_en=EVIL, law=EVIL)
    Agency.objects.filter(pk=answered.centre_id).update(name="<i>centre</i>")
    User.objects.filter(pk=operator.pk).update(last_name="<u>x</u>")
    answer = answered.answers.get()
    type(answer).objects.update(text=EVIL)
    answer.items.update(camera_name=EVIL, camera_code="<s>", confirmed_by=EVIL, agreed_by=EVIL)
    for row in answer.certificate["cameras"]:
        row["name"] = EVIL
    type(answer).objects.update(certificate=answer.certificate)
    answered.changes.create(verb="return", old="x", new="returned", reason=EVIL, actor=operator)
    answered.comments.create(text=EVIL, author=operator)
    answered.case.tips.create(source="citizen", text=EVIL, place=EVIL, seen_at=timezone.now(), added_by=officer)
    answered.case.shares.create(centre=answered.centre, note=EVIL, shared_by=officer)
    client.force_login(officer)
    client.post(reverse("attachment-add", args=[answered.pk]), {"files": [picture("<img src=x>.jpg")]})
    pages = [reverse("case-list"), reverse("notifications"), reverse("request-new", args=[answered.case_id])]
    pages += [reverse(name, args=[answered.pk]) for name in ("workspace", "request-parts", "request-talk")]
    for url in [*pages, reverse("case-detail", args=[answered.case_id])]:
        page = client.get(url).content.decode()
        for markup in ("<script>alert", "<img src=x", "<b>1</b>x", "<i>centre", "<u>x", "<s>"):
            assert markup not in page, (url, markup)


def test_every_post_wants_the_token(officer: User, answered: SearchRequest, draft: SearchRequest) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer)
    before = AuditEntry.objects.count()
    routes = {
        answered.pk: ["request-close", "request-reopen", "comment-add", "attachment-add", "request-edit"],
        draft.pk: ["request-send", "request-discard"],
        answered.case_id: ["case-close", "case-share", "tip-add", "request-new"],
    }
    for pk, names in routes.items():
        for name in names:
            assert client.post(reverse(name, args=[pk]), {"reason": "x", "outcome": "found"}).status_code == 403, name
    assert client.post(reverse("notifications-read")).status_code == 403
    assert AuditEntry.objects.count() == before
