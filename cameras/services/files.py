"""What is common to files that people hand over."""

import hashlib

from django.core.files.base import File


def sha256_of(file: File) -> str:  # type: ignore[type-arg]  # bytes in every case that Django hands us
    """Return the SHA-256 of a file's bytes in hexadecimal; the file is left at its start."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
