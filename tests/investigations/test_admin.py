"""The supervisors' admin: what each person sees there, what an action does, and what the pages do not tell."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.utils import timezone

from cameras.models import Camera
from investigations.models import (
    Answer,
    Candidate,
    Comment,
    Destruction,
    Hold,
    LegalBasis,
    Participant,
    Path,
    PathPoint,
    SearchRequest,
    SecondReview,
    Tip,
)
from portal.accounts.models import Agency, User
from tests.conftest import make_request
from tests.investigations.administering import act, page, shown
from tests.investigations.conftest import entries
from tests.investigations.watching import make_alert, make_entry

DAY = timedelta(days=1)


# ── Candidates ──────────────────────────────────────────────────────────────────────────────────────────────────────


LIST = "investigations_candidate_changelist"


def listed(client: Client, user: User, **query: str) -> set[int]:
    client.force_login(user)
    return {row.pk for row in client.get(page(LIST, **query)).context["cl"].result_list}


def test_who_does_not_know_the_decisions_is_not_told_them(
    client: Client, candidates: dict[str, Candidate], supervisor: User
) -> None:
    addresses = [page(LIST), page(LIST, o="-4"), page(LIST, o="4"), page(LIST, decided="hidden")]
    addresses += [page("investigations_candidate_change", row.pk) for row in candidates.values()]
    before = [without_tokens(shown(client, supervisor, address)) for address in addresses]
    assert before[0].count("hidden") > before[0].count("hidden from me")
    assert not any("the coat" in text for text in before)
    others = {"pending": "confirmed", "confirmed": "rejected", "rejected": "pending"}
    for name, row in candidates.items():
        Candidate.objects.filter(pk=row.pk).update(decision=others[name])
    # Had the decisions been others, the pages would be the same to the last letter.
    assert [without_tokens(shown(client, supervisor, address)) for address in addresses] == before


def without_tokens(text: str) -> str:
    return re.sub(r'(csrf\w*["\' ][^>]*?(value|content)=")[^"]*|(messages__)\w+', "", text)


def test_who_works_on_the_search_sees_them(client: Client, candidates: dict[str, Candidate], supervisor: User) -> None:
    Participant.objects.create(search=candidates["pending"].search, user=supervisor)
    text = shown(client, supervisor, page("investigations_candidate_change", candidates["rejected"].pk))
    assert "the coat" in text
    assert listed(client, supervisor, decided="rejected") == {candidates["rejected"].pk}


@pytest.mark.parametrize("decision", ["pending", "confirmed", "rejected"])
def test_no_filter_tells_a_hidden_decision(
    client: Client, candidates: dict[str, Candidate], supervisor: User, decision: str
) -> None:
    assert listed(client, supervisor, decided=decision) == set()
    assert listed(client, supervisor, decided="hidden") == {row.pk for row in candidates.values()}
    client.force_login(supervisor)
    for query in ({"decision__exact": decision}, {"decision": decision}, {"decisions__new": decision}):
        response = client.get(page(LIST, **query))
        assert response.status_code in {302, 400}, query


def test_no_order_tells_a_hidden_decision(client: Client, candidates: dict[str, Candidate], supervisor: User) -> None:
    client.force_login(supervisor)
    listing = client.get(page(LIST)).context["cl"]
    allowed = {listing.model_admin.list_display[index - 1] for index in listing.get_ordering_field_columns()}
    columns = listing.model_admin.get_sortable_by(listing.model_admin)
    fields = {name: listing.get_ordering_field(name) for name in columns}
    assert fields["shown_decision"] is None
    assert fields["second_opinion"] is None
    assert "shown_decision" not in allowed


def test_the_filter_of_second_opinions_is_the_queue(
    client: Client, candidates: dict[str, Candidate], supervisor: User, operator: User
) -> None:
    queue = set(Candidate.objects.awaiting_second_review(supervisor).values_list("pk", flat=True))
    assert queue == {candidates["confirmed"].pk, candidates["rejected"].pk}
    assert listed(client, supervisor, decided="awaiting") == queue


def test_a_second_opinion_as_an_action(client: Client, candidates: dict[str, Candidate], supervisor: User) -> None:
    said = act(client, supervisor, "investigations_candidate", "agree", *candidates.values())
    assert said == ["1 of the chosen candidates do not wait for your second opinion.", "Decided: 2."]
    verdicts = {review.candidate_id: review.verdict for review in SecondReview.objects.all()}
    assert verdicts == {candidates["confirmed"].pk: "confirmed", candidates["rejected"].pk: "confirmed"}
    assert listed(client, supervisor, decided="disputed") == {candidates["rejected"].pk}
    assert "disagrees" in shown(client, supervisor, page(LIST))
    assert len(entries("candidate.agreed")) == len(entries("candidate.disputed")) == 1


def test_a_first_decision_is_not_overwritten_blindly(
    client: Client, candidates: dict[str, Candidate], supervisor: User
) -> None:
    said = act(client, supervisor, "investigations_candidate", "reject", candidates["confirmed"], reason="other coat")
    assert "Give the second opinion" in said[0]
    assert Candidate.objects.get(pk=candidates["confirmed"].pk).decision == "confirmed"


def test_a_path_shows_the_stops_that_one_may_know_of(
    client: Client, candidates: dict[str, Candidate], supervisor: User, approved: SearchRequest, operator: User
) -> None:
    path = Path.objects.create(request=approved, built_by=operator)
    sighting = candidates["confirmed"].sighting
    PathPoint.objects.create(path=path, number=1, sighting=sighting)
    address = page("investigations_path_change", path.pk)
    assert str(sighting.camera) not in shown(client, supervisor, address)
    Participant.objects.create(search=candidates["confirmed"].search, user=supervisor)
    assert str(sighting.camera) in shown(client, supervisor, address)


# ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_supervisor_approves_returns_and_answers_from_the_list(
    client: Client, case: Any, centre: Agency, officer: User, supervisor: User
) -> None:
    first, second, third = (make_request(case, centre, officer) for _ in range(3))
    assert act(client, supervisor, "investigations_searchrequest", "approve", first) == ["Approved: 1."]
    said = act(client, supervisor, "investigations_searchrequest", "return_to_station", second)
    assert "Say what is missing" in said[0]
    act(client, supervisor, "investigations_searchrequest", "return_to_station", second, reason="A photo, please.")
    SearchRequest.objects.filter(pk=third.pk).update(status="review", approved_at=timezone.now())
    said = act(client, supervisor, "investigations_searchrequest", "answer_not_seen", third, reason="Not seen.")
    assert said == ["Answered: 1."]
    statuses = list(SearchRequest.objects.order_by("pk").values_list("status", flat=True))
    assert statuses == ["approved", "returned", "answered"]
    answer = Answer.objects.get()
    assert (answer.text, answer.items.count()) == ("Not seen.", 0)
    assert [entry.reason for entry in entries("request.returned")] == ["A photo, please."]


def test_a_request_is_given_to_one_of_the_centres_people(
    client: Client, request_: SearchRequest, supervisor: User, operator: User, stranger: User, officer: User
) -> None:
    text = shown(client, supervisor, page("investigations_searchrequest_changelist"))
    assert f'value="assign_{operator.pk}"' in text
    assert f'value="assign_{stranger.pk}"' not in text
    assert f'value="assign_{officer.pk}"' not in text
    said = act(client, supervisor, "investigations_searchrequest", f"assign_{operator.pk}", request_, reason="night")
    assert said == ["Given: 1."]
    request_.refresh_from_db()
    assert request_.handler == operator
    assert entries("request.assigned")[0].reason == "night"
    act(client, supervisor, "investigations_searchrequest", f"assign_{stranger.pk}", request_)
    request_.refresh_from_db()
    assert request_.handler == operator


def test_the_list_finds_what_needs_attention(
    client: Client, case: Any, centre: Agency, officer: User, supervisor: User
) -> None:
    past = timezone.now() - DAY
    rows = {
        "overdue": make_request(case, centre, officer, receipt_due_at=past),
        "emergency": make_request(case, centre, officer, is_emergency=True),
        "approved": make_request(case, centre, officer, status="approved", approved_at=past),
        "closed": make_request(case, centre, officer, status="closed", outcome="found"),
    }
    client.force_login(supervisor)
    found = {
        value: {
            row.pk
            for row in client.get(page("investigations_searchrequest_changelist", attention=value))
            .context["cl"]
            .result_list
        }
        for value in ("open", "overdue", "approval", "emergency")
    }
    assert found == {
        "open": {rows[name].pk for name in ("overdue", "emergency", "approved")},
        "overdue": {rows["overdue"].pk},
        "approval": {rows["overdue"].pk, rows["emergency"].pk},
        "emergency": {rows["emergency"].pk},
    }
    text = shown(client, supervisor, page("investigations_searchrequest_changelist"))
    assert "overdue: " in text
    assert "not approved" in text


def test_a_request_shows_its_course(client: Client, approved: SearchRequest, supervisor: User) -> None:
    text = shown(client, supervisor, page("investigations_searchrequest_change", approved.pk))
    assert "Receipt" in text
    assert "Legal basis and scope" in text
    assert [entry.target_id for entry in entries("record.viewed")] == [str(approved.pk)]


# ── Legal bases and cameras ─────────────────────────────────────────────────────────────────────────────────────────


def basis_form(basis: LegalBasis, **values: Any) -> dict[str, Any]:
    names = [field.name for field in LegalBasis._meta.fields if field.name != "id"]
    form = {name: getattr(basis, name) for name in names} | {"reason": "new statute"} | values
    return {name: "" if value is None else value for name, value in form.items() if value is not False}


def test_an_administrator_changes_a_basis_and_the_trail_says_what(
    client: Client, request_: SearchRequest, administrator: User
) -> None:
    basis = request_.basis
    client.force_login(administrator)
    address = page("investigations_legalbasis_change", basis.pk)
    response = client.post(address, basis_form(basis, radius_m=700, kinds=["missing_child"]))
    assert response.status_code == 302
    basis.refresh_from_db()
    assert (basis.radius_m, basis.kinds) == (700, ["missing_child"])
    (entry,) = entries("basis.changed")
    assert entry.reason == "new statute"
    assert entry.details == {
        "kinds": {"old": ["missing_child", "dementia"], "new": ["missing_child"]},
        "radius_m": {"old": 10000, "new": 700},
    }


def test_a_basis_is_not_changed_without_a_reason(client: Client, request_: SearchRequest, administrator: User) -> None:
    client.force_login(administrator)
    address = page("investigations_legalbasis_change", request_.basis_id)
    response = client.post(address, basis_form(request_.basis, radius_m=700, reason=""))
    assert response.status_code == 200
    assert not entries("basis.changed")


def test_an_administrator_adds_a_basis(client: Client, request_: SearchRequest, administrator: User) -> None:
    client.force_login(administrator)
    client.post(page("investigations_legalbasis_add"), basis_form(request_.basis, code="disaster", hours=""))
    assert LegalBasis.objects.get(code="disaster").hours is None
    assert entries("basis.changed")[0].details["code"] == {"old": None, "new": "disaster"}


def test_a_supervisor_reads_the_bases_and_changes_none(
    client: Client, request_: SearchRequest, supervisor: User
) -> None:
    address = page("investigations_legalbasis_change", request_.basis_id)
    text = shown(client, supervisor, address)
    assert "missing child, wandering elderly person" in text
    assert client.post(address, basis_form(request_.basis, radius_m=1)).status_code == 403
    assert not entries("basis.changed")


def test_an_administrator_sets_how_long_a_camera_keeps(client: Client, camera: Camera, administrator: User) -> None:
    client.force_login(administrator)
    names = ["code", "name", "address", "latitude", "longitude", "field_of_view_deg", "status"]
    form = {name: getattr(camera, name) for name in names} | {"centre": camera.centre_id, "retention_days": 14}
    assert client.post(page("cameras_camera_change", camera.pk), form).status_code == 302
    camera.refresh_from_db()
    assert camera.retention_days == 14
    assert entries("camera.changed")[0].details == {"retention_days": {"new": 14, "old": 30}}
    assert client.post(page("cameras_camera_change", camera.pk), form | {"retention_days": 0}).status_code == 200
    camera.refresh_from_db()
    assert camera.retention_days == 14


# ── Holds, and what is only read ────────────────────────────────────────────────────────────────────────────────────


def test_a_hold_is_released_with_a_reason(
    client: Client, approved: SearchRequest, camera: Camera, operator: User, supervisor: User
) -> None:
    now = timezone.now()
    hold = Hold.objects.create(
        request=approved, camera=camera, starts_at=now - DAY, ends_at=now, reason="court", placed_by=operator
    )
    assert "Say why" in act(client, supervisor, "investigations_hold", "release", hold)[0]
    assert act(client, supervisor, "investigations_hold", "release", hold, reason="seen") == ["Released: 1."]
    hold.refresh_from_db()
    assert hold.released_at is not None
    assert entries("hold.released")[0].reason == "seen"


def test_a_hold_does_not_tell_that_its_candidate_was_confirmed(
    client: Client, candidates: dict[str, Candidate], supervisor: User
) -> None:
    def count() -> int:
        client.force_login(supervisor)
        return int(client.get(page("investigations_hold_changelist")).context["cl"].result_count)

    assert Hold.objects.count() == 1
    assert count() == 0
    Participant.objects.create(search=candidates["confirmed"].search, user=supervisor)
    assert count() == 1


def test_the_pages_show_nothing_of_another_centre(
    client: Client, candidates: dict[str, Candidate], approved: SearchRequest, operator: User, stranger: User
) -> None:
    camera = candidates["pending"].sighting.camera
    now = timezone.now()
    rows = [
        Hold.objects.create(
            request=approved, camera=camera, starts_at=now - DAY, ends_at=now, reason="r", placed_by=operator
        ),
        Destruction.objects.create(centre=approved.centre, rule="expired", status="done"),
        Answer.objects.create(request=approved, number=1, text="Seen.", audit_sequence=1, sent_by=operator),
        Comment.objects.create(request=approved, author=operator, text="Camera 7 is dirty."),
        Tip.objects.create(case=approved.case, source="police", text="Seen.", seen_at=now, added_by=operator),
        candidates["pending"],
        approved,
    ]
    client.force_login(stranger)
    for row in rows:
        name = f"investigations_{row._meta.model_name}"
        assert client.get(page(f"{name}_changelist")).context["cl"].result_count == 0
        assert client.get(page(f"{name}_change", row.pk)).status_code == 302  # to the front page: no such row
    assert not entries("record.viewed")


@pytest.mark.parametrize("model", ["answer", "comment", "tip", "hold", "destruction", "evidencepackage", "path"])
def test_what_verbs_write_cannot_be_typed(client: Client, supervisor: User, model: str) -> None:
    client.force_login(supervisor)
    assert client.get(page(f"investigations_{model}_add")).status_code == 403


# ── Number plates ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", ["12가3456", "12가 3456", "12가-3456", "１２가3456", "가34", "3457"])
def test_a_plate_is_found_however_it_is_spelled(
    client: Client, camera: Camera, approved: SearchRequest, supervisor: User, typed: str
) -> None:
    SearchRequest.objects.update(plate="12가3456")
    make_alert(make_entry(supervisor), camera)
    client.force_login(supervisor)
    for model in ("searchrequest", "watchentry", "watchalert"):
        answer = client.get(page(f"investigations_{model}_changelist"), {"q": typed})
        assert answer.context["cl"].result_count == (typed != "3457"), model
        hints = re.findall(r'placeholder="([^"]*)"', answer.content.decode())
        assert any("number plate" in hint.lower() for hint in hints)


# ── Set-up ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("backend", "warns"), [("dummy", True), ("console", True), ("smtp", False)])
def test_a_site_without_mail_is_warned(settings: Any, backend: str, *, warns: bool) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    found = {message.id for message in run_checks(include_deployment_checks=True)}
    assert ("dongseon.W002" in found) == warns
    assert "dongseon.W002" not in {message.id for message in run_checks()}
