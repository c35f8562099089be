"""A search's candidates by the API: what is said about each, what is new of them, who sees what."""

from collections.abc import Callable
from datetime import timedelta
from time import thread_time
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cameras.models import Camera, Recording
from inference.core import trajectory
from inference.core.detections import Box
from inference.core.trajectory import Trajectory
from inference.models import Sighting
from investigations.fragments import Piece, join_pieces
from investigations.likeness import file_name, keep_likeness, likeness_of
from investigations.models import Candidate, QueryPicture, Search, SearchRequest
from investigations.services.candidates import decide_candidate
from investigations.services.reviews import review_candidate
from portal.accounts.models import User
from tests.conftest import NOON, add_feature, make_recording, make_search, make_sighting, unit_vector
from tests.investigations.conftest import entries

# Of the thread's own time, so that others on the machine do not count. One read of 500 candidates takes 260 ms of it,
# 110 ms where nothing is new.
SLOWEST_S = 1.0


@pytest.fixture
def recording(camera: Camera) -> Recording:
    row = make_recording(camera)
    row.file.save("r.mp4", ContentFile(b"footage"))
    return row


@pytest.fixture
def search(approved: SearchRequest, camera: Camera, operator: User) -> Search:
    SearchRequest.objects.update(status="searching", last_seen_at=NOON - timedelta(minutes=10))
    SearchRequest.objects.update(last_seen_latitude=36.48, last_seen_longitude=127.2945)
    return make_search(approved, [camera], operator, status="done", sightings_compared=4000)


def add(search: Search, recording: Recording, number: int, score: float, **values: Any) -> Candidate:
    sighting = make_sighting(recording, number, **values)
    return Candidate.objects.create(search=search, sighting=sighting, score=score, order=score)


def read(client: Client, search: Search, **question: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(reverse("api-search", args=[search.pk]), question).json()
    return answer


def evidence(row: dict[str, Any]) -> dict[str, float]:
    return {item["name"]: item["value"] for item in row["evidence"]}


def test_a_row_says_where_it_is_in_its_recording_and_why_it_is_there(
    client: Client, search: Search, recording: Recording, operator: User
) -> None:
    add(search, recording, 1, 0.8, after_s=90, x1=10, y1=20, x2=74, y2=148)
    add(search, recording, 2, 0.7, after_s=300)
    client.force_login(operator)
    first, second = read(client, search)["candidates"]
    assert (first["recording"], first["at_s"], first["box"]) == (recording.pk, 90.0, [10, 20, 74, 148])
    assert first["odds"] is None
    assert first["clip"].startswith(f"/clips/sightings/{first['sighting']['id']}.mp4?pass=")
    facts = evidence(first)
    assert facts["from_last_seen_m"] == pytest.approx(492, abs=5)
    assert {name: facts[name] for name in facts if name != "from_last_seen_m"} == {
        "similarity": 0.8,
        "rank": 1,
        "compared": 4000,
        "gap": pytest.approx(0.1),
        "in_view_s": 5,
        "width_px": 64,
        "height_px": 128,
        "after_last_seen_s": 690,
    }
    assert "gap" not in evidence(second)


def test_there_is_no_clip_of_footage_that_is_gone(
    client: Client, search: Search, camera: Camera, operator: User
) -> None:
    add(search, make_recording(camera), 1, 0.8)
    client.force_login(operator)
    assert read(client, search)["candidates"][0]["clip"] is None


def test_only_what_is_new_is_sent_again_but_the_state_of_all(
    client: Client, search: Search, recording: Recording, operator: User
) -> None:
    old = add(search, recording, 1, 0.7, after_s=10)
    client.force_login(operator)
    read(client, search)
    new = add(search, recording, 2, 0.9, after_s=200)
    decide_candidate(old, "rejected", reason="other shoes", actor=operator)
    answer = read(client, search, since=old.pk)
    assert [row["id"] for row in answer["candidates"]] == [new.pk]
    assert [(row["id"], row["decision"], row["reason"]) for row in answer["states"]] == [
        (new.pk, "pending", ""),
        (old.pk, "rejected", "other shoes"),
    ]
    # The look at what is new names all that is on the page, as a look at the whole list does.
    assert entries("search.viewed")[0].details["sightings"] == [new.sighting_id, old.sighting_id]
    before = len(entries("search.viewed"))
    assert read(client, search, since=new.pk)["candidates"] == []
    assert len(entries("search.viewed")) == before


@pytest.mark.parametrize("since", ["x", "-1", "1.5", str(2**70)])
def test_a_since_that_is_no_number_is_refused(client: Client, search: Search, operator: User, since: str) -> None:
    client.force_login(operator)
    assert client.get(reverse("api-search", args=[search.pk]), {"since": since}).status_code == 400


@pytest.mark.parametrize("who", ["officer", "stranger", "administrator"])
def test_others_get_nothing(client: Client, search: Search, who: str, request: pytest.FixtureRequest) -> None:
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("api-search", args=[search.pk]), {"since": 1}).status_code == 404


