"""Rows of candidates for browser tests: drawn figures, their places in a list, and what is pushed of them."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

from django.core.files.base import ContentFile

from cameras.models import Recording
from inference.models import Sighting
from investigations import events
from investigations.models import Candidate, Search
from tests.conftest import drawn_person, make_sighting

COLOURS = [(40, 40, 200), (180, 90, 30), (60, 140, 60), (120, 120, 120), (30, 150, 200), (150, 60, 150)]


def make_sightings(recordings: list[Recording], count: int, *, every_s: float = 14) -> list[Sighting]:
    """Drawn figures in coats of six colours, whose pictures are shared among them."""
    models = [make_sighting(recordings[0], at) for at in range(len(COLOURS))]
    for model, colour in zip(models, COLOURS, strict=True):
        model.image.save("t.jpg", ContentFile(drawn_person(colour, size=(96, 192))))
    rows = []
    for at in range(count):
        recording, model = recordings[at % len(recordings)], models[at % len(models)]
        seen_at = recording.started_at + timedelta(seconds=every_s * at)
        row = Sighting(
            recording=recording,
            camera=recording.camera,
            track_number=100 + at,
            kind="person",
            first_seen_at=seen_at,
            last_seen_at=seen_at + timedelta(seconds=5),
            seen_at=seen_at + timedelta(seconds=2),
            frame=at,
            score=0.9,
            observations=20,
            image=model.image.name,
            **{"x1": 40.0, "y1": 60.0, "x2": 104.0, "y2": 188.0},
        )
        rows.append(row)
    return Sighting.objects.bulk_create(rows)


def offer(search: Search, sightings: list[Sighting], *, first: float = 0.95, step: float = 0.001) -> list[Candidate]:
    scores = [(sighting, first - at * step) for at, sighting in enumerate(sightings)]
    rows = [Candidate(search=search, sighting=sighting, score=score, order=score) for sighting, score in scores]
    return Candidate.objects.bulk_create(rows)


def tell(search: Search, progress: float) -> None:
    search.progress = progress
    events.push_search_progress(search)
    events.push(search.request_id, {"type": "candidates.changed", "search": search.pk})


def in_thread(act: Callable[..., None], *values: Any) -> None:
    """Pushes go out from a thread without Playwright's event loop."""
    thread = Thread(target=act, args=values)
    thread.start()
    thread.join()
