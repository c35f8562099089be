"""A police system for tests: a real HTTP server that answers as it is told, and remembers what came."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass
class Message:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What to answer next stands in `answers`, in a small language: a status, or one of the words below.

    `hang`: says nothing. `trickle`: a header that never ends, a byte at a time. `flood`: 500 and a body without end.
    `redirect`: to the path /elsewhere. `drop`: closes without a word. When all are used up it is 204.
    """

    url: str = ""
    answers: list[int | str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    closing: Event = field(default_factory=Event)


@contextmanager
def receiving(host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.messages.append(Message(self.path, dict(self.headers), body))
            answer = receiver.answers.pop(0) if receiver.answers else 204
            if isinstance(answer, int):
                self._answer(answer)
            else:
                getattr(self, answer)()

        do_GET = do_POST  # noqa: N815 -- a followed redirect would come as one

        def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
            body = body or (b"signature\nunknown" if status >= 400 else b"")
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def redirect(self) -> None:
            self._answer(302, {"Location": "/elsewhere"})

        def drop(self) -> None:
            self.close_connection = True

        def hang(self) -> None:
            receiver.closing.wait(20)

        def trickle(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not receiver.closing.wait(0.05):
                self.wfile.write(b"x")

        def flood(self) -> None:
            self.send_response(500)
            self.end_headers()
            while not receiver.closing.is_set():
                self.wfile.write(b"x" * 65536)

        def handle(self) -> None:
            with suppress(OSError):  # the sender has had enough
                super().handle()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests look at `messages`."""

    server = ThreadingHTTPServer((host, 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.url = f"{'https' if tls else 'http'}://{host}:{server.server_port}/dongseon"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
