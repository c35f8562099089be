"""The web server's own log of requests, without what was asked: number plates and names are typed into searches of
lists, and so stand in their addresses. Who looked at what is the audit trail's to say."""

import logging


class WithoutQuery(logging.Filter):
    """Cuts the query off the addresses in a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(one.partition("?")[0] if isinstance(one, str) else one for one in record.args)
        return True
