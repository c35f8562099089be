"""What templates say about requests: the block of comments and attachments, and figures as people read them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils.translation import ngettext

from inference.core import figures
from investigations.evidence import words
from investigations.models import SearchRequest
from investigations.views.talk import talk_of

register = template.Library()


@register.inclusion_tag("investigations/parts/talk.html", takes_context=True)
def talk(context: template.Context, search_request: SearchRequest) -> dict[str, Any]:
    """Comments and attachments of a request with their forms. The page also wants talk.css and talk.js."""
    return {"talk": talk_of(search_request, context["user"]), "user": context["user"]}


@register.filter
def metres(value: float | None) -> str:
    """850 m, 1.2 km, 10 km"""
    if value is None:
        return ""
    if value < 1000:
        return f"{value:.0f} m"
    km = value / 1000
    return f"{km:.0f} km" if km >= 10 or km == int(km) else f"{km:.1f} km"


@register.filter
def percent(share: float | None) -> str:
    """93% for 0.937; nothing where nothing is known."""
    return "" if share is None else figures.percent(share)


@register.filter
def in_minutes(minutes: int) -> str:
    """90 minutes, 2 hours, 3 days"""
    if minutes % 1440 == 0 and minutes >= 2880:
        return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}
    if minutes % 60 == 0 and minutes:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


@register.filter
def in_seconds(seconds: float | None) -> str:
    """45 s, 3 min 20 s, 2 h 5 min"""
    return "" if seconds is None else words.duration(seconds)


@register.filter
def span(times: Mapping[str, datetime]) -> str:
    """2026-11-20 12:00:00 – 12:30:00, with the second day only where it is another one."""
    return words.span(times["start"], times["end"])
