"""Which recordings are past their camera's retention, counted from their end, and not held by a request."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from cameras.models import Camera, Recording, RecordingQuerySet
from investigations.models import Hold
from portal.accounts.models import Agency


def unheld(recordings: RecordingQuerySet) -> RecordingQuerySet:
    """Without those into which a standing hold reaches. Hours are half-open: a hold that begins when a recording
    ends does not keep it, but one of a single moment keeps what begins then."""
    reaches = Q(starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("started_at"))
    begins = Q(starts_at=OuterRef("started_at"))
    holds = Hold.objects.standing().filter(reaches | begins, camera=OuterRef("camera_id"))
    return recordings.filter(~Exists(holds))


def expired_of(camera: Camera, now: datetime) -> RecordingQuerySet:
    """What of one camera has to be destroyed by now, the oldest first."""
    return unheld(_ended(Recording.objects.filter(camera=camera), camera.retention_days, now)).order_by("started_at")


def cameras_with_expired(centre: Agency, now: datetime) -> Iterator[Camera]:
    """The cameras of a centre that have something to destroy.

    Each camera's oldest recording is one look into the index; only of cameras whose oldest is too old more is read.
    """
    first = Recording.objects.filter(camera=OuterRef("pk")).order_by("started_at").values("started_at")[:1]
    cameras: QuerySet[Any] = Camera.objects.filter(centre=centre).annotate(oldest_at=Subquery(first))
    for camera in cameras:
        is_old = camera.oldest_at is not None and camera.oldest_at < _cutoff(camera.retention_days, now)
        if is_old and expired_of(camera, now).exists():
            yield camera


def count_expiring(cameras: QuerySet[Camera], until: datetime, *, most: int) -> int:
    """How many recordings of `cameras` will have expired by then; counted no further than `most`."""
    count = 0
    for days in cameras.order_by("retention_days").values_list("retention_days", flat=True).distinct():
        rows = Recording.objects.filter(camera__in=cameras.order_by().filter(retention_days=days))
        # Unordered: the list's order would sort millions of rows before the first is counted.
        count += unheld(_ended(rows, days, until)).order_by()[: most - count].count()
        if count >= most:
            break
    return count


def _ended(recordings: RecordingQuerySet, retention_days: int, now: datetime) -> RecordingQuerySet:
    cutoff = _cutoff(retention_days, now)
    # What ended before also began before; said here, because the index is by camera and beginning.
    return recordings.filter(started_at__lt=cutoff, ends_at__lt=cutoff)


def _cutoff(retention_days: int, now: datetime) -> datetime:
    return now - timedelta(days=retention_days)
