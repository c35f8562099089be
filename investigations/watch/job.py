"""The jobs of the watch list: compare new reads with what is wanted, and look back for one plate.

Both raise one alert for an entry and a sighting, however often they run: the row that says that an analysis was
checked is made in the transaction that raises its alerts, and the entries are locked while their alerts are.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from cameras.models import Camera
from inference.core.errors import PlateError
from inference.engine import confusions_of
from inference.models import Analysis, Plate, PlateQuerySet
from inference.plates import PlateMatch, find_plates
from investigations import events
from investigations.models import LookBack, PlateCheck, WatchAlert, WatchEntry
from investigations.services.notices import announce_alerts
from investigations.watch.match import SIMILAR_WITHIN, Match, Wanted, find_matches
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import JobStatus, end_job, run_job
from portal.sentences import ngettext

logger = logging.getLogger(__name__)

MOST_LOOKED_BACK = 500
# The signal has its task running within seconds; what is older was lost with its worker or its message.
MISSED_AFTER = timedelta(minutes=1)
MOST_MISSED = 500
# An analysis that runs again may find the same vehicle on another frame, and writes a sighting anew.
SAME_SIGHTING = timedelta(seconds=5)
# Alerts whose recording was analysed again, which left them without their sighting.
_LOST = Q(sighting=None) | Q(sighting__is_superseded=True)


def check_analysis(analysis_id: int) -> None:
    """Compare the plates of an analysis that has ended with the list of its camera's centre, once."""
    analysis = _to_check().filter(pk=analysis_id).select_related("recording__camera").first()
    if analysis is None:
        return
    plates = list(_with_places(Plate.objects.filter(sighting__analysis=analysis).of_reader(analysis.plate_reader)))
    wanted = WatchEntry.objects.active(timezone.now()).filter(centre=analysis.recording.camera.centre_id)
    matches = _matches(wanted, plates, analysis.plate_reader)
    with transaction.atomic():
        if _take(analysis):
            raise_alerts(matches, plates)


def missed() -> list[int]:
    """The analyses that nobody has checked though they ended a while ago, the oldest first."""
    rows = _to_check().filter(ended_at__lt=timezone.now() - MISSED_AFTER).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:MOST_MISSED])


def run_look_back(look_id: int) -> None:
    """Look back for a plate, if this worker gets the job; failure is written on its row."""
    run_job(LookBack.objects.select_related("entry__centre", "requested_by"), look_id, _look_back)


def raise_alerts(matches: Sequence[Match], plates: Sequence[Plate], *, is_looked_back: bool = False) -> int:
    """Raise an alert for each match that has none, inside the caller's transaction; return how many.

    `is_looked_back`: also for what was seen before the plate was put on the list. Without it that raises nothing,
    however late the footage came: whoever asks for an analysis would look into the past, which is an act of its own.
    """
    entries = _lock({match.key for match in matches})
    raised = [
        alert
        for match in matches
        if (entry := entries.get(match.key))
        and (is_looked_back or plates[match.read].seen_at >= entry.added_at)
        and (alert := _raise(entry, plates[match.read], match.distance, is_looked_back=is_looked_back))
    ]
    for entry in _to_tell(raised):
        announce_alerts(entry)
    for entry in {alert.entry_id: alert.entry for alert in raised}.values():
        events.push_watch(entry, "alerts")
    return len(raised)


def _to_tell(raised: Iterable[WatchAlert]) -> Iterable[WatchEntry]:
    """One entry for each vehicle: whoever looks at its alert sees those of the others, on the same card."""
    firsts: dict[int | None, WatchEntry] = {}
    for alert in sorted(raised, key=lambda alert: alert.entry_id):
        firsts.setdefault(alert.sighting_id, alert.entry)
    return {entry.pk: entry for entry in firsts.values()}.values()


def _to_check() -> models.QuerySet[Analysis]:
    checked = PlateCheck.objects.filter(analysis=OuterRef("pk"))
    return Analysis.objects.filter(~Exists(checked), status=JobStatus.DONE).exclude(plate_reader="")


def _take(analysis: Analysis) -> bool:
    """True for the one worker that checks this analysis; another waits here for its end, and has nothing to do."""
    try:
        with transaction.atomic():
            PlateCheck.objects.create(analysis=analysis)
    except IntegrityError:
        return False
    return True


