"""The icons of the pages: each page carries them, and each that is named is among them."""

import re
from pathlib import Path

from django.conf import settings
from django.test import Client

SPRITE = "icons.html"


def test_a_page_carries_its_icons(client: Client, db: None) -> None:
    """A file of its own is asked for again whenever a script adds an icon, and the icon is lost if that fails."""
    page = client.get("/login/").content.decode()
    for name in re.findall(r'<use href="([^"]*)"', page):
        assert f'<symbol id="{name.removeprefix("#")}"' in page


def test_each_icon_that_is_named_is_there() -> None:
    names = re.findall(r'<symbol id="icon-([a-z]+)"', (settings.BASE_DIR / "templates" / SPRITE).read_text())
    used = {name: file for file in _files("templates", "html") for name in re.findall(r"<use href=\"([^\"]*)", file[1])}
    assert len(set(names)) == len(names)
    assert {name: file[0] for name, file in used.items() if name.removeprefix("#icon-") not in names} == {}
    asked = {name: file for file in _files("portal/static", "js") for name in re.findall(r"\bicon\(\"(\w+)\"", file[1])}
    assert {name: file[0] for name, file in asked.items() if name not in names} == {}


def _files(folder: str, suffix: str) -> list[tuple[Path, str]]:
    return [(path, path.read_text()) for path in (settings.BASE_DIR / folder).rglob(f"*.{suffix}")]
