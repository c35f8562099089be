"""A request that is sent twice is carried out once, however the first one went."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from cameras.models import Camera
from investigations.models import Search, SearchRequest
from portal.accounts.models import Agency, User
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record
from portal.exchange import tasks
from portal.exchange.idempotency import idempotent
from portal.exchange.models import KeptAnswer
from tests.conftest import NOON, drawn_person


class Founding(APIView):
    """Creates an agency, or does what its name says."""

    @idempotent
    def post(self, request: Request) -> Response:
        data: Any = request.data
        name = data["name"]
        if name == "refused":
            record(Action.LOGIN_FAILED, actor=request.user, reason=name)
            raise ValidationError("Not this one.")
        if name == "conflict":
            return Response({"detail": "conflict"}, status=409)
        with transaction.atomic():
            agency = Agency.objects.create(name=name, kind="police")
        if name == "crash":
            raise RuntimeError(name)
        return Response({"id": agency.pk, "name": agency.name}, status=201)


def found(user: User, key: str | None, data: Any, *, format: str = "json", path: str = "/founding/") -> Any:
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    request = APIRequestFactory().post(path, data, format=format, **headers)
    force_authenticate(request, user)
    response = Founding.as_view()(request)
    return response.render() if isinstance(response, Response) else response


def stations() -> list[str]:
    return list(Agency.objects.exclude(name__endswith="Station").values_list("name", flat=True))


def test_the_same_request_gets_the_same_answer_and_is_carried_out_once(officer: User) -> None:
    first = found(officer, "a1", {"name": "East"})
    again = found(officer, "a1", {"name": "East"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == "application/json"
    assert (first.headers.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert stations() == ["East"]


def test_without_a_key_each_request_is_carried_out(officer: User) -> None:
    found(officer, None, {"name": "East"})
    found(officer, None, {"name": "West"})
    assert stations() == ["East", "West"]
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize(
    "other",
    [
        {"data": {"name": "West"}},
        {"data": {"name": "East", "more": 1}},
        {"data": {"name": "East"}, "path": "/founding/?x=1"},
        {"data": {"name": "East"}, "path": "/other/"},
        {"data": {"name": "East"}, "format": "multipart"},
    ],
    ids=["body", "one field more", "query", "path", "kind of body"],
)
def test_a_key_that_stands_for_another_request_is_refused(other: dict[str, Any], officer: User) -> None:
    found(officer, "a1", {"name": "East"})
    answer = found(officer, "a1", **other)
    assert (answer.status_code, "another request" in answer.data["detail"]) == (422, True)
    assert stations() == ["East"]


def test_each_person_has_keys_of_their_own(officer: User, colleague: User) -> None:
    assert found(officer, "a1", {"name": "East"}).status_code == 201
    assert found(colleague, "a1", {"name": "West"}).status_code == 201
    assert stations() == ["East", "West"]


def test_the_order_of_fields_does_not_matter(officer: User) -> None:
    found(officer, "a1", {"name": "East", "kind": "x"})
    assert found(officer, "a1", {"kind": "x", "name": "East"})["Idempotency-Replayed"] == "true"


def test_a_form_is_known_again_by_its_fields_and_files(officer: User) -> None:
    def send(content: bytes) -> Any:
        file = SimpleUploadedFile("a.jpg", content, "image/jpeg")
        return found(officer, "a1", {"name": "East", "file": file}, format="multipart")

    assert send(b"picture").status_code == 201
    assert send(b"picture")["Idempotency-Replayed"] == "true"
    assert send(b"another").status_code == 422


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é", "tab\t"])
def test_a_key_that_is_none_is_refused(key: str, officer: User) -> None:
    answer = found(officer, key, {"name": "East"})
    assert (answer.status_code, "1 to 200" in answer.data["detail"]) == (400, True)
    assert stations() == []


@pytest.mark.parametrize(("name", "status"), [("refused", 400), ("conflict", 409)])
def test_a_refusal_is_not_kept_but_what_was_written_about_it_is(name: str, status: int, officer: User) -> None:
    assert found(officer, "a1", {"name": name}).status_code == status
    assert not KeptAnswer.objects.exists()
    assert AuditEntry.objects.filter(reason="refused").count() == (name == "refused")
    assert found(officer, "a1", {"name": "East"}).status_code == 201


def test_a_crash_leaves_neither_the_work_nor_the_answer(officer: User) -> None:
    with pytest.raises(RuntimeError):
        found(officer, "a1", {"name": "crash"})
    assert stations() == []
    assert not KeptAnswer.objects.exists()


def test_after_a_day_a_key_is_free_again(officer: User) -> None:
    found(officer, "a1", {"name": "East"})
    found(officer, "a2", {"name": "West"})
    KeptAnswer.objects.filter(key="a1").update(created_at=timezone.now() - timedelta(hours=25))
    assert found(officer, "a1", {"name": "North"}).status_code == 201
    KeptAnswer.objects.filter(key="a1").update(created_at=timezone.now() - timedelta(hours=25))
    tasks.remove_old()
    assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["a2"]


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run `work` in so many threads, each with a connection of its own."""

    def run(number: int) -> None:
        try:
            work(number)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


def test_of_many_at_once_one_is_carried_out_and_all_get_its_answer(
    committing_db: None, request: pytest.FixtureRequest
) -> None:
    officer, start, answers = request.getfixturevalue("officer"), Barrier(6), []

    def work(_number: int) -> None:
        start.wait(10)
        answer = found(officer, "a1", {"name": "East"})
        answers.append((answer.status_code, answer.content, answer.headers.get("Idempotency-Replayed")))

    in_threads(6, work)
    assert stations() == ["East"]
    assert len(answers) == 6
    assert {answer[:2] for answer in answers} == {(201, answers[0][1])}
    assert sorted(answer[2] or "" for answer in answers) == ["", *["true"] * 5]


def test_the_second_takes_over_when_the_first_crashes(
    committing_db: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second arrives while the first is still at work, and must not take the first's key for an answer."""
    officer, at_work, seen = request.getfixturevalue("officer"), Event(), []
    create = Agency.objects.create

    def slow(**values: Any) -> Agency:
        agency = create(**values)
        if not at_work.is_set():
            at_work.set()
            Event().wait(0.4)
            raise RuntimeError("killed")
        return agency

    monkeypatch.setattr(Agency.objects, "create", slow)

    def work(number: int) -> None:
        if number:
            at_work.wait(10)
        try:
            seen.append(found(officer, "a1", {"name": "East"}).status_code)
        except RuntimeError:
            seen.append("crashed")

    in_threads(2, work)
    assert sorted(map(str, seen)) == ["201", "crashed"]
    assert stations() == ["East"]
    assert KeptAnswer.objects.get().status == 201


def test_a_search_is_started_once(approved: SearchRequest, camera: Camera, operator: User, client: Client) -> None:
    client.force_login(operator)

    def start(**values: str) -> Any:
        picture = SimpleUploadedFile("photo.jpg", drawn_person(), "image/jpeg")
        hour = timedelta(hours=1)
        times = {"starts_at": (NOON - hour).isoformat(), "ends_at": (NOON + hour).isoformat()}
        words = {"cameras": f"[{camera.pk}]", "pictures": picture} | times | values
        address = reverse("api-request-searches", args=[approved.pk])
        return client.post(address, words, headers={"Idempotency-Key": "2026-1/1"})

    first, again = start(), start()
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert again.json() == first.json()
    assert Search.objects.count() == 1
    assert start(limit="7").status_code == 422
    assert client.get(reverse("api-request-searches", args=[approved.pk])).json()["count"] == 1
