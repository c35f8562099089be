"""Looks: who saw what. Reading is an act that people answer for, so each kind of look has its verb."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import models
from django.utils import timezone

from inference.models import Sighting
from investigations.models import (
    Answer,
    Attachment,
    Candidate,
    Case,
    Path,
    QueryPicture,
    Search,
    SearchRequest,
    WatchAlert,
    WatchEntry,
    WatchImport,
)
from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record

SAME_LOOK = timedelta(minutes=10)


def view_case(case: Case, *, actor: User) -> None:
    """Account for a look into a case."""
    record(Action.CASE_VIEWED, actor=actor, target=case)


def keep_viewing_case(case: Case, *, actor: User) -> None:
    """Account for a page that stays open and refreshes itself: the same look, until it has lasted for long."""
    if not _has_just_seen(Action.CASE_VIEWED, case, actor):
        view_case(case, actor=actor)


def view_answer(answer: Answer, *, actor: User) -> None:
    """Account for a look at an answer and the pictures in it."""
    shown = [item.sighting_id for item in answer.items.all() if item.sighting_id]
    if not _has_just_seen(Action.ANSWER_VIEWED, answer, actor, sightings=shown):
        record(Action.ANSWER_VIEWED, actor=actor, target=answer, details={"sightings": shown})


def view_attachments(request: SearchRequest, attachments: Iterable[Attachment], *, actor: User) -> None:
    """Account for a look at the small pictures of what is attached to a request: one entry that names all."""
    shown = [attachment.pk for attachment in attachments]
    if shown and not _has_just_seen(Action.ATTACHMENT_VIEWED, request, actor, attachments=shown):
        record(Action.ATTACHMENT_VIEWED, actor=actor, target=request, details={"attachments": shown})


def view_attachment(attachment: Attachment, *, actor: User) -> None:
    """Account for a look at one attachment, or for its download."""
    details = {"request": attachment.request_id, "sha256": attachment.sha256}
    record(Action.ATTACHMENT_VIEWED, actor=actor, target=attachment, details=details)


def view_path(path: Path, sighting_ids: Iterable[int], *, actor: User) -> None:
    """Account for a look at a path and the pictures along it."""
    record(Action.SIGHTINGS_VIEWED, actor=actor, target=path, details={"sightings": list(sighting_ids)})


def view_leads(request: SearchRequest, sighting_ids: Iterable[int], *, actor: User) -> None:
    """Account for a look at the paths that undecided candidates would make, with their pictures."""
    shown = sorted(sighting_ids)
    if shown and not _has_just_seen(Action.SIGHTINGS_VIEWED, request, actor, sightings=shown):
        record(Action.SIGHTINGS_VIEWED, actor=actor, target=request, details={"sightings": shown})


def view_candidate(candidate: Candidate, *, actor: User) -> None:
    """Account for a look at one candidate beside the pictures that were searched by."""
    pictures = _pictures_shown(candidate.search, actor)
    details = {"sightings": [candidate.sighting_id], "query pictures": pictures}
    record(Action.SIGHTINGS_VIEWED, actor=actor, target=candidate, details=details)


def view_alerts(alerts: Iterable[WatchAlert], *, actor: User) -> None:
    """Account for a look at a page of alerts: one entry that names all, with the sightings whose pictures it shows."""
    rows = list(alerts)
    shown = {"alerts": [row.pk for row in rows], "sightings": [row.sighting_id for row in rows if row.sighting_id]}
    if rows and actor.agency and not _has_just_seen(Action.ALERT_VIEWED, actor.agency, actor, **shown):
        record(Action.ALERT_VIEWED, actor=actor, target=actor.agency, details=shown)


def view_entries(entries: Iterable[WatchEntry], *, actor: User) -> None:
    """Account for a look at a page of the watch list."""
    shown = {"entries": [entry.pk for entry in entries]}
    if shown["entries"] and actor.agency and not _has_just_seen(Action.WATCH_VIEWED, actor.agency, actor, **shown):
        record(Action.WATCH_VIEWED, actor=actor, target=actor.agency, details=shown)


def view_watch_import(row: WatchImport, *, actor: User) -> None:
    """Account for a look at a list that was checked: at the plates in it, and at what is wrong with them."""
    if not _has_just_seen(Action.WATCH_VIEWED, row, actor):
        record(Action.WATCH_VIEWED, actor=actor, target=row)


def view_sightings(sighting_ids: Iterable[int], *, actor: User) -> None:
    """Account for a look at a page of stored sightings."""
    record(Action.SIGHTINGS_VIEWED, actor=actor, details={"sightings": list(sighting_ids)})


def view_picture(picture: models.Model, *, actor: User) -> None:
    """Account for a look at one picture that no list has accounted for."""
    record(Action.PICTURE_VIEWED, actor=actor, target=picture)


def view_search(search: Search, sightings: Iterable[Sighting], *, actor: User) -> None:
    """Account for a look at a search's results: one entry that names every picture shown."""
    shown = [sighting.pk for sighting in sightings]
    if _has_just_seen(Action.SEARCH_VIEWED, search, actor, sightings=shown):
        return
    pictures = _pictures_shown(search, actor)
    record(Action.SEARCH_VIEWED, actor=actor, target=search, details={"sightings": shown, "query pictures": pictures})


def _pictures_shown(search: Search, actor: User) -> list[int]:
    return list(QueryPicture.objects.visible_to(actor).filter(search=search).values_list("pk", flat=True))


def _has_just_seen(action: Action, target: models.Model, actor: User, **shown: list[int]) -> bool:
    """True while a page is kept open: refreshed with nothing new on it, it is still the same look."""
    last = AuditEntry.objects.filter(
        action=action,
        actor_id=actor.pk,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        at__gt=timezone.now() - SAME_LOOK,
    ).first()
    return last is not None and all(set(ids) <= set(last.details[name]) for name, ids in shown.items())
