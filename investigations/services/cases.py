"""Verbs on cases."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from investigations.models import Case, CaseShare, SearchRequest, Tip
from investigations.services.requests import close_request, discard_draft
from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record


@transaction.atomic
def open_case(*, number: str, title: str, kind: str, description: str = "", actor: User) -> Case:
    """Open a case of the actor's own station."""
    require_right(actor, Right.OPEN_CASE)
    case = Case(
        number=number.strip(),
        title=title.strip(),
        kind=kind,
        description=description,
        agency=actor.agency,
        opened_by=actor,
    )
    if Case.objects.filter(agency=actor.agency, number=case.number).exists():
        raise ValidationError({"number": _("Your station already has a case with this number.")})
    case.full_clean()
    case.save()
    record(Action.CASE_OPENED, actor=actor, target=case, details={"kind": kind})
    return case


@transaction.atomic
def close_case(case: Case, outcome: str, *, reason: str, actor: User) -> Case:
    """Close a case of the own station, and with it every request that is still open."""
    require_right(actor, Right.OPEN_CASE)
    if not reason.strip():
        raise ValidationError(_("Say how the case ended."))
    if outcome not in Case.Outcome.values:
        raise ValidationError(_("Say how it ended: found, not found or withdrawn."))
    still_open = Case.objects.visible_to(actor).filter(pk=case.pk, status=Case.Status.OPEN)
    values = {"status": Case.Status.CLOSED, "outcome": outcome, "closed_at": timezone.now()}
    if not still_open.update(**values):
        raise ValidationError(_("This case is not open in your station."))
    for request in case.requests.filter(status=SearchRequest.Status.DRAFT, changes=None):
        discard_draft(request, actor=actor)
    for request in case.requests.open():
        close_request(request, outcome, reason=reason, actor=actor)
    record(Action.CASE_CLOSED, actor=actor, target=case, reason=reason, details={"outcome": outcome})
    case.refresh_from_db()
    return case


@transaction.atomic
def share_case(case: Case, centre: Agency, *, note: str = "", actor: User) -> CaseShare:
    """Tell a control centre about a case before anything is asked of it."""
    require_right(actor, Right.OPEN_CASE)
    _require_open(case, actor)
    share = CaseShare(case=case, centre=centre, note=note.strip(), shared_by=actor)
    share.full_clean()
    share.save()
    record(Action.CASE_SHARED, actor=actor, target=case, reason=note, details={"centre": str(centre)})
    return share


@transaction.atomic
def add_tip(
    case: Case,
    *,
    source: str,
    text: str,
    seen_at: datetime,
    place: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
    actor: User,
) -> Tip:
    """Write down a sighting that somebody reported."""
    require_right(actor, Right.COMMENT)
    _require_open(case, actor)
    if seen_at > timezone.now():
        raise ValidationError({"seen_at": _("Nobody can have been seen in the future.")})
    tip = Tip(
        case=case,
        source=source,
        text=text.strip(),
        place=place.strip(),
        latitude=latitude,
        longitude=longitude,
        seen_at=seen_at,
        added_by=actor,
    )
    tip.full_clean()
    tip.save()
    record(Action.TIP_ADDED, actor=actor, target=case, details={"tip": tip.pk, "source": source})
    return tip


def _require_open(case: Case, actor: User) -> None:
    if not Case.objects.visible_to(actor).filter(pk=case.pk, status=Case.Status.OPEN).exists():
        raise PermissionDenied(_("This case is closed, or another station's."))
