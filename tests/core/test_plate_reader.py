from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.detections import Box
from inference.core.errors import ModelError
from inference.core.manifest import ModelStore
from inference.core.openvino_engine import DEFAULT_ENGINE
from inference.core.plates.finder import FoundPlate, OpenVinoPlateFinder, load_plate_finder
from inference.core.plates.network import PairNetwork
from inference.core.plates.reader import OpenVinoPlateReader, calibrated, load_plate_reader
from inference.core.plates.reads import EMPTY, PLACES
from inference.core.plates.rectify import cut_around, rectified, shown
from inference.core.plates.spotter import PlateSpotter
from inference.core.plates.text import PlateRead
from tests.core.tiny_plates import BLUE, SAYS, paint_board

Picture = NDArray[np.uint8]
# The tiny reader's in its manifest.
POINTS = ((0.0, 0.0), (0.9, 0.5), (1.0, 1.0))


def board(blue: int = 255, height: int = 40, width: int = 120) -> Picture:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = blue, 0, 0
    return picture


def test_boards_are_read_and_what_is_none_is_not(tiny_store: ModelStore) -> None:
    reader = load_plate_reader("tiny-plate-reader", tiny_store)
    crops = [board(), np.full((64, 192, 3), 200, np.uint8), board(height=9, width=30), board(height=200, width=700)]
    reads = reader.read(crops)
    assert [read and read.text for read in reads] == [SAYS, None, SAYS, SAYS]
    assert reads[0] is not None
    assert [character.choices[0][0] for character in reads[0].characters] == list(SAYS)
    assert reader.read([]) == []


def test_an_unsure_character_makes_the_read_unsure_and_is_told_with_its_other_choices(tiny_store: ModelStore) -> None:
    reader = load_plate_reader("tiny-plate-reader", tiny_store)
    (read,) = reader.read([board(blue=160)])
    assert read is not None
    (best, chance), (second, other) = read.characters[-1].choices[:2]
    # Logits 12 and 12 × (1 - 160 / 255).
    assert (best, second) == ("6", "8")
    assert chance / other == pytest.approx(np.exp(12 * 160 / 255), rel=0.01)
    all_right = float(np.prod([character.choices[0][1] for character in read.characters]))
    # The places where nothing stands and the plate itself take a little away besides.
    assert calibrated(all_right * 0.995, POINTS) < read.confidence <= calibrated(all_right, POINTS)
    assert read.confidence < chance


class Answering:
    """A network that says 1112, the last digit with the chances of being a 2 that it is given, one for each picture."""

    def __init__(self, *chances: float) -> None:
        self.chances = list(chances)
        self.shown: list[Picture] = []

    def infer(self, pictures: Sequence[Picture], prepare: object, **_: object) -> tuple[NDArray[np.float32], ...]:
        self.shown += pictures
        characters = np.full((len(pictures), PLACES, EMPTY + 1), -20, np.float32)
        characters[:, :6, EMPTY] = characters[:, 6:9, 1] = 0
        for row in characters:
            chance = self.chances.pop(0)
            row[9, 1:3] = np.log(1 - chance), np.log(chance)
        return characters, np.full(len(pictures), 20, np.float32)


def test_a_doubtful_plate_is_looked_at_from_either_side_and_the_mean_is_read() -> None:
    network = Answering(0.4, 0.9, 0.8)
    striped = np.full((64, 192, 3), 200, np.uint8)
    striped[32:] = 50
    (read,) = OpenVinoPlateReader("doubtful", network, size=(192, 64)).read([striped])  # type: ignore[arg-type]
    assert read is not None
    assert read.text == "1112"
    assert read.confidence == pytest.approx(0.7, abs=0.001)
    one, other = (int(view[:, 5, 0].argmin()) for view in network.shown[1:])
    assert one != other


def test_a_sure_plate_is_looked_at_once() -> None:
    network = Answering(0.99)
    reader = OpenVinoPlateReader("sure", network, size=(192, 64))  # type: ignore[arg-type]
    (read,) = reader.read([np.zeros((64, 192, 3), np.uint8)])
    assert read is not None
    assert (read.text, len(network.shown)) == ("1112", 1)


