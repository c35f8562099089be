"""Verbs on people and agencies."""

from django.db import transaction

from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record

SECRET_FIELDS = {"password", "password1", "password2", "usable_password"}
ADMIN_ROLES = {User.Role.SUPERVISOR, User.Role.ADMINISTRATOR}


@transaction.atomic
def save_user(user: User, *, actor: User, changed: list[str]) -> User:
    """Write a new or changed person; `changed` names the fields, whose new values are audited, secrets excepted."""
    require_right(actor, Right.MANAGE_PEOPLE)
    user.is_staff = user.is_staff or user.role in ADMIN_ROLES
    user.save()
    shown = {name: str(getattr(user, name, "")) for name in changed if name not in SECRET_FIELDS}
    hidden = {name: "changed" for name in changed if name in SECRET_FIELDS}
    record(Action.USER_CHANGED, actor=actor, target=user, details=shown | hidden)
    return user


@transaction.atomic
def save_agency(agency: Agency, *, actor: User, changed: list[str]) -> Agency:
    require_right(actor, Right.MANAGE_PEOPLE)
    agency.save()
    values = {name: str(getattr(agency, name)) for name in changed}
    record(Action.AGENCY_CHANGED, actor=actor, target=agency, details=values)
    return agency


def note_password(user: User, *, actor: User) -> None:
    """Account for a password that Django's own form has just set."""
    record(Action.USER_CHANGED, actor=actor, target=user, details={"password": "changed"})


@transaction.atomic
def choose_language(language: str, *, actor: User) -> None:
    """Keep the language in which the person is to be written to."""
    if User.objects.filter(pk=actor.pk).exclude(language=language).update(language=language):
        record(Action.USER_CHANGED, actor=actor, target=actor, details={"language": language})
