"""What the API answers when it refuses: JSON with a sentence, wherever the refusal comes from."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User


@pytest.fixture
def api(operator: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(operator)
    return client


@pytest.mark.parametrize(
    "path", ["/api/nothing/", "/api/searches/x/", "/api/searches/99999999999999999999999/", "/api/"]
)
def test_an_address_that_is_not_there(path: str, api: Client) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": "There is nothing here, or nothing that you may see."},
    )


def test_pages_that_are_not_there_stay_pages(api: Client) -> None:
    answer = api.get("/nothing/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_a_visitor_is_told_how_to_come_in(db: None) -> None:
    answer = Client().get(reverse("api-cameras"))
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_a_server_error_is_json_too(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("cameras.api.CameraList.get_queryset", crash)
    answer = api.get(reverse("api-cameras"))
    assert answer.status_code == 500
    assert "went wrong" in answer.json()["detail"]


@pytest.mark.parametrize(
    "time", ["0501-08-27T04:50:11+18:45", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_times_that_no_database_holds_break_nothing(
    time: str, committing_db: None, request: pytest.FixtureRequest
) -> None:
    api: Client = request.getfixturevalue("api")
    answer = api.get(reverse("api-sightings"), {"seen_at__gte": time})
    assert answer.status_code in {200, 400}
    assert answer.status_code == 200 or answer.json()["detail"]


@pytest.mark.parametrize("limit", ["5000", "99999999999999999999999", "-1", "0", "x", ""])
def test_no_page_is_larger_than_a_thousand_rows(limit: str, api: Client) -> None:
    answer = api.get(reverse("api-sightings"), {"limit": limit, "offset": limit})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_the_document_and_its_page_come_from_here_alone(api: Client) -> None:
    page = api.get(reverse("api-docs"))
    content = page.content.decode()
    assert page.status_code == 200
    assert "https://" not in content
    assert "http://" not in content
    assert "unsafe-eval" not in page["Content-Security-Policy"]
    assert "<script>" not in content
    script = api.get(reverse("api-docs") + "?script=")
    assert script["Content-Type"] == "application/javascript"
    assert "SwaggerUIBundle" in script.content.decode()
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        file = f"drf_spectacular_sidecar/swagger-ui-dist/{name}"
        assert f"/static/{file}" in content
        assert api.get(f"/static/{file}").status_code == 200


def test_a_visitor_is_led_to_the_log_in_from_the_documentation(db: None) -> None:
    assert Client().get(reverse("api-docs"))["Location"] == f"/login/?next={reverse('api-docs')}"
