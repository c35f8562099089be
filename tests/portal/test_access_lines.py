"""What the web server's own log keeps of an address."""

import logging

import pytest

import portal.asgi  # noqa: F401 -- as the web server reads it
from portal.access_lines import WithoutQuery


def test_no_query_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """As uvicorn writes a line."""
    logger = logging.getLogger("uvicorn.access")
    with caplog.at_level(logging.INFO, logger="uvicorn.access"):
        logger.info('%s - "%s %s HTTP/%s" %d', "10.0.0.1:5000", "GET", "/watch/?q=12%EA%B0%803456&show=", "1.1", 200)
        logger.info("no address")
    assert caplog.messages == ['10.0.0.1:5000 - "GET /watch/ HTTP/1.1" 200', "no address"]


def test_only_the_query_goes() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s %d", ("/requests/7/", 404), None)
    assert WithoutQuery().filter(record)
    assert record.getMessage() == "/requests/7/ 404"
