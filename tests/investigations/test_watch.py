"""The watch list's verbs: who may do what, what is refused in which words, and how a watch ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from cameras.models import Camera
from investigations.clock import end_watched_plates
from investigations.models import Case, CaseShare, LookBack, SearchRequest, WatchAlert, WatchEntry
from investigations.services import watch
from investigations.services.alerts import decide_alert, dismiss_open
from investigations.services.cases import close_case
from investigations.services.requests import close_request, return_request
from investigations.services.watch import add_entry, correct_entry, end_entry, extend_entry, look_back
from investigations.services.watch_lists import check_watch_list, export_watch_list
from investigations.services.watch_rows import Defaults
from portal.accounts.models import Agency, User
from tests.investigations.conftest import PEOPLE, entries
from tests.investigations.watching import basis, in_days, make_alert, make_entry, own_terms, refusals, terms

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vehicle_basis")]
Act = Callable[[User], Any]


# ── Who may do what ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def acts(
    approved: SearchRequest, camera: Camera, supervisor: User, operator: User, centre: Agency, case: Case
) -> dict[str, Act]:
    """What can be done: with an entry of the centre's own, one for an approved request, and their alerts."""
    own, linked = make_entry(supervisor), make_entry(supervisor, "34나5678", request=approved)
    alert, of_request = make_alert(own, camera), make_alert(linked, camera, "34나5678")
    return {
        "see the list": lambda who: WatchEntry.objects.visible_to(who).get(pk=own.pk),
        "see the alerts": lambda who: WatchAlert.objects.visible_to(who).get(pk=of_request.pk),
        "add a plate": lambda who: add_entry(terms("11가1111"), actor=who),
        "add a request's plate": lambda who: add_entry(own_terms(approved), actor=who),
        "add another plate for a request": lambda who: add_entry(own_terms(approved, plate="22가2222"), actor=who),
        "add it by another basis": lambda who: add_entry(own_terms(approved, basis=own.basis), actor=who),
        "correct": lambda who: correct_entry(own, terms("13나3456"), reason="mistyped", actor=who),
        "correct one for a request": lambda who: correct_entry(
            linked, own_terms(approved), reason="mistyped", actor=who
        ),
        "dismiss all": lambda who: dismiss_open(own, reason="another", actor=who),
        "extend": lambda who: extend_entry(own, in_days(9), reason="longer", actor=who),
        "extend one for a request": lambda who: extend_entry(linked, in_days(9), reason="longer", actor=who),
        "end": lambda who: end_entry(own, "found", reason="seen", actor=who),
        "end one for a request": lambda who: end_entry(linked, "found", reason="seen", actor=who),
        "look back": lambda who: look_back(linked, 24, reason="fled", actor=who),
        "decide": lambda who: decide_alert(alert, "confirmed", reason="it is it", actor=who),
        "check a list": lambda who: check_watch_list(ContentFile(b"plate\n", "a.csv"), Defaults(), actor=who),
        "export": lambda who: export_watch_list(includes_ended=False, actor=who),
        "be told of a request's": lambda who: WatchEntry.objects.told_to(who).get(pk=linked.pk),
        "be told of another's": lambda who: WatchEntry.objects.told_to(who).get(pk=own.pk),
    }


CENTRE, SUPERVISOR = {"operator", "supervisor"}, {"supervisor"}
# Act: who may. The stranger is a supervisor of another centre, whose own list it would be.
RIGHTS = {
    "see the list": CENTRE,
    "see the alerts": CENTRE,
    "add a plate": SUPERVISOR | {"stranger"},
    "add a request's plate": CENTRE,
    "add another plate for a request": SUPERVISOR,
    "add it by another basis": SUPERVISOR,
    "correct": SUPERVISOR,
    "correct one for a request": CENTRE,
    "dismiss all": CENTRE,
    "extend": SUPERVISOR,
    "extend one for a request": CENTRE,
    "end": SUPERVISOR,
    "end one for a request": CENTRE,
    "look back": SUPERVISOR,
    "decide": CENTRE,
    "check a list": SUPERVISOR | {"stranger"},
    "export": SUPERVISOR,
    "be told of a request's": CENTRE | {"officer", "colleague"},
    "be told of another's": set(),
}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("act", list(RIGHTS))
def test_each_person_does_what_they_may_and_no_more(
    act: str, who: str, acts: dict[str, Act], request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)
    if who in RIGHTS[act]:
        acts[act](person)
    else:
        missing = (WatchEntry.DoesNotExist, WatchAlert.DoesNotExist)
        with pytest.raises((PermissionDenied, ValidationError, *missing)):
            acts[act](person)


