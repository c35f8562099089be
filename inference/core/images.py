"""Still pictures in and out: what users upload, and the crops that are stored.

Knows nothing of detectors. Sizes are checked from the header, before any pixel is decoded.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from inference.core.errors import ImageError, say

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
MIN_WIDTH_PX = 16
MIN_HEIGHT_PX = 16
MAX_PIXELS = 50_000_000
TOO_LARGE = say(
    "The picture is too large: at most {megapixels} megapixels are accepted.", megapixels=MAX_PIXELS // 1_000_000
)


def read_image(source: bytes | Path, *, least_px: tuple[int, int] = (MIN_WIDTH_PX, MIN_HEIGHT_PX)) -> NDArray[np.uint8]:
    """Decode a picture upright.

    Args:
        source: The file's bytes, or its path.
        least_px: Width and height that it must have.

    Returns:
        H×W×3 uint8, BGR, turned as its EXIF orientation says.

    Raises:
        ImageError: Empty, unreadable, smaller than `least_px` or above 50 megapixels.
    """
    data = _bytes(source)
    if not data:
        raise ImageError(say("The picture is empty (0 bytes)."))
    try:
        with warnings.catch_warnings():
            # Pillow's own size warning is replaced by the stricter check below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                _check_size(picture.size, least_px)
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            say("The file is not a picture that can be read (JPEG, PNG, WebP, BMP, TIFF or GIF).")
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(TOO_LARGE) from error
    except Exception as error:  # Pillow's decoders raise many kinds at damaged files
        raise ImageError(say("The picture is damaged and cannot be decoded.")) from error
    return np.ascontiguousarray(np.asarray(upright, np.uint8)[:, :, ::-1])


def encode_jpeg(image: NDArray[np.uint8], quality: int = 90) -> bytes:
    """Encode an H×W×3 uint8 BGR picture as JPEG (quality 1–100)."""
    is_ok, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not is_ok:
        raise ImageError(say("The picture could not be encoded as JPEG."))
    return encoded.tobytes()


def decode_jpeg(data: bytes) -> NDArray[np.uint8]:
    """Decode what `encode_jpeg` wrote: H×W×3 uint8 BGR. For pictures from outside use `read_image`."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ImageError(say("The stored picture is damaged and cannot be decoded."))
    return image.astype(np.uint8, copy=False)


def _bytes(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise ImageError(
            say("{name} cannot be opened: {why}.", name=source.name, why=error.strerror or error)
        ) from error


def _check_size(size: tuple[int, int], least_px: tuple[int, int]) -> None:
    (width, height), (least_width, least_height) = size, least_px
    if width * height > MAX_PIXELS:
        raise ImageError(TOO_LARGE)
    if width < least_width or height < least_height:
        small = "The picture is too small: {size} pixels, at least {least} are needed."
        raise ImageError(say(small, size=f"{width}×{height}", least=f"{least_width}×{least_height}"))
