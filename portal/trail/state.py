"""How the audit trail stands, in a sentence: for the top of its list, and for a card on the dashboard."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.audit.chain import Break
from portal.audit.checks import latest_check, read_break
from portal.audit.guards import missing_guards
from portal.audit.models import AuditCheck
from portal.audit.services import current_root, write_root
from portal.audit.texts import describe_break, describe_guards

# The daily check may wait for a worker; a day and a half without one means that nobody checks.
OVERDUE = timedelta(hours=36)
MOST_BREAKS = 20


@dataclass(frozen=True)
class State:
    """`level` is good, warning or bad. `breaks` are sentences, the first few of `break_count`."""

    level: str
    text: str
    root: str
    entries: int
    progress: str = ""
    breaks: list[str] = field(default_factory=list)


def trail_state() -> State:
    sequence, hash = current_root()
    check = latest_check()
    level, text = _judge(check)
    if level == "good" and (missing := missing_guards()):
        level, text = "warning", describe_guards(missing)
    breaks = [describe_break(place) for place in _first_breaks(check)]
    return State(level, text, write_root(sequence, hash), sequence, _progress(sequence), breaks)


def trail_card() -> dict[str, str]:
    """What the dashboard shows, in the form of its other cards."""
    state = trail_state()
    words = {"good": _("intact"), "warning": _("to be looked at"), "bad": _("broken")}
    url = reverse("admin:audit_auditentry_trail")
    return {"title": state.text, "count": words[state.level], "url": url, "level": state.level}


def _judge(check: AuditCheck | None) -> tuple[str, str]:
    if check is None or check.ended_at is None:
        return "warning", _("The audit trail has not been checked yet.")
    words = {"when": localtime(check.ended_at).strftime("%Y-%m-%d %H:%M"), "count": f"{check.break_count:,}"}
    if not check.is_intact:
        return "bad", _("The audit trail is broken in %(count)s place(s): checked %(when)s.") % words
    if check.ended_at < timezone.now() - OVERDUE:
        return "warning", _("The audit trail was last checked %(when)s: the daily check does not run.") % words
    words["count"] = f"{check.entries:,}"
    return "good", _("The audit trail holds: %(count)s entries, checked %(when)s.") % words


def _progress(newest: int) -> str:
    check = AuditCheck.objects.open().first()
    if check is None:
        return ""
    words = {"done": f"{check.head_sequence:,}", "all": f"{newest:,}"}
    return _("A check is under way: %(done)s of %(all)s entries.") % words


def _first_breaks(check: AuditCheck | None) -> list[Break]:
    return [read_break(place) for place in check.breaks[:MOST_BREAKS]] if check else []
