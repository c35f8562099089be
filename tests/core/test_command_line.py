import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.__main__ import main
from inference.core.detections import Detections
from inference.core.manifest import default_model
from inference.core.mot import read_mot
from inference.core.plates.reads import DOUBTFUL_BELOW, LEAST
from inference.core.plates.text import PlateRead
from tests.core.conftest import MakeVideo, cache_dir
from tests.core.tiny_models import write_manifest
from tests.core.tiny_plates import paint_board


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


@pytest.mark.parametrize("kind", ["person", "vehicle"])
def test_embed_looks_at_people_to_search_by_from_both_mirror_sides(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "crops"
    folder.mkdir()
    image = np.random.default_rng(0).integers(0, 255, (144, 72, 3)).astype(np.uint8)
    image[:, :36] //= 4
    cv2.imwrite(str(folder / "a.png"), image)
    cv2.imwrite(str(folder / "mirrored.png"), image[:, ::-1])
    out = tmp_path / "features.npz"
    found = []
    for more in ([], ["--as-query"]):
        assert main(["embed", str(folder), "--kind", kind, "--out", str(out), *more]) == 0
        found.append(np.load(out)["feature"])
    stored, queries = found
    if kind == "vehicle":
        assert np.array_equal(stored, queries)
        return
    assert stored[0] @ stored[1] < 0.99
    assert queries[0] @ queries[1] == pytest.approx(1.0, abs=1e-4)
    assert queries[0] @ stored[0] == pytest.approx(queries[0] @ stored[1], abs=1e-3)
    assert np.linalg.norm(queries, axis=1) == pytest.approx(np.ones(2), abs=1e-5)


def test_embed_fails_when_nothing_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    assert main(["embed", str(tmp_path), "--kind", "person", "--out", str(tmp_path / "f.npz")]) == 1
    assert one_line(capsys) == "error: None of the pictures could be read."


@pytest.fixture
def tiny(tmp_path: Path) -> list[str]:
    """Options that name the models of `tests.core.tiny_models`."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    return ["--manifest", str(write_manifest(folder)), "--mirror", str(folder), "--cache", str(tmp_path / "cache")]


def paint(path: Path, red: int, green: int, blue: int) -> None:
    cv2.imwrite(str(path), np.full((60, 30, 3), (blue, green, red), np.uint8))


def test_attributes_writes_probabilities_best_first(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "crops", tmp_path / "attrs.json"
    folder.mkdir()
    paint(folder / "빨강.png", 250, 20, 20)
    paint(folder / "dull.png", 90, 90, 90)
    (folder / "bad.jpg").write_bytes(b"no picture")
    model = ["--model", "tiny-person-looks"]
    assert main([*tiny, "attributes", str(folder), "--kind", "person", "--out", str(out), *model]) == 0
    assert "skipped bad.jpg: The file is not a picture" in capsys.readouterr().err
    said = json.loads(out.read_text(encoding="utf-8"))
    assert list(said) == ["dull.png", "빨강.png"]
    red = said["빨강.png"]
    assert list(red) == ["colour", "bright"]
    assert red["colour"][0] == ["red", 0.99998]
    assert [value for value, _ in red["bright"]] == ["no", "yes"]
    assert said["dull.png"]["colour"] == [["unknown", 0.66667], *([[v, 0.33333] for v in ("red", "green", "blue")])]


def test_attributes_needs_a_describer_for_the_kind(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(tmp_path / "car.png", 250, 20, 20)
    command = [*tiny, "attributes", str(tmp_path / "car.png"), "--kind", "vehicle", "--out", str(tmp_path / "a.json")]
    assert main([*command, "--model", "tiny-person-looks"]) == 1
    assert one_line(capsys) == "error: tiny-person-looks is made for person, not for vehicle."
    assert main([*command, "--model", "tiny-vehicle"]) == 1
    assert one_line(capsys) == "error: tiny-vehicle is a model for reid, not for describer."
    assert not (tmp_path / "a.json").exists()


def test_attributes_takes_the_manifests_default_or_says_that_there_is_none(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = Path(tiny[1])
    text = re.sub(r"^default_for = .*\n", "", manifest.read_text(), flags=re.MULTILINE)
    manifest.write_text(text)
    paint(tmp_path / "car.png", 250, 20, 20)
    command = ["attributes", str(tmp_path / "car.png"), "--kind", "vehicle", "--out", str(tmp_path / "a.json")]
    assert main([*tiny, *command]) == 1
    assert one_line(capsys) == "error: The manifest has no describer for vehicle; name one with --model."
    other = manifest.with_name("other.toml")
    mine = text.rpartition('id = "tiny-vehicle-looks"')  # others of the manifest describe vehicles too
    served = mine[2].replace('kind = "vehicle"', 'kind = "vehicle"\ndefault_for = ["vehicle"]', 1)
    other.write_text(mine[0] + mine[1] + served)
    assert main(["--manifest", str(other), *tiny[2:], *command]) == 0
    assert json.loads((tmp_path / "a.json").read_text())["car.png"]["colour"][0][0] == "red"


def test_attributes_fails_when_nothing_can_be_read(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    command = ["attributes", str(tmp_path / "a.jpg"), "--kind", "person", "--out", str(tmp_path / "a.json")]
    assert main([*tiny, *command, "--model", "tiny-person-looks"]) == 1
    assert one_line(capsys) == "error: None of the pictures could be read."
    assert not (tmp_path / "a.json").exists()


PLATE_MODELS = ["--finder", "tiny-plate-finder", "--reader", "tiny-plate-reader"]


@pytest.fixture
def no_vehicles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that finds nothing: what is read then was found in tiles."""

    class Nothing:
        def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
            return [Detections.empty() for _ in images]

    monkeypatch.setattr("inference.core.detector.load_detector", lambda *_, **__: Nothing())


@pytest.mark.usefixtures("no_vehicles")
def test_plates_reads_whole_pictures_and_skips_what_it_cannot_read(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "pictures", tmp_path / "plates.json"
    folder.mkdir()
    for number in range(20):
        street = np.full((300, 400, 3), 60, np.uint8)
        if number % 2:
            paint_board(street, 100, 200, 133, 30)
        cv2.imwrite(str(folder / f"{number:02}.png"), street)
    (folder / "bad.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture either")
    assert main([*tiny, "plates", str(folder), "--out", str(out), *PLATE_MODELS]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))
    assert list(said) == [f"{number:02}.png" for number in range(20)]
    assert said["00.png"] == []
    ((text, confidence),) = said["01.png"]
    assert text == "12가3456"
    assert 0.5 < confidence <= 1
    told = capsys.readouterr().err.strip().splitlines()
    assert "skipped bad.jpg: The file is not a picture" in "\n".join(told)
    assert [line for line in told if "pictures" in line and line[0].isdigit()] == [
        "16 of 21 pictures",
        "20 of 21 pictures",
    ]


def test_plates_reads_crops_without_finder_and_detector(tiny: list[str], tmp_path: Path) -> None:
    folder, out = tmp_path / "crops", tmp_path / "plates.json"
    folder.mkdir()
    paint(folder / "번호판.png", 0, 0, 255)
    cv2.imwrite(str(folder / "low.png"), np.full((12, 57, 3), (255, 0, 0), np.uint8))
    paint(folder / "wall.png", 200, 200, 200)
    command = ["plates", str(folder), "--crops", "--out", str(out), "--reader", "tiny-plate-reader"]
    assert main([*tiny, *command]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))
    assert [[text for text, _confidence in said[name]] for name in ("번호판.png", "low.png", "wall.png")] == [
        ["12가3456"],
        ["12가3456"],
        [],
    ]