#   status, approved: whether an operator may watch a plate for it
RELEASED = [("approved", True, True), ("searching", True, True), ("reopened", True, True), ("answered", True, False)]
RELEASED += [("submitted", False, False), ("received", False, False), ("searching", False, False)]


@pytest.mark.parametrize(("status", "is_approved", "may"), RELEASED)
def test_an_operator_watches_for_what_a_supervisor_has_approved(
    approved: SearchRequest, operator: User, status: str, is_approved: bool, may: bool
) -> None:
    held = {} if is_approved else {"approved_at": None, "approved_by": None, "is_emergency": True}
    SearchRequest.objects.update(status=status, **held)
    approved.refresh_from_db()
    if may:
        assert add_entry(own_terms(approved), actor=operator).request == approved
        return
    with pytest.raises(PermissionDenied, match="approved"):
        add_entry(own_terms(approved), actor=operator)


@pytest.mark.parametrize("act", ["extend", "end"])
@pytest.mark.parametrize("who", ["operator", "supervisor", "stranger"])
@pytest.mark.parametrize(("status", "is_approved", "may"), RELEASED)
@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_an_operator_changes_what_is_watched_for_requests_that_the_centre_works_on(
    approved: SearchRequest,
    supervisor: User,
    other_centre: Agency,
    request: pytest.FixtureRequest,
    act: str,
    who: str,
    status: str,
    *,
    is_approved: bool,
    may: bool,
    is_elsewhere: bool,
) -> None:
    """A request that was returned may have been sent to another centre since; the entry is still here."""
    entry = make_entry(supervisor, request=approved)
    held = {} if is_approved else {"approved_at": None, "approved_by": None, "is_emergency": True}
    elsewhere = {"centre": other_centre} if is_elsewhere else {}
    SearchRequest.objects.update(status=status, **held, **elsewhere)
    actor: User = request.getfixturevalue(who)
    acts: dict[str, Act] = {
        "extend": lambda who: extend_entry(entry, in_days(9), reason="longer", actor=who),
        "end": lambda who: end_entry(entry, "found", reason="seen", actor=who),
    }
    if who == "supervisor" or (who == "operator" and may and not is_elsewhere):
        acts[act](actor)
        return
    with pytest.raises(PermissionDenied):
        acts[act](actor)
    entry.refresh_from_db()
    assert entry.ended_at is None


def test_the_page_offers_an_operator_no_change_of_what_is_for_another_centre_s_request(
    client: Client, approved: SearchRequest, supervisor: User, operator: User, other_centre: Agency
) -> None:
    entry = make_entry(supervisor, request=approved)
    client.force_login(operator)
    for can_change, at in ((True, approved.centre), (False, other_centre)):
        SearchRequest.objects.update(centre=at)
        page = client.get(reverse("watch-entry", args=[entry.pk]))
        assert ("end_form" in page.context) == can_change


def test_an_operator_is_told_at_each_field_what_was_not_approved(approved: SearchRequest, operator: User) -> None:
    asked = own_terms(approved, plate="22가2222", basis=basis("other"))
    said = refusals(lambda: add_entry(asked, actor=operator))
    assert set(said) == {"plate", "basis"}
    assert "the request names" in said["plate"][0]
    assert "basis of the request" in said["basis"][0]
    assert add_entry(own_terms(approved, plate=" 12 가 3456"), actor=operator).plate == approved.plate
    # As plates were kept before: a part still with the * that it is understood to have.
    SearchRequest.objects.update(plate="*2가345*")
    approved.refresh_from_db()
    assert add_entry(own_terms(approved, plate=approved.plate), actor=operator).plate == "2가345"


