"""Verbs on cameras."""

from typing import Any

from django.db import transaction

from cameras.models import Camera
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record


@transaction.atomic
def save_camera(camera: Camera, *, actor: User, changed: list[str], reason: str = "") -> Camera:
    """Register a new camera or write a changed one; `changed` names the fields, whose new values are audited."""
    require_right(actor, Right.MANAGE_CAMERAS)
    camera.full_clean()
    camera.save()
    values: dict[str, Any] = {name: str(getattr(camera, name)) for name in changed}
    record(Action.CAMERA_CHANGED, actor=actor, target=camera, reason=reason, details=values)
    return camera
