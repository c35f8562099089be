"""Searches, and the paths that came of them."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inference.admin import JobAdmin
from investigations.admin.common import (
    HistoryInline,
    OfRequestMixin,
    person_field,
    rounded,
    shown_table,
    shown_time,
)
from investigations.evidence import words
from investigations.models import Participant, Path, PathPoint, Search
from investigations.reads import read_of, say_other_plate
from investigations.services.paths import shown_points
from portal.accounts.admin import ReadOnlyAdmin
from portal.accounts.rights import Right, acting_user

REQUESTED_BY = person_field("requested_by", _("requested by"))
BUILT_BY = person_field("built_by", _("built by"))


class ParticipantInline(HistoryInline):
    model = Participant
    fields: Any = [person_field("user", _("person")), "at"]
    readonly_fields = fields


@admin.register(Search)
class SearchAdmin(OfRequestMixin, JobAdmin):
    is_view_audited = True
    view_rights = frozenset({Right.SEARCH})
    list_display = [
        "__str__",
        "shown_request",
        "kind",
        "shown_status",
        "shown_progress",
        "sightings_compared",
        "candidate_count",
        "requested_by",
        "requested_at",
        "error",
    ]
    list_filter = ["status", "kind", "requested_at"]
    list_select_related = ["request__case", "requested_by"]
    search_fields = ["request__case__number", "request__case__title", "error"]
    inlines = [ParticipantInline]
    fields: Any = [
        "shown_request",
        REQUESTED_BY,
        "kind",
        "cameras",
        "span",
        ("shown_description", "plate"),
        ("includes_small", "limit"),
        ("embedder", "describer", "plate_reader"),
        "parent",
        ("status", "sightings_compared", "pictures_destroyed"),
        "error",
        "warning",
        ("requested_at", "started_at", "ended_at"),
    ]
    readonly_fields: Any = ["shown_request", "span", "shown_description", REQUESTED_BY]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(candidate_count_=Count("candidates"))
        return rows

    @admin.display(description=_("time span"))
    def span(self, row: Search) -> str:
        return words.span(row.starts_at, row.ends_at)

    @admin.display(description=_("description"))
    def shown_description(self, row: Search) -> str:
        return ", ".join(row.description)

    @admin.display(description=_("candidates"), ordering="candidate_count_")
    def candidate_count(self, row: Any) -> int:
        return int(row.candidate_count_)


@admin.register(Path)
class PathAdmin(OfRequestMixin, ReadOnlyAdmin):
    """A path says what was confirmed: who may give the second opinion about it sees the other stops only."""

    is_view_audited = True
    view_rights = frozenset({Right.BUILD_PATH})
    list_display = ["__str__", "shown_request", "built_by", "built_at"]
    list_select_related = ["request__case", "built_by"]
    search_fields = ["request__case__number", "request__case__title"]

    fields: Any = ["shown_request", BUILT_BY, "built_at", "stops"]
    readonly_fields: Any = ["shown_request", BUILT_BY, "stops"]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        path = super().get_object(request, object_id, from_field)
        if path is not None:
            path.points_shown = shown_points(path, acting_user(request))
        return path

    @admin.display(description=_("path points"))
    def stops(self, path: Any) -> str:
        measured = [_("distance (m)"), _("time (s)"), _("speed (m/s)")]
        headers = [_("number"), _("camera"), _("time"), _("number plate"), *measured, ""]
        return shown_table(headers, [_stop(point) for point in path.points_shown])


def _stop(point: PathPoint) -> list[Any]:
    plate = read_of(point.sighting)
    impossible = gettext("impossible") if point.is_impossible else ""
    doubt = say_other_plate(point.other_plate) if point.other_plate else ""
    return [
        point.number,
        point.sighting.camera,
        shown_time(point.sighting.seen_at),
        plate.text if plate else "",
        rounded(point.hop_m, 0),
        rounded(point.hop_s, 0),
        rounded(point.speed_mps, 1),
        ". ".join(filter(None, [impossible, doubt])),
    ]
