"""Comments and attachments on the pages: who reads what, how files are served, and that each look is accounted for."""

import re
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from investigations.models import Attachment, Comment, SearchRequest
from investigations.services.talk import add_attachment, add_comment
from investigations.views.talk import file_name
from portal.accounts.models import User
from tests.conftest import drawn_person
from tests.investigations.conftest import PEOPLE, as_person, entries

JSON = {"Accept": "application/json"}
PDF = b"%PDF-1.4\n<script>alert(1)</script>"
INSIDERS = {"officer", "colleague", "operator", "supervisor"}


@pytest.fixture
def photo(request_: SearchRequest, officer: User) -> Attachment:
    return add_attachment(request_, "아이 사진.png", drawn_person(size=(900, 1200)), actor=officer)


@pytest.fixture
def letter(request_: SearchRequest, officer: User) -> Attachment:
    return add_attachment(request_, "letter.pdf", PDF, actor=officer)


# ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", ["attachment", "attachment-picture"])
def test_files_are_there_for_both_sides_only_and_each_look_is_an_entry(
    client: Client, request: pytest.FixtureRequest, photo: Attachment, who: str, name: str
) -> None:
    user = as_person(client, request, who)
    answer = client.get(reverse(name, args=[photo.pk]))
    assert answer.status_code == (200 if who in INSIDERS else 404)
    assert [entry.actor_id for entry in entries("attachment.viewed")] == ([user.pk] if who in INSIDERS else [])


def test_files_of_a_draft_are_the_stations_own(
    client: Client, photo: Attachment, operator: User, colleague: User
) -> None:
    SearchRequest.objects.update(status="draft")
    for who, status in ((operator, 404), (colleague, 200)):
        client.force_login(who)
        assert client.get(reverse("attachment", args=[photo.pk])).status_code == status
        assert client.get(reverse("attachment-picture", args=[photo.pk])).status_code == status


def test_a_document_is_kept_not_shown_and_may_do_nothing(client: Client, letter: Attachment, operator: User) -> None:
    client.force_login(operator)
    answer = client.get(reverse("attachment", args=[letter.pk]))
    assert answer.content == PDF
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="letter.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_picture_is_shown_as_what_it_is(client: Client, photo: Attachment, operator: User) -> None:
    client.force_login(operator)
    answer = client.get(reverse("attachment", args=[photo.pk]))
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"].startswith("inline; filename*=utf-8''%EC%95%84%EC%9D%B4")
    assert answer.headers["Content-Disposition"].endswith(".jpg")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_small_picture_is_small(client: Client, photo: Attachment, operator: User) -> None:
    client.force_login(operator)
    content = client.get(reverse("attachment-picture", args=[photo.pk])).content
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape[:2] == (320, 240)


def test_there_is_no_small_picture_of_a_document(client: Client, letter: Attachment, operator: User) -> None:
    client.force_login(operator)
    assert client.get(reverse("attachment-picture", args=[letter.pk])).status_code == 404


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("a.jpg", "a.pdf"),
        ("실종 신고서.pdf", "실종 신고서.pdf"),
        ('x"; filename="evil.html', "x_; filename=_evil.pdf"),
        ("line\r\nSet-Cookie: a=b.pdf", "line__Set-Cookie_ a=b.pdf"),
        ("../../etc/passwd", "_.._etc_passwd.pdf"),
        ("C:\\Windows\\x.pdf", "C__Windows_x.pdf"),
        ("\u202efdp.exe", "_fdp.pdf"),
        ("page.html", "page.pdf"),
        ("v1.2 of the report", "v1.2 of the report.pdf"),
        ("...", "document.pdf"),
        (" ", "document.pdf"),
    ],
)
def test_no_name_of_a_file_misleads(client: Client, letter: Attachment, operator: User, name: str, served: str) -> None:
    letter.name = name
    assert file_name(letter) == served
    Attachment.objects.filter(pk=letter.pk).update(name=name)
    client.force_login(operator)
    answer = client.get(reverse("attachment", args=[letter.pk]))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in answer.headers["Content-Disposition"]
    assert "Set-Cookie" not in answer.headers


def test_a_page_with_small_pictures_is_one_look(client: Client, photo: Attachment, operator: User) -> None:
    client.force_login(operator)
    page = client.get(reverse("request-talk", args=[photo.request_id])).content.decode()
    address = re.search(r'src="([^"]+)"', page)
    assert address is not None
    client.get(address[1])
    client.get(reverse("request-talk", args=[photo.request_id]))
    (entry,) = entries("attachment.viewed")
    assert entry.details == {"attachments": [photo.pk]}


