"""How a receiver knows that a message is ours, and fresh. Pure: docs/api.md shows the receiver's side."""

import hashlib
import hmac
import re
import secrets

TOLERANCE_S = 300


def new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the header's value, `t=…,v1=…`, v1 being the HMAC-SHA256 (hex) of `timestamp.body`."""
    return f"t={timestamp},v1={_mac(secret, timestamp, body)}"


def verify(secret: str, header: str, body: bytes, *, now: float, tolerance_s: float = TOLERANCE_S) -> bool:
    """True if `header` was made with `secret` for `body`, less than `tolerance_s` ago."""
    fields = dict(part.partition("=")[::2] for part in header.split(","))
    timestamp = fields.get("t", "")
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(now - int(timestamp)) > tolerance_s:
        return False
    return hmac.compare_digest(fields.get("v1", "").encode(), _mac(secret, int(timestamp), body).encode())


def _mac(secret: str, timestamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
