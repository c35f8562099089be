"""What the tests of destruction share: old footage with files, the clock's and the worker's part, and their end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path as Folder
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from django.utils import timezone

from cameras.models import Camera, Recording
from investigations import destruction
from investigations.models import (
    AnswerItem,
    Candidate,
    Destruction,
    Hold,
    SearchRequest,
)
from investigations.services import retention
from portal.accounts.models import User
from tests.conftest import make_answer, make_recording, make_search, make_sighting


def stored(name: str, content: bytes = b"video") -> str:
    return str(default_storage.save(name, ContentFile(content)))


def old_recording(camera: Camera, *, days: float = 40, name: str = "a.mp4", **values: Any) -> Recording:
    """A recording, with a file, that began so many days ago."""
    file = stored(f"recordings/{name}")
    return make_recording(camera, started_at=timezone.now() - timedelta(days=days), file=file, **values)


def expire() -> list[Destruction]:
    """What the clock and the worker do."""
    begun = retention.begin_expiries()
    for pk in begun:
        destruction.destroy(pk)
    return list(Destruction.objects.filter(pk__in=begun).order_by("pk"))


def purge() -> list[Destruction]:
    begun = retention.begin_purges()
    for pk in begun:
        destruction.destroy(pk)
    return list(Destruction.objects.filter(pk__in=begun).order_by("pk"))


def files() -> set[str]:
    """Every file and folder below the media."""
    root = Folder(default_storage.path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def hold(request: SearchRequest, camera: Camera, starts_at: datetime, ends_at: datetime, **values: Any) -> Hold:
    placed_by = request.submitted_by
    return Hold.objects.create(
        request=request, camera=camera, starts_at=starts_at, ends_at=ends_at, reason="r", placed_by=placed_by, **values
    )


def lead(recording: Recording, request: SearchRequest, operator: User, **values: Any) -> Candidate:
    sighting = make_sighting(recording, seed=1)
    search = make_search(request, [recording.camera], operator)
    return Candidate.objects.create(search=search, sighting=sighting, score=0.9, **values)


def answer_with(candidate: Candidate, operator: User, number: int = 1) -> AnswerItem:
    return make_answer(candidate.search.request, operator, candidate.sighting, number=number).items.get()


class Killed(BaseException):
    """A worker ends here: nothing after this is done, no handler runs."""


def kill_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker die after it has deleted so many files."""
    deleted: list[str] = []
    delete = FileSystemStorage.delete

    def die(self: FileSystemStorage, name: str) -> None:
        if len(deleted) >= count:
            raise Killed
        deleted.append(name)
        delete(self, name)

    monkeypatch.setattr(FileSystemStorage, "delete", die)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Call all at the same moment in threads of their own; what each returned or raised."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            return act()
        except ValidationError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
