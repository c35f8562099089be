"""The describer's network and what is expected of a set; needs torch, which only the training machine has."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is on the training machine alone")

from inference.training.attributes.lite import LiteTrunk  # noqa: E402 — behind the check for torch
from inference.training.attributes.network import BothSides, Network, begin  # noqa: E402
from inference.training.attributes.pack import Picture, write_pack  # noqa: E402
from inference.training.attributes.pictures import NEVER, Pictures  # noqa: E402
from tests.training.test_attribute_pack import picture  # noqa: E402

HEADS = {"type": ["car", "bus"], "colour": ["red", "blue", "grey"]}
SIZE = (64, 96)


def pictures(folder: Path) -> Pictures:
    """Buses and cars of one set, a red car of another."""
    found = [("a", "bus", "blue")] * 3 + [("a", "car", "blue")] * 3 + [("b", "car", "red")] * 6
    rows = [
        Picture(
            picture(folder / f"{place}.jpg"), source, f"{place}", f"{place}", {"type": (kind,), "colour": (colour,)}
        )
        for place, (source, kind, colour) in enumerate(found)
    ]
    write_pack("vehicle", iter(rows), folder)
    return Pictures(folder, "vehicle", device="cpu")


def test_a_set_of_cars_speaks_against_buses_but_not_against_colours_that_it_lacks(tmp_path: Path) -> None:
    packed = pictures(tmp_path)
    rows = torch.arange(len(packed))
    expected = packed.priors(rows, torch.ones(len(rows)))
    names = [f"{head}/{value}" for head, values in packed.heads.items() for value in values]
    bus, blue = names.index("type/bus"), names.index("colour/blue")
    assert expected[0, bus] == expected[1, bus]
    assert expected[1, bus].exp() == pytest.approx(0.25)
    assert NEVER < expected[1, blue] < expected[0, blue]
    assert expected[0, names.index("colour/green")] == NEVER


def test_packed_pictures_keep_their_colours(tmp_path: Path) -> None:
    red = Picture(picture(tmp_path / "a.jpg", (0, 0, 250)), "s", "s/1", "s/1", {"type": ("car",)})
    write_pack("vehicle", iter([red]), tmp_path)
    tile = Pictures(tmp_path, "vehicle", device="cpu").tiles[0]
    assert np.abs(tile.float().mean((1, 2)).numpy() - [250, 0, 0]).max() < 12


def test_the_lite_trunk_takes_its_layers_in_their_order(tmp_path: Path) -> None:
    first, second = LiteTrunk().eval(), LiteTrunk().eval()
    given = {**first.fine.state_dict(prefix="fine."), **first.coarse.state_dict(prefix="coarse.")}
    torch.save({**given, "_fc.bias": torch.zeros(1000)}, tmp_path / "lite.pth")
    network = Network(HEADS, SIZE, "lite")
    network.b = second
    begin(network, tmp_path / "lite.pth")
    level = torch.randn(1, 3, *SIZE)
    assert torch.equal(first.coarse(first.fine(level)), second.coarse(second.fine(level)))
    assert second.featuremaps(level).shape == (1, LiteTrunk.channels, 4, 6)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save({"stem": torch.zeros(16, 3, 3, 3)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth is not EfficientNet-Lite0"):
        LiteTrunk().begin(tmp_path / "other.pth")


def test_both_sides_answer_a_picture_and_its_mirror_image_alike() -> None:
    describer = BothSides(Network(HEADS, SIZE, "lite")).eval()
    rgb = torch.rand(3, 3, *SIZE) * 255
    with torch.no_grad():
        logits = describer(rgb)
        assert logits.shape == (3, 5)
        assert torch.allclose(logits, describer(rgb.flip(3)), atol=1e-4)
