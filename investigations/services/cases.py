"""Verbs on cases."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from investigations.models import Case
from portal.accounts.models import User
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
def close_case(case: Case, *, reason: str, actor: User) -> Case:
    """Close a case of the own station: nothing more is asked or searched for it."""
    require_right(actor, Right.OPEN_CASE)
    if not reason.strip():
        raise ValidationError(_("Say how the case ended."))
    still_open = Case.objects.visible_to(actor).filter(pk=case.pk, status=Case.Status.OPEN)
    if not still_open.update(status=Case.Status.CLOSED):
        raise ValidationError(_("This case is not open in your station."))
    record(Action.CASE_CLOSED, actor=actor, target=case, reason=reason)
    case.refresh_from_db()
    return case
