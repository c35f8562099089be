"""Write the reader and the finder as the ONNX files that the portal runs, their weights kept in 16 bits.

    python -m inference.training.plates.export reader RUN.pt --out plate-reader.onnx
    python -m inference.training.plates.export finder FINDER.pt --out plate-finder.onnx

The graphs are explained, with their inputs and outputs, in docs/training.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from inference.training.onnx_file import store_half, write_onnx
from inference.training.plates.network import FINDER_SIZE, READER_SIZE, Finder, Reader


class Answers(nn.Module):
    """The reader without where it looked."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        characters, plate, _looks = self.reader(rgb)
        return characters, plate


def load(kind: str, state: Path) -> tuple[nn.Module, tuple[int, int], list[str]]:
    """Return the averaged network of a state file, the size of its pictures and the names of its answers."""
    weights = torch.load(state, map_location="cpu", weights_only=True)["ema"]
    if kind == "reader":
        reader = Reader()
        reader.load_state_dict(weights)
        return Answers(reader).eval(), READER_SIZE, ["characters", "plate"]
    finder = Finder()
    finder.load_state_dict(weights)
    return finder.eval(), FINDER_SIZE, ["heat", "corners"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["reader", "finder"])
    parser.add_argument("state", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    network, size, names = load(options.kind, options.state)
    write_onnx(network, size, names, options.out)
    store_half(options.out)
    print(options.out, f"{options.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
