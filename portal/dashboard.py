"""The admin's front page: what waits for the person who opens it, what is late, and how the site stands.

Each count is over what the person may see, and a number of queries that does not grow with what is counted.
"""

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cameras.models import Camera, Recording
from inference.models import Analysis
from investigations import workflow
from investigations.expiry import count_expiring
from investigations.models import Candidate, Destruction, Search, SearchRequest
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right
from portal.jobs import OPEN_JOB_STATUSES, JobStatus
from portal.trail.state import trail_card

MOST_ROWS = 15
# Counted no further: that there are more is all that one needs to know, and millions take their time.
MOST_COUNTED = 9999
# What is counted over all recordings is kept for so long.
KEPT_S = 60
SOON = timedelta(days=7)
LEAST_FREE = 0.1


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what templates/admin/index.html shows."""
    user, now = acting_user(request), timezone.now()
    is_reviewer = has_right(user, Right.SEARCH)
    groups = [(_("Footage"), _footage_cards(user, now)), (_("Site"), _site_cards(user))]
    if is_reviewer:
        groups = [(_("Requests"), _request_cards(user, now)), (_("Review"), _review_cards(user)), *groups]
    context["is_reviewer"] = is_reviewer
    context["card_groups"] = [{"title": title, "cards": cards} for title, cards in groups if cards]
    if is_reviewer:
        context["open_requests"] = _open_requests(user, now)
        context["expiring_requests"] = _expiring_requests(user, now)
    return context


# ── Cards ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _card(
    title: str, count: object, url: str = "", *, note: str = "", level: str = "", has_more: bool = False
) -> dict[str, Any]:
    """`level`: bad or warning, where somebody should act."""
    return {"title": title, "count": f"{count}+" if has_more else str(count), "url": url, "note": note, "level": level}


def _list(model: str, **filters: str) -> str:
    address = reverse(f"admin:{model}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def _bad(count: int, level: str = "bad") -> str:
    return level if count else ""


def _request_cards(user: User, now: datetime) -> list[dict[str, Any]]:
    requests, model = SearchRequest.objects.visible_to(user), "investigations_searchrequest"
    overdue = requests.overdue(now).count()
    unapproved = requests.waiting_for_approval().filter(is_emergency=True).count()
    waiting = requests.waiting_for_approval().count()
    opened = requests.open().count()
    return [
        _card(_("Overdue"), overdue, _list(model, attention="overdue"), level=_bad(overdue)),
        _card(_("Unapproved emergencies"), unapproved, _list(model, attention="emergency"), level=_bad(unapproved)),
        _card(_("Waiting for approval"), waiting, _list(model, attention="approval"), level=_bad(waiting, "warning")),
        _card(_("Open requests"), opened, _list(model, attention="open")),
    ]


def _review_cards(user: User) -> list[dict[str, Any]]:
    candidates, model = Candidate.objects.visible_to(user), "investigations_candidate"
    waiting = Candidate.objects.awaiting_second_review(user).count()
    disputed = candidates.disputed().filter(search__request__status__in=workflow.OPEN).count()
    running = Search.objects.visible_to(user).filter(status__in=OPEN_JOB_STATUSES).count()
    return [
        _card(_("Second opinions that you can give"), waiting, reverse("review-queue"), level=_bad(waiting, "warning")),
        _card(_("Two reviewers disagree"), disputed, _list(model, decided="disputed"), level=_bad(disputed, "warning")),
        _card(
            _("Searches running"),
            running,
            _list("investigations_search", status__in=",".join(sorted(OPEN_JOB_STATUSES))),
        ),
    ]


def _footage_cards(user: User, now: datetime) -> list[dict[str, Any]]:
    cameras = Camera.objects.visible_to(user)
    out = dict(cameras.exclude(status=Camera.Status.ACTIVE).order_by().values_list("status").annotate(Count("pk")))
    labels = dict(Camera.Status.choices)
    failed, unindexed, expiring = _recording_counts(user, cameras, now)
    recordings, analyses = _list("cameras_recording"), _list("inference_analysis", status__exact="failed")
    return [
        _card(
            _("Cameras out of service"),
            sum(out.values()),
            _list("cameras_camera", status__in=",".join(sorted(out))) if out else _list("cameras_camera"),
            note=", ".join(f"{labels[status]}: {count}" for status, count in sorted(out.items())),
            level=_bad(out.get(Camera.Status.MAINTENANCE, 0), "warning"),
        ),
        _capped(_("Recordings whose analysis failed"), failed, analyses, level="warning"),
        _capped(_("Recordings not analysed yet"), unindexed, recordings),
        _capped(_("Recordings destroyed within 7 days"), expiring, "", note=_("unless a request holds them")),
    ]


def _capped(title: str, count: int, url: str, *, note: str = "", level: str = "") -> dict[str, Any]:
    has_more = count > MOST_COUNTED
    shown = min(count, MOST_COUNTED)
    return _card(title, shown, url, note=note, level=_bad(count, level), has_more=has_more)


def _recording_counts(user: User, cameras: QuerySet[Camera], now: datetime) -> tuple[int, int, int]:
    """How many failed, wait for their analysis, and expire soon; for everybody of one agency the same."""

    def count() -> tuple[int, int, int]:
        recordings = Recording.objects.visible_to(user).order_by()
        own = Analysis.objects.filter(recording=OuterRef("pk"))
        good, still = own.filter(status=JobStatus.DONE), own.filter(status__in=OPEN_JOB_STATUSES)
        unread = recordings.filter(~Exists(good), ~Exists(still))
        failed = unread.filter(Exists(own.filter(status=JobStatus.FAILED)))
        waiting = recordings.filter(~Exists(good)).exclude(pk__in=failed.values("pk"))
        most = MOST_COUNTED + 1
        return failed[:most].count(), waiting[:most].count(), count_expiring(cameras, now + SOON, most=most)

    key = f"dashboard-recordings-{user.agency_id}-{user.role}"
    return cache.get_or_set(key, count, KEPT_S) or count()


def _site_cards(user: User) -> list[dict[str, Any]]:
    cards = [_disk_card()]
    if has_right(user, Right.HOLD_FOOTAGE):
        failed = Destruction.objects.visible_to(user).filter(status=JobStatus.FAILED).count()
        url = _list("investigations_destruction", status__exact="failed")
        cards.append(_card(_("Destructions that failed"), failed, url, level=_bad(failed)))
    if has_right(user, Right.VIEW_AUDIT):
        card = trail_card()
        level = "" if card["level"] == "good" else card["level"]
        cards.append(_card(_("Audit trail"), card["count"], card["url"], note=card["title"], level=level))
    return cards


def _disk_card() -> dict[str, Any]:
    """Where recordings and pictures lie; a disk that is full stops analyses, uploads and the database at once."""
    folder = Path(settings.MEDIA_ROOT)
    while not folder.exists():
        folder = folder.parent
    disk = shutil.disk_usage(folder)
    room = disk.used + disk.free  # not `total`: part of a disk may be kept from us
    is_short = disk.free < LEAST_FREE * room
    note = _("%(used)s of %(room)s are used") % {"used": filesizeformat(disk.used), "room": filesizeformat(room)}
    if is_short:
        note = _("Less than a tenth is free: add space, or have cameras keep for shorter.") + f" {note}"
    return _card(_("Disk space free"), filesizeformat(disk.free), note=note, level="bad" if is_short else "")


# ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _open_requests(user: User, now: datetime) -> dict[str, Any]:
    """Open requests: the overdue ones first, then emergencies, then by what is due next."""
    rows = SearchRequest.objects.visible_to(user).select_related("case__agency", "handler")
    late = list(rows.overdue(now).order_by("answer_due_at", "pk")[:MOST_ROWS])
    late_ids = [row.pk for row in late]
    rest = rows.filter(status__in=workflow.AT_CENTRE).exclude(pk__in=late_ids)
    others = rest.order_by("-is_emergency", "answer_due_at", "pk")[: MOST_ROWS - len(late)]
    far = datetime.max.replace(tzinfo=now.tzinfo)
    ordered = sorted(
        [*late, *others], key=lambda row: (not row.is_overdue, not row.is_emergency, row.due_at or far, row.pk)
    )
    headers = [_("request"), _("case"), _("police station"), _("status"), _("age"), _("due"), _("handled by")]
    return _table(headers, [_open_row(row, now) for row in ordered])


def _open_row(row: SearchRequest, now: datetime) -> list[Any]:
    marks = []
    if row.is_emergency:
        marks.append(_mark(_("emergency, not approved") if row.waits_for_approval else _("emergency")))
    link = format_html('<a href="{}">{}</a>', reverse("workspace", args=[row.pk]), row)
    return [
        format_html("{} {}", link, marks[0]) if marks else link,
        f"{row.case.title} ({row.case.get_kind_display()})",
        str(row.case.agency),
        row.get_status_display(),
        timesince(row.submitted_at, now, depth=1),
        _due(row),
        str(row.handler or "–"),
    ]


def _due(row: SearchRequest) -> Any:
    if row.due_at is None:
        return "–"
    text = _shown(row.due_at)
    return format_html("{} {}", text, _mark(_("overdue"))) if row.is_overdue else text


def _expiring_requests(user: User, now: datetime) -> dict[str, Any] | None:
    """Closed requests whose data will be destroyed soon."""
    rows = SearchRequest.objects.visible_to(user).filter(
        status=workflow.CLOSED, purged_at=None, purge_at__lte=now + SOON
    )
    lines = [
        [
            format_html('<a href="{}">{}</a>', reverse("workspace", args=[row.pk]), row),
            row.case.title,
            row.get_outcome_display(),
            _shown(row.closed_at),
            _shown(row.purge_at),
        ]
        for row in rows.select_related("case").order_by("purge_at")[:MOST_ROWS]
    ]
    return _table([_("request"), _("case"), _("outcome"), _("closed"), _("destroyed on")], lines) if lines else None


def _table(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {"headers": headers, "rows": rows}


def _mark(text: str) -> str:
    """As the admin marks what is bad."""
    classes = (
        "inline-block font-semibold rounded-default text-[11px] whitespace-nowrap h-6 leading-6 px-2 "
        "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400"
    )
    return format_html('<span class="{}">{}</span>', classes, text)


def _shown(moment: datetime | None) -> str:
    return localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else "–"
