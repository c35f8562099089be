"""The command line of the core: `python -m inference.core track|embed|plates|attributes|models`.

Progress goes to stderr. Bad input ends with one clear line and exit code 1, wrong use with 2.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inference.core.detections import Kind
from inference.core.errors import CoreError, ImageError, ModelError
from inference.core.manifest import MANIFEST, ModelState, ModelStore, default_model
from inference.core.openvino_engine import EngineConfig
from inference.core.plates.reads import DOUBTFUL_BELOW, LEAST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inference.core.attributes import Answers
    from inference.core.picture_files import PictureFile
    from inference.core.plates.reader import PlateReader

Command = Callable[[argparse.Namespace], int]
# Text and confidence of each plate, the surest first.
Plates = list[tuple[str, float]]

DEFAULT_CACHE = "~/.cache/dongseon"
DEFAULT_DETECTOR = "yolo11n"
# Crops decoded and embedded at a time; bounds memory on folders of any size. Whole pictures are taken one by one.
_CHUNK = 64
_TELL_EVERY = 16
_MOST_THREADS = 1024
_LEAST_FPS, _MOST_FPS = 0.001, 1000.0  # a frame in a quarter of an hour
# Smaller pictures of plates are refused: 12 px are the least that is read.
_LEAST_PLATE_PX = (24, 8)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except (CoreError, OSError) as error:
        _say(f"error: {_one_line(error)}")
        return 1
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    return code


def track(options: argparse.Namespace) -> int:
    """Follow persons and vehicles through a recording and write the MOT format."""
    from inference.core.detector import load_detector
    from inference.core.mot import format_row
    from inference.core.pipeline import Pipeline, PipelineConfig

    _check_output(options.out)
    detector = load_detector(options.detector, _store(options), engine=_engine(options))
    pipeline = Pipeline(detector, None, PipelineConfig(fps=options.fps, kinds=options.kinds))
    rows = list(pipeline.track(options.video, on_progress=_show_share, on_warning=_warn))
    _write_text(options.out, "".join(format_row(row) + "\n" for row in rows))
    _say(f"{len(rows)} boxes of {len({row.track for row in rows})} tracks written to {options.out}")
    return 0


def embed(options: argparse.Namespace) -> int:
    """Compute the features of pictures that are already cut tight and write them as .npz."""
    import numpy as np

    from inference.core.picture_files import picture_files
    from inference.core.reid import embed_query, load_embedder

    _check_output(options.out)
    files = picture_files(options.sources)
    embedder = load_embedder(_model(options, "reid"), _store(options), kind=options.kind, engine=_engine(options))
    names: list[str] = []
    features = [np.zeros((0, embedder.dimension), np.float32)]
    for read, crops in _chunks(files):
        names += read
        features.append(embed_query(embedder, crops, options.kind) if options.as_query else embedder.embed(crops))
    with options.out.open("wb") as file:
        np.savez(file, name=np.asarray(names), feature=np.concatenate(features))
    return 0


def plates(options: argparse.Namespace) -> int:
    """Read the number plates of whole pictures, or of pictures that are plates already, and write them as JSON."""
    from inference.core.picture_files import picture_files

    if options.crops and (options.detector or options.finder):
        options.refuse("with --crops nothing is looked for: --detector and --finder do not belong to it")
    _check_output(options.out)
    files = picture_files(options.sources)
    read = _plate_crops if options.crops else _whole_pictures
    said = {name: [[text, round(confidence, 5)] for text, confidence in found] for name, found in read(options, files)}
    _write_text(options.out, json.dumps(said, ensure_ascii=False, indent=1) + "\n")
    return 0


def attributes(options: argparse.Namespace) -> int:
    """Say what pictures that are already cut tight show, and write it as JSON."""
    from inference.core.attributes import answers, load_describer
    from inference.core.picture_files import picture_files

    _check_output(options.out)
    files = picture_files(options.sources)
    describer = load_describer(
        _model(options, "describer"), _store(options), kind=options.kind, engine=_engine(options)
    )
    said = {}
    for names, crops in _chunks(files):
        rows = describer.describe(crops)
        said.update({name: _rounded(answers(describer.heads, row)) for name, row in zip(names, rows, strict=True)})
    _write_text(options.out, json.dumps(said, ensure_ascii=False, indent=1) + "\n")
    return 0


def models(options: argparse.Namespace) -> int:
    """List, fetch or verify the models of the manifest."""
    store = _store(options)
    states = {"list": store.list, "fetch": store.fetch_all, "verify": store.verify}[options.action]()
    for state in states:
        _print_state(state)
    return 1 if any(state.state == "wrong hash" for state in states) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.core", description="Dongseon's core, without the portal.", parents=[_shared()]
    )
    parser.set_defaults(
        cache=os.environ.get("DONGSEON_CACHE", DEFAULT_CACHE),
        mirror=os.environ.get("DONGSEON_MODEL_MIRROR"),
        manifest=os.environ.get("DONGSEON_MODEL_MANIFEST", MANIFEST),
        threads=0,
    )
    commands = parser.add_subparsers(required=True, metavar="track|embed|plates|attributes|models")
    _add_track(_command(commands, track))
    _add_embed(_command(commands, embed))
    _add_plates(_command(commands, plates))
    _add_attributes(_command(commands, attributes))
    listing = _command(commands, models)
    listing.add_argument("action", nargs="?", choices=["list", "fetch", "verify"], default="list")
    listing.set_defaults(command=models)
    return parser


def _command(commands: argparse._SubParsersAction[argparse.ArgumentParser], verb: Command) -> argparse.ArgumentParser:
    return commands.add_parser(verb.__name__, help=verb.__doc__, description=verb.__doc__, parents=[_shared()])


def _shared() -> argparse.ArgumentParser:
    """The options of every command. Without defaults: a command's would undo what was given before it."""
    parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = parser.add_argument_group("options of every command, which may stand before or after it")
    group.add_argument("--cache", help=f"folder for models; by default $DONGSEON_CACHE, else {DEFAULT_CACHE}")
    group.add_argument("--mirror", help="folder to take model files from; by default $DONGSEON_MODEL_MIRROR, if set")
    words = "another models.toml, for models of your own; by default $DONGSEON_MODEL_MANIFEST, else the one shipped"
    group.add_argument("--manifest", type=Path, help=words)
    group.add_argument("--threads", type=_threads, help="threads for one network; 0, the default, takes all cores")
    return parser