# ── Pieces of one track ─────────────────────────────────────────────────────────────────────────────────────────────


def test_pieces_of_one_way_past_a_camera_are_one_group(
    client: Client, search: Search, recording: Recording, make_camera: Callable[..., Camera], operator: User
) -> None:
    def walk(x: float) -> bytes:
        steps = [(second, Box(x + 10 * second, 20, x + 64 + 10 * second, 148)) for second in range(6)]
        return trajectory.encode(Trajectory.of(steps))

    first = add(search, recording, 1, 0.6, after_s=0, seed=1, trajectory=walk(0))
    goes_on = add(search, recording, 2, 0.9, after_s=7, seed=1, trajectory=walk(80))
    somebody_else = add(search, recording, 3, 0.5, after_s=14, seed=2, trajectory=walk(150))
    elsewhere = add(search, make_recording(make_camera("C2")), 1, 0.4, after_s=14, seed=1, trajectory=walk(150))
    client.force_login(operator)
    groups = {row["id"]: row["group"] for row in read(client, search)["states"]}
    assert groups == {
        goes_on.pk: goes_on.pk,
        first.pk: goes_on.pk,
        somebody_else.pk: somebody_else.pk,
        elsewhere.pk: elsewhere.pk,
    }


def test_a_damaged_track_of_boxes_takes_nothing_else_with_it(
    client: Client, search: Search, recording: Recording, operator: User
) -> None:
    add(search, recording, 1, 0.6, trajectory=b"TJ rubbish")
    client.force_login(operator)
    assert len(read(client, search)["candidates"]) == 1


def piece(key: int, from_s: float, until_s: float, x: float = 0, **values: Any) -> Piece:
    box = (x, 0.0, x + 50, 100.0)
    defaults: dict[str, Any] = {"camera": 1, "first_box": box, "last_box": box}
    return Piece(key, from_s=from_s, until_s=until_s, **(defaults | values))


@pytest.mark.parametrize(
    ("second", "is_joined"),
    [
        (piece(2, 12, 20), True),
        (piece(2, 9.7, 20), True),  # the old track was held for a moment
        (piece(2, 8, 20), False),  # both were there at once
        (piece(2, 17, 20), False),  # too late
        (piece(2, 12, 20, x=400), True),  # 2 s at two heights a second
        (piece(2, 10.5, 20, x=400), False),  # nobody runs that fast
        (piece(2, 12, 20, first_box=(0, 0, 20, 40)), False),  # nobody shrinks like this
        (piece(2, 12, 20, camera=2), False),
        (piece(2, 12, 20, feature=-unit_vector(1)), False),  # looks like somebody else
    ],
)
def test_what_goes_on_from_what(second: Piece, is_joined: bool) -> None:
    groups = join_pieces([piece(1, 0, 10, feature=unit_vector(1)), second])
    assert (groups[2] == 1) is is_joined


def test_each_end_is_gone_on_from_once_and_chains_are_one_group() -> None:
    chain = [piece(1, 0, 5), piece(2, 6, 10), piece(3, 11, 15)]
    assert set(join_pieces(chain).values()) == {1}
    side_by_side = [piece(1, 0, 5), piece(2, 6, 10, x=5), piece(3, 6.1, 10, x=40)]
    groups = join_pieces(side_by_side)
    assert (groups[2], groups[3]) == (1, 3)


# ── Which query picture ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_best_of_several_query_pictures_is_named(
    client: Client, search: Search, recording: Recording, operator: User
) -> None:
    failed = QueryPicture.objects.create(search=search, image="queries/1/a.jpg", error="nobody")
    pictures = [QueryPicture.objects.create(search=search, image=f"queries/1/{n}.jpg") for n in range(2)]
    rows = [add(search, recording, n, 0.9 - n / 10, after_s=100 * n, seed=n) for n in (1, 2)]
    query = [unit_vector(2), unit_vector(1)]
    keep_likeness(search, np.stack(query), [row.sighting_id for row in rows])
    picture, similarity = likeness_of(search)[rows[0].sighting_id]
    assert (picture, round(similarity, 2)) == (pictures[1].pk, 1)
    client.force_login(operator)
    answer = read(client, search)
    assert [row["id"] for row in answer["pictures"]] == [failed.pk, *(picture.pk for picture in pictures)]
    assert [evidence(row)["picture"] for row in answer["candidates"]] == [3, 2]


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"1": 2}', b'{"a": [1, 2]}', b"\xff"])
def test_without_a_readable_file_the_best_picture_is_not_known(
    client: Client, search: Search, recording: Recording, operator: User, content: bytes | None
) -> None:
    for n in range(2):
        QueryPicture.objects.create(search=search, image=f"queries/1/{n}.jpg")
    if content is not None:
        default_storage.save(file_name(search.pk), ContentFile(content))
    add(search, recording, 1, 0.9)
    client.force_login(operator)
    facts = evidence(read(client, search)["candidates"][0])
    assert ("picture" in facts, facts["similarity"]) == (False, 0.9)


