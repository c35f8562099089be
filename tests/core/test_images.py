import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.core.errors import ImageError
from inference.core.images import decode_jpeg, encode_jpeg, read_image


def picture(width: int, height: int, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 10, 20)).save(buffer, form, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """The first bytes of a PNG of any size; its pixels are never written."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return start + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP"])
def test_a_picture_comes_as_blue_green_red(form: str) -> None:
    image = read_image(picture(40, 60, form))
    assert image.shape == (60, 40, 3)
    assert np.abs(image[30, 20].astype(int) - [20, 10, 200]).max() < 8


def test_a_picture_is_turned_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert read_image(picture(64, 40, "JPEG", exif=exif)).shape == (64, 40, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"no picture at all", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (picture(1, 1), "too small: 1×1 pixels, at least 16×16"),
        (picture(15, 32), "too small"),
        (png_header(20_000, 20_000), "too large: at most 50 megapixels"),
        (png_header(10_000, 5_001), "too large"),
        (picture(400, 400, "JPEG")[:900], "damaged"),
    ],
)
def test_a_bad_picture_is_refused_with_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        read_image(data)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.jpg cannot be opened"):
        read_image(tmp_path / "gone.jpg")


def test_a_stored_picture_comes_back_almost_the_same() -> None:
    image = np.tile(np.arange(0, 128, dtype=np.uint8)[:, None, None], (1, 64, 3))
    assert np.abs(decode_jpeg(encode_jpeg(image)).astype(int) - image).max() <= 4
