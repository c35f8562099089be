"""Entries carry the network address of the request that they come from, and nothing where there was none."""

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.origin import coming_from, current_address
from portal.audit.services import record, verify_chain
from tests.conftest import PASSWORD


def test_a_log_in_carries_the_address_of_its_request(client: Client, officer: User) -> None:
    client.post("/login/", {"username": "officer", "password": PASSWORD}, REMOTE_ADDR="10.7.7.7")
    entry = AuditEntry.objects.get(action=Action.USER_LOGGED_IN)
    assert (entry.address, entry.version) == ("10.7.7.7", 2)
    assert verify_chain() == []


@pytest.mark.parametrize(("is_behind", "address"), [(True, "10.9.9.9"), (False, "10.0.0.1")])
def test_the_address_is_the_proxys_word_only_where_there_is_a_proxy(
    client: Client, officer: User, settings: object, is_behind: bool, address: str
) -> None:
    settings.BEHIND_PROXY = is_behind  # type: ignore[attr-defined]
    client.post(
        "/login/",
        {"username": "officer", "password": PASSWORD},
        REMOTE_ADDR="10.0.0.1",
        HTTP_X_FORWARDED_FOR="1.2.3.4, 10.9.9.9",
    )
    assert AuditEntry.objects.get(action=Action.USER_LOGGED_IN).address == address


def test_what_workers_do_carries_none(db: None) -> None:
    assert record(Action.CASE_VIEWED, actor=None).address == ""


def test_a_request_leaves_no_address_to_the_next(db: None) -> None:
    with pytest.raises(RuntimeError), coming_from("10.0.0.1"):
        raise RuntimeError
    assert current_address() == ""
