"""The core's sentences reach people in their language, with the names that they know."""

import ast
from pathlib import Path

from django.conf import settings
from django.utils.translation import override

from inference.core.errors import VideoError, say
from inference.sentences import SENTENCES, in_words


def said_in_the_core() -> set[str]:
    """Every template that a module of the core hands to `say`, directly or by a name set just before."""
    templates: set[str] = set()
    for path in (Path(settings.BASE_DIR) / "inference/core").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "say":
                template = call.args[0]
                text = constants[template.id] if isinstance(template, ast.Name) else ast.literal_eval(template)
                templates.add(str(text))
    return templates


def test_the_list_for_translators_is_complete() -> None:
    assert said_in_the_core() == set(SENTENCES)


def test_every_sentence_has_its_korean() -> None:
    with override("ko"):
        for template in SENTENCES:
            values = dict.fromkeys(
                ("name", "why", "size", "least", "text", "typed", "one", "ids", "reads", "line"), "x"
            ) | dict.fromkeys(
                ("last_s", "duration_s", "end_s", "damaged", "megapixels", "frames", "wanted", "version"), 1
            )
            korean = in_words(say(template, **values))
            assert any("가" <= letter <= "힣" for letter in korean), template


def test_a_stored_name_is_replaced_by_the_one_that_people_know() -> None:
    error = VideoError(say("{name} holds no readable frame.", name="3f2a.mp4"))
    with override("en"):
        assert in_words(error, name="정문.mp4") == "정문.mp4 holds no readable frame."


def test_what_is_no_sentence_of_the_core_is_said_as_it_is() -> None:
    assert in_words(OSError(28, "No space left on device")) == "[Errno 28] No space left on device"