# ── Adding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_is_spelled_in_one_way_and_written_down(supervisor: User, approved: SearchRequest) -> None:
    entry = add_entry(terms(" １２ ㄱㅏ-3456 ", request=approved, document_number=" 7 "), actor=supervisor)
    assert (entry.plate, entry.document_number, entry.is_active) == ("12가3456", "7", True)
    (written,) = entries("watch.added")
    assert written.reason == "stolen"
    # What is destroyed one day is not named by what stays.
    assert "3456" not in f"{written.target_name}{written.details}"


#  what is wrong: the field, a word of the sentence
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"plate": ""}, "plate", "Which number plate"),
    ({"plate": "12가<3456"}, "plate", "on no plate"),
    ({"plate": "12가3456123456789"}, "plate", "longer than a plate"),
    ({"plate": "???"}, "plate", "everything open"),
    ({"plate": "34"}, "plate", "Too many plates"),
    ({"reason": "  "}, "reason", "Say why"),
    ({"valid_until": timezone.now() - timedelta(minutes=1)}, "valid_until", "in the past"),
    ({"valid_until": timezone.now() + timedelta(days=40)}, "valid_until", "at most 30 days"),
]


@pytest.mark.parametrize(("change", "field", "words"), WRONG)
def test_what_is_wrong_is_said_beside_its_field(
    supervisor: User, change: dict[str, Any], field: str, words: str
) -> None:
    said = refusals(lambda: add_entry(terms(**{"plate": "12가3456", **change}), actor=supervisor))
    assert words in " ".join(said[field])
    assert not WatchEntry.objects.exists()


def test_the_basis_sets_how_long_what_is_needed_and_whether_at_all(supervisor: User, settings: Any) -> None:
    short, paper, none = basis("short", watch_days=2), basis("paper", needs_document=True), basis("none", watch_days=0)
    old = basis("old", is_active=False)
    add_entry(terms("11가1111", basis=short, valid_until=in_days(2)), actor=supervisor)
    assert (
        "2 days"
        in refusals(lambda: add_entry(terms(basis=short, valid_until=in_days(4)), actor=supervisor))["valid_until"][0]
    )
    assert (
        "letter or warrant" in refusals(lambda: add_entry(terms(basis=paper), actor=supervisor))["document_number"][0]
    )
    assert "no plate" in refusals(lambda: add_entry(terms(basis=none), actor=supervisor))["valid_until"][0]
    assert "in force" in refusals(lambda: add_entry(terms(basis=old), actor=supervisor))["basis"][0]
    settings.WATCH_DAYS = 60
    add_entry(terms(valid_until=in_days(59)), actor=supervisor)


def test_the_last_day_counts_to_its_end_in_korea(supervisor: User) -> None:
    last = localtime(in_days(30)).replace(hour=23, minute=59, second=59)
    add_entry(terms(valid_until=last), actor=supervisor)
    late = last + timedelta(seconds=1)
    assert (
        f"{last:%Y-%m-%d}"
        in refusals(lambda: add_entry(terms("1가1111", valid_until=late), actor=supervisor))["valid_until"][0]
    )


def test_a_plate_is_on_the_list_once_for_each_purpose(supervisor: User, approved: SearchRequest, case: Case) -> None:
    entry = make_entry(supervisor)
    assert "already, until" in refusals(lambda: add_entry(terms("12 가 3456"), actor=supervisor))["plate"][0]
    add_entry(terms(request=approved), actor=supervisor)  # another station learns nothing of it
    add_entry(terms(case=case), actor=supervisor)
    end_entry(entry, "withdrawn", reason="found", actor=supervisor)
    assert add_entry(terms(), actor=supervisor).is_active


def test_a_plate_whose_time_is_over_can_be_added_before_the_clock_has_ended_it(supervisor: User) -> None:
    old = make_entry(supervisor)
    WatchEntry.objects.update(valid_until=timezone.now() - timedelta(seconds=5))
    assert add_entry(terms(), actor=supervisor).is_active
    old.refresh_from_db()
    assert old.ended_at == old.valid_until


