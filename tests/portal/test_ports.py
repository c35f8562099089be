"""The port to serve at: what is none, or is taken, is said in a sentence and before any work."""

import re
import socket
import subprocess
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from portal.management.commands import demo
from portal.stack import Stack


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "start_redis", lambda stack: pytest.fail("Redis was started"))
    monkeypatch.setattr(demo, "models_in_use", lambda: pytest.fail("models were fetched"))


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize("port", ["99999", "0", "-3", "http"])
def test_what_is_no_port_is_wrong_use(command: str, port: str) -> None:
    with pytest.raises(CommandError, match="is no port: give a whole number from 1 to 65535"):
        call_command(command, "--port", port)


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_taken_port_is_said_before_any_work(command: str, taken: int) -> None:
    with pytest.raises(CommandError, match=rf"Port {taken} is taken .*make run PORT=8080"):
        call_command(command, port=taken)


def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(CommandError, match=r"Nothing can be served at 192\.0\.2\.1"):
        call_command("serve", address="192.0.2.1", port=8080)


@pytest.mark.parametrize("address", ["a..b", "a" * 70])
def test_what_is_no_address_is_said(address: str) -> None:
    with pytest.raises(CommandError, match=f"{re.escape(address)} is no address of this machine."):
        call_command("serve", address=address, port=8080)


@pytest.mark.parametrize("target", ["demo", "run"])
def test_make_hands_the_port_on(target: str) -> None:
    command = ["make", "--no-print-directory", "--dry-run", target, "PORT=8080"]
    dry = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    assert '--port "8080"' in dry.stdout.splitlines()[-1]
