"""The legal bases that a site starts with. Their figures are examples for the site's counsel to set, not the law's."""

from django.db import migrations

CHILD, DEMENTIA, ADULT, SUSPECT, VEHICLE = "missing_child", "dementia", "missing_adult", "suspect", "vehicle"
BASES = [
    {
        "code": "missing-child",
        "name": "실종아동등 발견 및 복귀",
        "name_en": "Finding a missing child or person with dementia",
        "law": "실종아동등의 보호 및 지원에 관한 법률 제9조",
        "kinds": [CHILD, DEMENTIA],
        "allows_emergency": True,
        "most_cameras": 500,
        "radius_m": 10_000,
        "hours": 72,
        "retention_days": 0,
        "purges_on_found": True,
        "receipt_minutes": 10,
        "approval_minutes": 120,
        "answer_minutes": 6 * 60,
    },
    {
        "code": "danger-to-life",
        "name": "생명·신체의 급박한 위험",
        "name_en": "Imminent danger to life or body",
        "law": "개인정보 보호법 제18조 제2항 제3호",
        "kinds": [ADULT, CHILD, DEMENTIA],
        "allows_emergency": True,
        "most_cameras": 300,
        "radius_m": 10_000,
        "hours": 48,
        "retention_days": 7,
        "purges_on_found": True,
        "receipt_minutes": 15,
        "approval_minutes": 120,
        "answer_minutes": 12 * 60,
    },
    {
        "code": "crime",
        "name": "범죄의 수사 (수사협조요청)",
        "name_en": "Investigation of a crime (request for cooperation)",
        "law": "개인정보 보호법 제18조 제2항 제7호",
        "kinds": [SUSPECT, VEHICLE],
        "needs_document": True,
        "most_cameras": 200,
        "radius_m": 5_000,
        "hours": 48,
        "retention_days": 90,
        "receipt_minutes": 60,
        "approval_minutes": 8 * 60,
        "answer_minutes": 48 * 60,
    },
    {
        "code": "warrant",
        "name": "압수·수색·검증 영장",
        "name_en": "Search and seizure warrant",
        "law": "형사소송법 제215조",
        "kinds": [SUSPECT, VEHICLE, ADULT],
        "needs_document": True,
        "retention_days": 365,
        "receipt_minutes": 60,
        "approval_minutes": 8 * 60,
        "answer_minutes": 72 * 60,
    },
]
OF_KIND = {CHILD: "missing-child", DEMENTIA: "missing-child", ADULT: "danger-to-life", SUSPECT: "crime", VEHICLE: "crime"}


def add(apps, schema_editor):
    Basis = apps.get_model("investigations", "LegalBasis")
    for values in BASES:
        Basis.objects.get_or_create(code=values["code"], defaults=values)
    Request = apps.get_model("investigations", "SearchRequest")
    for kind, code in OF_KIND.items():
        basis = Basis.objects.get(code=code)
        Request.objects.filter(case__kind=kind, basis=None).update(basis=basis, retention_days=basis.retention_days)
    Change = apps.get_model("investigations", "RequestStatusChange")
    for request in Request.objects.filter(status="approved"):
        # Requests of before carry their approval in the history alone.
        change = Change.objects.filter(request=request, new="approved").order_by("at").last()
        if change:
            Request.objects.filter(pk=request.pk).update(approved_by=change.actor_id, approved_at=change.at)
    Search = apps.get_model("investigations", "Search")
    Participant = apps.get_model("investigations", "Participant")
    for search_id, user_id in Search.objects.exclude(requested_by=None).values_list("pk", "requested_by_id"):
        Participant.objects.get_or_create(search_id=search_id, user_id=user_id)
    Decision = apps.get_model("investigations", "CandidateDecision")
    for search_id, user_id in Decision.objects.values_list("candidate__search_id", "actor_id").distinct():
        Participant.objects.get_or_create(search_id=search_id, user_id=user_id)


class Migration(migrations.Migration):
    dependencies = [("investigations", "0002_workflow")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
