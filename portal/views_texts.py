"""The texts of the scripts in the reader's language: what a page may say at first, and what comes with later scripts.

Django's own catalogue would send the texts of its admin too, which has one of its own, its formats for dates, which no
script of ours asks for, and six letters for one of Hangul.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.views.i18n import JavaScriptCatalog

SCRIPTS = Path(__file__).parent / "static/dongseon/js"
IMPORTED = re.compile(r'\b(?:from|import)\s*"\./(\w+\.js)"')
FETCHED_LATER = re.compile(r'\bimport\(\s*"\./(\w+\.js)"')
FETCHES_TEXTS = re.compile(r'^import "(/jsi18n/later/)";', re.MULTILINE)
SAID = re.compile(r'\bn?gettext\(\s*("(?:[^"\\]|\\.)*")')
FIRST = """"use strict";
{
  const texts = globalThis.texts = %s;
  const form = (n) => Number(%s);
  globalThis.gettext = (text) => [texts[text] ?? text].flat()[0];
  globalThis.ngettext = (one, many, count) => {
    const found = texts[one] ?? (Number(count) === 1 ? one : many);
    return Array.isArray(found) ? found[form(count)] : found;
  };
  globalThis.interpolate = (text, values, isNamed = false) => {
    const rest = isNamed ? [] : [...values];
    return text.replace(isNamed ? /%%\\((\\w+)\\)s/g : /%%s/g, (_all, name) => (isNamed ? values[name] : rest.shift()));
  };
}
"""
LATER = "Object.assign(texts, %s);\n"


class Texts(JavaScriptCatalog):
    """Every text is in one of the two: what no script says at first comes later."""

    packages = ["portal"]
    is_later = False

    def get_paths(self, packages: list[str]) -> list[str]:
        return [str(path) for path in settings.LOCALE_PATHS]

    def get_catalog(self) -> dict[str, Any]:
        first = said_in(first_scripts())
        return {text: said for text, said in super().get_catalog().items() if (text not in first) == self.is_later}

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        texts = json.dumps(context["catalog"], ensure_ascii=False, separators=(",", ":"))
        content = LATER % texts if self.is_later else FIRST % (texts, context["plural"] or 0)
        return HttpResponse(content, content_type="text/javascript; charset=utf-8")


@cache
def first_scripts() -> frozenset[str]:
    """Those that pages name and that fetch no texts themselves, and all that these import before they run."""
    names = {path.name for path in SCRIPTS.glob("*.js")}
    asked_for = {other for name in names for pattern in (IMPORTED, FETCHED_LATER) for other in found(pattern, name)}
    return with_imports(name for name in names - asked_for if not found(FETCHES_TEXTS, name))


def with_imports(names: Iterable[str]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = set(names)
    while waiting:
        seen |= waiting
        waiting = {other for name in waiting for other in found(IMPORTED, name)} - seen
    return frozenset(seen)


@cache
def said_in(names: frozenset[str]) -> frozenset[str]:
    return frozenset(json.loads(literal) for name in names for literal in found(SAID, name))


@cache
def found(pattern: re.Pattern[str], name: str) -> tuple[str, ...]:
    return tuple(pattern.findall((SCRIPTS / name).read_text("utf-8")))
