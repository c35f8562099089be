"""What sightings look like, read by the heads of the model that said it."""

from inference.core.attributes import UNKNOWN, Answers, answers, unpack
from inference.core.manifest import base_of
from inference.engine import model_store
from inference.models import Description


def answers_of(description: Description) -> Answers:
    """Read a stored description.

    Raises:
        ModelError: The manifest no longer has the model that made it, or its heads were changed.
    """
    entry = model_store().entry(base_of(description.describer), task="describer")
    return answers(entry.heads, unpack(bytes(description.probabilities)))


def known_of(description: Description) -> list[tuple[str, str, float]]:
    """Attribute, best value and its probability, of each attribute that the model is sure enough of (ModelError)."""
    best = [(name, *pairs[0]) for name, pairs in answers_of(description).items()]
    return [(name, value, probability) for name, value, probability in best if value != UNKNOWN]