def _add_track(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="text file in MOT format")
    parser.add_argument("--fps", type=_rate, default=None, help="frames looked at per second; default all")
    parser.add_argument("--kinds", type=_kinds, default=tuple(Kind), help="person,vehicle")
    parser.add_argument("--detector", default=DEFAULT_DETECTOR, help="model id of the detector")
    parser.set_defaults(command=track)


def _add_embed(parser: argparse.ArgumentParser) -> None:
    _add_crops(parser)
    parser.add_argument("--out", type=Path, required=True, help=".npz file with arrays name and feature")
    words = "as a search embeds what it looks for: of people, the mean of a picture and its mirror image"
    parser.add_argument("--as-query", action="store_true", help=words)
    parser.set_defaults(command=embed)


def _add_plates(parser: argparse.ArgumentParser) -> None:
    _add_sources(parser)
    parser.add_argument("--crops", action="store_true", help="the pictures are plates already, cut with some margin")
    words = (
        "JSON file: name, [[text, confidence], ...], the surest first; confidence is the share of such reads that are "
        f"right, 0 to 1, and a plate read with less than {DOUBTFUL_BELOW:g} is shown as doubtful by the portal"
    )
    parser.add_argument("--out", type=Path, required=True, help=words)
    parser.add_argument("--detector", help=f"model id of the detector; by default {DEFAULT_DETECTOR}")
    parser.add_argument("--finder", help="model id of the plate finder; by default the manifest's")
    parser.add_argument("--reader", help="model id of the plate reader; by default the manifest's")
    parser.set_defaults(command=plates, refuse=parser.error)


def _add_attributes(parser: argparse.ArgumentParser) -> None:
    _add_crops(parser)
    parser.add_argument("--out", type=Path, required=True, help="JSON file: name, attribute, [value, probability]")
    parser.set_defaults(command=attributes)


def _add_crops(parser: argparse.ArgumentParser) -> None:
    _add_sources(parser)
    parser.add_argument("--kind", type=Kind, choices=list(Kind), required=True, help="what the pictures show")
    parser.add_argument("--model", help="model id; by default the manifest's for the kind")


def _add_sources(parser: argparse.ArgumentParser) -> None:
    words = (
        "pictures, and folders with the pictures in them and their subfolders, linked ones too, each once; what a "
        "folder holds is named by its path in the folder, and pictures that would share a name by their paths as given "
        "here"
    )
    parser.add_argument("sources", type=Path, nargs="+", metavar="FILE_OR_DIR", help=words)


def _threads(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _MOST_THREADS):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {_MOST_THREADS}")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not _LEAST_FPS <= rate <= _MOST_FPS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {_LEAST_FPS:g} to {_MOST_FPS:g}")
    return rate


