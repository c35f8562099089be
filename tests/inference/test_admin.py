"""What was measured on the site's own footage, as administrators read it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from inference.models import PairBackground, TunedModel
from portal.accounts.models import Agency, User
from portal.audit.models import AuditEntry

SPREAD = {"kind": "person", "mean": 0.1234, "deviation": 0.0567}
MODELS = ["tunedmodel", "pairbackground"]


@pytest.fixture
def rows(make_camera: Callable[..., Camera]) -> dict[str, Any]:
    figures = {"map": "means", "before": 92.7, "after": 112.84, "strangers": 5000}
    tuned = TunedModel.objects.create(name="base+12345678", base="base", weights=b"secret", figures=figures, **SPREAD)
    pair = {"camera_a": make_camera("P1"), "camera_b": make_camera("P2"), "count": 300}
    return {"tunedmodel": tuned, "pairbackground": PairBackground.objects.create(embedder="base", **pair, **SPREAD)}


def address(model: str, page: str, *args: Any) -> str:
    return reverse(f"admin:inference_{model}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_an_administrator_reads_the_list_and_a_row_and_that_is_accounted_for(
    client: Client, rows: dict[str, Any], administrator: User, model: str
) -> None:
    client.force_login(administrator)
    listed = client.get(address(model, "changelist")).content.decode()
    assert "0.123" in listed
    assert not AuditEntry.objects.filter(action="record.viewed").exists()
    opened = client.get(address(model, "change", rows[model].pk)).content.decode()
    assert ("0.057" in opened, "secret" in opened) == (True, False)
    entry = AuditEntry.objects.get(action="record.viewed")
    assert (entry.actor_id, entry.target_id) == (administrator.pk, str(rows[model].pk))


def test_the_gain_of_a_tuned_model_is_said_as_the_command_says_it(
    client: Client, rows: dict[str, Any], administrator: User
) -> None:
    client.force_login(administrator)
    page = client.get(address("tunedmodel", "change", rows["tunedmodel"].pk)).content.decode()
    assert "92.7 → 112.8" in page
    assert "strangers <b>5000</b>" in page
    TunedModel.objects.update(figures={})
    assert "→ 112.8" not in client.get(address("tunedmodel", "changelist")).content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_added_changed_or_deleted(
    client: Client, rows: dict[str, Any], administrator: User, model: str
) -> None:
    row = rows[model]
    client.force_login(administrator)
    assert client.get(address(model, "add")).status_code == 403
    assert client.post(address(model, "change", row.pk), {"mean": "0.9"}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(address(model, "changelist"), chosen)
    row.refresh_from_db()
    assert row.mean == SPREAD["mean"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("query", "count"), [("kind__exact=person", 1), ("kind__exact=vehicle", 0)])
def test_lists_are_filtered(
    client: Client, rows: dict[str, Any], administrator: User, model: str, query: str, count: int
) -> None:
    client.force_login(administrator)
    page = client.get(f"{address(model, 'changelist')}?{query}")
    assert len(page.context["cl"].result_list) == count


def test_administrators_of_a_centre_see_pairs_of_their_cameras_and_every_model(
    client: Client, rows: dict[str, Any], administrator: User, other_centre: Agency
) -> None:
    administrator.agency = other_centre
    administrator.save()
    client.force_login(administrator)
    assert client.get(address("pairbackground", "changelist")).context["cl"].result_count == 0
    assert client.get(address("tunedmodel", "changelist")).context["cl"].result_count == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("who", ["officer", "operator", "supervisor"])
def test_others_read_neither(
    client: Client, rows: dict[str, Any], model: str, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    for page in (address(model, "changelist"), address(model, "change", rows[model].pk)):
        assert client.get(page).status_code in {302, 403}
