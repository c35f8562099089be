"""Of the decisions that several searches of a request made about one sighting, one goes on, as it counted until now."""

from cameras.models import Camera
from inference.models import Sighting
from investigations.models import Candidate, CandidateDecision, Search, SearchRequest, SecondReview
from portal.accounts.models import User
from portal.audit.services import verify_chain
from tests.conftest import make_recording, make_search, make_sighting
from tests.investigations.conftest import entries
from tests.migrating import migrate_again_from

BEFORE = ("investigations", "0012_plates_handed_out")
# What each search decided about a sighting, with the second opinion, and whose decision goes on.
CASES = [
    (["confirmed", "pending", "confirmed"], 2),
    (["confirmed confirmed", "confirmed", "rejected"], 0),
    (["confirmed rejected", "confirmed", "rejected"], 0),
    (["rejected", "confirmed", "rejected rejected"], 1),
    (["rejected", "rejected", "pending"], 1),
    (["rejected confirmed", "pending", "pending"], 0),
]


def test_one_decision_goes_on(
    committing_db: None, approved: SearchRequest, camera: Camera, operator: User, supervisor: User
) -> None:
    recording = make_recording(camera)
    sightings = [make_sighting(recording, number) for number in range(len(CASES))]
    searches = [make_search(approved, [camera], operator) for _number in range(3)]
    rows = [
        [_decided(search, sighting, text, operator, supervisor) for search, text in zip(searches, decided, strict=True)]
        for sighting, (decided, _at) in zip(sightings, CASES, strict=True)
    ]
    history = list(CandidateDecision.objects.values())

    migrate_again_from(*BEFORE)

    go_on = {found[at].pk: decided[at].split() for found, (decided, at) in zip(rows, CASES, strict=True)}
    assert dict(Candidate.objects.decided().values_list("pk", "decision")) == {pk: one[0] for pk, one in go_on.items()}
    reviewed = {pk for pk, one in go_on.items() if len(one) > 1}
    assert set(SecondReview.objects.standing().values_list("candidate", flat=True)) == reviewed
    assert list(CandidateDecision.objects.values()) == history
    undone = {row for found in rows for row in found if row.decision != "pending" and row.pk not in go_on}
    written = {(entry.target_id, entry.target_name) for entry in entries("candidate.reopened")}
    assert written == {(str(row.pk), str(row)) for row in undone}
    assert verify_chain() == []


def _decided(search: Search, sighting: Sighting, text: str, operator: User, supervisor: User) -> Candidate:
    """A candidate with the operator's decision and, where there are two words, the second opinion."""
    decision, *verdicts = text.split()
    row = Candidate.objects.create(search=search, sighting=sighting, score=0.9, decision=decision)
    if decision != "pending":
        CandidateDecision.objects.create(candidate=row, old="pending", new=decision, actor=operator)
    for verdict in verdicts:
        SecondReview.objects.create(candidate=row, verdict=verdict, reviewer=supervisor)
    return row
