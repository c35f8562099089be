"""Verbs on evidence packages: have one made, cancel it, hand it out."""

from collections.abc import Sequence
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from inference.models import Sighting, SightingQuerySet
from investigations import events
from investigations.models import Answer, EvidencePackage, Unmasking
from investigations.services.moves import lock_request
from investigations.tasks import run_package
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import OPEN_JOB_STATUSES, JobStatus, cancel_job

LONGEST_MARGIN_S = 120


def bystanders(answer: Answer, *, margin_s: int = LONGEST_MARGIN_S) -> SightingQuerySet:
    """Who else is to be seen in the clips of an answer: tracks of the same recordings at the same time."""
    own = Sighting.objects.filter(pk__in=answer.items.exclude(sighting=None).values("sighting_id"))
    margin, meets = timedelta(seconds=margin_s), Q(pk__in=[])
    for row in own:
        span = {"first_seen_at__lt": row.last_seen_at + margin, "last_seen_at__gt": row.first_seen_at - margin}
        meets |= Q(recording=row.recording_id, **span)
    others = Sighting.objects.current().filter(meets).exclude(pk__in=own)
    return others.select_related("camera").order_by("seen_at", "pk")


@transaction.atomic
def request_package(
    answer: Answer,
    *,
    reason: str,
    margin_s: int = 5,
    has_originals: bool = False,
    unmasked: Sequence[tuple[Sighting, str]] = (),
    actor: User,
) -> EvidencePackage:
    """Have the files of an answer made. Bystanders are masked, except those named in `unmasked`, each with why.

    Showing bystanders, one of them or all in clips as recorded, needs the right to unmask, and each is accounted for.
    """
    require_right(actor, Right.EXPORT_EVIDENCE)
    require_visible(answer, actor, _("This answer belongs to another control centre."))
    row = lock_request(answer.request, actor=actor)
    if row.purged_at is not None:
        raise ValidationError(_("The data of this request was destroyed: nothing is left to make a package of."))
    if not reason.strip():
        raise ValidationError(_("Say what the package is for: it is written into it."))
    if has_originals or unmasked:
        require_right(actor, Right.UNMASK)
    _check_unmasked(answer, unmasked, margin_s)
    if answer.packages.filter(status__in=OPEN_JOB_STATUSES).exists():
        raise ValidationError(_("A package of this answer is already being made."))
    package = EvidencePackage(
        answer=answer, reason=reason.strip(), margin_s=margin_s, has_originals=has_originals, requested_by=actor
    )
    package.full_clean()
    package.save()
    details = {"answer": str(answer), "margin_s": margin_s, "originals": has_originals, "unmasked": len(unmasked)}
    record(Action.PACKAGE_REQUESTED, actor=actor, target=package, reason=reason, details=details)
    _note_unmasked(package, unmasked, actor)
    run_package.delay_on_commit(package.pk)  # type: ignore[attr-defined]  # Celery's task for Django
    events.push_package_progress(package)
    return package


@transaction.atomic
def cancel_package(package: EvidencePackage, *, actor: User) -> EvidencePackage:
    """Stop making a package; nothing of it is kept."""
    require_right(actor, Right.EXPORT_EVIDENCE)
    require_visible(package, actor, _("This package belongs to another control centre."))
    if not cancel_job(package):
        raise ValidationError(_("This package is no longer being made."))
    record(Action.PACKAGE_CANCELLED, actor=actor, target=package)
    events.push_package_progress(package)
    return package


@transaction.atomic
def hand_out_package(package: EvidencePackage, *, actor: User) -> None:
    """Account for a download, by the centre that answered or the station that asked."""
    if not EvidencePackage.objects.visible_to(actor).filter(pk=package.pk).exists():
        raise PermissionDenied(_("This package belongs to another control centre."))
    if package.status != JobStatus.DONE or not package.file:
        raise ValidationError(_("This package is not ready, or no longer stored."))
    record(Action.PACKAGE_DOWNLOADED, actor=actor, target=package, details={"sha256": package.sha256})


def _check_unmasked(answer: Answer, unmasked: Sequence[tuple[Sighting, str]], margin_s: int) -> None:
    if not all(reason.strip() for _sighting, reason in unmasked):
        raise ValidationError(_("Say of each bystander why they are shown unmasked."))
    chosen = {sighting.pk for sighting, _reason in unmasked}
    if bystanders(answer, margin_s=margin_s).filter(pk__in=chosen).count() != len(unmasked):
        raise ValidationError(_("Some of the chosen tracks are not in the clips of this answer."))


def _note_unmasked(package: EvidencePackage, unmasked: Sequence[tuple[Sighting, str]], actor: User) -> None:
    for sighting, reason in unmasked:
        Unmasking.objects.create(
            package=package, sighting=sighting, sighting_name=str(sighting), reason=reason.strip(), actor=actor
        )
        details = {"package": package.pk, "answer": str(package.answer)}
        record(Action.TRACK_UNMASKED, actor=actor, target=sighting, reason=reason, details=details)
    if package.has_originals:
        record(Action.TRACK_UNMASKED, actor=actor, target=package, reason=package.reason, details={"tracks": "all"})
