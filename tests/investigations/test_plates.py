"""Number plates as people type them: one spelling, what it asks for, and requests found by it."""

import unicodedata
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from inference.core.plates import default_confusions, plate_distance
from investigations.models import Case, SearchRequest
from investigations.plates import meaning_of, pattern_of, read_plate
from investigations.watch.meaning import watched_meaning_of
from portal.accounts.models import Agency, User
from tests.conftest import legal_basis, make_request, make_search
from tests.investigations.conftest import as_person

PLATES = ["12가3456", "서울12바3456", "12가34??", ""]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("12가3456", "12가3456"),
        (" 서울 12 바 3456 ", "서울12바3456"),
        ("１２가－３４５６", "12가3456"),
        (unicodedata.normalize("NFD", "서울12가3456"), "서울12가3456"),
        ("12ㄱㅏ3456", "12가3456"),
        ("12ㄱ3456", "12ㄱ3456"),
        ("12ㅓ3456", "12ㅓ3456"),
        ("12가34○○", "12가34??"),
        ("12가34xx", "12가34??"),
        ("**나12**", "나12"),  # what it is understood to have
        ("*나12", "*나12"),
        ("서울12바*", "서울12바"),
        ("12가3456*", "12가3456*"),
        ("ab-12", "AB12"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_plate_has_one_spelling_which_stays_as_it_is(typed: str, kept: str) -> None:
    assert read_plate(typed) == kept
    assert read_plate(kept) == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("<b>12", "“<” in “<b>12” is on no plate."),
        ("12가3456!?$", "“$” in “12가3456!?$” is on no plate."),
        ("???", "“???” leaves everything open; give at least one character."),
        ("12ㅢ3456", "“ㅢ” in “12ㅢ3456” is on no plate."),
        ("1" * 13, f"“{'1' * 13}” is longer than a plate."),
        ("1*2*3*4*5*6*7*8*9*0*1*", "“1*2*3*4*5*6*7*8*9*0*1*” is longer than a plate."),
        (unicodedata.normalize("NFD", "12가<"), "“<” in “12가<” is on no plate."),
        ("ㅅㅓ울12ㄱㅏ<", "“<” in “서울12가<” is on no plate."),
        (unicodedata.normalize("NFD", "달" * 60), f"“{'달' * 60}” is longer than a plate."),
        ("-", "No plate was given."),
        ("1" * 5000, f"“{'1' * 63}…” is longer than a plate."),
        ("12\x00가", "“·” in “12·가” is on no plate."),
    ],
)
def test_what_is_no_plate_is_refused_with_a_sentence(typed: str, said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        read_plate(typed)
    assert refusal.value.messages == [said]
    assert meaning_of(typed).problem == said


def test_what_is_shorter_than_a_plate_may_stand_anywhere() -> None:
    assert pattern_of("3456").matches("12가3456")
    assert pattern_of("가34").matches("12가3456")
    assert not pattern_of("12가345?").matches("서울12가3456")
    assert not pattern_of("34*").matches("12가3456")  # whoever types a * says where


@pytest.mark.parametrize("typed", ["서울", "인천71", "서울12바", "서울12바34", "서울12바345", "울12바"])
def test_a_part_of_a_plate_with_a_region_is_one(typed: str) -> None:
    meaning = meaning_of(typed)
    assert not meaning.is_odd
    whole = {"서": "서울12바3456", "인": "인천71바3456", "울": "서울12바3456"}[typed[0]]
    assert pattern_of(typed).matches(whole)


def test_what_begins_with_a_region_is_found_where_the_reader_overlooked_it() -> None:
    confusions = default_confusions()
    assert plate_distance(pattern_of("서울12바34"), "12바3456", confusions) == confusions.region_missing
    # The last digits are what is missing, or one before them.
    assert plate_distance(pattern_of("서울12바345"), "서울12바3456", confusions) == 0
    assert plate_distance(pattern_of("서울12바346"), "서울12바3456", confusions) == confusions.broken_gap


@pytest.mark.parametrize(
    ("typed", "parts", "note"),
    [
        ("12가 3456", ("12가3456",), "misread"),
        ("12가34??", ("12가34", "2 unknown characters"), "misread"),
        ("??나12*", ("2 unknown characters", "나12", "any characters, or none"), "misread"),
        ("12ㄱ3456", ("12", "one of 가 거 고 구", "3456"), "misread"),
        ("3456", ("any characters, or none", "3456", "any characters, or none"), "may stand anywhere"),
        ("서울", ("any characters, or none", "서울", "any characters, or none"), "may stand anywhere"),
        ("서울12바", ("서울12바", "any characters, or none"), "The beginning of a number plate"),
        ("서울AB", ("서울AB", "any characters, or none"), "Unlike a Korean number plate"),
        (
            "AB-12-CD-34",
            ("AB12CD34",),
            "Unlike a Korean number plate; it is looked for as it is written. No reader of plates knows A B C D.",
        ),
    ],
)
def test_a_pattern_is_said_part_by_part(typed: str, parts: tuple[str, ...], note: str) -> None:
    meaning = meaning_of(typed)
    assert (meaning.parts, meaning.problem) == (parts, "")
    assert note in meaning.note
    assert meaning.is_odd == ("Unlike" in note)


@pytest.mark.parametrize(
    ("typed", "is_said"),
    [("12가34567", True), ("12가346", True), ("123456", True), ("12가3456", False), ("12가34", False), ("*346", False)],
)
def test_it_is_said_that_plates_with_a_character_more_or_fewer_are_found(typed: str, is_said: bool) -> None:
    assert ("one character more or fewer" in meaning_of(typed).note) is is_said
    assert "one character more or fewer" not in watched_meaning_of(typed).note


@pytest.mark.parametrize(
    ("who", "status"),
    [("officer", 200), ("operator", 200), ("supervisor", 200), ("stranger", 200), ("administrator", 403)],
)
def test_who_asks_or_searches_is_told_what_a_plate_means(
    db: None, client: Client, request: pytest.FixtureRequest, who: str, status: int
) -> None:
    as_person(client, request, who)
    url = reverse("api-plate-meanings")
    answer = client.post(url, {"plate": "12가 34??"}, content_type="application/json")
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["plate"] == "12가34??"
        assert answer.json()["parts"] == ["12가34", "2 unknown characters"]
        assert client.post(url, {"plate": "<"}, content_type="application/json").json()["problem"]
        assert client.post(url, {}, content_type="application/json").status_code == 400
        assert client.post(url, {"plate": "1" * 300}, content_type="application/json").status_code == 400
    assert client.get(url, {"plate": "12가3456"}).status_code == 405  # no plate in an address


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("12가 3456", "raise alerts too, marked as similar"),
        ("12가3???", "Each vehicle whose plate fits"),
        ("3456", "may stand anywhere"),
        ("12갸3456", "Unlike a Korean number plate"),
        ("O1가3456", "is it 01가3456?"),
        ("AB-12-CD-34", "no reader of plates knows A B C D"),
        ("34", "Too many plates look like “34”"),
        ("<", "is on no plate"),
    ],
)
def test_the_watch_list_says_what_would_raise_alerts(
    db: None, client: Client, operator: User, typed: str, said: str
) -> None:
    client.force_login(operator)
    question = {"plate": typed, "is_watched": True}
    answer = client.post(reverse("api-plate-meanings"), question, content_type="application/json").json()
    assert said in answer["problem"] + answer["note"]
    assert bool(answer["problem"]) != bool(answer["plate"])


