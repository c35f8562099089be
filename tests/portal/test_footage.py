"""The demo's footage: fetched from the first carrier that answers, refused if it is another file, cut in two."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from inference.core.video import probe, read_frames
from portal.demo import footage


@pytest.fixture
def cache(settings: Any, tmp_path: Path) -> Path:
    settings.MODEL_CACHE_DIR = tmp_path / "cache"
    settings.MODEL_MIRROR_DIR = ""
    return tmp_path / "cache"


@pytest.fixture
def drawn_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clip whose left half is dark and whose right half is bright, standing in for the real one."""
    path = tmp_path / "drawn.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _number in range(20):
            image = np.full((240, 320, 3), 30, np.uint8)
            image[:, 160:] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    monkeypatch.setattr(footage, "CLIP_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def carriers(monkeypatch: pytest.MonkeyPatch, *found: Path | Exception | None) -> None:
    def carrier(result: Path | Exception | None) -> Any:
        def fetch(folder: Path) -> Path | None:
            if isinstance(result, Exception):
                raise result
            return Path(shutil.copy(result, folder / "x")) if result else None

        return fetch

    monkeypatch.setattr(footage, "_CARRIERS", [(f"carrier {n}", carrier(result)) for n, result in enumerate(found)])


def test_the_next_carrier_is_asked_when_one_fails(
    cache: Path, drawn_clip: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"another file")
    carriers(monkeypatch, OSError("no network"), None, wrong, drawn_clip)
    said: list[str] = []
    clip = footage.fetch_clip(said.append)
    assert clip.read_bytes() == drawn_clip.read_bytes()
    assert [line.strip() for line in said[1::2]] == [
        "no answer: no network",
        "not there.",
        "another file than expected, not used.",
    ]
    carriers(monkeypatch)  # the second time the cache answers
    assert footage.fetch_clip(said.append) == clip


def test_a_damaged_copy_in_the_cache_is_fetched_again(
    cache: Path, drawn_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carriers(monkeypatch, drawn_clip)
    clip = footage.fetch_clip(lambda line: None)
    clip.write_bytes(b"damaged")
    assert footage.fetch_clip(lambda line: None).read_bytes() == drawn_clip.read_bytes()


def test_without_any_carrier_it_says_how_to_name_a_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carriers(monkeypatch, None, OSError("no network"))
    with pytest.raises(footage.FootageError, match="make demo FOOTAGE="):
        footage.fetch_clip(lambda line: None)


def test_the_mirror_folder_is_a_carrier(settings: Any, cache: Path, drawn_clip: Path, tmp_path: Path) -> None:
    settings.MODEL_MIRROR_DIR = str(tmp_path / "mirror")
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / footage.CLIP_NAME).write_bytes(drawn_clip.read_bytes())
    assert footage.fetch_clip(lambda line: None).exists()


def test_the_halves_show_their_sides_and_keep_all_frames(drawn_clip: Path, tmp_path: Path) -> None:
    left, right = footage.cut_halves(drawn_clip, tmp_path / "halves")
    for half, brightness in ((left, 30), (right, 220)):
        info = probe(half)
        frames = list(read_frames(half))
        assert (info.width, info.height, len(frames)) == (160, 240, 20)
        assert frames[5].image.mean() == pytest.approx(brightness, abs=15)
    before = left.stat().st_mtime_ns
    footage.cut_halves(drawn_clip, tmp_path / "halves")
    assert left.stat().st_mtime_ns == before
