"""What a plate would be watched for, as somebody types it."""

from dataclasses import replace

from django.conf import settings

from inference.core.plates.evidence import foreign_of, has_shape
from inference.core.plates.text import spell_pattern
from inference.engine import confusions_of
from investigations.plates import PlateMeaning, hint_of, is_part, meaning_as_written, pattern_of, signs_of
from investigations.watch.match import can_match, has_similar, is_too_open
from portal.sentences import gettext as _
from portal.sentences import joined


def watched_meaning_of(typed: str) -> PlateMeaning:
    """Say what would raise alerts."""
    meaning = meaning_as_written(typed)
    if not meaning.plate:
        return meaning
    if problem := why_unwatchable(meaning.plate):
        return PlateMeaning(problem=problem)
    if meaning.is_odd or is_part(meaning.plate):
        return meaning
    if has_similar(pattern_of(meaning.plate)):
        return replace(meaning, note=_("Plates that a camera may have misread raise alerts too, marked as similar."))
    return replace(meaning, note=_("Each vehicle whose plate fits raises an alert."))


def why_unwatchable(plate: str) -> str:
    """Say what is wrong with a spelled plate that too many would match, or none ever; empty of others."""
    pattern = pattern_of(plate)
    if is_too_open(pattern):
        return _("Too many plates look like “%(plate)s”. Give more of its characters.") % {"plate": plate}
    foreign = foreign_of(pattern)
    if not foreign or can_match(pattern, confusions_of(settings.PLATE_READER_MODEL)):
        return ""
    said = _("Nothing can match “%(plate)s”: no reader of plates knows %(signs)s.")
    return joined([said % {"plate": plate, "signs": signs_of(foreign)}, hint_of(plate)])


def is_dubious(typed: str) -> bool:
    """Say whether a plate may be mistyped: unlike any plate, or a part of one without saying so by a sign."""
    spelled = spell_pattern(typed)  # not as it is kept: without the signs that it does not need
    return not has_shape(pattern_of(spelled)) or is_part(spelled)
