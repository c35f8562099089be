"""The search job with words, several pictures, odds and decisions: what the list holds, and in which order."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from inference.core.attributes import pack
from inference.core.manifest import Match, ModelStore
from inference.core.odds import MatchCalibration, weak_from
from inference.models import Analysis, Description, PairBackground, Sighting
from investigations import chances, ordering, querying
from investigations import search as search_job
from investigations.certificate import build_certificate
from investigations.models import Candidate, QueryPicture, Search, SearchRequest
from investigations.services.searches import SearchTerms, Upload, start_search
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import NOON, add_feature, make_recording, make_search, make_sighting, unit_vector
from tests.investigations.describers import HEADS, write_manifest

LOOKS = "made-up-person-looks"
RED_TOP = {"attribute": "upper_colour", "value": "red", "required": False}
MUST_BE_RED = RED_TOP | {"required": True}
TABLE = MatchCalibration(Match(((0.1, -5.0), (0.5, 5.0), (0.9, 9.0)), mean=0.1, deviation=0.1))


@pytest.fixture(autouse=True)
def describers(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ModelStore(tmp_path, manifest=write_manifest(tmp_path))
    monkeypatch.setattr(querying, "model_store", lambda: store)
    settings.PERSON_DESCRIBER_MODEL = LOOKS


def describe(sighting: Sighting, **seen: tuple[str, float]) -> Description:
    """Store a description: of each head the named value with its probability, the rest shared out evenly."""
    columns: list[float] = []
    for name, values in HEADS["person"].items():
        value, chance = seen.get(name, (values[0], 1 / len(values)))
        rest = (1 - chance) / (len(values) - 1)
        columns += [chance if one == value else rest for one in values]
    blob = pack(np.array(columns, np.float32))
    return Description.objects.create(sighting=sighting, describer=LOOKS, probabilities=blob)


@pytest.fixture
def stored(make_camera: Callable[..., Camera]) -> list[Sighting]:
    """Five sightings in one camera. In red surely, in red likely, in blue; of the fourth nothing is known, the fifth
    has no description."""
    camera = make_camera("D1")
    recording = make_recording(camera, minutes=10)
    Analysis.objects.create(recording=recording, status="done", detector="d", embedder="e", fps=5)
    rows = [make_sighting(recording, number, seed=number, after_s=60 * number) for number in range(5)]
    describe(rows[0], upper_colour=("red", 0.95), hat=("yes", 0.9))
    describe(rows[1], upper_colour=("red", 0.7))
    describe(rows[2], upper_colour=("blue", 0.95))
    describe(rows[3])
    return rows


@pytest.fixture
def query(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures embed as the vector of seed 2."""
    monkeypatch.setattr(search_job, "query_features", lambda row: unit_vector(2)[None])


def run(request: SearchRequest, operator: User, **values: Any) -> Search:
    search = make_search(request, list(Camera.objects.all()), operator, **({"describer": LOOKS} | values))
    search_job.search(search.pk)
    search.refresh_from_db()
    return search


def numbers(search: Search) -> list[int]:
    return list(search.candidates.values_list("sighting__track_number", flat=True))


def odds_of(search: Search) -> dict[int, float]:
    """By track number; a candidate without odds would be a fault of the test."""
    rows = search.candidates.exclude(odds=None).values_list("sighting__track_number", "odds")
    return {number: float(odds or 0) for number, odds in rows}


def test_words_alone_rank_what_has_a_description(approved: SearchRequest, operator: User, stored: Any) -> None:
    search = run(approved, operator, wanted=[RED_TOP])
    assert (search.status, search.sightings_compared) == ("done", 4)
    assert numbers(search) == [0, 1, 3, 2]
    best = search.candidates.first()
    assert best is not None
    assert (best.score, best.odds) == (None, None)
    assert best.evidence == pytest.approx(np.log(0.9 * 0.95 / 0.125 + 0.1 * 0.05 / 0.875), abs=0.02)
    assert best.described["upper_colour"] == ["red", pytest.approx(0.95, abs=0.01)]


def test_words_that_are_required_leave_out_only_who_plainly_is_otherwise(
    approved: SearchRequest, operator: User, stored: Any
) -> None:
    assert numbers(run(approved, operator, wanted=[MUST_BE_RED])) == [0, 1, 3]


def test_required_words_also_filter_a_search_by_picture(
    approved: SearchRequest, operator: User, stored: Any, query: None
) -> None:
    assert numbers(run(approved, operator))[0] == 2
    found = numbers(run(approved, operator, wanted=[MUST_BE_RED]))
    assert 2 not in found  # the most alike, and plainly blue
    assert set(found) == {0, 1, 3, 4}  # of whom nothing is known may be


