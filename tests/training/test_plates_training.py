"""Making, showing and reading plates; needs torch, which only the training machine has."""

import json
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is on the training machine alone")

from inference.core.images import encode_jpeg  # noqa: E402 — behind the check for torch
from inference.core.plates.formats import COMMERCIAL, DELIVERY  # noqa: E402
from inference.training.plates import finder, train  # noqa: E402
from inference.training.plates.compose import Composer  # noqa: E402
from inference.training.plates.deck import Deck  # noqa: E402
from inference.training.plates.distort import CLEAN, Weather, distort  # noqa: E402
from inference.training.plates.evaluate import FAR, LEVELS, far_away, kept_set, made_set  # noqa: E402
from inference.training.plates.finder import Scenes  # noqa: E402
from inference.training.plates.glyphs import CELL, CHARACTERS, MARK_NUMBERS  # noqa: E402
from inference.training.plates.layouts import LAYOUTS, tables  # noqa: E402
from inference.training.plates.network import Finder, Reader  # noqa: E402
from inference.training.plates.scene import SQUARE, homography, loose_corners, project, seen_in_crops  # noqa: E402
from inference.training.plates.texts import EMPTY, fold_of, places_of, text_of  # noqa: E402

TEXTS = [f"{number}가{number * 37 % 10000:04}" for number in range(10, 40)]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    random = np.random.default_rng(1)
    glyphs = random.integers(0, 2, (2, 2, len(CHARACTERS), 8, 6)).repeat(CELL[0] // 8, 3).repeat(CELL[1] // 6, 4) * 255
    signs = random.integers(0, 255, (5, *CELL)).astype(np.uint8)
    arrays: dict[str, Any] = {
        "atlas": glyphs.astype(np.uint8),
        "letters_atlas": glyphs[:1].astype(np.uint8),
        "signs": signs,
        "marks": np.array(MARK_NUMBERS),
        **tables(),
    }
    np.savez_compressed(folder / "glyphs.npz", **arrays)
    rows: list[dict[str, Any]] = []
    blobs: list[bytes] = []
    kinds = (
        [("real", text) for text in TEXTS] + [("ground", "")] * 6 + [("vehicle", "")] * 4 + [("framed", "12가3456")] * 3
    )
    for kind, text in kinds:
        blobs.append(encode_jpeg(random.integers(0, 255, (48, 96, 3)).astype(np.uint8), 80))
        corners = [[0.3, 0.5], [0.6, 0.5], [0.6, 0.6], [0.3, 0.6]]
        row = {
            "kind": kind,
            "set": "s",
            "text": text,
            "fold": fold_of(text),
            "corners": corners,
            "exact": len(rows) % 2 == 0,
        }
        rows.append({**row, "bytes": len(blobs[-1])})
    (folder / "pictures.json").write_text(json.dumps(rows))
    (folder / "pictures.bin").write_bytes(b"".join(blobs))
    return folder


def test_made_plates_are_plates_of_their_layout(pack: Path) -> None:
    torch.manual_seed(1)
    composer = Composer(pack, "cpu")
    for kind, layout in enumerate(LAYOUTS):
        plates = composer.compose(4, layout=kind)
        assert plates.pictures.shape == (4, 4, 96, 288)
        assert 0 <= float(plates.pictures.min()) <= float(plates.pictures.max()) <= 1
        for places in plates.places.tolist():
            assert places_of(text_of(places)) == places
            assert (places[5] == EMPTY) == (layout.letters == "")


def test_a_plate_shows_its_ink_where_its_characters_stand(pack: Path) -> None:
    torch.manual_seed(2)
    composer = Composer(pack, "cpu")
    composer.atlas[:] = 255
    plates = composer.compose(6, layout=0)
    picture = plates.pictures[:, :3].mean(1)
    for row, (places, centres) in enumerate(zip(plates.places, plates.centres, strict=True)):
        there = places != EMPTY
        x, y = (centres[there] * torch.tensor([288, 96])).long().unbind(1)
        assert float(picture[row, y, x].max()) < float(picture[row].quantile(0.8))


def test_a_homography_takes_corners_to_corners_and_back() -> None:
    torch.manual_seed(3)
    source, target = loose_corners(20, torch.device("cpu")), torch.tensor(SQUARE).expand(20, 4, 2)
    matrices = homography(source, target)
    assert torch.allclose(project(source, matrices), target, atol=1e-4)
    assert torch.allclose(project(target, torch.linalg.inv(matrices)), source, atol=1e-3)
    assert float(source.min()) > -1e-4
    assert float(source.max()) < 1 + 1e-4


def test_crops_keep_their_shape_and_range_however_they_are_spoilt(pack: Path) -> None:
    torch.manual_seed(4)
    plates = Composer(pack, "cpu").compose(40)
    crops, centres, _corners = seen_in_crops(plates, torch.rand(40, 3, 64, 192))
    everything = {field.name: 1.0 for field in fields(Weather) if field.name != "heights"}
    harsh = replace(Weather(), **everything)  # type: ignore[arg-type]
    for weather in (None, CLEAN, harsh):
        seen = distort(crops, weather)
        assert seen.shape == (40, 3, 64, 192)
        assert bool(seen.isfinite().all())
        assert 0 <= float(seen.min()) <= float(seen.max()) <= 1
    known = centres[plates.places != EMPTY]
    assert float(((known > 0) & (known < 1)).float().mean()) > 0.95


LONG_KIND = next(number for number, layout in enumerate(LAYOUTS) if layout.name == "white three digits, long")
SHORT_KIND = next(number for number, layout in enumerate(LAYOUTS) if layout.name == "green, region")


def test_few_pixels_lose_detail() -> None:
    torch.manual_seed(5)
    fine = torch.rand(8, 1, 64, 192).expand(-1, 3, -1, -1)
    still = replace(CLEAN, noise=0.0, codec=0.0)
    spoilt = distort(fine, replace(still, heights=((12, 1.0),)))
    assert float(spoilt.std()) < 0.5 * float(distort(fine, still).std())


def test_plates_as_far_away_as_each_other_have_pixels_by_their_size() -> None:
    torch.manual_seed(6)
    still = replace(CLEAN, noise=0.0, codec=0.0)
    kinds = torch.tensor([number for number in (LONG_KIND, SHORT_KIND) for _ in range(8)])
    fine = torch.rand(16, 1, 64, 192).expand(-1, 3, -1, -1)
    seen = far_away(fine, kinds, still)
    down = seen.diff(dim=2).abs().mean((1, 2, 3)) / seen.std((1, 2, 3))
    across = seen.diff(dim=3).abs().mean((1, 2, 3)) / seen.std((1, 2, 3))
    # A long plate is 16 rows of 76 pixels there, one in two lines 25 of 49.
    assert float(down[8:].mean()) > 1.2 * float(down[:8].mean())
    assert float(across[:8].mean()) > 1.2 * float(across[8:].mean())
    assert FAR in LEVELS


def test_a_batch_knows_what_is_a_plate_and_never_has_plates_of_the_fold(pack: Path) -> None:
    batches = train.Batches(pack, train.Recipe(plates=6, real=4, nothing=3, at_once=1), "cpu", fold="2")
    assert {row["text"] for row in batches.real.rows} == {text for text in TEXTS if fold_of(text) != 2}
    batch = batches.draw()
    assert batch.pictures.shape == (13, 3, 64, 192)
    assert batch.is_plate.tolist() == [True] * 6 + [False] * 3 + [True] * 4
    assert bool((batch.places[6:9] == EMPTY).all())
    assert bool(batch.centres[6:].isnan().all())
    assert len(train.Batches(pack, train.Recipe(), "cpu", fold="none").real) == 0


def test_a_run_goes_on_where_it_stopped_and_not_with_another_fold(pack: Path, tmp_path: Path) -> None:
    batches = train.Batches(pack, train.Recipe(plates=4, real=2, nothing=2, at_once=1), "cpu", fold="1")
    run = train.Run(batches, SimpleNamespace(start=None, fold="1"))
    for _ in range(2):
        assert all(np.isfinite(float(loss)) for loss in run.train_once(0.1).values())
    run.seconds = 12.5
    run.save(tmp_path / "run.pt")
    other = train.Run(batches, SimpleNamespace(start=None, fold="1"))
    other.restore(tmp_path / "run.pt")
    assert (other.step, other.seconds) == (2, 12.5)
    pairs = zip(run.average.state_dict().values(), other.average.state_dict().values(), strict=True)
    assert all(torch.equal(old, new) for old, new in pairs)
    with pytest.raises(ValueError, match="of fold 1, not all"):
        train.Run(batches, SimpleNamespace(start=None, fold="all")).restore(tmp_path / "run.pt")


def test_questions_are_led_to_their_characters() -> None:
    centres = torch.tensor([0.25, 0.75]).expand(1, 10, 2)
    aim = train.aims(centres).view(1, 10, 8, 48)
    y, x = divmod(int(aim[0, 0].flatten().argmax()), 48)
    assert (x, y) in {(11, 5), (12, 5), (11, 6), (12, 6)}
    assert float(aim[0, 0].sum()) == pytest.approx(1, abs=1e-4)


def test_the_reader_and_the_finder_are_small() -> None:
    assert sum(weight.numel() for weight in Reader().parameters()) * 2 < 3e6
    assert sum(weight.numel() for weight in Finder().parameters()) * 2 < 2e6


def test_the_reader_gives_ten_places_and_where_it_looked() -> None:
    reader = Reader().eval()
    characters, plate, looks = reader(torch.rand(2, 3, 64, 192) * 255)
    assert characters.shape == (2, 10, EMPTY + 1)
    assert plate.shape == (2,)
    assert torch.allclose(looks.sum(2), torch.ones(2, 10), atol=1e-4)


def test_the_made_test_set_is_the_same_each_time(pack: Path) -> None:
    first, second = (
        [(level, texts, pictures) for level, pictures, texts, _ in made_set(pack, count=14)] for _ in range(2)
    )
    assert sum(len(texts) for _level, texts, _pictures in first) == 14
    assert [texts for _level, texts, _pictures in first] == [texts for _level, texts, _pictures in second]
    assert all(torch.equal(one[2], two[2]) for one, two in zip(first, second, strict=True))


def test_the_made_test_set_is_kept(pack: Path, tmp_path: Path) -> None:
    first = kept_set(pack, tmp_path / "made.pt", count=7)
    again = kept_set(pack, tmp_path / "made.pt", count=7)
    assert [part[2] for part in first] == [part[2] for part in again]
    assert first[0][1].dtype == torch.uint8
    with pytest.raises(ValueError, match="holds 7 pictures, not 8"):
        kept_set(pack, tmp_path / "made.pt", count=8)


def test_the_finders_target_is_read_back_as_the_same_corners() -> None:
    torch.manual_seed(6)
    corners = finder.pasted_corners(torch.full((9,), 0.3), 0.1, 0.4)
    scenes = finder.Scenes(torch.zeros(9, 3, 192, 192), corners, torch.ones(9, dtype=torch.bool))
    heat, cell, offsets = finder.targets(scenes)
    found = torch.zeros(9, 8, 48 * 48)
    found.scatter_(2, cell.view(-1, 1, 1).expand(-1, 8, 1), offsets[..., None])
    score, again = finder.best_of(heat * 20 - 10, found.view(9, 8, 48, 48))
    assert torch.allclose(again, corners, atol=1e-5)
    assert float(score.min()) > 0.99


def test_pictures_without_a_plate_have_no_heat(pack: Path) -> None:
    batches = finder.Batches(pack, finder.Recipe(made=3, plain=2, real=2, at_once=1), "cpu", fold="all")
    scenes = batches.draw()
    heat, _cell, _offsets = finder.targets(scenes)
    assert heat.flatten(1).amax(1).tolist() == [1, 1, 1, 0, 0, 1, 1]
    run = finder.Run(batches, SimpleNamespace(fold="all", start=None))
    assert all(np.isfinite(float(loss)) for loss in run.train_once(0.5).values())


def test_commercial_plates_have_commercial_letters(pack: Path) -> None:
    plates = Composer(pack, "cpu").compose(30, layout=5)
    assert {text_of([place]) for place in plates.places[:, 5].tolist()} <= set(COMMERCIAL + DELIVERY)


def test_a_deck_deals_each_picture_about_as_often_as_it_is_told() -> None:
    drawn: list[Scenes] = []

    def draw() -> Scenes:
        pictures = torch.full((8, 1, 1, 1), 10.0 * (len(drawn) + 1))
        drawn.append(Scenes(pictures, pictures[:, 0] / 10, torch.ones(8, dtype=torch.bool)))
        return drawn[-1]

    deck = Deck(draw, reuse=3, depth=2)
    dealt = [deck.deal() for _ in range(12)]
    assert len(drawn) == 4
    assert all(len(batch.pictures) == 8 and batch.pictures.dtype == torch.float32 for batch in dealt)
    assert all((batch.pictures[:, 0] == batch.corners * 10).all() for batch in dealt)
    # Of the last batches two are kept; before them the first alone.
    assert {float(value) for batch in dealt[:3] for value in batch.pictures.flatten()} == {10.0}
    assert {float(value) for batch in dealt[9:] for value in batch.pictures.flatten()} <= {30.0, 40.0}


def test_a_draw_for_several_batches_lasts_for_as_many() -> None:
    drawn: list[Scenes] = []

    def draw() -> Scenes:
        pictures = torch.full((12, 1, 1, 1), float(len(drawn)))
        drawn.append(Scenes(pictures, pictures[:, 0], torch.ones(12, dtype=torch.bool)))
        return drawn[-1]

    deck = Deck(draw, reuse=2, at_once=3, depth=2)
    dealt = [deck.deal() for _ in range(12)]
    assert len(drawn) == 2
    assert all(len(batch.pictures) == 4 for batch in dealt)
    assert {float(value) for batch in dealt[6:] for value in batch.pictures.flatten()} == {0.0, 1.0}


def test_a_deck_without_reuse_gives_what_is_drawn() -> None:
    scenes = Scenes(torch.rand(2, 3, 4, 4), torch.rand(2, 4, 2), torch.ones(2, dtype=torch.bool))
    assert Deck(lambda: scenes, reuse=1).deal() is scenes


def test_a_run_begins_with_the_mean_of_the_states_it_is_given(pack: Path, tmp_path: Path) -> None:
    readers = [Reader(), Reader()]
    for number, reader in enumerate(readers):
        torch.save({"ema": reader.state_dict()}, tmp_path / f"{number}.pt")
    batches = train.Batches(pack, train.Recipe(plates=2, real=2, nothing=2), "cpu", fold="none")
    start = [tmp_path / "0.pt", tmp_path / "1.pt"]
    run = train.Run(batches, SimpleNamespace(start=start, fold="none"))
    wanted = (readers[0].questions + readers[1].questions) / 2
    assert torch.allclose(run.reader.questions, wanted)
    assert torch.allclose(run.average.questions, wanted)
