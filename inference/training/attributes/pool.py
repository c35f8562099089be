"""Figures and temperatures from the answers of all folds, each on pictures that it was not trained on.

    python -m inference.training.attributes.pool PACKS person FOLD0.npz … --out heads.json

A fold is measured with the temperature and the offsets that were fitted to the other folds' answers. Values that are
answered as one (`labels.MERGED`) are one already here; `finish` brings that and the offsets into the describer's file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.training.attributes.folds import Row
from inference.training.attributes.labels import MERGED
from inference.training.attributes.metrics import (
    balance,
    balanced_accuracy,
    calibration_error,
    fit_offsets,
    fit_temperature,
    known_from,
    probabilities,
    recalls,
)

PICTURES_OF_TRACK = 5
# Offsets that raise balanced accuracy by less are left away: two parameters fewer to be wrong in another city.
WORTH = 0.003


@dataclass(frozen=True)
class Answers:
    """One head's logits N×V on pictures with a known value, their labels, folds, tracks and sets."""

    logits: NDArray[np.float64]
    labels: NDArray[np.int64]
    folds: NDArray[np.int64]
    tracks: NDArray[np.str_]
    sources: NDArray[np.str_]

    def only(self, chosen: NDArray[np.bool_]) -> Answers:
        return Answers(
            self.logits[chosen], self.labels[chosen], self.folds[chosen], self.tracks[chosen], self.sources[chosen]
        )


def gather(table: dict[str, Any], folds: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]]) -> dict[str, Answers]:
    """The answers by head, from each fold's row numbers and logits; hidden heads are left out."""
    answers, start = {}, 0
    for head, values in table["heads"].items():
        found: list[tuple[NDArray[np.float64], int, int, Row]] = []
        for fold, (rows, logits) in enumerate(folds):
            for place, number in enumerate(rows):
                row: Row = table["rows"][number]
                if len(known := row[3].get(head, [])) == 1:
                    found.append((logits[place, start : start + len(values)], known[0], fold, row))
        start += len(values)
        if found and not head.startswith("_"):
            answers[head] = Answers(
                np.array([one[0] for one in found], np.float64),
                np.array([one[1] for one in found], np.int64),
                np.array([one[2] for one in found], np.int64),
                np.array([one[3][2] for one in found]),
                np.array([one[3][0] for one in found]),
            )
    return answers


def merge(answers: Answers, values: Sequence[str], into: Mapping[str, str]) -> tuple[Answers, list[str]]:
    """Answers and values with each value of `into` made part of the value that it stands for.

    Chances of what is merged add up, so that its logit is the logarithm of the sum of powers.
    """
    kept = [value for value in values if value not in into]
    logits = np.full((len(answers.labels), len(kept)), -np.inf)
    places = np.array([kept.index(into.get(value, value)) for value in values])
    for column, place in enumerate(places):
        logits[:, place] = np.logaddexp(logits[:, place], answers.logits[:, column])
    return replace(answers, logits=logits, labels=places[answers.labels]), kept


def shifted(answers: Answers) -> tuple[Answers, NDArray[np.float64]]:
    """Answers with offsets, each fold's fitted to the others, and the offsets of all; unchanged where it is no gain."""
    nothing = np.zeros(answers.logits.shape[1])
    if len(np.unique(answers.folds)) < 2:
        return answers, nothing
    logits = answers.logits.copy()
    for fold in np.unique(answers.folds):
        others = answers.only(answers.folds != fold)
        logits[answers.folds == fold] += fit_offsets(others.logits, others.labels)
    gain = balanced_accuracy(logits, answers.labels) - balanced_accuracy(answers.logits, answers.labels)
    if gain < WORTH:
        return answers, nothing
    return replace(answers, logits=logits), fit_offsets(answers.logits, answers.labels)


