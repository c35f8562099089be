"""Redis, the web server and the workers as many tests share them: to start them takes longer than most tests."""

import os
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic, sleep

from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from portal.stack import Stack

WORKERS = ("worker-analysis", "worker-search", "worker-exchange")
QUIET_S, SETTLED_WITHIN_S = 0.2, 20.0


class SharedServers:
    """Lends the same processes to one test after the other.

    They are started anew where a test has changed the environment, and do without workers where a test does, whose
    waiting rows would be taken up otherwise. What they remember is of numbers that never come back: an emptied
    database counts on.
    """

    def __init__(self, log_dir: Path, database_url: str) -> None:
        self._log_dir = log_dir
        self._database_url = database_url
        self._environment: dict[str, str] = {}
        self._running = ExitStack()
        self._stack: Stack | None = None
        self._has_workers = False
        self._content_types: list[ContentType] = []
        self.site = ""

    def lend(self, *, with_workers: bool) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        if environment != self._environment:
            self.stop()
        self._environment = environment
        stack = self._stack or self._start()
        stack.check()  # none has ended meanwhile
        if self._has_workers and not with_workers:
            stack.stop_workers()
        elif with_workers and not self._has_workers:
            stack.start_workers()
        self._has_workers = with_workers
        self._keep_content_types()

    def settle(self) -> None:
        """Return when nothing is at work any more: what a test began is not to reach the database of the next."""
        deadline = monotonic() + SETTLED_WITHIN_S
        ticks = self._ticks()
        while True:
            sleep(QUIET_S)
            before, ticks = ticks, self._ticks()
            if ticks <= before + 1:
                return
            assert monotonic() < deadline, "the servers go on working after the test"

    def stop(self) -> None:
        self._running.close()
        self._stack, self._has_workers = None, False

    def _start(self) -> Stack:
        port = free_port()
        environment = {"DATABASE_URL": self._database_url}
        self._stack = self._running.enter_context(Stack(self._log_dir, environment=environment))
        self._stack.start_redis()
        self._stack.start_web("127.0.0.1", port)
        self.site = f"http://127.0.0.1:{port}"
        return self._stack

    def _keep_content_types(self) -> None:
        """Give them the numbers that the servers remember: emptying a database gives them others."""
        if self._content_types:
            with transaction.atomic():
                ContentType.objects.all().delete()
                ContentType.objects.bulk_create(self._content_types)
            ContentType.objects.clear_cache()
        self._content_types = list(ContentType.objects.all())

    def _ticks(self) -> int:
        """Hundredths of a second that the processes and their children have computed so far."""
        assert self._stack
        names = ("web", *WORKERS) if self._has_workers else ("web",)
        groups = {str(self._stack.child(name).pid) for name in names}
        ticks = 0
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has ended meanwhile
                fields = file.read_text().rpartition(")")[2].split()
                if fields[2] in groups:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
