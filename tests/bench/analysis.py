"""How long the analysis of the whole demo clip takes, features and database included: 80 s of footage at 5 frames/s."""

from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.utils import timezone

from cameras.models import Camera
from cameras.services.recordings import add_recording
from inference import ingest
from inference.engine import get_detector, models_of_settings
from inference.models import Analysis
from inference.videos import measure_video
from portal.accounts.models import Agency, User

BAR_S = 30.0
RUNS = 2


def main(clip: Path) -> None:
    get_detector(settings.DETECTOR_MODEL)
    centre = Agency.objects.create(name="Analysis bench", kind="centre")
    operator = User.objects.create(username="analysis-bench", role="operator", agency=centre)
    camera = Camera.objects.create(code="A1", name="A1", latitude=36, longitude=127, centre=centre)
    with clip.open("rb") as file:
        recording = add_recording(
            camera,
            file=File(file, clip.name),
            started_at=timezone.now(),
            measure=measure_video,
            actor=operator,
        )
    ingest.models_of(Analysis(recording=recording, **models_of_settings()))  # a worker has them loaded
    for _run in range(RUNS):
        analysis = Analysis.objects.create(recording=recording, **models_of_settings(), fps=5)
        ingest.analyse(analysis.pk)
        analysis.refresh_from_db()
        assert analysis.status == "done", analysis.error
        took_s = analysis.seconds or 0.0
        print(
            f"  {recording.duration_s:.0f} s of footage, {analysis.frames_read} frames at 5/s, "
            f"{analysis.sightings_written} sightings: {took_s:.1f} s, {recording.duration_s / took_s:.1f} times real "
            f"time; bar {BAR_S:g} s: {'held' if took_s < BAR_S else 'MISSED'}"
        )
