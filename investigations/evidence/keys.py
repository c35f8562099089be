"""The key that signs evidence packages: made on first use, readable by its owner alone.

Whoever has this file can sign in the control centre's name. Its fingerprint goes into every answer letter, so that a
package of somebody else's making is noticed. Keep a copy of the file as safe as a seal: with a new key, letters and
packages name a new fingerprint.
"""

import os
import stat
import tempfile
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from investigations.evidence import verify


class KeyFileError(Exception):
    """The key cannot be used; the message is one clear sentence that says what to do."""


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Return the key kept in `path`, made now if there is none.

    Raises:
        KeyFileError: The file cannot be read or written, others can read it, or it holds no Ed25519 key.
    """
    try:
        if not path.exists():
            _make(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        data = path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"The signing key {path} cannot be read or made: {error.strerror}.") from error
    if mode & 0o077:
        raise KeyFileError(f"The signing key {path} can be read by others (mode {mode:04o}): run chmod 600 on it.")
    return _parse(path, data)


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the raw public key, 32 bytes."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def fingerprint(key: Ed25519PrivateKey) -> str:
    """Return what people compare: the SHA-256 of the raw public key in sixteen groups of four."""
    return verify.fingerprint(public_bytes(key))


def _make(path: Path) -> None:
    """Write a new key so that no reader ever sees half a file, and the first of two makers wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, name = tempfile.mkstemp(prefix=".key-", dir=path.parent)  # mode 0600
    staged = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: it fails where somebody else's key already is, instead of replacing it.
        os.link(staged, path)
    except FileExistsError:
        pass
    finally:
        staged.unlink()


def _parse(path: Path, data: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path} holds no usable key: bring the file back from its backup.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds a key of another kind: an Ed25519 key is wanted.")
    return key
