"""Plates found again: from the rows as they are now, within a scope, and of one reader alone."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cameras.models import Camera
from inference import engine, plates, tasks
from inference.core.manifest import sha256_of
from inference.core.plates import Confusions, PlateIndex, default_confusions, load_confusions, parse_pattern
from inference.core.plates.codes import code_of
from inference.models import Plate, Sighting
from inference.plates import PlateMatch, StoredPlates, find_plates, stored_plates
from tests.conftest import NOON, make_recording, make_sighting
from tests.core.tiny_plates import ENTRY
from tests.investigations.plating import READER, add_plate

Film = Callable[..., Plate]


@pytest.fixture(autouse=True)
def _reader(settings: Any) -> None:
    settings.PLATE_READER_MODEL = READER


@pytest.fixture
def film(db: None, make_camera: Callable[..., Camera]) -> Film:
    """Store a plate: film("12가3456", camera="C1", after_s=60, is_small=True, reader="other")."""

    def store(text: str, camera: str = "C1", *, after_s: float = 0, reader: str = READER, **values: Any) -> Plate:
        place = Camera.objects.filter(code=camera).first() or make_camera(camera)
        recording = place.recordings.first() or make_recording(place)
        others = values.pop("others", None)
        number = recording.sightings.count() + 1
        sighting = make_sighting(recording, number, kind="vehicle", after_s=after_s, **values)
        return add_plate(sighting, text, reader=reader, others=others)

    return store


def find(typed: str, **scope: Any) -> list[PlateMatch]:
    if "camera_ids" not in scope:
        scope["camera_ids"] = list(Camera.objects.values_list("pk", flat=True))
    hour: dict[str, Any] = {
        "starts_at": NOON,
        "ends_at": NOON + timedelta(hours=1),
        "includes_small": True,
        "limit": 10,
    }
    return find_plates(parse_pattern(typed), **(hour | scope))


def ids(matches: list[PlateMatch]) -> list[int]:
    return [match.plate_id for match in matches]


# ── What is found ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_matches_comes_first_then_what_is_like_it(film: Film) -> None:
    like, exact, far = film("12거3456"), film("12가3456"), film("88호9911")
    first, second = find("12가3456")
    assert first == PlateMatch(exact.pk, exact.sighting_id, "12가3456", 0.0)
    assert (second.plate_id, second.text) == (like.pk, "12거3456")
    assert 0 < second.distance < 1
    assert far.pk not in ids([first, second])


def test_each_sighting_of_a_plate_is_found_the_newest_first(film: Film) -> None:
    passes = [film("12가3456", after_s=60 * number) for number in range(4)]
    assert ids(find("12가34??")) == [row.pk for row in reversed(passes)]
    assert ids(find("12가34??", limit=2)) == [passes[3].pk, passes[2].pk]
    assert find("12가34??", limit=0) == []


def test_a_readers_other_choice_is_found_too(film: Film) -> None:
    sure, doubtful = film("12가3466"), film("12가3476", others={5: ("5", 0.3)})
    first, second = find("12가3456")
    assert (first.plate_id, second.plate_id) == (doubtful.pk, sure.pk)
    assert 0 < first.distance < 0.3 < second.distance


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ({}, "near small late"),
        ({"includes_small": False}, "near late"),
        ({"ends_at": NOON + timedelta(minutes=5)}, "near small"),
        ({"starts_at": NOON + timedelta(minutes=5)}, "late"),
        ({"camera_ids": []}, ""),
    ],
)
def test_only_the_scope_is_searched(film: Film, scope: dict[str, Any], found: str) -> None:
    rows = {
        "near": film("12가3456"),
        "small": film("12가3456", is_small=True),
        "late": film("12가3456", after_s=600),
        "elsewhere": film("12가3456", "C2"),
    }
    here = {"camera_ids": [rows["near"].sighting.camera_id]}
    assert sorted(ids(find("12가3456", **(here | scope)))) == sorted(rows[name].pk for name in found.split())


def test_reads_of_another_reader_are_never_mixed_in(film: Film, settings: Any) -> None:
    here, there = film("12가3456"), film("12가3456", reader="another")
    assert ids(find("12가3456")) == [here.pk]
    settings.PLATE_READER_MODEL = "another"
    assert ids(find("12가3456")) == [there.pk]


def test_without_a_reader_nothing_is_found(film: Film, settings: Any) -> None:
    film("12가3456")
    settings.PLATE_READER_MODEL = ""
    assert find("12가3456") == []


def test_another_reader_than_the_one_in_use_can_be_named(film: Film) -> None:
    film("12가3456")
    there = film("12가3456", reader="another")
    assert ids(find("12가3456", reader="another")) == [there.pk]
    assert find("12가3456", reader="") == []


# ── The rows are the truth ──────────────────────────────────────────────────────────────────────────────────────────


def test_new_rows_are_found_at_once(film: Film) -> None:
    first = film("12가3456")
    assert ids(find("12가3456")) == [first.pk]
    second = film("12가3456")
    assert ids(find("12가3456")) == [second.pk, first.pk]


def test_rows_that_are_committed_late_are_found_though_their_ids_are_lower(film: Film) -> None:
    late, early = film("12가3456"), film("12가3456")
    values = Plate.objects.filter(pk=late.pk).values().get()
    late.delete()
    assert ids(find("12가3456")) == [early.pk]
    Plate.objects.create(**values)
    assert ids(find("12가3456")) == [early.pk, values["id"]]


def test_rows_that_are_gone_are_found_no_more_and_take_nobodys_place(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plates, "RECENT", 0)  # as if they were long stored
    rows = [film("12가3456", after_s=number) for number in range(9)]
    find("12가3456")
    Plate.objects.filter(pk__in=[row.pk for row in rows[4:8]]).delete()
    assert ids(find("12가3456", limit=3)) == [rows[8].pk, rows[3].pk, rows[2].pk]
    assert len(stored_plates(READER)) == 5


def test_where_much_was_deleted_everything_is_compared(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plates, "RECENT", 0)
    rows = [film("12가3456", after_s=number) for number in range(12)]
    find("12가3456")
    Plate.objects.filter(pk__in=[row.pk for row in rows[1:11]]).delete()
    assert ids(find("12가3456", limit=2)) == [rows[11].pk, rows[0].pk]
    assert len(stored_plates(READER)) == 2


def test_what_was_destroyed_is_forgotten_in_time_though_nobody_looks_for_it(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plates, "RECENT", 0)
    film("12가3456").delete()
    rows = [film("12가3456"), film("34나5678")]
    find("34나5678")
    rows[0].delete()
    find("34나5678")
    assert len(stored_plates(READER)) == 2
    monkeypatch.setattr(plates, "COMPARE_ALL_EVERY_S", -1.0)
    find("34나5678")
    assert len(stored_plates(READER)) == 1


def test_a_superseded_sighting_is_not_found(film: Film) -> None:
    before, after = film("12가3456"), film("12가3456")
    Sighting.objects.filter(pk=before.sighting_id).update(is_superseded=True)
    assert ids(find("12가3456")) == [after.pk]
    Sighting.objects.filter(pk=after.sighting_id).update(is_superseded=True)
    assert find("12가3456") == []


def test_an_id_that_came_to_stand_for_another_plate_is_read_again(film: Film) -> None:
    """As when a backup is restored below a running worker."""
    row = film("12가3456")
    find("12가3456")
    Plate.objects.filter(pk=row.pk).update(text="34나5678")
    assert find("12가3456") == []
    assert ids(find("34나5678")) == [row.pk]


def test_many_rows_are_read_in_portions(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plates, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(plates, "IDS_AT_ONCE", 2)
    rows = [film("12가3456", after_s=number) for number in range(5)]
    assert ids(find("12가3456")) == [row.pk for row in reversed(rows)]
    rows += [film("12가3456", after_s=number) for number in range(5)]
    assert ids(find("12가3456")) == [row.pk for row in reversed(rows)]


def test_a_search_without_news_asks_the_rows_twice(film: Film) -> None:
    film("12가3456")
    find("12가3456")
    cameras = list(Camera.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        find("12가3456", camera_ids=cameras)
    assert len(queries) == 2
    assert "characters" not in " ".join(query["sql"] for query in queries)


# ── Many at once, and ahead of time ─────────────────────────────────────────────────────────────────────────────────


def in_threads(*acts: Callable[[], Any]) -> list[Any]:
    results: list[Any] = []

    def run(act: Callable[[], Any]) -> None:
        try:
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_searches_at_once_read_the_rows_once(committing_db: None, film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    row, reads = film("12가3456"), list[int]()
    read_all = StoredPlates._read_all

    def counted(plates: StoredPlates) -> PlateIndex:
        reads.append(1)
        return read_all(plates)

    monkeypatch.setattr(StoredPlates, "_read_all", counted)
    assert in_threads(*[lambda: ids(find("12가3456"))] * 4) == [[row.pk]] * 4
    assert reads == [1]


def test_some_search_while_others_add(committing_db: None, film: Film) -> None:
    first, done = film("12가3456"), threading.Event()

    def search() -> bool:
        found = []
        while not done.is_set():
            found.append(first.pk in ids(find("12가3456", limit=100)))
        return all(found)

    def add() -> bool:
        for number in range(20):
            film("12가3456", after_s=number)
        done.set()
        return True

    assert in_threads(search, search, add) == [True] * 3
    assert len(find("12가3456", limit=100)) == 21


def test_a_worker_that_searches_reads_the_plates_in_ahead_of_its_first_search(
    committing_db: None, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = film("12가3456")
    start_worker({"search": None, "default": None}, monkeypatch)
    assert len(stored_plates(READER)) == 1
    assert ids(find("12가3456")) == [row.pk]


@pytest.mark.parametrize("queue", ["analysis", "exchange"])
def test_other_workers_never_read_them(
    committing_db: None, film: Film, monkeypatch: pytest.MonkeyPatch, queue: str
) -> None:
    film("12가3456")
    start_worker({queue: None}, monkeypatch)
    assert len(stored_plates(READER)) == 0


def test_what_cannot_be_read_ahead_is_read_by_the_first_search(
    committing_db: None, film: Film, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row = film("12가3456")
    with monkeypatch.context() as patch:
        patch.setattr(plates, "FIELDS", ("no_such_field",))
        start_worker({"search": None}, patch)
    assert "could not be read in" in caplog.text
    assert ids(find("12가3456")) == [row.pk]


def start_worker(queues: dict[str, None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What Celery does in a new process of a worker with these queues, until what it begins has ended."""
    app = SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=queues)))
    monkeypatch.setattr(tasks, "current_app", app)
    tasks.read_plates_in()
    for thread in threading.enumerate():
        if thread.name == "plates":
            thread.join()


