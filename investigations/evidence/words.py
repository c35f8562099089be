"""How reports and pages say times, lengths and numbers. Times are Korean: they are read where the cameras stand."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from investigations.evidence.content import Person

SEOUL = ZoneInfo("Asia/Seoul")


def moment(at: datetime) -> str:
    return at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M:%S")


def time_of_day(at: datetime) -> str:
    return at.astimezone(SEOUL).strftime("%H:%M:%S")


def span(start: datetime, end: datetime) -> str:
    """A time range, the day said once if it is the same."""
    first, last = start.astimezone(SEOUL), end.astimezone(SEOUL)
    form = "%H:%M:%S" if first.date() == last.date() else "%Y-%m-%d %H:%M:%S"
    return f"{first:%Y-%m-%d %H:%M:%S} – {last.strftime(form)}"


def short_span(start: datetime, end: datetime) -> str:
    """A time range to the minute, for hours asked for."""
    first, last = start.astimezone(SEOUL), end.astimezone(SEOUL)
    form = "%H:%M" if first.date() == last.date() else "%Y-%m-%d %H:%M"
    return f"{first:%Y-%m-%d %H:%M} – {last.strftime(form)}"


def hours(seconds: float) -> str:
    """Seconds as hours with one decimal."""
    return f"{seconds / 3600:,.1f}"


def clock(seconds: float) -> str:
    """Seconds as hours and minutes; what is there but shorter than a minute is said to be so."""
    if seconds <= 0:
        return "–"
    minutes = round(seconds / 60)
    return "< 0:01" if minutes == 0 else f"{minutes // 60}:{minutes % 60:02}"


def duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return _("%(seconds)d s") % {"seconds": whole}
    if whole < 3600:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": whole // 60, "seconds": whole % 60}
    return _("%(hours)d h %(minutes)d min") % {"hours": whole // 3600, "minutes": whole % 3600 // 60}


def metres(value: float) -> str:
    return f"{value / 1000:,.2f} km" if value >= 1000 else f"{value:,.0f} m"


def percent(share: float) -> str:
    """A share with one decimal, which is not 100 as long as anything is missing, nor 0 as long as anything is there."""
    if share in (0, 1):
        return f"{share:.0%}"
    return "< 0.1%" if share < 0.001 else "> 99.9%" if share > 0.999 else f"{share:.1%}"


def person(who: Person) -> str:
    """Name, with agency and role behind."""
    return f"{who.name} ({belonging(who)})" if belonging(who) else who.name


def belonging(who: Person) -> str:
    """Agency and role."""
    return ", ".join(part for part in (who.agency, str(who.role)) if part)


def size(count: int) -> str:
    return _("%(count)s bytes") % {"count": f"{count:,}"}
