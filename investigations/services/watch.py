"""Verbs on the watch list: put a plate on it, correct that, watch it for longer, end that, and look back for it.

Four eyes: a supervisor puts any plate on the list; an operator only the plate of a request that a supervisor has
approved, that may be searched now and that their centre works on, by that request's basis. What is for such a request
they may correct, extend and end.
Looking back goes through what was read of everybody, beyond any request's scope, and is a supervisor's act.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.timezone import localtime

from investigations import events
from investigations.models import Case, LegalBasis, LookBack, SearchRequest, WatchEntry
from investigations.plates import read_plate
from investigations.watch.match import covers
from investigations.watch.meaning import why_unwatchable
from investigations.watch.tasks import run_look_back
from portal.accounts.models import User
from portal.accounts.rights import Right, has_right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record
from portal.sentences import gettext as _
from portal.sentences import ngettext, refusal

logger = logging.getLogger(__name__)

MOST_HOURS_BACK = 30 * 24
# What a correction may change.
CORRECTED = ("plate", "basis", "document_number", "reason", "vehicle_colour", "vehicle_type")
# What another basis changes with it.
KEPT = ("retention_days", "purge_at")
Outcome = Case.Outcome


@dataclass(frozen=True)
class WatchTerms:
    """What is watched, by what law and why, and until when."""

    plate: str
    basis: LegalBasis
    reason: str
    valid_until: datetime
    document_number: str = ""
    request: SearchRequest | None = None
    case: Case | None = None
    vehicle_colour: str = ""
    vehicle_type: str = ""


def longest_days(basis: LegalBasis) -> int:
    """For how many days a plate may be watched by this basis."""
    return settings.WATCH_DAYS if basis.watch_days is None else basis.watch_days


@transaction.atomic
def add_entry(terms: WatchTerms, *, actor: User) -> WatchEntry:
    """Put a plate on the list of the actor's centre: from now on each new sighting is compared with it."""
    require_may_watch(terms.request, actor)
    entry = build_entry(terms, actor)
    save_entry(entry, twin_of(entry))
    details = {
        "valid until": entry.valid_until.isoformat(),
        "basis": entry.basis.code,
        "document": entry.document_number,
        "for": entry.about,
    }
    record(Action.WATCH_ADDED, actor=actor, target=entry, reason=entry.reason, details=details)
    events.push_watch(entry, "entry")
    return entry


@transaction.atomic
def correct_entry(entry: WatchEntry, terms: WatchTerms, *, reason: str, actor: User) -> WatchEntry:
    """Put right what was entered wrongly: plate, reason, legal basis, document number or vehicle. When it ends and what
    it is for stay, and so do its alerts; with its basis stays for how long it is kept."""
    row = _lock(entry, actor)
    if not row.is_active:
        raise ValidationError(_ended())
    _require_reason(reason, field="why")
    terms = replace(terms, valid_until=row.valid_until, request=row.request, case=row.case)
    is_same = terms.basis == row.basis
    built = build_entry(terms, actor, is_linked=True, is_in_force=is_same)
    if is_same:
        built.retention_days, built.purge_at = row.retention_days, row.purge_at
    if not (changes := _changes(row, built)):
        raise ValidationError(_("Nothing was changed."))
    for name in (*CORRECTED, *KEPT):
        setattr(row, name, getattr(built, name))
    save_entry(row, twin_of(row))
    record(Action.WATCH_CORRECTED, actor=actor, target=row, reason=reason.strip(), details=changes)
    events.push_watch(row, "entry")
    entry.refresh_from_db()
    return entry


def _changes(row: WatchEntry, built: WatchEntry) -> dict[str, Any]:
    """What a correction changes, with old and new values, but for the plate's: audit entries outlive it."""
    pairs = {name: (getattr(row, name), getattr(built, name)) for name in (*CORRECTED, *KEPT)}
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    values = {name: pair for name, pair in changed.items() if name != "plate"}
    if "basis" in values:
        values["basis"] = (row.basis.code, built.basis.code)
    if "purge_at" in values:
        values["purge_at"] = (row.purge_at.isoformat(), built.purge_at.isoformat())
    told = {name: {"old": str(old), "new": str(new)} for name, (old, new) in values.items()}
    return {"changed": list(changed), **told} if changed else {}


@transaction.atomic
def extend_entry(entry: WatchEntry, valid_until: datetime, *, reason: str, actor: User) -> WatchEntry:
    """Watch a plate for longer, or less long, counted anew from now."""
    row = _lock(entry, actor)
    if not row.is_active:
        raise ValidationError(_ended())
    _require_reason(reason)
    if error := _until_error(row.basis, valid_until):
        raise ValidationError({"valid_until": error})
    details = {"old": row.valid_until.isoformat(), "new": valid_until.isoformat()}
    kept = timedelta(days=row.retention_days)
    WatchEntry.objects.filter(pk=row.pk).update(valid_until=valid_until, purge_at=valid_until + kept)
    record(Action.WATCH_EXTENDED, actor=actor, target=row, reason=reason, details=details)
    events.push_watch(row, "entry")
    entry.refresh_from_db()
    return entry


@transaction.atomic
def end_entry(entry: WatchEntry, outcome: str, *, reason: str, actor: User) -> WatchEntry:
    """Watch a plate no longer. It and its alerts are destroyed after the days that the basis sets."""
    row = _lock(entry, actor)
    _require_reason(reason)
    if outcome not in Outcome.values:
        raise ValidationError(_("Say how it ended: found, not found or withdrawn."))
    if not close_entry(row, outcome=outcome, reason=reason.strip(), actor=actor, at=timezone.now()):
        raise ValidationError(_ended())
    entry.refresh_from_db()
    return entry


def close_entry(entry: WatchEntry, *, outcome: str, reason: str, actor: User | None, at: datetime) -> bool:
    """Write down the end, inside the caller's transaction; False if somebody has ended it meanwhile."""
    is_purged = outcome == Outcome.FOUND and entry.basis.purges_on_found
    kept = timedelta(days=0 if is_purged else entry.retention_days)
    values: dict[str, Any] = {"outcome": outcome, "end_reason": reason, "ended_by": actor}
    if not WatchEntry.objects.filter(pk=entry.pk, ended_at=None).update(ended_at=at, purge_at=at + kept, **values):
        return False
    record(Action.WATCH_ENDED, actor=actor, target=entry, reason=reason, details={"outcome": outcome})
    events.push_watch(entry, "entry")
    return True


def end_lapsed() -> int:
    """End what is over: the time, or the request or case that it was for; return how many. Nobody does it: the law's
    times do."""
    ended = 0
    for pk in list(WatchEntry.objects.lapsed(timezone.now()).values_list("pk", flat=True)):
        try:
            ended += _end_lapsed(pk)
        except Exception:  # the others' time is over all the same
            logger.exception("entry %d of the watch list could not be ended", pk)
    return ended


@transaction.atomic
def _end_lapsed(pk: int) -> bool:
    now = timezone.now()
    rows = WatchEntry.objects.lapsed(now).select_for_update(of=("self",)).select_related("request", "case", "basis")
    entry = rows.filter(pk=pk).first()
    if entry is None:  # extended or ended meanwhile
        return False
    over = entry.request or entry.case
    outcome = over.outcome if over else ""
    return close_entry(entry, outcome=outcome, reason="", actor=None, at=min(now, entry.valid_until))


@transaction.atomic
def look_back(entry: WatchEntry, hours: int, *, reason: str, actor: User) -> LookBack:
    """Look for a plate among what was read in the last hours, before it was on the list."""
    require_right(actor, Right.MANAGE_WATCH)
    row = _lock(entry, actor)
    if not row.is_active:
        raise ValidationError(_ended())
    _require_reason(reason)
    if not 1 <= hours <= MOST_HOURS_BACK:
        raise ValidationError(_("One can look back over 1 to %(most)d hours.") % {"most": MOST_HOURS_BACK})
    now = timezone.now()
    look = LookBack(
        entry=row, starts_at=now - timedelta(hours=hours), ends_at=now, reason=reason.strip(), requested_by=actor
    )
    look.full_clean(exclude=["claim"])
    look.save()
    details = {"from": look.starts_at.isoformat(), "until": look.ends_at.isoformat()}
    record(Action.WATCH_LOOKED_BACK, actor=actor, target=row, reason=reason, details=details)
    run_look_back.delay_on_commit(look.pk)  # type: ignore[attr-defined]  # Celery's task for Django
    events.push_watch(row, "look_back")
    return look


