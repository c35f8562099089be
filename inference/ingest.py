"""The analysis job: a recording in, sightings with features, descriptions and plates out, in one transaction.

Running it again on the same recording gives the same sightings and none twice: a track whose picture is the same
keeps its row, and with it every candidate that points at it.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import ProtectedError, prefetch_related_objects
from django.db.models.fields.files import FieldFile

from inference.core.attributes import pack
from inference.core.detections import Box, Kind
from inference.core.pipeline import AnalysisResult, Models, Pipeline, PipelineConfig, TrackResult
from inference.core.plates.track import TrackPlate
from inference.core.trajectory import Trajectory, encode
from inference.engine import get_describer, get_detector, get_embedder, get_plate_spotter, require_made_for
from inference.jobs import run_job
from inference.models import Analysis, Feature, Plate, Sighting
from inference.plate_rows import add_picture, is_same, plate_of
from inference.sentences import in_words
from inference.signals import sightings_written
from portal import jobs
from portal.jobs import JobStatus
from portal.sentences import joined

TrackKey = tuple[str, int, tuple[int, ...]]


def analyse(analysis_id: int) -> None:
    """Run the analysis, if this worker gets it; failure is written on the row, not raised."""
    run_job(Analysis.objects.select_related("recording__camera"), analysis_id, _work, file_name=_known_name)


def _work(analysis: Analysis) -> None:
    write_result(analysis, run_pipeline(analysis))


def run_pipeline(analysis: Analysis) -> AnalysisResult:
    pipeline = Pipeline(get_detector(analysis.detector), models_of(analysis), PipelineConfig(fps=analysis.fps))
    return pipeline.analyse(Path(analysis.recording.file.path), on_progress=_progress_writer(analysis))


def models_of(analysis: Analysis) -> Models:
    """Load what the analysis names for each kind; a model made for the other kind is refused."""
    for kind in Kind:
        require_made_for(kind, embedder=analysis.embedder_of(kind), describer=analysis.describer_of(kind))
    finder, reader = analysis.plate_finder, analysis.plate_reader
    require_made_for(Kind.VEHICLE, plate_finder=finder, plate_reader=reader)
    camera = analysis.recording.camera_id
    return Models(
        embedders={kind: get_embedder(model_id, camera) for kind in Kind if (model_id := analysis.embedder_of(kind))},
        describers={kind: get_describer(model_id) for kind in Kind if (model_id := analysis.describer_of(kind))},
        plates=get_plate_spotter(finder, reader) if finder and reader else None,
    )


def write_result(analysis: Analysis, result: AnalysisResult) -> None:
    """Make the recording's sightings those of `result`, and end the job, in one transaction."""
    new_files: list[FieldFile] = []
    try:
        with transaction.atomic():
            jobs.renew_claim(analysis, frames_read=result.frames_read)
            existing = {_key_of(row): row for row in analysis.recording.sightings.current()}
            # Track numbers are unique among current rows; make room before they are dealt out again.
            wanted = {_key_of_track(track) for track in result.tracks}
            _drop([row for key, row in existing.items() if key not in wanted])
            kept = {key: row for key, row in existing.items() if key in wanted}
            _park_numbers(kept.values())
            for track in result.tracks:
                row = kept.pop(_key_of_track(track), None)
                if row is None:
                    row = _new_sighting(analysis, track)
                    new_files.append(row.image)
                _write_sighting(row, analysis, track, new_files)
            jobs.end_job(
                analysis,
                JobStatus.DONE,
                sightings_written=len(result.tracks),
                warning=joined((in_words(one, name=_known_name(analysis)) for one in result.warnings), by="\n"),
            )
            tell = partial(sightings_written.send_robust, sender=Analysis, analysis_id=analysis.pk)
            transaction.on_commit(tell, robust=True)
    except BaseException:
        for file in new_files:
            file.storage.delete(str(file.name))
        raise


def _progress_writer(analysis: Analysis) -> Callable[[float, int], None]:
    return jobs.now_and_then(
        lambda share, frames: jobs.renew_claim(analysis, progress=min(share, 0.99), frames_read=frames)
    )


def _key(kind: str, frame: int, box: tuple[float, ...]) -> TrackKey:
    return kind, frame, tuple(round(edge) for edge in box)


def _key_of(row: Sighting) -> TrackKey:
    return _key(row.kind, row.frame, row.box)


def _key_of_track(track: TrackResult) -> TrackKey:
    return _key(str(track.kind), track.best_frame, track.box)


