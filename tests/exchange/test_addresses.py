"""Where this server may be sent to by an address that somebody typed in."""

import datetime
import ipaddress
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.exchange.addresses import RefusedAddress, check_url, is_allowed
from portal.exchange.outgoing import Outcome, post
from tests.exchange.receiver import receiving


def send(url: str) -> Outcome:
    return post(url, b"{}", {"Content-Type": "application/json"}, timeout_s=3)


@pytest.mark.parametrize(
    ("address", "by_default", "without_private"),
    [
        ("203.0.114.5", True, True),
        ("2001:4860:4860::8888", True, True),
        ("10.1.2.3", True, False),
        ("172.16.0.1", True, False),
        ("192.168.0.9", True, False),
        ("100.64.0.1", True, False),
        ("fd12::1", True, False),
        ("127.0.0.2", False, False),
        ("::1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("100.100.100.200", False, False),
        ("fd00:ec2::254", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("255.255.255.255", False, False),
        ("::ffff:127.0.0.2", False, False),
        ("::ffff:10.1.2.3", True, False),
        ("64:ff9b::a9fe:a9fe", False, False),  # 169.254.169.254 through NAT64
        ("2002:7f00:2::", False, False),  # 127.0.0.2 through 6to4
    ],
)
def test_private_networks_are_sent_to_and_this_machine_its_link_and_metadata_are_not(
    address: str, by_default: bool, without_private: bool, settings: Any
) -> None:
    assert is_allowed(ipaddress.ip_address(address)) is by_default
    settings.WEBHOOK_ALLOW_PRIVATE = False
    assert is_allowed(ipaddress.ip_address(address)) is without_private


def test_a_site_may_name_what_is_allowed_besides(settings: Any) -> None:
    settings.WEBHOOK_ALSO_ALLOWED = ["127.0.0.0/30", "fe80::/64"]
    assert is_allowed(ipaddress.ip_address("127.0.0.2"))
    assert is_allowed(ipaddress.ip_address("fe80::1"))
    assert not is_allowed(ipaddress.ip_address("127.0.0.9"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "police.example/hook",
        "ftp://police.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///hook",
        "http://police.example:99999/",
        "http://police.example:port/",
        "http://[::1",
        "http://police example/",
        "http://police.example/\r\nX-Header: 1",
        "http://경찰.example/",
        "http://user:password@police.example/",
        "http://police.example/#part",
        "http://police.example\\@127.0.0.1/",
        "http://127.0.0.2/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        f"http://{'a' * 254}/",
    ],
)
def test_an_address_that_is_none_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(RefusedAddress) as refusal:
        check_url(url)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    "url", ["https://police.example/hook?x=1", "http://kics:8080/", "http://10.0.0.5/", "http://[fd12::1]/"]
)
def test_ordinary_addresses_are_accepted(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("host", ["127.0.0.2", "2130706434", "0x7f000002", "017700000002", "127.2", "nowhere.invalid"])
def test_other_spellings_of_this_machine_lead_nowhere(host: str, settings: Any) -> None:
    with receiving("127.0.0.2") as receiver:
        port = receiver.url.rsplit(":", 1)[1]
        outcome = send(f"http://{host}:{port}")
    assert outcome.error.endswith(".")
    assert outcome.code is None
    assert receiver.messages == []


Resolve = Callable[..., list[Any]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A name server: each time it is asked for a name, the next of its addresses; the last one stays."""
    table: dict[str, list[str]] = {}
    resolve: Resolve = socket.getaddrinfo

    def answer(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        if host in table:
            host = table[host].pop(0) if len(table[host]) > 1 else table[host][0]
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return table


def test_a_name_that_changes_its_address_after_the_check_is_not_followed(
    names: dict[str, list[str]], settings: Any
) -> None:
    """DNS rebinding: what was checked is what is connected to."""
    settings.WEBHOOK_ALSO_ALLOWED = ["127.0.0.2/32"]
    names["police.example"] = ["127.0.0.2", "127.0.0.1"]
    with receiving("127.0.0.2") as receiver:
        port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
        assert send(f"http://police.example:{port}/hook") == Outcome(204)
        assert receiver.messages[0].headers["Host"] == f"police.example:{port}"
        assert "127.0.0.1" in send(f"http://police.example:{port}/hook").error
    assert len(receiver.messages) == 1


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `name` that no authority signed, and the server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    path = folder / f"{name}.pem"
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        + built.sign(key, hashes.SHA256()).public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def test_a_certificate_is_checked_for_the_name_against_the_systems_authorities(
    names: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names |= {"police.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    path, tls = certificate(tmp_path, "police.example")
    with receiving(tls=tls) as receiver:
        port = receiver.url.rsplit(":", 1)[1]
        assert "certificate" in send(f"https://police.example:{port}").error.lower()
        monkeypatch.setenv("SSL_CERT_FILE", str(path))  # as a closed network names its own authority
        assert send(f"https://police.example:{port}") == Outcome(204)
        assert "certificate" in send(f"https://other.example:{port}").error.lower()
    assert len(receiver.messages) == 1
