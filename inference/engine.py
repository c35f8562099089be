"""The models, loaded once per worker process, as the settings name them."""

import logging
from functools import cache
from pathlib import Path

from django.conf import settings

from inference.core.attributes import Describer, load_describer
from inference.core.detections import Kind
from inference.core.detector import Detector, load_detector
from inference.core.errors import CoreError
from inference.core.manifest import ModelStore, base_of
from inference.core.openvino_engine import EngineConfig
from inference.core.plates import Confusions, default_confusions, load_confusions
from inference.core.plates.finder import load_plate_finder
from inference.core.plates.reader import load_plate_reader
from inference.core.plates.spotter import PlateSpotter
from inference.core.reid import Embedder, load_embedder
from inference.gallery import FaissGallery, Gallery
from inference.tuning import is_tuned, tuned_embedder

logger = logging.getLogger(__name__)

CONFUSIONS_SUFFIX = ".tsv"


@cache
def model_store() -> ModelStore:
    mirror = settings.MODEL_MIRROR_DIR
    folder = Path(mirror) if mirror else None
    return ModelStore(settings.MODEL_CACHE_DIR, mirror=folder, manifest=settings.MODEL_MANIFEST, progress=logger.info)


@cache
def get_detector(model_id: str) -> Detector:
    return load_detector(model_id, model_store(), engine=_engine())


def get_embedder(model_id: str, camera: int | None = None) -> Embedder:
    """Load an embedder; `camera` is where its crops come from, which a model tuned to the site wants to know."""
    base = _embedder(base_of(model_id))
    return tuned_embedder(model_id, base, camera) if is_tuned(model_id) else base


@cache
def _embedder(model_id: str) -> Embedder:
    return load_embedder(model_id, model_store(), engine=_engine())


@cache
def get_describer(model_id: str) -> Describer:
    return load_describer(model_id, model_store(), engine=_engine())


@cache
def get_plate_spotter(finder: str, reader: str) -> PlateSpotter:
    store, config = model_store(), _engine()
    return PlateSpotter(
        load_plate_finder(finder, store, engine=config), load_plate_reader(reader, store, engine=config)
    )


def confusions_of(reader: str) -> Confusions:
    """What this reader takes for what: the table beside its weights, if the manifest names one that can be had; the
    prior if there is no reader."""
    if not reader:
        return default_confusions()
    try:
        return _own_confusions(reader)
    except CoreError as error:  # plates stay to be found when their reader is gone
        logger.warning("confusions of %s: %s", reader, error)
        return default_confusions()


@cache  # a list that grows asks again and again, and the files are hashed each time; what failed is tried anew
def _own_confusions(reader: str) -> Confusions:
    entry = model_store().entry(reader, task="plate-reader")
    names = [file.name for file in entry.files if file.name.endswith(CONFUSIONS_SUFFIX)]
    return load_confusions(model_store().path(reader).with_name(names[0])) if names else default_confusions()


def embedder_id(kind: Kind | str) -> str:
    """The model that the settings name for features of this kind."""
    return str(settings.EMBEDDER_MODEL if kind == Kind.PERSON else settings.VEHICLE_EMBEDDER_MODEL)


def describer_id(kind: Kind | str) -> str:
    """The model that the settings name for descriptions of this kind; empty for none."""
    return str(settings.PERSON_DESCRIBER_MODEL if kind == Kind.PERSON else settings.VEHICLE_DESCRIBER_MODEL)


def plate_models() -> tuple[str, str]:
    """The finder and the reader of number plates that the settings name; both empty unless there are both."""
    finder, reader = settings.PLATE_FINDER_MODEL, settings.PLATE_READER_MODEL
    return (finder, reader) if finder and reader else ("", "")


def models_of_settings() -> dict[str, str]:
    """What a new analysis runs with, by the names of its fields."""
    plate_finder, plate_reader = plate_models()
    return {
        "detector": settings.DETECTOR_MODEL,
        "embedder": embedder_id(Kind.PERSON),
        "vehicle_embedder": embedder_id(Kind.VEHICLE),
        "person_describer": describer_id(Kind.PERSON),
        "vehicle_describer": describer_id(Kind.VEHICLE),
        "plate_finder": plate_finder,
        "plate_reader": plate_reader,
    }


def models_in_use() -> list[str]:
    """Ids of the manifest's models that the settings name, each once."""
    return list(dict.fromkeys(base_of(model_id) for model_id in models_of_settings().values() if model_id))


def require_made_for(
    kind: Kind | str, *, embedder: str = "", describer: str = "", plate_finder: str = "", plate_reader: str = ""
) -> None:
    """Refuse models that were made for something else; an empty id is no model.

    Raises:
        ModelError: Unknown, of another task, or made for the other kind.
    """
    named = {"reid": embedder, "describer": describer, "plate-finder": plate_finder, "plate-reader": plate_reader}
    for task, model_id in named.items():
        if model_id:
            model_store().entry(base_of(model_id), task=task, kind=kind)


@cache
def get_gallery() -> Gallery:
    return FaissGallery(settings.GALLERY_DIR)


def _engine() -> EngineConfig:
    return EngineConfig(threads=settings.INFERENCE_THREADS)
