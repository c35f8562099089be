"""The job of an import: the dry run, which reads the list and writes a plan, and the import of exactly that plan.

Both can be killed and begun again. The dry run writes rows of its own import only, batch by batch; the import changes
cameras, writes its audit entry and ends in one transaction, so that it happened once, or not at all.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any, TypeVar

from django.db import IntegrityError, connection, transaction
from django.db.models import OuterRef, Subquery

from cameras.models import Camera, CameraImport, ImportChange, ImportProblem
from cameras.standard_list import Plan, Planned, Problem, Reading, Standing, make_plan, read_list
from portal.accounts.models import Agency
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import JobStatus, end_job, now_and_then, renew_claim, run_job
from portal.sentences import gettext as _

BATCH = 2000
FIELDS = [column.name for column in fields(Standing)]
# How far the bar is when each stage begins.
COMPARED_FROM, WRITTEN_FROM, PREPARED_UNTIL = 0.4, 0.6, 0.6
T = TypeVar("T")


class StaleError(Exception):
    """The cameras are no longer as they were when the plan was made."""


def run_import(import_id: int) -> None:
    """Do what is next for this import: its dry run, or the import itself."""
    run_job(CameraImport.objects.select_related("centre", "requested_by"), import_id, _run, explain=_explain)


def _run(job: CameraImport) -> None:
    if job.is_dry_run:
        check(job)
    else:
        carry_out(job)


def _explain(job: CameraImport, error: Exception) -> str | None:
    if isinstance(error, OSError):
        return _("The stored file can no longer be read. Upload it again.")
    return None


# ── The dry run ─────────────────────────────────────────────────────────────────────────────────────────────────────


def check(job: CameraImport) -> None:
    """Read the list and write down what its import would do."""
    tell = _teller(job)
    with job.file.open("rb") as file:
        content = file.read()
    reading = read_list(content, tell=lambda share: tell(COMPARED_FROM * share))
    standing = list(standing_of(job.centre))
    plan = Plan()
    if reading.is_readable:
        taken = frozenset(Camera.objects.exclude(centre=job.centre).values_list("code", flat=True))
        span = WRITTEN_FROM - COMPARED_FROM
        plan = make_plan(
            reading.poles, standing, taken_elsewhere=taken, tell=lambda share: tell(COMPARED_FROM + span * share)
        )
    _write_plan(job, plan, reading)
    end_job(job, JobStatus.DONE, counts=_counts(reading, plan), basis=basis_of(standing))


def standing_of(centre: Agency) -> Iterator[Standing]:
    rows = Camera.objects.filter(centre=centre).order_by("pk").values_list(*FIELDS)
    return (Standing(*row) for row in rows.iterator(chunk_size=BATCH))


def basis_of(standing: Iterable[Standing]) -> str:
    """What the cameras looked like, in one number: names aside, which no list changes."""
    digest = hashlib.sha256()
    for camera in standing:
        digest.update(repr([getattr(camera, name) for name in FIELDS if name != "name"]).encode())
    return digest.hexdigest()


def _write_plan(job: CameraImport, plan: Plan, reading: Reading) -> None:
    with transaction.atomic():
        renew_claim(job, progress=WRITTEN_FROM)
        job.changes.all().delete()
        job.problems.all().delete()
    problems = [*reading.problems, *plan.problems]
    total = max(1, len(problems) + len(plan.new) + len(plan.changed) + len(plan.missing))
    written = 0
    for model, rows in (
        (ImportProblem, (_problem_row(job, problem) for problem in problems)),
        (ImportChange, _change_rows(job, plan)),
    ):
        for batch in _batches(rows):
            written += len(batch)
            with transaction.atomic():  # a worker that was taken over writes nothing any more
                renew_claim(job, progress=WRITTEN_FROM + (1 - WRITTEN_FROM) * written / total)
                model._default_manager.bulk_create(batch)  # type: ignore[arg-type]


def _problem_row(job: CameraImport, problem: Problem) -> ImportProblem:
    return ImportProblem(
        source=job,
        level=problem.level,
        kind=problem.kind,
        row=problem.row,
        column=problem.column,
        value=problem.value,
        details=dict(problem.details),
    )


def _change_rows(job: CameraImport, plan: Plan) -> Iterator[ImportChange]:
    kinds = ImportChange.Kind
    for camera in plan.missing:
        yield ImportChange(source=job, kind=kinds.MISSING, camera_id=camera.pk, code=camera.code, name=camera.name)
    for kind, planned in ((kinds.CHANGED, plan.changed), (kinds.NEW, plan.new)):
        for row in planned:
            yield _change_row(job, kind, row)


def _change_row(job: CameraImport, kind: ImportChange.Kind, row: Planned) -> ImportChange:
    return ImportChange(
        source=job, kind=kind, row=row.row, camera_id=row.pk, code=row.code, name=row.name, values=row.values
    )


def _counts(reading: Reading, plan: Plan) -> dict[str, Any]:
    refused = {problem.row for problem in [*reading.problems, *plan.problems] if problem.level == "refused"} - {0}
    return {
        "rows": reading.rows,
        "poles": len(reading.poles),
        "cameras": sum(pole.count for pole in reading.poles),
        "new": len(plan.new),
        "changed": len(plan.changed),
        "unchanged": plan.unchanged,
        "missing": len(plan.missing),
        "refused": len(refused),
        "problems": len(reading.problems) + len(plan.problems),
        "shorter": sum(_is_shorter(change) for change in plan.changed),
        "encoding": reading.encoding,
        "separator": reading.separator,
        "columns": len(reading.columns),
        "is_readable": reading.is_readable,
    }


def _is_shorter(change: Planned) -> bool:
    old, new = change.values.get("retention_days", (0, 0))
    return bool(new < old)


# ── The import ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Writing:
    """What the import writes, ready for the database: statements by what they set, with a row of values each."""

    new: list[list[Any]] = field(default_factory=list)
    changed: dict[tuple[str, ...], list[list[Any]]] = field(default_factory=lambda: defaultdict(list))
    details: dict[str, Any] = field(default_factory=dict)


def carry_out(job: CameraImport) -> None:
    """Apply the plan of the dry run, if the cameras still are what it was made for."""
    writing = _prepare(job, _teller(job))
    try:
        with transaction.atomic():
            _apply(job, writing)
    except (StaleError, IntegrityError):
        message = _("Cameras were changed after the check. Nothing was imported; run the check again.")
        end_job(job, JobStatus.FAILED, error=message, applied=CameraImport.Applied.STALE)


def _prepare(job: CameraImport, tell: Callable[[float], None]) -> _Writing:
    """All that can be done before the transaction: while that lasts, nobody else can write to an embedded database."""
    writing = _Writing()
    rows = job.changes.exclude(kind=ImportChange.Kind.MISSING).order_by("pk")
    total = max(1, rows.count())
    for number, row in enumerate(rows.iterator(chunk_size=BATCH), start=1):
        if row.kind == ImportChange.Kind.NEW:
            writing.new.append(_stored(Camera(code=row.code, name=row.name, centre=job.centre, **row.values)))
        else:
            values = [_column(name).get_db_prep_save(new, connection) for name, (_old, new) in row.values.items()]
            writing.changed[tuple(row.values)].append([*values, row.camera_id])
        tell(PREPARED_UNTIL * number / total)
    writing.details = _details(job)
    return writing


def _apply(job: CameraImport, writing: _Writing) -> None:
    renew_claim(job, progress=PREPARED_UNTIL)  # locks the job's row: whoever takes over waits, and finds it ended
    list(Camera.objects.select_for_update().filter(centre=job.centre).order_by("pk").values_list("pk"))
    if basis_of(standing_of(job.centre)) != job.basis:
        raise StaleError
    _write(writing)
    _link_new(job)
    record(Action.CAMERAS_IMPORTED, actor=job.requested_by, target=job, details=writing.details)
    end_job(job, JobStatus.DONE, applied=CameraImport.Applied.DONE)


def _write(writing: _Writing) -> None:
    """Tens of thousands of rows by plain statements: what the ORM makes of each value takes ten times as long, and
    others wait for it. Names of table and columns are the model's own; values are parameters."""
    quote = connection.ops.quote_name
    table = quote(Camera._meta.db_table)
    with connection.cursor() as cursor:
        if writing.new:
            columns = ", ".join(quote(column.column) for column in _columns())
            places = ", ".join(["%s"] * len(_columns()))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", writing.new)  # noqa: S608
        for names, rows in writing.changed.items():
            pairs = ", ".join(f"{quote(_column(name).column)} = %s" for name in names)
            cursor.executemany(f"UPDATE {table} SET {pairs} WHERE {quote('id')} = %s", rows)  # noqa: S608


