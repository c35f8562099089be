"""The demo asks nobody for a second factor; what other servers ask is not changed by it."""

import os
import sys
from pathlib import Path

import pytest

from portal.management.commands.demo import ENVIRONMENT
from portal.stack import Stack

ASK = "from portal import settings; print(settings.TWO_FACTOR_ROLES)"


@pytest.mark.parametrize(
    ("environment", "asked"), [(ENVIRONMENT, "[]"), ({}, "['supervisor', 'administrator']")], ids=["demo", "others"]
)
def test_only_the_demos_servers_go_without_a_second_factor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], asked: str
) -> None:
    monkeypatch.delenv("TWO_FACTOR_ROLES")
    with Stack(tmp_path, environment=environment) as stack:
        stack._start("server", [sys.executable, "-c", ASK])
        stack.child("server").wait(30)
    assert (tmp_path / "server.log").read_text().strip() == asked
    assert "TWO_FACTOR_ROLES" not in os.environ
