"""Everybody is masked: clips and stills in which only the target can be recognised.

Who is masked comes from two sides: the tracks that analysis stored, and a detector that looks again with a low
threshold, so that people whom analysis never followed are masked too. Where one of them overlaps the target, what
lies outside the target's box is masked and what lies inside stays visible. Knows no database and no rights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from inference.core.ahead import ahead
from inference.core.clips import Clip, check_times, finished, unfinished
from inference.core.crowd import DEFAULT_MASK_CONFIG, Crowd, Looks, MaskConfig, look
from inference.core.detections import Box
from inference.core.detector.base import Detector
from inference.core.mosaic import grown, outline, pixelate
from inference.core.trajectory import Trajectory
from inference.core.video import Frame, ReadReport, VideoInfo, probe, read_frames

Image = NDArray[np.uint8]
Progress = Callable[[float, int], None]
TICK = Fraction(1, 90_000)
# Of the progress; the rest is writing.
LOOKING_SHARE = 0.8


def mask_clip(
    source: Path | str,
    target: Path | str,
    *,
    start_s: float,
    end_s: float,
    spared: Sequence[Trajectory] = (),
    masked: Sequence[Trajectory] = (),
    detector: Detector,
    on_progress: Progress | None = None,
    config: MaskConfig = DEFAULT_MASK_CONFIG,
) -> Clip:
    """Write a part of a recording anew, as H.264 in MP4, with everybody masked but the spared.

    Args:
        source: A local recording.
        target: Where the clip goes; its suffix becomes .mp4. Nothing stands there until the clip is whole.
        start_s, end_s: Seconds from the first frame; the end is not included.
        spared: Who stays visible: the target, and whoever a person has unmasked.
        masked: Stored tracks of everybody else.
        detector: Looks for those whom nobody tracked.
        on_progress: Called with the share done (0–1) and the frames written.
        config: Thresholds.

    Returns:
        The clip, with the times of its first and last frame.

    Raises:
        VideoError: The recording cannot be read, or has no frame in the asked-for time.
        ClipError: The times are in the wrong order, or the clip cannot be written.
    """
    check_times(start_s, end_s)
    job = _Job(Path(source), max(start_s, 0.0), end_s, probe(source), config, on_progress or _quiet)
    crowd = Crowd(spared, masked, _look(job, detector, spared), config)
    target = Path(target).with_suffix(".mp4")
    report = ReadReport()
    with unfinished(target) as part:
        times_s = _write(job, part, crowd, report)
        clip = finished(part, times_s, warnings=report.warnings)
    job.on_progress(1.0, clip.frames)
    return replace(clip, path=target)


def mask_image(
    image: Image,
    *,
    spared_boxes: Iterable[Box] = (),
    masked_boxes: Iterable[Box] = (),
    outline_colour: tuple[int, int, int] | None = None,
    config: MaskConfig = DEFAULT_MASK_CONFIG,
) -> Image:
    """Mask people in a still picture.

    Args:
        image: H×W×3 uint8 BGR; is not changed.
        spared_boxes: What stays visible, in pixels of the picture.
        masked_boxes: Who is masked outside of those.
        outline_colour: BGR of a thin frame around the spared boxes; None for none.
        config: Thresholds.

    Returns:
        H×W×3 uint8 BGR.
    """
    spared = [grown(box, config.spared_margin) for box in spared_boxes]
    result = pixelate(image, masked_boxes, spared, config.mosaic)
    for box in spared:
        if outline_colour is not None:
            outline(result, box, outline_colour)
    return result


def _quiet(share: float, frames: int) -> None:
    pass


@dataclass(frozen=True)
class _Job:
    """One masking of one part of one recording."""

    source: Path
    start_s: float
    end_s: float
    info: VideoInfo
    config: MaskConfig
    on_progress: Progress

    def frames(self, *, fps: float | None, around_s: float, report: ReadReport) -> Iterator[Frame]:
        start_s, end_s = max(self.start_s - around_s, 0.0), self.end_s + around_s
        frames = read_frames(self.source, fps=fps, start_s=start_s, end_s=end_s, report=report)
        return ahead(frames, self.config.frames_ahead) if self.config.frames_ahead else frames

    def tell(self, time_s: float, done: float, part: float, frames: int) -> None:
        """Report `done`, and of `part` the share that `time_s` lies within the clip."""
        end_s = min(self.end_s, self.info.duration_s) if self.info.duration_s else self.end_s
        share = (time_s - self.start_s) / max(end_s - self.start_s, 1e-9)
        self.on_progress(done + part * min(max(share, 0.0), 1.0), frames)


def _look(job: _Job, detector: Detector, spared: Sequence[Trajectory]) -> Looks:
    """Let the detector look through the clip, and around it for those who are hidden at its edges."""
    config = job.config
    frames = job.frames(fps=config.detect_fps, around_s=config.bridged_s, report=ReadReport())
    return look(frames, detector, spared, config, lambda time_s: job.tell(time_s, 0.0, LOOKING_SHARE, 0))


def _write(job: _Job, part: Path, crowd: Crowd, report: ReadReport) -> list[float]:
    """Encode the masked frames; return their times in the recording."""
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    times_s: list[float] = []
    with av.open(str(part), "w", options=options) as container:
        stream = _add_stream(container, job.info, job.config)
        for frame in job.frames(fps=None, around_s=0.0, report=report):
            times_s.append(frame.time_s)
            masked, shown = crowd.masked_at(frame.time_s), crowd.shown_at(frame.time_s)
            image = pixelate(frame.image, masked, shown, job.config.mosaic)
            # A new picture: nothing of the source's side data can come along.
            picture = av.VideoFrame.from_ndarray(_even(image), format="bgr24")
            picture.pts, picture.time_base = round((frame.time_s - times_s[0]) / TICK), TICK
            container.mux(stream.encode(picture))
            job.tell(frame.time_s, LOOKING_SHARE, 1 - LOOKING_SHARE, len(times_s))
        container.mux(stream.encode(None))
    return times_s


def _add_stream(container: OutputContainer, info: VideoInfo, config: MaskConfig) -> VideoStream:
    rate = Fraction(info.fps).limit_denominator(1001)
    stream = container.add_stream("libx264", rate=rate, options={"crf": str(config.crf), "preset": config.preset})
    stream.width, stream.height, stream.pix_fmt = info.width + info.width % 2, info.height + info.height % 2, "yuv420p"
    stream.codec_context.time_base = TICK
    stream.codec_context.gop_size = max(1, round(info.fps * config.key_every_s))
    return stream


def _even(image: Image) -> Image:
    """Repeat the last column or row where the size is odd: yuv420p halves it."""
    height, width = image.shape[:2]
    if not (height % 2 or width % 2):
        return image
    return cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