# ── What import and form share ──────────────────────────────────────────────────────────────────────────────────────


def require_may_watch(request: SearchRequest | None, actor: User) -> None:
    """Raise PermissionDenied unless the actor may put a plate on the list for this request, or for none."""
    require_right(actor, Right.WATCH_PLATES)
    if not may_watch_for(request, actor):
        raise PermissionDenied(
            _("Operators watch plates for a request that is approved and may be searched. A supervisor watches others.")
        )


def may_watch_for(request: SearchRequest | None, actor: User) -> bool:
    """Supervisors may; of operators it needs a request that a supervisor has approved, that may be searched now, and
    that their control centre works on: one that was returned may have been sent to another since."""
    if has_right(actor, Right.MANAGE_WATCH):
        return True
    if request is None or request.approved_at is None or not request.is_searchable:
        return False
    return SearchRequest.objects.visible_to(actor).filter(pk=request.pk).exists()


def open_requests(actor: User) -> QuerySet[SearchRequest]:
    """Those that a plate may be watched for by this centre."""
    return SearchRequest.objects.visible_to(actor).open().exclude(status=SearchRequest.Status.RETURNED)


def build_entry(terms: WatchTerms, actor: User, *, is_linked: bool = False, is_in_force: bool = False) -> WatchEntry:
    """Return the entry, checked but for whether it is there already. ValidationError by field says what is wrong.

    `is_linked`: its request, if it has one, was just read from `open_requests`, or it is watched for it already.
    `is_in_force`: it is watched by this basis until this end already, whatever the basis says now.
    """
    entry = WatchEntry(
        centre=actor.agency,
        plate=_check_terms(terms, actor, is_linked=is_linked, is_in_force=is_in_force),
        basis=terms.basis,
        document_number=terms.document_number.strip(),
        reason=terms.reason.strip(),
        request=terms.request,
        case=terms.case,
        vehicle_colour=terms.vehicle_colour,
        vehicle_type=terms.vehicle_type,
        added_by=actor,
        valid_until=terms.valid_until,
        retention_days=terms.basis.retention_days,
        purge_at=terms.valid_until + timedelta(days=terms.basis.retention_days),
    )
    # What it names was checked above; that it is stored is left to the database.
    links = [field.name for field in entry._meta.concrete_fields if field.is_relation]
    entry.full_clean(exclude=links, validate_constraints=False)
    return entry


def _check_terms(terms: WatchTerms, actor: User, *, is_linked: bool, is_in_force: bool) -> str:
    """Return the plate as it is kept; ValidationError by field says all that is wrong."""
    errors: dict[str, str] = {}
    plate = _read(terms.plate, errors)
    basis = terms.basis
    if not is_in_force and not basis.is_active:
        errors["basis"] = _("This legal basis is no longer in force.")
    if basis.needs_document and not terms.document_number.strip():
        errors["document_number"] = _("This legal basis needs the number of the letter or warrant.")
    if not terms.reason.strip():
        errors["reason"] = _("Say why this plate is wanted; it is kept in the audit trail.")
    if not is_in_force and (error := _until_error(basis, terms.valid_until)):
        errors["valid_until"] = error
    if not is_linked:
        errors |= _link_errors(terms, actor)
    if not has_right(actor, Right.MANAGE_WATCH):
        errors |= _own_errors(terms, plate)
    if errors:
        raise ValidationError(errors)
    return plate


def save_entry(entry: WatchEntry, twin: WatchEntry | None) -> None:
    """Save an entry beside its twin that is not ended; ValidationError if the plate is on the list already."""
    if twin:
        if twin.is_active:
            raise ValidationError({"plate": already(twin)})
        # Its time is over, and the clock has not come to it yet.
        close_entry(twin, outcome="", reason="", actor=None, at=min(timezone.now(), twin.valid_until))
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError:  # somebody was quicker
        raise ValidationError({"plate": _("This plate is on the list already.")}) from None


