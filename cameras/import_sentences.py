"""What is wrong with a list of cameras, in sentences of the reader's language: what it is, and what to do."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cameras.models import ImportProblem
from cameras.standard_list import Kind

# Kind: its short name, to filter by, and the sentence. Names in %(…)s are details of the problem.
TEXTS: dict[str, tuple[Promise, Promise]] = {
    Kind.EMPTY_FILE: (
        gettext_lazy("empty file"),
        gettext_lazy("The file is empty (%(size)d bytes). Export the list again."),
    ),
    Kind.NOT_TEXT: (
        gettext_lazy("no CSV"),
        gettext_lazy("This is no CSV text (%(format)s). Open it in a spreadsheet program and save the list as CSV."),
    ),
    Kind.TOO_LARGE: (
        gettext_lazy("too large"),
        gettext_lazy("The file is too large: at most %(megabytes)d MB are read. Divide it."),
    ),
    Kind.NO_HEADER: (
        gettext_lazy("no header"),
        gettext_lazy(
            "No line with the names of the columns was found in the first 20 lines. The standard's names are needed: "
            "관리번호, 소재지도로명주소, WGS84위도 …"
        ),
    ),
    Kind.NO_COORDINATES: (
        gettext_lazy("no coordinates"),
        gettext_lazy("The columns of latitude and longitude (WGS84위도, WGS84경도, or 위도, 경도) are missing."),
    ),
    Kind.NO_ROWS: (
        gettext_lazy("no rows"),
        gettext_lazy("Below the names of the columns stands no row."),
    ),
    Kind.TOO_MANY: (
        gettext_lazy("too many cameras"),
        gettext_lazy("The list has more than %(most)d cameras. Divide it by districts."),
    ),
    Kind.UNREADABLE_BYTES: (
        gettext_lazy("damaged characters"),
        gettext_lazy("%(count)d characters can be read neither as UTF-8 nor as CP949. Rows that use them are refused."),
    ),
    Kind.MIXED_ENCODINGS: (
        gettext_lazy("several encodings"),
        gettext_lazy("Some lines are in UTF-8 and some in CP949, as when files were joined. Each was read as its own."),
    ),
    Kind.NUL_BYTES: (
        gettext_lazy("zero bytes"),
        gettext_lazy("%(count)d zero bytes were left out. Compare some rows with the original."),
    ),
    Kind.UNKNOWN_COLUMNS: (
        gettext_lazy("unknown columns"),
        gettext_lazy("These columns are not of the standard, and were left out."),
    ),
    Kind.REPEATED_COLUMN: (
        gettext_lazy("column twice"),
        gettext_lazy("This column is there twice; the first one was read."),
    ),
    Kind.SEVERAL_AGENCIES: (
        gettext_lazy("several agencies"),
        gettext_lazy(
            "The list names %(count)d managing agencies. All its cameras would be registered for this control centre."
        ),
    ),
    Kind.UNCLOSED_QUOTE: (
        gettext_lazy("open quotation mark"),
        gettext_lazy("A quotation mark in this row is never closed. Close or remove it."),
    ),
    Kind.HUGE_ROW: (
        gettext_lazy("huge row"),
        gettext_lazy("The row has %(length)d characters; it is damaged."),
    ),
    Kind.SHIFTED: (
        gettext_lazy("too many cells"),
        gettext_lazy(
            "The row has %(cells)d cells, the header %(titles)d: a comma too many shifts what follows. "
            "Put the text with the comma in quotation marks."
        ),
    ),
    Kind.UNREADABLE_TEXT: (
        gettext_lazy("unreadable text"),
        gettext_lazy("This cell has characters that cannot be read. Type it again."),
    ),
    Kind.DELETED: (
        gettext_lazy("marked as deleted"),
        gettext_lazy("The list marks this row as deleted, so it is not imported. Retire its cameras by hand."),
    ),
    Kind.NO_POSITION: (
        gettext_lazy("no position"),
        gettext_lazy("Latitude and longitude are empty or 0, which means that nobody measured. Enter them."),
    ),
    Kind.BAD_POSITION: (
        gettext_lazy("unreadable position"),
        gettext_lazy("Latitude and longitude are no numbers. Enter degrees, as in 36.480132 / 127.289021."),
    ),
    Kind.METRES: (
        gettext_lazy("position in metres"),
        gettext_lazy("These are metres of a map grid (TM, UTM-K), not degrees. Convert the list to WGS84."),
    ),
    Kind.OUTSIDE: (
        gettext_lazy("outside Korea"),
        gettext_lazy("This position lies outside Korea. Check the digits."),
    ),
    Kind.SWAPPED: (
        gettext_lazy("swapped position"),
        gettext_lazy("Latitude and longitude were swapped; they are imported the right way round."),
    ),
    Kind.FAR_AWAY: (
        gettext_lazy("far from the others"),
        gettext_lazy("This position lies more than 50 km from almost all others. Check the digits."),
    ),
    Kind.BAD_COUNT: (
        gettext_lazy("impossible count"),
        gettext_lazy("This is no possible number of cameras: 1 to %(most)d."),
    ),
    Kind.NO_COUNT: (
        gettext_lazy("no count"),
        gettext_lazy("The number of cameras is empty; one was taken."),
    ),
    Kind.LONG_NUMBER: (
        gettext_lazy("long number"),
        gettext_lazy("The number, with that of the camera, has %(length)d characters; at most %(most)d fit."),
    ),
    Kind.MANGLED_NUMBER: (
        gettext_lazy("damaged number"),
        gettext_lazy(
            "A spreadsheet program has shortened this number (%(value)s). Format its column as text and export again."
        ),
    ),
    Kind.SAME_NUMBER: (
        gettext_lazy("number twice"),
        gettext_lazy("This number is already in row %(earlier)d. Give one of them another, or remove it."),
    ),
    Kind.SAME_PLACE: (
        gettext_lazy("place twice"),
        gettext_lazy("The same place and purpose are already in row %(earlier)d."),
    ),
    Kind.NO_ADDRESS: (
        gettext_lazy("no address"),
        gettext_lazy("Neither the road address nor the lot address is given."),
    ),
    Kind.LONG_TEXT: (
        gettext_lazy("long text"),
        gettext_lazy("The text has %(length)d characters and was cut to %(most)d."),
    ),
    Kind.BAD_PIXELS: (
        gettext_lazy("unreadable resolution"),
        gettext_lazy("This is no resolution; it was left out. 200 means 2 megapixels."),
    ),
    Kind.BAD_RETENTION: (
        gettext_lazy("impossible retention"),
        gettext_lazy("This is no number of days from 1 to 3650; it was left out."),
    ),
    Kind.BAD_DATE: (
        gettext_lazy("unreadable date"),
        gettext_lazy("This is no year and month, as in 2024-03; it was left out."),
    ),
    Kind.OTHER_CENTRE: (
        gettext_lazy("of another centre"),
        gettext_lazy("The code %(code)s belongs to a camera of another control centre."),
    ),
    Kind.BESIDE_CAMERA: (
        gettext_lazy("beside a camera"),
        gettext_lazy(
            "The camera %(code)s stands here already, for the same purpose. If it is the same one, correct the number."
        ),
    ),
    Kind.SHORTER_RETENTION: (
        gettext_lazy("shorter retention"),
        gettext_lazy(
            "%(code)s would keep recordings for %(new)d days instead of %(old)d: older ones would be destroyed."
        ),
    ),
}


def kind_name(kind: str) -> str:
    return str(TEXTS[kind][0]) if kind in TEXTS else kind


def sentence_of(problem: ImportProblem) -> str:
    """The problem in one or two sentences."""
    if problem.kind not in TEXTS:
        return _("Something is wrong with this row.")
    values: dict[str, Any] = {"value": problem.value, **problem.details}
    return str(TEXTS[problem.kind][1]) % values