def test_words_move_candidates_that_are_equally_alike(
    approved: SearchRequest, operator: User, stored: list[Sighting], query: None
) -> None:
    for row in (stored[0], stored[3]):
        row.features.all().delete()
        add_feature(row, unit_vector(77))
    plain, worded = run(approved, operator), run(approved, operator, wanted=[RED_TOP])
    rows = {row.sighting_id: row for row in plain.candidates.all()}
    assert rows[stored[0].pk].order == pytest.approx(rows[stored[3].pk].order, abs=1e-5)
    assert rows[stored[0].pk].evidence is None
    rows = {row.sighting_id: row for row in worded.candidates.all()}
    assert rows[stored[0].pk].order > rows[stored[3].pk].order
    assert rows[stored[0].pk].score == rows[stored[3].pk].score
    assert (rows[stored[0].pk].evidence or 0) > 0


def test_a_describer_that_is_gone_is_said_where_words_alone_are_searched_by(
    approved: SearchRequest, operator: User, stored: Any, query: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = run(approved, operator, describer="gone-looks", wanted=[RED_TOP])
    assert (search.status, search.candidates.count()) == ("done", 5)  # with a picture it goes on without the words
    monkeypatch.setattr(search_job, "query_features", querying.features_of)
    search = run(approved, operator, describer="gone-looks", wanted=[RED_TOP])
    assert search.status == "failed"
    assert "gone-looks" in search.error


def test_words_that_the_models_of_now_do_not_know_are_said_not_to_be_and_list_nobody(
    approved: SearchRequest, operator: User, stored: Any
) -> None:
    for values in ({"describer": ""}, {"wanted": [RED_TOP | {"attribute": "shoes"}]}):
        search = run(approved, operator, **({"wanted": [RED_TOP]} | values))
        assert (search.status, search.candidates.count()) == ("failed", 0)
        assert "No model in use knows the words" in search.error


def test_a_description_of_another_shape_is_left_out(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    Description.objects.filter(sighting=stored[0]).update(probabilities=b"\x01\x02")
    assert numbers(run(approved, operator, wanted=[RED_TOP])) == [1, 3, 2]


def test_recordings_whose_sightings_have_no_description_count_as_not_analysed_for_words_alone(
    approved: SearchRequest, operator: User, stored: list[Sighting], query: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(approved, operator, wanted=[RED_TOP]).warning == "Not analysed yet: D1."
    describe(stored[4])
    assert run(approved, operator, wanted=[RED_TOP]).warning == ""


def test_the_certificate_counts_as_searched_by_words_only_what_has_descriptions(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    run(approved, operator, wanted=[RED_TOP])
    Analysis.objects.update(ended_at=NOON)
    (camera,) = build_certificate(approved)["cameras"]
    assert camera["searched_s"] == 0
    describe(stored[4])
    (camera,) = build_certificate(approved)["cameras"]
    assert camera["searched_s"] > 0


def test_words_alone_keep_within_the_rights_of_who_asked(
    approved: SearchRequest, stored: Any, stranger: User, officer: User
) -> None:
    assert numbers(run(approved, stranger, wanted=[RED_TOP])) == []
    assert numbers(run(approved, officer, wanted=[RED_TOP])) == []


def test_odds_need_a_table_and_fall_with_what_speaks_for_a_candidate(
    approved: SearchRequest, operator: User, stored: Any, query: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "calibration_of", lambda embedder, kind: None)
    assert set(run(approved, operator).candidates.values_list("odds", flat=True)) == {None}
    monkeypatch.setattr(ordering, "calibration_of", lambda embedder, kind: TABLE)
    odds = odds_of(run(approved, operator))
    assert odds[2] < 0.02  # the very same vector, among five
    assert all(chance > 0.9 for number, chance in odds.items() if number != 2)
    worded = run(approved, operator, wanted=[RED_TOP])
    with_words = odds_of(worded)
    assert with_words[2] > odds[2]  # blue, where red was said
    assert with_words[0] < odds[0]


def test_who_was_decided_about_while_it_looked_gets_odds_at_the_end_like_all_others(
    approved: SearchRequest,
    operator: User,
    make_camera: Callable[..., Camera],
    query: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One is rejected while it is the best, and then others put it out of the list, and out of the head."""
    monkeypatch.setattr(ordering, "calibration_of", lambda embedder, kind: TABLE)
    monkeypatch.setattr(search_job, "HEAD", 3)
    monkeypatch.setattr(search_job, "CAMERAS_AT_ONCE", 1)
    monkeypatch.setattr(search_job, "BETWEEN_LISTS_S", 0)
    first, second = make_camera("E1"), make_camera("E2")
    early = make_sighting(make_recording(first), 1, seed=20)
    late = make_recording(second, minutes=10)
    for number in range(2, 7):
        row = make_sighting(late, number, after_s=60 * number)
        vector = unit_vector(2) + 0.1 * number * unit_vector(number + 10)
        add_feature(row, vector / np.linalg.norm(vector))
    search = make_search(approved, [first, second], operator, limit=2)
    write = search_job._write

    def write_and_decide(row: Search, *args: Any, **values: Any) -> None:
        write(row, *args, **values)
        row.candidates.filter(sighting=early).update(decision="rejected")

    monkeypatch.setattr(search_job, "_write", write_and_decide)
    search_job.search(search.pk)
    rows = {row.sighting_id: row for row in search.candidates.all()}
    assert len(rows) == 3
    odds = odds_of(search)
    assert len(odds) == 3
    assert odds[early.track_number] == max(odds.values())
    assert list(rows)[-1] == early.pk
    assert weak_from([row.odds for row in rows.values()]) == 3


def by_a_sighting(request: SearchRequest, operator: User, wanted: Sighting, camera: Camera) -> dict[int, float]:
    """Odds, by track number, of a search in one camera for who was seen in another."""
    search = make_search(request, [camera], operator)
    QueryPicture.objects.create(search=search, sighting=wanted)
    search_job.search(search.pk)
    return odds_of(search)


def test_among_few_odds_are_read_against_what_is_known_of_the_two_cameras(
    approved: SearchRequest,
    operator: User,
    stored: list[Sighting],
    make_camera: Callable[..., Camera],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where everybody looks alike from both cameras, the same likeness says less; among many, the search itself says
    how alike they look."""
    monkeypatch.setattr(ordering, "calibration_of", lambda embedder, kind: TABLE)
    here, elsewhere = stored[0].camera, make_camera("D2")
    wanted = make_sighting(make_recording(elsewhere), 50, seed=2)
    plain = by_a_sighting(approved, operator, wanted, here)
    pair = {"kind": "person", "camera_a": here, "camera_b": elsewhere, "mean": 0.8, "deviation": 0.1, "count": 300}
    PairBackground.objects.create(embedder="another-model", **pair)
    assert by_a_sighting(approved, operator, wanted, here) == plain
    PairBackground.objects.create(embedder=settings.EMBEDDER_MODEL, **pair)
    alike = by_a_sighting(approved, operator, wanted, here)
    assert plain[2] < 0.02
    assert alike[2] > 0.1
    recording = stored[0].recording
    for number in range(100, 100 + chances.OWN_BACKGROUND):
        make_sighting(recording, number, seed=number, after_s=60)
    assert by_a_sighting(approved, operator, wanted, here)[2] < 0.05


def test_several_pictures_are_fused_and_the_score_stays_the_best_cosine(
    approved: SearchRequest, operator: User, stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = np.stack([unit_vector(2), unit_vector(0)])
    monkeypatch.setattr(search_job, "query_features", lambda row: pictures)
    rows = {row.sighting.track_number: row for row in run(approved, operator).candidates.all()}
    for number in (0, 2):
        assert rows[number].score == pytest.approx(1.0, abs=2e-3)
    best = float((pictures @ unit_vector(3)).max())
    assert rows[3].score == pytest.approx(best, abs=2e-3)


# ── Starting ────────────────────────────────────────────────────────────────────────────────────────────────────────


def terms(camera: Camera, **values: Any) -> SearchTerms:
    span = {"starts_at": NOON - timedelta(hours=1), "ends_at": NOON + timedelta(hours=1)}
    return SearchTerms(cameras=[camera], **(span | values))


def test_a_search_by_words_alone_starts_and_says_what_they_mean(
    approved: SearchRequest, camera: Camera, operator: User
) -> None:
    words = terms(camera, description=["red top", "hat"], required=["hat"])
    search = start_search(approved, words, actor=operator)
    assert search.wanted == [RED_TOP, {"attribute": "hat", "value": "yes", "required": True}]
    assert (search.describer, search.pictures.count()) == (LOOKS, 0)
    assert AuditEntry.objects.get(action="search.started").details["required"] == ["hat"]


@pytest.mark.parametrize(
    ("description", "words"), [(["limping"], "none of these words"), ([], "Add a picture to search by")]
)
def test_without_a_picture_or_a_word_that_the_model_knows_nothing_starts(
    approved: SearchRequest, camera: Camera, operator: User, description: list[str], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        start_search(approved, terms(camera, description=description), actor=operator)
    assert not Search.objects.exists()


def test_without_a_describer_words_alone_are_refused(
    approved: SearchRequest, camera: Camera, operator: User, settings: Any
) -> None:
    settings.PERSON_DESCRIBER_MODEL = ""
    with pytest.raises(ValidationError, match="none of these words"):
        start_search(approved, terms(camera, description=["red top"]), actor=operator)


def test_a_picture_that_cannot_be_read_is_refused_also_beside_words(
    approved: SearchRequest, camera: Camera, operator: User
) -> None:
    with pytest.raises(ValidationError, match=r"bad\.jpg"):
        start_search(approved, terms(camera, description=["red top"], uploads=[Upload("bad.jpg", b"")]), actor=operator)


# ── The API ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def post(client: Client, request: SearchRequest, camera: Camera, **values: Any) -> Any:
    body = {
        "cameras": [camera.pk],
        "starts_at": (NOON - timedelta(hours=1)).isoformat(),
        "ends_at": (NOON + timedelta(hours=1)).isoformat(),
    }
    address = reverse("api-request-searches", args=[request.pk])
    return client.post(address, body | values, content_type="application/json")


def test_the_api_takes_required_words_and_says_what_is_wanted(
    client: Client, approved: SearchRequest, camera: Camera, operator: User
) -> None:
    client.force_login(operator)
    answer = post(client, approved, camera, description=["red top"], required=["red  top"])
    assert (answer.status_code, answer.json()["wanted"], answer.json()["parent"]) == (201, [MUST_BE_RED], None)


@pytest.mark.parametrize("required", [["hat"], [5], "red top", ["x" * 41]])
def test_required_words_that_are_none_of_the_description_are_refused(
    client: Client, approved: SearchRequest, camera: Camera, operator: User, required: Any
) -> None:
    client.force_login(operator)
    answer = post(client, approved, camera, description=["red top"], required=required)
    assert answer.status_code == 400
    assert "required" in answer.json()


def test_the_api_says_odds_looks_and_where_the_list_gets_weak(
    client: Client, approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    search = make_search(approved, [stored[0].camera], operator, wanted=[RED_TOP], status="done")
    looks = {"upper_colour": ["blue", 0.9], "hat": ["yes", 0.8]}
    rows = [
        (0.9, 0.05, {"upper_colour": ["red", 0.95]}),
        (0.5, 0.7, looks),
        (0.4, 0.9, {"upper_colour": ["unknown", 0.6]}),
    ]
    for sighting, (order, odds, described) in zip(stored, rows, strict=False):
        Candidate.objects.create(
            search=search, sighting=sighting, score=None, order=order, odds=odds, described=described, evidence=1.5
        )
    client.force_login(operator)
    answer = client.get(reverse("api-search", args=[search.pk])).json()
    assert (answer["weak_from"], answer["can_refine"], answer["wanted"]) == (2, 0, [RED_TOP])
    first, second, third = answer["candidates"]
    assert (first["odds"], first["score"]) == (0.05, None)
    assert {"name": "description", "value": 1.5} in first["evidence"]
    assert not {"similarity", "gap"} & {one["name"] for one in first["evidence"]}
    assert [row["described"][0]["wanted"] for row in (first, second, third)] == [True, False, None]
    assert second["described"][1] == {"attribute": "hat", "value": "yes", "probability": 0.8, "wanted": None}
    assert [row["odds"] for row in answer["states"]] == [0.05, 0.7, 0.9]


def test_the_migration_keeps_the_order_that_lists_had(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    search = make_search(approved, [stored[0].camera], operator)
    for sighting, score in zip(stored[:3], (0.2, 0.9, 0.5), strict=True):
        Candidate.objects.create(search=search, sighting=sighting, score=score)
    import_module("investigations.migrations.0007_ranking").order_by_score(apps, None)
    assert numbers(search) == [1, 2, 0]


def test_on_the_way_back_of_the_migration_every_candidate_has_a_score_again(
    approved: SearchRequest, operator: User, stored: list[Sighting]
) -> None:
    search = make_search(approved, [stored[0].camera], operator)
    for sighting, score in zip(stored[:2], (None, 0.9), strict=True):
        Candidate.objects.create(search=search, sighting=sighting, score=score)
    import_module("investigations.migrations.0007_ranking").score_all(apps, None)
    assert set(search.candidates.values_list("score", flat=True)) == {0.0, 0.9}
