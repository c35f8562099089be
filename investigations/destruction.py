"""The destruction job: what may no longer be kept is deleted, and a certificate lists what it was.

A batch is one transaction that ends with the deletion of its files: where a file cannot be deleted, the rows stand,
and are tried again. Before it, the hashes of the files are written down: whoever goes on after a killed worker does
not find the files that it had deleted. So each thing is listed once, with its hash, and nothing is left behind.
"""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, models, transaction
from django.utils import timezone

from cameras.models import Camera, Recording
from inference.engine import get_gallery
from inference.footage import forget_footage, owner_of
from inference.jobs import run_job
from inference.models import Analysis, Plate, Sighting
from investigations import events
from investigations.erasure import delete_files, hash_files
from investigations.expiry import cameras_with_expired, expired_of, unheld
from investigations.likeness import files_of
from investigations.models import (
    AnswerItem,
    Attachment,
    Candidate,
    Comment,
    Destruction,
    EvidencePackage,
    Notification,
    Path,
    QueryPicture,
    Search,
    SearchRequest,
    Unmasking,
    WatchAlert,
    WatchEntry,
)
from investigations.sentences import path_destroyed
from investigations.services.notices import announce
from investigations.services.paths import take_from_path
from portal import jobs
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import OPEN_JOB_STATUSES, JobStatus
from portal.sentences import ngettext

logger = logging.getLogger(__name__)

RECORDINGS_AT_ONCE = 20
# A certificate is a document that people read and print. What has expired beyond it comes into the next one.
MOST_ITEMS = 5000
ENTRIES_AT_ONCE = 500
# What says whom or what was looked for, in the request and in its searches.
WORDS: dict[str, Any] = {"wanted": "", "plate": "", "vehicle_colour": "", "vehicle_type": ""}
SEARCH_WORDS: dict[str, Any] = {"description": [], "wanted": [], "plate": ""}


@dataclass
class Ledger:
    """What one transaction deletes: the certificate's lines, how many of each kind, and the files."""

    hashes: Mapping[str, str]
    items: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)

    def list_rows(self, rows: models.QuerySet[Any], *, file: str = "", sha256: str = "") -> None:
        """Put the rows on the certificate. `file` and `sha256` name their fields, if they have any."""
        kind, fields = rows.model._meta.label_lower, [name for name in ("pk", file, sha256) if name]
        for row in rows.order_by("pk").values(*fields):
            name = row[file] if file else ""
            digest = row[sha256] if sha256 else self.hashes.get(name, "")
            self.items.append({"kind": kind, "id": row["pk"], "sha256": digest})
            self.files += [name] if name else []

    def delete_rows(self, rows: models.QuerySet[Any]) -> None:
        """Delete the rows, and count them with everything that goes with them."""
        _total, deleted = rows.delete()
        self.counts.update({label.lower(): count for label, count in deleted.items() if count})

    def count(self, rows: models.QuerySet[Any], count: int) -> None:
        """Count rows that stay, without what was destroyed of them."""
        if count:
            self.counts[rows.model._meta.label_lower] += count


def destroy(destruction_id: int) -> None:
    """Run the destruction, if this worker gets it; failure is written on the row, and is tried again later."""
    rows = Destruction.objects.select_related("centre", "request", "requested_by")
    run_job(rows, destruction_id, _work)


def is_full(destruction_id: int) -> bool:
    """True of a destruction that ended because its certificate was full: there may be more to destroy."""
    done = Destruction.objects.filter(pk=destruction_id, status=JobStatus.DONE, rule=Destruction.Rule.EXPIRED).first()
    return done is not None and len(done.items) >= MOST_ITEMS


