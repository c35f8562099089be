"""Write a describer as the ONNX file that the portal runs, its weights kept in 16 bits.

    python -m inference.training.attributes.export PACKS person RUN.pt --out person-describer.onnx [--weights W.pt]

The graph reckons in 32 bits: each large constant is stored as float16 and brought to float32 where it is used, which
engines do once, on loading.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from inference.training import onnx_file
from inference.training.attributes.network import Network
from inference.training.attributes.train import RECIPES, Recipe, describer


def write(network: Network, heads: dict[str, list[str]], recipe: Recipe, out: Path) -> None:
    """Write the graph `rgb` N×3×H×W float32 0–255 → `logits` N×V, without the hidden heads; the network loses them.

    Raises:
        ValueError: A hidden head stands before one that is not.
    """
    shown = [name for name in heads if not name.startswith("_")]
    if list(heads)[: len(shown)] != shown:
        raise ValueError("Hidden heads must stand last.")
    network.answers = network.answers[: len(shown)]
    onnx_file.write_onnx(describer(network, recipe), recipe.size, ["logits"], out)
    onnx_file.store_half(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packs", type=Path)
    parser.add_argument("kind", choices=sorted(RECIPES))
    parser.add_argument("state", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="where to keep the weights alone, in 16 bits, to go on from")
    options = parser.parse_args()
    heads = json.loads((options.packs / f"{options.kind}.json").read_text())["heads"]
    recipe = RECIPES[options.kind]
    network = Network(heads, recipe.size, recipe.trunk)
    weights = torch.load(options.state, map_location="cpu", weights_only=True)["ema"]
    network.load_state_dict(weights)
    write(network, heads, recipe, options.out)
    if options.weights is not None:
        halved = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
        torch.save(halved, options.weights)
    print(options.out, f"{options.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
