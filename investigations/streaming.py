"""Files by parts, as players ask for them (RFC 9110, section 14): bounded in memory, also for hours of video."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

CHUNK_BYTES = 256 * 1024
# Asked for "from here to the end", a part of this size is given: a right that was withdrawn ends with it.
MOST_AT_ONCE = 4 * 1024 * 1024
# What was shown to somebody who may see it now is not kept for when they may not.
NOT_KEPT = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,19})-(\d{0,19})\s*", re.IGNORECASE)


class Unsatisfiable(Exception):  # noqa: N818 -- an answer, not a fault
    """The range lies outside of the file, or is none."""


@dataclass(frozen=True)
class Part:
    """Bytes `first` to `last` of a file, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def parse_range(header: str, size: int) -> Part | None:
    """Return the part of a file of `size` bytes that a Range header asks for.

    None where the whole file is the answer: no header, another unit, or several ranges, which nobody who plays video
    asks for. Unsatisfiable for a range that begins behind the end, or is malformed.
    """
    unit, is_range, ranges = header.partition("=")
    if not is_range or unit.strip().lower() != "bytes" or "," in ranges:
        return None
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        raise Unsatisfiable
    first, last = found.groups()
    if not first:  # the last so many bytes
        part = Part(max(size - int(last), 0), size - 1)
    elif not last:
        part = Part(int(first), min(int(first) + MOST_AT_ONCE, size) - 1)
    else:
        part = Part(int(first), min(int(last), size - 1))
        if int(last) < int(first):
            raise Unsatisfiable
    if part.first >= size or part.size <= 0:
        raise Unsatisfiable
    return part


def file_response(request: HttpRequest, path: Path, *, etag: str, content_type: str) -> HttpResponseBase:
    """Answer with a file, or the part of it that is asked for. OSError if it cannot be read."""
    return _respond(request, path.open("rb"), path.stat().st_size, etag, content_type)


def bytes_response(request: HttpRequest, content: bytes, *, etag: str, content_type: str) -> HttpResponseBase:
    return _respond(request, BytesIO(content), len(content), etag, content_type)


def _respond(request: HttpRequest, file: BinaryIO, size: int, etag: str, content_type: str) -> HttpResponseBase:
    headers = {**NOT_KEPT, "Accept-Ranges": "bytes", "ETag": etag}
    if etag in _tags(request.headers.get("If-None-Match", "")):
        file.close()
        return HttpResponse(status=304, headers=headers)
    try:
        part = _asked_part(request, size, etag)
    except Unsatisfiable:
        file.close()
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    given = part or Part(0, size - 1)
    headers["Content-Length"] = str(given.size)
    if part:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        file.close()
        return HttpResponse(status=status, content_type=content_type, headers=headers)
    return StreamingHttpResponse(_read(file, given), status=status, content_type=content_type, headers=headers)


def _asked_part(request: HttpRequest, size: int, etag: str) -> Part | None:
    """The part to send: of a file that has changed since (If-Range), or to HEAD, the whole of it."""
    condition = request.headers.get("If-Range", etag)
    if request.method != "GET" or condition.strip() != etag:
        return None
    return parse_range(request.headers.get("Range", ""), size)


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _read(file: BinaryIO, part: Part) -> Iterator[bytes]:
    with file:
        file.seek(part.first)
        left = part.size
        while left and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
