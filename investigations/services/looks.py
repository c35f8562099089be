"""Looks: who saw what. Reading is an act that people answer for, so each kind of look has its verb."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import models
from django.utils import timezone

from inference.models import Sighting
from investigations.models import Case, Path, Search
from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record

SAME_LOOK = timedelta(minutes=10)


def view_case(case: Case, *, actor: User) -> None:
    """Account for a look into a case."""
    record(Action.CASE_VIEWED, actor=actor, target=case)


def view_path(path: Path, *, actor: User) -> None:
    """Account for a look at a path and the pictures along it."""
    shown = list(path.points.values_list("sighting_id", flat=True))
    record(Action.SIGHTINGS_VIEWED, actor=actor, target=path, details={"sightings": shown})


def view_sightings(sighting_ids: Iterable[int], *, actor: User) -> None:
    """Account for a look at a page of stored sightings."""
    record(Action.SIGHTINGS_VIEWED, actor=actor, details={"sightings": list(sighting_ids)})


def view_picture(picture: models.Model, *, actor: User) -> None:
    """Account for a look at one picture that no list has accounted for."""
    record(Action.PICTURE_VIEWED, actor=actor, target=picture)


def view_search(search: Search, sightings: Iterable[Sighting], *, actor: User) -> None:
    """Account for a look at a search's results: one entry that names every picture shown."""
    shown = [sighting.pk for sighting in sightings]
    if _has_just_seen(search, shown, actor):
        return
    pictures = list(search.pictures.values_list("pk", flat=True))
    record(Action.SEARCH_VIEWED, actor=actor, target=search, details={"sightings": shown, "query pictures": pictures})


def _has_just_seen(search: Search, shown: list[int], actor: User) -> bool:
    """True while a page is kept open: refreshed with nothing new on it, it is still the same look."""
    last = AuditEntry.objects.filter(
        action=Action.SEARCH_VIEWED,
        actor_id=actor.pk,
        target_type=search._meta.label_lower,
        target_id=str(search.pk),
        at__gt=timezone.now() - SAME_LOOK,
    ).first()
    return last is not None and set(shown) <= set(last.details["sightings"])
