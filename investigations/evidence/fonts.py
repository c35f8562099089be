"""The font of the report: where it is, that it is in force, and texts brought to what it can show."""

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from inference.core.manifest import ModelStore

MANIFEST = Path(__file__).with_name("fonts.toml")
REGULAR, BOLD = "NanumGothic", "NanumGothicBold"


def font_folder(cache_dir: Path | str, mirror: Path | str | None = None) -> Path:
    """Return the folder with the report's font, fetched if it is not there yet.

    Args:
        cache_dir: Where fetched files are kept.
        mirror: A folder that may hold them, on machines without a network.

    Raises:
        ModelError: It is not there and cannot be fetched.
    """
    return ModelStore(cache_dir, mirror, manifest=MANIFEST).path("nanum-gothic").parent


@cache
def load_fonts(folder: Path) -> None:
    """Make both weights known to reportlab. A document later embeds the characters it uses and no others."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


@cache
def _glyphs() -> frozenset[int]:
    font: Any = pdfmetrics.getFont(REGULAR)
    return frozenset(font.face.charToGlyph)


def shown(text: object) -> str:
    """Bring a text to what the font can show: composed Hangul; what it lacks is written as \\u{number}, not lost."""
    glyphs = _glyphs()
    composed = unicodedata.normalize("NFC", str(text)).replace("\r\n", "\n").replace("\t", " ")
    return "".join(c if ord(c) in glyphs or c in " \n" else f"\\u{{{ord(c):X}}}" for c in composed if not _is_silent(c))


def _is_silent(character: str) -> bool:
    """Control and format characters print nothing, and may turn the direction of what follows."""
    return character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs"}


def marked_up(text: object) -> str:
    """Return a text for a Paragraph, in which < and & mean themselves and lines stay lines."""
    return escape(shown(text)).replace("\n", "<br/>")
