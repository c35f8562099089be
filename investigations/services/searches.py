"""Verbs on searches: start one, cancel it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from cameras.models import Camera
from inference.core.errors import ImageError
from inference.core.images import encode_jpeg, read_image
from inference.jobs import cancel_job
from inference.models import Sighting
from inference.sentences import in_words
from investigations import events
from investigations.models import Attachment, Case, QueryPicture, Search, SearchRequest
from investigations.scope import Breach, find_breaches
from investigations.services.requests import begin_search, why_not_searchable
from investigations.services.reviews import join_search
from investigations.tasks import run_search
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record

MOST_PICTURES = 10
LARGEST_BYTES = 25_000_000


class OutOfScope(ValidationError):  # noqa: N818 -- an answer, not a fault
    """The search would leave what the request's legal basis allows; the messages name the rules."""

    def __init__(self, breaches: Sequence[Breach], request: SearchRequest) -> None:
        super().__init__([_breach_sentence(breach, request) for breach in breaches])
        self.breaches = breaches


@dataclass(frozen=True)
class Upload:
    """A picture as somebody handed it over, with the box drawn on it, if one was."""

    name: str
    content: bytes
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class SearchTerms:
    """What is searched for, where and when."""

    cameras: Sequence[Camera]
    starts_at: datetime
    ends_at: datetime
    kind: str = Sighting.Kind.PERSON
    uploads: Sequence[Upload] = ()
    sightings: Sequence[Sighting] = ()
    attachments: Sequence[Attachment] = ()
    includes_small: bool = True
    limit: int = 50
    reason: str = ""


def start_search(request: SearchRequest, terms: SearchTerms, *, actor: User) -> Search:
    """Queue a search on behalf of a request that may be searched, within the scope of its legal basis.

    Pictures that cannot be read are kept as rows with their error, and the rest goes on; if none can be read, or
    anything else is wrong, nothing is started and ValidationError says why.
    """
    _check(request, terms, actor)
    _check_scope(request, terms, actor)
    pictures = [_read_upload(upload) for upload in terms.uploads]
    if not terms.sightings and not terms.attachments and all(content is None for _picture, content in pictures):
        raise ValidationError([picture.error for picture, _content in pictures] or [_("Add a picture to search by.")])
    with transaction.atomic():
        begin_search(request, actor=actor)
        search = _create_search(request, terms, actor)
        join_search(search, actor)
        _save_pictures(search, pictures, terms.sightings)
        _copy_attachments(search, terms.attachments)
        record(Action.SEARCH_STARTED, actor=actor, target=search, reason=terms.reason, details=_describe(terms))
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


def _check(request: SearchRequest, terms: SearchTerms, actor: User) -> None:
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
    if any(picture.request_id != request.pk for picture in terms.attachments):
        raise PermissionDenied(_("Some of these pictures belong to another request."))
    if len(terms.uploads) + len(terms.sightings) + len(terms.attachments) > MOST_PICTURES:
        raise ValidationError(_("At most %(count)d pictures at once.") % {"count": MOST_PICTURES})


def _check_scope(request: SearchRequest, terms: SearchTerms, actor: User) -> None:
    """Refuse what the legal basis does not cover, and keep in the trail that it was tried."""
    searched = set(Camera.objects.filter(searches__request=request).values_list("pk", flat=True))
    breaches = find_breaches(
        request.scope,
        [camera.position for camera in terms.cameras],
        terms.starts_at,
        terms.ends_at,
        camera_count=len(searched | {camera.pk for camera in terms.cameras}),
    )
    if not breaches:
        return
    details = _describe(terms) | {"rules": [asdict(breach) for breach in breaches]}
    record(Action.SEARCH_REFUSED, actor=actor, target=request, reason=terms.reason, details=details)
    raise OutOfScope(breaches, request)


def _breach_sentence(breach: Breach, request: SearchRequest) -> str:
    """Name the rule, what was asked and what is allowed, and how the limit can be widened."""
    said = {
        "cameras": _("Rule “cameras” of “%(basis)s”: %(asked)d cameras were asked for, %(allowed)d are allowed."),
        "radius": _("Rule “radius” of “%(basis)s”: the cameras reach %(asked)d m, %(allowed)d m are allowed."),
        "hours": _("Rule “hours” of “%(basis)s”: the hours reach %(asked).1f h, %(allowed)d h are allowed."),
    }[breach.rule]
    widen = _("Ask for less, or have a supervisor of %(centre)s widen the scope of the request.")
    values = {"basis": request.basis, "asked": breach.asked, "allowed": breach.allowed, "centre": request.centre}
    return f"{said % values} {widen % values}"


def _read_upload(upload: Upload) -> tuple[QueryPicture, bytes | None]:
    """Decode the picture and encode it anew, which leaves behind all that is not picture (places, scripts)."""
    picture = QueryPicture(original_name=upload.name[:255])
    if upload.box:
        picture.x1, picture.y1, picture.x2, picture.y2 = upload.box
    try:
        return picture, encode_jpeg(read_image(upload.content), quality=95)
    except ImageError as error:
        picture.error = f"{upload.name}: {in_words(error)}"
        return picture, None


def _create_search(request: SearchRequest, terms: SearchTerms, actor: User) -> Search:
    search = Search(
        request=request,
        kind=terms.kind,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        includes_small=terms.includes_small,
        limit=terms.limit,
        embedder=settings.EMBEDDER_MODEL,
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


def _describe(terms: SearchTerms) -> dict[str, object]:
    return {
        "cameras": [camera.code for camera in terms.cameras],
        "from": terms.starts_at.isoformat(),
        "until": terms.ends_at.isoformat(),
        "kind": str(terms.kind),
        "pictures": [upload.name for upload in terms.uploads],
        "sightings": [sighting.pk for sighting in terms.sightings],
        "attachments": [attachment.name for attachment in terms.attachments],
    }
