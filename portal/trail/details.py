"""An entry's details as a person reads them: what was, and what it became."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MOST_SHOWN = 100
PAIRS = [("old", "new"), ("before", "after"), ("from", "to")]


def show_details(details: Any) -> SafeString | str:
    """A table of names and values; pairs of old and new as one line."""
    if not isinstance(details, dict) or not details:
        return _show(details) if details else "–"
    rows = format_html_join(
        "",
        '<tr><th scope="row" class="align-top font-semibold pr-4 py-1 text-left">{}</th><td class="py-1">{}</td></tr>',
        _rows(details),
    )
    return format_html("<table>{}</table>", rows)


def _rows(details: dict[str, Any]) -> list[tuple[str, SafeString | str]]:
    for old, new in PAIRS:
        if old in details and new in details:
            rest = {name: value for name, value in details.items() if name not in (old, new)}
            return [(_("change"), _change(details[old], details[new])), *_rows(rest)]
    return [(name.replace("_", " "), _show(value)) for name, value in details.items()]


def _change(old: Any, new: Any) -> SafeString:
    return format_html("{} → <b>{}</b>", _show(old), _show(new))


def _show(value: Any) -> SafeString | str:
    if isinstance(value, dict):
        for old, new in PAIRS:
            if set(value) == {old, new}:
                return _change(value[old], value[new])
        return show_details(value)
    if isinstance(value, list):
        return _list(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value is None or value == "" else str(value)


def _list(values: list[Any]) -> SafeString | str:
    shown = format_html_join(", ", "{}", ((_show(value),) for value in values[:MOST_SHOWN]))
    rest = len(values) - MOST_SHOWN
    if rest <= 0:
        return shown or "–"
    return format_html("{} {}", shown, ngettext("and %(count)d more", "and %(count)d more", rest) % {"count": rest})
