"""From where the request at hand came. Workers and sockets have none, and their entries no address."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_address: ContextVar[str] = ContextVar("audit_address", default="")


def current_address() -> str:
    return _address.get()


@contextmanager
def coming_from(address: str) -> Iterator[None]:
    """Within the block, entries carry this network address."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)
