"""Verbs on legal bases."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from investigations.models import LegalBasis
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record


@transaction.atomic
def save_basis(basis: LegalBasis, *, reason: str, actor: User) -> LegalBasis:
    """Write a new basis, or a changed one with what changed. Requests under way keep the limits they began with."""
    require_right(actor, Right.MANAGE_BASES)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: it is what searches of people are based on.")})
    stored = LegalBasis.objects.select_for_update().filter(pk=basis.pk).first()
    basis.full_clean()
    before = model_to_dict(stored) if stored else {}
    changes: dict[str, Any] = {
        name: {"old": before.get(name), "new": value}
        for name, value in model_to_dict(basis).items()
        if name != "id" and before.get(name) != value
    }
    if changes:
        basis.save()
        record(Action.BASIS_CHANGED, actor=actor, target=basis, reason=reason, details=changes)
    return basis
