"""What was handed out before: answers get the doubts about their plates, shared paths are known as such."""

from collections.abc import Callable

from django.utils import timezone

from cameras.models import Camera
from inference.models import Sighting
from investigations.models import AnswerItem, Case, Comment, SearchRequest
from investigations.sentences import path_destroyed
from investigations.services.talk import add_comment
from portal.accounts.models import Agency, User
from portal.audit.models import Action
from portal.audit.services import record, verify_chain
from tests.conftest import make_answer, make_recording, make_request, make_sighting
from tests.investigations.conftest import entries
from tests.migrating import migrate_again_from


def share(request: SearchRequest, actor: User) -> Comment:
    """As it was done before comments knew what they tell."""
    comment = add_comment(request, "plate as read: 12가3456", actor=actor)
    record(Action.PATH_SHARED, actor=actor, target=request, details={"sightings": [], "comment": comment.pk})
    return comment


def test_what_was_handed_out_before_is_known_and_of_destroyed_requests_goes(
    committing_db: None,
    approved: SearchRequest,
    make_camera: Callable[..., Camera],
    case: Case,
    centre: Agency,
    officer: User,
    operator: User,
) -> None:
    sightings: list[Sighting] = [make_sighting(make_recording(make_camera(f"C{at}"))) for at in range(3)]
    make_answer(approved, operator, *sightings)
    for number, text in ((1, "12가3456"), (3, "34나5678")):
        AnswerItem.objects.filter(number=number).update(plate=text, plate_confidence=0.9)
    purged = make_request(case, centre, officer, status="received")
    plain, kept, gone = (
        add_comment(approved, "Thanks.", actor=officer),
        share(approved, operator),
        share(purged, operator),
    )
    record(Action.PATH_SHARED, actor=operator, target=approved, details={"sightings": [], "file": "gpx"})
    SearchRequest.objects.filter(pk=purged.pk).update(purged_at=timezone.now())

    migrate_again_from("investigations", "0011_watch_spelling")

    assert list(AnswerItem.objects.values_list("other_plate", flat=True)) == ["", "", "12가3456"]
    assert dict(Comment.objects.values_list("pk", "text")) == {
        plain.pk: "Thanks.",
        kept.pk: "plate as read: 12가3456",
        gone.pk: path_destroyed(),
    }
    assert list(Comment.objects.filter(has_path=True)) == [kept]
    (entry,) = entries("data.destroyed")
    assert (entry.target_id, entry.target_name) == (str(purged.pk), str(purged))
    assert entry.details == {"rule": "path", "counts": {"investigations.comment": 1}}
    assert verify_chain() == []
