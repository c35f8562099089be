"""Cameras and recordings in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import AllValuesFieldListFilter
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from cameras.models import Camera, CameraImport, Recording
from cameras.services.cameras import add_camera, change_camera
from portal.accounts.admin import RoleAdmin
from portal.accounts.models import Agency
from portal.accounts.rights import Right, acting_user

MOST_LISTS = 10  # shown of one camera


@admin.register(Camera)
class CameraAdmin(RoleAdmin):
    view_rights = frozenset({Right.VIEW_FOOTAGE})
    change_rights = frozenset({Right.MANAGE_CAMERAS})
    list_display = ["code", "name", "address", "pole", "purpose", "centre", "status", "retention_days", "position"]
    list_filter = ["status", ("purpose", AllValuesFieldListFilter), "retention_days", "centre"]
    list_select_related = ["centre"]
    search_fields = ["code", "name", "address", "pole", "purpose"]
    actions_list = ["import_page", "export_page"]

    @action(description=_("Import a list"), url_path="import-list", permissions=["change"], icon="upload")  # type: ignore[untyped-decorator]
    def import_page(self, request: HttpRequest) -> HttpResponse:
        return redirect("camera-import")

    @action(description=_("Export the list"), url_path="export-list", permissions=["change"], icon="download")  # type: ignore[untyped-decorator]
    def export_page(self, request: HttpRequest) -> HttpResponse:
        return redirect("camera-export")

    @admin.display(description=_("position"))
    def position(self, camera: Camera) -> str:
        return f"{camera.latitude:.5f}, {camera.longitude:.5f}"

    @admin.display(description=_("lists that changed it"))
    def shown_lists(self, camera: Camera) -> SafeString | str:
        """Which imported lists gave the camera its values, the newest first."""
        rows = CameraImport.objects.that_changed(camera).select_related("requested_by")[:MOST_LISTS]
        lines = ((f"{localtime(row.ended_at):%Y-%m-%d %H:%M}", row.original_name, row.requested_by) for row in rows)
        return format_html_join(mark_safe("<br>"), "{} {} ({})", lines) or "–"

    @admin.display(description=_("place and status"))
    def on_the_map(self, camera: Camera) -> SafeString:
        address = f"{reverse('camera-map')}#camera={camera.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Move it, or change its status, on the page of cameras"))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """A camera that is there is moved, and changes its status, with a reason: this form asks for none."""
        return ["position", "status", "on_the_map", "shown_lists"] if obj else []

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ["latitude", "longitude"] if obj else None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "centre":
            kwargs["queryset"] = Agency.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Camera, form: forms.ModelForm[Camera], change: bool) -> None:
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data}
            change_camera(obj, values, actor=acting_user(request))
        else:
            add_camera(obj, actor=acting_user(request))


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

    @admin.display(description="SHA-256")
    def shown_hash(self, recording: Recording) -> str:
        return recording.sha256

    @admin.display(description=_("length"))
    def length(self, recording: Recording) -> str:
        minutes, seconds = divmod(round(recording.duration_s), 60)
        return f"{minutes}:{seconds:02d}"

    @admin.display(description=_("picture size"))
    def size(self, recording: Recording) -> str:
        return f"{recording.width} × {recording.height}, {recording.fps:g}/s"
