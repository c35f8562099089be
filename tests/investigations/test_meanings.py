"""What the page says of descriptions: which words count, how answers read, and who may ask."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from inference.core.manifest import ModelStore
from inference.sayings import SAYINGS, word_of
from investigations import querying
from investigations.meanings import Meaning, heads_of, meanings_of
from investigations.models import SearchRequest
from investigations.templatetags.describing import PERSON, VEHICLE, description_groups, sayings
from investigations.words import read_word, say
from portal.accounts.models import User
from tests.investigations.describers import HEADS, write_manifest


@pytest.fixture
def describers(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ModelStore(tmp_path, manifest=write_manifest(tmp_path))
    monkeypatch.setattr(querying, "model_store", lambda: store)
    settings.PERSON_DESCRIBER_MODEL = "made-up-person-looks"
    settings.VEHICLE_DESCRIBER_MODEL = "made-up-vehicle-looks"


@pytest.fixture
def _no_describer(settings: Any) -> None:
    settings.PERSON_DESCRIBER_MODEL = settings.VEHICLE_DESCRIBER_MODEL = ""


@pytest.fixture(params=["en", "ko"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with translation.override(request.param):
        yield request.param


def ask(client: Client, words: Any, kind: str = "person") -> Any:
    return client.get("/api/words/", {"kind": kind, "words": words if isinstance(words, str) else json.dumps(words)})


@pytest.mark.parametrize("group", [*PERSON, *VEHICLE], ids=lambda group: str(group.name))
def test_a_chip_means_the_same_in_both_languages(group: Any) -> None:
    for _swatch, name in group.choices:
        with translation.override("en"):
            english = read_word(word_of(group.name, name))
        with translation.override("ko"):
            korean = read_word(word_of(group.name, name))
        assert english.terms == korean.terms, (english.word, korean.word)


TERMS = [(attribute, value) for attribute, (_name, values) in SAYINGS.items() for value in values]


@pytest.mark.parametrize("term", TERMS, ids="=".join)
def test_what_a_model_says_is_read_back_as_the_same(term: tuple[str, str], language: str) -> None:
    """What a candidate's chip says can be typed, to search for more of it."""
    of_other_models = {("age", "teenager"): ("age", "young")}
    assert of_other_models.get(term, term) in read_word(say(*term)).terms, say(*term)


def test_what_there_is_no_word_for_is_said_by_its_name() -> None:
    assert say("shoe_colour", "dark_red") == "shoe colour: dark red"


@pytest.mark.usefixtures("describers")
def test_a_word_means_what_the_model_in_use_knows() -> None:
    assert heads_of("person")["hat"] == ("no", "yes")
    assert meanings_of(["red top, jeans", "no hat", "purple top", "limps"], "person") == [
        Meaning(
            "red top, jeans", (("upper_colour", "red", "Top: red"), ("lower_kind", "trousers", "Bottom: trousers"))
        ),
        Meaning("no hat", (("hat", "no", "no hat"),)),
        Meaning("purple top", ()),
        Meaning("limps", ()),
    ]
    assert meanings_of(["red top"], "vehicle") == [Meaning("red top", ())]
    assert meanings_of(["은색 SUV"], "vehicle")[0].terms == (
        ("colour", "grey", "Colour: grey"),
        ("type", "car", "Type: car"),
    )


@pytest.mark.usefixtures("_no_describer")
def test_without_a_describer_every_word_is_a_reminder() -> None:
    assert heads_of("person") == {}
    assert meanings_of(["red top"], "person") == [Meaning("red top", ())]


@pytest.mark.usefixtures("describers")
def test_words_to_choose_say_whether_they_are_looked_for(request_: SearchRequest) -> None:
    groups = {
        str(name): {str(choice.name): choice.is_searchable for choice in choices}
        for name, choices in description_groups(request_)
    }
    assert groups["Top"]["red"]
    assert groups["Top"]["navy"]
    assert not groups["Top"]["purple"]
    assert groups["Hat"] == dict.fromkeys(groups["Hat"], True) | {"hood up": False}
    assert not any(groups["Gait"].values())


@pytest.mark.usefixtures("describers")
def test_all_that_may_be_said_of_a_candidate_has_words(request_: SearchRequest) -> None:
    said = sayings(request_)
    for attribute, values in HEADS["person"].items():
        assert set(values) <= set(said[attribute])
    assert said["upper_colour"]["red"] == "Top: red"


@pytest.mark.usefixtures("describers")
def test_the_page_asks_what_words_mean(client: Client, operator: User) -> None:
    client.force_login(operator)
    answer = ask(client, ["red top", "노란 리본", "red top"])
    assert answer.status_code == 200
    assert answer.json() == [
        {"word": "red top", "terms": [{"attribute": "upper_colour", "value": "red", "text": "Top: red"}]},
        {"word": "노란 리본", "terms": []},
        {"word": "red top", "terms": [{"attribute": "upper_colour", "value": "red", "text": "Top: red"}]},
    ]
    assert ask(client, []).json() == []


@pytest.mark.parametrize("words", ["x", "1", "{}", "[1]", "[null]", '["' + "x" * 41 + '"]', json.dumps(["red"] * 13)])
def test_words_that_are_none_are_refused(client: Client, operator: User, words: str) -> None:
    client.force_login(operator)
    assert ask(client, words).status_code == 400
    assert ask(client, [], kind="dog").status_code == 400


@pytest.mark.django_db  # fixtures asked for by name do not say so themselves, and it would run after those that commit
@pytest.mark.parametrize("who", ["officer", "administrator"])
def test_who_may_not_search_is_told_nothing(client: Client, who: str, request: pytest.FixtureRequest) -> None:
    client.force_login(request.getfixturevalue(who))
    assert ask(client, ["red top"]).status_code == 403
