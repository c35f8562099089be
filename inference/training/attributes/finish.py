"""Bring what `pool` found into a describer's graph: values answered as one, and offsets.

    python -m inference.training.attributes.finish person-describer.onnx heads.json person --out person-describer-2.onnx

The graph's `logits` are those of `labels.HEADS`, a head after the other; the new ones are those of heads.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from inference.training.attributes.labels import HEADS, MERGED

OUTPUT, TAUGHT = "logits", "taught"


def members(taught: Mapping[str, Sequence[str]], heads: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """For each value of `heads`, one head after the other, the columns of what was taught that it is made of.

    Raises:
        ValueError: The heads are not the taught ones with `MERGED` applied, in the same order.
    """
    columns: list[list[int]] = []
    start = 0
    if [head["name"] for head in heads] != list(taught):
        raise ValueError("The heads are not those that were taught.")
    for head, values in zip(heads, taught.values(), strict=True):
        into = MERGED.get(head["name"], {})
        named = [into.get(value, value) for value in values]
        if list(dict.fromkeys(value for value in values if value not in into)) != head["values"]:
            raise ValueError(f"The values of {head['name']} are not those that were taught.")
        columns += [[start + place for place, name in enumerate(named) if name == value] for value in head["values"]]
        start += len(values)
    return columns


def finish(model: Any, columns: Sequence[Sequence[int]], offsets: Sequence[float]) -> None:
    """Append to the graph: each value's logit is the logarithm of the sum of its columns' powers, plus its offset.

    Raises:
        ValueError: There is not one offset for each value.
    """
    if len(columns) != len(offsets):
        raise ValueError("There must be one offset for each value.")
    graph = model.graph
    for node in graph.node:
        node.output[:] = [TAUGHT if name == OUTPUT else name for name in node.output]

    def add(kind: str, *given: str | NDArray[Any], **options: int) -> str:
        """Append a node; arrays among what it is given become constants. Return its output's name."""
        name = f"finish.{len(graph.node)}"
        names = [one if isinstance(one, str) else f"{name}.{place}" for place, one in enumerate(given)]
        for one, called in zip(given, names, strict=True):
            if not isinstance(one, str):
                graph.initializer.append(numpy_helper.from_array(one, called))
        graph.node.append(helper.make_node(kind, names, [name], **options))
        return name

    said = add("Gather", TAUGHT, np.array([chosen[0] for chosen in columns], np.int64), axis=1)
    for place in range(1, max(map(len, columns))):
        is_more = [len(chosen) > place for chosen in columns]
        others = [chosen[place] if more else chosen[0] for chosen, more in zip(columns, is_more, strict=True)]
        other = add("Gather", TAUGHT, np.array(others, np.int64), axis=1)
        # log(exp a + exp b) = a + softplus(b - a), which never overflows.
        more = add("Softplus", add("Sub", other, said))
        said = add("Add", said, add("Mul", more, np.array(is_more, np.float32)))
    add("Add", said, np.array(offsets, np.float32))
    graph.node[-1].output[:] = [OUTPUT]
    graph.output[0].type.tensor_type.shape.dim[1].dim_value = len(columns)
    onnx.checker.check_model(model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph", type=Path)
    parser.add_argument("heads", type=Path)
    parser.add_argument("kind", choices=sorted(HEADS))
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    heads = json.loads(options.heads.read_text())["head"]
    model = onnx.load(str(options.graph))
    columns = members(HEADS[options.kind], heads)
    finish(model, columns, [offset for head in heads for offset in head["offsets"]])
    onnx.save(model, str(options.out))
    print(options.out, f"{options.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
