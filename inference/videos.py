"""The decoder's words, said to people: what a look into an uploaded file tells."""

from pathlib import Path

from django.core.exceptions import ValidationError

from cameras.services.recordings import Measured
from inference.core.errors import VideoError
from inference.core.video import probe
from inference.sentences import in_words


def measure_video(path: Path, name: str) -> Measured:
    """Return length, size and rate of a video; ValidationError says why if it is none, calling it by `name`."""
    try:
        info = probe(path)
    except VideoError as error:
        raise ValidationError(in_words(error, name=name)) from error
    return Measured(duration_s=info.duration_s, width=info.width, height=info.height, fps=info.fps)
