"""Every route × every kind of person: who gets an answer, and whose rows are in it.

The table is held against the URL configuration: a route without a line here fails the first test.
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
from django.utils.timezone import localtime

from cameras.models import Camera, CameraImport
from inference.models import Analysis
from investigations.models import (
    Answer,
    Attachment,
    Candidate,
    Comment,
    Destruction,
    EvidencePackage,
    Hold,
    Notification,
    Path,
    PathPoint,
    QueryPicture,
    Search,
    SearchRequest,
    SecondReview,
    Tip,
)
from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record
from portal.exchange.models import ApiToken, Delivery, Webhook
from tests.conftest import NOON, drawn_person, drawn_video, make_answer, make_recording, make_search, make_sighting

PEOPLE = ["officer", "colleague", "outsider", "operator", "supervisor", "stranger", "administrator", "visitor"]
POLICE, STATION = {"officer", "colleague", "outsider"}, {"officer", "colleague"}
CENTRE, OTHER_CENTRE = {"operator", "supervisor"}, {"stranger"}
REVIEWERS = CENTRE | OTHER_CENTRE
SIGNED_IN = set(PEOPLE) - {"visitor"}
EVERYBODY = set(PEOPLE)
NOBODY: set[str] = set()
# The admin lets in who is staff: in these tests supervisors and administrators.
STAFF = {"supervisor", "stranger", "administrator"}

# Route name: who may look. Object pages are those of one case of one station, sent to one centre.
PAGES: dict[str, set[str]] = {
    "favicon": EVERYBODY,
    "login": {"visitor"},  # others are led on
    "logout": NOBODY,  # by POST alone
    "own-password": SIGNED_IN,
    "profile": SIGNED_IN,
    "recovery-codes": NOBODY,  # by POST alone
    "log-out-elsewhere": NOBODY,  # by POST alone
    "second-factor": SIGNED_IN,  # leads on to setting one up
    "second-factor-new": SIGNED_IN,
    "admin-password": SIGNED_IN,
    "admin-login": NOBODY,  # visitors are led to the one log-in, others are in already or may not
    "api-schema": SIGNED_IN,
    "api-docs": SIGNED_IN,
    "own-tokens": SIGNED_IN,
    "token-revoke": NOBODY,  # by POST alone
    "set_language": NOBODY,  # by POST alone
    "javascript-catalog": EVERYBODY,
    "camera-map": SIGNED_IN,
    "camera-snapshot": NOBODY,  # this camera's recording has no file
    "camera-import": {"administrator"},
    "camera-import-detail": {"administrator"},
    "camera-import-apply": NOBODY,  # by POST alone
    "camera-import-check": NOBODY,  # by POST alone
    "camera-import-cancel": NOBODY,  # by POST alone
    "camera-import-problems": {"administrator"},
    "camera-export": {"administrator"},
    "api-cameras": SIGNED_IN,
    "api-camera": SIGNED_IN - OTHER_CENTRE,
    "api-camera-number": {"administrator"},
    "api-camera-position": NOBODY,  # by POST alone
    "api-camera-history": {"supervisor", "administrator"},
    "map-boundaries": SIGNED_IN,
    "map-tile": NOBODY,  # no tile server is named here
    "case-list": SIGNED_IN,
    "case-new": POLICE,
    "case-detail": STATION | CENTRE,
    "case-close": NOBODY,  # by POST alone
    "case-share": NOBODY,  # by POST alone
    "tip-add": NOBODY,  # by POST alone
    "request-new": STATION,
    "request-edit": STATION,  # leads back: this one was sent
    "request-send": NOBODY,  # by POST alone
    "request-discard": NOBODY,  # by POST alone
    "request-reopen": NOBODY,  # by POST alone
    "request-close": NOBODY,  # by POST alone
    "request-parts": STATION,
    "request-talk": STATION | CENTRE,
    "comment-add": NOBODY,  # by POST alone
    "attachment-add": NOBODY,  # by POST alone
    "attachment": STATION | CENTRE,
    "attachment-remove": NOBODY,  # by POST alone
    "attachment-picture": STATION | CENTRE,
    "notifications": SIGNED_IN,
    "notifications-bell": SIGNED_IN,
    "notifications-read": NOBODY,  # by POST alone
    "notification-open": {"operator"},  # this one is for the operator
    "workspace": STATION | CENTRE,
    "request-state": CENTRE,
    "request-receive": NOBODY,  # by POST alone
    "request-assign": NOBODY,  # by POST alone
    "request-decide": NOBODY,  # by POST alone
    "request-review": NOBODY,  # by POST alone
    "request-scope": NOBODY,  # by POST alone
    "hold-place": NOBODY,  # by POST alone
    "hold-release": NOBODY,  # by POST alone
    "answer-new": CENTRE,
    "answer-preview": CENTRE,
    "request-answers": CENTRE,
    "package-new": CENTRE,
    "package-cancel": NOBODY,  # by POST alone
    "package-download": STATION | CENTRE,
    "verifier": SIGNED_IN,
    "review-queue": REVIEWERS,
    "review-give": NOBODY,  # by POST alone
    "sighting-picture": STATION | CENTRE,  # this one was answered with
    "query-picture": CENTRE,
    "api-legal-bases": SIGNED_IN,
    "api-cases": SIGNED_IN,
    "api-case": STATION | CENTRE,
    "api-case-close": NOBODY,  # by POST alone
    "api-case-requests": NOBODY,  # by POST alone
    "api-requests": SIGNED_IN,
    "api-request": STATION | CENTRE,
    "api-request-steps": NOBODY,  # by POST alone
    "api-request-scope": NOBODY,  # by POST alone
    "api-request-comments": STATION | CENTRE,
    "api-request-attachments": STATION | CENTRE,
    "api-request-answers": STATION | CENTRE,
    "api-request-certificate": CENTRE,
    "api-answer": STATION | CENTRE,
    "api-notifications": SIGNED_IN,
    "api-notifications-read": NOBODY,  # by POST alone
    "api-request-searches": STATION | CENTRE,
    "api-request-path": STATION | CENTRE,
    "api-request-alternatives": CENTRE,
    "api-request-next": CENTRE,
    "api-path-share": NOBODY,  # by POST alone
    "api-path-file": NOBODY,  # nobody has given a second opinion about its stop
    "api-search": CENTRE,
    "api-search-cancel": NOBODY,  # by POST alone
    "api-search-decisions": NOBODY,  # by POST alone
    "api-candidate-decision": NOBODY,  # by POST alone
    "api-candidate-decisions": NOBODY,  # by POST alone
    "api-sightings": REVIEWERS,
    "api-footage": NOBODY,  # by POST alone
    "api-footage-tracks": NOBODY,  # by the pass of opened footage alone, as the next three
    "footage-video": NOBODY,
    "footage-segment": NOBODY,
    "footage-frame": NOBODY,
    "sighting-clip": NOBODY,  # this sighting's recording has no file
    "api-footage-detections": NOBODY,  # by POST alone
    "api-proposals": NOBODY,  # by POST alone
    "api-camera-groups": REVIEWERS | {"administrator"},
    "api-camera-group": NOBODY,  # by DELETE alone
    "api-coverage": REVIEWERS,
    "api-coverage-analyses": NOBODY,  # by POST alone
    "destruction": STATION | CENTRE,
}

# Model: who may open the list, the row of this case or centre, and the form for a new one.
ADMIN: dict[str, tuple[set[str], set[str], set[str]]] = {
    "accounts_agency": ({"administrator"}, {"administrator"}, {"administrator"}),
    "accounts_user": ({"administrator"}, {"administrator"}, {"administrator"}),
    "exchange_apitoken": ({"administrator"}, {"administrator"}, NOBODY),
    "exchange_webhook": ({"administrator"}, {"administrator"}, {"administrator"}),
    "exchange_delivery": ({"administrator"}, {"administrator"}, NOBODY),
    "cameras_camera": (STAFF, {"supervisor", "administrator"}, {"administrator"}),
    "cameras_recording": (STAFF, {"supervisor", "administrator"}, STAFF),
    "inference_analysis": (STAFF, {"supervisor", "administrator"}, NOBODY),
    "inference_sighting": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_case": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_searchrequest": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_search": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_candidate": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_path": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_answer": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_evidencepackage": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_tip": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_comment": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_hold": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_destruction": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_legalbasis": (STAFF, STAFF, {"administrator"}),
    "audit_auditentry": (STAFF, {"supervisor"}, NOBODY),  # what people of the own centre did
}
ADMIN_PAGES: dict[str, set[str]] = {
    "admin:index": STAFF,
    "admin:login": NOBODY,  # the same address
    "admin:logout": NOBODY,
    "admin:search": STAFF,
    "admin:password_change": SIGNED_IN,  # leads to the own page
    "admin:password_change_done": STAFF,
    "admin:autocomplete": NOBODY,  # no field uses it
    "admin:jsi18n": STAFF,
    "admin:view_on_site": NOBODY,
    "admin:auth_user_password_change": {"administrator"},
    "admin:audit_auditentry_trail": STAFF,
    "admin:audit_auditentry_verify": NOBODY,  # by POST alone
    "admin:audit_auditentry_root": NOBODY,  # by POST alone
    "admin:audit_auditentry_export": NOBODY,  # by POST alone
    "admin:app_list": STAFF,
    "admin:cameras_camera_import_page": {"administrator"},
    "admin:cameras_camera_export_page": {"administrator"},
}
for model, (listed, opened, added) in ADMIN.items():
    ADMIN_PAGES |= {
        f"admin:{model}_changelist": listed,
        f"admin:{model}_change": opened,
        f"admin:{model}_history": opened,
        f"admin:{model}_add": added,
        f"admin:{model}_delete": NOBODY,
    }
TABLE = PAGES | ADMIN_PAGES
# What other people's pages must not show of this case.
SECRETS = ["Missing child", "red coat", "SECRET-CAM"]
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
    approved: SearchRequest, make_camera: Callable[..., Camera], operator: User, officer: User
) -> Callable[[str], str]:
    """The address of a route, its numbers being those of one row of each kind."""
    recording = make_recording(make_camera("SECRET-CAM"))
    analysis = Analysis.objects.create(recording=recording, detector="d", embedder="e", fps=5)
    sighting = make_sighting(recording)
    search = make_search(approved, [recording.camera], operator)
    candidate = Candidate.objects.create(search=search, sighting=sighting, score=0.9)
    picture = QueryPicture(search=search)
    picture.image.save("q.jpg", sighting.image)
    picture.save()
    path = Path.objects.create(request=approved, built_by=operator)
    PathPoint.objects.create(path=path, number=1, sighting=sighting)
    entry = record(Action.CASE_VIEWED, actor=operator, target=approved.case)
    answer = make_answer(approved, operator, sighting)
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
    listed = CameraImport.objects.create(centre=approved.centre, original_name="list.csv", status="done")
    numbers = {
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
        "query-picture": picture.pk,
        "api-search": search.pk,
        "api-search-cancel": search.pk,
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
    "admin:investigations_candidate_changelist",
}


STATUSES = {
    "request-receive": "submitted",
    "request-review": "searching",
    "answer-new": "review",
    "api-request-answers": "review",
}
UNSENT = {"request-edit", "request-send", "request-discard", "attachment-remove"}
HOURS = {"starts_at": "2026-11-20 12:00", "ends_at": "2026-11-20 13:00"}
PLACE = {"latitude": 36.5, "longitude": 127.3}
CAMERA = {"code": "N1", "name": "New"} | PLACE
SEARCH = {"starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-20T09:00:00Z"}
# Route: who can do it, with which words, and which entry it leaves.
VERBS: dict[str, tuple[set[str], dict[str, Any], str]] = {
    "admin:audit_auditentry_verify": (STAFF, {}, "audit.check_requested"),
    "admin:audit_auditentry_root": (STAFF, {"root": "0:" + "0" * 64}, "audit.root_checked"),
    "admin:audit_auditentry_export": (STAFF, {"month": f"{localtime():%Y-%m}"}, "audit.exported"),
    "camera-export": ({"administrator"}, {"encoding": "utf-8"}, "cameras.exported"),
    "case-close": (STATION, {"outcome": "found", "reason": "came home"}, "case.closed"),
    "case-share": (STATION, {"note": "Watch the buses."}, "case.shared"),
    "tip-add": (STATION | CENTRE, {"source": "police", "text": "Seen", "seen_at": "2020-01-01 12:00"}, "tip.added"),
    "request-new": (STATION, {"wanted": "red coat", "purpose": "law"}, "request.drafted"),
    "request-edit": (STATION, {"wanted": "blue coat", "purpose": "law"}, "request.drafted"),
    "request-send": (STATION, {}, "request.submitted"),
    "request-discard": (STATION, {}, "request.discarded"),
    "request-reopen": (STATION, {"reason": "seen up north"}, "request.reopened"),
    "request-close": (STATION, {"outcome": "withdrawn", "reason": "came home"}, "request.closed"),
    "comment-add": (STATION | CENTRE, {"text": "Red boots."}, "comment.added"),
    "attachment-add": (STATION | CENTRE, {}, "attachment.added"),
    "attachment-remove": (STATION, {}, "attachment.removed"),
    "log-out-elsewhere": (SIGNED_IN, {}, "user.sessions_ended"),
    "recovery-codes": (NOBODY, {}, "user.recovery_codes_made"),  # nobody here has a second factor yet
    "request-receive": (CENTRE, {}, "request.received"),
    "request-assign": (CENTRE, {}, "request.assigned"),
    "request-review": (CENTRE, {}, "request.reviewed"),
    "request-scope": ({"supervisor"}, {"hours": "5", "reason": "snow"}, "scope.changed"),
    "hold-place": (CENTRE, {"camera": "SECRET-CAM", "reason": "court"} | HOURS, "hold.placed"),
    "hold-release": (CENTRE, {"reason": "over"}, "hold.released"),
    "answer-new": (CENTRE, {"text": "Not seen."}, "request.answered"),
    "package-new": (CENTRE, {"reason": "court", "margin_s": "5"}, "package.requested"),
    "package-cancel": (CENTRE, {}, "package.cancelled"),
    # The operator has worked on this search: knows its decisions, and gives no second opinion.
    "review-give": ({"supervisor"}, {"verdict": "confirmed"}, "candidate.agreed"),
    "api-search-decisions": ({"supervisor"}, {}, "decisions.shown"),
    "request-decide": ({"supervisor"}, {"decision": "return", "reason": "A photo, please."}, "request.returned"),
    "api-search-cancel": (CENTRE, {}, "search.cancelled"),
    "api-candidate-decision": (CENTRE, {"decision": "confirmed", "seen": "pending"}, "candidate.confirmed"),
    "api-candidate-decisions": (CENTRE, {"decision": "confirmed"}, "candidate.confirmed"),
    "api-request-path": (CENTRE, {}, "path.built"),
    "api-footage": (CENTRE, {}, "footage.viewed"),
    "api-path-share": (CENTRE, {"reason": "north"}, "path.shared"),
    "own-tokens": (SIGNED_IN, {"name": "export", "days": "30"}, "token.created"),
    "token-revoke": ({"operator"}, {}, "token.revoked"),
    "api-request-searches": (CENTRE, SEARCH, "search.started"),
    "api-cases": (POLICE, {"number": "2026-9", "title": "Missing", "kind": "suspect"}, "case.opened"),
    "api-case-close": (STATION, {"outcome": "found", "reason": "came home"}, "case.closed"),
    "api-case-requests": (STATION, {"wanted": "red coat", "purpose": "law"}, "request.drafted"),
    "api-request-steps": (STATION, {"step": "close", "outcome": "found", "reason": "home"}, "request.closed"),
    "api-request-scope": ({"supervisor"}, {"hours": 5, "reason": "snow"}, "scope.changed"),
    "api-request-comments": (STATION | CENTRE, {"text": "Red boots."}, "comment.added"),
    "api-camera-groups": (CENTRE | {"administrator"}, {"name": "School"}, "group.saved"),
    "api-cameras": ({"administrator"}, CAMERA, "camera.added"),
    "api-camera-position": ({"administrator"}, PLACE | {"reason": "new pole"}, "camera.moved"),
    "api-coverage-analyses": (CENTRE | {"administrator"}, {}, "analysis.requested"),
    "api-request-answers": (CENTRE, {"candidates": [], "text": "Not seen."}, "request.answered"),
}


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
