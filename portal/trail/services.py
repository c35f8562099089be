"""Verbs of those who review the audit trail: have it checked, check a root, take the access log out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.rights import Right, require_right
from portal.audit import checks
from portal.audit.models import Action, AuditCheck, AuditEntry
from portal.audit.services import prove, read_root, record, write_root
from portal.audit.tasks import continue_audit_check
from portal.trail.access_log import write_log

PAGE = 2000  # entries held in memory at a time
FIRST_YEAR = 2000


@dataclass(frozen=True)
class AccessLog:
    name: str
    chunks: Iterator[bytes]


@transaction.atomic
def request_check(*, actor: User) -> AuditCheck:
    """Have a worker check the whole trail now."""
    require_right(actor, Right.VIEW_AUDIT)
    check = checks.open_check()
    record(Action.AUDIT_CHECK_REQUESTED, actor=actor)
    continue_audit_check.delay_on_commit()  # type: ignore[attr-defined]  # Celery's task for Django
    return check


@transaction.atomic
def check_root(text: str, *, actor: User) -> bool:
    """Tell whether a root that somebody noted earlier still stands in the trail."""
    require_right(actor, Right.VIEW_AUDIT)
    sequence, hash = read_root(text)
    is_proven = prove(sequence, hash)
    details = {"root": write_root(sequence, hash), "is_proven": is_proven}
    record(Action.AUDIT_ROOT_CHECKED, actor=actor, details=details)
    return is_proven


@transaction.atomic
def export_access_log(month: str, *, actor: User) -> AccessLog:
    """Take out one month of what the actor may see, as a file that is read while it is written.

    Args:
        month: as "2026-11", in the site's time zone.
        actor: who takes it out; the entry about it is the root that the file names.
    """
    require_right(actor, Right.VIEW_AUDIT)
    return _export(month, AuditEntry.objects.visible_to(actor), actor=actor)


@transaction.atomic
def archive_access_log(month: str) -> AccessLog:
    """Take out one month of all entries, for the archive of who runs the server: no role sees them all."""
    return _export(month, AuditEntry.objects.all(), actor=None)


def _export(month: str, entries: QuerySet[AuditEntry], *, actor: User | None) -> AccessLog:
    start, end = _bounds(month)
    entry = record(Action.AUDIT_EXPORTED, actor=actor, details={"month": f"{start:%Y-%m}"})
    entries = entries.filter(at__gte=start, at__lt=end, sequence__lte=entry.sequence)
    chunks = write_log(_pages(entries), root=(entry.sequence, entry.hash))
    return AccessLog(f"access-log-{start:%Y-%m}.csv", chunks)


def _bounds(month: str) -> tuple[datetime, datetime]:
    try:
        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=timezone.get_default_timezone())
    except ValueError:
        raise ValidationError(_("Name a month as a year and its number, such as 2026-11.")) from None
    if not start.year >= FIRST_YEAR or start > timezone.now():
        raise ValidationError(_("There can be no entries of that month."))
    return start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def _pages(entries: QuerySet[AuditEntry]) -> Iterator[list[AuditEntry]]:
    """In the order of time, each page a statement of its own: a slow reader holds no transaction open."""
    rest, listed = entries, set[int]()
    while page := list(rest.order_by("at", "sequence")[:PAGE]):
        yield page
        last = page[-1].at
        listed = {entry.sequence for entry in page if entry.at == last} | (listed if page[0].at == last else set())
        rest = entries.filter(at__gte=last).exclude(sequence__in=listed)
