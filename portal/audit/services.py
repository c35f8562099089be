"""`record` is the only writer of the audit trail; `verify_chain` reads it back."""

from typing import Any

from django.db import models, transaction
from django.utils import timezone

from portal.audit.chain import HASHED_FIELDS, Break, entry_hash, find_breaks
from portal.audit.models import Action, AuditEntry, AuditHead


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
    with transaction.atomic():
        head = AuditHead.objects.select_for_update().get(pk=1)
        values: dict[str, Any] = {
            "sequence": head.sequence + 1,
            "at": timezone.now(),
            "action": str(action),
            "reason": reason,
            "details": details or {},
            "previous_hash": head.hash,
            **_describe_actor(actor),
            **_describe_target(target),
        }
        entry = AuditEntry(**values, hash=entry_hash(values))
        entry.save()
        head.sequence, head.hash = entry.sequence, entry.hash
        head.save(update_fields=["sequence", "hash"])
    return entry


def verify_chain() -> list[Break]:
    """Return every break in the stored chain; an empty list means that it holds."""
    head = AuditHead.objects.get(pk=1)
    entries = AuditEntry.objects.order_by("sequence").values(*HASHED_FIELDS, "hash").iterator(chunk_size=5000)
    return list(find_breaks(entries, head=(head.sequence, head.hash)))


def _describe_actor(actor: Any) -> dict[str, Any]:
    if actor is None:
        return {"actor_id": None, "actor_name": "", "agency_id": None, "agency_name": ""}
    agency = getattr(actor, "agency", None)
    return {
        "actor_id": actor.pk,
        "actor_name": f"{actor} ({actor.get_username()})"[:150],
        "agency_id": agency.pk if agency else None,
        "agency_name": str(agency or "")[:100],
    }


def _describe_target(target: models.Model | None) -> dict[str, str]:
    if target is None:
        return {"target_type": "", "target_id": "", "target_name": ""}
    return {
        "target_type": target._meta.label_lower,
        "target_id": str(target.pk),
        "target_name": str(target)[:200],
    }
