"""Models that anybody can check by eye, made here: what they say follows from the mean colour of a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.core.manifest import MANIFEST, sha256_of
from tests.core.tiny_plates import plate_entries

COLOUR = 'values = ["red", "green", "blue"], shares = [0.5, 0.25, 0.25], temperature = 2.0, known_from = 0.5'
HEADS = f"""[
  {{ name = "colour", {COLOUR} }},
  {{ name = "bright", values = ["no", "yes"], shares = [0.5, 0.5] }},
]"""
# The logits of the two heads, from mean red, green and blue and a constant.
SAYS = np.array(
    [[0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1], [-0.01, -0.01, -0.01], [0.01, 0.01, 0.01]],
    np.float32,
)
CONSTANT = np.array([0, 0, 0, 4, -4], np.float32)
ENTRY = """
[[model]]
id = "{id}"
task = "{task}"
engine = "openvino"
licence = "none"
trained_on = "nothing"
measured_on = "nothing"
input = "rgb"
calibration = "none"
input_name = "rgb"
input_size = [8, 16]
{more}
file = [{{ name = "{id}.xml", sha256 = "{xml}" }}, {{ name = "{id}.bin", sha256 = "{bin}" }}]
source = [{{ kind = "mirror" }}]
"""


def write_manifest(folder: Path) -> Path:
    """Write the models into `folder`, and a manifest of them and the shipped ones; return the manifest's path.

    They are embedders `tiny-person`, `tiny-vehicle` and `tiny-both`, describers `tiny-person-looks` and
    `tiny-vehicle-looks` (with `HEADS`), `tiny-short-looks`, which gives fewer numbers than its entry says, and those of
    `tests.core.tiny_plates`.
    """
    entries = [MANIFEST.read_text(encoding="utf-8")]
    for kind in ("person", "vehicle"):
        more = f'kinds = ["{kind}"]\ndimension = 3'
        entries.append(_write(folder, f"tiny-{kind}", "reid", more, np.eye(3, dtype=np.float32), np.zeros(3)))
        more = f'kind = "{kind}"\nhead = {HEADS}'
        entries.append(_write(folder, f"tiny-{kind}-looks", "describer", more, SAYS, CONSTANT))
    more = 'kinds = ["person", "vehicle"]\ndimension = 3'
    entries.append(_write(folder, "tiny-both", "reid", more, np.eye(3, dtype=np.float32), np.zeros(3)))
    more = f'kind = "person"\nhead = {HEADS}'
    entries.append(_write(folder, "tiny-short-looks", "describer", more, SAYS[:3], CONSTANT[:3]))
    entries.append(plate_entries(folder))
    path = folder / "models.toml"
    path.write_text("\n".join(entries), encoding="utf-8")
    return path


def _write(
    folder: Path, model_id: str, task: str, more: str, weights: NDArray[np.float32], constant: NDArray[np.floating]
) -> str:
    """Write a network, rows of `weights` times mean colour and `constant`; return its entry."""
    import openvino
    from openvino import opset13 as ops

    picture = ops.parameter([-1, 3, -1, -1], np.float32, name="rgb")
    picture.output(0).set_names({"rgb"})
    colour = ops.reduce_mean(picture, ops.constant(np.array([2, 3], np.int64)), keep_dims=False)
    product = ops.matmul(colour, ops.constant(weights), transpose_a=False, transpose_b=True)
    result = ops.add(product, ops.constant(constant.astype(np.float32)))
    path = folder / f"{model_id}.xml"
    openvino.save_model(openvino.Model([result], [picture], model_id), path, compress_to_fp16=False)
    hashes = {"xml": sha256_of(path), "bin": sha256_of(path.with_suffix(".bin"))}
    return ENTRY.format(id=model_id, task=task, more=more, **hashes)
