"""Write a student as the file that the portal runs, from one state file or from a mean of several.

    python -m inference.training.reid.export RUN.pt [OTHER.pt ...] --shares 0.5 0.5 --out person-reid.onnx

A mean of the weights before and after fine-tuning often keeps more of what the first knew of other cameras than the
second alone (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn

from inference.training.reid.ir import IrNetwork, save_ir
from inference.training.reid.network import load_student

OPSET = 17


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
    """Write the network, as .xml and .bin where it came from such files, else as .onnx; return the path."""
    if isinstance(student, IrNetwork):
        save_ir(student, stem.with_suffix(".xml"))
        return stem.with_suffix(".xml")
    write_onnx(student, stem.with_suffix(".onnx"), height=height, width=width)
    return stem.with_suffix(".onnx")


def write_onnx(student: nn.Module, out: Path, *, height: int = 256, width: int | None = None) -> None:
    """Write the network; pictures are half as wide as high unless `width` is given."""
    example = torch.zeros(1, 3, height, width or height // 2)
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


def store_half(path: Path) -> None:
    """Rewrite an ONNX file with its weights as float16, which halves it; they are cast back, and computed in float32.

    Raises:
        ValueError: A weight is too large for float16.
    """
    import numpy as np
    import onnx

    model = onnx.load(str(path))
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or not weight.dims:
            continue
        values = onnx.numpy_helper.to_array(weight)
        if np.abs(values).max(initial=0) > np.finfo(np.float16).max:
            raise ValueError(f"{path.name}: {weight.name} holds {np.abs(values).max():.0f}, too much for float16.")
        name, half = weight.name, f"{weight.name}_half"
        weight.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(onnx.helper.make_node("Cast", [half], [name], to=onnx.TensorProto.FLOAT))
    for at, cast in enumerate(casts):
        model.graph.node.insert(at, cast)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


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