def test_plates_gives_no_guess_for_a_crop_without_a_plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Guessing:
        id = "guessing"

        def read(self, crops: Sequence[object]) -> list[PlateRead | None]:
            return [PlateRead("555557", LEAST / 2, ()), PlateRead("12가3456", LEAST, ())]

    paint(tmp_path / "black.png", 0, 0, 0)
    paint(tmp_path / "plate.png", 0, 0, 255)
    monkeypatch.setattr("inference.core.__main__._plate_reader", lambda options: Guessing())
    out = tmp_path / "plates.json"
    assert main(["plates", str(tmp_path), "--crops", "--out", str(out)]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))
    assert said == {"black.png": [], "plate.png": [["12가3456", LEAST]]}


@pytest.mark.parametrize("more", [PLATE_MODELS, ["--crops", *PLATE_MODELS[2:]]])
def test_plates_fails_when_nothing_can_be_read(
    more: list[str], tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], no_vehicles: None
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    command = ["plates", str(tmp_path / "a.jpg"), "--out", str(tmp_path / "p.json"), *more]
    assert main([*tiny, *command]) == 1
    assert one_line(capsys) == "error: None of the pictures could be read."
    assert not (tmp_path / "p.json").exists()


def test_plates_keeps_pictures_of_one_name_apart(tiny: list[str], tmp_path: Path, no_vehicles: None) -> None:
    for name in ("north/1.png", "south/1.png", "south/lane 2/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        paint(tmp_path / name, 0, 0, 255)
    sources, out = [str(tmp_path / "north"), str(tmp_path / "south")], tmp_path / "p.json"
    assert main([*tiny, "plates", *sources, "--crops", "--out", str(out), "--reader", "tiny-plate-reader"]) == 0
    names = [f"{tmp_path}/north/1.png", f"{tmp_path}/south/1.png", "lane 2/1.png"]
    assert list(json.loads(out.read_text(encoding="utf-8"))) == names


@pytest.mark.parametrize("command", [["plates"], ["embed", "--kind", "person"], ["attributes", "--kind", "person"]])
def test_what_is_missing_is_no_skipped_picture(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(tmp_path / "car.png", 0, 0, 255)
    sources = [str(tmp_path / "car.png"), str(tmp_path / "missing")]
    assert main([*command, "--out", str(tmp_path / "o"), *sources]) == 1
    assert one_line(capsys) == f"error: There is no file or folder {tmp_path / 'missing'}."
    assert not (tmp_path / "o").exists()


def test_the_help_of_plates_says_what_is_doubtful(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["plates", "--help"])
    assert f"less than {DOUBTFUL_BELOW}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", ["track", "embed", "plates", "attributes", "models"])
def test_the_help_of_a_command_names_the_options_of_all(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = capsys.readouterr().out
    assert all(f"{option} " in said for option in ("--cache", "--mirror", "--manifest", "--threads"))


def test_options_of_all_commands_may_stand_before_or_after_one(
    tiny: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for arguments in ([*tiny, "models"], ["models", *tiny], [*tiny[:2], "models", "list", *tiny[2:]]):
        assert main(arguments) == 0
        said.append(capsys.readouterr().out)
    assert "tiny-person-looks" in said[0]
    assert said == said[:1] * 3


def test_plates_says_that_the_manifest_has_no_models_for_them(
    tiny: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = Path(tiny[1])
    manifest.write_text(re.sub(r"^default_for = .*\n", "", manifest.read_text(), flags=re.MULTILINE))
    paint(tmp_path / "car.png", 0, 0, 255)
    command = [*tiny, "plates", str(tmp_path / "car.png"), "--out", str(tmp_path / "p.json")]
    assert main(command) == 1
    assert one_line(capsys) == "error: The manifest has no plate-reader; name one with --reader."
    assert main([*command, "--reader", "tiny-plate-reader"]) == 1
    assert one_line(capsys) == "error: The manifest has no plate-finder; name one with --finder."
    assert main([*command, "--reader", "tiny-plate-finder"]) == 1
    assert one_line(capsys) == "error: tiny-plate-finder is a model for plate-finder, not for plate-reader."
    assert not (tmp_path / "p.json").exists()


def test_embed_takes_the_model_of_the_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paint(tmp_path / "car.png", 250, 20, 20)
    command = ["embed", str(tmp_path / "car.png"), "--kind", "vehicle", "--out", str(tmp_path / "f.npz")]
    assert main(command) == 0
    by_default = np.load(tmp_path / "f.npz")["feature"]
    assert main([*command, "--model", default_model("reid", "vehicle")]) == 0
    assert np.array_equal(np.load(tmp_path / "f.npz")["feature"], by_default)
    assert main([*command, "--model", "person-reidentification-retail-0277"]) == 1
    assert one_line(capsys) == "error: person-reidentification-retail-0277 is made for person, not for vehicle."


def test_an_output_that_cannot_be_written_is_refused_first(
    make_video: MakeVideo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["track", str(make_video()), "--out", str(tmp_path / "no" / "such" / "folder.txt")]) == 1
    assert "cannot be written" in one_line(capsys)


@pytest.mark.parametrize("command", [["plates"], ["embed", "--kind", "person"], ["attributes", "--kind", "person"]])
def test_no_file_called_minus_is_written(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paint(tmp_path / "a.png", 0, 0, 255)
    assert main([*command, "a.png", "--out", "-"]) == 1
    assert one_line(capsys).startswith("error: - is no file")
    assert not (tmp_path / "-").exists()


def test_models_lists_every_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cache", str(cache_dir()), "models"]) == 0
    assert "person-reid-2\treid\tready" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        ["track"],
        ["embed", "x", "--kind", "cat", "--out", "y"],
        ["attributes", "x", "--out", "y"],
        ["plates", "x"],
        *(["plates", "x", "--out", "y", "--crops", option, "z"] for option in ("--detector", "--finder")),
        ["models", "burn"],
        *(["--threads", number, "models"] for number in ("-3", "1.5", "100000", "²", "many")),
        ["models", "--threads", "-3"],
        *(["track", "x", "--out", "y", "--fps", number] for number in ("0", "-1", "nan", "1e9", "1e-9", "fast")),
    ],
)
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
