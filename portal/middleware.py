"""What every request passes: response headers, how much is sent at a time, and where it came from."""

from collections.abc import AsyncIterator, Callable, Iterator

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from portal.accounts.addresses import address_of
from portal.audit.origin import coming_from

# Nothing is loaded from another host: closed networks have none, and footage must not leak to one.
# The admin's Alpine evaluates expressions from attributes, hence 'unsafe-eval' below /admin/ alone.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'{script}; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; "
    "form-action 'self'; object-src 'none'"
)
PAGE_POLICY = POLICY.format(script="")
ADMIN_POLICY = POLICY.format(script=" 'unsafe-inline' 'unsafe-eval'")
PIECE_BYTES = 1024 * 1024


def send_in_pieces(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Files, exports and footage go out as they are read, in a thread: by itself Django reads under ASGI the whole of
    what is not asynchronous, and warns, before it sends the first byte."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(request, ASGIRequest) and isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _in_pieces(iter(response))
        return response

    return respond


async def _in_pieces(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    read = sync_to_async(_next_piece)
    while piece := await read(parts):
        yield piece


def _next_piece(parts: Iterator[bytes]) -> bytes:
    """As many parts as make a piece, fewer at the end, then none."""
    taken, size = [], 0
    for part in parts:
        taken.append(part)
        size += len(part)
        if size >= PIECE_BYTES:
            break
    return b"".join(taken)


class CompressStatic(GZipMiddleware):
    """Scripts, styles and texts go out compressed; pages do not, since they mix secrets with what people typed."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith((settings.STATIC_URL, "/jsi18n/")):
            return super().process_response(request, response)
        return response


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Add a Content-Security-Policy, and keep answers that name people out of shared caches."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        policy = ADMIN_POLICY if request.path.startswith("/admin/") else PAGE_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return respond


def remember_address(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Entries in the audit trail carry the network address of the request that they come from."""

    def respond(request: HttpRequest) -> HttpResponse:
        with coming_from(address_of(request) or ""):
            return get_response(request)

    return respond
