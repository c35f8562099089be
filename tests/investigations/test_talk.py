"""Comments, attachments, shared cases, reported sightings, and who is told of what."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from investigations.mail import send
from investigations.models import Attachment, Case, Comment, Notification, SearchRequest, Tip
from investigations.services.cases import add_tip, share_case
from investigations.services.notices import read_notifications
from investigations.services.requests import approve_request, receive_request
from investigations.services.talk import add_attachment, add_comment
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry
from tests.conftest import drawn_person


def told(kind: str) -> set[str]:
    return set(Notification.objects.filter(kind=kind).values_list("user__username", flat=True))


def test_both_sides_read_a_comment(request_: SearchRequest, officer: User, operator: User, stranger: User) -> None:
    add_comment(request_, "She wears red boots.", actor=officer)
    assert [row.text for row in Comment.objects.visible_to(operator)] == ["She wears red boots."]
    assert not Comment.objects.visible_to(stranger).exists()
    assert told("commented") == {"operator"}


def test_an_internal_comment_stays_with_its_side(
    request_: SearchRequest, officer: User, operator: User, supervisor: User
) -> None:
    add_comment(request_, "Camera 7 is dirty.", is_internal=True, actor=operator)
    assert Comment.objects.visible_to(supervisor).exists()
    assert not Comment.objects.visible_to(officer).exists()
    assert told("commented") == {"supervisor"}


@pytest.mark.parametrize("who", ["outsider", "stranger", "administrator"])
def test_others_say_nothing(who: str, request_: SearchRequest, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        add_comment(request_, "Hello", actor=request.getfixturevalue(who))
    with pytest.raises(PermissionDenied):
        add_attachment(request_, "p.jpg", drawn_person(), actor=request.getfixturevalue(who))
    assert not AuditEntry.objects.exists()


def test_an_empty_or_endless_comment_is_refused(request_: SearchRequest, officer: User) -> None:
    for text in ("", "  \n", "x" * 4001):
        with pytest.raises(ValidationError):
            add_comment(request_, text, actor=officer)


def test_a_picture_is_encoded_anew_and_a_document_kept(request_: SearchRequest, officer: User) -> None:
    picture = add_attachment(request_, "아이.jpg", drawn_person() + b"<script>hidden</script>", actor=officer)
    assert (picture.kind, picture.name) == ("picture", "아이.jpg")
    assert b"hidden" not in picture.file.read()
    document = add_attachment(request_, "letter.pdf", b"%PDF-1.7 letter", actor=officer)
    assert (document.kind, document.file.read()) == ("document", b"%PDF-1.7 letter")
    assert AuditEntry.objects.filter(action="attachment.added").count() == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.html", b"<html><script>alert(1)</script>", "neither a picture nor a PDF"),
        ("photo.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "neither a picture nor a PDF"),
        ("bomb.zip", b"PK\x03\x04" + bytes(100), "neither a picture nor a PDF"),
        ("empty.jpg", b"", "empty"),
        ("../../etc/passwd", b"root:x:0:0", "neither a picture nor a PDF"),
        ("big.pdf", b"%PDF-" + bytes(25_000_001), "larger than 25 MB"),
    ],
)
def test_anything_else_is_refused_whatever_its_name(
    name: str, content: bytes, said: str, request_: SearchRequest, officer: User, settings: Any
) -> None:
    with pytest.raises(ValidationError, match=said):
        add_attachment(request_, name, content, actor=officer)
    assert not Attachment.objects.exists()
    assert not list(settings.MEDIA_ROOT.rglob("attachments/*/*"))


def test_a_name_that_points_elsewhere_is_only_a_name(request_: SearchRequest, officer: User) -> None:
    row = add_attachment(request_, "../../../etc/passwd\r\nX: y", drawn_person(), actor=officer)
    assert str(row.file.name).startswith(f"attachments/{request_.pk}/")


def test_a_closed_request_takes_no_more_files_and_a_full_one_neither(request_: SearchRequest, officer: User) -> None:
    rows = [Attachment(request=request_, kind="picture", name="x", size=1, added_by=officer) for _ in range(30)]
    Attachment.objects.bulk_create(rows)
    with pytest.raises(ValidationError, match="at most 30"):
        add_attachment(request_, "p.jpg", drawn_person(), actor=officer)
    SearchRequest.objects.update(status="closed", outcome="found")
    with pytest.raises(ValidationError, match="closed"):
        add_attachment(request_, "p.jpg", drawn_person(), actor=officer)


# ── Before a request ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_shared_case_is_known_to_the_centre_before_any_request(
    case: Case, centre: Agency, station: Agency, officer: User, operator: User, stranger: User
) -> None:
    assert not Case.objects.visible_to(operator).exists()
    share_case(case, centre, note="Look out for a white van.", actor=officer)
    assert Case.objects.visible_to(operator).get() == case
    assert not Case.objects.visible_to(stranger).exists()
    for agency in (centre, station):  # twice, and to no centre
        with pytest.raises(ValidationError):
            share_case(case, agency, actor=officer)


def test_a_reported_sighting_is_added_by_both_sides(
    case: Case, centre: Agency, officer: User, operator: User, stranger: User
) -> None:
    share_case(case, centre, actor=officer)
    now = timezone.now()
    add_tip(case, source="citizen", text="At the bus stop", seen_at=now, actor=officer)
    add_tip(case, source="centre", text="On camera 7", seen_at=now, actor=operator)
    assert Tip.objects.visible_to(operator).count() == 2
    with pytest.raises(PermissionDenied):
        add_tip(case, source="citizen", text="x", seen_at=now, actor=stranger)
    with pytest.raises(ValidationError, match="future"):
        add_tip(case, source="citizen", text="x", seen_at=now + timedelta(hours=1), actor=officer)


# ── Who is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_step_is_told_to_the_other_side_and_not_to_who_made_it(
    request_: SearchRequest, officer: User, colleague: User, operator: User, supervisor: User, stranger: User
) -> None:
    receive_request(request_, actor=operator)
    assert told("received") == {"officer"}
    approve_request(request_, actor=supervisor)
    assert told("approved") == {"officer", "operator"}


def test_notifications_are_ones_own_and_gone_with_the_right_to_see(
    request_: SearchRequest, officer: User, outsider: User, operator: User
) -> None:
    receive_request(request_, actor=operator)
    assert Notification.objects.visible_to(officer).unread().count() == 1
    assert not Notification.objects.visible_to(outsider).exists()
    assert read_notifications(actor=officer) == 1
    assert read_notifications(actor=officer) == 0
    officer.agency = outsider.agency
    officer.save()
    assert not Notification.objects.visible_to(officer).exists()


def test_a_mail_names_the_request_and_nothing_of_the_case(
    request_: SearchRequest, officer: User, operator: User
) -> None:
    User.objects.filter(pk=officer.pk).update(email="officer@example.org", language="ko")
    receive_request(request_, actor=operator)
    notice = Notification.objects.get(user=officer)
    send([notice.pk])
    send([notice.pk])  # a second hand-out sends nothing twice
    [message] = mail.outbox
    assert message.to == ["officer@example.org"]
    assert str(request_) in message.subject
    assert f"/requests/{request_.pk}/" in message.body
    assert "red coat" not in message.body
    assert "Missing child" not in f"{message.body} {message.subject}"
