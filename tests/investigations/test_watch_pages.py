"""The watch list's pages: what they show to whom, what they take, and where they lead."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from cameras.models import Camera
from investigations.models import (
    LegalBasis,
    LookBack,
    Notification,
    SearchRequest,
    WatchAlert,
    WatchEntry,
)
from investigations.services.looks import view_entries
from investigations.services.notices import announce_alerts
from investigations.services.watch import end_entry, look_back
from investigations.watch.job import run_look_back
from portal.accounts.models import User
from tests.investigations import administering as admin
from tests.investigations.conftest import as_person, entries
from tests.investigations.watching import (
    basis,
    client_of,
    filled,
    make_alert,
    make_analysis,
    make_entry,
    make_plate,
    page,
    text_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vehicle_basis")]


# ── The list ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_shows_what_is_watched_and_the_look_is_written_down(
    client: Client, entry: WatchEntry, supervisor: User, operator: User
) -> None:
    end_entry(make_entry(supervisor, "99하9999"), "found", reason="x", actor=supervisor)
    client.force_login(operator)
    shown = text_of(page(client, "watch-list"))
    assert "12가3456" in shown
    assert "99하9999" not in shown
    page(client, "watch-list")
    assert [one.details for one in entries("watch.viewed")] == [{"entries": [entry.pk]}]
    assert "99하9999" in text_of(page(client, "watch-list", show="ended"))
    assert "99하9999" in text_of(page(client, "watch-list", show="all"))


@pytest.mark.parametrize(("asked", "is_found"), [("가34", True), ("12 가 3456", True), ("stol", True), ("99하", False)])
def test_the_list_is_searched_by_plate_and_reason(
    client: Client, entry: WatchEntry, operator: User, asked: str, is_found: bool
) -> None:
    client.force_login(operator)
    shown = page(client, "watch-list", q=asked)
    assert (reverse("watch-entry", args=[entry.pk]) in shown) is is_found
    assert ("No plate matches" in shown) is not is_found


def test_an_empty_list_says_what_to_do(client: Client, operator: User, supervisor: User) -> None:
    client.force_login(operator)
    assert "A supervisor puts plates on the list" in page(client, "watch-list")
    assert "No plate is watched" in page(client, "watch-alerts")
    client.force_login(supervisor)
    assert "import a list as CSV" in page(client, "watch-list")


def test_another_centre_sees_nothing_of_it(client: Client, alert: WatchAlert, stranger: User) -> None:
    client.force_login(stranger)
    for name in ("watch-list", "watch-alerts"):
        assert "12가3456" not in page(client, name, status="all", show="all")
    for name, pk in (("watch-entry", alert.entry_id), ("watch-end", alert.entry_id), ("watch-decide", alert.pk)):
        assert client.post(reverse(name, args=[pk])).status_code in {404, 405}
    assert client.get(reverse("watch-entry", args=[alert.entry_id])).status_code == 404


@pytest.mark.parametrize(
    ("who", "is_shown"), [("operator", True), ("supervisor", True), ("officer", False), ("administrator", False)]
)
def test_the_way_there_is_shown_to_the_centres_people_with_what_is_open(
    client: Client, alert: WatchAlert, request: pytest.FixtureRequest, who: str, is_shown: bool
) -> None:
    as_person(client, request, who)
    top = page(client, "case-list").split("</header>")[0]
    assert (reverse("watch-alerts") in top) is is_shown
    assert ('title="Open alerts">1<' in top) is is_shown


# ── Adding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_supervisor_puts_a_plate_on_the_list(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    assert "at most 30 days" in page(client, "watch-new")
    answer = client.post(reverse("watch-new"), filled(plate="１２가 3456", vehicle_colour="white"))
    entry = WatchEntry.objects.get()
    assert answer.headers["Location"] == reverse("watch-entry", args=[entry.pk])
    assert (entry.plate, entry.vehicle_colour) == ("12가3456", "white")
    assert f"{localtime(entry.valid_until):%H:%M}" == "23:59"  # a day alone is meant to its end


def test_adding_a_plate_says_which_other_entries_fit_it(client: Client, supervisor: User) -> None:
    other = make_entry(supervisor, "12가34??")
    client.force_login(supervisor)
    shown = client.post(reverse("watch-new"), filled(), follow=True).content.decode()
    assert "Other entries fit the same vehicles: 12가34??." in shown
    assert {"entries": [other.pk]} in [one.details for one in entries("watch.viewed")]
    shown = client.post(reverse("watch-new"), filled(plate="99하9999"), follow=True).content.decode()
    assert "Other entries fit" not in shown


def test_a_supervisor_may_look_back_with_it(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    client.post(reverse("watch-new"), filled(hours_back="0"))
    assert not WatchEntry.objects.exists()
    client.post(reverse("watch-new"), filled(hours_back="48"))
    look = LookBack.objects.get()
    assert (look.entry, look.reason) == (WatchEntry.objects.get(), "stolen")
    assert look.ends_at - look.starts_at == timedelta(hours=48)
    assert entries("watch.looked_back")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plate": "34"}, "Too many plates"),
        ({"valid_until": "soon"}, "This is no date"),
        ({"valid_until": "2099-01-01"}, "at most 30 days"),
        ({"reason": ""}, "This field is required"),
    ],
)
def test_a_refusal_stands_at_its_field_and_what_was_typed_stays(
    client: Client, supervisor: User, change: dict[str, str], words: str
) -> None:
    client.force_login(supervisor)
    shown = client.post(reverse("watch-new"), filled(document_number="KEEP-7", **change)).content.decode()
    assert words in shown
    assert "KEEP-7" in shown
    assert not WatchEntry.objects.exists()


def test_the_form_marks_the_bases_that_need_a_document(client: Client, supervisor: User) -> None:
    needing = basis("with-letter", needs_document=True)
    client.force_login(supervisor)
    marked = re.findall(r'<option value="(\d+)"[^>]* data-document', page(client, "watch-new"))
    assert str(needing.pk) in marked
    assert str(LegalBasis.objects.get(code="vehicle-crime").pk) not in marked


def test_an_operator_chooses_among_approved_requests(client: Client, operator: User, approved: SearchRequest) -> None:
    SearchRequest.objects.update(plate="34나5678", vehicle_colour="red")
    client.force_login(operator)
    shown = page(client, "watch-new", request=approved.pk)
    assert 'value="34나5678"' in shown
    assert 'name="case"' not in shown
    refused = client.post(reverse("watch-new"), filled())
    assert "This field is required" in refused.content.decode()
    own = {"request": approved.pk, "basis": approved.basis_id, "document_number": "7"}
    refused = client.post(reverse("watch-new"), filled(**own))
    assert "the plate that the request names" in refused.content.decode()
    client.post(reverse("watch-new"), filled(**own, plate="34 나 5678"))
    assert WatchEntry.objects.get().request == approved


def test_a_request_without_a_plate_gives_an_operator_none_to_watch(
    client: Client, operator: User, approved: SearchRequest
) -> None:
    client.force_login(operator)
    assert "Ask a supervisor to add the plate" in page(client, "watch-new")


def test_an_operator_without_an_approved_request_is_told_whom_to_ask(client: Client, operator: User) -> None:
    client.force_login(operator)
    assert "Ask a supervisor to add the plate" in page(client, "watch-new")


def test_a_request_that_is_none_fills_in_nothing(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    for named in ("x", "9" * 40, "²", "7"):
        assert 'name="plate" spellcheck' in page(client, "watch-new", request=named)


# ── One entry ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_shows_why_until_when_and_what_came_of_it(client: Client, alert: WatchAlert, supervisor: User) -> None:
    client.force_login(supervisor)
    shown = text_of(page(client, "watch-entry", alert.entry_id))
    for words in ("stolen", "vehicle", "Camera C1", "Look back", "Watch it no longer"):
        assert words in shown
    assert f"{localtime(alert.entry.valid_until):%Y-%m-%d %H:%M}" in shown


def test_an_operator_may_change_only_what_is_for_a_request(
    client: Client, entry: WatchEntry, operator: User, supervisor: User, approved: SearchRequest
) -> None:
    linked = make_entry(supervisor, "34나5678", request=approved)
    client.force_login(operator)
    own, of_request = page(client, "watch-entry", entry.pk), page(client, "watch-entry", linked.pk)
    assert reverse("watch-end", args=[entry.pk]) not in own
    assert reverse("watch-end", args=[linked.pk]) in of_request
    assert reverse("watch-look-back", args=[linked.pk]) not in of_request


def test_what_is_done_with_an_entry_is_said_and_refused_in_its_place(
    client: Client, entry: WatchEntry, supervisor: User
) -> None:
    client.force_login(supervisor)
    refused = client.post(reverse("watch-look-back", args=[entry.pk]), {"hours": "0", "reason": "fled"})
    assert refused.status_code == 400
    assert "fled" in refused.content.decode()
    assert not LookBack.objects.exists()
    client.post(reverse("watch-look-back", args=[entry.pk]), {"hours": "24", "reason": "fled"})
    assert LookBack.objects.get().reason == "fled"
    until = f"{localtime(timezone.now() + timedelta(days=20)):%Y-%m-%d %H:%M}"
    client.post(reverse("watch-extend", args=[entry.pk]), {"valid_until": until, "reason": "longer"})
    client.post(reverse("watch-end", args=[entry.pk]), {"outcome": "found", "reason": "there it is"})
    entry.refresh_from_db()
    assert (f"{localtime(entry.valid_until):%Y-%m-%d %H:%M}", entry.outcome) == (until, "found")
    assert "there it is" in page(client, "watch-entry", entry.pk)


def test_an_act_on_an_entry_that_has_ended_is_refused_in_a_message_on_its_page(
    client: Client, entry: WatchEntry, supervisor: User
) -> None:
    said = {"outcome": "found", "reason": "there it is", "valid_until": "2099-01-01", "hours": "24"}
    end_entry(entry, "found", reason="x", actor=supervisor)  # in another tab
    client.force_login(supervisor)
    for name in ("watch-end", "watch-extend", "watch-look-back"):
        answer = client.post(reverse(name, args=[entry.pk]), said, follow=True)
        assert answer.redirect_chain == [(reverse("watch-entry", args=[entry.pk]), 302)]
        assert "This plate is no longer watched." in answer.content.decode()


@pytest.mark.parametrize("name", ["watch-end", "watch-extend", "watch-look-back"])
def test_the_address_of_a_refusal_leads_to_the_entry(
    client: Client, entry: WatchEntry, supervisor: User, name: str
) -> None:
    client.force_login(supervisor)
    assert client.post(reverse(name, args=[entry.pk]), {}).status_code == 400
    assert client.get(reverse(name, args=[entry.pk])).headers["Location"] == reverse("watch-entry", args=[entry.pk])


def test_an_entry_is_corrected_and_its_old_alerts_say_so(client: Client, alert: WatchAlert, supervisor: User) -> None:
    client.force_login(supervisor)
    address = reverse("watch-correct", args=[alert.entry_id])
    assert address in page(client, "watch-entry", alert.entry_id)
    assert 'value="12가3456"' in page(client, "watch-correct", alert.entry_id)
    refused = client.post(address, filled(plate="13나3456", reason="KEEP-7")).content.decode()
    assert "This field is required" in refused
    assert "KEEP-7" in refused
    answer = client.post(address, filled(plate="13나3456", why="mistyped"))
    assert answer.headers["Location"] == reverse("watch-entry", args=[alert.entry_id])
    shown = text_of(page(client, "watch-entry", alert.entry_id))
    assert "13나3456" in shown
    assert "before the entry was corrected" in shown
    end_entry(alert.entry, "found", reason="x", actor=supervisor)
    assert client.get(address).headers["Location"] == reverse("watch-entry", args=[alert.entry_id])
    assert address not in page(client, "watch-entry", alert.entry_id)


def test_a_basis_that_is_out_of_force_stays_chosen_until_somebody_chooses_another(
    client: Client, entry: WatchEntry, supervisor: User
) -> None:
    LegalBasis.objects.filter(pk=entry.basis_id).update(is_active=False)
    client.force_login(supervisor)
    assert f'<option value="{entry.basis_id}" selected>' in page(client, "watch-correct", entry.pk)
    said = filled(plate="13나3456", basis=entry.basis_id, why="mistyped")
    assert client.post(reverse("watch-correct", args=[entry.pk]), said).status_code == 302
    entry.refresh_from_db()
    assert entry.plate == "13나3456"


def test_a_form_that_shows_an_entry_is_a_look_at_it(client: Client, entry: WatchEntry, supervisor: User) -> None:
    client.force_login(supervisor)
    page(client, "watch-correct", entry.pk)
    assert [one.details for one in entries("watch.viewed")] == [{"entries": [entry.pk]}]
    other = make_entry(supervisor, "99하9999")
    page(client, "watch-new", again=other.pk)
    assert {"entries": [other.pk]} in [one.details for one in entries("watch.viewed")]


def test_an_ended_entry_is_watched_again_by_a_form_that_says_what_it_said(
    client: Client, supervisor: User, operator: User
) -> None:
    entry = make_entry(supervisor, vehicle_colour="red", reason="why it was")
    address = f"{reverse('watch-new')}?again={entry.pk}"
    client.force_login(supervisor)
    assert address not in page(client, "watch-entry", entry.pk)
    end_entry(entry, "found", reason="x", actor=supervisor)
    assert address in page(client, "watch-entry", entry.pk)
    shown = client.get(address).content.decode()
    for words in ('value="12가3456"', "why it was", '<option value="red" selected>'):
        assert words in shown
    assert address not in page(client_of(operator), "watch-entry", entry.pk)


def test_all_open_alerts_of_an_ended_entry_are_dismissed_with_one_reason(
    client: Client, alert: WatchAlert, operator: User, supervisor: User
) -> None:
    make_alert(alert.entry, alert.camera)
    end_entry(alert.entry, "found", reason="x", actor=supervisor)
    client.force_login(operator)
    address = reverse("watch-dismiss", args=[alert.entry_id])
    assert address in page(client, "watch-entry", alert.entry_id)
    client.post(address, {"reason": "it is over"})
    assert not WatchAlert.objects.open().exists()
    assert address not in page(client, "watch-entry", alert.entry_id)
    answer = client.post(address, {"reason": "again"}, follow=True)
    assert "No alert of this plate is open any more." in answer.content.decode()


def test_an_alert_that_comes_while_the_page_is_written_is_on_it_with_the_look_that_found_it(
    client: Client, entry: WatchEntry, camera: Camera, supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = look_back(entry, 24, reason="fled", actor=supervisor)
    make_plate(make_analysis(camera, plate_reader=settings.PLATE_READER_MODEL), reader=settings.PLATE_READER_MODEL)

    def look_on(*args: Any, **named: Any) -> None:  # a page waits here for the worker, which is at the audit trail
        run_look_back(look.pk)
        view_entries(*args, **named)

    monkeypatch.setattr("investigations.views.watch.view_entries", look_on)
    client.force_login(supervisor)
    shown = text_of(page(client, "watch-entry", entry.pk))
    assert ("1 alert" in shown) is ("Not seen yet" not in shown)
    look.refresh_from_db()
    assert (look.status, look.found) == ("done", 1)
    shown = text_of(page(client, "watch-entry", entry.pk))
    assert "1 alert" in shown
    assert "Not seen yet" not in shown


# ── Who is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_bell_leads_to_the_plates_alerts_and_looking_reads_it(
    client: Client, alert: WatchAlert, operator: User
) -> None:
    announce_alerts(alert.entry)
    notice = Notification.objects.get(user=operator)
    client.force_login(operator)
    for name in ("notifications", "notifications-bell"):
        assert "may have been seen" in page(client, name)
        assert "12가3456" in page(client, name)
    answer = client.get(reverse("notification-open", args=[notice.pk]))
    assert answer.headers["Location"] == f"{reverse('watch-alerts')}?entry={alert.entry_id}"
    other = make_entry(alert.entry.added_by, "99하9999")
    announce_alerts(other)
    client.get(answer.headers["Location"])
    assert Notification.objects.visible_to(operator).unread().get().entry == other  # it was not shown
    make_alert(other, alert.camera, "99하9999")
    page(client, "watch-alerts")
    assert not Notification.objects.visible_to(operator).unread().exists()


@pytest.mark.parametrize(("who", "is_told"), [("officer", True), ("colleague", True), ("outsider", None)])
def test_a_station_sees_that_its_plate_is_watched_and_until_when_and_nothing_else(
    client: Client,
    supervisor: User,
    camera: Camera,
    approved: SearchRequest,
    request: pytest.FixtureRequest,
    who: str,
    is_told: bool | None,
) -> None:
    make_alert(make_entry(supervisor, request=approved, reason="SECRET-REASON"), camera)
    make_entry(supervisor, "99하9999")
    as_person(client, request, who)
    response = client.get(reverse("workspace", args=[approved.pk]))
    if is_told is None:
        assert response.status_code == 404
        return
    for shown in (response.content.decode(), page(client, "request-parts", approved.pk)):
        assert "12가3456" in shown
        assert (
            f"watched until {localtime(WatchEntry.objects.get(request=approved).valid_until):%Y-%m-%d %H:%M}" in shown
        )
        for hidden in ("99하9999", "SECRET-REASON", "/watch/"):
            assert hidden not in shown
    for name in ("watch-list", "watch-alerts", "watch-new", "watch-import"):
        assert client.get(reverse(name)).status_code == 403


def test_the_workspace_offers_to_watch_the_requests_plate(
    client: Client, operator: User, approved: SearchRequest, supervisor: User
) -> None:
    SearchRequest.objects.update(plate="34나5678")
    client.force_login(operator)
    assert f"{reverse('watch-new')}?request={approved.pk}" in page(client, "workspace", approved.pk)
    entry = make_entry(supervisor, "34나5678", request=approved)
    shown = page(client, "workspace", approved.pk)
    assert reverse("watch-entry", args=[entry.pk]) in shown
    assert f"{reverse('watch-new')}?request=" not in shown


# ── The admin ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_lists_of_the_admin_are_looks_as_the_pages_are(client: Client, alert: WatchAlert, supervisor: User) -> None:
    assert "12가3456" in admin.shown(client, supervisor, admin.page("investigations_watchentry_changelist"))
    assert [one.details for one in entries("watch.viewed")] == [{"entries": [alert.entry_id]}]
    assert "12가3456" in admin.shown(client, supervisor, admin.page("investigations_watchalert_changelist"))
    assert [one.details["alerts"] for one in entries("alert.viewed")] == [[alert.pk]]
    said = admin.act(client, supervisor, "investigations_watchentry", "end", alert.entry, reason="withdrawn")
    assert said == ["No longer watched: 1."]