def test_what_is_doubtful_is_said_by_the_calibrated_confidence() -> None:
    picture = np.zeros((64, 192, 3), np.uint8)
    modest, vain = ((0.0, 0.0), (0.9, 0.99), (1.0, 1.0)), ((0.0, 0.0), (0.99, 0.9), (1.0, 0.98))
    for chance, points, looks in ((0.9, modest, 1), (0.9, (), 3), (0.98, (), 1), (0.98, vain, 3)):
        network = Answering(*[chance] * 3)
        reader = OpenVinoPlateReader("calibrated", network, size=(192, 64), confidence=points)  # type: ignore[arg-type]
        (read,) = reader.read([picture])
        assert len(network.shown) == looks
        assert read is not None
        assert read.confidence == pytest.approx(calibrated(chance, points), abs=0.01)


def test_confidence_is_brought_along_straight_lines_to_the_share_of_right_reads() -> None:
    points = ((0.0, 0.0), (0.9, 0.5), (1.0, 0.99))
    said = [calibrated(raw, points) for raw in (0.0, 0.45, 0.9, 0.95, 1.0)]
    assert said == pytest.approx([0, 0.25, 0.5, 0.745, 0.99])
    assert calibrated(0.7, ()) == 0.7


def test_a_network_that_answers_otherwise_is_refused(tiny_store: ModelStore) -> None:
    finder, reader = (
        PairNetwork(tiny_store.entry(f"tiny-plate-{task}"), tiny_store, DEFAULT_ENGINE) for task in ("finder", "reader")
    )
    with pytest.raises(ModelError, match="tiny-plate-finder does not answer as its task in the manifest wants"):
        OpenVinoPlateReader("mixed up", finder, size=(192, 192)).read([board()])
    with pytest.raises(ModelError, match="tiny-plate-reader does not answer as its task in the manifest wants"):
        OpenVinoPlateFinder("mixed up", reader, size=(192, 64)).find([board()])
    with pytest.raises(ModelError, match="tiny-person is a model for reid, not for plate-reader"):
        load_plate_reader("tiny-person", tiny_store)


def perspective(corners: Sequence[tuple[float, float]]) -> tuple[Picture, Picture, NDArray[np.float32]]:
    """A plate with a pattern seen from the front, a picture in which it stands at the corners, and those."""
    random = np.random.default_rng(3)
    cells = random.integers(0, 2, (4, 12, 1), np.uint8) * 200 + 25
    plate = cells.repeat(50, axis=0).repeat(50, axis=1).repeat(3, axis=2)
    at = np.asarray(corners, np.float32)
    matrix = cv2.getPerspectiveTransform(np.asarray([(0, 0), (600, 0), (600, 200), (0, 200)], np.float32), at)
    seen = cv2.warpPerspective(plate, matrix, (640, 480), flags=cv2.INTER_AREA)
    return plate.astype(np.uint8), seen.astype(np.uint8), at


@pytest.mark.parametrize(
    "corners",
    [
        [(200, 200), (400, 200), (400, 260), (200, 260)],
        [(210, 220), (390, 180), (400, 250), (205, 300)],
        [(20, 60), (610, 20), (630, 300), (40, 260)],
    ],
)
def test_a_plate_is_turned_upright_with_a_narrow_margin(corners: list[tuple[float, float]]) -> None:
    plate, picture, at = perspective(corners)
    upright = rectified(picture, at)
    assert upright.shape == (64, 192, 3)
    inner = cv2.resize(upright[3:61, 8:184], (176, 58))
    wanted = cv2.resize(plate, (176, 58), interpolation=cv2.INTER_AREA)
    likeness = np.corrcoef(inner.ravel().astype(float), wanted.ravel().astype(float))[0, 1]
    assert likeness > 0.9


def test_a_large_plate_is_averaged_and_not_sampled() -> None:
    """A fine pattern becomes grey; every fourth pixel of it would make stripes."""
    picture = np.zeros((400, 1200, 3), np.uint8)
    picture[:, ::2] = 255
    at = np.asarray([(100, 100), (1060, 100), (1060, 340), (100, 340)], np.float32)
    upright = rectified(picture, at)
    assert upright.std() < 12
    assert upright.mean() == pytest.approx(127.5, abs=3)


