"""The search job: query pictures in, candidates out, camera by camera, so that leads show while it still looks."""

from collections.abc import Iterator, Sequence

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from cameras.models import Recording, RecordingQuerySet
from inference.core.detections import Kind
from inference.core.errors import CoreError, ImageError
from inference.core.images import decode_jpeg
from inference.core.proposals import propose_box
from inference.engine import get_detector, get_embedder, get_gallery
from inference.gallery import Match
from inference.jobs import run_job
from inference.models import Analysis, Feature, Sighting
from inference.sentences import in_words
from investigations import events
from investigations.likeness import keep_likeness
from investigations.models import Candidate, QueryPicture, Search
from portal import jobs
from portal.accounts.models import User
from portal.jobs import JobStatus

CAMERAS_AT_ONCE = 20


class NoQuery(CoreError):  # noqa: N818 -- an answer, not a fault
    """None of the query pictures can be searched by; the message says why."""


def search(search_id: int) -> None:
    """Run the search, if this worker gets it; failure is written on the row, not raised."""
    rows = Search.objects.select_related("request", "requested_by")
    run_job(rows, search_id, _run, on_failure=events.push_search_progress)


def _run(row: Search) -> None:
    query = query_features(row)
    jobs.renew_claim(row, progress=0.05, sightings_compared=0)
    events.push_search_progress(row)
    camera_ids = list(row.cameras.values_list("pk", flat=True))
    best: list[Match] = []
    for done, batch in _batches(camera_ids):
        features = searchable_features(row, batch)
        found = get_gallery().search(query, features, limit=row.limit)
        best = sorted([*best, *found], key=lambda match: (-match.score, match.sighting_id))[: row.limit]
        with transaction.atomic():
            compared = row.sightings_compared + features.count()
            jobs.renew_claim(row, progress=0.05 + 0.95 * done, sightings_compared=compared)
            write_candidates(row, best)
            keep_likeness(row, query, [match.sighting_id for match in best])
            events.push_search_progress(row)
            events.push(row.request_id, {"type": "candidates.changed", "search": row.pk})
    jobs.end_job(row, JobStatus.DONE, warning=unanalysed_warning(row, camera_ids))
    events.push_search_progress(row)


def query_features(row: Search) -> NDArray[np.float32]:
    """Return the query's Q×D unit vectors; a picture that shows nobody keeps its error on its row."""
    vectors = []
    for picture in row.pictures.filter(error=""):
        try:
            vectors.append(_embed(row, picture))
        except (NoQuery, ImageError, OSError) as error:
            picture.error = in_words(error, name=picture.original_name)
            picture.save(update_fields=["error"])
    if not vectors:
        raise NoQuery(" ".join(row.pictures.values_list("error", flat=True)))
    return np.concatenate(vectors)


def searchable_features(row: Search, camera_ids: Sequence[int]) -> QuerySet[Feature]:
    """The features that this search may compare: seen by these cameras, in its hours, by right of who asked."""
    assert isinstance(row.requested_by, User)
    sightings = (
        Sighting.objects.visible_to(row.requested_by)
        .current()
        .seen_between(row.starts_at, row.ends_at)
        .filter(camera_id__in=camera_ids, kind=row.kind)
    )
    if not row.includes_small:
        sightings = sightings.filter(is_small=False)
    queried = row.pictures.exclude(sighting=None).values("sighting_id")
    return Feature.objects.of_model(row.embedder).filter(sighting__in=sightings).exclude(sighting__in=queried)


def write_candidates(row: Search, best: Sequence[Match]) -> None:
    """Make the search's open candidates the best so far; what a person has decided about stays.

    Call it in a transaction: rows are locked, so that no decision made meanwhile is deleted, and no sighting that an
    analysis has just replaced is pointed at.
    """
    sighting_ids = [match.sighting_id for match in best]
    fallen = row.candidates.filter(decision=Candidate.Decision.PENDING).exclude(sighting_id__in=sighting_ids)
    locked = list(fallen.select_for_update().values_list("pk", flat=True))
    row.candidates.filter(pk__in=locked).delete()
    alive = set(
        Sighting.objects.filter(pk__in=sighting_ids).select_for_update(no_key=True).values_list("pk", flat=True)
    )
    Candidate.objects.bulk_create(
        [
            Candidate(search=row, sighting_id=match.sighting_id, score=match.score)
            for match in best
            if match.sighting_id in alive
        ],
        ignore_conflicts=True,
    )


def unanalysed_warning(row: Search, camera_ids: Sequence[int]) -> str:
    """Say which cameras' hours were not searched, so that "not found" is not taken for "not there"."""
    recorded = Recording.objects.filter(camera_id__in=camera_ids).overlapping(row.starts_at, row.ends_at)
    silent = row.cameras.exclude(pk__in=recorded.values("camera_id"))
    lines = []
    if silent:
        lines.append(_("No recording in these hours: %s.") % ", ".join(camera.code for camera in silent))
    unread = row.cameras.filter(pk__in=_unread(recorded, row.embedder).values("camera_id"))
    if unread:
        lines.append(_("Not analysed yet: %s.") % ", ".join(camera.code for camera in unread))
    return "\n".join(lines)


def _unread(recorded: RecordingQuerySet, embedder: str) -> RecordingQuerySet:
    """Recordings never analysed, or with sightings that have no feature of this embedder."""
    done = Analysis.objects.filter(status=JobStatus.DONE).values("recording_id")
    foreign = Sighting.objects.current().exclude(features__embedder=embedder).values("recording_id")
    return recorded.filter(~Q(pk__in=done) | Q(pk__in=foreign))


def _embed(row: Search, picture: QueryPicture) -> NDArray[np.float32]:
    image = decode_jpeg(picture.image.read())  # read_image has checked it when it was handed over
    box = picture.box
    if box is None and picture.sighting_id is None:
        box = propose_box(image, get_detector(settings.DETECTOR_MODEL), kind=Kind(row.kind))
        if box is None:
            raise NoQuery(_nobody_found(row.kind) % {"name": picture.original_name})
        picture.x1, picture.y1, picture.x2, picture.y2 = box
        picture.save(update_fields=["x1", "y1", "x2", "y2"])
    return get_embedder(row.embedder).embed([image if box is None else cut_out(image, box)])


def _nobody_found(kind: str) -> str:
    if kind == Sighting.Kind.PERSON:
        return _("%(name)s: no person was found in this picture. Draw a box around the one you mean.")
    return _("%(name)s: no vehicle was found in this picture. Draw a box around the one you mean.")


def cut_out(image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """Return the part of the picture within the box, cut at its edges; at least one pixel."""
    height, width = image.shape[:2]
    x1, y1 = max(0, min(width - 1, int(box[0]))), max(0, min(height - 1, int(box[1])))
    x2, y2 = max(x1 + 1, min(width, round(box[2]))), max(y1 + 1, min(height, round(box[3])))
    return image[y1:y2, x1:x2]


def _batches(camera_ids: Sequence[int]) -> Iterator[tuple[float, Sequence[int]]]:
    for at in range(0, len(camera_ids), CAMERAS_AT_ONCE):
        batch = camera_ids[at : at + CAMERAS_AT_ONCE]
        yield (at + len(batch)) / len(camera_ids), batch