def test_a_pass_is_for_one_person_and_one_file(
    client: Client, photo: Attachment, operator: User, supervisor: User
) -> None:
    client.force_login(operator)
    page = client.get(reverse("request-talk", args=[photo.request_id])).content.decode()
    address = re.search(r'src="([^"]+)"', page)
    assert address is not None
    client.force_login(supervisor)
    client.get(address[1])
    assert [entry.actor_id for entry in entries("attachment.viewed")] == [supervisor.pk, operator.pk]


def test_a_file_that_is_gone_is_not_found(client: Client, photo: Attachment, operator: User) -> None:
    photo.file.delete(save=False)
    client.force_login(operator)
    assert client.get(reverse("attachment", args=[photo.pk])).status_code == 404
    assert client.get(reverse("attachment-picture", args=[photo.pk])).status_code == 404


def test_files_are_added_one_by_one_and_refused_by_name(
    client: Client, request_: SearchRequest, operator: User
) -> None:
    client.force_login(operator)
    files = [SimpleUploadedFile("a.jpg", drawn_person()), SimpleUploadedFile("b.html", b"<script>")]
    answer = client.post(reverse("attachment-add", args=[request_.pk]), {"files": files}, headers=JSON)
    (refused,) = answer.json()["refused"]
    assert "b.html" in refused
    assert [row.name for row in request_.attachments.all()] == ["a.jpg"]


def test_adding_nothing_says_so(client: Client, request_: SearchRequest, operator: User) -> None:
    client.force_login(operator)
    answer = client.post(reverse("attachment-add", args=[request_.pk]), headers=JSON)
    assert answer.json()["refused"] == ["Choose a picture or a PDF document."]


def test_a_closed_request_takes_no_files(client: Client, request_: SearchRequest, officer: User) -> None:
    SearchRequest.objects.update(status="closed", outcome="found")
    client.force_login(officer)
    files = {"files": [SimpleUploadedFile("a.jpg", drawn_person())]}
    page = client.post(reverse("attachment-add", args=[request_.pk]), files, follow=True).content.decode()
    assert "a.jpg: The request is closed" in page


# ── Comments ────────────────────────────────────────────────────────────────────────────────────────────────────────


def said(client: Client, row: SearchRequest) -> list[str]:
    page = client.get(reverse("request-talk", args=[row.pk])).content.decode()
    return [text.strip() for text in re.findall(r'class="comment-text">(.*?)</div>', page)]


def test_an_internal_comment_is_read_by_its_own_side_only(
    client: Client, request_: SearchRequest, officer: User, operator: User
) -> None:
    client.force_login(officer)
    client.post(reverse("comment-add", args=[request_.pk]), {"text": "To both"})
    client.post(reverse("comment-add", args=[request_.pk]), {"text": "To us", "is_internal": "1"}, headers=JSON)
    assert said(client, request_) == ["To both", "To us"]
    client.force_login(operator)
    assert said(client, request_) == ["To both"]
    assert b"To us" not in client.get(reverse("workspace", args=[request_.pk])).content


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001])
def test_a_refused_comment_says_why(client: Client, request_: SearchRequest, officer: User, text: str) -> None:
    client.force_login(officer)
    answer = client.post(reverse("comment-add", args=[request_.pk]), {"text": text}, headers=JSON)
    assert (answer.status_code, bool(answer.json()["detail"])) == (400, True)
    page = client.post(reverse("comment-add", args=[request_.pk]), {"text": text}, follow=True)
    assert b'class="toast error"' in page.content
    assert not Comment.objects.exists()


@pytest.mark.parametrize("who", ["outsider", "stranger", "administrator"])
def test_others_neither_read_nor_write(
    client: Client, request: pytest.FixtureRequest, request_: SearchRequest, officer: User, who: str
) -> None:
    add_comment(request_, "Hello", actor=officer)
    as_person(client, request, who)
    values: dict[str, Any] = {"text": "x", "files": [SimpleUploadedFile("a.jpg", drawn_person())]}
    assert client.get(reverse("request-talk", args=[request_.pk])).status_code == 404
    assert client.post(reverse("comment-add", args=[request_.pk]), values).status_code == 404
    assert client.post(reverse("attachment-add", args=[request_.pk]), values).status_code == 404
