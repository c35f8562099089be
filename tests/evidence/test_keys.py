"""The signing key: made once, kept from others, and never replaced unnoticed."""

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from investigations.evidence import keys
from investigations.evidence.keys import KeyFileError, fingerprint, public_bytes, signing_key


def test_the_key_is_made_on_first_use_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "evidence.pem"
    made = signing_key(path)
    assert public_bytes(signing_key(path)) == public_bytes(made)
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert [file.name for file in path.parent.iterdir()] == ["evidence.pem"]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        signing_key(tmp_path / "key.pem")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    signing_key(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=r"can be read by others .* chmod 600"):
        signing_key(path)


def test_many_that_need_it_first_at_once_all_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _number: signing_key(tmp_path / "key.pem"), range(64)))
    assert len({public_bytes(key) for key in made}) == 1


def test_the_one_that_loses_the_race_takes_the_winners_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key.pem"
    winner = signing_key(path)
    monkeypatch.setattr(Path, "exists", lambda self: False)
    assert public_bytes(signing_key(path)) == public_bytes(winner)


@pytest.mark.parametrize("data", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_told_and_not_replaced(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="holds no usable key"):
        signing_key(path)
    assert path.read_bytes() == data


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    other = rsa.generate_private_key(65537, 2048)
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="an Ed25519 key is wanted"):
        signing_key(path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeyFileError, match="cannot be read or made: File exists"):
        signing_key(tmp_path / "file" / "key.pem")


def test_the_fingerprint_is_read_aloud_in_sixteen_groups_of_four(tmp_path: Path) -> None:
    key = signing_key(tmp_path / "key.pem")
    groups = fingerprint(key).split(" ")
    assert [len(group) for group in groups] == [4] * 16
    assert "".join(groups) == hashlib.sha256(public_bytes(key)).hexdigest()
    assert keys.fingerprint(key) != keys.fingerprint(signing_key(tmp_path / "other.pem"))