def digest_of(items: list[dict[str, Any]]) -> str:
    """The SHA-256 of a certificate's lines, by which the audit trail vouches for them."""
    text = json.dumps(items, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _work(job: Destruction) -> None:
    if job.rule == Destruction.Rule.EXPIRED:
        _expire(job)
    elif job.rule == Destruction.Rule.WATCHED:
        _purge_watched(job)
    else:
        _purge(job)


# ── What is past its camera's retention ─────────────────────────────────────────────────────────────────────────────


def _expire(job: Destruction) -> None:
    now, left = timezone.now(), dict[int, str]()
    _forget_derived(job)  # of a batch after which the worker before was killed
    for camera in cameras_with_expired(job.centre, now):
        while len(job.items) < MOST_ITEMS and (ids := _next_batch(camera, now, left)):
            _destroy_recordings(job, ids, left)
    with transaction.atomic():
        if job.items:
            _certify(job, warning=_say_left(left))
        elif left:
            jobs.end_job(job, JobStatus.FAILED, error=_say_left(left), planned={})
        else:  # held meanwhile
            jobs.end_job(job, JobStatus.CANCELLED, planned={})


def _next_batch(camera: Camera, now: datetime, left: Mapping[int, str]) -> list[int]:
    rows = expired_of(camera, now).exclude(pk__in=list(left))
    return list(rows.values_list("pk", flat=True)[:RECORDINGS_AT_ONCE])


def _destroy_recordings(job: Destruction, ids: list[int], left: dict[int, str]) -> None:
    """Destroy them together or, if that fails, one by one; `left` gets those that stay, with the reason."""
    try:
        _destroy_batch(job, ids)
    except (OSError, DatabaseError) as error:
        job.refresh_from_db(fields=["items", "counts"])
        if len(ids) == 1:
            logger.warning("recording %d could not be destroyed: %s", ids[0], error)
            left[ids[0]] = str(error)
        else:
            for pk in ids:
                _destroy_recordings(job, [pk], left)


def _destroy_batch(job: Destruction, ids: list[int]) -> None:
    sightings = Sighting.objects.filter(recording__in=ids)
    plates = Plate.objects.filter(sighting__in=sightings)
    pictures = QueryPicture.objects.filter(sighting__in=sightings)
    played = [owner_of(recording) for recording in Recording.objects.filter(pk__in=ids)]
    names = [name for rows in (sightings, plates, pictures) for name in _names(rows, "image")]
    _plan(job, names, sightings, played)
    with transaction.atomic():
        jobs.renew_claim(job)  # its row is locked to the end: nobody takes the job over in the middle of a batch
        recordings = Recording.objects.filter(pk__in=_lock(ids))
        ledger = Ledger(job.planned["hashes"])
        _delete_recordings(ledger, recordings)
        _write(job, ledger)
        forget_footage(played)
        delete_files(ledger.files)
    _forget_derived(job)  # of the pieces once more: somebody may have played it to this moment


def _forget_derived(job: Destruction) -> None:
    """Delete what was made of the batch and can be made again: the gallery's vectors, and pieces that were played."""
    forget_footage(job.planned.get("played", []))
    get_gallery().forget(_places(job))


def _lock(ids: list[int]) -> list[int]:
    """Lock what hangs on the recordings, in the order in which others do, and return those that no hold keeps.

    Whoever confirms a candidate holds its footage in the same transaction: either that is seen here, or the candidate
    is gone there.
    """
    sightings = Sighting.objects.filter(recording__in=ids)
    candidates = Candidate.objects.filter(sighting__in=sightings)
    analyses, recordings = Analysis.objects.filter(recording__in=ids), Recording.objects.filter(pk__in=ids)
    # Candidates twice: until the sightings are locked, a search may add some.
    for rows in (analyses, recordings, candidates, sightings, candidates):
        list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    return list(unheld(Recording.objects.filter(pk__in=ids)).values_list("pk", flat=True))


def _delete_recordings(ledger: Ledger, recordings: models.QuerySet[Recording]) -> None:
    sightings = Sighting.objects.filter(recording__in=recordings)
    plates = Plate.objects.filter(sighting__in=sightings)
    candidates = Candidate.objects.filter(sighting__in=sightings)
    pictures = QueryPicture.objects.filter(sighting__in=sightings)  # copies of what was seen
    analyses = Analysis.objects.filter(recording__in=recordings)
    searches = list(candidates.order_by().values_list("search_id", "search__request_id").distinct())
    on_path = list(SearchRequest.objects.filter(path__points__sighting__in=sightings).distinct())
    ledger.list_rows(recordings, file="file", sha256="sha256")
    ledger.list_rows(sightings, file="image")
    ledger.list_rows(plates, file="image")
    ledger.list_rows(pictures, file="image")
    # What was confirmed stays with its entry of the watch list, without a picture.
    alerts = WatchAlert.objects.filter(sighting__in=sightings).exclude(status=WatchAlert.Status.CONFIRMED)
    ledger.list_rows(candidates)
    ledger.list_rows(alerts)
    ledger.list_rows(analyses)
    ledger.delete_rows(candidates)
    ledger.delete_rows(alerts)
    for request in on_path:
        take_from_path(request, actor=None)
    _count_pictures(pictures)
    ledger.delete_rows(pictures)
    ledger.delete_rows(sightings)
    ledger.delete_rows(analyses)
    ledger.delete_rows(recordings)
    for search_id, request_id in searches:
        events.push(request_id, {"type": "candidates.changed", "search": search_id})


def _count_pictures(pictures: models.QuerySet[QueryPicture]) -> None:
    """Leave with each search how many pictures of its target go, so that nobody takes it for one by words alone."""
    usable = QueryPicture.objects.usable().filter(pk__in=pictures.values("pk"))
    for search_id, count in usable.order_by().values_list("search_id").annotate(models.Count("pk")):
        Search.objects.filter(pk=search_id).update(pictures_destroyed=models.F("pictures_destroyed") + count)


def _say_left(left: Mapping[int, str]) -> str:
    if not left:
        return ""
    said = ngettext(
        "%(count)d recording could not be deleted and is tried again: %(why)s",
        "%(count)d recordings could not be deleted and are tried again: %(why)s",
        len(left),
    )
    return said % {"count": len(left), "why": "; ".join(sorted(set(left.values()))[:3])}


# ── What a closed request had gathered ──────────────────────────────────────────────────────────────────────────────


def _purge(job: Destruction) -> None:
    request = job.request
    assert request is not None
    pictures = QueryPicture.objects.filter(search__request=request)
    attachments = Attachment.objects.filter(request=request)
    _plan(job, _names(pictures, "image"))
    with transaction.atomic():
        jobs.renew_claim(job)
        if not _take_purge(request):  # reopened meanwhile
            jobs.end_job(job, JobStatus.CANCELLED, planned={})
            return
        ledger = Ledger(job.planned["hashes"])
        ledger.list_rows(pictures, file="image")
        ledger.list_rows(attachments, file="file", sha256="sha256")
        _count_pictures(pictures)
        for rows in (pictures, attachments):
            ledger.delete_rows(rows)
        _delete_work(ledger, request)
        _delete_packages(ledger, request)
        _write(job, ledger)
        _certify(job, released=request.holds.standing().update(released_at=timezone.now()), cleared=[*WORDS])
        request.refresh_from_db()
        announce(request, Notification.Kind.PURGED, actor=None)
        likeness = files_of(request.searches.values_list("pk", flat=True))
        delete_files([*ledger.files, *likeness])


def _take_purge(request: SearchRequest) -> bool:
    """Mark the request as purged, unless it was reopened, or the time was put off, since the job was made."""
    now = timezone.now()
    due = SearchRequest.objects.filter(pk=request.pk, status=SearchRequest.Status.CLOSED, purged_at=None)
    return bool(due.filter(purge_at__lte=now).update(purged_at=now))


def _delete_work(ledger: Ledger, request: SearchRequest) -> None:
    """The leads, what was decided about them, and the path, also as it was told the station. That it was searched,
    where and when, stays; what for does not, nor do the words and the plate of the request itself."""
    for rows in (Candidate.objects.filter(search__request=request), Path.objects.filter(request=request)):
        ledger.list_rows(rows)
        ledger.delete_rows(rows)
    told = Comment.objects.filter(request=request, has_path=True)
    ledger.list_rows(told)
    ledger.count(told, told.update(text=path_destroyed(), has_path=False))
    _delete_watched(ledger, WatchEntry.objects.filter(request=request))
    request.searches.update(**SEARCH_WORDS)
    SearchRequest.objects.filter(pk=request.pk).update(**WORDS)


def _delete_packages(ledger: Ledger, request: SearchRequest) -> None:
    """The packages' files go, and no picture is shown with an answer any more. The facts of both were handed over."""
    packages = EvidencePackage.objects.filter(answer__request=request)
    for package in packages.filter(status__in=OPEN_JOB_STATUSES):
        jobs.cancel_job(package)
    made = packages.exclude(file="")
    ledger.list_rows(made, file="file", sha256="sha256")
    ledger.count(made, made.update(file=""))
    Unmasking.objects.filter(package__in=packages).update(sighting=None)
    AnswerItem.objects.filter(answer__request=request).update(sighting=None)


# ── Entries of a watch list ─────────────────────────────────────────────────────────────────────────────────────────


def _purge_watched(job: Destruction) -> None:
    with transaction.atomic():
        jobs.renew_claim(job)
        due = WatchEntry.objects.to_purge(timezone.now()).filter(centre=job.centre).order_by("pk")
        ids = list(due.select_for_update().values_list("pk", flat=True)[:ENTRIES_AT_ONCE])
        ledger = Ledger({})
        _delete_watched(ledger, WatchEntry.objects.filter(pk__in=ids))
        _write(job, ledger)
        _certify(job)


def _delete_watched(ledger: Ledger, entries: models.QuerySet[WatchEntry]) -> None:
    """Alerts have no pictures of their own: those they show are the sightings', and go with them."""
    alerts = WatchAlert.objects.filter(entry__in=entries)
    for rows in (alerts, entries):
        ledger.list_rows(rows)
    ledger.delete_rows(alerts)
    ledger.delete_rows(entries)


# ── The certificate ─────────────────────────────────────────────────────────────────────────────────────────────────


def _plan(
    job: Destruction,
    names: Iterable[str],
    sightings: models.QuerySet[Sighting] | None = None,
    played: Sequence[str] = (),
) -> None:
    """Write down what is about to be deleted: hashes of files, the cameras and days that the gallery holds, and the
    folders of pieces that were played."""
    hashes = hash_files(names, job.planned.get("hashes", {}))
    seen = [] if sightings is None else sightings.order_by().values_list("camera_id", "first_seen_at")
    places = {(camera_id, at.date()): [camera_id, at.isoformat()] for camera_id, at in seen}
    jobs.renew_claim(job, planned={"hashes": hashes, "places": list(places.values()), "played": list(played)})


def _places(job: Destruction) -> list[tuple[int, datetime]]:
    return [(camera_id, datetime.fromisoformat(at)) for camera_id, at in job.planned.get("places", [])]


def _names(rows: models.QuerySet[Any], field: str) -> Iterable[str]:
    return rows.order_by("pk").values_list(field, flat=True)


def _write(job: Destruction, ledger: Ledger) -> None:
    counts = Counter(job.counts) + ledger.counts
    jobs.renew_claim(job, items=[*job.items, *ledger.items], counts=dict(sorted(counts.items())))


def _certify(job: Destruction, *, warning: str = "", released: int = 0, cleared: Sequence[str] = ()) -> None:
    """End the job with the audit entry that vouches for its certificate, inside the caller's transaction. `cleared`
    names the fields of a request whose words went, in it and in its searches, while the rows stay."""
    details = {
        "destruction": job.pk,
        "rule": job.rule,
        "counts": job.counts,
        "items_sha256": digest_of(job.items),
        "holds_released": released,
        **({"words_cleared": list(cleared)} if cleared else {}),
    }
    entry = record(Action.DATA_DESTROYED, actor=None, target=job.request or job, details=details)
    root = {"audit_sequence": entry.sequence, "audit_root": entry.hash}
    jobs.end_job(job, JobStatus.DONE, warning=warning, planned={}, **root)
