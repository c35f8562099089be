"""Verbs on groups of cameras."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cameras.models import Camera, CameraGroup
from portal.accounts.models import User
from portal.accounts.rights import Right, has_right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record


def require_groups(actor: User) -> None:
    """Groups are for who chooses cameras to search, and for who manages them."""
    if not has_right(actor, Right.MANAGE_CAMERAS):
        require_right(actor, Right.SEARCH)


@transaction.atomic
def save_group(name: str, cameras: Iterable[int], *, actor: User) -> CameraGroup:
    """Keep these cameras, given by their ids, under a name; the centre's group that has it already becomes this one."""
    require_groups(actor)
    if actor.agency is None:
        raise ValidationError(_("Groups belong to a control centre, and you belong to none."))
    ids = set(cameras)
    if not ids:
        raise ValidationError(_("A group needs at least one camera."))
    # Not `pk__in`: thousands of ids are more than a database takes in one statement.
    own = set(Camera.objects.visible_to(actor).filter(centre_id=actor.agency_id).values_list("pk", flat=True))
    if not ids <= own:
        raise ValidationError(
            _("%(count)d of these cameras are not of your control centre.") % {"count": len(ids - own)}
        )
    group = CameraGroup(centre=actor.agency, name=name.strip(), made_by=actor)
    group.clean_fields()
    group, _is_new = CameraGroup.objects.get_or_create(
        centre=actor.agency, name=group.name, defaults={"made_by": actor}
    )
    group.cameras.set(ids, clear=True)
    record(Action.GROUP_SAVED, actor=actor, target=group, details={"cameras": sorted(ids)})
    return group


@transaction.atomic
def delete_group(group: CameraGroup, *, actor: User) -> None:
    """Forget a group; its cameras stay."""
    require_groups(actor)
    require_visible(group, actor, _("This group belongs to another control centre."))
    ids = sorted(group.cameras.values_list("pk", flat=True))
    record(Action.GROUP_DELETED, actor=actor, target=group, details={"cameras": ids})
    group.delete()
