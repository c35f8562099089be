"""Setting up a second factor, entering its codes, and losing it."""

from base64 import b32decode, b32encode
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.accounts.models import User
from portal.accounts.services.second_factors import Kind, make_recovery_codes, reset_second_factor, verify_second_factor
from portal.audit.models import AuditEntry
from tests.accounts.conftest import code_of, enrolled, is_in, log_in_verified

CODE, NEW = reverse("second-factor"), reverse("second-factor-new")


@pytest.fixture(autouse=True)
def _asked_of_supervisors(settings: Any) -> None:
    settings.TWO_FACTOR_ROLES = ["supervisor", "administrator"]


def actions() -> list[str]:
    entries = AuditEntry.objects.filter(action__startswith="user.").exclude(action="user.logged_in")
    return list(entries.order_by("sequence").values_list("action", flat=True))


def shown_key(client: Client) -> bytes:
    """The key, as a person reads it off the page."""
    return b32decode(client.get(NEW).context["secret"].replace(" ", ""))


def set_up(client: Client) -> list[str]:
    """Set up what the page shows, and return the recovery codes."""
    response = client.post(NEW, {"code": code_of(shown_key(client))})
    assert response.status_code == 200, response
    codes: list[str] = response.context["codes"]
    return codes


def test_a_supervisor_sets_up_at_the_first_log_in(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    before = client.session.session_key
    assert client.get("/")["Location"] == f"{CODE}?next=/"
    assert client.get(f"{CODE}?next=/")["Location"] == f"{NEW}?next=%2F"
    codes = set_up(client)
    assert (len(set(codes)), StaticToken.objects.count()) == (10, 10)
    assert is_in(client)
    assert client.session.session_key != before
    assert actions() == ["user.second_factor_enrolled"]


def test_the_picture_holds_the_key_that_is_shown(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    page = client.get(NEW)
    assert page.context["picture"].startswith("data:image/svg+xml")
    url = TOTPDevice(user=supervisor, key=client.session["second_factor_key"]).config_url
    key = page.context["secret"].replace(" ", "")
    assert f"secret={key}" in url
    assert "issuer=Dongseon" in url
    assert client.get(NEW).context["secret"] == page.context["secret"]  # a scanned picture survives a reload


def test_a_wrong_code_sets_nothing_up(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    wrong = code_of(shown_key(client), steps=40)
    response = client.post(NEW, {"code": wrong})
    assert "does not fit" in response.context["error"]
    assert not TOTPDevice.objects.exists()
    assert not is_in(client)
    assert actions() == []


def test_the_recovery_codes_are_shown_once(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    codes = set_up(client)
    assert client.post(NEW, {"code": "123456"})["Location"] == "/profile/"  # as a reload of the page with the codes
    for address in (NEW, "/profile/", CODE):
        page = client.get(address, follow=True).content.decode()
        assert not [code for code in codes if code in page]


def test_a_code_opens_the_session_and_changes_it(client: Client, supervisor: User) -> None:
    device = enrolled(supervisor)
    client.force_login(supervisor)
    before = client.session.session_key
    response = client.post(CODE, {"code": code_of(device.bin_key), "next": "/profile/"})
    assert response["Location"] == "/profile/"
    assert is_in(client)
    assert client.session.session_key != before
    assert actions() == ["user.second_factor_verified"]


def test_people_type_codes_in_groups(supervisor: User) -> None:
    code = code_of(enrolled(supervisor).bin_key)
    assert verify_second_factor(code=f" {code[:3]} {code[3:]} ", kind=Kind.CODE, actor=supervisor)


@pytest.mark.parametrize("code", ["", "abc", "１２３", "0" * 5000, "\x00", "½", "-1"])
def test_what_is_no_code_is_refused_with_a_sentence(client: Client, supervisor: User, code: str) -> None:
    enrolled(supervisor)
    client.force_login(supervisor)
    for field in ("code", "recovery_code"):
        response = client.post(CODE, {field: code})
        assert response.status_code == 200
        assert response.context["error"]
    assert not is_in(client)


def test_a_code_is_taken_once(supervisor: User) -> None:
    code = code_of(enrolled(supervisor).bin_key)
    verify_second_factor(code=code, kind=Kind.CODE, actor=supervisor)
    with pytest.raises(ValidationError, match="used already"):
        verify_second_factor(code=code, kind=Kind.CODE, actor=supervisor)
    assert actions() == ["user.second_factor_verified", "user.second_factor_failed"]


def test_the_code_that_set_it_up_does_not_open_another_session(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    key = shown_key(client)
    code = code_of(key)
    client.post(NEW, {"code": code})
    another = Client()
    another.force_login(User.objects.get(pk=supervisor.pk))
    another.post(CODE, {"code": code})
    assert not is_in(another)


def test_wrong_codes_have_to_wait_longer_and_longer(supervisor: User) -> None:
    device = enrolled(supervisor)
    with pytest.raises(ValidationError, match="wrong"):
        verify_second_factor(code="1", kind=Kind.CODE, actor=supervisor)
    with pytest.raises(ValidationError, match=r"Try again at \d\d:\d\d:\d\d"):
        verify_second_factor(code=code_of(device.bin_key), kind=Kind.CODE, actor=supervisor)
    assert AuditEntry.objects.latest("sequence").details == {"kind": "code", "throttled": True}
    device.refresh_from_db()
    assert device.throttling_failure_count == 1


def test_each_recovery_code_opens_once(client: Client, supervisor: User) -> None:
    enrolled(supervisor)
    code = make_recovery_codes(actor=supervisor)[3]
    client.force_login(supervisor)
    client.post(CODE, {"recovery_code": code.upper()})
    assert is_in(client)
    another = Client()
    another.force_login(supervisor)
    another.post(CODE, {"recovery_code": code})
    assert not is_in(another)
    assert StaticToken.objects.count() == 9


def test_new_recovery_codes_void_the_old_and_keep_the_session(client: Client, supervisor: User) -> None:
    enrolled(supervisor)
    old = make_recovery_codes(actor=supervisor)
    client.force_login(supervisor)
    client.post(CODE, {"recovery_code": old[0]})
    new = client.post(reverse("recovery-codes")).context["codes"]
    assert len(new) == 10
    assert not set(new) & set(old)
    assert is_in(client)
    with pytest.raises(ValidationError):
        verify_second_factor(code=old[1], kind=Kind.RECOVERY_CODE, actor=supervisor)


def test_another_persons_codes_do_not_help(supervisor: User, stranger: User) -> None:
    enrolled(supervisor)
    theirs = enrolled(stranger)
    codes = make_recovery_codes(actor=stranger)
    with pytest.raises(ValidationError):
        verify_second_factor(code=code_of(theirs.bin_key), kind=Kind.CODE, actor=supervisor)
    with pytest.raises(ValidationError):
        verify_second_factor(code=codes[0], kind=Kind.RECOVERY_CODE, actor=supervisor)


def test_a_password_alone_cannot_put_another_app_in_place(client: Client, supervisor: User) -> None:
    enrolled(supervisor)
    client.force_login(supervisor)
    assert client.get(NEW)["Location"] == CODE
    session = client.session
    session["second_factor_key"] = "00" * 20
    session.save()
    assert client.post(NEW, {"code": code_of(bytes(20))})["Location"] == CODE
    assert TOTPDevice.objects.count() == 1


def test_a_new_phone_takes_the_place_of_the_old(client: Client, supervisor: User) -> None:
    old = enrolled(supervisor)
    log_in_verified(client, supervisor, old)
    another = Client()
    log_in_verified(another, supervisor, old)
    set_up(client)
    assert is_in(client)
    assert not is_in(another)
    assert not TOTPDevice.objects.filter(pk=old.pk).exists()
    assert TOTPDevice.objects.count() == 1


def test_whoever_sets_one_up_freely_is_asked_for_it_from_then_on(client: Client, operator: User) -> None:
    client.force_login(operator)
    assert is_in(client)
    set_up(client)
    assert is_in(client)
    another = Client()
    another.force_login(User.objects.get(pk=operator.pk))
    assert not is_in(another)


def test_after_the_code_nobody_is_led_elsewhere(client: Client, supervisor: User) -> None:
    device = enrolled(supervisor)
    client.force_login(supervisor)
    words = {"code": code_of(device.bin_key), "next": "https://elsewhere.example/"}
    assert client.post(CODE, words)["Location"] == "/"


def test_an_administrator_resets_in_the_admin_and_every_session_ends(
    client: Client, supervisor: User, administrator: User
) -> None:
    device = enrolled(supervisor)
    make_recovery_codes(actor=supervisor)
    theirs = Client()
    log_in_verified(theirs, supervisor, device)
    assert is_in(theirs)
    log_in_verified(client, administrator, enrolled(administrator))
    words = {"action": "reset_second_factor", "_selected_action": [supervisor.pk]}
    client.post(reverse("admin:accounts_user_changelist"), words | {"reason": " "})
    assert is_in(theirs)  # without a reason nothing is reset
    client.post(reverse("admin:accounts_user_changelist"), words | {"reason": "phone lost"})
    assert theirs.get("/profile/")["Location"].startswith("/login/")
    assert not TOTPDevice.objects.filter(user=supervisor).exists()
    assert not StaticDevice.objects.filter(user=supervisor).exists()
    entry = AuditEntry.objects.get(action="user.second_factor_reset")
    assert (entry.actor_id, entry.target_id, entry.reason) == (administrator.pk, str(supervisor.pk), "phone lost")


@pytest.mark.parametrize("who", ["operator", "supervisor", "administrator"])
def test_others_reset_nothing(who: str, officer: User, request: pytest.FixtureRequest) -> None:
    """Nor does the administrator of another agency."""
    enrolled(officer)
    with pytest.raises(PermissionDenied):
        reset_second_factor(officer, reason="lost", actor=request.getfixturevalue(who))
    assert TOTPDevice.objects.exists()


def test_the_console_helps_the_last_administrator(administrator: User) -> None:
    enrolled(administrator)
    call_command("reset_second_factor", "administrator", "--reason", "phone lost")
    assert not TOTPDevice.objects.exists()
    entry = AuditEntry.objects.get(action="user.second_factor_reset")
    assert (entry.actor_id, entry.reason) == (None, "phone lost")
    with pytest.raises(CommandError, match="no second factor"):
        call_command("reset_second_factor", "administrator", "--reason", "again")
    with pytest.raises(CommandError, match="nobody"):
        call_command("reset_second_factor", "nobody", "--reason", "x")


def test_no_secret_stands_in_the_trail(client: Client, supervisor: User) -> None:
    client.force_login(supervisor)
    key = shown_key(client)
    codes = set_up(client)
    verify_second_factor(code=codes[0], kind=Kind.RECOVERY_CODE, actor=supervisor)
    trail = str(list(AuditEntry.objects.values_list("details", "reason")))
    plain = [code.replace("-", "") for code in codes]
    assert not [text for text in [*codes, *plain, key.hex(), b32encode(key).decode()] if text in trail]
