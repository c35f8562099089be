"""Decisions on candidates: confirm, reject with a reason, take back; two people at once."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from cameras.models import Camera
from investigations.models import Candidate, SearchRequest
from investigations.services.candidates import decide_candidate
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import make_recording, make_search, make_sighting


@pytest.fixture
def candidate(approved: SearchRequest, camera: Camera, operator: User) -> Candidate:
    search = make_search(approved, [camera], operator)
    return Candidate.objects.create(search=search, sighting=make_sighting(make_recording(camera)), score=0.8)


def test_a_decision_leaves_a_row_and_an_entry(candidate: Candidate, operator: User) -> None:
    decide_candidate(candidate, "confirmed", reason="same bag", actor=operator)
    candidate.refresh_from_db()
    assert candidate.decision == "confirmed"
    row = candidate.decisions.get()
    assert (row.old, row.new, row.reason, row.actor) == ("pending", "confirmed", "same bag", operator)
    entry, hold = AuditEntry.objects.order_by("sequence")
    assert (entry.action, hold.action) == ("candidate.confirmed", "hold.placed")  # its footage is kept from now on


def test_a_rejection_needs_a_reason(candidate: Candidate, operator: User) -> None:
    with pytest.raises(ValidationError, match="why"):
        decide_candidate(candidate, "rejected", actor=operator)
    assert decide_candidate(candidate, "rejected", reason="other shoes", actor=operator).decision == "rejected"


def test_a_decision_can_be_taken_back(candidate: Candidate, operator: User) -> None:
    decide_candidate(candidate, "confirmed", actor=operator)
    decide_candidate(candidate, "pending", actor=operator)
    assert [row.new for row in candidate.decisions.all()] == ["confirmed", "pending"]
    assert AuditEntry.objects.order_by("sequence").last().action == "candidate.reopened"  # type: ignore[union-attr]


def test_a_decision_never_overwrites_one_that_was_not_seen(
    candidate: Candidate, operator: User, supervisor: User
) -> None:
    as_seen_by_both = Candidate.objects.get(pk=candidate.pk)
    decide_candidate(candidate, "confirmed", actor=operator)
    with pytest.raises(ValidationError, match="Somebody else"):
        decide_candidate(as_seen_by_both, "rejected", reason="no", actor=supervisor)
    candidate.refresh_from_db()
    assert candidate.decision == "confirmed"


def test_seeing_a_decision_that_is_not_there_is_no_decision(candidate: Candidate, operator: User) -> None:
    decide_candidate(Candidate.objects.get(pk=candidate.pk), "rejected", reason="no", actor=operator)
    candidate.decision = "confirmed"  # what somebody claims to have seen
    with pytest.raises(ValidationError, match="Somebody else"):
        decide_candidate(candidate, "confirmed", actor=operator)


@pytest.mark.parametrize("who", ["officer", "outsider", "stranger", "administrator"])
def test_nobody_else_decides(who: str, candidate: Candidate, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        decide_candidate(candidate, "confirmed", actor=request.getfixturevalue(who))
    assert not AuditEntry.objects.exists()


def test_whoever_decides_about_one_that_was_destroyed_meanwhile_is_told_to_look_again(
    candidate: Candidate, operator: User, outsider: User
) -> None:
    Candidate.objects.all().delete()
    with pytest.raises(ValidationError, match="no longer in the list"):
        decide_candidate(candidate, "confirmed", actor=operator)
    with pytest.raises(PermissionDenied):
        decide_candidate(candidate, "confirmed", actor=outsider)


def test_who_does_not_know_the_decisions_decides_about_undecided_candidates_only(
    candidate: Candidate, supervisor: User
) -> None:
    decide_candidate(candidate, "confirmed", actor=supervisor)
    assert candidate.search.is_known_to(supervisor)


@pytest.mark.parametrize("decided", ["confirmed", "rejected"])
@pytest.mark.parametrize("seen", ["pending", "confirmed", "rejected"])
@pytest.mark.parametrize("wanted", ["pending", "confirmed", "rejected"])
def test_trying_does_not_tell_how_a_candidate_was_decided(
    candidate: Candidate, supervisor: User, decided: str, seen: str, wanted: str
) -> None:
    """Whatever is claimed to have been seen, and whatever is wanted: the answer is the same for both decisions."""
    Candidate.objects.update(decision=decided)
    candidate.decision = seen
    with pytest.raises(ValidationError, match="Somebody else has decided about this candidate"):
        decide_candidate(candidate, wanted, reason="other shoes", actor=supervisor)
    assert not candidate.search.is_known_to(supervisor)
    candidate.refresh_from_db()
    assert candidate.decision == decided
