"""What a reader's numbers say: a text, how sure each character is and what else it may be, or that there is no plate.

The network answers for ten places: two syllables of a region, three leading digits, a letter, four digits; each place
holds a character of `ALPHABET` or nothing (the last number). Formats help in two ways: a place is read as what can
stand there at all, and both syllables of a region are chosen together. What is chosen keeps the network's own chance,
so a doubtful plate stays doubtful.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.core.plates.formats import ALPHABET, DIGITS, LETTERS, REGION_SYLLABLES, REGIONS
from inference.core.plates.text import Character, PlateRead

PLACES = 10
EMPTY = len(ALPHABET)
CHOICES = 5
# Confidences as `PlateReader` gives them, shares of right reads: from the upper on a plate is looked at once, below it
# again from other sides and in other cuts; reads below the lower are guesses at grilles and lamps.
LEAST, SURE = 0.01, 0.97
# Whoever looks is told that a read below it is doubtful.
DOUBTFUL_BELOW = 0.7
_STANDING = (*[REGION_SYLLABLES] * 2, *[DIGITS] * 3, LETTERS, *[DIGITS] * 4)
# Which characters may stand in which place: 10×(A+1).
_MAY_STAND = np.array([[*(character in standing for character in ALPHABET), True] for standing in _STANDING])


def decode_plate(
    characters: NDArray[np.float32], plate: float, *, threshold: float = 0.5, choices: int = CHOICES
) -> PlateRead | None:
    """Turn the network's answer for one crop into a read; None if it sees no plate.

    Args:
        characters: 10×(A+1) logits of the places.
        plate: Logit of there being a plate at all.
        threshold: Chance of a plate below which there is none.
        choices: How many characters are kept for each place.

    Raises:
        ValueError: The array is of another shape or holds no numbers.
    """
    if characters.shape != (PLACES, EMPTY + 1) or not np.isfinite(characters).all() or not np.isfinite(plate):
        raise ValueError(f"A read needs {PLACES}×{EMPTY + 1} finite numbers, not {characters.shape}.")
    is_plate = float(1 / (1 + np.exp(-np.clip(plate, -60, 60))))
    if is_plate < threshold:
        return None
    chances = _softmax(characters.astype(np.float64))
    places = np.where(_MAY_STAND, chances, -1).argmax(1)
    places[:2] = _region(chances)
    read = [place for place in range(PLACES) if places[place] != EMPTY]
    if not read:
        return None
    whole = is_plate * float(np.prod([chances[place, places[place]] for place in range(PLACES)]))
    found = tuple(_character(chances[place], int(places[place]), _MAY_STAND[place], choices) for place in read)
    return PlateRead("".join(one.choices[0][0] for one in found), whole, found)


def mean_answer(characters: NDArray[np.float32], plates: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Average what was answered for several views of one plate: V×10×(A+1) and V logits in, 10×(A+1) and one out."""
    chances = np.mean([_softmax(one.astype(np.float64)) for one in characters], axis=0)
    plate = float(np.mean(1 / (1 + np.exp(-np.clip(plates, -60, 60)))))
    return np.log(np.maximum(chances, 1e-12)).astype(np.float32), float(np.log(plate / max(1 - plate, 1e-12)))


def _region(chances: NDArray[np.float64]) -> tuple[int, int]:
    """The likeliest region, or none, by the product of both places' chances."""
    pairs = [(EMPTY, EMPTY), *((ALPHABET.index(name[0]), ALPHABET.index(name[1])) for name in REGIONS)]
    return max(pairs, key=lambda pair: float(chances[0, pair[0]] * chances[1, pair[1]]))


def _character(chances: NDArray[np.float64], chosen: int, may_stand: NDArray[np.bool_], count: int) -> Character:
    order = [int(number) for number in chances.argsort()[::-1] if may_stand[number] and number not in (chosen, EMPTY)]
    return Character(tuple((ALPHABET[number], float(chances[number])) for number in [chosen, *order[: count - 1]]))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True), np.float64)
