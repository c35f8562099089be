"""Every route × every kind of person: who gets an answer, and whose rows are in it.

The table is held against the URL configuration: a route without a line here fails the first test.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from cameras.models import Camera
from inference.models import Analysis
from investigations.models import Candidate, Path, PathPoint, QueryPicture, SearchRequest
from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record
from tests.conftest import make_recording, make_search, make_sighting

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
    "admin-password": SIGNED_IN,
    "admin-login": NOBODY,  # visitors are led to the one log-in, others are in already or may not
    "api-schema": SIGNED_IN,
    "set_language": NOBODY,  # by POST alone
    "javascript-catalog": EVERYBODY,
    "api-cameras": SIGNED_IN,
    "map-boundaries": SIGNED_IN,
    "map-tile": NOBODY,  # no tile server is named here
    "case-list": SIGNED_IN,
    "case-new": POLICE,
    "case-detail": STATION | CENTRE,
    "case-close": NOBODY,  # by POST alone
    "request-new": STATION,
    "workspace": STATION | CENTRE,
    "request-decide": NOBODY,  # by POST alone
    "sighting-picture": STATION | CENTRE,  # this one is on the path
    "query-picture": CENTRE,
    "api-request-searches": STATION | CENTRE,
    "api-request-path": STATION | CENTRE,
    "api-search": CENTRE,
    "api-search-cancel": NOBODY,  # by POST alone
    "api-candidate-decision": NOBODY,  # by POST alone
    "api-sightings": REVIEWERS,
}

# Model: who may open the list, the row of this case or centre, and the form for a new one.
ADMIN: dict[str, tuple[set[str], set[str], set[str]]] = {
    "accounts_agency": ({"administrator"}, {"administrator"}, {"administrator"}),
    "accounts_user": ({"administrator"}, {"administrator"}, {"administrator"}),
    "cameras_camera": (STAFF, {"supervisor", "administrator"}, {"administrator"}),
    "cameras_recording": (STAFF, {"supervisor", "administrator"}, STAFF),
    "inference_analysis": (STAFF, {"supervisor", "administrator"}, NOBODY),
    "inference_sighting": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_case": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_searchrequest": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_search": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_candidate": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_path": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
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
    "admin:audit_auditentry_verify": STAFF,
    "admin:app_list": STAFF,
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
    numbers = {
        "accounts_agency": approved.centre_id,
        "accounts_user": operator.pk,
        "cameras_camera": recording.camera_id,
        "cameras_recording": recording.pk,
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
        "case-close": approved.case_id,
        "sighting-picture": sighting.pk,
        "query-picture": picture.pk,
        "api-search": search.pk,
        "api-search-cancel": search.pk,
        "api-candidate-decision": candidate.pk,
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
        if name == "map-tile":
            return reverse(name, args=[6, 1, 1])
        if name == "map-boundaries":
            return reverse(name) + "?bounds=127,36,127.1,36.1"
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
    "admin:inference_analysis_changelist",
    "admin:inference_sighting_changelist",
    "admin:investigations_candidate_changelist",
}


SEARCH = {"starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-20T09:00:00Z"}
# Route: who can do it, with which words, and which entry it leaves.
VERBS: dict[str, tuple[set[str], dict[str, Any], str]] = {
    "case-close": (STATION, {"reason": "found"}, "case.closed"),
    "request-decide": ({"supervisor"}, {"decision": "return", "reason": "A photo, please."}, "request.returned"),
    "api-search-cancel": (CENTRE, {}, "search.cancelled"),
    "api-candidate-decision": (CENTRE, {"decision": "confirmed", "seen": "pending"}, "candidate.confirmed"),
    "api-request-path": (CENTRE, {}, "path.built"),
    "api-request-searches": (CENTRE, SEARCH, "search.started"),
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
    if name == "request-decide":
        SearchRequest.objects.update(status="submitted")
    elif name == "api-request-path":
        Candidate.objects.update(decision="confirmed")
    elif name == "api-request-searches":
        words |= {"cameras": [candidate.sighting.camera_id], "sightings": [candidate.sighting_id]}


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
