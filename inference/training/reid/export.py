"""Write a student as the file that the portal runs, from one state file or from a mean of several.

    python -m inference.training.reid.export RUN.pt [OTHER.pt ...] --shares 0.5 0.5 --out person-reid.onnx

A mean of the weights before and after fine-tuning often keeps more of what the first knew of other cameras than the
second alone (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import nn

from inference.training.onnx_file import store_half, write_onnx
from inference.training.reid.ir import IrNetwork, save_ir
from inference.training.reid.network import load_student


def average(paths: list[Path], shares: list[float]) -> nn.Module:
    """Return a student whose every weight is the mean of the files' own, in these shares."""
    mean = load_student(paths[0])
    states = [load_student(path).state_dict() for path in paths]
    total = sum(shares)
    mixed = {
        name: sum(state[name] * (share / total) for state, share in zip(states, shares, strict=True))
        for name, value in states[0].items()
        if value.is_floating_point()
    }
    mean.load_state_dict({**states[0], **mixed})
    return mean


def write(student: nn.Module, stem: Path, *, height: int = 256, width: int | None = None) -> Path:
    """Write the network, as .xml and .bin where it came from such files, else as .onnx; return the path.

    Pictures are half as wide as high unless `width` is given.
    """
    if isinstance(student, IrNetwork):
        save_ir(student, stem.with_suffix(".xml"))
        return stem.with_suffix(".xml")
    write_onnx(student, (height, width or height // 2), ["feature"], stem.with_suffix(".onnx"))
    return stem.with_suffix(".onnx")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("states", type=Path, nargs="+")
    parser.add_argument("--shares", type=float, nargs="*", help="one for each state; equal without")
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--width", type=int, help="half the height without")
    parser.add_argument("--half", action="store_true", help="store an ONNX file's weights as float16: half the size")
    parser.add_argument(
        "--out", type=Path, required=True, help="the ending is .onnx, or .xml for a network that was one"
    )
    options = parser.parse_args()
    shares = options.shares or [1.0] * len(options.states)
    written = write(average(options.states, shares), options.out, height=options.height, width=options.width)
    if options.half and written.suffix == ".onnx":
        store_half(written)


if __name__ == "__main__":
    main()
