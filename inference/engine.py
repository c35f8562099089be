"""The models, loaded once per worker process, as the settings name them."""

import logging
from functools import cache
from pathlib import Path

from django.conf import settings

from inference.core.detector import Detector, load_detector
from inference.core.manifest import ModelStore
from inference.core.openvino_engine import EngineConfig
from inference.core.reid import Embedder, load_embedder
from inference.gallery import FaissGallery, Gallery

logger = logging.getLogger(__name__)


@cache
def model_store() -> ModelStore:
    mirror = settings.MODEL_MIRROR_DIR
    return ModelStore(settings.MODEL_CACHE_DIR, mirror=Path(mirror) if mirror else None, progress=logger.info)


@cache
def get_detector(model_id: str) -> Detector:
    return load_detector(model_id, model_store(), engine=_engine())


@cache
def get_embedder(model_id: str) -> Embedder:
    return load_embedder(model_id, model_store(), engine=_engine())


@cache
def get_gallery() -> Gallery:
    return FaissGallery(settings.GALLERY_DIR)


def _engine() -> EngineConfig:
    return EngineConfig(threads=settings.INFERENCE_THREADS)
