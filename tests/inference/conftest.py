"""What the tests of the inference app share: models that anybody can check by eye, in place of the shipped ones."""

from pathlib import Path

import pytest

from inference.engine import model_store
from tests.core.tiny_models import write_manifest


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-models")
    write_manifest(folder)
    return folder


@pytest.fixture
def tiny_models(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the models of `tests.core.tiny_models` beside the shipped ones."""
    monkeypatch.setattr(model_store(), "_manifest", tiny_folder / "models.toml")
    monkeypatch.setattr(model_store(), "_mirror", tiny_folder)
    monkeypatch.setattr(model_store(), "_cache_dir", tiny_folder / "cache")
