"""Everybody can change the own password, and that is an entry."""

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
    response = client.post(reverse("own-password"), words)
    officer.refresh_from_db()
    assert officer.check_password(NEW) == changed
    assert (response.status_code == 302) == changed
    entries = AuditEntry.objects.filter(action="user.changed")
    assert entries.count() == int(changed)
    assert NEW not in str(list(entries.values_list("details", flat=True)))
