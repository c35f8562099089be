"""Pictures are shown through here: the right is checked on each, and each look is in the audit trail.

A list of candidates is audited once, as a whole, and its picture addresses carry a short-lived pass that says so; a
picture fetched without such a pass leaves an entry of its own.
"""

from django.core import signing
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from inference.models import Plate, PlateQuerySet, Sighting, SightingQuerySet
from investigations.models import AnswerItem, Attachment, QueryPicture
from portal.accounts.models import User

PASS_AGE_S = 3600
_SALT = "picture-pass"


def sightings_visible_to(user: User) -> SightingQuerySet:
    """What a person may see of what was seen: the centre's people all of its own, police what they were answered."""
    answered = AnswerItem.objects.visible_to(user).exclude(sighting=None).values("sighting_id")
    own = Sighting.objects.visible_to(user).values("pk")
    return Sighting.objects.filter(Q(pk__in=own) | Q(pk__in=answered))


def plates_visible_to(user: User) -> PlateQuerySet:
    """The centre's people see those of all its sightings, police those that they were answered with."""
    own = Sighting.objects.visible_to(user).values("pk")
    answered = AnswerItem.objects.visible_to(user).filter(sighting=OuterRef("sighting"), plate=OuterRef("text"))
    plates = Plate.objects.filter(Q(sighting__in=own) | Exists(answered))
    return plates.select_related("sighting__camera")  # by which the audit trail names it


def sighting_url(sighting_id: int, viewer: User) -> str:
    """Return the address of a sighting's picture for `viewer`, whose look the caller has just audited."""
    return _with_pass("sighting", sighting_id, viewer)


def plate_url(plate_id: int, viewer: User) -> str:
    """Return the address of a number plate's picture for `viewer`, whose look the caller has just audited."""
    return _with_pass("plate", plate_id, viewer)


def query_picture_url(picture: QueryPicture, viewer: User) -> str:
    return _with_pass("query", picture.pk, viewer)


def attachment_url(attachment: Attachment, viewer: User) -> str:
    return _with_pass("attachment", attachment.pk, viewer)


def clip_url(sighting_id: int, viewer: User) -> str:
    """Return the address of a sighting's clip for `viewer`, whose look the caller has just audited."""
    return f"{reverse('sighting-clip', args=[sighting_id])}?pass={_pass('clip', sighting_id, viewer)}"


def _with_pass(kind: str, pk: int, viewer: User) -> str:
    return f"{reverse(f'{kind}-picture', args=[pk])}?pass={_pass(kind, pk, viewer)}"


def _pass(kind: str, pk: int, viewer: User) -> str:
    return signing.dumps([viewer.pk, kind, pk], salt=_SALT)


def is_audited(view_pass: str, viewer: User, kind: str, pk: int) -> bool:
    """True if the pass says that this person's look at this picture is already in the audit trail."""
    try:
        return bool(signing.loads(view_pass, salt=_SALT, max_age=PASS_AGE_S) == [viewer.pk, kind, pk])
    except signing.BadSignature:
        return False
