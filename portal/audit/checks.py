"""The check of the whole trail as a job: it keeps how far it is on its row, and goes on from there."""

import logging
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.audit.chain import Break, Kind, Walk
from portal.audit.models import Action, AuditCheck, AuditHead
from portal.audit.services import record
from portal.audit.stored import refresh_statistics, walk_to_head

logger = logging.getLogger(__name__)

# A check that has said nothing for so long was killed; the next worker goes on with it.
SILENT = timedelta(seconds=60)
MOST_KEPT_BREAKS = 1000
STEPS_BETWEEN_BEATS = 10


def open_check() -> AuditCheck:
    """The check that is waiting or running, or a new one."""
    with transaction.atomic():
        AuditHead.objects.select_for_update().get(pk=1)  # two callers at once open one
        return AuditCheck.objects.open().first() or AuditCheck.objects.create()


def continue_check() -> AuditCheck | None:
    """Run the open check to its end, from where it stands; None if there is none, or another worker runs it."""
    check = _claim()
    if check is None:
        return None
    walk = Walk(check.head_sequence, check.head_hash)
    for step, found in enumerate(walk_to_head(walk), start=1):
        check.break_count += len(found)
        check.breaks += [asdict(place) for place in found[: MOST_KEPT_BREAKS - len(check.breaks)]]
        # An entry that the next one may say more about is not yet left behind.
        if step % STEPS_BETWEEN_BEATS == 0 and walk.is_settled and not _keep(check, walk):
            return None
    refresh_statistics()
    return _end(check, walk)


def latest_check() -> AuditCheck | None:
    """The check that ended last."""
    return AuditCheck.objects.ended().order_by("-ended_at").first()


def read_break(place: dict[str, Any]) -> Break:
    """A place as `AuditCheck.breaks` keeps it."""
    return Break(place["sequence"], Kind(place["kind"]), place["field"], place["last"])


def _claim() -> AuditCheck | None:
    now = timezone.now()
    silent = Q(beat_at=None) | Q(beat_at__lt=now - SILENT)
    for check in AuditCheck.objects.open().filter(silent).order_by("pk"):
        if AuditCheck.objects.open().filter(silent, pk=check.pk).update(beat_at=now):
            check.beat_at = now
            return check
    return None


def _keep(check: AuditCheck, walk: Walk, **more: Any) -> bool:
    """Write how far the walk is; False if another worker has taken the check over meanwhile."""
    now = timezone.now()
    values: dict[str, Any] = {
        "beat_at": now,
        "entries": check.entries + walk.taken,
        "head_sequence": walk.sequence,
        "head_hash": walk.hash,
        "break_count": check.break_count,
        "breaks": check.breaks,
    }
    mine = AuditCheck.objects.open().filter(pk=check.pk, beat_at=check.beat_at)
    is_kept = bool(mine.update(**values, **more))
    check.beat_at = now
    return is_kept


def _end(check: AuditCheck, walk: Walk) -> AuditCheck | None:
    with transaction.atomic():
        if not _keep(check, walk, ended_at=timezone.now(), is_intact=check.break_count == 0):
            return None
        check.refresh_from_db()
        details = {"entries": check.entries, "root": f"{walk.sequence}:{walk.hash}", "breaks": check.break_count}
        record(Action.AUDIT_CHECKED, actor=None, target=check, details=details)
    if not check.is_intact:
        logger.error("The audit trail is broken in %d place(s): %s", check.break_count, check.breaks[:20])
    return check
