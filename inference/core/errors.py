"""What can go wrong in the core. Every message is one clear sentence for the user."""

from typing import Any


class Sentence(str):
    """A sentence for the user, in English, that remembers how it was made, so that others can say it in Korean.

    Attributes:
        template: The sentence with {names} of values, as str.format takes it.
        values: The values, by name.
    """

    template: str
    values: dict[str, Any]


def say(template: str, **values: Any) -> Sentence:
    """Make a sentence from its template and values."""
    sentence = Sentence(template.format(**values))
    sentence.template, sentence.values = template, values
    return sentence


class CoreError(Exception):
    """Anything the core refuses or cannot do."""


class VideoError(CoreError):
    """A recording cannot be opened, holds no video or no readable frame."""


class ClipError(CoreError):
    """A clip cannot be cut, masked or written."""


class ImageError(CoreError):
    """A picture cannot be read, is too small or too large."""


class ModelError(CoreError):
    """A model is unknown, cannot be fetched, or is not the file the manifest names."""


class PlateError(CoreError):
    """A plate's text, a pattern for plates or a table of confusions cannot be used."""
