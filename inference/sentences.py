"""What the core says, in the language of who reads it. The core itself knows no languages."""

from typing import Any

from django.utils.translation import gettext_noop

from inference.core.errors import Sentence
from portal import sentences
from portal.sentences import gettext

# Every sentence that the core can say about somebody's file. Listed so that translators find them.
SENTENCES = [
    gettext_noop("{name}: there is no such file."),
    gettext_noop("{name} is empty (0 bytes)."),
    gettext_noop("{name} is not a readable recording: it is damaged, cut off, or no video."),
    gettext_noop("{name} holds no video stream."),
    gettext_noop("{name} holds a video stream that cannot be decoded."),
    gettext_noop("{name} holds no readable frame."),
    gettext_noop("{name} has no frame in the asked-for time; it ends at {last_s:.1f} s."),
    gettext_noop("{name} breaks off at {last_s:.1f} s of {duration_s:.1f} s."),
    gettext_noop("{name}: {damaged} damaged packets were skipped."),
    gettext_noop("{name} has no key frame before {end_s:.1f} s, so that no clip can begin there."),
    gettext_noop("A clip must end after it begins."),
    gettext_noop("The clip cannot be written: {why}."),
    gettext_noop("The clip is not whole: {frames} of {wanted} frames are in the file. Make it again."),
    gettext_noop("The stored track of boxes is damaged; analyse the recording again."),
    gettext_noop("The stored track of boxes has the unknown version {version}; analyse the recording again."),
    gettext_noop("The picture is empty (0 bytes)."),
    gettext_noop("The file is not a picture that can be read (JPEG, PNG, WebP, BMP, TIFF or GIF)."),
    gettext_noop("The picture is damaged and cannot be decoded."),
    gettext_noop("The picture could not be encoded as JPEG."),
    gettext_noop("The stored picture is damaged and cannot be decoded."),
    gettext_noop("{name} cannot be opened: {why}."),
    gettext_noop("The picture is too small: {size} pixels, at least {least} are needed."),
    gettext_noop("The picture is too large: at most {megapixels} megapixels are accepted."),
    gettext_noop("The table of confusions {name} cannot be read."),
    gettext_noop("The table of confusions {name} must begin with: true, read, count."),
    gettext_noop("Line {line} of {name} is not: true, read, count."),
    gettext_noop("Line {line} of {name} names something that is no character."),
    gettext_noop("There are {ids} ids for {reads} plates."),
    gettext_noop("“{typed}” cannot be a plate."),
    gettext_noop("“{typed}” leaves everything open; give at least one character."),
    gettext_noop("“{one}” in “{typed}” is on no plate."),
    gettext_noop("The read “{text}” does not have as many characters as choices."),
    gettext_noop("The read “{text}” has choices that are no characters."),
    gettext_noop("“{typed}” is only a part of a plate."),
    gettext_noop("“{typed}” is longer than a plate."),
    gettext_noop("No plate was given."),
]


def in_words(said: Exception | str, **values: Any) -> str:
    """Return a sentence or error of the core in the active language.

    `values` replace the core's own: the name under which people know a file for the one under which it is stored.
    """
    sentence = said.args[0] if isinstance(said, Exception) and said.args else said
    if isinstance(sentence, Sentence):
        return gettext(sentence.template).format(**(sentence.values | values))
    return sentence if isinstance(sentence, sentences.Sentence) else str(said)
