from collections import Counter
from itertools import groupby

from django.db import migrations, models

from inference.core.plates import PlateRead
from investigations.models import Case, SearchRequest
from investigations.reads import other_plates
from investigations.sentences import path_destroyed
from portal.audit.models import Action
from portal.audit.services import record
from portal.sentences import kept


def note_other_plates(apps, schema_editor):
    """Answers that were sent keep the doubts about their plates that were shown with them until now."""
    items = apps.get_model("investigations", "AnswerItem").objects
    with_plates = items.order_by("answer", "number").exclude(plate="")
    for _answer, rows in groupby(with_plates, key=lambda item: item.answer_id):
        listed = list(rows)
        before = other_plates(PlateRead(item.plate, item.plate_confidence or 0.0) for item in listed)
        for item, plate in zip(listed, before, strict=True):
            if plate:
                items.filter(pk=item.pk).update(other_plate=plate)


def mark_shared_paths(apps, schema_editor):
    """The audit trail names the comments that tell a path; what they tell of requests whose data is destroyed goes."""
    shared = apps.get_model("audit", "AuditEntry").objects.filter(action="path.shared")
    ids = {details["comment"] for details in shared.values_list("details", flat=True) if "comment" in details}
    comments = apps.get_model("investigations", "Comment").objects
    comments.filter(pk__in=ids).update(has_path=True)
    late = comments.filter(has_path=True, request__purged_at__isnull=False)
    for (request, case), count in Counter(late.values_list("request", "request__case__number")).items():
        named = SearchRequest(pk=request, case=Case(number=case))
        details = {"rule": "path", "counts": {"investigations.comment": count}}
        record(Action.DATA_DESTROYED, actor=None, target=named, details=details)
    late.update(text=kept(path_destroyed()), has_path=False)


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0009_actions_of_the_watch_list"),
        ("investigations", "0011_watch_spelling"),
    ]

    operations = [
        migrations.AddField(
            model_name="answeritem",
            name="other_plate",
            field=models.CharField(blank=True, max_length=12, verbose_name="number plate read before"),
        ),
        migrations.AddField(
            model_name="comment",
            name="has_path",
            field=models.BooleanField(default=False, editable=False, verbose_name="tells a path"),
        ),
        migrations.RunPython(note_other_plates, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(mark_shared_paths, migrations.RunPython.noop, elidable=True),
    ]