def test_it_is_for_a_request_or_a_case_that_is_open_here(
    supervisor: User, stranger: User, approved: SearchRequest, case: Case
) -> None:
    both = refusals(lambda: add_entry(terms(request=approved, case=case), actor=supervisor))
    assert "not both" in both["request"][0]
    assert "not open" in refusals(lambda: add_entry(terms(request=approved), actor=stranger))["request"][0]
    assert "does not know" in refusals(lambda: add_entry(terms(case=case), actor=stranger))["case"][0]
    assert stranger.agency is not None
    CaseShare.objects.create(case=case, centre=stranger.agency, shared_by=case.opened_by)
    assert add_entry(terms(case=case), actor=stranger).about == case.number


# ── Extending and ending ────────────────────────────────────────────────────────────────────────────────────────────


def test_another_end_is_bound_by_the_basis_and_puts_off_the_destruction(supervisor: User) -> None:
    entry = make_entry(supervisor)
    extend_entry(entry, in_days(20), reason="not found", actor=supervisor)
    assert entry.purge_at - entry.valid_until == timedelta(days=30)
    assert entries("watch.extended")[0].reason == "not found"
    assert (
        "at most" in refusals(lambda: extend_entry(entry, in_days(90), reason="x", actor=supervisor))["valid_until"][0]
    )
    assert "Say why" in refusals(lambda: extend_entry(entry, in_days(9), reason=" ", actor=supervisor))["reason"][0]


def test_an_end_says_how_and_why_and_is_written_once(supervisor: User) -> None:
    entry = make_entry(supervisor)
    end_entry(entry, "not_found", reason="case closed", actor=supervisor)
    assert (entry.is_active, entry.ended_by, entry.end_reason) == (False, supervisor, "case closed")
    assert entry.ended_at is not None
    assert entry.purge_at == entry.ended_at + timedelta(days=30)
    assert "no longer watched" in refusals(lambda: end_entry(entry, "found", reason="x", actor=supervisor))[""][0]
    assert "no longer" in refusals(lambda: extend_entry(entry, in_days(3), reason="x", actor=supervisor))[""][0]
    assert len(entries("watch.ended")) == 1


def test_an_end_without_reason_or_outcome_is_refused(supervisor: User) -> None:
    entry = make_entry(supervisor)
    assert "Say why" in refusals(lambda: end_entry(entry, "found", reason="", actor=supervisor))["reason"][0]
    assert "how it ended" in refusals(lambda: end_entry(entry, "gone", reason="x", actor=supervisor))[""][0]


def test_what_the_law_wants_destroyed_once_found_is_due_at_once(supervisor: User) -> None:
    entry = make_entry(supervisor, basis=basis("purging", purges_on_found=True))
    end_entry(entry, "found", reason="there it is", actor=supervisor)
    assert entry.purge_at == entry.ended_at


def test_the_clock_ends_what_is_over(supervisor: User, approved: SearchRequest, case: Case, officer: User) -> None:
    over, going = make_entry(supervisor, "11가1111"), make_entry(supervisor, "22가2222")
    of_request, of_case = make_entry(supervisor, request=approved), make_entry(supervisor, case=case)
    WatchEntry.objects.filter(pk=over.pk).update(valid_until=timezone.now() - timedelta(minutes=1))
    close_case(case, "found", reason="home", actor=officer)  # and with it its request
    now = timezone.now()
    assert set(WatchEntry.objects.active(now)) == {going}  # at once: nothing waits for the clock
    assert set(WatchEntry.objects.ended(now)) == {over, of_request, of_case}
    end_watched_plates()
    end_watched_plates()
    ended = {row.pk: row for row in WatchEntry.objects.exclude(ended_at=None)}
    assert set(ended) == {over.pk, of_request.pk, of_case.pk}
    assert ended[over.pk].ended_at == ended[over.pk].valid_until
    assert (ended[of_request.pk].outcome, ended[of_case.pk].outcome) == ("found", "found")
    assert [entry.actor_id for entry in entries("watch.ended")] == [None] * 3


