"""Recordings, analyses and sightings in the admin. Actions call the verbs; no rule lives here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget

from cameras.admin import BaseRecordingAdmin
from cameras.models import Camera, Recording
from cameras.services.recordings import add_recording
from inference.core.errors import CoreError
from inference.core.figures import percent
from inference.core.plates import normalise_plate, parse_plate
from inference.descriptions import known_of
from inference.models import MODEL_FIELDS, Analysis, Description, PairBackground, Plate, Sighting, TunedModel
from inference.sayings import say
from inference.services.analyses import cancel_analysis, request_analysis
from inference.videos import measure_video
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.admin_actions import apply_to_each
from portal.accounts.rights import Right, acting_user, has_right

STATUS_COLOURS = {
    "queued": "info",
    "running": "warning",
    "done": "success",
    "failed": "danger",
    "cancelled": "",
}

# As the labels of statuses, but in small letters: these are words, not states.
CHIP = "inline-block font-semibold rounded-default text-xs px-2 py-1 my-1 bg-base-500/8 dark:bg-base-500/20"


class JobAdmin(ReadOnlyAdmin):
    """What the pages of analyses and searches share."""

    @display(description=_("status"), ordering="status", label=STATUS_COLOURS)  # type: ignore[untyped-decorator]
    def shown_status(self, job: Any) -> tuple[str, str]:
        return job.status, job.get_status_display()

    @admin.display(description=_("progress"), ordering="progress")
    def shown_progress(self, job: Any) -> str:
        return format_html('<progress max="1" value="{}"></progress> {}', job.progress, percent(job.progress))


class RecordingForm(forms.ModelForm[Recording]):
    """The verb does the work while the form is cleaned, so that a file that is no video is refused in its field."""

    class Meta:
        model = Recording
        fields = ["camera", "started_at", "file"]
        widgets = {"file": UnfoldAdminFileFieldWidget}

    actor: Any = None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.instance = add_recording(
                    cleaned["camera"],
                    file=cleaned["file"],
                    started_at=cleaned["started_at"],
                    measure=measure_video,
                    actor=self.actor,
                )
            except ValidationError as error:
                is_start = "started_at" in getattr(error, "error_dict", {})
                self.add_error("started_at" if is_start else "file", error.messages)
        return cleaned

    def _post_clean(self) -> None:
        """The verb has written and checked the instance; the form has nothing to add to it."""


class AnalysisInline(TabularInline):  # type: ignore[misc]
    model = Analysis
    fields = ["status", "progress", "models", "fps", "sightings_written", "error", "ended_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    tab = True

    @admin.display(description=_("models"))
    def models(self, analysis: Analysis) -> str:
        return ", ".join(dict.fromkeys(analysis.models.values()))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(Recording)
class RecordingAdmin(BaseRecordingAdmin):
    form = RecordingForm
    inlines = [AnalysisInline]
    actions = ["analyse"]
    readonly_fields = ["ends_at", "duration_s", "width", "height", "fps", "shown_hash", "original_name"]
    add_fields = ["camera", "started_at", "file"]

    def get_fields(self, request: HttpRequest, obj: Recording | None = None) -> list[str]:
        return self.add_fields if obj is None else [*self.add_fields[:2], *self.readonly_fields]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.actor = request.user
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "camera":
            kwargs["queryset"] = Camera.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Recording, form: Any, change: bool) -> None:
        """`RecordingForm.clean` has called the verb."""

    def has_analyse_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.REQUEST_ANALYSIS)

    @admin.action(description=_("Analyse the chosen recordings"), permissions=["analyse"])
    def analyse(self, request: HttpRequest, rows: QuerySet[Recording]) -> None:
        count = apply_to_each(request, rows, lambda row: request_analysis(row, actor=acting_user(request)))
        if count:
            text = ngettext("%(count)d analysis was queued.", "%(count)d analyses were queued.", count)
            messages.success(request, text % {"count": count})


@admin.register(Analysis)
class AnalysisAdmin(JobAdmin):
    view_rights = frozenset({Right.VIEW_FOOTAGE, Right.REQUEST_ANALYSIS})
    list_display = [
        "id",
        "recording",
        "shown_status",
        "shown_progress",
        "frames_read",
        "sightings_written",
        "took",
        "requested_by",
        "requested_at",
        "problem",
    ]
    list_filter = ["status", *MODEL_FIELDS, "recording__camera"]
    list_select_related = ["recording__camera", "requested_by"]
    search_fields = ["recording__camera__code", "recording__original_name", "error"]
    actions = ["cancel"]

    @admin.display(description=_("took (s)"))
    def took(self, analysis: Analysis) -> str:
        return "" if analysis.seconds is None else f"{analysis.seconds:.1f}"

    @admin.display(description=_("problem"))
    def problem(self, analysis: Analysis) -> str:
        return analysis.error or analysis.warning

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.REQUEST_ANALYSIS)

    @admin.action(description=_("Cancel the chosen analyses"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Analysis]) -> None:
        count = apply_to_each(request, rows, lambda row: cancel_analysis(row, actor=acting_user(request)))
        if count:
            messages.success(request, gettext("Cancelled: %(count)d.") % {"count": count})


@admin.register(Sighting)
class SightingAdmin(ReadOnlyAdmin):
    view_rights = frozenset({Right.VIEW_FOOTAGE})
    list_display = [
        "picture",
        "camera",
        "seen_at",
        "kind",
        "track_number",
        "observations",
        "is_small",
        "share",
    ]
    list_filter = ["kind", "is_small", "is_superseded", "camera"]
    list_select_related = ["camera"]
    search_fields = ["camera__code", "camera__name"]
    date_hierarchy = "seen_at"
    exclude = ["image"]
    readonly_fields = ["picture", "looks", "plate_texts"]

    @admin.display(description=_("detector score"), ordering="score")
    def share(self, sighting: Sighting) -> str:
        return percent(sighting.score)

    @admin.display(description=_("picture"))
    def picture(self, sighting: Sighting) -> str:
        # The picture's own view checks the right and writes the audit entry.
        address = reverse("sighting-picture", args=[sighting.pk])
        return format_html('<img src="{}" alt="" style="height:96px" loading="lazy">', address)

    @admin.display(description=_("number plates"))
    def plate_texts(self, sighting: Sighting) -> str:
        """What each reader read, a line each."""
        rows = ((row.text, percent(row.confidence), row.reader) for row in sighting.plates.order_by("pk"))
        return format_html_join("", "<p>{} {} <small>{}</small></p>", rows)

    @admin.display(description=_("looks"))
    def looks(self, sighting: Sighting) -> str:
        """What each describer said of it, a line each."""
        return format_html_join("", "<p>{} <small>{}</small></p>", map(_chips, sighting.descriptions.order_by("pk")))


@admin.register(Plate)
class PlateAdmin(ReadOnlyAdmin):
    """Not to be searched by text: a plate is looked for by a search, within its request's scope, and accounted for."""

    view_rights = frozenset({Right.VIEW_FOOTAGE})
    list_display = ["picture", "text", "shown_confidence", "reads", "camera", "seen_at", "reader"]
    list_filter = ["reader", "sighting__camera"]
    list_select_related = ["sighting__camera"]
    search_fields = ["sighting__camera__code", "sighting__camera__name"]
    search_help_text = _("Number or name of the camera")
    date_hierarchy = "seen_at"
    exclude = ["image", "characters", "confidence"]
    readonly_fields = ["picture", "shown_confidence"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if _is_plate(request.GET.get("q", "")):
            said = gettext(
                "Number plates are not looked up in this list. A plate is looked for by a search of a request, or put "
                "on the watch list: both are accounted for."
            )
            messages.warning(request, said)
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    @admin.display(description=_("picture"))
    def picture(self, plate: Plate) -> str:
        # As with sightings, the picture's own view checks the right and writes the audit entry.
        address = reverse("plate-picture", args=[plate.pk])
        return format_html('<img src="{}" alt="" style="height:32px" loading="lazy">', address)

    @admin.display(description=_("confidence"), ordering="confidence")
    def shown_confidence(self, plate: Plate) -> str:
        return percent(plate.confidence)

    @admin.display(description=_("camera"), ordering="sighting__camera")
    def camera(self, plate: Plate) -> Camera:
        return plate.sighting.camera


class MeasuredAdmin(ReadOnlyAdmin):
    """What was measured on the site's own footage: for administrators to read, and written by commands alone."""

    is_view_audited = True
    view_rights = frozenset({Right.MANAGE_CAMERAS})

    @admin.display(description=_("mean"), ordering="mean")
    def shown_mean(self, row: Any) -> str:
        return f"{row.mean:.3f}"

    @admin.display(description=_("deviation"), ordering="deviation")
    def shown_deviation(self, row: Any) -> str:
        return f"{row.deviation:.3f}"


@admin.register(TunedModel)
class TunedModelAdmin(MeasuredAdmin):
    list_display = ["name", "kind", "shown_gain", "shown_mean", "shown_deviation", "made_at"]
    list_filter = ["kind", "base", "made_at"]
    search_fields = ["name", "base"]
    fields = ["name", "base", "kind", "shown_gain", "shown_figures", "shown_mean", "shown_deviation", "made_at"]
    readonly_fields = fields

    @admin.display(description=_("found in 10,000 pairs, before → after"))
    def shown_gain(self, row: TunedModel) -> str:
        """What `tune_reid` prints of the part that was held back."""
        before, after = row.figures.get("before"), row.figures.get("after")
        return "–" if before is None or after is None else f"{before:.1f} → {after:.1f}"

    @admin.display(description=_("figures"))
    def shown_figures(self, row: TunedModel) -> str:
        return format_html_join("", "<p>{} <b>{}</b></p>", row.figures.items())


@admin.register(PairBackground)
class PairBackgroundAdmin(MeasuredAdmin):
    list_display = ["embedder", "kind", "camera_a", "camera_b", "shown_mean", "shown_deviation", "count", "made_at"]
    list_filter = ["kind", "embedder", "made_at"]
    list_select_related = ["camera_a", "camera_b"]
    search_fields = ["camera_a__code", "camera_a__name", "camera_b__code", "camera_b__name"]
    fields = ["embedder", "kind", "camera_a", "camera_b", "shown_mean", "shown_deviation", "count", "made_at"]
    readonly_fields = fields


def _is_plate(typed: str) -> bool:
    try:
        return parse_plate(normalise_plate(typed)) is not None
    except CoreError:
        return False


def _chips(description: Description) -> tuple[str, str]:
    """What the model is sure of, or why that cannot be read; and the model's id."""
    try:
        known = known_of(description)
    except CoreError as error:
        return str(error), description.describer
    chips = [(CHIP, say(name, value), percent(probability)) for name, value, probability in known]
    return format_html_join(" ", '<span class="{}">{} {}</span>', chips) or gettext("unknown"), description.describer
