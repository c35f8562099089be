"""`record` is the only writer of the audit trail; the rest reads it back."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audit.chain import GENESIS_HASH, VERSION, Break, Entry, NotAsWrittenError, Walk, entry_hash
from portal.audit.models import Action, AuditEntry, AuditHead
from portal.audit.origin import current_address
from portal.audit.shapes import clean, written_details, written_time
from portal.audit.stored import read_entries, walk_to_head
from portal.sentences import kept, read_kept


def record(
    action: Action,
    *,
    actor: Any,
    target: models.Model | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Append one entry, inside the caller's transaction, so that act and entry stand or fall together.

    Args:
        action: what was done.
        actor: the User who did it, or None for the system.
        target: the row it was done to; its kind, id and name are copied.
        reason: why, in the actor's words.
        details: more, as JSON.
    """
    details = details or {}
    with transaction.atomic():
        head = AuditHead.objects.filter(pk=1)
        last, last_hash = head.select_for_update().values_list("sequence", "hash").get()
        at = timezone.now()
        written = Entry(
            version=VERSION,
            sequence=last + 1,
            at=written_time(at),
            action=str(action),
            reason=clean(kept(reason)),
            details=clean(written_details(details)),
            address=current_address(),
            previous_hash=last_hash,
            **_describe_actor(actor),
            **_describe_target(target),
        )
        decoded = {"at": at, "reason": read_kept(written.reason), "details": details}
        entry = AuditEntry(**written._asdict() | decoded | {"hash": entry_hash(written)})
        entry.save()
        head.update(sequence=entry.sequence, hash=entry.hash)
    return entry


def verify_chain() -> list[Break]:
    """Return every break in the stored chain; an empty list means that it holds."""
    return [found for step in walk_to_head(Walk()) for found in step]


def current_root() -> tuple[int, str]:
    """Number and hash of the last entry: whoever holds them can later ask whether anything before was changed."""
    head = AuditHead.objects.get(pk=1)
    return head.sequence, head.hash


def prove(sequence: int, hash: str) -> bool:
    """Return whether the entry with that number still has that hash, and its contents still give it."""
    if sequence == 0:
        return hash == GENESIS_HASH
    for entry in read_entries(sequence, limit=1):
        try:
            return entry.sequence == sequence and entry.hash == hash == entry_hash(entry)
        except NotAsWrittenError:
            return False
    return False


def write_root(sequence: int, hash: str) -> str:
    return f"{sequence}:{hash}"


def read_root(text: str) -> tuple[int, str]:
    """Read a root as `write_root` spells it; ValidationError says what one looks like."""
    number, _colon, hash = text.strip().lower().partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19 and len(hash) == len(GENESIS_HASH)):
        raise ValidationError(_("A root is an entry's number, a colon and its hash of 64 characters: 1234:5e88…"))
    return int(number), hash


def _describe_actor(actor: Any) -> dict[str, Any]:
    if actor is None:
        return {"actor_id": None, "actor_name": "", "agency_id": None, "agency_name": ""}
    agency = getattr(actor, "agency", None)
    return {
        "actor_id": actor.pk,
        "actor_name": clean(f"{actor} ({actor.get_username()})")[:150],
        "agency_id": agency.pk if agency else None,
        "agency_name": clean(str(agency or ""))[:100],
    }


def _describe_target(target: models.Model | None) -> dict[str, Any]:
    if target is None:
        return {"target_type": "", "target_id": "", "target_name": ""}
    return {
        "target_type": target._meta.label_lower,
        "target_id": str(target.pk),
        "target_name": clean(str(target))[:200],
    }