def test_one_that_cannot_be_ended_keeps_no_other_from_its_end(
    supervisor: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = make_entry(supervisor, "11가1111")
    make_entry(supervisor, "22가2222")
    WatchEntry.objects.update(valid_until=timezone.now() - timedelta(minutes=1))
    end = watch.close_entry

    def fail(entry: WatchEntry, **named: Any) -> bool:
        if entry == broken:
            raise RuntimeError("the disk is full")
        return end(entry, **named)

    monkeypatch.setattr(watch, "close_entry", fail)
    end_watched_plates()
    assert set(WatchEntry.objects.filter(ended_at=None)) == {broken}
    assert f"entry {broken.pk} of the watch list could not be ended" in caplog.text


def test_what_was_returned_or_closed_is_no_longer_watched(
    supervisor: User, request_: SearchRequest, officer: User
) -> None:
    entry = make_entry(supervisor, request=request_)
    return_request(request_, reason="A photo, please.", actor=supervisor)
    assert not WatchEntry.objects.get(pk=entry.pk).is_active
    close_request(request_, "withdrawn", reason="home", actor=officer)
    assert not WatchEntry.objects.active(timezone.now()).exists()


# ── Looking back ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_looking_back_is_an_act_with_hours_and_a_reason(supervisor: User) -> None:
    entry = make_entry(supervisor)
    look = look_back(entry, 24, reason="fled yesterday", actor=supervisor)
    assert look.ends_at - look.starts_at == timedelta(hours=24)
    (written,) = entries("watch.looked_back")
    assert (written.reason, written.target_id) == ("fled yesterday", str(entry.pk))
    assert "3456" not in str(written.details)
    again = refusals(lambda: look_back(entry, 2, reason="again", actor=supervisor))
    assert "looking back for this plate already" in str(again)


@pytest.mark.parametrize(
    ("hours", "reason", "words"), [(0, "x", "1 to 720"), (721, "x", "1 to 720"), (5, " ", "Say why")]
)
def test_looking_back_too_far_or_for_nothing_is_refused(supervisor: User, hours: int, reason: str, words: str) -> None:
    entry = make_entry(supervisor)
    assert words in str(refusals(lambda: look_back(entry, hours, reason=reason, actor=supervisor)))
    assert not LookBack.objects.exists()


def test_nobody_looks_back_for_what_is_no_longer_watched(supervisor: User) -> None:
    entry = make_entry(supervisor)
    end_entry(entry, "found", reason="x", actor=supervisor)
    assert "no longer" in refusals(lambda: look_back(entry, 5, reason="x", actor=supervisor))[""][0]


# ── Alerts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_decision_is_written_with_its_reason_and_can_be_taken_back(
    supervisor: User, operator: User, camera: Camera
) -> None:
    alert = make_alert(make_entry(supervisor), camera)
    decide_alert(alert, "confirmed", reason="plate and vehicle agree", actor=operator)
    assert (alert.status, alert.decided_by, alert.reason) == ("confirmed", operator, "plate and vehicle agree")
    decide_alert(alert, "open", reason="look again", actor=supervisor)
    assert (alert.status, alert.decided_by, alert.decided_at, alert.reason) == ("open", None, None, "")
    decide_alert(alert, "dismissed", reason="another vehicle", actor=supervisor)
    said = [entries(f"alert.{what}")[0].reason for what in ("confirmed", "reopened", "dismissed")]
    assert said == ["plate and vehicle agree", "look again", "another vehicle"]


def test_of_two_who_decide_at_once_one_is_told(supervisor: User, operator: User, camera: Camera) -> None:
    alert = make_alert(make_entry(supervisor), camera)
    seen_by_other = WatchAlert.objects.get(pk=alert.pk)
    decide_alert(alert, "confirmed", reason="it is it", actor=operator)
    said = refusals(lambda: decide_alert(seen_by_other, "dismissed", reason="another", actor=supervisor))
    assert "Somebody else" in said[""][0]
    assert not entries("alert.dismissed")


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [("confirmed", " ", "Say why"), ("maybe", "x", "wanted vehicle"), ("open", "x", "decided so already")],
)
def test_a_decision_without_reason_or_sense_is_refused(
    supervisor: User, camera: Camera, status: str, reason: str, words: str
) -> None:
    alert = make_alert(make_entry(supervisor), camera)
    assert words in str(refusals(lambda: decide_alert(alert, status, reason=reason, actor=supervisor)))
