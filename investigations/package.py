"""The evidence package job: an answer in, one signed file out.

Everybody in the clips is masked except the target and whom somebody unmasked with a reason; clips as recorded go in
only where that was decided as well. Whatever cannot be had any more is said in a file of its own, never left out.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cameras.models import Recording
from inference.core import trajectory
from inference.core.clips import cut_clip
from inference.core.crowd import others_in
from inference.core.detections import Box
from inference.core.errors import CoreError, VideoError
from inference.core.images import encode_jpeg
from inference.core.masking import mask_clip, mask_image
from inference.core.trajectory import Trajectory
from inference.core.video import frame_at
from inference.engine import get_detector
from inference.jobs import run_job
from inference.models import Sighting
from inference.sentences import in_words
from investigations import events
from investigations.contents import content_of
from investigations.evidence import keys
from investigations.evidence.archive import ArchiveError, Source, Written
from investigations.evidence.fonts import font_folder
from investigations.evidence.package import make_package as write_package
from investigations.models import AnswerItem, EvidencePackage, Notification
from investigations.models.answer import package_name
from investigations.services.notices import announce
from portal import jobs
from portal.jobs import JobStatus

TARGET_COLOUR = (0, 200, 255)  # BGR: a warm yellow that stands out from grey streets
# Of the progress; the rest is the report and the archive.
CLIPS_SHARE = 0.9
LEFT_OVER_S = 24 * 3600
# Masks are held a moment beyond a track's ends; whoever left earlier, or comes later, is in no picture.
HELD = timedelta(seconds=10)

Files = dict[str, Source]
Teller = Callable[[float, int], None]


@dataclass(frozen=True)
class Company:
    """Who else is to be seen with the target: whom somebody unmasked, and everybody else whom the analysis tracked."""

    spared: list[Trajectory]
    masked: list[Trajectory]


class PackageError(CoreError):
    """The package cannot be made; the message says why."""


def make_package(package_id: int) -> None:
    """Make the package, if this worker gets it; failure is written on the row, not raised."""
    request = "answer__request__"
    rows = EvidencePackage.objects.select_related(
        "requested_by__agency",
        "answer__sent_by__agency",
        f"{request}case__agency",
        f"{request}centre",
        f"{request}basis",
    )
    run_job(rows, package_id, _make, on_failure=events.push_package_progress)


def _make(package: EvidencePackage) -> None:
    parts = Path(settings.MEDIA_ROOT) / "packages"
    parts.mkdir(parents=True, exist_ok=True)
    _sweep(parts)
    with TemporaryDirectory(dir=parts, prefix="part-") as name:
        folder = Path(name)
        files, pictures = collect_files(package, folder)
        try:
            key = keys.signing_key(Path(settings.EVIDENCE_KEY_FILE))
            fonts = font_folder(settings.MODEL_CACHE_DIR, settings.MODEL_MIRROR_DIR or None)
            content = content_of(package, pictures)
            jobs.renew_claim(package, progress=CLIPS_SHARE)  # reports of many sightings take a while
            written = write_package(folder / "package.zip", content, files, key=key, fonts=fonts)
        except (ArchiveError, keys.KeyFileError) as error:
            raise PackageError(str(error)) from error
        _keep(package, folder / "package.zip", written)


def _sweep(parts: Path) -> None:
    """Remove what killed workers left half made."""
    for folder in parts.glob("part-*"):
        if time.time() - folder.stat().st_mtime > LEFT_OVER_S:
            shutil.rmtree(folder, ignore_errors=True)


def collect_files(package: EvidencePackage, folder: Path) -> tuple[Files, dict[int, bytes]]:
    """Cut, mask and draw: return the clips and scenes by their names, and the pictures by their numbers."""
    files: Files = {}
    pictures: dict[int, bytes] = {}
    items = list(package.answer.items.select_related("sighting__camera", "sighting__recording"))
    for at, item in enumerate(items):
        try:
            if item.sighting is not None:
                with item.sighting.image.open("rb") as file:
                    pictures[item.number] = file.read()
            files |= _files_of(package, item, folder, _teller(package, at / len(items), 1 / len(items)))
        except (VideoError, OSError) as error:
            name = item.sighting.recording.original_name if item.sighting else item.camera_code
            said = _("The recording cannot be read: %(error)s") % {"error": in_words(error, name=name)}
            files[f"clips/{_file_name(item)}.txt"] = said.encode()
    return files, pictures


def _files_of(package: EvidencePackage, item: AnswerItem, folder: Path, tell: Teller) -> Files:
    """The scene and the clips of one sighting, or the reason why there are none."""
    name, sighting = _file_name(item), item.sighting
    if sighting is None:
        return {f"clips/{name}.txt": _("The footage was destroyed as the law wants it.").encode()}
    company = _company(package, sighting)
    scene = {f"scenes/{name}.jpg": _scene(sighting, company)}
    return scene | _clips(package, sighting, company, folder / name, tell)


def _file_name(item: AnswerItem) -> str:
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in item.camera_code)
    return f"{item.number:03d}-{plain}"


def _clips(package: EvidencePackage, sighting: Sighting, company: Company, stem: Path, tell: Teller) -> Files:
    recording = sighting.recording
    start_s = _second(recording, sighting.first_seen_at) - package.margin_s
    end_s = _second(recording, sighting.last_seen_at) + package.margin_s
    clip = mask_clip(
        recording.file.path,
        stem.with_name(f"{stem.name}.mp4"),
        start_s=start_s,
        end_s=end_s,
        spared=[_track(sighting), *company.spared],
        masked=company.masked,
        detector=get_detector(settings.DETECTOR_MODEL),
        on_progress=tell,
    )
    files: Files = {f"clips/{stem.name}{clip.path.suffix}": clip.path}
    if package.has_originals:
        original = cut_clip(
            recording.file.path, stem.with_name(f"{stem.name}-original.mp4"), start_s=start_s, end_s=end_s
        )
        files[f"originals/{stem.name}{original.path.suffix}"] = original.path
    return files


def _scene(sighting: Sighting, company: Company) -> bytes:
    """The whole picture at the moment of the best one: the target framed, everybody else masked."""
    recording = sighting.recording
    at_s = _second(recording, sighting.seen_at)
    frame = frame_at(recording.file.path, at_s)
    spared = [Box(*sighting.box), *(box for track in company.spared if (box := track.box_at(at_s)))]
    masked = [box for track in company.masked if (box := track.box_at(at_s))]
    strangers = others_in(frame.image, get_detector(settings.DETECTOR_MODEL), spared)
    image = mask_image(
        frame.image, spared_boxes=spared, masked_boxes=[*masked, *strangers], outline_colour=TARGET_COLOUR
    )
    return encode_jpeg(image, quality=90)


def _company(package: EvidencePackage, sighting: Sighting) -> Company:
    """Read the tracks of all who may be in the clips of a sighting."""
    margin = timedelta(seconds=package.margin_s) + HELD
    others = Sighting.objects.filter(recording=sighting.recording_id).exclude(pk=sighting.pk)
    others = others.seen_between(sighting.first_seen_at - margin, sighting.last_seen_at + margin)
    unmasked = set(package.unmaskings.values_list("sighting_id", flat=True))
    rows = list(others.select_related("recording"))
    return Company(
        spared=[_track(row) for row in rows if row.pk in unmasked],
        masked=[_track(row) for row in rows if row.pk not in unmasked],
    )


def _track(sighting: Sighting) -> Trajectory:
    """The boxes of a sighting; of those analysed before tracks were kept, the one of its picture."""
    if sighting.trajectory:
        return trajectory.decode(bytes(sighting.trajectory))
    return Trajectory((_second(sighting.recording, sighting.seen_at),), (Box(*sighting.box),))


def _second(recording: Recording, moment: datetime) -> float:
    return (moment - recording.started_at).total_seconds()


def _teller(package: EvidencePackage, done: float, share: float) -> Teller:
    """Return what writes a clip's progress on the row."""

    def tell(part: float, frames: int) -> None:
        jobs.renew_claim(package, progress=CLIPS_SHARE * (done + share * part))
        events.push_package_progress(package)

    return jobs.now_and_then(tell)


def _keep(package: EvidencePackage, made: Path, written: Written) -> None:
    """Move the finished file to its place and end the job; a job that was lost meanwhile leaves nothing."""
    storage = package.file.storage
    name = package_name(package, "package.zip")
    target = Path(storage.path(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    made.replace(target)
    try:
        with transaction.atomic():
            jobs.end_job(
                package,
                JobStatus.DONE,
                file=name,
                size=written.size,
                sha256=written.sha256,
                key_fingerprint=written.fingerprint,
            )
            announce(package.answer.request, Notification.Kind.PACKAGE, actor=None)
            events.push_package_progress(package)
    except BaseException:
        storage.delete(name)
        raise