@pytest.fixture
def theft(officer: User, station: Agency) -> Case:
    return Case.objects.create(
        number="T-1", title="Stolen car", kind="vehicle", agency=station, opened_by=officer, description=""
    )


@pytest.fixture
def requests(theft: Case, centre: Agency, officer: User) -> list[SearchRequest]:
    return [make_request(theft, centre, officer, plate=plate) for plate in PLATES]


def written(centre: Agency, **values: Any) -> dict[str, Any]:
    basis = legal_basis("crime")
    return {
        "centre": centre.pk,
        "basis": basis.pk,
        "document_number": "1",
        "purpose": "law",
        "wanted": "a car",
        **values,
    }


def test_the_form_of_a_request_keeps_the_spelling_and_says_what_is_wrong(
    client: Client, theft: Case, centre: Agency, officer: User
) -> None:
    client.force_login(officer)
    url = reverse("request-new", args=[theft.pk])
    assert b'id="plate-meaning"' in client.get(url).content
    wrong = client.post(url, written(centre, plate="12가<>", save="1"))
    assert wrong.context["form"].errors == {"plate": ["“<” in “12가<>” is on no plate."]}
    assert not SearchRequest.objects.exists()
    spread = unicodedata.normalize("NFD", "   ".join("서울12가3456"))  # longer than the column, as typed
    client.post(url, written(centre, plate=spread, vehicle_colour="white", vehicle_type="suv", save="1"))
    row = SearchRequest.objects.get()
    assert (row.plate, row.vehicle_colour, row.vehicle_type) == ("서울12가3456", "white", "suv")
    client.post(reverse("request-edit", args=[row.pk]), written(centre, plate="AB 12 CD 34", save="1"))
    row.refresh_from_db()
    assert row.plate == "AB12CD34"  # odd, and taken


