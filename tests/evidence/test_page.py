"""verify.html in a real browser: the same verdicts as verify.py, in words that a clerk can act on."""

import base64
import hashlib
import io
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, FilePayload, Page, expect

from investigations.evidence import keys, verify
from investigations.evidence.archive import measure_all, write_archive
from tests.evidence.conftest import FACTS, KEY, small_files, write_small
from tests.evidence.test_verify import build, manifest_of, spans

pytestmark = pytest.mark.browser
HTML = Path(verify.__file__).with_name("verify.html")
FINGERPRINT = keys.fingerprint(KEY)
CHANGES = 400


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """The page, opened from disk; an error in its console or a look at any network fails the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 1000})
    context.set_default_timeout(10_000)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda request: None if request.url.startswith("file:") else errors.append(request.url))
    opened.goto(HTML.as_uri())
    yield opened
    context.close()
    assert errors == []


def choose(page: Page, data: bytes) -> None:
    payload: FilePayload = {"name": "package.zip", "mimeType": "application/zip", "buffer": data}
    page.set_input_files("#file", [payload])


def expect_state(page: Page, state: str, *sentences: str) -> None:
    result = page.locator("#result")
    expect(result).to_have_attribute("data-state", state)
    for sentence in sentences:
        expect(result).to_contain_text(sentence)


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_an_intact_package_shows_its_fingerprint_to_be_compared(page: Page, package: Path) -> None:
    choose(page, package.read_bytes())
    expect_state(
        page,
        "warn",
        "바뀐 곳 없음: 파일 4개",
        "회신 공문에 적힌 지문과 대조하십시오",
        "UNCHANGED: 4 files",
        "2026-0142-1",
    )
    expect(page.locator("#fingerprint")).to_have_text(FINGERPRINT)


def test_with_the_fingerprint_of_the_letter_it_is_intact(page: Page, package: Path) -> None:
    page.fill("#key", FINGERPRINT.upper())
    choose(page, package.read_bytes())
    expect_state(page, "good", "이상 없음", "INTACT: 4 files", "The fingerprint is the one entered.")


def test_another_fingerprint_or_half_a_one_is_told(page: Page, package: Path) -> None:
    choose(page, package.read_bytes())
    expect_state(page, "warn")
    page.fill("#key", "00" * 32)
    page.press("#key", "Tab")
    expect_state(page, "bad", "다른 열쇠로 서명되었습니다", "It was signed with another key")
    page.fill("#key", FINGERPRINT[:19])
    page.press("#key", "Tab")
    expect_state(page, "warn", "64자", "64 characters")


def _places(data: bytes) -> dict[str, int]:
    return {
        "header": spans(data)["pictures/001.jpg"].start - 40,
        "contents": spans(data)["report-ko.pdf"].start,
        "manifest": data.index(b"2026-11-20T03"),
        "signature": spans(data)["manifest.sig"].start + 8,
        "directory": data.index(b"PK\1\2") + 10,
    }


@pytest.mark.parametrize(
    ("place", "ko", "en"),
    [
        ("header", "pictures/001.jpg: 파일 머리글의 바이트", "in the header of this file, was changed"),
        ("contents", "report-ko.pdf: 내용이 서명된 것과 다릅니다", "the contents are not those that were signed"),
        ("manifest", "서명이 목록과 맞지 않습니다", "The signature does not fit the manifest"),
        ("signature", "manifest.sig", "manifest.sig"),
        ("directory", "꾸러미 끝의 파일 목록에서 바이트", "in the directory at the end of the package"),
    ],
    ids=lambda value: value if value.isascii() and " " not in value else "",
)
def test_a_change_is_told_in_both_languages_with_its_place(
    page: Page, package: Path, place: str, ko: str, en: str
) -> None:
    data = package.read_bytes()
    choose(page, changed(data, _places(data)[place]))
    expect_state(page, "bad", "검증 실패", "NOT INTACT", ko, en)


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("empty", "The file is empty (0 bytes)."),
        ("garbage", "Not an evidence package of Dongseon"),
        ("truncated", "the package breaks off after 1000 bytes"),
        ("appended", "5 bytes were appended"),
        ("missing", "where this file has to be there is something else"),
    ],
)
def test_what_is_no_whole_package_is_told(page: Page, package: Path, case: str, sentence: str) -> None:
    data = package.read_bytes()
    start, end = (
        spans(data)[name].start - 30 - len(name.encode()) for name in ("clips/empty.mp4", "clips/호수공원 1.mp4")
    )
    cases = {
        "empty": b"",
        "garbage": random.Random(1).randbytes(3000),
        "truncated": data[:1000],
        "appended": data + b"extra",
        "missing": data[:start] + data[end:],
    }
    choose(page, cases[case])
    expect_state(page, "bad", sentence)


CHECK_ALL = """async ([data, changes]) => {
  const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0)), found = [];
  for (const [at, value] of changes) {
    const copy = bytes.slice();
    copy[at] = value;
    const {problems} = await verify(new Blob([copy]));
    found.push(problems.map(({code, name, at, end}) => [code, name, at, end]));
  }
  return found;
}"""


def test_random_changes_are_found_as_verify_py_finds_them(page: Page, package: Path) -> None:
    data, chance = package.read_bytes(), random.Random(5)
    changes = [(at := chance.randrange(len(data)), data[at] ^ chance.randrange(1, 256)) for _ in range(CHANGES)]
    found = page.evaluate(CHECK_ALL, [base64.b64encode(data).decode(), changes])
    for (at, value), problems in zip(changes, found, strict=True):
        copy = bytearray(data)
        copy[at] = value
        expected = [[p.code, p.name, p.at, p.end] for p in verify.verify(io.BytesIO(bytes(copy))).problems]
        assert problems == expected != [], at


def _manifests(manifest: dict[str, Any]) -> list[bytes]:
    """Signed manifests that are not sound, each in another way, and one that is."""
    names = [
        "../a",
        "/a",
        "a\\b",
        "con.txt",
        "a/",
        "a.",
        "\u1100\u1161",
        "a\u202e",
        "x" * 201,
        "manifest.sig",
        "가나.mp4",
    ]
    files = [[{"name": name, "bytes": 0, "sha256": hashlib.sha256().hexdigest()}] for name in names]
    two = [{"name": name, "bytes": 0, "sha256": "0" * 64} for name in ("b", "a")]
    others: list[dict[str, Any]] = [
        {"files": two},
        {"files": [two[1], two[1] | {"name": "A"}]},
        {"files": [two[1], two[1] | {"name": "a/b"}]},
        {"files": [two[0] | {"bytes": 2**60}]},
        {"files": {}},
        {"answer": "1"},
        {"format": "x"},
        {"more": 1},
        {"public_key": "0" * 63},
    ]
    documents = [verify.canonical_json(manifest | change) for change in [*({"files": rows} for rows in files), *others]]
    canonical = verify.canonical_json(manifest)
    return [
        *documents,
        canonical[:-1],
        canonical + b" ",
        b"\xef\xbb\xbf" + canonical,
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"1e9\n",
    ]


def test_unsound_manifests_are_refused_as_verify_py_refuses_them(page: Page, package: Path) -> None:
    empty = b""
    for manifest in _manifests(manifest_of(package)):
        name = json.loads(manifest)["files"][0]["name"] if "가나".encode() in manifest else ""
        data = build(manifest, [(name, empty)] if name else [])
        verdict = page.evaluate(
            "async data => (await verify(new Blob([Uint8Array.from(atob(data), c => c.charCodeAt(0))])))"
            ".problems.map(problem => problem.code)",
            base64.b64encode(data).decode(),
        )
        assert verdict == [problem.code for problem in verify.verify(io.BytesIO(data)).problems], manifest[:80]
        assert verdict == ([] if name else ["manifest"])


LAY_OUT = """async ([sizes, crc32]) => {
  const entries = sizes.flatMap(([count, size]) => Array(count).fill(size))
    .map((size, at) => ({name: `clips/호수 ${at}.mp4`, size, crc32}));
  return sha256Whole(pack(directory(entries), localHeader(entries[0])));
}"""


def test_large_packages_are_laid_out_as_verify_py_lays_them_out(page: Page) -> None:
    gib, crc32 = 2**30, 0xFEDCBA98
    for sizes in (
        [(1, 5 * gib), (1, 3)],
        [(2, 3 * gib), (1, 3)],
        [(1, 4 * gib - 1)],
        [(1, 4 * gib - 2)],
        [(65_535, 0)],
    ):
        each = [size for count, size in sizes for _ in range(count)]
        entries = [verify.Entry(f"clips/호수 {at}.mp4", size, crc32) for at, size in enumerate(each)]
        expected = verify.directory(entries) + verify.local_header(entries[0])
        assert page.evaluate(LAY_OUT, [sizes, crc32]) == hashlib.sha256(expected).hexdigest()


def test_the_hash_for_files_too_large_for_webcrypto_is_sha_256(page: Page) -> None:
    lengths = [*range(130), 1000, 65_536, 1_000_003]
    found = page.evaluate(
        """async lengths => {
          const whole = [], pieces = [];
          for (const length of lengths) {
            const bytes = Uint8Array.from({length}, (_, at) => (at * 31 + length) & 255), sha256 = new Sha256();
            for (let at = 0; at < length; at += 97) sha256.update(bytes.slice(at, at + 97));
            pieces.push(sha256.digest());
            whole.push(await sha256Whole(bytes));
          }
          const check = new Check(new Blob([new Uint8Array(9000000)]), () => {});
          const [digest, sum] = await check.pieces(9000000);
          return {whole, pieces, digest, sum};
        }""",
        lengths,
    )
    assert found["pieces"] == found["whole"]
    assert found["digest"] == hashlib.sha256(bytes(9_000_000)).hexdigest()


def test_a_browser_without_ed25519_says_that_it_cannot_decide(page: Page, package: Path) -> None:
    page.evaluate("""() => {
      crypto.subtle.importKey = async () => { throw new DOMException("no", "NotSupportedError"); };
    }""")
    choose(page, package.read_bytes())
    expect_state(page, "warn", "판단할 수 없음", "UNDECIDED", "Chrome or Edge 137")
    data = package.read_bytes()
    choose(page, changed(data, _places(data)["contents"]))
    expect_state(page, "bad", "report-ko.pdf")


def test_somebody_elses_package_shows_another_fingerprint(page: Page, tmp_path: Path) -> None:
    forger = Ed25519PrivateKey.generate()
    write_archive(tmp_path / "a.zip", measure_all(small_files()), facts=FACTS, key=forger)
    choose(page, (tmp_path / "a.zip").read_bytes())
    expect_state(page, "warn")
    expect(page.locator("#fingerprint")).to_have_text(keys.fingerprint(forger))


def test_a_package_can_be_dropped_on_the_page(page: Page, package: Path) -> None:
    page.evaluate(
        """data => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], "dropped.zip"));
          document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
        }""",
        base64.b64encode(package.read_bytes()).decode(),
    )
    expect_state(page, "warn", "dropped.zip", "UNCHANGED")


def test_texts_of_a_hostile_package_are_shown_and_not_run(page: Page, package: Path) -> None:
    manifest = manifest_of(package) | {"made_by": "<img src=x onerror=alert(1)>\u202e", "files": []}
    choose(page, build(verify.canonical_json(manifest), []))
    expect_state(page, "warn", "<img src=x onerror=alert(1)>\\u{202e}")
    assert page.locator("#result img").count() == 0


def test_many_files_of_a_megabyte_are_checked_too(page: Page, tmp_path: Path) -> None:
    files = {f"clips/{at}.mp4": bytes(1_000_000) for at in range(12)}
    page.set_input_files("#file", write_small(tmp_path / "a.zip", files))
    expect_state(page, "warn", "파일 12개")


def test_page_and_program_say_the_same_and_the_page_needs_no_other_file() -> None:
    source = HTML.read_text(encoding="utf-8")
    texts = re.search(r'<script type="application/json" id="texts">(.*?)</script>', source, re.DOTALL)
    assert texts is not None
    assert json.loads(texts[1]) == {code: list(pair) for code, pair in verify.TEXT.items()}
    assert re.findall(r"https?:|//[a-z]+\.|\bsrc=|<link|@import|url\(", source) == []
