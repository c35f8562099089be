"""Cameras and recordings in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cameras.models import Camera, Recording
from cameras.services.cameras import save_camera
from portal.accounts.admin import RoleAdmin
from portal.accounts.rights import Right, acting_user


@admin.register(Camera)
class CameraAdmin(RoleAdmin):
    view_rights = frozenset({Right.VIEW_FOOTAGE})
    change_rights = frozenset({Right.MANAGE_CAMERAS})
    list_display = ["code", "name", "address", "centre", "status", "retention_days", "position"]
    list_filter = ["status", "retention_days", "centre"]
    list_select_related = ["centre"]
    search_fields = ["code", "name", "address"]

    @admin.display(description=_("position"))
    def position(self, camera: Camera) -> str:
        return f"{camera.latitude:.5f}, {camera.longitude:.5f}"

    def save_model(self, request: HttpRequest, obj: Camera, form: forms.ModelForm[Camera], change: bool) -> None:
        save_camera(obj, actor=acting_user(request), changed=form.changed_data)


class BaseRecordingAdmin(RoleAdmin):
    """Recordings as far as this app knows them; `inference` adds how they are measured and analysed."""

    view_rights = frozenset({Right.VIEW_FOOTAGE})
    change_rights = frozenset({Right.REQUEST_ANALYSIS})
    list_display: Any = ["camera", "started_at", "length", "size", "original_name"]
    list_filter: Any = ["camera__centre", "started_at"]
    list_select_related: Any = ["camera"]
    search_fields = ["camera__code", "camera__name", "original_name", "sha256"]
    date_hierarchy = "started_at"

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # what a camera recorded is evidence: it is added, and never edited

    @admin.display(description=_("length"))
    def length(self, recording: Recording) -> str:
        minutes, seconds = divmod(round(recording.duration_s), 60)
        return f"{minutes}:{seconds:02d}"

    @admin.display(description=_("picture"))
    def size(self, recording: Recording) -> str:
        return f"{recording.width} × {recording.height}, {recording.fps:g}/s"
