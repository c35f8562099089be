"""Verbs on cases."""

from django.db import transaction

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
    case.full_clean()
    case.save()
    record(Action.CASE_OPENED, actor=actor, target=case, details={"kind": kind})
    return case


def view_case(case: Case, *, actor: User) -> None:
    """Account for a look into a case."""
    record(Action.CASE_VIEWED, actor=actor, target=case)
