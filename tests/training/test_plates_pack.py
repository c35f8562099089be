"""Real plates and other pictures gathered into a pack."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.training.plates.pack import labelled, located, ordered, polygons, real_plates, rectified, write_pack


@pytest.fixture
def frame() -> np.ndarray:
    random = np.random.default_rng(1)
    small = random.integers(0, 255, (60, 80, 3)).astype(np.uint8)
    return cv2.resize(small, (640, 480), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


@pytest.mark.parametrize("turn", range(4))
def test_corners_start_at_the_left_top_wherever_the_polygon_did(turn: int) -> None:
    corners = np.array([(10, 20), (110, 40), (108, 80), (12, 60)], np.float32)
    assert ordered(np.roll(corners, turn, 0)).tolist() == corners.tolist()
    assert ordered(np.roll(corners, turn, 0)[::-1]).tolist() == corners.tolist()


def test_a_plate_is_brought_upright(frame: np.ndarray) -> None:
    corners = np.array([(100, 100), (300, 150), (300, 220), (100, 170)], np.float32)
    cv2.fillPoly(frame, [corners.astype(np.int32)], (0, 0, 255))
    plate = rectified(frame, corners)
    assert plate.shape == (96, 288, 3)
    assert plate[12:-12, 24:-24, 2].min() > 240
    assert plate[12:-12, 24:-24, 0].max() < 15


@pytest.mark.parametrize("scale", [1.0, 0.9])
def test_a_crop_is_found_in_its_frame_again_also_in_a_smaller_one(frame: np.ndarray, scale: float) -> None:
    crop = frame[200:280, 300:480]
    smaller = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    corners = located(smaller, crop)
    assert corners is not None
    assert np.abs(corners[0] - np.array([300, 200]) * scale).max() <= 2
    assert np.abs(corners[2] - np.array([480, 280]) * scale).max() <= 2


def test_a_crop_of_another_frame_is_not_found(frame: np.ndarray) -> None:
    other = np.random.default_rng(2).integers(0, 255, (60, 120, 3)).astype(np.uint8)
    assert located(frame, other) is None
    assert located(other, frame) is None


def test_labels_without_a_place_in_the_reader_are_left_out_with_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    rows = [({"set": "kr", "text": text}, picture) for text in ("12가3456", "126차1234")]
    kept = list(labelled(iter(rows), "real"))
    assert [row["text"] for row, _picture in kept] == ["12가3456"]
    assert kept[0][0]["kind"] == "real"
    assert 0 <= kept[0][0]["fold"] < 5
    assert "left out of kr: '126차1234'" in capsys.readouterr().out


def test_sets_on_disk_become_rows(tmp_path: Path, frame: np.ndarray) -> None:
    crops, polygon = tmp_path / "plates/kr_crops", tmp_path / "plates/blastak"
    crops.mkdir(parents=True)
    polygon.mkdir()
    cv2.imwrite(str(crops / "0.jpg"), frame)
    (crops / "labels.tsv").write_text("file\ttext\n0.jpg\t12가 3456\n1.jpg\t\n")
    cv2.imwrite(str(polygon / "P1_33하1234.jpg"), frame)
    shape = {"points": [[10, 10], [100, 10], [100, 40], [10, 40]]}
    (polygon / "P1_33하1234.json").write_text(json.dumps({"shapes": [shape]}))
    (polygon / "P1_34하1234.json").write_text(json.dumps({"shapes": []}))
    found = [(row["set"], row["text"], picture.shape) for row, picture in real_plates(tmp_path)]
    assert found == [("kr_crops", "12가3456", (96, 288, 3)), ("blastak", "33하1234", (96, 288, 3))]
    assert [text for _path, text, _corners in polygons(polygon)] == ["33하1234"]


def test_the_table_says_how_long_each_picture_is(tmp_path: Path) -> None:
    pictures = [({"kind": "real", "set": "a"}, np.full((9, 9, 3), value, np.uint8)) for value in (10, 200)]
    counts = write_pack(iter(pictures), tmp_path)
    rows = json.loads((tmp_path / "pictures.json").read_text())
    data = (tmp_path / "pictures.bin").read_bytes()
    assert counts == {"real a": 2}
    assert sum(row["bytes"] for row in rows) == len(data)
    second = cv2.imdecode(np.frombuffer(data[rows[0]["bytes"] :], np.uint8), cv2.IMREAD_COLOR)
    assert second is not None
    assert second.mean() == pytest.approx(200, abs=2)
