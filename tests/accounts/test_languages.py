"""The language that a person chose is kept for what is written to them when they are not there."""

import pytest
from django.test import Client
from django.utils.translation import get_language

from portal.accounts.languages import in_language_of
from portal.accounts.models import User
from portal.audit.models import AuditEntry


def switch(client: Client, language: str) -> None:
    assert client.post("/i18n/setlang/", {"language": language, "next": "/login/"}).status_code == 302


def test_switching_the_language_is_kept_with_its_entry(client: Client, officer: User) -> None:
    client.force_login(officer)
    for language in ("ko", "ko", "en"):
        switch(client, language)
        officer.refresh_from_db()
        assert officer.language == language
    details = AuditEntry.objects.filter(action="user.changed").order_by("sequence").values_list("details", flat=True)
    assert list(details) == [{"language": "ko"}, {"language": "en"}]


def test_an_unknown_language_is_not_kept(client: Client, officer: User) -> None:
    client.force_login(officer)
    switch(client, "xx")
    officer.refresh_from_db()
    assert officer.language == "en"


def test_visitors_switch_too(client: Client, db: None) -> None:
    switch(client, "ko")
    assert "로그인" in client.get("/login/").content.decode()
    assert not AuditEntry.objects.exists()


def test_new_people_are_written_to_in_korean(db: None) -> None:
    assert User().language == "ko"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_within_the_block_texts_are_in_the_persons_language(language: str) -> None:
    before = get_language()
    with in_language_of(User(language=language)):
        assert get_language() == language
    assert get_language() == before


def test_without_a_person_texts_are_in_the_language_of_the_site(settings: object) -> None:
    settings.LANGUAGE_CODE = "ko"  # type: ignore[attr-defined]
    with in_language_of(None):
        assert get_language() == "ko"
