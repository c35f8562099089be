"""Verbs on searches: start one, cancel it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cameras.models import Camera, Recording
from inference.core.errors import CoreError, ImageError
from inference.core.images import encode_jpeg, read_image
from inference.engine import describer_id, embedder_id
from inference.footage import picture_at
from inference.models import Sighting
from inference.sentences import in_words
from investigations import events
from investigations.models import Attachment, Case, QueryPicture, Search, SearchRequest
from investigations.plates import read_plate
from investigations.querying import known_heads_of
from investigations.services.requests import begin_search, why_not_searchable
from investigations.services.reviews import join_search
from investigations.services.scopes import breaches_of, refuse_breaches
from investigations.tasks import run_search
from investigations.words import read_words
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import cancel_job
from portal.sentences import joined

MOST_PICTURES = 10
LARGEST_BYTES = 25_000_000


@dataclass(frozen=True)
class Upload:
    """A picture as somebody handed it over, with the box drawn on it, if one was."""

    name: str
    content: bytes
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class FootageFrame:
    """The frame shown at `at_s` seconds of a recording, with the box drawn on it, if one was."""

    recording: Recording
    at_s: float
    box: tuple[float, ...] | None = None

    @property
    def name(self) -> str:
        return f"{self.recording.camera.code} {localtime(self.recording.time_at(self.at_s)):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class SearchTerms:
    """What is searched for, where and when. `required` are those words of the description that must be so."""

    cameras: Sequence[Camera]
    starts_at: datetime
    ends_at: datetime
    kind: str = Sighting.Kind.PERSON
    uploads: Sequence[Upload] = ()
    sightings: Sequence[Sighting] = ()
    attachments: Sequence[Attachment] = ()
    frames: Sequence[FootageFrame] = ()
    description: Sequence[str] = ()
    required: Sequence[str] = ()
    plate: str = ""
    includes_small: bool = True
    limit: int = 50
    reason: str = ""


def start_search(request: SearchRequest, terms: SearchTerms, *, actor: User) -> Search:
    """Queue a search on behalf of a request that may be searched, within the scope of its legal basis.

    Pictures that cannot be read are kept as rows with their error, and the rest goes on; if none can be read, or
    anything else is wrong, nothing is started and ValidationError says why.
    """
    terms = replace(terms, plate=read_plate(terms.plate))
    check_terms(request, terms, actor)
    check_scope(request, terms, actor)
    pictures = [_read_upload(upload) for upload in terms.uploads]
    pictures += [_cut_frame(frame) for frame in terms.frames]
    has_pictures = terms.sightings or terms.attachments or any(content is not None for _picture, content in pictures)
    if not has_pictures and (pictures or not (goes_by_plate(terms) or read_wanted(terms))):
        raise ValidationError([picture.error for picture, _content in pictures] or [_why_nothing_to_go_by(terms)])
    with transaction.atomic():
        begin_search(request, actor=actor)
        search = create_search(request, terms, actor)
        join_search(search, actor)
        _save_pictures(search, pictures, terms.sightings)
        _copy_attachments(search, terms.attachments)
        record(Action.SEARCH_STARTED, actor=actor, target=search, reason=terms.reason, details=describe_terms(terms))
        run_search.delay_on_commit(search.pk)  # type: ignore[attr-defined]  # Celery's task for Django
        events.push_search_progress(search)
    return search


@transaction.atomic
def cancel_search(search: Search, *, actor: User) -> Search:
    """Cancel a queued or running search; candidates found so far stay."""
    require_right(actor, Right.SEARCH)
    require_visible(search, actor, _("This search belongs to another control centre."))
    if not cancel_job(search):
        raise ValidationError(_("This search has already ended."))
    record(Action.SEARCH_CANCELLED, actor=actor, target=search)
    events.push_search_progress(search)
    return search


def read_wanted(terms: SearchTerms) -> list[dict[str, object]]:
    """Return what the description means to the describer of this kind; what it does not know is left to people."""
    heads = {head.name: head.values for head in known_heads_of(describer_id(terms.kind))}
    found = read_words(terms.description, heads=heads)
    required = set(terms.required)
    return [
        {"attribute": one["attribute"], "value": one["value"], "required": not required.isdisjoint(one["words"])}
        for one in found
    ]


def goes_by_plate(terms: SearchTerms) -> bool:
    """Can a plate be searched by?"""
    return bool(terms.plate and settings.PLATE_READER_MODEL) and terms.kind == Sighting.Kind.VEHICLE


def _why_nothing_to_go_by(terms: SearchTerms) -> str:
    if terms.plate and terms.kind == Sighting.Kind.VEHICLE:
        return _("Add a picture or words to search by: no model reads number plates here.")
    if not terms.description:
        return _("Add a picture to search by.")
    return _("Add a picture to search by: none of these words can be searched by here.")


def check_terms(request: SearchRequest, terms: SearchTerms, actor: User) -> None:
    require_right(actor, Right.SEARCH)
    require_visible(request, actor, _("This request was sent to another control centre."))
    request.refresh_from_db()  # somebody may have returned it since
    if not request.is_searchable:
        raise ValidationError(why_not_searchable(request))
    if request.case.status == Case.Status.CLOSED:
        raise ValidationError(_("The case is closed: nothing more is searched for it."))
    if not terms.cameras:
        raise ValidationError(_("Choose at least one camera."))
    allowed = Camera.objects.visible_to(actor).filter(pk__in=[camera.pk for camera in terms.cameras])
    if allowed.count() != len({camera.pk for camera in terms.cameras}):
        raise PermissionDenied(_("Some of these cameras belong to another control centre."))
    shown = Sighting.objects.visible_to(actor).filter(pk__in=[sighting.pk for sighting in terms.sightings])
    if shown.count() != len({sighting.pk for sighting in terms.sightings}):
        raise PermissionDenied(_("Some of these sightings belong to another control centre."))
    if terms.frames:
        require_right(actor, Right.VIEW_FOOTAGE)
    seen = Recording.objects.visible_to(actor).filter(pk__in=[frame.recording.pk for frame in terms.frames])
    if seen.count() != len({frame.recording.pk for frame in terms.frames}):
        raise PermissionDenied(_("Some of these recordings belong to another control centre."))
    if any(picture.request_id != request.pk for picture in terms.attachments):
        raise PermissionDenied(_("Some of these pictures belong to another request."))
    if sum(map(len, (terms.uploads, terms.sightings, terms.attachments, terms.frames))) > MOST_PICTURES:
        raise ValidationError(_("At most %(count)d pictures at once.") % {"count": MOST_PICTURES})


def check_scope(request: SearchRequest, terms: SearchTerms, actor: User) -> None:
    """Refuse what the legal basis does not cover: the search, and each look that it begins with."""
    breaches = breaches_of(request, terms.cameras, terms.starts_at, terms.ends_at)
    for frame in terms.frames:
        at = frame.recording.time_at(frame.at_s)
        found = breaches_of(request, [*terms.cameras, frame.recording.camera], at, at)
        breaches += [breach for breach in found if breach.rule not in {known.rule for known in breaches}]
    refuse_breaches(request, breaches, details=describe_terms(terms), reason=terms.reason, actor=actor)


def _read_upload(upload: Upload) -> tuple[QueryPicture, bytes | None]:
    """Decode the picture and encode it anew, which leaves behind all that is not picture (places, scripts)."""
    picture = QueryPicture(original_name=upload.name[:255])
    if upload.box:
        picture.x1, picture.y1, picture.x2, picture.y2 = upload.box
    try:
        return picture, encode_jpeg(read_image(upload.content), quality=95)
    except ImageError as error:
        picture.error = joined([f"{upload.name}:", in_words(error)])
        return picture, None


def _cut_frame(frame: FootageFrame) -> tuple[QueryPicture, bytes | None]:
    """Cut the picture out of the recording; one that cannot be cut keeps the reason."""
    picture = QueryPicture(original_name=frame.name[:255], recording=frame.recording, at_s=frame.at_s)
    if frame.box:
        picture.x1, picture.y1, picture.x2, picture.y2 = frame.box
    try:
        return picture, picture_at(frame.recording, frame.at_s)
    except CoreError as error:
        picture.error = in_words(error, name=frame.name)
        return picture, None


def create_search(request: SearchRequest, terms: SearchTerms, actor: User, *, parent: Search | None = None) -> Search:
    search = Search(
        request=request,
        kind=terms.kind,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        includes_small=terms.includes_small,
        description=list(terms.description),
        wanted=parent.wanted if parent else read_wanted(terms),
        plate=terms.plate,
        limit=terms.limit,
        embedder=embedder_id(terms.kind),
        describer=describer_id(terms.kind),
        plate_reader=settings.PLATE_READER_MODEL if goes_by_plate(terms) else "",
        parent=parent,
        requested_by=actor,
    )
    search.full_clean()
    search.save()
    search.cameras.set(terms.cameras)
    return search


def _save_pictures(
    search: Search, pictures: list[tuple[QueryPicture, bytes | None]], sightings: Sequence[Sighting]
) -> None:
    for picture, content in pictures:
        picture.search = search
        if content is not None:
            picture.image.save("query.jpg", ContentFile(content), save=False)
        picture.save()
    for sighting in sightings:
        picture = QueryPicture(search=search, sighting=sighting, original_name=str(sighting))
        with sighting.image.open("rb") as file:
            picture.image.save("query.jpg", ContentFile(file.read()), save=False)
        picture.save()


def _copy_attachments(search: Search, attachments: Sequence[Attachment]) -> None:
    """Search by pictures that the station sent with its request."""
    for attachment in attachments:
        picture = QueryPicture(search=search, original_name=attachment.name)
        with attachment.file.open("rb") as file:
            picture.image.save("query.jpg", ContentFile(file.read()), save=False)
        picture.save()


def describe_terms(terms: SearchTerms) -> dict[str, object]:
    return {
        "cameras": [camera.code for camera in terms.cameras],
        "from": terms.starts_at.isoformat(),
        "until": terms.ends_at.isoformat(),
        "kind": str(terms.kind),
        "pictures": [upload.name for upload in terms.uploads],
        "sightings": [sighting.pk for sighting in terms.sightings],
        "attachments": [attachment.name for attachment in terms.attachments],
        "frames": [_describe_frame(frame) for frame in terms.frames],
        "description": list(terms.description),
        "required": list(terms.required),
        "plate": terms.plate,
    }


def _describe_frame(frame: FootageFrame) -> dict[str, object]:
    camera, at = frame.recording.camera.code, frame.recording.time_at(frame.at_s)
    box = list(frame.box) if frame.box else None
    return {"camera": camera, "recording": frame.recording.pk, "at": at.isoformat(), "box": box}
