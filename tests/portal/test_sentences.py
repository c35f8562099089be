"""What the portal writes on a row is read in the language of whoever reads it."""

import copy
import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import override

from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record, verify_chain
from portal.sentences import Sentence, gettext, joined, kept, ngettext, read_kept, refusal
from tests.conftest import drop_triggers

LATE = "The time for approving this emergency afterwards is over."
ENDED = "This plate is on the list already, until %(time)s."


def both(text: str) -> list[str]:
    """A text as the column gives it to an English and to a Korean reader."""
    said = []
    for language in ("en", "ko"):
        with override(language):
            said.append(str(read_kept(kept(text))))
    return said


def is_korean(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


@pytest.mark.parametrize("written_in", ["en", "ko"])
def test_a_sentence_is_read_in_either_language_whichever_it_was_written_in(written_in: str) -> None:
    with override(written_in):
        plain, filled = gettext(LATE), gettext(ENDED) % {"time": "2026-12-31 18:00"}
        named = gettext("{name} is empty (0 bytes).").format(name="정문.mp4")
        assert is_korean(plain) == is_korean(filled) == (written_in == "ko")
    assert both(plain)[0] == LATE
    assert both(filled)[0] == "This plate is on the list already, until 2026-12-31 18:00."
    assert both(named)[0] == "정문.mp4 is empty (0 bytes)."
    assert all(is_korean(both(one)[1]) for one in (plain, filled))
    assert both(named)[1] == "정문.mp4: 빈 파일입니다(0바이트)."


@pytest.mark.parametrize(("count", "words"), [(1, "… and 1 more stop."), (3, "… and 3 more stops.")])
def test_a_number_has_its_form_in_each_language(count: int, words: str) -> None:
    with override("ko"):
        said = ngettext("… and %(count)d more stop.", "… and %(count)d more stops.", count) % {"count": count}
    english, korean = both(said)
    assert english == words
    assert is_korean(korean)


def test_several_sentences_are_one_and_so_are_those_within_others() -> None:
    with override("ko"):
        later = gettext("%(time)s later at the same place") % {"time": gettext("%(seconds)d s") % {"seconds": 5}}
        said = joined(["", "1.", later, gettext(LATE)], by="\n")
    english, korean = both(said)
    assert english == f"1.\n5 s later at the same place\n{LATE}"
    assert [is_korean(line) for line in korean.splitlines()] == [False, True, True]
    assert joined(["", ""]) == ""


def test_what_verbs_refuse_is_kept_with_its_message() -> None:
    with override("ko"):
        error = ValidationError({"plate": gettext(LATE), "reason": "typed"})
    assert both(refusal(error))[0] == f"{LATE} typed"
    assert both(refusal(ValidationError([gettext(LATE)])))[0] == LATE
    assert both(refusal(ValidationError("%(count)d", params={"count": 3}))) == ["3", "3"]


@pytest.mark.parametrize("typed", ["", "stolen", '{"a": 1}', '{"say": "%(x)99d", "with": {"x": 1}}', '{"say": broken'])
def test_what_people_type_stays_as_they_typed_it(typed: str) -> None:
    assert both(typed) == [typed, typed]


@pytest.mark.parametrize(
    "stored",
    [
        None,
        b"\x00",
        7,
        pytest.param('{"say": ' + "[" * 100_000, id="deep"),
        '{"say": 1}',
        '{"say": "%(x)s", "with": {}}',
        '{"say": "x", "with',
    ],
)
def test_what_somebody_has_changed_in_the_database_is_shown_as_it_is(stored: Any) -> None:
    assert read_kept(stored) == stored


def test_a_copy_and_a_strip_still_know_how_the_sentence_was_made() -> None:
    said = gettext(ENDED) % {"time": "now"}
    assert kept(copy.deepcopy(said)) == kept(said.strip()) == kept(said)
    assert isinstance(said.strip(), Sentence)


# ── In the audit trail ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", ["stolen", '{"say": "typed"}'])
def test_the_trail_holds_with_kept_and_typed_reasons(operator: User, typed: str) -> None:
    with override("ko"):
        record(Action.SEARCH_CANCELLED, actor=None, reason=gettext(LATE))
    record(Action.CAMERA_CHANGED, actor=operator, reason=typed)
    assert verify_chain() == []
    assert [entry.reason for entry in AuditEntry.objects.order_by("sequence")] == [LATE, typed]
    with override("ko"):
        assert is_korean(AuditEntry.objects.get(action="search.cancelled").reason)


def test_a_kept_reason_that_was_changed_breaks_the_trail_and_is_still_shown(operator: User) -> None:
    record(Action.SEARCH_CANCELLED, actor=operator, reason=gettext(LATE))
    drop_triggers()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditentry SET reason = %s", [json.dumps({"say": "%(gone)s", "with": {}})])
    assert [place.field for place in verify_chain()] == [""]
    assert AuditEntry.objects.get().reason == '{"say": "%(gone)s", "with": {}}'
