"""Sentences that are kept: what the portal writes on a row is read by people of both languages.

`gettext` and `ngettext` are used as Django's. What they return is a text in the language of the moment that remembers
how it was made: a `SentenceField` keeps that, and says it in the language of whoever reads the row. What people have
typed, and what was kept before, remembers nothing and is shown as it is.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import translation

if TYPE_CHECKING:
    TextColumn = models.TextField[str, str]
else:
    TextColumn = models.TextField

# How a kept sentence begins.
START = '{"say": '


class Sentence(str):
    """A text that remembers how it was made.

    `said` is {"say": message}, or {"say": one, "many": many, "count": number}; with the values of its places as "with"
    (of %) or "format" (of str.format). A value may be such a sentence itself.
    """

    said: dict[str, Any]

    def __new__(cls, said: dict[str, Any]) -> "Sentence":
        sentence = super().__new__(cls, _in_words(said))
        sentence.said = said
        return sentence

    def __getnewargs__(self) -> tuple[dict[str, Any]]:  # type: ignore[override]  # for copies
        return (self.said,)

    def __mod__(self, values: Mapping[str, Any]) -> "Sentence":
        return Sentence({**self.said, "with": _kept_values(values)})

    def format(self, **values: Any) -> "Sentence":  # type: ignore[override]  # places have names here
        return Sentence({**self.said, "format": _kept_values(values)})

    def strip(self, chars: str | None = None) -> "Sentence":
        """As it is: verbs strip what people type, and would make it a text like any other."""
        return self


class SentenceField(TextColumn):
    """A text column for sentences; whoever reads the row reads them in their own language."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return read_kept(value)

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(kept(value) if isinstance(value, str) else value)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """As any text column, which it is to the database."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


def gettext(message: str) -> Sentence:
    return Sentence({"say": message})


def ngettext(one: str, many: str, count: int) -> Sentence:
    return Sentence({"say": one, "many": many, "count": count})


def joined(parts: Iterable[str], by: str = " ") -> str:
    """Return what is not empty of these as one sentence."""
    texts = {str(number): part for number, part in enumerate(filter(None, parts))}
    return gettext(by.join(f"%({number})s" for number in texts)) % texts if texts else ""


def refusal(error: ValidationError) -> str:
    """Return what an error says as one sentence."""
    by_field: dict[str, list[ValidationError]] = error.update_error_dict({})
    found = [one for errors in by_field.values() for one in errors]
    return joined(one.message if isinstance(one.message, Sentence) else one.messages[0] for one in found)


def kept(text: str) -> str:
    """Return a text as a column keeps it. One that only looks like a kept sentence is made a sentence, and so is never
    taken for one."""
    if not isinstance(text, Sentence) and text.startswith(START):
        text = joined([text])
    return json.dumps(text.said, ensure_ascii=False) if isinstance(text, Sentence) else text


def read_kept(text: Any) -> Any:
    """Return what a column keeps in the active language; what is no sentence, as it is."""
    if not isinstance(text, str) or not text.startswith(START):
        return text
    try:
        return Sentence(json.loads(text))
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):  # changed in the database by somebody
        return text


def _kept_values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _kept_value(value) for name, value in values.items()}


def _kept_value(value: Any) -> Any:
    if isinstance(value, Sentence):
        return value.said
    return value if isinstance(value, str | int | float) else str(value)


def _in_words(said: Mapping[str, Any]) -> str:
    message = said["say"]
    is_counted = "many" in said
    text = translation.ngettext(message, said["many"], said["count"]) if is_counted else translation.gettext(message)
    if "with" in said:
        return text % _values_of(said["with"])
    return text.format(**_values_of(said["format"])) if "format" in said else text


def _values_of(kept_values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: Sentence(value) if isinstance(value, dict) else value for name, value in kept_values.items()}
