"""Number plates as a reader would have left them, for tests that read no picture. All made up."""

import cv2
import numpy as np
from django.core.files.base import ContentFile

from inference.models import Plate, Sighting

READER = "made-up-reader"


def add_plate(
    sighting: Sighting,
    text: str,
    *,
    confidence: float = 0.93,
    reader: str = READER,
    others: dict[int, tuple[str, float]] | None = None,
) -> Plate:
    """Store a read; `others` are second choices by place."""
    characters = [[[one, confidence]] for one in text]
    for at, (one, chance) in (others or {}).items():
        characters[at].append([one, chance])
    plate = Plate(
        sighting=sighting,
        reader=reader,
        text=text,
        confidence=confidence,
        characters=characters,
        reads=4,
        seen_at=sighting.seen_at,
    )
    plate.image.save("p.jpg", ContentFile(drawn_plate()), save=False)
    plate.save()
    Sighting.objects.filter(pk=sighting.pk).update(plate_reader=reader)
    return plate


def drawn_plate() -> bytes:
    image = np.full((32, 128, 3), 240, np.uint8)
    cv2.rectangle(image, (2, 2), (125, 29), (40, 40, 40), 2)
    return cv2.imencode(".jpg", image)[1].tobytes()