def test_beyond_the_pictures_edge_the_edge_is_repeated() -> None:
    picture = np.full((60, 100, 3), 150, np.uint8)
    at = np.asarray([(-30, 10), (60, 10), (60, 40), (-30, 40)], np.float32)
    assert (rectified(picture, at) == 150).all()


def test_people_are_shown_the_plate_with_a_little_around_it() -> None:
    picture = np.arange(100 * 200 * 3, dtype=np.uint32).reshape(100, 200, 3).astype(np.uint8)
    found = FoundPlate(np.asarray([(50, 40), (110, 44), (110, 64), (50, 60)], np.float32), 0.9)
    cut = shown(picture, found)
    assert np.array_equal(cut, picture[34:70, 44:116])
    assert not np.shares_memory(cut, picture)
    at_edge = FoundPlate(found.corners - np.asarray([60, 50], np.float32), 0.9)
    assert np.array_equal(shown(picture, at_edge), picture[0:20, 0:56])


def test_a_vehicle_is_cut_with_a_margin_inside_the_picture() -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    assert cut_around(picture, Box(100, 50, 200, 100), 0.04) == (96, 48, 204, 102)
    assert cut_around(picture, Box(-5, -5, 299, 199), 0.1) == (0, 0, 300, 200)
    left, top, right, bottom = cut_around(picture, Box(400, 300, 500, 400), 0.0)
    assert (right - left, bottom - top) == (1, 1)


class FixedFinder:
    """Finds what it was told to, in one picture after the other, and keeps what it was shown."""

    id = "fixed"

    def __init__(self, *answers: list[FoundPlate]) -> None:
        self.answers = list(answers)
        self.shown: list[Picture] = []

    def find(self, pictures: Sequence[Picture]) -> list[list[FoundPlate]]:
        self.shown += pictures
        return [self.answers.pop(0) for _ in pictures]


class MeanReader:
    """Reads a picture's mean brightness, as sure as it is bright; nothing of what is black."""

    id = "mean"

    def read(self, crops: Sequence[Picture]) -> list[PlateRead | None]:
        means = [float(crop.mean()) for crop in crops]
        return [PlateRead(str(round(mean)), mean / 255) if mean >= 1 else None for mean in means]


def plate_at(x: float, y: float, width: float = 40, height: float = 10, score: float = 0.5) -> FoundPlate:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return FoundPlate(np.asarray(corners, np.float32), score)


def test_plates_of_a_vehicle_come_surest_first_and_none_where_nothing_is_found_or_read() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[20:30, 20:60], picture[20:30, 100:140] = 100, 200
    plates = [plate_at(20, 20), plate_at(100, 20), plate_at(20, 70)]
    spotter = PlateSpotter(FixedFinder(plates, []), MeanReader(), near=0)
    seen, nothing = spotter.spot([picture, picture])
    assert [int(one.read.text) > 150 for one in seen] == [True, False]
    assert [one.found for one in seen] == [plates[1], plates[0]]
    assert nothing == []
    assert spotter.spot([]) == []


def test_a_plate_is_looked_at_again_from_near_for_its_corners() -> None:
    picture = np.full((100, 200, 3), 90, np.uint8)
    # A square of 100 px around 40 px of plate, moved to the picture's edge.
    finder = FixedFinder([plate_at(20, 60)], [plate_at(1, 2), plate_at(22, 58, width=38)])
    ((seen,),) = PlateSpotter(finder, Says(PlateRead("12가3456", 0.99))).spot([picture])
    assert [one.shape for one in finder.shown] == [(100, 200, 3), (100, 100, 3)]
    assert seen.found.box == (22, 58, 60, 68)


def test_a_plate_that_is_not_seen_again_stays_where_it_was() -> None:
    picture = np.full((400, 400, 3), 90, np.uint8)
    finder = FixedFinder([plate_at(200, 200), plate_at(20, 300)], [], [plate_at(90, 5)])
    reader = Says(PlateRead("12가3456", 0.99), PlateRead("12가3457", 0.99))
    (seen,) = PlateSpotter(finder, reader).spot([picture])
    assert sorted(one.found.box for one in seen) == [(20, 300, 60, 310), (200, 200, 240, 210)]


