"""Cut people out of clips, as training pictures with an identity a track.

    python -m inference.training.reid.cut CLIP [CLIP ...] --out DATA/clips

A picture is named CLIP_TRACK_cam0_NUMBER.jpg. Two tracks of one clip may be two pieces of one way.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from inference.core.detections import Kind
from inference.core.detector import load_detector
from inference.core.images import encode_jpeg
from inference.core.manifest import ModelStore
from inference.core.pipeline import Pipeline, PipelineConfig
from inference.training.tracks import CutConfig, cut

CONFIG = CutConfig(fps=3.0, min_side_px=20.0)
JPEG_QUALITY = 88


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--cache", default="~/.cache/dongseon", help="folder for models")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    detector = load_detector("yolo11n", ModelStore(options.cache))
    pipeline = Pipeline(detector, None, PipelineConfig(fps=CONFIG.fps, kinds=(Kind.PERSON,)))
    for path in options.clips:
        tracks = cut(path, pipeline, CONFIG).pictures
        name = f"{path.parent.name}-{path.stem}".replace("_", "-")
        for track, pictures in tracks.items():
            for number, picture in enumerate(pictures):
                file = options.out / f"{name}_{int(track):04d}_cam0_{number}.jpg"
                file.write_bytes(encode_jpeg(picture, JPEG_QUALITY))
        print(f"{path.name}: {sum(map(len, tracks.values()))} pictures of {len(tracks)} tracks", flush=True)


if __name__ == "__main__":
    main()