def _columns() -> list[Any]:
    return [column for column in Camera._meta.concrete_fields if not column.primary_key]


def _column(name: str) -> Any:
    return Camera._meta.get_field(name)


def _stored(camera: Camera) -> list[Any]:
    return [column.get_db_prep_save(column.pre_save(camera, add=True), connection) for column in _columns()]


def _link_new(job: CameraImport) -> None:
    new = job.changes.filter(kind=ImportChange.Kind.NEW)
    new.update(camera=Subquery(Camera.objects.filter(code=OuterRef("code")).values("pk")[:1]))


def _details(job: CameraImport) -> dict[str, Any]:
    """For the audit trail: what was imported, and a digest that ties the kept list of changes to the entry."""
    return {
        "file": job.original_name,
        "sha256": job.sha256,
        "centre": str(job.centre),
        **{name: job.counts.get(name, 0) for name in ("rows", "new", "changed", "unchanged", "missing", "refused")},
        "changes_sha256": digest_of_changes(job),
    }


def digest_of_changes(job: CameraImport) -> str:
    """SHA-256 over what was done to each camera, in the order of the codes."""
    digest = hashlib.sha256()
    rows = job.changes.exclude(kind=ImportChange.Kind.MISSING).order_by("code", "pk")
    for code, kind, values in rows.values_list("code", "kind", "values").iterator(chunk_size=BATCH):
        digest.update(json.dumps([code, kind, values], ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()


def _teller(job: CameraImport) -> Callable[[float], None]:
    tell = now_and_then(lambda share, frames: renew_claim(job, progress=share))
    return lambda share: tell(share, 0)


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch
