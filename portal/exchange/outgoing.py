"""One POST to somebody else's server, which may fail, hang, lie or lead elsewhere.

httpcore is used itself because it lets us say which address is connected to: the one that was checked, so that a name
which resolves differently a moment later (DNS rebinding) reaches nothing. It follows no redirects and reads no proxy
settings from the environment.
"""

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpcore

from portal.exchange.addresses import RefusedAddress, allowed_addresses
from portal.sentences import gettext as _
from portal.sentences import joined

MOST_BYTES_READ = 64 * 1024
LONGEST_EXCERPT = 300
WRITTEN_AT_ONCE = 16 * 1024


@dataclass(frozen=True)
class Outcome:
    """What came of it: the answer's code, if there was one, and what was wrong, if anything was."""

    code: int | None = None
    error: str = ""


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Outcome:
    """Send `body`; within `timeout_s` in all, however slowly the other side trickles."""
    deadline = monotonic() + timeout_s
    pool = httpcore.ConnectionPool(
        # The system's certificates: a closed network adds its own authority there, or through SSL_CERT_FILE.
        ssl_context=ssl.create_default_context(),
        network_backend=_CheckedBackend(deadline),
    )
    try:
        with pool, pool.stream("POST", url, headers=list(headers.items()), content=body) as response:
            return _judge(response)
    except RefusedAddress as refusal:
        return Outcome(error=refusal.args[0])
    except httpcore.TimeoutException:
        return Outcome(error=_("No complete answer within %(seconds)g seconds.") % {"seconds": timeout_s})
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        return Outcome(error=_("No proper answer: %(reason)s") % {"reason": error or type(error).__name__})


def _judge(response: httpcore.Response) -> Outcome:
    if 200 <= response.status < 300:
        return Outcome(code=response.status)
    place = dict(response.headers).get(b"Location") or dict(response.headers).get(b"location")
    if 300 <= response.status < 400 and place:
        words = {"code": response.status, "place": _shown(place)}
        return Outcome(response.status, _("Answer %(code)d leads to %(place)s, which is not followed.") % words)
    said = _("Answer %(code)d.") % {"code": response.status}
    return Outcome(response.status, joined([said, _shown(_read(response))]))


def _read(response: httpcore.Response) -> bytes:
    """As much of the answer as is worth it. One that breaks off says enough with its code."""
    content = b""
    try:
        for chunk in response.iter_stream():
            content += chunk
            if len(content) >= MOST_BYTES_READ:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        pass
    return content


def _shown(content: bytes) -> str:
    text = " ".join(content[: 4 * LONGEST_EXCERPT].decode(errors="replace").split())
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_EXCERPT]


class _CheckedBackend(httpcore.SyncBackend):
    """Connects to addresses that were checked, and to nothing after the deadline."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for address in allowed_addresses(host, port):
            try:
                stream = super().connect_tcp(address, port, _left(self._deadline), local_address, socket_options)
                return _BoundedStream(stream, self._deadline)
            except httpcore.ConnectError as error:
                failure = error
        raise failure or httpcore.ConnectError(host)


class _BoundedStream(httpcore.NetworkStream):
    """Every wait on the socket ends at the deadline: a limit for each alone would never end a trickle."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITTEN_AT_ONCE):
            self._stream.write(buffer[start : start + WRITTEN_AT_ONCE], _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _BoundedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise httpcore.TimeoutException
    return left
