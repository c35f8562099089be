from collections import Counter, defaultdict

from django.db import migrations
from django.db.models import Max

from cameras.models import Camera
from inference.models import Sighting
from investigations.models import Candidate, Case, Search, SearchRequest
from portal.audit.models import Action
from portal.audit.services import record

# What a candidate is named by; their sightings hold much else.
NAMES = (
    "decision",
    "search__request__case__number",
    "sighting__camera__code",
    "sighting__seen_at",
    "sighting__track_number",
)


def decide_once(apps, schema_editor):
    """Of a sighting about which several searches of a request have decided, one decision goes on, as it counted until
    now: a confirmation before a rejection, agreed before others, of equals the last. The others are undecided again;
    their history stays with them."""
    candidates = apps.get_model("investigations", "Candidate").objects
    reviews = apps.get_model("investigations", "SecondReview").objects.filter(is_void=False)
    verdicts = dict(reviews.values_list("candidate_id", "verdict"))
    decided = candidates.exclude(decision="pending")
    pairs = Counter(decided.values_list("search__request", "sighting"))
    twice = {sighting for (_request, sighting), count in pairs.items() if count > 1}
    rows = decided.filter(sighting__in=twice).select_related("search__request__case", "sighting__camera").only(*NAMES)
    decided_at = dict(decided.filter(sighting__in=twice).values_list("pk").annotate(Max("decisions__at")))
    same = defaultdict(list)
    for row in sorted(rows, key=lambda row: (decided_at[row.pk].timestamp() if decided_at[row.pk] else 0, row.pk)):
        same[row.search.request_id, row.sighting_id].append(row)

    def counted(row):
        verdict = verdicts.get(row.pk)
        return row.decision == "confirmed", verdict == row.decision, verdict is not None

    for rows in same.values():
        *others, goes_on = sorted(rows, key=counted)
        for row in others:
            reviews.filter(candidate=row).update(is_void=True)
            candidates.filter(pk=row.pk).update(decision="pending")
            details = {"old": row.decision, "new": "pending", "goes on": goes_on.pk}
            record(Action.CANDIDATE_REOPENED, actor=None, target=named(row), details=details)


def named(row):
    """The candidate as its own model, which knows its name."""
    request = SearchRequest(pk=row.search.request_id, case=Case(number=row.search.request.case.number))
    sighting = Sighting(pk=row.sighting_id, camera=Camera(code=row.sighting.camera.code))
    sighting.seen_at, sighting.track_number = row.sighting.seen_at, row.sighting.track_number
    return Candidate(pk=row.pk, search=Search(pk=row.search_id, request=request), sighting=sighting)


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0009_actions_of_the_watch_list"),
        ("investigations", "0012_plates_handed_out"),
    ]

    operations = [migrations.RunPython(decide_once, migrations.RunPython.noop, elidable=True)]
