from collections import defaultdict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import migrations
from django.utils import timezone, translation

from investigations.models import WatchEntry
from investigations.plates import read_plate
from portal.audit.models import Action
from portal.audit.services import record
from portal.sentences import gettext as _
from portal.sentences import kept


def spell_entries(apps, schema_editor):
    """Open entries of watch lists are spelled as plates are now: *34가5* was kept as another plate than 34가5.

    Of entries that this makes one plate for one purpose, that which is watched longest goes on, of equals the oldest.
    The others end with that reason: they and their alerts stay, and are destroyed when they would have been.
    """
    entries = apps.get_model("investigations", "WatchEntry").objects.filter(ended_at=None)
    twins = defaultdict(list)
    for entry in entries.order_by("pk"):
        twins[entry.centre_id, entry.request_id, entry.case_id, spell(entry.plate)].append(entry)
    for (*_purpose, plate), rows in twins.items():
        goes_on, *others = sorted(rows, key=lambda entry: entry.valid_until, reverse=True)
        for entry in others:
            end(entries.filter(pk=entry.pk), entry, goes_on)
        if goes_on.plate != plate:
            entries.filter(pk=goes_on.pk).update(plate=plate)


def spell(plate):
    try:
        return read_plate(plate)
    except ValidationError:  # no verb writes such a row, and nobody can look for it
        return plate


def end(row, entry, goes_on):
    said = _("The same plate was on the list twice, spelled differently. Entry %(number)d goes on.")
    reason = said % {"number": goes_on.pk}
    row.update(ended_at=min(timezone.now(), entry.valid_until), end_reason=kept(reason))
    named = WatchEntry(pk=entry.pk)  # of its own model, which knows its name
    with translation.override(settings.LANGUAGE_CODE):
        record(Action.WATCH_ENDED, actor=None, target=named, reason=reason, details={"outcome": "", "goes on": goes_on.pk})


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0009_actions_of_the_watch_list"),
        ("investigations", "0010_pictures_destroyed"),
    ]

    operations = [migrations.RunPython(spell_entries, migrations.RunPython.noop, elidable=True)]
