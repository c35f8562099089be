"""Whose address counts, with and without a proxy in front."""

from typing import Any

import pytest
from django.test import RequestFactory

from portal.accounts.addresses import address_of


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "remote", "address"),
    [
        (False, "", "10.0.0.5", "10.0.0.5"),
        (False, "6.6.6.6", "10.0.0.5", "10.0.0.5"),  # without a proxy it is the client's own word
        (True, "10.0.0.5", "127.0.0.1", "10.0.0.5"),
        (True, "6.6.6.6, 10.0.0.5", "127.0.0.1", "10.0.0.5"),  # the proxy writes the last entry
        (True, "", "127.0.0.1", "127.0.0.1"),
        (True, "unknown", "127.0.0.1", "127.0.0.1"),
        (True, "10.0.0.5:4711", "127.0.0.1", "10.0.0.5"),
        (True, "[2001:db8::0:1]:443", "127.0.0.1", "2001:db8::1"),
        (True, "fe80::1%eth0", "127.0.0.1", "fe80::1"),
        (True, "::ffff:10.0.0.5", "127.0.0.1", "10.0.0.5"),
        (False, "", "", None),  # over a Unix socket
    ],
)
def test_the_address_of_a_request(
    settings: Any, behind_proxy: bool, forwarded: str, remote: str, address: str | None
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert address_of(request) == address
