"""Read licensed glyph pictures and free fonts into one atlas of characters. Needs OpenCV and Pillow, no torch.

GLYPHS is a folder with `yakhyo/` (github.com/yakhyo/korean-license-plate-generator, MIT), `againeureka/`
(github.com/againeureka/korean_license_plate_image_generator, MIT, by Beomyoung Kim) and `Usmankhujaev/`
(github.com/Usmankhujaev/KoreanCarPlateGenerator, Apache-2.0); any of them may be missing. Nothing of them lies in this
repository. Fonts are those of the system, as far as they are installed: Noto CJK and Nanum (SIL Open Font License), Un
(GPL with font exception).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inference.core.plates.formats import ALPHABET
from inference.training.plates.layouts import MARKS

Glyph = NDArray[np.uint8]
CELL = (64, 48)
FONT_FOLDER = Path("/usr/share/fonts/opentype/noto")
FONTS = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc")
KOREAN_FACE = 1
# Hands of letters for training alone, for plates differ in theirs more than the sets do; the made test set has none.
LETTER_FOLDER = Path("/usr/share/fonts/truetype")
LETTER_FONTS = (
    "nanum/NanumGothicBold.ttf", "nanum/NanumSquareB.ttf", "nanum/NanumBarunGothic.ttf", "unfonts-core/UnDotumBold.ttf",
    "unfonts-core/UnGraphic.ttf",
)  # fmt: skip
# Characters of the atlas: those that are read, then what is painted beside them.
CHARACTERS = (*ALPHABET, *(mark for mark in MARKS if mark not in ALPHABET), "-")
MARK_NUMBERS = tuple(CHARACTERS.index(mark) for mark in MARKS)
SIGN_CHARACTERS = (
    *"ABCDEFGHIJKLMNOPQRSTUVWXYZ.:/&%",
    *"삼성현대기아학원병원약국공사중주의속도로안전제일택배운송물류전기가스금지출입문화관광버스정류장시장은행교회식당카페커피치킨미용실",
)

_ONSETS = dict(zip("gndrlmbsjh", "ㄱㄴㄷㄹㄹㅁㅂㅅㅈㅎ", strict=True)) | {"": "ㅇ"}
_VOWELS = {"a": "ㅏ", "eo": "ㅓ", "o": "ㅗ", "u": "ㅜ", "ae": "ㅐ"}
_KEYS = dict(zip("rsefaqtdwgkjhn", "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅎㅏㅓㅗㅜ", strict=True))
_FIRST = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MIDDLE = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_REGION_NAMES = {
    "seoul": "서울", "busan": "부산", "daegu": "대구", "incheon": "인천", "gwangju": "광주", "daejon": "대전",
    "daejeon": "대전", "ulsan": "울산", "gyeongi": "경기", "gangwon": "강원", "kangwan": "강원", "chungbuk": "충북",
    "chungnam": "충남", "cheonbuk": "전북", "jeonbuk": "전북", "jeonnam": "전남", "kyeongbuk": "경북",
    "gyeongbuk": "경북", "kyeongnam": "경남", "gyeongnam": "경남", "jeju": "제주",
}  # fmt: skip
# The order in which the sets number the regions, each by its first and second syllable.
_REGION_LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOP",
        zip("서경인강충대충부울대경경전광전제", "울기천원남전북산산구북남남주북주", strict=True),
        strict=True,
    )
)
_REGION_NUMBERS = list(zip("부충충대대강경경경인제전전광세서울", "산북남구전원북기남천주북남주종울산", strict=True))


@dataclass
class Style:
    """One hand of glyphs: characters of the large line, and of the small upper line where they are other ones."""

    name: str
    large: dict[str, Glyph] = field(default_factory=dict)
    small: dict[str, Glyph] = field(default_factory=dict)


def syllable(onset: str, vowel: str) -> str:
    """Compose a syllable without a final from its two jamo."""
    return chr(0xAC00 + (_FIRST.index(onset) * 21 + _MIDDLE.index(vowel)) * 28)


def from_roman(name: str) -> str | None:
    """Return the syllable that a file is named after (`geo` → 거), None for another name."""
    for length in (1, 0):
        onset, vowel = name[:length], name[length:]
        if onset in _ONSETS and vowel in _VOWELS:
            return syllable(_ONSETS[onset], _VOWELS[vowel])
    return None


def from_keys(name: str) -> str | None:
    """Return the syllable typed by two keys of the Korean keyboard (`rj` → 거), None for another name."""
    jamo = [_KEYS.get(key, "") for key in name]
    if len(jamo) != 2 or jamo[0] not in _FIRST or jamo[1] not in _MIDDLE:
        return None
    return syllable(jamo[0], jamo[1])


def read_glyph(path: Path) -> Glyph:
    """Read dark ink on a bright or coloured ground as 255 on 0.

    Raises:
        ValueError: The file is no picture.
    """
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{path} is no picture.")
    dark = 255 - picture[:, :, 1:].min(2).astype(np.int16)  # yellow has no blue
    low, high = np.percentile(dark, 2), np.percentile(dark, 98)
    return np.clip((dark - low) * (255 / max(1, high - low)), 0, 255).astype(np.uint8)


def read_styles(folder: Path, *, fonts: Path = FONT_FOLDER) -> list[Style]:
    """Read every set below `folder` and every font below `fonts`.

    Raises:
        FileNotFoundError: Neither a set nor a font is there.
    """
    styles = [*_yakhyo(folder / "yakhyo/assets"), *_againeureka(folder / "againeureka/lpgen/assets")]
    styles += _usmankhujaev(folder / "Usmankhujaev/image")
    styles += [_font(fonts / name) for name in FONTS if (fonts / name).exists()]
    if not styles:
        raise FileNotFoundError(f"No glyph set below {folder} and no font below {fonts}.")
    return styles


def atlas(styles: list[Style], characters: tuple[str, ...] = CHARACTERS) -> NDArray[np.uint8]:
    """Return S×2×C×64×48 uint8: style, large or small line, character; what a style lacks comes from the next ones.

    Raises:
        ValueError: No style at all has one of the characters.
    """
    made = np.zeros((len(styles), 2, len(characters), *CELL), np.uint8)
    for row in range(len(styles)):
        order = styles[row:] + styles[:row]
        for line in range(2):
            for column, character in enumerate(characters):
                made[row, line, column] = _find(character, order, is_small=line == 1)
    return made


def letters(styles: list[Style], fonts: Path = LETTER_FOLDER) -> NDArray[np.uint8]:
    """Return an atlas of the letter fonts below `fonts`; digits and marks are those of one style after the other."""
    syllables = tuple(one for one in CHARACTERS if _is_syllable(one))
    hands = [_font(fonts / name, syllables, face=0) for name in LETTER_FONTS if (fonts / name).exists()]
    made = [
        atlas([hand, *styles[row % len(styles) :], *styles[: row % len(styles)]])[:1] for row, hand in enumerate(hands)
    ]
    return np.concatenate(made) if made else np.zeros((0, 2, len(CHARACTERS), *CELL), np.uint8)


def signs(fonts: Path = FONT_FOLDER) -> NDArray[np.uint8]:
    """Return C×64×48 uint8 of characters that are on signs and no plate; none without fonts."""
    drawn = [_font(fonts / name, SIGN_CHARACTERS).large for name in FONTS if (fonts / name).exists()]
    pictures = [glyphs[character] for glyphs in drawn for character in dict.fromkeys(SIGN_CHARACTERS)]
    return np.stack([_celled(glyph) for glyph in pictures]) if pictures else np.zeros((0, *CELL), np.uint8)


def _find(character: str, order: list[Style], *, is_small: bool) -> Glyph:
    """Take the first style's glyph of the wanted line, else another style's, else one of the other line."""
    sets = [style.small if is_small else style.large for style in order]
    others = [style.large if is_small else style.small for style in order]
    if is_small and character.isdigit():  # most styles have one size of digits for both lines
        sets = [part for pair in zip(sets, others, strict=True) for part in pair]
    for glyphs in (*sets, *others):
        if character in glyphs:
            return _celled(glyphs[character])
    raise ValueError(f"No glyph set or font has {character!r}.")


def _celled(glyph: Glyph) -> Glyph:
    return cv2.resize(glyph, (CELL[1], CELL[0]), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _yakhyo(folder: Path) -> Iterator[Style]:
    if not folder.exists():
        return
    style = Style("yakhyo", large=dict(_named(folder / "nums")) | dict(_named(folder / "chars")))
    for part, place in (("region1", 0), ("region2", 1)):
        for path in sorted((folder / part).glob("*.jpg")):
            style.small[_REGION_NUMBERS[int(path.stem[:3]) - 1][place]] = _tight(read_glyph(path))
    yield style


def _againeureka(folder: Path) -> Iterator[Style]:
    if not folder.exists():
        return
    style = Style("againeureka", large=dict(_named(folder / "num")))
    for path in sorted((folder / "char1").glob("*.jpg")):
        if letter := from_keys(path.stem):
            style.large[letter] = _tight(read_glyph(path))
    for path in sorted((folder / "region_y").glob("*.jpg")):
        style.small |= _split(_REGION_LETTERS[path.stem], read_glyph(path))
    yield style


def _usmankhujaev(folder: Path) -> Iterator[Style]:
    for kind in sorted(folder.glob("type*")):
        if not kind.is_dir():
            continue
        style = Style(f"Usmankhujaev {kind.name}")
        found = dict(_named(kind))
        has_upper = (kind / "0_big.jpg").exists()
        for character, glyph in found.items():
            (style.small if has_upper and character.isdigit() else style.large)[character] = glyph
        for path in sorted(kind.glob("*_big.jpg")):
            style.large[path.stem[0]] = read_glyph(path)
        for path in sorted(kind.glob("*.jpg")):
            if region := _REGION_NAMES.get(path.stem):
                style.small |= _split(region, read_glyph(path))
        yield style


def _named(folder: Path) -> Iterator[tuple[str, Glyph]]:
    for path in sorted(folder.glob("*.jpg")):
        name = path.stem if path.stem.isdigit() and len(path.stem) == 1 else from_roman(path.stem)
        if name is not None:
            yield name, read_glyph(path) if name.isdigit() else _tight(read_glyph(path))


def _split(region: Sequence[str], glyph: Glyph) -> dict[str, Glyph]:
    """Part a region's picture in the emptiest line near its middle: side by side where it is wide, else stacked."""
    is_wide = glyph.shape[1] > 1.3 * glyph.shape[0]
    upright = glyph.T if is_wide else glyph
    length = len(upright)
    near = np.arange(int(length * 0.38), int(length * 0.62))
    ink = upright[near].sum(1, dtype=np.int64) + np.abs(near - length / 2)
    cut = int(near[ink.argmin()])
    halves = [half.T if is_wide else half for half in (upright[:cut], upright[cut:])]
    return {character: _tight(half) for character, half in zip(region, halves, strict=True)}


