"""What is found in the trail, in sentences of the reader's language."""

from django.utils.translation import gettext as _

from portal.audit.chain import Break, Kind
from portal.audit.models import AuditEntry


def describe_break(place: Break) -> str:
    """Say which entry is concerned, and what happened to it."""
    words = {"number": place.sequence, "last": place.last, "field": _field_name(place.field)}
    return _sentence(place) % words


def describe_guards(missing: set[str]) -> str:
    names = ", ".join(sorted(missing))
    return _("The database no longer refuses changes to the audit trail: triggers are missing (%(names)s).") % {
        "names": names
    }


def _sentence(place: Break) -> str:
    if place.kind == Kind.HEAD:
        return _HEAD[place.field]()
    if place.kind == Kind.CHANGED and place.field:
        return _("Entry %(number)d was changed after it was written: %(field)s.")
    if place.kind == Kind.MISSING and place.last == place.sequence:
        return _("Entry %(number)d is missing.")
    return _SENTENCES[place.kind]()


def _field_name(field: str) -> str:
    return str(AuditEntry._meta.get_field(field).verbose_name) if field else ""  # type: ignore[union-attr]


# Functions, so that each text is translated when it is read, and found by makemessages.
_SENTENCES = {
    Kind.CHANGED: lambda: _("Entry %(number)d was changed after it was written."),
    Kind.UNLINKED: lambda: _("Entry %(number)d does not follow from the entry before it: one of the two was replaced."),
    Kind.MISSING: lambda: _("Entries %(number)d to %(last)d are missing."),
    Kind.MISNUMBERED: lambda: _("An entry has a number that none can have there: %(number)d."),
    Kind.ADDED: lambda: _("Entries %(number)d to %(last)d were added behind the end of the trail."),
}
_HEAD = {
    "": lambda: _("The head, which says where the trail ends, is missing. The last entry is %(number)d."),
    "sequence": lambda: _("The number in the head, which says where the trail ends, was changed. It is %(number)d."),
    "hash": lambda: _("The hash in the head, which says where the trail ends, is not that of entry %(number)d."),
}
