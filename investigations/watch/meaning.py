"""What a plate would be watched for, as somebody types it."""

from dataclasses import replace

from django.utils.translation import gettext as _

from investigations.plates import PlateMeaning, is_part, meaning_of, pattern_of
from investigations.watch.match import has_similar, is_too_open


def watched_meaning_of(typed: str) -> PlateMeaning:
    """Say what would raise alerts."""
    meaning = meaning_of(typed)
    if not meaning.plate:
        return meaning
    if problem := why_too_open(meaning.plate):
        return PlateMeaning(problem=problem)
    if meaning.is_odd or is_part(meaning.plate):
        return meaning
    if has_similar(pattern_of(meaning.plate)):
        return replace(meaning, note=_("Plates that a camera may have misread raise alerts too, marked as similar."))
    return replace(meaning, note=_("Each vehicle whose plate fits raises an alert."))


def why_too_open(plate: str) -> str:
    """Say what is wrong with a spelled plate that too many would match; empty of others."""
    if not is_too_open(pattern_of(plate)):
        return ""
    return _("Too many plates look like “%(plate)s”. Give more of its characters.") % {"plate": plate}
