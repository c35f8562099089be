"""How good answers are, and how far their probabilities may be believed.

Networks here are balanced: they answer as if every value were as frequent as any other. So every figure weighs values
alike, by giving each picture one divided by the number of pictures that share its value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
# Of fit_offsets: pictures below which a value weighs less, steps and their length.
FEW, ASCENTS, STRIDE = 40, 300, 2.0
TEMPERATURES = np.exp(np.linspace(np.log(0.3), np.log(5.0), 57))


def probabilities(logits: Floats, temperature: float = 1.0) -> Floats:
    """Softmax of N×V logits divided by the temperature."""
    scaled = logits / temperature
    chances = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(chances / chances.sum(1, keepdims=True))


def fit_offsets(logits: Floats, labels: Integers, *, penalty: float = 1e-3) -> Floats:
    """What to add to each value's logits so that the labels are likeliest, values weighing alike; they sum to 0.

    The bias of vector scaling (Guo et al., ICML 2017), found by ascent on a concave likelihood. Values with fewer than
    forty pictures weigh less than the others, and `penalty` on the squared offsets keeps them near 0 where little is
    known.
    """
    counts = np.bincount(labels, minlength=logits.shape[1])
    weights = 1 / np.maximum(counts, FEW)[labels]
    weights /= weights.sum()
    temperature = fit_temperature(logits, labels, weights)
    wanted = np.bincount(labels, weights, minlength=logits.shape[1])
    offsets = np.zeros(logits.shape[1])
    for _step in range(ASCENTS):
        met = weights @ probabilities(logits / temperature + offsets)
        offsets += STRIDE * (wanted - met - 2 * penalty * offsets)
    return np.asarray((offsets - offsets.mean()) * temperature)


def balance(labels: Integers) -> Floats:
    """Weights of N pictures that give every value that occurs the same sum; all together they make 1."""
    counts = np.bincount(labels)
    return np.asarray(1 / counts[labels] / np.count_nonzero(counts))


def balanced_accuracy(scores: Floats, labels: Integers) -> float:
    """Mean over the values that occur of how many of their pictures are answered rightly, 0–1."""
    return float(((scores.argmax(1) == labels) * balance(labels)).sum())


def recalls(scores: Floats, labels: Integers) -> Floats:
    """For each value how many of its pictures are answered rightly, 0–1; NaN where none occurs."""
    counts = np.bincount(labels, minlength=scores.shape[1])
    right = np.bincount(labels[scores.argmax(1) == labels], minlength=scores.shape[1])
    return np.asarray(np.where(counts > 0, right / np.maximum(counts, 1), np.nan))


def calibration_error(chances: Floats, labels: Integers, weights: Floats, *, bins: int = 15) -> float:
    """Expected calibration error of the best answer, 0–1 (Guo et al., ICML 2017), with weighted pictures."""
    best = chances.max(1)
    right = chances.argmax(1) == labels
    places = np.minimum((best * bins).astype(int), bins - 1)
    gaps = np.bincount(places, weights * (right - best), minlength=bins)
    return float(np.abs(gaps).sum() / weights.sum())


def fit_temperature(logits: Floats, labels: Integers, weights: Floats) -> float:
    """The temperature under which the labels are likeliest; 1 where there is nothing to fit."""
    if not len(labels):
        return 1.0
    rows = np.arange(len(labels))
    losses = [
        -(weights * np.log(np.maximum(probabilities(logits, t)[rows, labels], 1e-12))).sum() for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def known_from(chances: Floats, labels: Integers, weights: Floats, *, most_unknown: float = 0.1) -> float:
    """The probability below which a best answer is better left unsaid, in steps of 0.05; 0 where all may be said.

    The highest that leaves no more than `most_unknown` of all cases unsaid, if what it leaves unsaid is more often
    wrong than the rest.
    """
    best, right = chances.max(1), chances.argmax(1) == labels
    for step in np.arange(0.95, 1 / chances.shape[1], -0.05):
        is_said = best >= step
        unsaid = weights[~is_said].sum()
        if 0 < unsaid <= most_unknown * weights.sum():
            is_worse = (weights * right)[~is_said].sum() / unsaid < (weights * right)[is_said].sum() / weights[
                is_said
            ].sum()
            return round(float(step), 2) if is_worse else 0.0
    return 0.0
