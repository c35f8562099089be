"""Where a request came from."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """The client's IP address, or None where the server knows none.

    Behind a proxy it is the last entry of X-Forwarded-For, which the proxy wrote; the entries before it are the
    client's own words.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return _plain(forwarded.rpartition(",")[2]) or _plain(request.META.get("REMOTE_ADDR", ""))


def _plain(text: str) -> str | None:
    """The address without port, zone or brackets, in its one spelling; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
