"""What the tests of footage share: how it is asked for, and what limits it."""

from typing import Any

from django.test import Client

from cameras.models import Recording
from investigations.models import SearchRequest


def opened(client: Client, request: SearchRequest, recording: Recording, at_s: float = 0.0) -> dict[str, Any]:
    response = ask(client, request=request.pk, recording=recording.pk, at_s=at_s)
    assert response.status_code == 201, response.content
    answer: dict[str, Any] = response.json()
    return answer


def ask(client: Client, **asked: Any) -> Any:
    return client.post("/api/footage/", asked, content_type="application/json")


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def addresses(answer: dict[str, Any]) -> list[str]:
    return [
        answer["video"],
        answer["segments"].replace("{n}", "1"),
        answer["frame"].replace("{at_s}", "2.5"),
        f"{answer['tracks']}&from_s=0&until_s=5",
    ]


def limit(request: SearchRequest, **limits: Any) -> None:
    SearchRequest.objects.filter(pk=request.pk).update(**limits)
    request.refresh_from_db()
