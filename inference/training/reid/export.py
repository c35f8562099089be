"""Write a student as the ONNX file that the portal runs, from one state file or from a mean of several.

    python -m inference.training.reid.export RUN.pt [OTHER.pt ...] --shares 0.5 0.5 --out person-reid.onnx

A mean of the weights before and after fine-tuning often keeps more of what the first knew of other cameras than the
second alone (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from inference.training.reid.network import Student, load_student

OPSET = 17


def average(paths: list[Path], shares: list[float]) -> Student:
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


def write_onnx(student: Student, out: Path, *, height: int = 256) -> None:
    example = torch.zeros(1, 3, height, height // 2)
    torch.onnx.export(
        student.eval(),
        (example,),
        str(out),
        input_names=["rgb"],
        output_names=["feature"],
        dynamic_axes={"rgb": {0: "batch"}, "feature": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("states", type=Path, nargs="+")
    parser.add_argument("--shares", type=float, nargs="*", help="one for each state; equal without")
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    shares = options.shares or [1.0] * len(options.states)
    write_onnx(average(options.states, shares), options.out, height=options.height)


if __name__ == "__main__":
    main()
