"""Verbs on lists of cameras: check one, import what the check has shown, cancel, and hand one out."""

import hashlib
from datetime import date
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cameras.imports import standing_of
from cameras.models import CameraImport, CameraImportQuerySet
from cameras.services.files import sha256_of
from cameras.standard_list import write_list
from cameras.tasks import run_import
from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import JobStatus, cancel_job, soon

MOST_BYTES = 64 * 1024 * 1024
ENCODINGS = {"utf-8": "utf-8-sig", "cp949": "cp949"}


def check_list(
    file: File,  # type: ignore[type-arg]  # bytes in every case that Django hands us
    *,
    centre: Agency,
    actor: User,
) -> CameraImport:
    """Store a list of the centre's cameras, and have a worker find out what its import would do."""
    require_centre(centre, actor)
    name = Path(file.name or "").name[:255] or "list.csv"
    if (file.size or 0) > MOST_BYTES:
        raise ValidationError(
            _("The file is too large: at most %(size)d MB are read.") % {"size": MOST_BYTES // 1024**2}
        )
    row = CameraImport(centre=centre, original_name=name, size=file.size or 0, requested_by=actor)
    row.sha256 = sha256_of(file)
    row.file.save("list.csv", file, save=False)
    try:
        with transaction.atomic():
            row.save()
            run_import.delay_on_commit(row.pk)  # type: ignore[attr-defined]  # Celery's task for Django
    except BaseException as error:
        row.file.delete(save=False)
        if isinstance(error, IntegrityError):
            raise ValidationError(_busy()) from None
        raise
    return row


def import_list(row: CameraImport, *, actor: User) -> None:
    """Import what the check has shown, to the letter."""
    _require(row, actor)
    if not (row.counts.get("new") or row.counts.get("changed")):
        raise ValidationError(_("There is nothing to import."))
    ready = CameraImport.objects.filter(status=JobStatus.DONE, is_dry_run=True)
    _queue(row, ready, actor, is_dry_run=False)


def check_again(row: CameraImport, *, actor: User) -> None:
    """Have the same file checked against the cameras as they are now."""
    _require(row, actor)
    ended = CameraImport.objects.exclude(applied=CameraImport.Applied.DONE)
    _queue(row, ended, actor, is_dry_run=True, applied=CameraImport.Applied.NOT_YET)


@transaction.atomic
def cancel_import(row: CameraImport, *, actor: User) -> None:
    """Stop; no camera is changed by an import that was cancelled."""
    _require(row, actor)
    if not cancel_job(row):
        raise ValidationError(_("It has already ended."))


@transaction.atomic
def export_list(
    *, centre: Agency, encoding: str, status: str = "", purpose: str = "", as_of: date, actor: User
) -> tuple[str, bytes]:
    """Return name and contents of the centre's list, in the standard's columns."""
    require_centre(centre, actor)
    cameras = list(standing_of(centre))
    wanted = [c for c in cameras if (not status or c.status == status) and (not purpose or c.purpose == purpose)]
    if not wanted:
        raise ValidationError(_("No camera has this status and purpose."))
    chosen = {camera.pk for camera in wanted}
    text = write_list(cameras, agency=centre.name, as_of=as_of, is_wanted=lambda camera: camera.pk in chosen)
    try:
        content = text.encode(ENCODINGS[encoding])
    except UnicodeEncodeError as error:
        sign = text[error.start]
        raise ValidationError(
            _("CP949 has no sign “%(sign)s”, which stands in the list. Choose UTF-8.") % {"sign": sign}
        ) from None
    name = f"cctv_{as_of:%Y%m%d}.csv"
    details = {
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "cameras": len(wanted),
        "encoding": encoding,
        "status": status,
        "purpose": purpose,
    }
    record(Action.CAMERAS_EXPORTED, actor=actor, target=centre, details=details)
    return name, content


def require_centre(centre: Agency, actor: User) -> None:
    require_right(actor, Right.MANAGE_CAMERAS)
    require_visible(centre, actor, _("These cameras belong to another control centre."))
    if centre.kind != Agency.Kind.CENTRE:
        raise ValidationError(_("Cameras belong to control centres."))


def _require(row: CameraImport, actor: User) -> None:
    require_right(actor, Right.MANAGE_CAMERAS)
    require_visible(row, actor, _("These cameras belong to another control centre."))


def _queue(row: CameraImport, rows: CameraImportQuerySet, actor: User, **values: object) -> None:
    """Hand the import to a worker anew, if it is (still) among `rows` and has ended."""
    ended = rows.filter(pk=row.pk, status__in=[JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
    fresh = {"status": JobStatus.QUEUED, "progress": 0.0, "error": "", "started_at": None, "ended_at": None}
    try:
        with transaction.atomic():
            changed = ended.update(**fresh, **values, requested_by=actor, send_again_at=soon())
            if not changed:
                raise ValidationError(_("This list is being worked on, or was imported already. Reload the page."))
            run_import.delay_on_commit(row.pk)  # type: ignore[attr-defined]
    except IntegrityError:
        raise ValidationError(_busy()) from None
    row.refresh_from_db()


def _busy() -> str:
    return _("A list of this centre is already being read. Wait for its end, or cancel it.")
