"""The processes of the portal: started together, stopped together, and clear about what is wrong."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from portal.stack import Stack, StackError
from tests.system.conftest import wait_until
from tests.system.servers import free_port


def running(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_leaving_the_block_ends_every_process_and_its_children(stack: Stack) -> None:
    stack.start_workers()
    stack.start_web("127.0.0.1", free_port())
    groups = [stack.child(name).pid for name in ("redis", "worker-analysis", "worker-search", "web")]
    assert all(running(group) for group in groups)
    stack.stop()
    assert not any(running(group) for group in groups)


def test_a_process_that_ends_by_itself_is_named_with_its_log(stack: Stack) -> None:
    stack.start_workers()
    os.killpg(stack.child("worker-search").pid, signal.SIGKILL)
    with pytest.raises(StackError, match=r"worker-search ended .* See .*worker-search\.log"):
        stack.wait()


def test_a_taken_port_is_said_before_anything_is_started(stack: Stack) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(StackError, match="is taken by another program"):
            stack.start_web("127.0.0.1", other.getsockname()[1])


def test_serve_answers_and_ends_all_it_started_on_ctrl_c(
    committing_db: None, nothing_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{connection.settings_dict['NAME']}")
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    log = Path(settings.VAR_DIR) / "serve.log"
    # What a shell runs in the background ignores Ctrl-C, and with it all that it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with log.open("wb") as output:
        serving = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=output, stderr=output)
    signal.signal(signal.SIGINT, before)
    wait_until(lambda: b"Dongseon is at" in log.read_bytes(), within_s=60, what="the portal")
    children = Path(f"/proc/{serving.pid}/task/{serving.pid}/children").read_text().split()
    assert len(children) == 5  # Redis, three workers, the web server
    serving.send_signal(signal.SIGINT)
    try:
        assert serving.wait(30) == 0
    except subprocess.TimeoutExpired:
        serving.terminate()  # its workers would take the next test's messages
        serving.wait(30)
        raise
    assert b"Stopped." in log.read_bytes()
    assert not any(running(int(child)) for child in children)
