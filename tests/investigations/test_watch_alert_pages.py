"""The pages of the watch list's alerts: what a card shows, what it takes, and who is told."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from cameras.models import Camera
from inference import descriptions
from inference.core.manifest import ModelStore
from investigations.models import (
    Case,
    SearchRequest,
    WatchAlert,
    WatchEntry,
)
from investigations.services.alerts import decide_alert
from portal.accounts.models import User
from tests.investigations.conftest import entries
from tests.investigations.describers import write_manifest
from tests.investigations.watching import (
    client_of,
    describe,
    filled,
    make_alert,
    make_entry,
    page,
    text_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vehicle_basis")]


@pytest.fixture
def made_up_describer(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    store = ModelStore(tmp_path, manifest=write_manifest(tmp_path))
    monkeypatch.setattr(descriptions, "model_store", lambda: store)
    settings.VEHICLE_DESCRIBER_MODEL = "made-up-vehicle-looks"
    return "made-up-vehicle-looks"


@pytest.mark.parametrize(
    ("plate", "said"),
    [
        ("98나7654", "before the entry was corrected"),
        ("12가3457", ""),
        ("12가3451", "similar"),
    ],
)
def test_what_is_said_of_an_alert_is_judged_by_the_corrected_plate(
    client: Client, entry: WatchEntry, camera: Camera, supervisor: User, plate: str, said: str
) -> None:
    make_alert(entry, camera, "12가3457", distance=0.4)
    make_alert(entry, camera, "12가3457", distance=0.4, sighting=None)
    client.force_login(supervisor)
    client.post(reverse("watch-correct", args=[entry.pk]), filled(plate=plate, why="mistyped"))
    shown = text_of(page(client, "watch-entry", entry.pk))
    for words in ("before the entry was corrected", "similar"):
        assert shown.count(words) == (2 if words == said else 0)


def test_an_alert_is_as_it_was_raised_where_the_plate_was_not_corrected(
    client: Client, entry: WatchEntry, camera: Camera, supervisor: User
) -> None:
    make_alert(entry, camera, "98나7654", distance=0.4)  # by what the reader thought of second
    client.force_login(supervisor)
    client.post(reverse("watch-correct", args=[entry.pk]), filled(reason="at night", why="mistyped"))
    shown = text_of(page(client, "watch-entry", entry.pk))
    assert "similar" in shown
    assert "before the entry was corrected" not in shown


def test_an_alert_shows_both_pictures_the_read_and_the_wanted_plate_the_place_and_the_time(
    client: Client, entry: WatchEntry, camera: Camera, operator: User
) -> None:
    alert = make_alert(entry, camera, "12가3458", distance=0.675, confidence=0.42)
    client.force_login(operator)
    shown = page(client, "watch-alerts")
    assert 'class="plate-other" title="differs from the one asked for">8</span>' in shown
    read = text_of(shown)
    for words in (
        "12가3456",
        "similar: 8",
        "doubtful",
        "confidence 42%",
        "Camera C1",
        f"{localtime(alert.seen_at):%Y-%m-%d %H:%M:%S}",
    ):
        assert words in read
    pictures = re.findall(r'<img[^>]+src="(/pictures/[^"]+)"', shown)
    assert [address.split("/")[2] for address in pictures] == ["sightings", "plates"]
    for address in pictures:
        assert client.get(address.replace("&amp;", "&")).status_code == 200
    assert not entries("picture.viewed")  # the page's own entry names them
    assert entries("alert.viewed")[0].details == {"alerts": [alert.pk], "sightings": [alert.sighting_id]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12가345", "similar: 1 character fewer than asked"),
        ("112가3456", "similar: 1 character more than asked"),
        ("8가3456", "similar: 8, 1 character fewer than asked"),
        ("서울12가3456", "similar"),
    ],
)
def test_an_alert_says_that_characters_are_too_many_or_too_few(
    client: Client, entry: WatchEntry, camera: Camera, operator: User, text: str, said: str
) -> None:
    make_alert(entry, camera, text, distance=0.5)
    client.force_login(operator)
    shown = page(client, "watch-alerts")
    label = f"{text}: {said.removeprefix('similar: ')}" if ":" in said else text
    assert f'aria-label="{label}"' in shown
    assert f">{said}</span>" in shown


@pytest.mark.parametrize(
    ("wanted", "seen", "shown"),
    [
        ({"vehicle_colour": "white"}, {"colour": "black"}, ["not as wanted: white seen Colour: black 90%"]),
        ({"vehicle_colour": "grey"}, {"colour": "grey"}, ["as wanted: grey or silver seen Colour: grey 90%"]),
        ({"vehicle_type": "truck"}, {"type": "van"}, ["not as wanted: truck seen Type: van or minibus 90%"]),
        ({"vehicle_type": "suv"}, {"type": "car"}, ["not certain: SUV seen Type: car 90%"]),  # an SUV is a car
        ({"vehicle_type": "suv"}, {"type": "bus"}, ["not as wanted: SUV seen Type: bus 90%"]),
        (
            {"vehicle_colour": "red", "vehicle_type": "car"},
            None,
            ["no model has looked: red", "no model has looked: car"],
        ),
        ({}, {"colour": "black"}, []),
    ],
)
@pytest.mark.parametrize("name", ["watch-alerts", "watch-entry"])
def test_an_alert_shows_how_the_vehicle_that_was_seen_agrees_with_the_wanted_one(
    client: Client,
    camera: Camera,
    supervisor: User,
    made_up_describer: str,
    name: str,
    wanted: dict[str, str],
    seen: dict[str, str] | None,
    shown: list[str],
) -> None:
    alert = make_alert(make_entry(supervisor, **wanted), camera)
    if seen and alert.sighting:
        describe(alert.sighting, made_up_describer, **seen)
    client.force_login(supervisor)
    html = page(client, name, *([alert.entry_id] if name == "watch-entry" else []))
    looks = re.findall(r'<li class="look .*?</li>', html, re.DOTALL)
    assert [" ".join(re.sub(r"<[^>]+>", " ", look).split()).replace(" :", ":") for look in looks] == shown
    assert html.count("<s>") == sum("not as wanted" in one for one in shown)


def test_alerts_are_filtered_by_state_plate_and_hours(
    client: Client, alert: WatchAlert, supervisor: User, operator: User, camera: Camera
) -> None:
    other = make_alert(make_entry(supervisor, "99하9999"), camera, "99하9999", status="dismissed", decided_by=operator)
    WatchAlert.objects.filter(pk=other.pk).update(seen_at=timezone.now() - timedelta(hours=30))
    client.force_login(operator)

    def listed(**query: Any) -> set[int]:
        return {int(pk) for pk in re.findall(r'id="alert-(\d+)"', page(client, "watch-alerts", **query))}

    assert listed() == {alert.pk}
    assert listed(status="dismissed") == {other.pk}
    assert listed(status="all") == {alert.pk, other.pk}
    assert listed(status="all", hours="24") == {alert.pk}
    assert listed(status="all", entry=other.entry_id) == {other.pk}
    assert listed(status="nonsense", hours="x", entry="9" * 30) == {alert.pk}
    assert "No alert like this" in page(client, "watch-alerts", status="confirmed")


def beside(alert: WatchAlert, plate: str) -> WatchAlert:
    """An alert of another entry about the same sighting."""
    entry = make_entry(alert.entry.added_by, plate, reason=f"why {plate}")
    return make_alert(entry, alert.camera, sighting=alert.sighting, seen_at=alert.seen_at)


@pytest.mark.parametrize("name", ["watch-alerts", "watch-entry"])
def test_a_sighting_that_fits_several_entries_is_one_card_and_one_decision(
    client: Client, alert: WatchAlert, operator: User, name: str
) -> None:
    others = [beside(alert, "12가34??"), beside(alert, "12가3*")]
    apart = make_alert(alert.entry, alert.camera)
    client.force_login(operator)
    shown = page(client, name, *([alert.entry_id] if name == "watch-entry" else []))
    cards = re.findall(r'<li class="alert-card.*?\n</li>', shown, re.DOTALL)
    (card,) = [one for one in cards if "12가34??" in one]
    assert len(cards) == 2
    assert {"why 12가34??", "why 12가3*", "stolen"} <= set(re.findall(r'<p class="small">([^<]*)</p>', card))
    assert "One decision for 3 entries." in card
    assert 'title="Open alerts">2<' in shown
    decided = [int(pk) for pk in re.findall(r'name="alert" value="(\d+)"', card)]
    assert sorted(decided) == [alert.pk, *(other.pk for other in others)]
    assert set(entries("alert.viewed")[0].details["alerts"]) == {apart.pk, *decided}
    late = beside(alert, "12가345?")  # it was not on the page
    said = {"status": "dismissed", "seen": "open", "reason": "another", "alert": [*decided, apart.pk, "²"]}
    client.post(reverse("watch-decide", args=[alert.pk]), said)
    assert set(WatchAlert.objects.filter(status="dismissed").values_list("pk", flat=True)) == set(decided)
    assert {late.pk, apart.pk} == set(WatchAlert.objects.open().values_list("pk", flat=True))
    assert {int(one.target_id) for one in entries("alert.dismissed")} == set(decided)


def test_alerts_decided_as_one_are_decided_together_or_not_at_all(
    client: Client, alert: WatchAlert, operator: User, supervisor: User
) -> None:
    other = beside(alert, "12가34??")
    decide_alert(other, "confirmed", reason="it is it", actor=supervisor)  # meanwhile
    client.force_login(operator)
    said = {"status": "dismissed", "seen": "open", "reason": "another", "alert": [alert.pk, other.pk]}
    answer = client.post(reverse("watch-decide", args=[alert.pk]), said, follow=True)
    assert "Somebody else has decided" in answer.content.decode()
    alert.refresh_from_db()
    assert alert.status == "open"
    assert not entries("alert.dismissed")


def test_another_centres_alert_about_the_sighting_is_neither_shown_nor_decided(
    client: Client, alert: WatchAlert, operator: User, stranger: User
) -> None:
    theirs = make_alert(make_entry(stranger, "12가34??"), alert.camera, sighting=alert.sighting)
    client.force_login(operator)
    assert "12가34??" not in page(client, "watch-alerts")
    said = {"status": "dismissed", "seen": "open", "reason": "another", "alert": [theirs.pk]}
    client.post(reverse("watch-decide", args=[alert.pk]), said)
    theirs.refresh_from_db()
    assert theirs.status == "open"


def test_an_alert_is_decided_with_a_reason_and_one_is_led_back(
    client: Client, alert: WatchAlert, operator: User
) -> None:
    client.force_login(operator)
    address = reverse("watch-decide", args=[alert.pk])
    back = f"{reverse('watch-alerts')}?hours=24"
    said = {"status": "confirmed", "seen": "open", "reason": "it is it", "next": back}
    assert client.post(address, {**said, "reason": ""}, follow=True).content.decode().count("Say why") == 1
    assert client.post(address, said).headers["Location"] == back
    alert.refresh_from_db()
    assert (alert.status, alert.decided_by) == ("confirmed", operator)
    stale = client.post(address, {**said, "status": "dismissed", "next": "https://elsewhere.example/"}, follow=True)
    assert stale.redirect_chain[0][0] == reverse("watch-alerts")
    assert "Somebody else has decided" in stale.content.decode()


def test_a_confirmed_alert_leads_to_its_requests_search_and_camera(
    client: Client, supervisor: User, operator: User, camera: Camera, approved: SearchRequest
) -> None:
    entry = make_entry(supervisor, request=approved)
    alert = make_alert(entry, camera, status="confirmed", decided_by=operator)
    assert "#sighting=" not in page(client_of(operator), "watch-alerts", status="confirmed")  # a person is looked for
    Case.objects.update(kind="vehicle")
    client.force_login(operator)
    shown = page(client, "watch-alerts", status="confirmed")
    workspace = reverse("workspace", args=[approved.pk])
    assert f'href="{workspace}#sighting={alert.sighting_id}"' in shown
    assert f'href="{workspace}#footage={camera.pk}@{alert.seen_at:%Y-%m-%d}T' in shown


def test_without_a_request_there_is_the_clip_and_the_camera(client: Client, alert: WatchAlert, operator: User) -> None:
    client.force_login(operator)
    shown = page(client, "watch-alerts")
    assert f"/clips/sightings/{alert.sighting_id}.mp4?pass=" in shown
    assert f'href="{reverse("camera-map")}#camera={alert.camera_id}"' in shown
    assert "#sighting=" not in shown


def test_an_alert_outlives_its_pictures(client: Client, alert: WatchAlert, operator: User) -> None:
    WatchAlert.objects.update(sighting=None)
    client.force_login(operator)
    shown = page(client, "watch-alerts")
    assert "no longer stored" in shown
    assert "/pictures/" not in shown
