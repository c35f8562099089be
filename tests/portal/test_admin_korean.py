"""The admin in Korean: what its pages say of themselves is Korean, also where other packages say it."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from investigations.models import SearchRequest, WatchAlert
from portal.accounts.models import User
from tests.conftest import make_search
from tests.investigations.watching import make_alert, make_entry

# Names that are the same in Korean.
SAME = {"API", "CSV", "CCTV", "English", "ID", "LDAP", "SHA", "Sign", "Single", "en", "http", "https", "ko", "px"}
SAYING = {"th", "label", "button", "h1", "h2", "h3", "legend", "option"}
ATTRIBUTES = ("aria-label", "placeholder")
# Rows are named in these: what somebody has typed is in any language.
OF_ROWS = {"h1", "option"}


class Sayings(HTMLParser):
    """Collects what headings, labels, buttons and hints of a page say."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[str] = []
        self._icon = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.said += [values[name] or "" for name in ATTRIBUTES if name in values]
        if tag in {"input", "img", "br", "meta", "link", "hr"}:
            return
        self._open.append(tag)
        if "material-symbols-outlined" in (values.get("class") or ""):
            self._icon = len(self._open)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if len(self._open) < self._icon:
            self._icon = 0

    def handle_data(self, text: str) -> None:
        if not self._icon and set(self._open) & (SAYING - OF_ROWS) and "tbody" not in self._open and text.strip():
            self.said.append(text.strip())


@pytest.fixture
def rows(approved: SearchRequest, make_camera: Callable[..., Camera], operator: User, supervisor: User) -> None:
    camera = make_camera("1", name="사거리")
    make_search(approved, [camera], operator)
    make_alert(make_entry(supervisor, request=approved), camera)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(("role", "least"), [("supervisor", 33), ("administrator", 24)])
def test_headings_labels_and_hints_are_korean(
    role: str, least: int, request: pytest.FixtureRequest, client: Client
) -> None:
    user: User = request.getfixturevalue(role)
    User.objects.filter(pk=user.pk).update(language="ko")
    client.force_login(user)
    client.cookies["django_language"] = "ko"
    pages = {address: _said(client, address) for model in admin.site._registry for address in _addresses(model)}
    english = {
        f"{address}: {said}"
        for address, sayings in pages.items()
        for said in sayings
        if set(re.findall(r"[A-Za-z]{2,}", said)) - SAME
    }
    assert english == set()
    assert sum(map(bool, pages.values())) >= least  # no other is open to the role


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("role", "model", "fitting", "other"),
    [
        ("supervisor", "investigations_search", "검색", "회 검색"),
        ("supervisor", "investigations_searchrequest", "제출 시각", "접수 대기</h3>"),
        ("supervisor", "investigations_watchentry", "사건·요청", "받는 사람"),
        ("supervisor", "investigations_answer", "회신 시각", "회신됨"),
        ("supervisor", "audit_auditentry", "수배 차량 전체", "all:"),
        ("administrator", "accounts_user", "로그인 허용", "운영 중"),
        ("administrator", "exchange_webhook", "사용 중", "운영 중"),
    ],
)
def test_words_fit_what_they_are_said_of(
    role: str, model: str, fitting: str, other: str, request: pytest.FixtureRequest, client: Client
) -> None:
    """An English word may be said of several things that have words of their own in Korean."""
    client.force_login(request.getfixturevalue(role))
    client.cookies["django_language"] = "ko"
    text = client.get(reverse(f"admin:{model}_changelist")).content.decode()
    assert (fitting in text, other in text) == (True, False)


def test_an_alert_is_named_in_korean(client: Client, rows: None, supervisor: User) -> None:
    client.force_login(supervisor)
    client.cookies["django_language"] = "ko"
    row = WatchAlert.objects.get()
    text = client.get(reverse("admin:investigations_watchalert_change", args=[row.pk])).content.decode()
    assert (f"경보 {row.pk}: 1 " in text, f"lert {row.pk}" in text) == (True, False)


def _addresses(model: type[Model]) -> list[str]:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    found = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
    row = model._default_manager.first()
    return [*found, reverse(f"{name}_change", args=[row.pk])] if row else found


def _said(client: Client, address: str) -> list[str]:
    response = client.get(address)
    if response.status_code != 200:
        return []
    page = Sayings()
    page.feed(response.content.decode())
    return page.said