def _tight(glyph: Glyph) -> Glyph:
    """Cut a syllable to its ink and a narrow margin: sets differ in how much of the cell they leave empty."""
    rows, columns = np.flatnonzero((glyph > 128).any(1)), np.flatnonzero((glyph > 128).any(0))
    if not len(rows):
        return glyph
    tall, wide = rows[-1] - rows[0], columns[-1] - columns[0]
    top, left = max(0, int(rows[0] - 0.04 * tall)), max(0, int(columns[0] - 0.06 * wide))
    return glyph[top : int(rows[-1] + 0.04 * tall) + 1, left : int(columns[-1] + 0.06 * wide) + 1]


def _font(path: Path, characters: tuple[str, ...] = CHARACTERS, *, face: int = KOREAN_FACE) -> Style:
    font = ImageFont.truetype(str(path), 120, index=face)
    return Style(path.stem, large={character: _drawn(font, character) for character in dict.fromkeys(characters)})


def _drawn(font: ImageFont.FreeTypeFont, character: str) -> Glyph:
    """Draw a character in a cell that digits and syllables fill alike."""
    left, top, right, bottom = font.getbbox("0" if character.isdigit() else "마")
    if not (character.isdigit() or _is_syllable(character)):
        left, right = font.getbbox(character)[0] - 4, font.getbbox(character)[2] + 4
    picture = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8))
    ImageDraw.Draw(picture).text((4 - left, 4 - top), character, 255, font=font)
    glyph = np.asarray(picture, np.uint8)
    return _tight(glyph) if _is_syllable(character) else glyph


def _is_syllable(character: str) -> bool:
    return "가" <= character <= "힣"
