"""Sheets of tiles and the table beside them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from inference.core.images import decode_jpeg, encode_jpeg
from inference.training.attributes.labels import HEADS
from inference.training.attributes.pack import (
    CLOTHES,
    HAND_READ,
    MOST_PER_PERSON,
    STREET,
    Picture,
    copies_of,
    find_people,
    find_vehicles,
    read_colours,
    read_tile,
    write_pack,
)
from tests.training.test_attribute_labels import MARKET


def picture(path: Path, colour: tuple[int, int, int] = (128, 128, 128), *, size: tuple[int, int] = (64, 32)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_jpeg(np.full((*size, 3), colour, np.uint8), 95))
    return path


def photo(path: Path, seed: int, *, is_mirrored: bool = False) -> Path:
    coarse = np.random.default_rng(seed).integers(0, 255, (8, 9, 3), np.uint8)
    image = np.kron(coarse, np.ones((12, 12, 1), np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_jpeg(np.ascontiguousarray(image[:, ::-1] if is_mirrored else image), 90))
    return path


def market(folder: Path, names: list[str]) -> None:
    for name in names:
        picture(folder / "reid/market1501/train" / name)
    (folder / "reid/market1501").mkdir(parents=True, exist_ok=True)
    head = ",".join(["id", *MARKET])
    for file, person in (("attributes_dev251.csv", "0002"), ("attributes_other500.csv", "0007")):
        (folder / "reid/market1501" / file).write_text(f"{head}\n{','.join([person, *MARKET.values()])}\n")
    for name in ("viper", "grid", "prid", "caviar4reid", "3dpes", "ilid", "sarc3d", "mit"):
        (folder / f"reid/more/peta_{name}_Label.txt").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"reid/more/peta_{name}_Label.txt").write_text("12 upperBodyRed\n")


def test_people_get_their_labels_and_tracks_by_camera(tmp_path: Path) -> None:
    market(tmp_path, ["0002_c1s1_000451_03.jpg", "0002_c2s1_000001_01.jpg", "0007_c1s1_000001_01.jpg"])
    picture(tmp_path / "reid/more/peta_viper/012_45_1.jpg")
    found = list(find_people(tmp_path))
    assert [one.identity for one in found] == ["market/0002", "market/0002", "market/0007", "peta-viper/12"]
    assert [one.track for one in found[:2]] == ["market/0002/c1", "market/0002/c2"]
    assert found[3].labels["upper_colour"] == ("red",)


def test_one_person_of_many_pictures_gives_a_dozen(tmp_path: Path) -> None:
    market(tmp_path, [f"0002_c1s1_{number:06}_01.jpg" for number in range(40)])
    found = list(find_people(tmp_path))
    assert len(found) == MOST_PER_PERSON
    assert (found[0].path.name, found[-1].path.name) == ("0002_c1s1_000000_01.jpg", "0002_c1s1_000039_01.jpg")


def test_passers_by_of_grid_are_not_one_person(tmp_path: Path) -> None:
    market(tmp_path, [])
    for number in (1, 2):
        picture(tmp_path / f"reid/more/peta_grid/0000_{number}_25004.jpg")
    assert len({one.identity for one in find_people(tmp_path)}) == 2


def test_vehicles_that_follow_each_other_stay_together(tmp_path: Path) -> None:
    for number in (1, 39, 41):
        picture(tmp_path / f"vehicle_type/zenodo-tiny/juggernaut/juggernaut{number}.jpg")
    (tmp_path / "vehicle_type/stanford").mkdir(parents=True)
    (tmp_path / "vehicle_type/stanford/labels.tsv").write_text("file\tclass_name\tbody\n")
    first, second, third = find_vehicles(tmp_path)
    assert first.identity == second.identity != third.identity
    assert first.labels == {"type": ("truck",)}


def test_a_vehicle_is_cut_out_of_its_photo(tmp_path: Path) -> None:
    row = next(csv.DictReader(STREET.open(), delimiter="\t"))
    left, top, right, bottom = (int(row[side]) for side in ("left", "top", "right", "bottom"))
    image = np.zeros((bottom + 40, right + 40, 3), np.uint8)
    image[top:bottom, left:right] = 200
    path = tmp_path / "plates" / row["file"]
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_jpeg(image, 95))
    (tmp_path / "vehicle_type/stanford").mkdir(parents=True)
    (tmp_path / "vehicle_type/stanford/labels.tsv").write_text("file\tclass_name\tbody\n")
    found = list(find_vehicles(tmp_path))
    assert found[0].labels == {"type": (row["type"],)}
    tile = read_tile(found[0].path, (32, 32), found[0].box)
    assert np.abs(tile.astype(int) - 200).max() < 30


def test_a_box_beside_its_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing at"):
        read_tile(picture(tmp_path / "a.jpg"), (32, 32), (500, 0, 600, 50))


def test_what_was_read_by_eye_are_values_of_the_heads() -> None:
    types = {row["type"] for row in csv.DictReader(STREET.open(), delimiter="\t")}
    assert types <= set(HEADS["vehicle"]["type"])
    for row in csv.DictReader(CLOTHES.open(), delimiter="\t"):
        assert set(row["colours"].split()) <= set(HEADS["person"][row["head"]])


def test_clothes_read_by_eye_go_before_the_table(tmp_path: Path) -> None:
    row = next(row for row in csv.DictReader(CLOTHES.open(), delimiter="\t") if row["colours"] == "pink")
    person = row["person"].removeprefix("market/")
    market(tmp_path, [f"{person}_c1s1_000451_03.jpg"])
    table = tmp_path / "reid/market1501/attributes_dev251.csv"
    table.write_text(table.read_text().replace("0002", person))
    (found,) = find_people(tmp_path)
    assert found.labels[row["head"]] == ("pink",)


def test_where_a_reading_and_the_label_differ_either_may_be_right(tmp_path: Path) -> None:
    rows = (row for row in csv.DictReader(CLOTHES.open(), delimiter="\t") if row["person"].startswith("peta-viper/"))
    row = next(row for row in rows if row["head"] == "upper_colour")
    market(tmp_path, [])
    number = row["person"].removeprefix("peta-viper/")
    (tmp_path / "reid/more/peta_viper_Label.txt").write_text(f"{number} upperBodyRed lowerBodyBlue\n")
    picture(tmp_path / f"reid/more/peta_viper/{number}_45_1.jpg")
    (found,) = find_people(tmp_path)
    assert found.labels["upper_colour"] == tuple(row["colours"].split())
    assert len(found.labels["upper_colour"]) > 1
    assert found.labels["lower_colour"] == ("blue",)


def test_copies_of_a_photo_are_found_also_when_mirrored(tmp_path: Path) -> None:
    paths = [
        photo(tmp_path / "a.jpg", 1),
        photo(tmp_path / "b.jpg", 2),
        photo(tmp_path / "c.jpg", 1),
        photo(tmp_path / "d.jpg", 2, is_mirrored=True),
    ]
    assert copies_of(paths) == [0, 1, 0, 1]


def test_a_pack_holds_every_picture_in_its_place(tmp_path: Path) -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    pictures = [
        Picture(picture(tmp_path / f"{place}.jpg", colour), "s", f"s/{place}", f"s/{place}", {"sleeve": ("long",)})
        for place, colour in enumerate(colours)
    ]
    (sheet,) = write_pack("person", iter(pictures), tmp_path / "out")
    table = json.loads((tmp_path / "out/person.json").read_text())
    image = decode_jpeg(sheet.read_bytes())
    width, height = table["tile"]
    assert image.shape == (height, width * table["columns"], 3)
    for place, colour in enumerate(colours):
        middle = image[height // 2, width * place + width // 2]
        assert np.abs(middle.astype(int) - colour).max() < 12
    assert table["rows"][0][3] == {"sleeve": [1]}


def test_an_empty_pack_and_a_file_that_is_no_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no picture"):
        write_pack("person", iter([]), tmp_path)
    (tmp_path / "bad.jpg").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"bad\.jpg"):
        write_pack("person", iter([Picture(tmp_path / "bad.jpg", "s", "s/1", "s/1")]), tmp_path)


def test_colours_read_by_eye_are_values_of_the_head() -> None:
    read = read_colours(HAND_READ)
    assert set(read.values()) == {"grey", "orange"}
    assert all(name.startswith("stanford/") for name in read)