# ── What speaks against ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def far(search: Search, recording: Recording, make_camera: Callable[..., Camera]) -> list[Candidate]:
    """One candidate at 12:00, another a kilometre away ten seconds later."""
    away = make_recording(make_camera("C9", name="Bridge", latitude=36.489))
    return [add(search, recording, 1, 0.9), add(search, away, 1, 0.8, after_s=15)]


def test_what_nobody_could_have_reached_from_a_confirmed_sighting_is_warned_of(
    client: Client, search: Search, far: list[Candidate], operator: User
) -> None:
    client.force_login(operator)
    assert [row["conflict"] for row in read(client, search)["states"]] == [None, None]
    decide_candidate(far[1], "confirmed", actor=operator)
    first, second = read(client, search, since=far[1].pk)["states"]
    assert second["conflict"] is None
    assert (first["conflict"]["sighting"], first["conflict"]["camera_name"]) == (far[1].sighting_id, "Bridge")
    assert first["conflict"]["distance_m"] == pytest.approx(1000, abs=5)
    assert first["conflict"]["seconds"] == 10


def test_the_warning_does_not_tell_what_was_confirmed(
    client: Client, search: Search, far: list[Candidate], operator: User, supervisor: User
) -> None:
    """The supervisor may give the second opinion: learns of a confirmation once it is two people's, and not before."""
    decide_candidate(far[1], "confirmed", actor=operator)
    client.force_login(supervisor)
    answer = read(client, search)
    assert [(row["decision"], row["reason"], row["conflict"]) for row in answer["states"]] == [("hidden", "", None)] * 2
    assert [row["conflict"] for row in answer["candidates"]] == [None, None]
    review_candidate(far[1], "confirmed", actor=supervisor)
    assert [bool(row["conflict"]) for row in read(client, search, since=far[1].pk)["states"]] == [True, False]


def test_what_is_new_tells_a_second_reviewer_nothing_either(
    client: Client, search: Search, far: list[Candidate], operator: User, supervisor: User
) -> None:
    client.force_login(supervisor)
    newest = far[1].pk
    before = read(client, search, since=newest)["states"]
    decide_candidate(far[0], "rejected", reason="limping", actor=operator)
    decide_candidate(far[1], "confirmed", actor=operator)
    hidden = [{**row, "decision": "hidden"} for row in before]
    assert read(client, search, since=newest)["states"] == hidden == before


# ── How quickly ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def many(search: Search, camera: Camera, recording: Recording) -> Search:
    """Five hundred candidates, without pictures of their own: none is looked at here."""
    model = make_sighting(recording, 1)
    steps = Trajectory.of((second / 5, Box(10 + second, 20, 74 + second, 148)) for second in range(60))
    sightings = [
        Sighting(
            **{
                field.attname: getattr(model, field.attname)
                for field in Sighting._meta.concrete_fields
                if field.name != "id"
            }
            | {"track_number": number, "frame": number, "trajectory": trajectory.encode(steps)}
            | {
                name: getattr(model, name) + timedelta(seconds=number)
                for name in ("first_seen_at", "last_seen_at", "seen_at")
            }
        )
        for number in range(2, 502)
    ]
    rows = Sighting.objects.bulk_create(sightings)
    for row in rows[::10]:
        add_feature(row, unit_vector(row.track_number))
    Candidate.objects.bulk_create(
        [
            Candidate(search=search, sighting=row, score=0.9 - at / 1000, order=0.9 - at / 1000)
            for at, row in enumerate(rows)
        ]
    )
    return search


def test_five_hundred_candidates_are_read_quickly(client: Client, many: Search, operator: User) -> None:
    client.force_login(operator)
    assert len(read(client, many)["candidates"]) == 500  # and everything is imported
    newest = Candidate.objects.order_by("pk").last()
    for question, slowest_s in (({}, SLOWEST_S), ({"since": newest.pk if newest else 0}, SLOWEST_S / 2)):
        seconds = []
        for _turn in range(3):
            began = thread_time()
            read(client, many, **question)
            seconds.append(thread_time() - began)
        assert min(seconds) < slowest_s


def test_the_number_of_queries_does_not_grow_with_the_list(
    client: Client, search: Search, recording: Recording, make_camera: Callable[..., Camera], operator: User
) -> None:
    client.force_login(operator)

    def queries() -> int:
        read(client, search)  # the look is new, and written down
        with CaptureQueriesContext(connection) as seen:
            read(client, search)
        return len(seen)

    add(search, recording, 1, 0.9)
    few = queries()
    for number in range(2, 12):
        row = add(search, make_recording(make_camera(f"M{number}")), 1, 0.5, seed=number)
        decide_candidate(row, "confirmed" if number % 2 else "rejected", reason="coat", actor=operator)
    assert queries() == few
