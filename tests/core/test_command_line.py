import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.core.__main__ import main
from inference.core.mot import read_mot
from tests.core.conftest import MakeVideo, cache_dir


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert "Traceback" not in "".join(lines)
    return lines[-1]


@pytest.mark.footage
@pytest.mark.usefixtures("detector")
def test_track_writes_the_mot_format(vtest: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.txt"
    assert main(["track", str(vtest), "--out", str(out), "--fps", "0.5", "--kinds", "person"]) == 0
    lines = out.read_text().splitlines()
    assert all(len(line.split(",")) == 10 and line.endswith(",0,-1,-1") for line in lines)
    # One frame in 20, numbered as in the video.
    assert set(read_mot(out)) <= set(range(1, 796, 20))


@pytest.mark.footage
@pytest.mark.usefixtures("detector")
@pytest.mark.parametrize(("content", "message"), [(b"text\n" * 99, "not a readable recording"), (b"", "is empty")])
def test_track_refuses_what_is_no_recording(
    content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.mp4").write_bytes(content)
    assert main(["track", str(tmp_path / "bad.mp4"), "--out", str(tmp_path / "out.txt")]) == 1
    assert message in one_line(capsys)
    assert not (tmp_path / "out.txt").exists()


def test_embed_skips_unreadable_pictures_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "crops"
    folder.mkdir()
    for number in range(10):
        image = np.random.default_rng(number).integers(0, 255, (144, 72, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    (folder / "empty.jpg").write_bytes(b"")
    out = tmp_path / "features.npz"
    assert main(["embed", str(folder), "--kind", "person", "--out", str(out)]) == 0
    assert "skipped empty.jpg: The picture is empty" in capsys.readouterr().err
    stored = np.load(out)
    assert stored["name"].tolist() == [f"{number}.png" for number in range(10)]
    assert stored["feature"].dtype == np.float32
    assert np.linalg.norm(stored["feature"], axis=1) == pytest.approx(np.ones(10), abs=1e-5)


def test_embed_fails_when_nothing_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    assert main(["embed", str(tmp_path), "--kind", "person", "--out", str(tmp_path / "f.npz")]) == 1
    assert one_line(capsys) == "error: None of the pictures could be read."


def test_an_output_that_cannot_be_written_is_refused_first(
    make_video: MakeVideo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["track", str(make_video()), "--out", str(tmp_path / "no" / "such" / "folder.txt")]) == 1
    assert "cannot be written" in one_line(capsys)


def test_models_lists_every_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cache", str(cache_dir()), "models"]) == 0
    assert "person-reid-osnet-ain\treid\tready" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["track"], ["embed", "x", "--kind", "cat", "--out", "y"], ["models", "burn"]])
def test_wrong_use_exits_with_2(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(wrong)
    assert caught.value.code == 2


def test_it_starts_without_loading_networks_or_the_portal() -> None:
    code = (
        "import sys, inference.core.__main__; print([m for m in ('openvino','av','cv2','django') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