def twin_of(entry: WatchEntry) -> WatchEntry | None:
    """Another entry for the same plate and purpose that is not ended."""
    twins = WatchEntry.objects.filter(centre=entry.centre, plate=entry.plate, ended_at=None).exclude(pk=entry.pk)
    return twins.filter(request=entry.request, case=entry.case).select_related("request", "case", "basis").first()


def overlapping(entry: WatchEntry, actor: User) -> list[WatchEntry]:
    """The other entries that fit each vehicle that this one fits, or only such vehicles: their alerts come together."""
    others = WatchEntry.objects.visible_to(actor).active(timezone.now()).exclude(pk=entry.pk).order_by("plate", "pk")
    mine = entry.pattern
    return [other for other in others if covers(other.pattern, mine) or covers(mine, other.pattern)]


def already(twin: WatchEntry) -> str:
    until = {"time": f"{localtime(twin.valid_until):%Y-%m-%d %H:%M}"}
    return _("This plate is on the list already, until %(time)s.") % until


def _read(typed: str, errors: dict[str, str]) -> str:
    try:
        plate = read_plate(typed)
    except ValidationError as error:
        errors["plate"] = refusal(error)
        return ""
    if not plate:
        errors["plate"] = _("Which number plate? Put ? for a character that nobody knows, * for several.")
    elif problem := why_unwatchable(plate):
        errors["plate"] = problem
    return plate


def _until_error(basis: LegalBasis, valid_until: datetime) -> str:
    now, days = timezone.now(), longest_days(basis)
    if valid_until <= now:
        return _("The end lies in the past.")
    if days == 0:
        return _("By this legal basis no plate is put on the watch list.")
    # To the end of the last day, so that a date alone may be given.
    last = localtime(now + timedelta(days=days)).replace(hour=23, minute=59, second=59, microsecond=999_999)
    if valid_until <= last:
        return ""
    said = ngettext(
        "By this legal basis a plate is watched for at most %(days)d day, until %(last)s.",
        "By this legal basis a plate is watched for at most %(days)d days, until %(last)s.",
        days,
    )
    return said % {"days": days, "last": f"{last:%Y-%m-%d}"}


def _link_errors(terms: WatchTerms, actor: User) -> dict[str, str]:
    if terms.request is not None and terms.case is not None:
        return {"request": _("Name the search request or the case, not both: a request has its case.")}
    if terms.request is not None and not open_requests(actor).filter(pk=terms.request.pk).exists():
        return {"request": _("This request is not open at your control centre.")}
    known = Case.objects.visible_to(actor).filter(status=Case.Status.OPEN)
    if terms.case is not None and not known.filter(pk=terms.case.pk).exists():
        return {"case": _("This case is closed, or your control centre does not know of it.")}
    return {}


def _own_errors(terms: WatchTerms, plate: str) -> dict[str, str]:
    """What was approved is a plate and a basis: others are a supervisor's to watch."""
    request, errors = terms.request, dict[str, str]()
    if request is None:
        return {}
    if plate and plate != read_plate(request.plate):  # which may be kept with the * that parts no longer have
        errors["plate"] = _("Operators watch the plate that the request names. A supervisor watches others.")
    if terms.basis != request.basis:
        errors["basis"] = _("Operators watch by the legal basis of the request. A supervisor chooses others.")
    return errors


def _lock(entry: WatchEntry, actor: User) -> WatchEntry:
    """The row as it is now, locked, if the actor may change it."""
    require_visible(entry, actor, _("This plate is watched by another control centre."))
    rows = WatchEntry.objects.select_for_update(of=("self",)).select_related("request__basis", "case", "basis")
    row = rows.get(pk=entry.pk)
    require_may_watch(row.request, actor)
    return row


def _require_reason(reason: str, *, field: str = "reason") -> None:
    if not reason.strip():
        raise ValidationError({field: _("Say why; it is kept in the audit trail.")})


def _ended() -> str:
    return _("This plate is no longer watched.")
