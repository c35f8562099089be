"""Describers as the manifest has them, for tests that read no picture: what they know, and no file."""

from pathlib import Path

from inference.core.manifest import MANIFEST

COLOURS = ["black", "white", "grey", "red", "yellow", "green", "blue", "brown"]
HEADS = {
    "person": {
        "upper_colour": COLOURS,
        "lower_colour": COLOURS,
        "lower_kind": ["trousers", "skirt"],
        "lower_length": ["short", "long"],
        "backpack": ["no", "yes"],
        "hat": ["no", "yes"],
        "gender": ["male", "female"],
        "age": ["child", "young", "adult", "old"],
    },
    "vehicle": {"colour": COLOURS, "type": ["motorcycle", "car", "van", "truck", "bus"]},
}
ENTRY = """
[[model]]
id = "made-up-{kind}-looks"
task = "describer"
kind = "{kind}"
engine = "openvino"
licence = "none"
trained_on = "nothing"
measured_on = "nothing"
input = "rgb"
calibration = "none"
head = [
{heads}
]
file = [{{ name = "made-up-{kind}.xml", sha256 = "{no_hash}" }}]
source = [{{ kind = "mirror" }}]
"""


def write_manifest(folder: Path) -> Path:
    """Write a manifest with `made-up-person-looks` and `made-up-vehicle-looks` beside the shipped models."""
    text = MANIFEST.read_text(encoding="utf-8")
    for kind, heads in HEADS.items():
        rows = [
            f'  {{ name = "{name}", values = {values}, shares = {shares(values)} }},' for name, values in heads.items()
        ]
        text += ENTRY.format(kind=kind, heads="\n".join(rows), no_hash="0" * 64)
    path = folder / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


def shares(values: list[str]) -> list[float]:
    return [1 / len(values)] * len(values)