def figures(answers: Answers, values: Sequence[str]) -> dict[str, Any]:
    """Balanced accuracy per picture and per track, calibration error, recall by value and accuracy by set."""
    chances = crossed(answers)
    weights = balance(answers.labels)
    tracks, labels = by_track(chances, answers)
    shares = np.bincount(answers.labels, minlength=len(values)) / len(answers.labels)
    primed = chances * shares
    primed /= primed.sum(1, keepdims=True)
    return {
        "pictures": len(answers.labels),
        "balanced": balanced_accuracy(chances, answers.labels),
        "balanced_track": balanced_accuracy(tracks, labels),
        "tracks": len(labels),
        "calibration_error": calibration_error(chances, answers.labels, weights),
        "calibration_error_as_found": calibration_error(primed, answers.labels, np.ones(len(primed))),
        "recall": dict(zip(values, recalls(chances, answers.labels).round(3).tolist(), strict=True)),
        "by_set": {
            str(source): balanced_accuracy(
                chances[answers.sources == source], answers.labels[answers.sources == source]
            )
            for source in np.unique(answers.sources)
        },
    }


def crossed(answers: Answers) -> NDArray[np.float64]:
    """Probabilities of every picture with the temperature that the other folds' answers ask for."""
    chances = np.zeros_like(answers.logits)
    for fold in np.unique(answers.folds):
        others = answers.only(answers.folds != fold)
        # With one fold there is nothing else to fit to.
        temperature = fit_temperature(others.logits, others.labels, balance(others.labels)) if len(others.labels) else 1
        chances[answers.folds == fold] = probabilities(answers.logits[answers.folds == fold], temperature)
    return chances


def by_track(chances: NDArray[np.float64], answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mean probabilities of up to five pictures of each track, and its label."""
    _names, first, places = np.unique(answers.tracks, return_index=True, return_inverse=True)
    order = np.argsort(places, kind="stable")
    starts = np.searchsorted(places[order], np.arange(len(first)))
    ends = np.append(starts[1:], len(order))
    members = [
        order[start:end][:: -(-(end - start) // PICTURES_OF_TRACK)] for start, end in zip(starts, ends, strict=True)
    ]
    return np.array([chances[rows].mean(0) for rows in members]), answers.labels[first]


def manifest_head(
    name: str, values: Sequence[str], answers: Answers, offsets: NDArray[np.float64] | None = None
) -> dict[str, Any]:
    """What the manifest says of a head, and its offsets; the network is balanced, so all shares are the same."""
    weights = balance(answers.labels)
    temperature = fit_temperature(answers.logits, answers.labels, weights)
    chances = probabilities(answers.logits, temperature)
    return {
        "name": name,
        "values": list(values),
        "shares": [round(1 / len(values), 6)] * len(values),
        "temperature": round(temperature, 3),
        # Seldom unknown whether values are as frequent as each other or as they were found.
        "known_from": min(known_from(chances, answers.labels, kind) for kind in (weights, np.ones(len(chances)))),
        "offsets": [0.0] * len(values) if offsets is None else offsets.round(3).tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packs", type=Path)
    parser.add_argument("kind")
    parser.add_argument("folds", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    table = json.loads((options.packs / f"{options.kind}.json").read_text())
    folds = [(found["rows"], found["logits"].astype(np.float64)) for found in map(np.load, options.folds)]
    answers = gather(table, folds)
    heads, measured = [], {}
    for head, found in answers.items():
        merged, values = merge(found, table["heads"][head], MERGED.get(head, {}))
        better, offsets = shifted(merged)
        heads.append(manifest_head(head, values, better, offsets))
        measured[head] = figures(better, values)
    for head, figure in measured.items():
        print(
            f"{head}: balanced {figure['balanced']:.3f}, tracks {figure['balanced_track']:.3f}, calibration error "
            f"{figure['calibration_error']:.3f} (as found {figure['calibration_error_as_found']:.3f}), "
            f"{figure['pictures']} pictures\n    {figure['recall']}\n    "
            + ", ".join(f"{source} {value:.3f}" for source, value in figure["by_set"].items())
        )
    options.out.write_text(json.dumps({"head": heads, "figures": measured}, indent=1))


if __name__ == "__main__":
    main()
