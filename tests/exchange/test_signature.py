"""The signature of a webhook's message, as sender and receiver see it."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from portal.exchange.signature import sign, verify

SECRET, BODY, NOW = "whsec_x", b'{"id":"1"}', 1_800_000_000


def test_the_signature_is_the_documented_one() -> None:
    # printf '%s' '1800000000.{"id":"1"}' | openssl dgst -sha256 -hmac whsec_x
    expected = "t=1800000000,v1=daf0a282c2564dacb0d1c98add8d6211f070ae0b188bf399320c04d164d7bb1a"
    assert sign(SECRET, NOW, BODY) == expected


def test_the_receivers_side_in_the_documentation_works() -> None:
    text = (Path(settings.BASE_DIR) / "docs/api.md").read_text(encoding="utf-8")
    scope: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], scope)
    now = int(time.time())
    assert scope["is_ours"](SECRET, sign(SECRET, now, BODY), BODY)
    assert not scope["is_ours"](SECRET, sign(SECRET, now, BODY), BODY + b" ")
    assert not scope["is_ours"](SECRET, sign(SECRET, now - 400, BODY), BODY)
    assert not scope["is_ours"](SECRET, "t=x", BODY)


@pytest.mark.parametrize(
    ("header", "body", "late_s", "holds"),
    [
        (sign(SECRET, NOW, BODY), BODY, 0, True),
        (sign(SECRET, NOW, BODY), BODY, 299, True),
        (sign(SECRET, NOW, BODY), BODY, 301, False),
        (sign(SECRET, NOW, BODY), BODY, -301, False),
        (sign(SECRET, NOW, BODY), BODY + b" ", 0, False),
        (sign("another", NOW, BODY), BODY, 0, False),
        (sign(SECRET, NOW, BODY).replace("t=18", "t=19"), BODY, 0, False),
        ("", BODY, 0, False),
        ("t=,v1=", BODY, 0, False),
        ("t=" + "9" * 5000 + ",v1=x", BODY, 0, False),
        (f"t={NOW}", BODY, 0, False),
    ],
)
def test_a_receiver_accepts_only_what_is_signed_and_fresh(header: str, body: bytes, late_s: int, holds: bool) -> None:
    assert verify(SECRET, header, body, now=NOW + late_s) is holds
