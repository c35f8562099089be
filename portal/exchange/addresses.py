"""Which hosts this server may be sent to by what an administrator typed in.

Police networks are private ones (10/8 and the like), so those are allowed unless the site says otherwise. This
machine itself, its link and the clouds' metadata services are not, unless the site names them.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from portal.sentences import gettext as _

Address = IPv4Address | IPv6Address

# Link-local ones aside, the addresses at which clouds hand out credentials.
METADATA = {ip_address("100.100.100.200"), ip_address("192.0.0.192"), ip_address("fd00:ec2::254")}
NAT64 = ip_network("64:ff9b::/96")
LONGEST_HOST = 253


class RefusedAddress(Exception):  # noqa: N818 -- a refusal, with its sentence
    """This server does not connect there; the message says why."""


def check_url(url: str) -> None:
    """Raise RefusedAddress for what can be seen to be wrong without asking a name server."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host or not _is_plain(url) or len(host) > LONGEST_HOST:
        raise RefusedAddress(_("Write an address like https://host/path, in ASCII letters and without spaces."))
    if parts.username is not None or parts.fragment:
        raise RefusedAddress(_("The address must not contain a user name, a password or a #."))
    if (address := _literal(host)) and not is_allowed(address):
        raise RefusedAddress(_refusal(host, [address]))


def allowed_addresses(host: str, port: int) -> list[str]:
    """Resolve `host` and return those of its addresses that may be connected to; RefusedAddress if there is none."""
    found = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in _resolve(host, port)]
    allowed = [str(address) for address in dict.fromkeys(found) if is_allowed(address)]
    if not allowed:
        raise RefusedAddress(_refusal(host, found))
    return allowed


def is_allowed(address: Address) -> bool:
    address = _unwrapped(address)
    if any(address in ip_network(network) for network in settings.WEBHOOK_ALSO_ALLOWED):
        return True
    if address in METADATA or address.is_multicast or address.is_reserved:
        return False
    if address.is_loopback or address.is_link_local or address.is_unspecified:
        return False
    return address.is_global or bool(settings.WEBHOOK_ALLOW_PRIVATE)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address within an IPv6 one that stands for it."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    try:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        raise RefusedAddress(_("The host %(host)s is not known here.") % {"host": host}) from error


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url and "\\" not in url


def _refusal(host: str, addresses: list[Address]) -> str:
    shown = ", ".join(str(address) for address in addresses)
    return _("%(host)s (%(addresses)s) is not sent to from here: see WEBHOOK_ALSO_ALLOWED.") % {
        "host": host,
        "addresses": shown,
    }
