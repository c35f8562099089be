"""Notifications: each person's own, on every page, live, and read by reading what they are about."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse
from django.utils import translation

from investigations import events
from investigations.consumers import FORBIDDEN, NotificationConsumer
from investigations.models import Notification, SearchRequest
from investigations.services.requests import receive_request, return_request
from investigations.services.talk import add_comment
from portal.accounts.models import User
from tests.investigations.conftest import as_person
from tests.investigations.sockets import hear


@pytest.fixture
def notice(request_: SearchRequest, officer: User, supervisor: User) -> Notification:
    """The officer is told that the request was returned."""
    return_request(request_, reason="A photo, please.", actor=supervisor)
    return Notification.objects.get(user=officer)


def unread(user: User) -> int:
    return Notification.objects.visible_to(user).unread().count()


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_bell_counts_ones_own_on_every_page(
    client: Client, notice: Notification, officer: User, colleague: User
) -> None:
    for who, count in ((officer, ">1</span>"), (colleague, "hidden>0</span>")):
        client.force_login(who)
        page = client.get(reverse("case-list")).content.decode()
        assert count in page.split('id="bell-count"')[1][:40]


def test_who_gets_none_has_no_bell(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    assert b'id="bell"' not in client.get(reverse("case-list")).content


@pytest.mark.parametrize(("language", "text"), [("en", "The request was returned"), ("ko", "")])
def test_the_sentence_is_in_the_readers_language(
    client: Client, notice: Notification, officer: User, language: str, text: str
) -> None:
    with translation.override(language):
        expected = text or str(Notification.Kind.RETURNED.label)
    client.force_login(officer)
    for name in ("notifications", "notifications-bell"):
        page = client.get(reverse(name), headers={"Accept-Language": language}).content.decode()
        assert expected in page


def test_the_list_is_filtered_by_what_is_unread(client: Client, notice: Notification, officer: User) -> None:
    Notification.objects.update(read_at=notice.at)
    client.force_login(officer)
    assert len(client.get(reverse("notifications")).context["page"]) == 1
    page = client.get(reverse("notifications"), {"show": "unread"})
    assert len(page.context["page"]) == 0
    assert b"Everything is read" in page.content


@pytest.mark.parametrize(("kind", "anchor"), [("returned", ""), ("commented", "#talk"), ("answered", "#answers")])
def test_a_notification_leads_to_its_place(
    client: Client, notice: Notification, officer: User, kind: str, anchor: str
) -> None:
    Notification.objects.update(kind=kind)
    client.force_login(officer)
    answer = client.get(reverse("notification-open", args=[notice.pk]))
    assert answer.headers["Location"] == reverse("workspace", args=[notice.request_id]) + anchor


@pytest.mark.parametrize("who", ["colleague", "outsider", "operator", "supervisor", "stranger", "administrator"])
def test_somebody_elses_notification_is_not_found(
    client: Client, request: pytest.FixtureRequest, notice: Notification, who: str
) -> None:
    as_person(client, request, who)
    assert client.get(reverse("notification-open", args=[notice.pk])).status_code == 404
    assert notice.get_kind_display() not in client.get(reverse("notifications")).content.decode()
    assert notice.get_kind_display() not in client.get(reverse("notifications-bell")).content.decode()


def test_what_one_may_no_longer_see_one_is_no_longer_told_of(
    client: Client, notice: Notification, officer: User, outsider: User
) -> None:
    Notification.objects.update(user=outsider)
    client.force_login(outsider)
    assert client.get(reverse("notification-open", args=[notice.pk])).status_code == 404
    assert len(client.get(reverse("notifications")).context["page"]) == 0


def test_reading_a_request_reads_what_is_said_of_it(client: Client, notice: Notification, officer: User) -> None:
    client.force_login(officer)
    client.get(reverse("request-parts", args=[notice.request_id]))  # a page that refreshes itself is not a reader
    assert unread(officer) == 1
    client.get(reverse("workspace", args=[notice.request_id]))
    assert unread(officer) == 0


def test_the_centre_reads_by_reading_too(
    client: Client, request_: SearchRequest, officer: User, operator: User
) -> None:
    add_comment(request_, "Red boots.", actor=officer)
    client.force_login(operator)
    client.get(reverse("workspace", args=[request_.pk]))
    assert unread(operator) == 0


def test_all_or_those_of_one_request_are_marked_as_read(
    client: Client, notice: Notification, officer: User, colleague: User, request_: SearchRequest
) -> None:
    Notification.objects.create(user=colleague, request=request_, kind="answered")
    client.force_login(officer)
    address = reverse("notifications-read")
    assert client.post(address, {"request": str(request_.pk + 1)}).status_code == 404
    assert client.post(address, {"request": "everything"}).status_code == 404
    assert client.post(address, {"request": "9" * 40}).status_code == 404
    assert unread(officer) == 1
    answer = client.post(address, {"request": str(request_.pk)}, headers={"Accept": "application/json"})
    assert answer.json() == {"unread": 0}
    Notification.objects.update(read_at=None)
    assert client.post(address).headers["Location"] == reverse("notifications")
    assert (unread(officer), unread(colleague)) == (0, 1)


# ── Live ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def listen(user: Any, act: Any) -> list[Any]:
    """Do something while `user` listens to what is meant for them; see `hear`."""
    return hear(NotificationConsumer, user, act)


def test_the_person_concerned_hears_and_nobody_else(
    committing_db: None, request_: SearchRequest, officer: User, colleague: User, operator: User
) -> None:
    (heard,) = listen(officer, lambda: receive_request(request_, actor=operator))
    pk = Notification.objects.get(user=officer).pk
    assert heard == (
        f'{{"type": "notification.added", "notification": {pk}, "request": {request_.pk}, "kind": "received"}}'
    )
    assert listen(colleague, lambda: add_comment(request_, "Hello", actor=operator)) == []


def test_somebody_who_was_shut_out_hears_no_more(
    committing_db: None, request_: SearchRequest, officer: User, operator: User
) -> None:
    def shut_out() -> None:
        receive_request(request_, actor=operator)
        User.objects.filter(pk=officer.pk).update(is_active=False)
        events.push_notification(Notification.objects.get(user=officer))

    assert set(listen(officer, shut_out)) == {FORBIDDEN}


def test_what_one_may_not_see_is_not_told(
    committing_db: None, request_: SearchRequest, outsider: User, operator: User
) -> None:
    def tell_the_wrong_one() -> None:
        events.push_notification(Notification.objects.create(user=outsider, request=request_, kind="received"))

    assert listen(outsider, tell_the_wrong_one) == []


def test_visitors_are_turned_away(committing_db: None) -> None:
    assert listen(AnonymousUser(), lambda: None) == [FORBIDDEN]