def test_the_api_of_requests_keeps_the_spelling_too(client: Client, theft: Case, centre: Agency, officer: User) -> None:
    client.force_login(officer)
    url = f"/api/cases/{theft.pk}/requests/"
    said = written(centre, plate="12가 34××") | {"basis": "crime"}
    answer = client.post(url, said, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["plate"])
    answer = client.post(url, said | {"plate": "１２가 34xx"}, content_type="application/json")
    assert (answer.status_code, answer.json()["plate"]) == (201, "12가34??")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("12가 3456", {0}),
        ("１２가３４５６", {0}),
        ("12가34", {0, 2}),
        ("3456", {0, 1}),
        ("*3456*", {0, 1}),
        ("12바", {1}),
        ("12가34??", {2}),
        ("12가9999", set()),
    ],
)
def test_requests_are_found_by_plate_however_it_is_spelled(
    client: Client, requests: list[SearchRequest], officer: User, supervisor: User, typed: str, found: set[int]
) -> None:
    wanted = {requests[at].pk for at in found}
    assert set(SearchRequest.objects.with_plate(typed).values_list("pk", flat=True)) == wanted
    client.force_login(officer)
    rows = client.get("/api/requests/", {"plate": typed}).json()
    assert {row["id"] for row in rows["results"]} == wanted
    cases = client.get(reverse("case-list"), {"q": typed}).context["page"].object_list
    assert {case.number for case in cases} == ({"T-1"} if wanted else set())
    client.force_login(supervisor)
    page = client.get(reverse("admin:investigations_searchrequest_changelist"), {"q": typed})
    assert {row.pk for row in page.context["cl"].result_list} == wanted


def test_a_search_for_what_no_text_holds_is_refused_as_everything_else(client: Client, officer: User) -> None:
    client.force_login(officer)
    answer = client.get("/api/requests/", {"search": "a\x00"})
    assert (answer.status_code, answer.json()) == (400, {"detail": "Null characters are not allowed."})


def test_a_case_is_found_by_words_and_plate_together(
    client: Client, requests: list[SearchRequest], officer: User
) -> None:
    client.force_login(officer)

    def found(typed: str) -> int:
        return len(client.get(reverse("case-list"), {"q": typed}).context["page"].object_list)

    assert found("stolen 12가3456") == 1
    assert found("stolen 12가9999") == 0
    assert found("nothing") == 0
    assert found("x") == 0  # no "?" of a plate
    assert found("") == 1


def test_nobody_finds_what_they_may_not_see_by_its_plate(
    client: Client, requests: list[SearchRequest], theft: Case, operator: User, outsider: User
) -> None:
    SearchRequest.objects.filter(pk=requests[0].pk).update(status="draft")
    SearchRequest.objects.exclude(pk=requests[0].pk).update(plate="")
    for person, number in ((operator, 0), (outsider, 0)):
        client.force_login(person)
        page = client.get(reverse("case-list"), {"q": "12가3456"})
        assert len(page.context["page"].object_list) == number
        assert client.get("/api/requests/", {"plate": "12가3456"}).json()["results"] == []


def test_plates_of_before_are_spelled_anew(
    requests: list[SearchRequest], operator: User, make_camera: Callable[..., Camera]
) -> None:
    migration = import_module("investigations.migrations.0008_candidate_plate")
    SearchRequest.objects.filter(pk=requests[0].pk).update(plate="１２ 가-3456")
    search = make_search(requests[0], [make_camera("C1")], operator, kind="vehicle", plate="12가 34○○")
    migration.spell_plates(apps, None)
    assert set(SearchRequest.objects.values_list("plate", flat=True)) == set(PLATES)
    search.refresh_from_db()
    assert search.plate == "12가34??"


@pytest.mark.parametrize(
    "old",
    [
        *("12 가 3456", "１２가－３４５６", "12가34○○", "12가34XX", "12가34__", "12가34◯□", "ab-12", "[12]가·3456"),
        *("12ㄱ3456", "12ㄱㅏ3456", "12ㅓ3456", "**나12**", "12나***", "٣٤가5678", "1②가3456", "12ㄱㅏㄴ3456"),
        *("서우ㄹ12가3456", "부사ㄴ12가3456", "가ㅇ원12가3456", "산ㄷ12가3456", "겨ㅇ기12바3456"),
        *(unicodedata.normalize("NFD", text)[:20] for text in ("서울12가3456", "경남1가3456")),
    ],
)
def test_the_migration_spells_as_what_is_typed_is_spelled(old: str) -> None:
    migration = import_module("investigations.migrations.0008_candidate_plate")
    assert read_plate(migration.spell(old)) == read_plate(old)


@pytest.mark.parametrize(
    "old", ["12가3456 red van", "서울 12 가 3456 blue", "12가3456, 34나5678", "12가3456$", "- -", "x" * 20]
)
def test_the_migration_leaves_what_is_no_plate_as_it_is(old: str) -> None:
    migration = import_module("investigations.migrations.0008_candidate_plate")
    assert migration.spell(old) == old