def _kinds(text: str) -> tuple[Kind, ...]:
    try:
        return tuple(Kind(name.strip()) for name in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be person, vehicle or person,vehicle") from error


def _store(options: argparse.Namespace) -> ModelStore:
    return ModelStore(options.cache, options.mirror, manifest=options.manifest, progress=_say)


def _model(options: argparse.Namespace, task: str) -> str:
    model_id: str = options.model or default_model(task, options.kind, manifest=options.manifest)
    if not model_id:
        raise ModelError(f"The manifest has no {task} for {options.kind}; name one with --model.")
    return model_id


def _plate_model(options: argparse.Namespace, named: str | None, task: str) -> str:
    model_id = named or default_model(task, Kind.VEHICLE, manifest=options.manifest)
    if not model_id:
        raise ModelError(f"The manifest has no {task}; name one with --{task.removeprefix('plate-')}.")
    return model_id


def _plate_reader(options: argparse.Namespace) -> PlateReader:
    from inference.core.plates.reader import load_plate_reader

    model_id = _plate_model(options, options.reader, "plate-reader")
    return load_plate_reader(model_id, _store(options), engine=_engine(options))


def _plate_crops(options: argparse.Namespace, files: list[PictureFile]) -> Iterator[tuple[str, Plates]]:
    reader = _plate_reader(options)
    for names, crops in _chunks(files, least_px=_LEAST_PLATE_PX):
        for name, read in zip(names, reader.read(crops), strict=True):
            yield name, [(read.text, read.confidence)] if read and read.confidence >= LEAST else []


def _whole_pictures(options: argparse.Namespace, files: list[PictureFile]) -> Iterator[tuple[str, Plates]]:
    from inference.core.detector import load_detector
    from inference.core.plates.finder import load_plate_finder
    from inference.core.plates.scan import scan
    from inference.core.plates.spotter import PlateSpotter

    reader = _plate_reader(options)
    model_id = _plate_model(options, options.finder, "plate-finder")
    spotter = PlateSpotter(load_plate_finder(model_id, _store(options), engine=_engine(options)), reader)
    detector = load_detector(options.detector or DEFAULT_DETECTOR, _store(options), engine=_engine(options))
    for (name,), (picture,) in _chunks(files, at_a_time=1):
        yield name, [(seen.read.text, seen.read.confidence) for seen in scan(picture, detector, spotter)]


def _engine(options: argparse.Namespace) -> EngineConfig:
    return EngineConfig(threads=options.threads)


def _rounded(said: Answers) -> Answers:
    return {name: [(value, round(probability, 5)) for value, probability in pairs] for name, pairs in said.items()}


def _chunks(
    files: list[PictureFile], at_a_time: int = _CHUNK, **limits: tuple[int, int]
) -> Iterator[tuple[list[str], list[NDArray[np.uint8]]]]:
    """Read pictures some at a time: names and crops. Those that cannot be read are named on stderr, left out."""
    count = 0
    for start in range(0, len(files), at_a_time):
        part = files[start : start + at_a_time]
        crops = _read_crops(part, **limits)
        if crops:
            yield [name for name, _ in crops], [crop for _, crop in crops]
        count += len(crops)
        if start // _TELL_EVERY != (start + len(part)) // _TELL_EVERY or part[-1] is files[-1]:
            _say(f"{count} of {len(files)} pictures")
    if not count:
        raise ImageError("None of the pictures could be read.")


def _read_crops(files: list[PictureFile], **limits: tuple[int, int]) -> list[tuple[str, NDArray[np.uint8]]]:
    from inference.core.images import read_image

    crops = []
    for file in files:
        try:
            crops.append((file.name, read_image(file.path, **limits)))
        except ImageError as error:
            _say(f"skipped {file.name}: {error}")
    return crops


def _check_output(path: Path) -> None:
    """Refuse before hours of work, not after."""
    if str(path) == "-":
        raise CoreError("- is no file: name one. What is written does not go to standard output.")
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise CoreError(f"{path} cannot be written: it is a folder, or its folder does not exist.")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _print_state(state: ModelState) -> None:
    print(f"{state.entry.id}\t{state.entry.task}\t{state.state}\t{state.entry.licence}\t{state.path or ''}")


def _show_share(share: float, frames: int) -> None:
    print(f"\r{share:4.0%}, {frames} frames", end="\n" if share >= 1 else "", file=sys.stderr, flush=True)


def _warn(warning: str) -> None:
    _say(f"warning: {warning}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