def test_half_a_plate_is_looked_at_from_there_until_it_lies_still() -> None:
    """A wide plate of which half was found: from near more of it is seen, and all of it from there."""
    picture = np.full((600, 900, 3), 90, np.uint8)
    # Squares of 250 and 500 px; the second look is from where the first saw it.
    finder = FixedFinder(
        [plate_at(500, 300, width=100, height=60)],
        [plate_at(15, 95, width=200, height=60)],
        [plate_at(100, 220, width=260, height=60)],
    )
    reader = Says(PlateRead("2가3456", 0.001), PlateRead("12가3456", 0.99))
    ((seen,),) = PlateSpotter(finder, reader).spot([picture])
    assert [one.shape[0] for one in finder.shown] == [600, 250, 500]
    assert seen.read.text == "12가3456"
    assert seen.found.box[2] - seen.found.box[0] == 260


def test_what_lies_still_and_says_nothing_is_not_looked_at_again() -> None:
    finder = FixedFinder([plate_at(20, 20)], [plate_at(20, 20)])
    assert PlateSpotter(finder, Says(None)).spot([np.zeros((90, 90, 3), np.uint8)]) == [[]]
    assert len(finder.shown) == 2


def test_a_doubtful_plate_is_read_in_each_of_its_places_and_the_surest_read_counts() -> None:
    reads = [PlateRead(f"12가345{number}", 0.2 + 0.01 * number) for number in range(9)]
    reads[4] = PlateRead("12가3456", 0.8)
    reader = Says(*reads)
    ((seen,),) = PlateSpotter(OnePlate(), reader).spot([np.zeros((60, 100, 3), np.uint8)])
    assert (seen.read.text, reader.reads) == ("12가3456", [])


def test_a_board_on_a_vehicle_is_read(tiny_store: ModelStore) -> None:
    models = load_plate_finder("tiny-plate-finder", tiny_store), load_plate_reader("tiny-plate-reader", tiny_store)
    picture = np.full((300, 400, 3), 90, np.uint8)
    paint_board(picture, 100, 200, 133, 30)
    seen, nothing = PlateSpotter(*models).spot([picture, picture[:150]])
    assert [one.read.text for one in seen] == [SAYS]
    assert (seen[0].picture == BLUE).all(axis=2).mean() > 0.4
    assert nothing == []


class OnePlate:
    """A finder that sees one plate in every picture."""

    id = "one plate"

    def find(self, pictures: Sequence[Picture]) -> list[list[FoundPlate]]:
        corners = np.asarray([(20, 20), (80, 20), (80, 40), (20, 40)], np.float32)
        return [[FoundPlate(corners, 0.9)] for _picture in pictures]


class Says:
    """A reader that gives the reads it was made with, one after the other."""

    id = "says"

    def __init__(self, *reads: PlateRead | None) -> None:
        self.reads = list(reads)

    def read(self, crops: Sequence[Picture]) -> list[PlateRead | None]:
        return [self.reads.pop(0) for _crop in crops]


@pytest.mark.parametrize(
    ("reads", "seen", "left"),
    [
        ([PlateRead("12가3456", 0.99), None], "12가3456", 1),
        ([PlateRead("12가3456", 0.5), PlateRead("12거3456", 0.9), None], "12거3456", 0),
        ([PlateRead("12가3456", 0.001), None], None, 1),
        ([None, None], None, 1),
    ],
    ids=["a sure one once", "a doubtful one in three cuts", "a guess is none", "none"],
)
def test_doubtful_plates_are_read_in_cuts_of_several_widths(
    reads: list[PlateRead | None], seen: str | None, left: int
) -> None:
    reader = Says(*reads)
    (plates,) = PlateSpotter(OnePlate(), reader, near=0).spot([np.zeros((60, 100, 3), np.uint8)])
    assert [plate.read.text for plate in plates] == ([seen] if seen else [])
    assert len(reader.reads) == left
