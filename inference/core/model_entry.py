"""One model of the manifest: its fields, what each has to be, and how it is read from TOML.

Knows nothing of files on this machine; `manifest` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from inference.core.detections import Kind


@dataclass(frozen=True)
class ModelFile:
    """One file of a model: its name in cache and mirror, its hash, its place in the wheel if any."""

    name: str
    sha256: str
    member: str = ""


@dataclass(frozen=True)
class Source:
    """One place a model may be had from.

    Attributes:
        kind: `shipped` (in this repository), `mirror` (a folder named by the caller), `wheel` (member of a
            package on the package index) or `upstream` (a person fetches it by hand).
        wheel: Requirement with exact version, for `wheel`.
        note: What a person has to do, for `upstream`.
    """

    kind: str
    wheel: str = ""
    note: str = ""


@dataclass(frozen=True)
class Head:
    """One attribute of a describer, in the order of its output.

    Attributes:
        name: The attribute.
        values: Its values, in the order of the logits.
        shares: How often each occurs in what the model was balanced to (its prior); they sum to 1.
        temperature: Logits are divided by it before the softmax, so that probabilities are what they say (Guo
            et al., On Calibration of Modern Neural Networks, 2017).
        known_from: Where the best value is less probable than this, the answer is "unknown".
    """

    name: str
    values: tuple[str, ...]
    shares: tuple[float, ...]
    temperature: float = 1.0
    known_from: float = 0.0

    def __post_init__(self) -> None:
        is_sound = (
            len(set(self.values)) == len(self.values) >= 2
            and len(self.shares) == len(self.values)
            and min(self.shares) > 0
            and abs(sum(self.shares) - 1) <= 0.01
            and self.temperature > 0
            and 0 <= self.known_from < 1
        )
        if not is_sound:
            raise ValueError(
                f"head {self.name!r} needs two or more different values, as many shares above 0 that sum to 1, "
                "a temperature above 0 and known_from from 0 to below 1"
            )


@dataclass(frozen=True)
class Match:
    """What a cosine of two features of a model means.

    Attributes:
        points: Pairs of cosine and natural logarithm of p(cosine | same) / p(cosine | another), both rising.
        mean, deviation: Of the cosines of two that are not the same, across cameras.
    """

    points: tuple[tuple[float, float], ...]
    mean: float
    deviation: float

    def __post_init__(self) -> None:
        is_rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(self.points))
        if len(self.points) < 2 or not is_rising or self.deviation <= 0:
            raise ValueError("match needs two or more points, rising in both, and a deviation above 0")


@dataclass(frozen=True)
class ModelEntry:
    """One model of the manifest; see the comments at the head of models.toml for the fields."""

    id: str
    task: str
    engine: str
    licence: str
    trained_on: str
    measured_on: str
    input: str
    calibration: str
    files: tuple[ModelFile, ...]
    sources: tuple[Source, ...]
    dimension: int = 0
    input_name: str = ""
    is_rgb: bool = True
    score_points: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))
    input_size: tuple[int, int] = (128, 256)
    kinds: tuple[Kind, ...] = ()
    default_for: tuple[Kind, ...] = ()
    heads: tuple[Head, ...] = ()
    match: Match | None = None
    confidence: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.task in ("reid", "describer", "plate-finder", "plate-reader") and not self.kinds:
            raise ValueError(f"{self.id} does not say whether it is made for person or vehicle")
        if self.task == "describer" and not (self.heads and len(self.kinds) == 1):
            raise ValueError(f"{self.id} is a describer, which has one kind and at least one head")
        if len({head.name for head in self.heads}) != len(self.heads):
            raise ValueError(f"{self.id} has two heads of one name")
        if not set(self.default_for) <= set(self.kinds):
            raise ValueError(f"{self.id} is a default for what it is not made for")
        if min(self.input_size) < 1:
            raise ValueError(f"{self.id} has an input without extent")
        if self.confidence and not (self.task == "plate-reader" and _is_calibration(self.confidence)):
            raise ValueError(f"{self.id} has a confidence that is no plate reader's or does not rise from 0 to 1")


def read_entry(row: dict[str, Any]) -> ModelEntry:
    """Make an entry of a table of the manifest, which is used up.

    Raises:
        KeyError, TypeError, ValueError: It lacks a field, has an unknown one, or one that cannot be right.
    """
    files = tuple(ModelFile(**file) for file in row.pop("file"))
    sources = tuple(Source(**source) for source in row.pop("source"))
    if "kind" in row:
        row["kinds"] = [row.pop("kind")]
    for name in ("kinds", "default_for"):
        row[name] = tuple(Kind(kind) for kind in row.get(name, ()))
    for name in ("score_points", "confidence"):
        if name in row:
            row[name] = _pairs(row[name])
    if "input_size" in row:
        width, height = row["input_size"]
        row["input_size"] = int(width), int(height)
    heads = tuple(_head(dict(head)) for head in row.pop("head", ()))
    match = _match(dict(row.pop("match"))) if "match" in row else None
    return ModelEntry(**row, files=files, sources=sources, heads=heads, match=match)


def _head(row: dict[str, Any]) -> Head:
    values = tuple(str(value) for value in row.pop("values"))
    shares = tuple(float(share) for share in row.pop("shares"))
    return Head(values=values, shares=shares, **row)


def _match(row: dict[str, Any]) -> Match:
    return Match(points=_pairs(row.pop("points")), **row)


def _is_calibration(points: Sequence[tuple[float, float]]) -> bool:
    """Whether raw values go from 0 to 1, each with a share that does not fall."""
    is_rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(points))
    return is_rising and points[0][0] == 0 and points[-1][0] == 1 and points[0][1] >= 0 and points[-1][1] <= 1


def _pairs(rows: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(first), float(second)) for first, second in rows)
