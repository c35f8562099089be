"""The whole OpenAPI document against the API, with sensible and senseless requests, as each kind of person.

Endpoints are read from the document, so that a new one is held against it without a line here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase
from schemathesis import checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cameras.models import Camera
from investigations.models import (
    Answer,
    AnswerItem,
    Candidate,
    Comment,
    Notification,
    Path,
    PathPoint,
    SearchRequest,
    WatchAlert,
    WatchEntry,
)
from portal.accounts.models import User
from portal.exchange.services.tokens import create_token
from tests.conftest import NOON, make_recording, make_search, make_sighting

CHECKS: list[Any] = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# Each request that is made up is sent by each of these people, by session or by token.
PEOPLE = {"officer": "token", "operator": "session", "supervisor": "token", "administrator": "session"}
# Made-up requests in all, shared out among the endpoints: the more there are, the fewer each gets, so that this test
# takes half a minute whatever the API grows to.
BUDGET, FEWEST = 300, 3
SEED = 20261124
PLAIN = {"Accept-Encoding": "identity"}  # what sends to an application directly unpacks no answers
PORTAL = get_wsgi_application()
# Where the word in an address is not the model's name.
MODELS = {"requests": "searchrequest", "footage": "recording", "alerts": "watchalert"}


def test_the_document_is_valid_and_free_of_warnings(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_list_comes_in_pages_but_what_is_bounded(operator: User, client: Client) -> None:
    client.force_login(operator)
    paths = client.get("/api/schema/?format=json").json()["paths"]
    answers = {
        path: operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        for path, operations in paths.items()
        if "application/json" in operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    }
    whole = {path for path, schema in answers.items() if schema.get("type") == "array"}
    # What a map or a player draws at once, and an answer for each word of the question, which holds so many at most.
    of_the_map, of_a_recording = {"/api/cameras/", "/api/camera-groups/", "/api/coverage/"}, "/api/footage/{id}/tracks/"
    assert whole == {*of_the_map, of_a_recording, "/api/words/"}


@contextmanager
def one_connection() -> Iterator[None]:
    """Within the block no request closes the connection, which holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def rows(approved: SearchRequest, camera: Camera, operator: User) -> None:
    """A row of each kind that the API is about, so that requests get past "not found"."""
    sighting = make_sighting(make_recording(camera))
    search = make_search(approved, [camera], operator)
    Candidate.objects.create(search=search, sighting=sighting, score=0.8, decision="confirmed")
    path = Path.objects.create(request=approved, built_by=operator)
    PathPoint.objects.create(path=path, number=1, sighting=sighting)
    Comment.objects.create(request=approved, author=operator, text="seen")
    Notification.objects.create(request=approved, user=operator, kind="approved")
    until = timezone.now() + timedelta(days=1)
    entry = WatchEntry.objects.create(
        centre=approved.centre,
        plate="12가3456",
        basis=approved.basis,
        reason="stolen",
        added_by=operator,
        valid_until=until,
        retention_days=30,
        purge_at=until,
    )
    WatchAlert.objects.create(entry=entry, camera=camera, text="12가3456", confidence=0.9, seen_at=NOON)
    answer = Answer.objects.create(request=approved, number=1, text="found", audit_sequence=1, sent_by=operator)
    copied = {name: getattr(sighting, name) for name in ("first_seen_at", "last_seen_at", "seen_at")}
    place = {"camera_code": "C1", "camera_name": "Camera C1", "latitude": 36.5, "longitude": 127.3}
    AnswerItem.objects.create(
        answer=answer, number=1, sighting=sighting, score=0.8, rank=1, compared=1, confirmed_at=NOON, **copied, **place
    )


def test_no_request_breaks_the_api_or_gets_an_undescribed_answer(
    rows: None, own_worker: None, request: pytest.FixtureRequest
) -> None:
    people = {who: credentials(request.getfixturevalue(who), way) for who, way in PEOPLE.items()}
    document = Client().get("/api/schema/?format=json", headers=people["officer"]["headers"]).json()
    schema: Any = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 9
    share = max(FEWEST, BUDGET // len(operations) // (1 if connection.vendor == "sqlite" else 2))
    with one_connection():
        problems = [problem for operation in operations for problem in problems_of(operation, people, share)]
    assert problems == [], "\n".join(problems)


def credentials(user: User, way: str) -> dict[str, dict[str, str]]:
    """Headers and cookies of requests that `user` makes."""
    if way == "token":
        secret = create_token("contract", days=1, is_verified=True, actor=user)[1]
        return {"headers": {"Authorization": f"Bearer {secret}"} | PLAIN, "cookies": {}}
    client = Client()
    client.force_login(user)
    client.get("/profile/")  # hands out the CSRF cookie
    cookies = {name: client.cookies[name].value for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)}
    return {"headers": {"X-CSRFToken": cookies[settings.CSRF_COOKIE_NAME]} | PLAIN, "cookies": cookies}


def problems_of(operation: Any, people: dict[str, Any], share: int) -> Iterator[str]:
    numbers = known_numbers(operation)
    kinds = [(GenerationMode.POSITIVE, numbers), (GenerationMode.NEGATIVE, numbers)]
    if numbers:
        kinds.append((GenerationMode.NEGATIVE, None))
    for mode, known in kinds:
        strategy = operation.as_strategy(mode, path_parameters=known)
        if problem := problem_in(strategy, people, max(1, share // len(kinds))):
            yield f"{operation.label} ({mode.value}): {problem}"


def problem_in(strategy: Any, people: dict[str, Any], count: int) -> str:
    """Make up `count` requests until one is answered as it should not be, and say how; "" if none is."""

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=strategy)
    def send(case: Any) -> None:
        for person in people.values():
            with transaction.atomic():
                response = case.call(app=PORTAL, **person)
                transaction.set_rollback(True)  # each request meets the same rows
            case.validate_response(response, checks=CHECKS)

    try:
        send()
    except FailureGroup as group:
        return str(group)
    return ""


def known_numbers(operation: Any) -> dict[str, int] | None:
    """The numbers of a row that is there, for an address like /api/searches/{id}/cancel/."""
    _api, word, *rest = operation.path.strip("/").split("/")
    names = [part[1:-1] for part in rest if part.startswith("{")]
    singulars = {MODELS.get(word, ""), word.removesuffix("s"), word.removesuffix("es")}
    model = next((model for model in apps.get_models() if model._meta.model_name in singulars), None)
    row = model._default_manager.order_by("pk").first() if model else None
    return dict.fromkeys(names, row.pk) if row and names else None
