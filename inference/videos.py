"""The decoder's words, said to people: what a look into an uploaded file tells."""

from pathlib import Path

from django.core.exceptions import ValidationError

from cameras.services.recordings import Measured
from inference.core.errors import VideoError
from inference.core.video import probe


def measure_video(path: Path) -> Measured:
    """Return length, size and rate of the video at `path`; ValidationError says why if it is none."""
    try:
        info = probe(path)
    except VideoError as error:
        raise ValidationError(str(error)) from error
    return Measured(duration_s=info.duration_s, width=info.width, height=info.height, fps=info.fps)