# ── What this reader takes for what ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def reader_with_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A reader in the manifest with a table of its own: it takes 9 for 1."""
    for name, text in (("r.xml", "x"), ("r.bin", "x"), ("r.tsv", "true\tread\tcount\n9\t9\t10000\n9\t1\t2000\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    hashes = {end: sha256_of(tmp_path / f"r.{end}") for end in ("xml", "bin", "tsv")}
    entry = ENTRY.format(id="r", task="plate-reader", size="192, 64", more="", xml=hashes["xml"], bin=hashes["bin"])
    table = f'{{ name = "r.tsv", sha256 = "{hashes["tsv"]}" }}'
    manifest = tmp_path / "models.toml"
    manifest.write_text(entry.replace(" }]\nsource", f" }}, {table}]\nsource"), encoding="utf-8")
    for name, value in (("_manifest", manifest), ("_mirror", tmp_path), ("_cache_dir", tmp_path / "cache")):
        monkeypatch.setattr(engine.model_store(), name, value)
    engine._own_confusions.cache_clear()
    yield "r"
    engine._own_confusions.cache_clear()


def test_the_readers_own_table_decides_what_is_like(film: Film, settings: Any, reader_with_table: str) -> None:
    settings.PLATE_READER_MODEL = reader_with_table
    six, one = film("12가3456", reader="r"), film("12가3451", reader="r")
    assert ids(find("12가3459")) == [one.pk, six.pk]


def test_a_reader_without_a_table_or_without_an_entry_has_the_prior(
    reader_with_table: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prior = default_confusions().swaps
    own = engine.confusions_of(reader_with_table).swaps
    assert own[code_of("9"), code_of("1")] < prior[code_of("9"), code_of("1")]
    assert np.array_equal(engine.confusions_of("nobody").swaps, prior)
    assert "nobody" in caplog.text
    manifest = (tmp_path / "models.toml").read_text(encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text(manifest.replace('"r.tsv"', '"r.txt"'), encoding="utf-8")
    engine.model_store()._manifest = other
    engine._own_confusions.cache_clear()  # as a new process has none
    assert np.array_equal(engine.confusions_of(reader_with_table).swaps, prior)


def test_a_table_is_read_once_and_one_that_failed_is_tried_anew(
    reader_with_table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[Path]()

    def count(path: Path) -> Confusions:
        asked.append(path)
        return load_confusions(path)

    monkeypatch.setattr(engine, "load_confusions", count)
    table = (tmp_path / "r.tsv").read_bytes()
    (tmp_path / "r.tsv").unlink()
    prior = default_confusions().swaps
    assert np.array_equal(engine.confusions_of(reader_with_table).swaps, prior)
    (tmp_path / "r.tsv").write_bytes(table)
    own = engine.confusions_of(reader_with_table)
    assert not np.array_equal(own.swaps, prior)
    assert engine.confusions_of(reader_with_table) is own
    assert len(asked) == 1
