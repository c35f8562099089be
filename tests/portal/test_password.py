"""The profile: what a person sees of the own account, and the own password, whose change is an entry."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import PASSWORD

NEW = "a-better-battery-staple"


@pytest.mark.parametrize(
    ("old", "again", "changed"), [(PASSWORD, NEW, True), ("wrong", NEW, False), (PASSWORD, "x", False)]
)
def test_the_own_password(client: Client, officer: User, old: str, again: str, changed: bool) -> None:
    client.force_login(officer)
    words = {"old_password": old, "new_password1": NEW, "new_password2": again}
    response = client.post(reverse("profile"), words)
    officer.refresh_from_db()
    assert officer.check_password(NEW) == changed
    assert (response.status_code == 302) == changed
    entries = AuditEntry.objects.filter(action="user.changed")
    assert entries.count() == int(changed)
    assert NEW not in str(list(entries.values_list("details", flat=True)))


def test_the_profile_shows_the_own_account(client: Client, officer: User) -> None:
    client.post("/login/", {"username": "officer", "password": PASSWORD}, REMOTE_ADDR="10.0.0.5")
    client.get("/")
    page = client.get(reverse("profile")).content.decode()
    assert [text for text in ("officer", "police officer", "South Station", "10.0.0.5") if text not in page] == []
    assert "Set up the second factor" in page


def test_the_log_ins_of_others_are_not_shown(client: Client, officer: User, colleague: User) -> None:
    Client().post("/login/", {"username": "colleague", "password": PASSWORD}, REMOTE_ADDR="10.6.6.6")
    client.force_login(officer)
    assert "10.6.6.6" not in client.get(reverse("profile")).content.decode()


@pytest.mark.parametrize("name", ["own-password", "admin-password"])
def test_earlier_addresses_lead_to_the_profile(client: Client, officer: User, name: str) -> None:
    client.force_login(officer)
    assert client.get(reverse(name))["Location"] == "/profile/"