def _drop(rows: list[Sighting]) -> None:
    prefetch_related_objects(rows, "plates")
    for row in rows:
        images = [row.image, *(plate.image for plate in row.plates.all())]
        try:
            with transaction.atomic():
                row.delete()
            for image in images:
                _delete_on_commit(image)
        except ProtectedError:
            Sighting.objects.filter(pk=row.pk).update(is_superseded=True)


def _delete_on_commit(file: FieldFile) -> None:
    transaction.on_commit(partial(file.storage.delete, str(file.name)), robust=True)


def _park_numbers(rows: Iterable[Sighting]) -> None:
    for row in rows:
        row.track_number += 1_000_000_000
        row.save(update_fields=["track_number"])


def _new_sighting(analysis: Analysis, track: TrackResult) -> Sighting:
    row = Sighting(recording=analysis.recording, camera=analysis.recording.camera)
    row.image.save("track.jpg", ContentFile(track.image_jpeg), save=False)
    return row


def _write_sighting(row: Sighting, analysis: Analysis, track: TrackResult, new_files: list[FieldFile]) -> None:
    before = _place_of(row)
    _fill(row, analysis, track)
    row.save()
    _write_feature(row, analysis.embedder_of(row.kind), track)
    _write_description(row, analysis.describer_of(row.kind), track)
    _write_plate(row, analysis.plate_reader, track, new_files, has_moved=_place_of(row) != before)


def _place_of(row: Sighting) -> tuple[object, ...]:
    """What says whether a search of plates may see it."""
    return row.first_seen_at, row.last_seen_at, row.is_small


def _fill(row: Sighting, analysis: Analysis, track: TrackResult) -> None:
    time_at = analysis.recording.time_at
    row.analysis, row.track_number, row.kind = analysis, track.number, str(track.kind)
    row.is_small, row.score, row.frame = track.is_small, track.score, track.best_frame
    row.first_seen_at, row.last_seen_at = time_at(track.first_s), time_at(track.last_s)
    row.seen_at = time_at(track.best_s)
    row.x1, row.y1, row.x2, row.y2 = (float(edge) for edge in track.box)
    row.observations = len(track.observations)
    if track.kind == Kind.VEHICLE and analysis.plate_reader:
        row.plate_reader = analysis.plate_reader
    row.trajectory = encode(Trajectory.of((time_s, Box(*edges)) for _, time_s, *edges, _ in track.observations))


def _write_feature(row: Sighting, embedder: str, track: TrackResult) -> None:
    """Write the track's vector, unless the same one is already there. Vectors are never changed in place."""
    if track.feature is None:
        return
    vector = track.feature.astype("<f2").tobytes()
    old = row.features.of_model(embedder).first()
    if old is not None and bytes(old.vector) == vector:
        return
    if old is not None:
        old.delete()
    Feature.objects.create(sighting=row, embedder=embedder, vector=vector)


def _write_description(row: Sighting, describer: str, track: TrackResult) -> None:
    """Write what the track looks like, unless the same is already there."""
    if track.description is None:
        return
    probabilities = pack(track.description)
    old = row.descriptions.of_model(describer).first()
    if old is None:
        row.descriptions.create(describer=describer, probabilities=probabilities)
    elif bytes(old.probabilities) != probabilities:
        old.probabilities = probabilities
        old.save(update_fields=["probabilities"])


def _write_plate(
    row: Sighting, reader: str, track: TrackResult, new_files: list[FieldFile], *, has_moved: bool
) -> None:
    """Make the sighting's plate of this reader what was read, unless it is already so. Rows are never changed in place:
    a sighting with other times gets a new one too."""
    if not reader:
        return
    old, new = row.plates.of_reader(reader).first(), _plate_of(row, reader, track.plate)
    if old is not None and new is not None and not has_moved and is_same(old, new):
        return
    if old is not None:
        old.delete()
        _delete_on_commit(old.image)
    if new is not None and track.plate is not None:
        add_picture(new, track.plate.image_jpeg)
        new_files.append(new.image)
        new.save()


def _plate_of(row: Sighting, reader: str, plate: TrackPlate | None) -> Plate | None:
    if plate is None:
        return None
    seen_at = row.recording.time_at(plate.time_s)
    return plate_of(row, reader, plate.read, reads=plate.reads, seen_at=seen_at)


def _known_name(analysis: Analysis) -> str:
    return analysis.recording.original_name or str(analysis.recording)
