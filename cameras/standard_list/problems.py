"""What can be wrong with a list. A problem says where, what, and what became of it; sentences are made elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SHOWN_LENGTH = 100


class Level(StrEnum):
    REFUSED = "refused"  # the row (or file) is not imported
    REPAIRED = "repaired"  # imported after a repair
    NOTICE = "notice"  # imported, perhaps without this value


class Kind(StrEnum):
    # The file as a whole
    EMPTY_FILE = "empty_file"
    NOT_TEXT = "not_text"
    TOO_LARGE = "too_large"
    NO_HEADER = "no_header"
    NO_COORDINATES = "no_coordinates"
    NO_ROWS = "no_rows"
    TOO_MANY = "too_many"
    UNREADABLE_BYTES = "unreadable_bytes"
    MIXED_ENCODINGS = "mixed_encodings"
    NUL_BYTES = "nul_bytes"
    UNKNOWN_COLUMNS = "unknown_columns"
    REPEATED_COLUMN = "repeated_column"
    SEVERAL_AGENCIES = "several_agencies"
    # One row
    UNCLOSED_QUOTE = "unclosed_quote"
    HUGE_ROW = "huge_row"
    SHIFTED = "shifted"
    UNREADABLE_TEXT = "unreadable_text"
    DELETED = "deleted"
    NO_POSITION = "no_position"
    BAD_POSITION = "bad_position"
    METRES = "metres"
    OUTSIDE = "outside"
    SWAPPED = "swapped"
    FAR_AWAY = "far_away"
    BAD_COUNT = "bad_count"
    NO_COUNT = "no_count"
    LONG_NUMBER = "long_number"
    MANGLED_NUMBER = "mangled_number"
    SAME_NUMBER = "same_number"
    SAME_PLACE = "same_place"
    NO_ADDRESS = "no_address"
    LONG_TEXT = "long_text"
    BAD_PIXELS = "bad_pixels"
    BAD_RETENTION = "bad_retention"
    BAD_DATE = "bad_date"
    # One row, compared with what is there
    OTHER_CENTRE = "other_centre"
    BESIDE_CAMERA = "beside_camera"
    SHORTER_RETENTION = "shorter_retention"


@dataclass(frozen=True, slots=True)
class Problem:
    """Attributes:
    row: As a spreadsheet numbers it, the first being 1; 0 for the file as a whole.
    details: Values for the sentence: numbers and short texts.
    """

    level: Level
    kind: Kind
    row: int = 0
    column: str = ""
    value: str = ""
    details: Mapping[str, str | int | float] = field(default_factory=dict)


def shown(value: str) -> str:
    """The value as it can be shown in a table: one line, not too long."""
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in value[: 4 * SHOWN_LENGTH]).split())
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 1]}…"