def _with_places(plates: PlateQuerySet) -> PlateQuerySet:
    return plates.current().select_related("sighting__camera").order_by("pk")


def _matches(entries: Iterable[WatchEntry], plates: Sequence[Plate], reader: str) -> list[Match]:
    if not plates:
        return []
    return list(find_matches(_wanted(entries), [plate.read for plate in plates], confusions_of(reader)))


def _wanted(entries: Iterable[WatchEntry]) -> Iterator[Wanted]:
    for entry in entries:
        try:
            yield Wanted(entry.pk, entry.pattern)
        except PlateError:  # no verb writes such a row
            logger.exception("the plate of %s cannot be looked for", entry)


def _lock(keys: Iterable[int]) -> dict[int, WatchEntry]:
    """The entries that are still active, locked in one order; and then those of their alerts that may get a sighting,
    before anything is written down: whoever decides about one would wait for the end of the audit trail, and we for
    the alert."""
    rows = WatchEntry.objects.active(timezone.now()).filter(pk__in=sorted(keys)).select_related("centre")
    entries = {entry.pk: entry for entry in rows.order_by("pk").select_for_update(of=("self",))}
    lost = WatchAlert.objects.filter(_LOST, entry__in=entries).order_by("pk")
    list(lost.select_for_update(of=("self",)).only("pk"))
    return entries


def _raise(entry: WatchEntry, plate: Plate, distance: float, *, is_looked_back: bool) -> WatchAlert | None:
    alerts = WatchAlert.objects.filter(entry=entry)
    if alerts.filter(sighting=plate.sighting_id).exists() or _take_up(alerts, plate):
        return None
    alert = WatchAlert.objects.create(
        entry=entry,
        sighting=plate.sighting,
        camera=plate.sighting.camera,
        text=plate.text,
        confidence=plate.confidence,
        distance=distance,
        seen_at=plate.seen_at,
        is_looked_back=is_looked_back,
    )
    details = {
        "entry": entry.pk,
        "camera": alert.camera.code,
        "seen": plate.seen_at.isoformat(),
        "sighting": plate.sighting_id,
        "distance": round(distance, 2),
        "confidence": round(plate.confidence, 2),
    }
    record(Action.ALERT_RAISED, actor=None, target=alert, details=details)
    return alert


def _take_up(alerts: models.QuerySet[WatchAlert], plate: Plate) -> bool:
    """Give the sighting to the alert that lost its own when the recording was analysed again; False if none did.

    Only to one of the same read, nearest in time: another is of another vehicle, for all that anybody has decided.
    """
    lost = alerts.filter(_LOST)
    near = lost.filter(
        camera=plate.sighting.camera_id,
        text=plate.text,
        seen_at__gte=plate.seen_at - SAME_SIGHTING,
        seen_at__lte=plate.seen_at + SAME_SIGHTING,
    )
    nearest = min(near, key=lambda alert: (abs(alert.seen_at - plate.seen_at), alert.pk), default=None)
    return nearest is not None and bool(lost.filter(pk=nearest.pk).update(sighting=plate.sighting))


def _look_back(job: LookBack) -> None:
    entry = job.entry
    cameras = Camera.objects.filter(centre=entry.centre_id).values_list("pk", flat=True)
    found = find_plates(
        entry.pattern,
        camera_ids=cameras,
        starts_at=job.starts_at,
        ends_at=job.ends_at,
        includes_small=True,
        limit=MOST_LOOKED_BACK,
    )
    plates = list(_with_places(Plate.objects.filter(pk__in=[one.plate_id for one in found])))
    matches = _matches([entry], plates, plates[0].reader if plates else "")
    with transaction.atomic():
        count = raise_alerts(matches, plates, is_looked_back=True)
        end_job(job, JobStatus.DONE, found=count, warning=_say_cut(found))
    events.push_watch(entry, "look_back")


def _say_cut(found: Sequence[PlateMatch]) -> str:
    """That more may be alike than were looked at: what is found comes likest first, and goes on to what is unlike."""
    count = len(found)
    if count < MOST_LOOKED_BACK or found[-1].distance > SIMILAR_WITHIN:
        return ""
    said = ngettext(
        "Only the likest %(count)d plate was looked at. Look back over fewer hours, or give more characters.",
        "Only the likest %(count)d plates were looked at. Look back over fewer hours, or give more characters.",
        count,
    )
    return said % {"count": count}
