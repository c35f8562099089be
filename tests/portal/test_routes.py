"""Every route × every kind of person: who gets an answer, and whose rows are in it.

The table (`route_table`) is held against the URL configuration: a route without a line there fails the first test.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from cameras.models import Camera, CameraImport
from inference.models import Analysis, PairBackground, TunedModel
from investigations.models import (
    Answer,
    Attachment,
    Candidate,
    Comment,
    Destruction,
    EvidencePackage,
    Hold,
    LegalBasis,
    Notification,
    Path,
    PathPoint,
    QueryPicture,
    Search,
    SearchRequest,
    SecondReview,
    Tip,
    WatchImport,
)
from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record
from portal.exchange.models import ApiToken, Delivery, Webhook
from tests.conftest import NOON, drawn_person, drawn_video, make_answer, make_recording, make_search, make_sighting
from tests.investigations.plating import add_plate
from tests.investigations.watching import make_alert, make_entry, planned
from tests.portal.route_table import CENTRE, PEOPLE, STATION, TABLE, VERBS

# What other people's pages must not show of this case.
SECRETS = ["Missing child", "red coat", "SECRET-CAM", "12가3456"]
MAY_SHOW_SECRETS = STATION | CENTRE


def named_routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            namespace = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from ((namespace + name, route) for name, route in named_routes(pattern.url_patterns))
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, str(pattern.pattern)


ROUTES = dict(named_routes(get_resolver().url_patterns))


def test_every_route_has_its_line() -> None:
    assert set(ROUTES) == set(TABLE)


@pytest.fixture
def addresses(
    approved: SearchRequest, make_camera: Callable[..., Camera], operator: User, officer: User, supervisor: User
) -> Callable[[str], str]:
    """The address of a route, its numbers being those of one row of each kind."""
    recording = make_recording(make_camera("SECRET-CAM"))
    analysis = Analysis.objects.create(recording=recording, detector="d", embedder="e", fps=5)
    sighting = make_sighting(recording)
    plate = add_plate(sighting, "12가3456")
    search = make_search(approved, [recording.camera], operator)
    candidate = Candidate.objects.create(search=search, sighting=sighting, score=0.9)
    picture = QueryPicture(search=search)
    picture.image.save("q.jpg", sighting.image)
    picture.save()
    path = Path.objects.create(request=approved, built_by=operator)
    PathPoint.objects.create(path=path, number=1, sighting=sighting)
    entry = record(Action.CASE_VIEWED, actor=operator, target=approved.case)
    answer = make_answer(approved, operator, sighting)
    answer.items.update(plate=plate.text)
    attachment = Attachment(request=approved, kind="picture", name="p.jpg", size=1, added_by=officer)
    attachment.file.save("p.jpg", sighting.image)
    attachment.save()
    notice = Notification.objects.create(user=operator, request=approved, kind="attached")
    token = ApiToken.objects.create(user=operator, name="script", digest="0" * 64, hint="dongseon_", expires_at=NOON)
    webhook = Webhook.objects.create(agency=approved.centre, name="KICS", url="http://10.0.0.1/")
    delivery = Delivery.objects.create(webhook=webhook, event_type="test", payload={})
    yesterday = NOON - timedelta(days=1)  # not over the candidate, of which it would tell how that was decided
    kept = {"starts_at": yesterday, "ends_at": yesterday, "reason": "court"}
    hold = Hold.objects.create(request=approved, camera=recording.camera, placed_by=operator, **kept)
    destruction = Destruction.objects.create(request=approved, centre=approved.centre, rule="closed")
    package = EvidencePackage(answer=answer, reason="court", status="done")
    package.file.save("p.zip", sighting.image)
    comment = Comment.objects.create(request=approved, author=officer, text="Please hurry.")
    tip = Tip.objects.create(case=approved.case, source="police", text="Seen.", seen_at=NOON, added_by=officer)
    wanted = make_entry(supervisor, reason="red coat")
    alert = make_alert(wanted, recording.camera)
    plates = WatchImport.objects.create(
        centre=approved.centre, name="red coat.csv", uploaded_by=supervisor, rows=[planned("55가5555")]
    )
    listed = CameraImport.objects.create(centre=approved.centre, original_name="list.csv", status="done")
    spread = {"kind": "person", "mean": 0.2, "deviation": 0.1}
    tuned = TunedModel.objects.create(name="m+1", base="m", weights=b"", **spread)
    pair = {"camera_a": recording.camera, "camera_b": make_camera("C9"), "count": 30}
    background = PairBackground.objects.create(embedder="m", **pair, **spread)
    numbers = {
        **dict.fromkeys(("watch-correct", "watch-dismiss"), wanted.pk),
        **dict.fromkeys(("watch-entry", "watch-extend", "watch-end", "watch-look-back"), wanted.pk),
        **dict.fromkeys(("watch-import-detail", "watch-import-apply", "watch-import-discard"), plates.pk),
        **dict.fromkeys(("watch-decide", "api-watch-decision", "investigations_watchalert"), alert.pk),
        "investigations_watchentry": wanted.pk,
        "camera-import-detail": listed.pk,
        "camera-import-apply": listed.pk,
        "camera-import-check": listed.pk,
        "camera-import-cancel": listed.pk,
        "camera-import-problems": listed.pk,
        "investigations_answer": answer.pk,
        "investigations_evidencepackage": package.pk,
        "investigations_tip": tip.pk,
        "investigations_comment": comment.pk,
        "investigations_hold": hold.pk,
        "investigations_destruction": destruction.pk,
        "investigations_legalbasis": approved.basis_id,
        "destruction": destruction.pk,
        "hold-release": hold.pk,
        "package-new": answer.pk,
        "package-cancel": package.pk,
        "package-download": package.pk,
        "review-give": candidate.pk,
        "api-search-decisions": search.pk,
        "api-case": approved.case_id,
        "api-case-close": approved.case_id,
        "api-case-requests": approved.case_id,
        "api-answer": answer.pk,
        "exchange_apitoken": token.pk,
        "exchange_webhook": webhook.pk,
        "exchange_delivery": delivery.pk,
        "token-revoke": token.pk,
        "accounts_agency": approved.centre_id,
        "accounts_user": operator.pk,
        "cameras_camera": recording.camera_id,
        "api-camera": recording.camera_id,
        "api-camera-position": recording.camera_id,
        "api-camera-history": recording.camera_id,
        "camera-snapshot": recording.camera_id,
        "cameras_recording": recording.pk,
        "api-footage-tracks": recording.pk,
        "api-footage-detections": recording.pk,
        "footage-video": recording.pk,
        "footage-frame": recording.pk,
        "sighting-clip": sighting.pk,
        "inference_analysis": analysis.pk,
        "inference_sighting": sighting.pk,
        "inference_plate": plate.pk,
        "inference_tunedmodel": tuned.pk,
        "inference_pairbackground": background.pk,
        "investigations_case": approved.case_id,
        "investigations_searchrequest": approved.pk,
        "investigations_search": search.pk,
        "investigations_candidate": candidate.pk,
        "investigations_path": path.pk,
        "audit_auditentry": entry.pk,
        "case-detail": approved.case_id,
        "request-new": approved.case_id,
        "case-share": approved.case_id,
        "tip-add": approved.case_id,
        "attachment": attachment.pk,
        "attachment-remove": attachment.pk,
        "attachment-picture": attachment.pk,
        "notification-open": notice.pk,
        "case-close": approved.case_id,
        "sighting-picture": sighting.pk,
        "plate-picture": plate.pk,
        "query-picture": picture.pk,
        "api-search": search.pk,
        "api-search-cancel": search.pk,
        "api-search-refine": search.pk,
        "api-candidate-decision": candidate.pk,
        "api-candidate-decisions": search.pk,
    }

    def address(name: str) -> str:
        route = ROUTES[name]
        model = name.removeprefix("admin:").rpartition("_")[0]
        if name == "admin:view_on_site":
            return reverse(name, args=[1, 1])
        if name == "admin:app_list":
            return reverse(name, args=["cameras"])
        if name == "admin:auth_user_password_change":
            return reverse(name, args=[operator.pk])
        if name == "footage-segment":
            return reverse(name, args=[recording.pk, 0])
        if name == "verifier":
            return reverse(name, args=["verify.html"])
        if name == "api-camera-number":
            return reverse(name) + "?code=C1"
        if name == "map-tile":
            return reverse(name, args=[6, 1, 1])
        if name == "map-boundaries":
            return reverse(name) + "?bounds=127,36,127.1,36.1"
        if name == "api-path-file":
            return reverse(name, args=[approved.pk, "gpx"])
        if name == "api-request-next":
            return reverse(name, args=[approved.pk]) + f"?from={sighting.pk}"
        if "<" in route:
            return reverse(name, args=[numbers.get(name) or numbers.get(model) or approved.pk])
        return reverse(name)

    return address


def is_answered(response: Any) -> bool:
    """True for an answer, also by leading on; False for refusals and for being sent to the log-in or the front page."""
    if response.status_code == 302:
        place = response["Location"]
        return place not in {"/", "/admin/"} and not place.startswith(("/login/", "/admin/login/"))
    return bool(response.status_code < 400)


@pytest.mark.parametrize("who", PEOPLE)
def test_each_person_gets_their_pages_and_no_others(
    who: str, addresses: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    client = Client(raise_request_exception=False)
    if who != "visitor":
        client.force_login(request.getfixturevalue(who))
    wrong: list[tuple[object, ...]] = []
    for name, allowed in TABLE.items():
        address = addresses(name)
        response = client.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
        if is_answered(response) != (who in allowed):
            wrong.append((name, response.status_code, response.headers.get("Location", "")))
        if response.status_code >= 500:
            wrong.append((name, "server error"))
        if who not in MAY_SHOW_SECRETS and name not in {"api-cameras"} | SHOWS_CAMERAS:
            wrong += [
                (name, f"shows {secret}") for secret in SECRETS if secret.encode() in body and who != "administrator"
            ]
    assert wrong == [], wrong


# Where cameras stand is public record: lists of cameras to filter by may name them.
SHOWS_CAMERAS = {
    "api-camera",
    "admin:inference_analysis_changelist",
    "admin:inference_sighting_changelist",
    "admin:inference_plate_changelist",
    "admin:investigations_candidate_changelist",
}


STATUSES = {
    "request-receive": "submitted",
    "request-review": "searching",
    "answer-new": "review",
    "api-request-answers": "review",
}
UNSENT = {"request-edit", "request-send", "request-discard", "attachment-remove"}


@pytest.mark.parametrize("name", list(VERBS))
@pytest.mark.parametrize("who", PEOPLE)
def test_each_person_can_do_their_verbs_and_no_others(
    who: str, name: str, addresses: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    client = Client()
    address = addresses(name)
    if who != "visitor":
        client.force_login(request.getfixturevalue(who))
    allowed, words, action = VERBS[name]
    prepare(name, words)
    client.post(address, words, content_type="application/json" if name.startswith("api-") else MULTIPART_CONTENT)
    assert AuditEntry.objects.filter(action=action).exists() == (who in allowed)


def prepare(name: str, words: dict[str, Any]) -> None:
    """Bring the rows into the state in which the verb is possible."""
    candidate = Candidate.objects.get()
    if name in {"watch-new", "watch-correct", "api-watch"}:
        basis = LegalBasis.objects.get(code="vehicle-crime")
        words["basis"] = basis.code if name == "api-watch" else basis.pk
    if name in UNSENT:
        SearchRequest.objects.update(status="draft")
    if name in {"request-new", "request-edit"}:
        words |= {"centre": candidate.search.request.centre_id, "basis": candidate.search.request.basis_id}
    if name == "api-case-requests":
        words |= {"centre": candidate.search.request.centre_id, "basis": candidate.search.request.basis.code}
    if name in {"case-share", "camera-export"}:
        words["centre"] = candidate.search.request.centre_id
    elif name == "attachment-add":
        words["files"] = [SimpleUploadedFile("q.jpg", drawn_person())]
    elif name == "request-reopen":
        SearchRequest.objects.update(status="answered")
    elif name == "request-discard":
        for model in (EvidencePackage, Answer, Path, Search, Hold, Destruction):
            model.objects.all().delete()  # a draft has none of these
    elif name in STATUSES:
        SearchRequest.objects.update(status=STATUSES[name])
    elif name == "request-assign":
        words["handler"] = candidate.search.requested_by_id
    elif name == "package-cancel":
        EvidencePackage.objects.update(status="queued")
    elif name == "review-give":
        Candidate.objects.update(decision="confirmed")
    elif name == "request-decide":
        SearchRequest.objects.update(status="submitted")
    elif name == "api-footage":
        recording = candidate.sighting.recording
        recording.file.save("a.mp4", ContentFile(drawn_video()))
        words |= {"request": candidate.search.request_id, "recording": recording.pk}
    elif name == "api-search-refine":
        Candidate.objects.update(decision="rejected")
    elif name == "api-request-path":
        Candidate.objects.update(decision="confirmed")
    elif name == "api-path-share":
        Candidate.objects.update(decision="confirmed")
        reviewer = candidate.search.request.approved_by
        assert reviewer
        SecondReview.objects.create(candidate=candidate, verdict="confirmed", reviewer=reviewer)
    elif name == "api-candidate-decisions":
        words["candidates"] = [{"id": candidate.pk, "seen": "pending"}]
    elif name == "api-camera-groups":
        words["cameras"] = [candidate.sighting.camera_id]
    elif name == "api-request-searches":
        words |= {"cameras": [candidate.sighting.camera_id], "sightings": [candidate.sighting_id]}
    elif name == "api-coverage-analyses":
        Analysis.objects.update(status="failed")
        words["recordings"] = [candidate.sighting.recording_id]


@pytest.mark.parametrize("name", [name for name in VERBS if name.startswith("api-")])
def test_a_verb_without_the_csrf_token_is_refused(name: str, addresses: Callable[[str], str], operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    response = client.post(addresses(name), VERBS[name][1], content_type="application/json")
    assert response.status_code == 403


def test_a_log_in_leads_nowhere_else(client: Client, operator: User) -> None:
    credentials = {"username": "operator", "password": "correct-horse-battery"}
    response = client.post("/login/?next=https://elsewhere.example/", credentials)
    assert response["Location"] == "/"


def test_a_log_in_changes_the_session(client: Client, operator: User) -> None:
    client.get("/login/")
    client.session["planted"] = True
    client.session.save()
    before = client.session.session_key
    client.post("/login/", {"username": "operator", "password": "correct-horse-battery"})
    assert client.session.session_key != before
