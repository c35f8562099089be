"""The access log as a CSV file: rows that a spreadsheet shows and does not run, sealed by the last two lines."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence

from django.utils.timezone import localtime
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from portal.audit.models import Action, AuditEntry
from portal.audit.services import write_root
from portal.sentences import kept, read_kept

Cells = Sequence[str | int | None]
BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets take UTF-8 for the system's own encoding
# With these a cell is a formula, also in their full-width form.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def defuse(text: str) -> str:
    """The text as a spreadsheet may have it: never as the formula that somebody typed into a reason."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def write_log(pages: Iterable[Iterable[AuditEntry]], *, root: tuple[int, str]) -> Iterator[bytes]:
    """Return the file, page by page. Its last two lines give the SHA-256 of all bytes above, and the chain's root."""
    # In the language of who asks, which need not be the one of the moment at which the rows are read.
    labels = {action.value: str(action.label) for action in Action}
    end, language = _("root of the audit trail"), get_language()
    rows = ([_cells(entry, labels, language) for entry in page] for page in pages)
    return _stream(_titles(), rows, end, write_root(*root))


def _stream(titles: Cells, pages: Iterable[list[Cells]], end: str, root: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    head = (BYTE_ORDER_MARK + _lines([titles])).encode()
    digest.update(head)
    yield head
    for page in pages:
        rows = _lines(page).encode()
        digest.update(rows)
        yield rows
    yield _lines([["SHA-256", digest.hexdigest()], [end, root]]).encode()


def _titles() -> Cells:
    return [
        _("number"),
        _("when"),
        _("person id"),
        _("who"),
        _("agency"),
        _("network address"),
        _("code"),
        _("what"),
        _("kind of object"),
        _("object id"),
        _("object"),
        _("why"),
    ]


def _cells(entry: AuditEntry, labels: dict[str, str], language: str | None) -> Cells:
    with override(language):
        reason = read_kept(kept(entry.reason))
    texts = [
        entry.actor_name,
        entry.agency_name,
        entry.address,
        entry.action,
        labels.get(entry.action, entry.action),
        entry.target_type,
        entry.target_id,
        entry.target_name,
        reason,
    ]
    return [entry.sequence, localtime(entry.at).isoformat(), entry.actor_id, *map(defuse, texts)]


def _lines(rows: list[Cells]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
